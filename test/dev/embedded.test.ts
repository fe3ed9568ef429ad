import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Connection } from '@temporalio/client';
import { describe, expect, it, vi } from 'vitest';
import { StartupError } from '../../src/dev/startup-error.ts';
import { isAlive, occupyPort, onCleanup, query, runningPid, start, tempDataDir } from './support.ts';

async function temporal(address: string | undefined): Promise<Connection> {
  const connection = await Connection.connect({ address: address ?? '' });
  onCleanup(() => connection.close());
  return connection;
}

describe('the embedded servers', () => {
  it('start, stop without leaving a process, and find their data again', async () => {
    const dataDir = tempDataDir();
    const first = await start(dataDir, { namespace: 'kept' });
    expect(first.firstStart).toBe(true);
    await query(first.databaseUrl, "CREATE TABLE kept (name text); INSERT INTO kept VALUES ('Almacén')");
    const pids = [runningPid(dataDir, 'postgres'), runningPid(dataDir, 'temporal')];
    await Promise.all([first.stop(), first.stop()]);
    expect(pids.filter(isAlive)).toEqual([]);

    const second = await start(relative(process.cwd(), dataDir), {
      namespace: 'kept',
      searchAttributes: ['MkOrgId', 'MkDeliveryStatus', 'MkLater'],
    });
    expect(second.firstStart).toBe(false);
    expect(await query(second.databaseUrl, 'SELECT upper(name) AS name FROM kept')).toEqual([{ name: 'ALMACÉN' }]);

    const connection = await temporal(second.temporalAddress);
    const { config } = await connection.workflowService.describeNamespace({ namespace: 'kept' });
    expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(30 * 24 * 60 * 60);
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace: 'kept' });
    expect(Object.keys(customAttributes ?? {})).toEqual(
      expect.arrayContaining(['MkOrgId', 'MkDeliveryStatus', 'MkLater']),
    );
    const ui = await fetch(`${second.temporalUiUrl}/namespaces/kept/workflows`);
    expect([ui.status, ui.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/html')]);
  });

  it('listen on the loopback address only, durable, closed to whoever lacks the password', async () => {
    const dataDir = tempDataDir();
    const { databaseUrl, temporalAddress } = await start(dataDir, { needTemporal: false });
    expect(temporalAddress).toBeUndefined();
    const settings = await query(
      databaseUrl,
      `SELECT name, setting FROM pg_settings WHERE name IN
       ('fsync', 'synchronous_commit', 'full_page_writes', 'listen_addresses', 'unix_socket_directories') ORDER BY 1`,
    );
    expect(settings.map(({ name, setting }) => `${name}=${setting}`)).toEqual([
      'fsync=on',
      'full_page_writes=on',
      'listen_addresses=127.0.0.1',
      'synchronous_commit=on',
      'unix_socket_directories=',
    ]);
    const wrong = databaseUrl?.replace(/:[^:@/]+@/, ':wrong@');
    await expect(query(wrong, 'SELECT 1')).rejects.toThrow('password authentication failed');
    expect(statSync(join(dataDir, 'postgres-password')).mode & 0o777).toBe(0o600);
  });

  it('start side by side at the same moment, each with data of its own', async () => {
    const dirs = [tempDataDir(), tempDataDir(), tempDataDir()];
    const all = await Promise.all(dirs.map((dir) => start(dir)));
    for (const key of ['databaseUrl', 'temporalAddress', 'temporalUiUrl'] as const) {
      expect(new Set(all.map((embedded) => embedded[key])).size).toBe(dirs.length);
    }
    await Promise.all(all.map(({ databaseUrl }, n) => query(databaseUrl, `CREATE TABLE own_${n} ()`)));
    await Promise.all(all.map((embedded) => embedded.stop()));
  });

  it('take another port for the Temporal UI when the usual one is busy', async () => {
    await occupyPort(8233).catch(() => undefined);
    const { temporalUiUrl } = await start(tempDataDir(), { needPostgres: false });
    expect(temporalUiUrl).not.toBe('http://localhost:8233');
    expect((await fetch(temporalUiUrl ?? '')).status).toBe(200);
  });

  it('stop what has started when the start is aborted half way', async () => {
    const dataDir = tempDataDir();
    const aborting = new AbortController();
    const starting = start(dataDir, {
      signal: aborting.signal,
      progress: (line) => line.startsWith('Starting PostgreSQL') && aborting.abort(new Error('Ctrl-C')),
    });
    await expect(starting).rejects.toThrow('Ctrl-C');
    expect(() => runningPid(dataDir, 'postgres')).toThrow();
    expect(() => runningPid(dataDir, 'temporal')).toThrow();
    expect((await start(dataDir, { needTemporal: false })).databaseUrl).toBeDefined();
  });
});

describe('one clear line when', () => {
  async function messageOf(starting: Promise<unknown>): Promise<string> {
    const error = await starting.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(StartupError);
    const { message } = error as StartupError;
    expect(message).not.toContain('\n');
    return message;
  }

  it('the wanted Temporal UI port is busy; PostgreSQL does not stay behind', async () => {
    const dataDir = tempDataDir();
    const port = await occupyPort();
    expect(await messageOf(start(dataDir, { temporalUiPort: port }))).toMatch(`Port ${port} (TEMPORAL_UI_PORT)`);
    expect(() => runningPid(dataDir, 'postgres')).toThrow();
  });

  it('the data was written by an older PostgreSQL', async () => {
    const dataDir = tempDataDir();
    mkdirSync(join(dataDir, 'postgres'));
    writeFileSync(join(dataDir, 'postgres', 'PG_VERSION'), '16\n');
    expect(await messageOf(start(dataDir, { needTemporal: false }))).toMatch(
      /written by PostgreSQL 16.*is PostgreSQL 18/,
    );
    expect(readFileSync(join(dataDir, 'postgres', 'PG_VERSION'), 'utf8')).toBe('16\n');
  });

  it('the password file is missing or another one, or the configuration broken', async () => {
    const dataDir = tempDataDir();
    await (await start(dataDir, { needTemporal: false })).stop();
    writeFileSync(join(dataDir, 'postgres-password'), 'another');
    expect(await messageOf(start(dataDir, { needTemporal: false }))).toMatch(
      /refuses the password in .*postgres-password/,
    );
    expect(() => runningPid(dataDir, 'postgres')).toThrow();
    writeFileSync(join(dataDir, 'postgres-password'), '');
    expect(await messageOf(start(dataDir, { needTemporal: false }))).toMatch(/postgres-password is missing/);
    writeFileSync(join(dataDir, 'postgres-password'), 'any');
    writeFileSync(join(dataDir, 'postgres', 'postgresql.conf'), 'nonsense = 1\n');
    expect(await messageOf(start(dataDir, { needTemporal: false }))).toMatch(/PostgreSQL did not start.*postgres\.log/);
  });

  it('there is no Temporal server and no way to get one', async () => {
    const empty = tempDataDir();
    onCleanup(() => void vi.unstubAllEnvs());
    vi.stubEnv('PATH', empty);
    vi.stubEnv('XDG_CACHE_HOME', empty);
    const proxyThatNeverAnswers = `http://127.0.0.1:${await occupyPort()}`;
    vi.stubEnv('HTTPS_PROXY', proxyThatNeverAnswers);
    expect(await messageOf(start(tempDataDir(), { needPostgres: false }))).toMatch(
      /install Go .* or set TEMPORAL_ADDRESS/,
    );
  });
});

describe('a first start that was interrupted', () => {
  it('leaves nothing that a later start trips over', async () => {
    const dataDir = tempDataDir();
    mkdirSync(join(dataDir, 'postgres.new-dead', 'base'), { recursive: true });
    chmodSync(join(dataDir, 'postgres.new-dead'), 0o700);
    writeFileSync(join(dataDir, 'temporal.db'), 'half a database');
    writeFileSync(join(dataDir, 'temporal.db.unfinished'), '');
    expect((await start(dataDir)).firstStart).toBe(true);
    expect(readdirSync(dataDir).filter((name) => /new-|unfinished/.test(name))).toEqual([]);
    expect(existsSync(join(dataDir, 'postgres', 'PG_VERSION'))).toBe(true);
  });
});

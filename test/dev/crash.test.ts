import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { eventually, isAlive, onCleanup, query, runningPid, start, startHolder, tempDataDir } from './support.ts';

describe('after kill -9 of the main process', () => {
  it('ends the orphans, also a stopped one, and starts fresh with all data', async () => {
    const dataDir = tempDataDir();
    const holder = startHolder(dataDir);
    const { databaseUrl } = await holder.ready;
    await query(databaseUrl, 'CREATE TABLE kept AS SELECT 1 AS n');
    const orphans = [runningPid(dataDir, 'postgres'), runningPid(dataDir, 'temporal')];
    holder.child.kill('SIGKILL');
    await holder.exited;
    expect(orphans.map(isAlive)).toEqual([true, true]);
    for (const pid of orphans) process.kill(pid, 'SIGSTOP');

    const { lines, ...again } = await start(dataDir);
    expect(orphans.map(isAlive)).toEqual([false, false]);
    expect(lines.filter((line) => line.includes('killed start'))).toHaveLength(2);
    expect(await query(again.databaseUrl, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
    expect(again.firstStart).toBe(false);
    expect(readFileSync(join(dataDir, 'postgres.log'), 'utf8')).not.toContain('not properly shut down');
  });

  it('starts although everything was killed and the old pids belong to strangers now', async () => {
    const dataDir = tempDataDir();
    const holder = startHolder(dataDir);
    const { databaseUrl } = await holder.ready;
    await query(databaseUrl, 'CREATE TABLE kept AS SELECT 1 AS n');
    const pids = [holder.child.pid ?? 0, runningPid(dataDir, 'postgres'), runningPid(dataDir, 'temporal')];
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    await eventually(() => !pids.some(isAlive));

    const stranger = spawn('sleep', ['300']);
    onCleanup(() => void stranger.kill());
    const strangerPid = stranger.pid ?? 0;
    const postmasterPid = join(dataDir, 'postgres', 'postmaster.pid');
    writeFileSync(postmasterPid, readFileSync(postmasterPid, 'utf8').replace(/^\d+/, String(strangerPid)));
    for (const server of ['postgres', 'temporal']) {
      const file = join(dataDir, `${server}.pid`);
      writeFileSync(file, readFileSync(file, 'utf8').replace(/"pid":\d+/, `"pid":${strangerPid}`));
    }
    const again = await start(dataDir);
    expect(await query(again.databaseUrl, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
    expect(isAlive(strangerPid)).toBe(true);
  });

  it('starts, whatever moment of the first start it came at', async () => {
    const killAndStartAgain = async (delayMs: number) => {
      const dataDir = tempDataDir();
      const holder = startHolder(dataDir);
      await eventually(() => holder.lines.length > 0);
      await sleep(delayMs);
      holder.child.kill('SIGKILL');
      await holder.exited;
      const { databaseUrl, stop } = await start(dataDir);
      await query(databaseUrl, 'CREATE TABLE works ()');
      await stop();
    };
    await Promise.all([50, 900, 1_900].map(killAndStartAgain));
  });
});

describe('while it runs', () => {
  it('a server that dies is started again on the same port, with its data', async () => {
    const dataDir = tempDataDir();
    const { databaseUrl, temporalAddress, lines } = await start(dataDir);
    await query(databaseUrl, 'CREATE TABLE kept AS SELECT 1 AS n');
    const before = [runningPid(dataDir, 'postgres'), runningPid(dataDir, 'temporal')];
    for (const pid of before) process.kill(pid, 'SIGKILL');
    await eventually(() => lines.filter((line) => line.endsWith('answers again.')).length === 2);

    expect(await query(databaseUrl, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
    expect(temporalAddress).toBeDefined();
    expect(runningPid(dataDir, 'postgres')).not.toBe(before[0]);
    expect(runningPid(dataDir, 'temporal')).not.toBe(before[1]);
    expect(lines.filter((line) => line.includes('ended unexpectedly (signal SIGKILL)'))).toHaveLength(2);
  });

  it('a killed backend costs its connection only', async () => {
    const { databaseUrl } = await start(tempDataDir(), { needTemporal: false });
    const [row] = await query(databaseUrl, 'SELECT pg_backend_pid() AS pid');
    expect(row?.pid).toBeGreaterThan(0);
    const victim = query(databaseUrl, 'SELECT pg_sleep(60)');
    const ended = expect(victim).rejects.toThrow();
    await eventually(async () => {
      const rows = await query(databaseUrl, "SELECT pid FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)'");
      if (rows[0]) process.kill(Number(rows[0].pid), 'SIGKILL');
      return rows.length > 0;
    });
    await ended;
    await eventually(async () => (await query(databaseUrl, 'SELECT 1')).length === 1);
  });

  it('gives up after five deaths within a minute and reports it', async () => {
    const dataDir = tempDataDir();
    const { onFatal, stop } = await start(dataDir, { needTemporal: false });
    const fatal = new Promise<Error>((resolve) => onFatal(resolve));
    const killed = new Set<number>();
    const killing = setInterval(() => {
      try {
        const pid = runningPid(dataDir, 'postgres');
        if (!killed.has(pid)) process.kill(pid, 'SIGKILL');
        killed.add(pid);
      } catch {
        // Between two lives.
      }
    }, 50);
    onCleanup(() => clearInterval(killing));
    expect((await fatal).message).toMatch(/PostgreSQL ended 5 times within a minute/);
    expect(killed.size).toBe(5);
    await stop();
  });

  it('a stop during a restart leaves nothing behind', async () => {
    const dataDir = tempDataDir();
    const { stop, lines } = await start(dataDir);
    process.kill(runningPid(dataDir, 'postgres'), 'SIGKILL');
    process.kill(runningPid(dataDir, 'temporal'), 'SIGKILL');
    await eventually(() => lines.filter((line) => line.includes('ended unexpectedly')).length === 2);
    await stop();
    expect(() => runningPid(dataDir, 'postgres')).toThrow();
    expect(() => runningPid(dataDir, 'temporal')).toThrow();
  });
});

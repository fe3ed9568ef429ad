import { spawn } from 'node:child_process';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { acquireDataDir, readInstance } from '../../src/dev/instance.ts';
import { StartupError } from '../../src/dev/startup-error.ts';
import { onCleanup, tempDataDir } from './support.ts';

const contender = `
  import { acquireDataDir } from ${JSON.stringify(join(import.meta.dirname, '../../src/dev/instance.ts'))};
  const apiUrl = 'http://127.0.0.1:3000';
  try {
    (await acquireDataDir(process.argv[1])).write({ apiUrl });
    console.log('won');
    setInterval(() => {}, 1000);
  } catch (error) {
    console.log(error.message);
  }
`;

function contend(dataDir: string) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', contender, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onCleanup(() => void child.kill('SIGKILL'));
  const outcome = new Promise<string>((resolve) => createInterface({ input: child.stdout }).once('line', resolve));
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return { child, outcome, exited };
}

describe('the lock of a data directory', () => {
  it('lets exactly one of many simultaneous starts win, also over a dead one’s leftovers', async () => {
    const dataDir = tempDataDir();
    const dead = contend(dataDir);
    expect(await dead.outcome).toBe('won');
    dead.child.kill('SIGKILL');
    await dead.exited;

    const outcomes = await Promise.all(Array.from({ length: 8 }, () => contend(dataDir).outcome));
    expect(outcomes.filter((outcome) => outcome === 'won')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome.includes('already running'))).toHaveLength(7);
  });

  it('names the holder and its API, and is free again after kill -9', async () => {
    const dataDir = tempDataDir();
    const holder = contend(dataDir);
    expect(await holder.outcome).toBe('won');
    const refusal = acquireDataDir(dataDir);
    await expect(refusal).rejects.toThrow(StartupError);
    await expect(refusal).rejects.toThrow(`process ${holder.child.pid}, API at http://127.0.0.1:3000`);
    expect(await readInstance(dataDir)).toEqual({ pid: holder.child.pid, apiUrl: 'http://127.0.0.1:3000' });

    holder.child.kill('SIGKILL');
    await holder.exited;
    expect(await readInstance(dataDir)).toBeUndefined();
    (await acquireDataDir(dataDir)).release();
  });

  it('is not blocked by a reused pid', async () => {
    const dataDir = tempDataDir();
    (await acquireDataDir(dataDir)).release();
    writeFileSync(join(dataDir, 'lock', `${process.ppid}.00000000-1.claim`), '');
    writeFileSync(join(dataDir, 'lock', `${process.ppid}.00000000-1.held`), '');
    (await acquireDataDir(dataDir)).release();
  });

  it('is held once per process', async () => {
    const dataDir = tempDataDir();
    const lock = await acquireDataDir(dataDir);
    await expect(acquireDataDir(dataDir)).rejects.toThrow('already running');
    lock.release();
    (await acquireDataDir(dataDir)).release();
  });
});

describe('the published instance', () => {
  it('is private, and gone after release', async () => {
    const dataDir = join(tempDataDir(), 'new', 'deep');
    const lock = await acquireDataDir(dataDir);
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    const info = {
      apiUrl: 'http://127.0.0.1:1',
      databaseUrl: 'postgres://x',
      temporalAddress: 'a:1',
      temporalUiUrl: 'u',
    };
    lock.write(info);
    expect(await readInstance(dataDir)).toEqual({ ...info, pid: process.pid });
    expect(statSync(join(dataDir, 'instance.json')).mode & 0o777).toBe(0o600);
    lock.release();
    expect(await readInstance(dataDir)).toBeUndefined();
    expect(existsSync(join(dataDir, 'instance.json'))).toBe(false);
  });

  it('is absent when the file is corrupt, which does not block a start', async () => {
    const dataDir = tempDataDir();
    for (const text of ['', '{"pid": 1', '[]', '{"pid":"x"}', '\0\0\0']) {
      writeFileSync(join(dataDir, 'instance.json'), text);
      expect(await readInstance(dataDir)).toBeUndefined();
    }
    (await acquireDataDir(dataDir)).release();
  });

  it('needs a directory: a file in its place is one clear line', async () => {
    const file = join(tempDataDir(), 'file');
    writeFileSync(file, '');
    await expect(acquireDataDir(file)).rejects.toThrow(/can't be used \(E\w+\).*DATA_DIR/);
  });
});

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { startReceiver } from '../support/receiver.ts';

/** The service as a user runs it: `npm start`, a shell and the printed curl. */

const run = promisify(execFile);
const projectRoot = join(import.meta.dirname, '../..');

it('answers the printed curl with the published body, and keeps everything across restarts', async () => {
  const place = await freshPlace();
  const first = await npmStart(place);
  const curl = first.output().match(/^curl [\s\S]*?'$/m)?.[0] ?? '';
  const published = '{"data":{"partId":3,"sku":"OIL-15W40","onHand":20,"unit":"L"}}';
  expect(
    (await run('bash', ['-c', `cat <<'END' > curl.sh\n${curl}\nEND\nbash curl.sh`], { cwd: place.DATA_DIR })).stdout,
  ).toBe(published);

  const key = first.output().match(/mk_live_\w+/)?.[0] ?? '';
  const transfer = { kind: 'transfer', sku: 'OIL-15W40', from: 'Almacén Central', to: 'Camioneta de Alice', qty: 5 };
  expect(await post(place, key, transfer)).toEqual({ data: { partId: 3, sku: 'OIL-15W40', onHand: 20, unit: 'L' } });

  const links = [welcomeLink(first)];
  await first.interrupt();
  expect(first.output()).toContain('Stopped.');
  expect(await processesOf(place)).toEqual([]);

  const second = await npmStart(place);
  expect(second.output()).not.toMatch(/mk_live_\w/);
  expect(await stock(place, key)).toEqual([15, 5]);
  links.push(welcomeLink(second));
  expect(await Promise.all(links.map(async (link) => (await fetch(link)).status))).toEqual([404, 200]);
  await second.interrupt();
});

it('finds all data again after kill -9 of the service, whose servers still run', async () => {
  const place = await freshPlace();
  const first = await npmStart(place);
  const key = first.output().match(/mk_live_\w+/)?.[0] ?? '';
  await post(place, key, { kind: 'receive', sku: 'OIL-15W40', location: 2, qty: 7 });
  process.kill(JSON.parse(readFileSync(join(place.DATA_DIR, 'instance.json'), 'utf8')).pid, 'SIGKILL');
  await first.exited;
  expect(await processesOf(place)).not.toEqual([]);

  const second = await npmStart(place);
  expect(await stock(place, key)).toEqual([7]);
  await second.interrupt();
  expect(await processesOf(place)).toEqual([]);
});

it('is stopped by the end of npm, and a start right after waits for it', async () => {
  const place = await freshPlace();
  const first = await npmStart(place);
  first.child.kill('SIGKILL');
  const second = await npmStart(place);
  await second.interrupt();
  expect(await processesOf(place)).toEqual([]);
});

it('says in one line that the port is busy, and leaves nothing running', async () => {
  const place = await freshPlace();
  const other = createServer().listen(Number(place.PORT));
  onTestFinished(() => void other.close());
  const failed = spawnStart(place);
  expect(await failed.exited).toBe(1);
  expect(ownLines(failed.output())).toEqual([expect.stringMatching(/^Port \d+ is in use .*PORT=/)]);
  expect(await processesOf(place)).toEqual([]);
});

it('refuses a second start in the same data directory, naming the first', async () => {
  const place = await freshPlace();
  const first = await npmStart(place);
  const failed = spawnStart({ ...place, PORT: String(await freePort()) });
  expect(await failed.exited).toBe(1);
  expect(ownLines(failed.output())).toEqual([expect.stringMatching(/already running .*http:\/\/localhost:/)]);
  await first.interrupt();
});

it('says in one line for each which settings are wrong', async () => {
  const failed = spawnStart({ ...(await freshPlace()), PORT: 'http', WEBHOOK_ALLOW_CIDRS: '10.0.0.0' });
  expect(await failed.exited).toBe(1);
  expect(ownLines(failed.output())).toEqual([
    expect.stringMatching(/^PORT: /),
    expect.stringMatching(/^WEBHOOK_ALLOW_CIDRS: /),
  ]);
});

it('is administered by mk beside the running service, from organization to delivered webhook', async () => {
  const place = await freshPlace();
  const service = await npmStart(place);
  const { id: org } = await mk(place, 'org', 'create', 'Zweite GmbH');
  const { id: keyId, key } = await mk(
    place,
    'key',
    'create',
    '--org',
    String(org),
    '--scope',
    'write',
    '--name',
    'ERP',
  );
  const receiver = await startReceiver();
  onTestFinished(() => receiver.close());
  const endpoint = await mk(place, 'endpoint', 'create', '--org', String(org), '--url', receiver.url);
  expect(endpoint).toEqual({ id: expect.any(Number), secret: expect.stringMatching(/^whsec_/) });
  expect(await mk(place, 'endpoint', 'list', '--org', String(org))).toEqual([
    expect.objectContaining({ id: endpoint.id, url: receiver.url }),
  ]);

  const part = await fetch(`http://127.0.0.1:${place.PORT}/api/v1/parts`, {
    method: 'POST',
    headers: { 'X-API-Key': key, 'Content-Type': 'application/json' },
    body: JSON.stringify({ sku: 'X', name: 'Ventil' }),
  });
  expect(part.status).toBe(201);
  const [created] = await receiver.waitFor(1);
  expect(created?.body).toMatchObject({ event: 'part.created', orgId: org, data: { sku: 'X' } });

  expect(await mk(place, 'key', 'revoke', String(keyId))).toEqual({ id: keyId, revoked: true });
  const refused = await fetch(`http://127.0.0.1:${place.PORT}/api/v1/parts`, { headers: { 'X-API-Key': key } });
  expect(refused.status).toBe(401);
  await expect(mk(place, 'key', 'create', '--org', '999', '--scope', 'read')).rejects.toThrow(
    'Organization 999 does not exist',
  );
  await service.interrupt();
});

interface Place {
  DATA_DIR: string;
  PORT: string;
  [setting: string]: string;
}

async function freshPlace(): Promise<Place> {
  const DATA_DIR = realpathSync(mkdtempSync(join(tmpdir(), 'maintainkit-start-')));
  onTestFinished(() => rmSync(DATA_DIR, { recursive: true, force: true, maxRetries: 5 }));
  return { DATA_DIR, PORT: String(await freePort()) };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

interface Started {
  child: ChildProcess;
  exited: Promise<number | null>;
  output(): string;
  /** As Ctrl-C does in a terminal, to the whole process group; waits for the end. */
  interrupt(): Promise<void>;
}

function spawnStart(place: Place): Started {
  const child = spawn('npm', ['start'], {
    cwd: projectRoot,
    env: { ...process.env, ...place },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  onTestFinished(() => interrupt());
  async function interrupt(): Promise<void> {
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined)
      process.kill(-child.pid, 'SIGINT');
    await exited;
  }
  return { child, exited, output: () => output, interrupt };
}

async function npmStart(place: Place): Promise<Started> {
  const started = spawnStart(place);
  const ended = started.exited.then((code) => {
    throw new Error(`npm start ended with ${code}: ${started.output()}`);
  });
  ended.catch(() => undefined);
  while (!started.output().includes('Ctrl-C stops everything')) await Promise.race([delay(50), ended]);
  return started;
}

/** The one-time link that a start prints as long as nobody has an account. */
const welcomeLink = ({ output }: Started) => output().match(/http:\S+\/welcome\/\S+/)?.[0] ?? '';

/** Without what npm itself says. */
const ownLines = (output: string) => output.split('\n').filter((line) => line !== '' && !/^(> |npm )/.test(line));

// biome-ignore lint/suspicious/noExplicitAny: JSON as a user reads it
async function mk(place: Place, ...args: string[]): Promise<any> {
  const { stdout } = await run('npm', ['run', '-s', 'mk', '--', ...args], {
    cwd: projectRoot,
    env: { ...process.env, ...place },
  });
  return JSON.parse(stdout);
}

async function post({ PORT }: Place, key: string, movement: object) {
  const response = await fetch(`http://127.0.0.1:${PORT}/api/v1/movements`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(movement),
  });
  return response.json();
}

async function stock({ PORT }: Place, key: string): Promise<number[]> {
  const response = await fetch(`http://127.0.0.1:${PORT}/api/v1/stock`, { headers: { 'X-API-Key': key } });
  const { data } = (await response.json()) as { data: { onHand: number }[] };
  return data.map((level) => level.onHand);
}

/** What still runs with its data in this place: named in its arguments, or its working directory. */
async function processesOf({ DATA_DIR }: Place): Promise<string[]> {
  const { stdout } = await run('ps', ['-eo', 'pid=,args=']);
  return stdout
    .split('\n')
    .filter((line) => line.includes(DATA_DIR) || workingDirectory(line.trim().split(' ')[0]) === DATA_DIR);
}

function workingDirectory(pid: string | undefined): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}

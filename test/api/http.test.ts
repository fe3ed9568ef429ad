import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../support/api.ts';
import { expectError, newLocation, newPart, raw, unique } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.close());

const head = (line: string, ...headers: string[]) =>
  [line, 'Host: x', `X-API-Key: ${api.key}`, ...headers, '', ''].join('\r\n');
const json = 'Content-Type: application/json';
const statuses = (answer: string) => [...answer.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => Number(match[1]));

/** Sends the pieces one after the other and answers the first that comes back. */
function drip(pieces: string[], pauseMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(api.origin).port), '127.0.0.1', async () => {
      for (const piece of pieces) {
        socket.write(piece);
        await delay(pauseMs);
      }
    });
    socket.on('error', reject);
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString());
    });
  });
}

describe('a body arrives whole', () => {
  const body = () => `{"sku":"${unique('WIRE')}","name":"Ünïcode"}`;

  it('in chunks', async () => {
    const [one, two] = [body().slice(0, 9), body().slice(9)];
    const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
    const line = head('POST /api/v1/parts HTTP/1.1', json, 'Transfer-Encoding: chunked', 'Connection: close');
    expect(statuses(await raw(api.origin, `${line}${chunk(one)}${chunk(two)}0\r\n\r\n`))).toEqual([201]);
  });

  it('slowly', async () => {
    const text = body();
    const line = head('POST /api/v1/parts HTTP/1.1', json, `Content-Length: ${Buffer.byteLength(text)}`);
    expect(statuses(await drip([line, ...text], 10))).toEqual([201]);
  });

  it('after 100 Continue', async () => {
    const text = body();
    const line = head(
      'POST /api/v1/parts HTTP/1.1',
      json,
      'Expect: 100-continue',
      'Connection: close',
      `Content-Length: ${Buffer.byteLength(text)}`,
    );
    expect(statuses(await raw(api.origin, line + text))).toEqual([100, 201]);
  });
});

it('answers pipelined requests in order, also behind a refused one', async () => {
  const answer = await raw(
    api.origin,
    head('GET /api/v1/parts HTTP/1.1') +
      `${head('POST /api/v1/nothing HTTP/1.1', json, 'Content-Length: 2')}{}` +
      head('GET /api/v1/locations HTTP/1.1') +
      head('HEAD /api/v1/stock HTTP/1.1') +
      head('GET /api/v1/nothing HTTP/1.1', 'Connection: close'),
  );
  expect(statuses(answer)).toEqual([200, 404, 200, 200, 404]);
});

it('answers an unknown Expect in its turn, behind the request before it', async () => {
  const answer = await raw(
    api.origin,
    head('GET /api/v1/locations HTTP/1.1') + head('GET /api/v1/parts HTTP/1.1', 'Expect: tea', 'Connection: close'),
  );
  expect(statuses(answer)).toEqual([200, 417]);
});

it('answers 400 with a request id to a body that is cut off', async () => {
  const answer = await new Promise<string>((resolve, reject) => {
    const { port } = new URL(api.origin);
    const socket = connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true }, () =>
      socket.end(`${head('POST /api/v1/parts HTTP/1.1', json, 'Content-Length: 100')}{"sku"`),
    );
    let text = '';
    socket.on('data', (data) => {
      text += data;
    });
    socket.on('end', () => resolve(text));
    socket.on('error', reject);
  });
  expect(answer).toMatch(/^HTTP\/1\.1 400 .*\r\nx-request-id: \S+.*"bad_request"/is);
});

it('answers 413 rather than a reset to an upload of 20 MB', async () => {
  const body = ' '.repeat(20 * 1024 * 1024);
  for (let n = 0; n < 3; n++) expectError(await api.request('POST', '/parts', { body }), 413, 'payload_too_large');
  expectError(await api.request('POST', '/parts', { body, key: null }), 401, 'unauthorized');
});

describe('a streamed list', () => {
  beforeAll(async () => {
    await api.db.pool.query(
      `insert into part (organization_id, sku, sku_key, name, unit)
       select $1, 'S' || n, 's' || n, repeat('x', 200), 'ea' from generate_series(1, 30000) n`,
      [api.organizationId],
    );
  });

  it('holds no database connection for clients that go away in its midst', async () => {
    const { port } = new URL(api.origin);
    await Promise.all(
      Array.from(
        { length: 30 },
        (_, n) =>
          new Promise<void>((resolve) => {
            const socket = connect(Number(port), '127.0.0.1', () => socket.write(head('GET /api/v1/parts HTTP/1.1')));
            socket.once('data', () => setTimeout(() => void socket.resetAndDestroy(), n));
            socket.on('error', () => undefined);
            socket.on('close', () => resolve());
          }),
      ),
    );
    await expect.poll(() => busyConnections(api), { timeout: 5_000 }).toBe(0);
    expect((await api.request('GET', '/parts?limit=1')).status).toBe(200);
  });

  it('is not mixed with the answer to nonsense that follows its request', async () => {
    const answer = await raw(api.origin, [head('GET /api/v1/parts HTTP/1.1'), 'NONSENSE\r\n\r\n'], 1_000, 100);
    expect(statuses(answer)).toEqual([200]);
    expect(answer.slice(-7)).toBe('\r\n0\r\n\r\n');
  });

  it('breaks off when the database goes away in its midst: never a hang, never a list that looks whole', async () => {
    const response = await fetch(`${api.origin}/api/v1/parts`, { headers: { 'X-API-Key': api.key } });
    expect(response.status).toBe(200);
    const killing = setInterval(() => void killBackends(api).catch(() => undefined), 2);
    const outcome = await Promise.race([
      response.text().then(
        (text) => (JSON.parse(text).data.length >= 30_000 ? 'whole' : 'looks whole and is not'),
        () => 'broken',
      ),
      delay(10_000, 'hangs'),
    ]);
    clearInterval(killing);
    expect(['whole', 'broken']).toContain(outcome);
  });
});

describe('without a free database connection', () => {
  it('answers 503 with Retry-After and the request id, and recovers', async () => {
    await expect.poll(() => api.request('GET', '/locations').then((answer) => answer.status)).toBe(200);
    const clients = await Promise.all(Array.from({ length: 20 }, () => api.db.pool.connect()));
    const answer = await api.request('GET', '/parts?limit=1');
    for (const client of clients) client.release();
    expectError(answer, 503, 'unavailable');
    expect(answer.body.error.message).toContain(answer.headers.get('x-request-id'));
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await api.request('GET', '/parts?limit=1')).status).toBe(200);
  });
});

describe('a database connection that dies under a request', () => {
  it.each([
    ['PATCH /parts/:id', (victim: TestApi) => victim.request('PATCH', '/parts/P1', { body: { name: 'N' } })],
    [
      'POST /movements',
      (victim: TestApi) =>
        victim.request('POST', '/movements', { body: { kind: 'receive', sku: 'P1', location: 'L1', qty: 1 } }),
    ],
  ])('is a 503 and leaves the pool as it was: %s', async (_, send) => {
    const victim = await startTestApi();
    try {
      await newPart(victim, { sku: 'P1' });
      await newLocation(victim, 'L1');
      const locker = await victim.db.pool.connect();
      await locker.query(`begin; select * from part where sku = 'P1' for update`);
      const sent = send(victim);
      await delay(200);
      await locker.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid()`,
      );
      expectError(await sent, 503, 'unavailable');
      await locker.query('rollback');
      locker.release();
      await delay(100);
      expect(busyConnections(victim)).toBe(0);
      expect((await send(victim)).status).toBeLessThan(300);
    } finally {
      // With a lost connection, closing would wait forever.
      await Promise.race([victim.close(), delay(2_000)]);
    }
  });
});

const busyConnections = ({ db }: TestApi) => db.pool.totalCount - db.pool.idleCount;

const killBackends = ({ db }: TestApi) =>
  db.pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid()`,
  );

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../support/api.ts';
import { closing } from '../support/database.ts';
import { eventually } from '../support/deliveries.ts';
import { type Cut, startGate } from '../support/gate.ts';
import { startServerProcess } from '../support/server-process.ts';
import { newLocation, newPart, rowCounts, unique } from './support.ts';

/** What a client may do without fear: a server that dies at the worst moment, and the same request once more. */
let api: TestApi;
let part: { id: number; sku: string };
let place: { id: number; name: string };
beforeAll(async () => {
  api = await startTestApi();
  part = await newPart(api);
  place = await newLocation(api);
});
afterAll(() => api?.close());

const receive = (note: string) => ({ kind: 'receive', sku: part.sku, location: place.name, qty: 5, note });

interface Write {
  path: string;
  body: unknown;
  method?: string;
}

/** Each write, and the word that tells its commit on the connection to PostgreSQL; none: the statement that holds its mark. */
const writes: [string, (mark: string) => Write, string?][] = [
  ['a movement', (mark) => ({ path: '/movements', body: receive(mark) })],
  ['a batch', (mark) => ({ path: '/movements/batch', body: { movements: [receive(mark), receive(`${mark} again`)] } })],
  ['a part', (mark) => ({ path: '/parts', body: { sku: mark, name: 'A part' } }), 'commit'],
  ['a location', (mark) => ({ path: '/locations', body: { name: mark } }), 'commit'],
  [
    'a webhook endpoint, its secret included',
    (mark) => ({ path: '/webhook-endpoints', body: { url: `https://example.com/${mark}`, events: ['part.created'] } }),
    'commit',
  ],
];

/** Rows of every table that a write fills. */
async function counts() {
  const { rows } = await api.db.pool.query(
    'select (select count(*)::int from webhook_endpoint) as endpoints, (select count(*)::int from idempotency_key) as keys',
  );
  return { ...(await rowCounts(api)), ...rows[0] };
}

function post(origin: string, { path, body, method = 'POST' }: Write, key: string): Promise<Response> {
  return fetch(`${origin}/api/v1${path}`, {
    method,
    headers: { Authorization: `Bearer ${api.key}`, 'Content-Type': 'application/json', 'Idempotency-Key': key },
    body: JSON.stringify(body),
  });
}

/** Sends a request to a server that is killed with its commit under way: done and not told, or never done. */
async function killAtCommit(write: Write, mark: string, key: string, cut: Cut, commit?: string) {
  const { hostname, port } = new URL(api.db.url);
  const gate = closing(await startGate(hostname, Number(port)));
  const url = new URL(api.db.url);
  url.host = `127.0.0.1:${gate.port}`;
  const server = await startServerProcess(url.href);
  try {
    const before = await counts();
    const shut = commit === undefined ? gate.shut(cut, mark) : gate.shut(cut, commit, mark);
    const answer = post(server.origin, write, key).then(
      (response) => response.status,
      () => 'no answer',
    );
    await shut;
    if (cut === 'answer') await eventually(async () => (await counts()).keys === before.keys + 1, 'it is committed');
    await server.kill();
    expect(await answer).toBe('no answer');
    return before;
  } finally {
    await server.kill();
  }
}

describe.each(writes)('%s', (_name, write, commit) => {
  it('is written once when the server is killed between commit and answer and the request is sent again', async () => {
    const mark = unique('Mark').toLowerCase();
    const key = unique('key');
    await killAtCommit(write(mark), mark, key, 'answer', commit);
    const committed = await counts();
    const again = await post(api.origin, write(mark), key);
    expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([201, 'true']);
    expect(await counts()).toEqual(committed);
    const text = await again.text();
    expect(await (await post(api.origin, write(mark), key)).text()).toBe(text);
    expect(JSON.parse(text).data).toBeTruthy();
  });

  it('is written once when the server is killed before the commit and the request is sent again', async () => {
    const mark = unique('Mark').toLowerCase();
    const key = unique('key');
    const before = await killAtCommit(write(mark), mark, key, 'request', commit);
    const again = await eventually(async () => {
      const answer = await post(api.origin, write(mark), key);
      return answer.status === 409 ? undefined : answer; // until PostgreSQL has seen that its client died
    }, 'the key is free again');
    expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([201, null]);
    expect((await counts()).keys).toBe(before.keys + 1);
    const written = await counts();
    expect((await post(api.origin, write(mark), key)).headers.get('idempotent-replayed')).toBe('true');
    expect(await counts()).toEqual(written);
  });
});

it('is written once when the answer is lost on its way and the request is sent again', async () => {
  const { port } = new URL(api.origin);
  const gate = closing(await startGate('127.0.0.1', Number(port)));
  const mark = unique('Mark').toLowerCase();
  const key = unique('key');
  const shut = gate.shut('answer', mark);
  const lost = post(`http://127.0.0.1:${gate.port}`, { path: '/movements', body: receive(mark) }, key).catch(
    () => undefined,
  );
  await shut;
  await eventually(
    async () => (await api.db.pool.query('select from movement where note = $1', [mark])).rowCount === 1,
    'it is committed',
  );
  await gate.close();
  expect(await lost).toBeUndefined();
  const again = await post(api.origin, { path: '/movements', body: receive(mark) }, key);
  expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([201, 'true']);
  expect((await api.db.pool.query('select from movement where note = $1', [mark])).rowCount).toBe(1);
});

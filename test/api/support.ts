import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Answer, TestApi } from '../support/api.ts';

let counter = 0;
/** A word that no other row of the test file has. */
export const unique = (prefix = 'X') => `${prefix}-${++counter}`;

/** Creates a part and answers it as the API shows it. */
export async function newPart(api: TestApi, fields: Record<string, unknown> = {}, key?: string) {
  const body = { sku: unique('SKU'), name: 'A part', ...fields };
  const answer = await api.request('POST', '/parts', { body, ...(key ? { key } : {}) });
  expect(answer.status, answer.text).toBe(201);
  return answer.body.data;
}

/** Creates a location and answers it as the API shows it. */
export async function newLocation(api: TestApi, name = unique('Location'), key?: string) {
  const answer = await api.request('POST', '/locations', { body: { name }, ...(key ? { key } : {}) });
  expect(answer.status, answer.text).toBe(201);
  return answer.body.data;
}

/** Posts a movement that must be recorded. */
export async function move(api: TestApi, body: unknown): Promise<Answer> {
  const answer = await api.request('POST', '/movements', { body });
  expect(answer.status, answer.text).toBe(201);
  return answer;
}

/** Everything an error answer promises, whatever the error. */
export function expectError(answer: Answer, status: number, code: string, message?: string | RegExp): void {
  expect(answer.status, answer.text).toBe(status);
  const { error } = answer.body;
  expect(answer.text).toBe(JSON.stringify({ error: { code, message: error.message } }));
  expect(error.message).not.toBe('');
  expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
  expect(answer.headers.get('x-request-id')).toBeTruthy();
  expect(answer.text).not.toMatch(/node_modules|\.ts:\d|select |insert |syntax error|constraint/i);
  if (typeof message === 'string') expect(error.message).toBe(message);
  if (message instanceof RegExp) expect(error.message).toMatch(message);
}

/** How many rows each table of the ledger and the outbox has: the same before and after a refusal. */
export async function rowCounts(api: TestApi) {
  const { rows } = await api.db.pool.query(
    `select (select count(*)::int from part) as parts, (select count(*)::int from location) as locations,
       (select count(*)::int from movement) as movements, (select count(*)::int from event) as events,
       (select coalesce(sum(on_hand), 0)::text from stock_level) as on_hand`,
  );
  return rows[0];
}

/** The events of a type, oldest first. */
export async function eventsOf(api: TestApi, type: string, partId: number) {
  const { rows } = await api.db.pool.query(
    `select data::text as text, data from event where type = $1 and (data ->> $2)::bigint = $3 order by created_at, movement_id, id`,
    [type, type.startsWith('part.') ? 'id' : 'partId', partId],
  );
  return rows;
}

/**
 * Sends bytes as they are, pieces `pauseMs` apart, and answers all that comes back until the server closes or `quietMs`
 * pass without news.
 */
export function raw(origin: string, bytes: string | Buffer | string[], quietMs = 1_000, pauseMs = 0): Promise<string> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, async () => {
      for (const piece of Array.isArray(bytes) ? bytes : [bytes]) {
        socket.write(piece);
        if (pauseMs > 0) await delay(pauseMs);
      }
    });
    const chunks: Buffer[] = [];
    const done = () => {
      socket.destroy();
      resolve(Buffer.concat(chunks).toString('utf8'));
    };
    socket.setTimeout(quietMs, done);
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('end', done);
    socket.on('error', (error) => (chunks.length > 0 ? done() : reject(error)));
  });
}

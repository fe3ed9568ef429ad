import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApiKey } from '../../src/organizations/api-key.ts';
import { createOrganization } from '../../src/organizations/organization.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/deliveries.ts';
import { startServerProcess } from '../support/server-process.ts';
import type { ServiceProcess } from '../support/service-process.ts';

const rowCount = 200_000;
/** What the server may have for its own objects: 200,000 rows do not fit into it. */
const heapMebibytes = 96;
const mebibyte = 1024 * 1024;

let db: TestDatabase;
let server: ServiceProcess;
let key: string;
beforeAll(async () => {
  db = await createTestDatabase();
  const { id } = await createOrganization(db, 'Large');
  key = (await createApiKey(db, { organizationId: id, scope: 'read' })).key;
  for (let n = 0; n < rowCount; n += 50_000) {
    await db.pool.query(
      `insert into part (organization_id, sku, sku_key, name, unit, supplier)
       select $1, 'P' || n, 'p' || n, 'Part ' || n, 'ea', null from generate_series($2::int + 1, $2 + 50000) n`,
      [id, n],
    );
  }
  server = await startServerProcess(db.url, { env: { NODE_OPTIONS: `--max-old-space-size=${heapMebibytes}` } });
});
afterAll(async () => {
  await server?.kill();
  await db?.close();
});

async function get(accept: string): Promise<IncomingMessage> {
  const sent = request(`${server.origin}/api/v1/parts`, {
    headers: { Authorization: `Bearer ${key}`, Accept: accept },
  });
  sent.end();
  const [response] = await once(sent, 'response');
  expect(response.statusCode).toBe(200);
  return response;
}

const residentBytes = () =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]) * 1024;

/** Reads a list to its end; answers its size, how many line or row separators it has, and the most memory the server had. */
async function readAll(accept: string, separator: string) {
  const response = await get(accept);
  let [bytes, rows, peakBytes] = [0, 0, 0];
  let rest = '';
  let nextSampleAt = 0;
  for await (const chunk of response.setEncoding('utf8')) {
    bytes += chunk.length;
    rows += (rest + chunk).split(separator).length - 1;
    rest = chunk.slice(1 - separator.length);
    if (bytes < nextSampleAt) continue;
    peakBytes = Math.max(peakBytes, residentBytes());
    nextSampleAt = bytes + mebibyte;
  }
  expect(response.complete).toBe(true);
  return { bytes, rows, peakBytes };
}

/** When the server last asked the database for something. */
async function lastQueryAt(): Promise<number> {
  const { rows } = await db.pool.query(
    `select max(query_start) as at from pg_stat_activity
     where application_name = 'maintainkit' and pid <> pg_backend_pid() and datname = current_database() and query like '%from part%'`,
  );
  return new Date(rows[0].at).getTime();
}

/** Resolves once the server has asked for nothing for more than a second, with the time of its last question. */
const whenQuiet = () =>
  eventually(
    async () => {
      const before = await lastQueryAt();
      await delay(1_200);
      return (await lastQueryAt()) === before && before;
    },
    'the server asks for nothing more',
    120_000,
  );

async function openTransactions(): Promise<number> {
  const { rows } = await db.pool.query(
    `select count(*)::int as n from pg_stat_activity
     where application_name = 'maintainkit' and pid <> pg_backend_pid() and datname = current_database() and xact_start is not null`,
  );
  return rows[0].n;
}

describe('a list of 200,000 rows', () => {
  it.each([
    ['application/json', '"sku":'],
    ['text/csv', '\r\n'],
  ])(
    'is streamed as %s whole, in memory that does not grow with it',
    async (accept, separator) => {
      await readAll(accept, separator);
      const warm = await readAll(accept, separator);
      const again = await readAll(accept, separator);
      const header = accept === 'text/csv' ? 1 : 0;
      expect([warm.rows, again.rows]).toEqual([rowCount + header, rowCount + header]);
      expect(again.bytes).toBe(warm.bytes);
      expect(again.peakBytes - warm.peakBytes).toBeLessThan(32 * mebibyte);
    },
    300_000,
  );

  it('waits for a slow reader, and holds neither memory nor a transaction for it', async () => {
    const response = await get('application/json');
    response.pause();
    const askedAt = await whenQuiet(); // what fits into the sockets is sent by now
    const before = residentBytes();
    await delay(1_500);
    expect(await lastQueryAt()).toBe(askedAt);
    expect(await openTransactions()).toBe(0);
    expect(residentBytes() - before).toBeLessThan(16 * mebibyte);
    let bytes = 0;
    for await (const chunk of response) bytes += chunk.length;
    expect(bytes).toBeGreaterThan(rowCount * 100);
    expect(response.complete).toBe(true);
    expect(await lastQueryAt()).toBeGreaterThan(askedAt);
  }, 180_000);

  it('ends when its reader goes away', async () => {
    const response = await get('application/json');
    await once(response, 'readable');
    response.destroy();
    const goneAt = Date.now();
    expect(await whenQuiet()).toBeLessThan(goneAt + 5_000);
    expect(await openTransactions()).toBe(0);
  });

  it('breaks off, rather than end as if it were whole, when the database fails on the way', async () => {
    const response = await get('text/csv');
    response.pause();
    await delay(500);
    await db.pool.query('alter table part rename column name to title');
    const reading = (async () => {
      for await (const _ of response);
    })();
    await expect(reading).rejects.toThrow(/aborted/);
    await db.pool.query('alter table part rename column title to name');
    expect((await readAll('text/csv', '\r\n')).rows).toBe(rowCount + 1);
  }, 180_000);
});

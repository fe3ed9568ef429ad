import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findOnPath } from '../../src/dev/run-tool.ts';
import { createApiKey } from '../../src/organizations/api-key.ts';
import { startTestApi, type TestApi } from '../support/api.ts';
import { closing } from '../support/database.ts';

const examples = fileURLToPath(new URL('../../docs/examples/', import.meta.url));

const clients: [language: string, program: string, file: string][] = [
  ['Node', process.execPath, 'node/connect-erp.mjs'],
  ['Python', 'python3', 'python/connect_erp.py'],
  ['PHP', 'php', 'php/connect-erp.php'],
];

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.close());

/** What happens to one request on its way: done before it is passed on; what it answers becomes of the answer. */
type Fate = (response: ServerResponse) => Promise<'kept' | 'lost' | 'answered'>;

describe.each(clients)('the ERP in %s', (_language, program, file) => {
  const isMissing = findOnPath(program) === undefined && program !== process.execPath;
  const test = it.skipIf(isMissing);
  const skipped = isMissing ? ` (skipped: no ${program} on the PATH)` : '';

  async function start() {
    const organizationId = await api.createOrganization();
    const own = await createApiKey(api.db, { organizationId, scope: 'write' });
    const key = await api.createKey('write', organizationId);
    const way = closing(await startWay(api.origin));
    const cwd = mkdtempSync(join(tmpdir(), 'maintainkit-erp-'));
    closing({ close: () => rmSync(cwd, { recursive: true, force: true }) });
    const env = { ...process.env, MK_URL: way.origin, MK_KEY: own.key, OWN_KEY_ID: String(own.id) };
    const ask = async (method: string, path: string, body?: object) => {
      const answer = await api.request(method, path, { key, ...(body === undefined ? {} : { body }) });
      expect(answer.status, answer.text).toBeLessThan(300);
      return answer.body.data;
    };
    return {
      organizationId,
      way,
      /** Somebody else of the same organization. */
      ask,
      async places() {
        for (const name of ['Almacén', 'Van']) await ask('POST', '/locations', { name });
        await ask('POST', '/parts', { sku: 'OIL/5', name: 'Öl' });
      },
      /** The lines that a command prints; its last argument as the JSON of a file. */
      async erp(command: string, ...args: (string | object)[]): Promise<string[]> {
        const given = args.map((argument) => {
          if (typeof argument === 'string') return argument;
          writeFileSync(join(cwd, 'given.json'), JSON.stringify(argument));
          return 'given.json';
        });
        const options = { cwd, env, maxBuffer: 100_000_000 };
        const { stdout } = await promisify(execFile)(program, [join(examples, file), command, ...given], options);
        return stdout.split('\n').filter((line) => line !== '');
      },
    };
  }

  const receipt = (externalId: string, qty: number) => ({
    ...{ kind: 'receive', sku: 'OIL/5', location: 'Almacén', qty, externalId },
    ...{ reference: 'PO-1', referenceLine: '1' },
  });

  test(`loads parts by the thousand, and writes nothing when nothing has changed${skipped}`, async () => {
    const { erp, ask } = await start();
    const parts = Array.from({ length: 1_001 }, (_, i) => ({ sku: `P ${i}`, name: `Teil ${i}`, unitCost: i }));
    expect(await erp('load', parts)).toEqual(['1000 parts, 1000 written', '1 parts, 1 written']);
    expect(await erp('load', parts)).toEqual(['1000 parts, 0 written', '1 parts, 0 written']);
    expect(await ask('GET', '/parts?sort=-id&limit=1')).toMatchObject([{ sku: 'P 1000', unitCost: 1000 }]);
  });

  test(`posts movements once, whatever is lost on the way and whenever they are posted again${skipped}`, async () => {
    const { erp, ask, way, places, organizationId } = await start();
    await places();
    const movements = [
      receipt('GR-1', 10.5),
      { kind: 'transfer', sku: 'OIL/5', from: 'Almacén', to: 'Van', qty: 2.25, externalId: 'TR-1' },
      { kind: 'consume', sku: 'OIL/5', location: 'Van', qty: 100, externalId: 'GI-1' },
    ];
    const refused = expect.stringMatching(/^GI-1 refused: insufficient_stock: .*2\.25/);
    way.next(
      async () => 'lost',
      async (response) => {
        response.writeHead(503, { 'Retry-After': '1' }).end('{"error":{"code":"unavailable","message":"Away."}}');
        return 'answered';
      },
    );
    const recorded = ['GR-1 recorded, 10.5 on hand', 'TR-1 recorded, 10.5 on hand', refused];
    expect(await erp('post', movements)).toEqual(recorded);
    expect(await erp('post', movements)).toEqual(recorded);
    await api.db.pool.query('delete from idempotency_key where organization_id = $1', [organizationId]);
    expect(await erp('post', movements)).toEqual(['GR-1 was recorded before', 'TR-1 was recorded before', refused]);
    const stock = await ask('GET', '/stock');
    expect(stock.map((row: { onHand: number }) => row.onHand)).toEqual([8.25, 2.25]);
  });

  test(`is told of what others did, once, and of nothing that it did itself${skipped}`, async () => {
    const { erp, ask, places } = await start();
    await places();
    const eventsOf = (lines: string[]) =>
      lines.map((line) => JSON.parse(line)).map(({ body }) => [body.event, body.data.sku ?? body.data.name]);
    const created = [
      ['location.created', 'Almacén'],
      ['location.created', 'Van'],
      ['part.created', 'OIL/5'],
    ];
    expect(eventsOf(await erp('events'))).toEqual(created);
    await erp('post', [receipt('GR-1', 3)]);
    expect(await erp('events')).toEqual([]);
    await ask('POST', '/movements', { kind: 'consume', sku: 'OIL/5', location: 'Almacén', qty: 1 });
    expect(eventsOf(await erp('events'))).toEqual([['stock.movement.created', 'OIL/5']]);
    expect(await erp('events')).toEqual([]);
  });

  test(`follows the ledger over several pages without missing or repeating a row${skipped}`, async () => {
    const { erp, ask, places } = await start();
    await places();
    const movements = Array.from({ length: 501 }, (_, i) => receipt(`GR-${i}`, 1));
    await ask('POST', '/movements/batch', { movements });
    const idsOf = (lines: string[]) => lines.map((line) => JSON.parse(line).externalId);
    expect(idsOf(await erp('ledger'))).toEqual(movements.map(({ externalId }) => externalId));
    expect(await erp('ledger')).toEqual([]);
    await ask('POST', '/movements', receipt('LATER', 1));
    expect(idsOf(await erp('ledger'))).toEqual(['LATER']);
  });

  test(`names each difference between its books and the stock${skipped}`, async () => {
    const { erp, ask, places } = await start();
    await places();
    await ask('POST', '/movements', receipt('GR-1', 8.25));
    const books = (...rows: [string, string, number][]) =>
      rows.map(([sku, location, onHand]) => ({ sku, location, onHand }));
    expect(await erp('reconcile', books(['OIL/5', 'Almacén', 8.25], ['OIL/5', 'Van', 0]))).toEqual([]);
    expect(await erp('reconcile', books(['OIL/5', 'Van', 1.5]))).toEqual([
      'OIL/5 at Almacén: 0 in the books, 8.25 in maintainkit',
      'OIL/5 at Van: 1.5 in the books, 0 in maintainkit',
    ]);
  });

  test(`changes a part as it was seen, and looks again when somebody was quicker${skipped}`, async () => {
    const { erp, ask, places, way } = await start();
    await places();
    const path = '/parts/OIL%2F5';
    way.next(
      async () => 'kept',
      async () => {
        await ask('PATCH', path, { description: 'By somebody else' });
        return 'kept';
      },
    );
    expect(await erp('rename', 'OIL/5', 'Öl 15W-40')).toEqual(['Öl 15W-40']);
    expect(await ask('GET', path)).toMatchObject({ name: 'Öl 15W-40', description: 'By somebody else' });
  });
});

/** What each connection says for itself. */
const hopByHop = new Set(['host', 'connection', 'keep-alive', 'content-length', 'transfer-encoding']);

/** A way to the API on which things happen: the next requests have these fates, then all pass. */
async function startWay(target: string) {
  const fates: Fate[] = [];
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    const fate = (await fates.shift()?.(response)) ?? 'kept';
    if (fate === 'answered') return;
    const answer = await fetch(`${target}${request.url}`, {
      method: request.method ?? 'GET',
      headers: Object.entries(request.headers)
        .filter(([name]) => !hopByHop.has(name))
        .map(([name, value]): [string, string] => [name, String(value)]),
      ...(body.length > 0 ? { body } : {}),
    });
    const text = await answer.text();
    if (fate === 'lost') return void request.socket.destroy();
    const passed = [...answer.headers].filter(([name]) => !hopByHop.has(name));
    response.writeHead(answer.status, Object.fromEntries(passed)).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    next: (...next: Fate[]) => void fates.push(...next),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

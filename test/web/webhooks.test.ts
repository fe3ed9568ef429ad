import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serve } from '../../src/http/serve.ts';
import { removeMember } from '../../src/people/membership.ts';
import { createEndpoint } from '../../src/webhooks/endpoints/create-endpoint.ts';
import { endpointHealth, outcomesOfDay } from '../../src/webhooks/endpoints/endpoint-health.ts';
import { findEndpoint } from '../../src/webhooks/endpoints/find-endpoint.ts';
import { createRecovery } from '../../src/webhooks/recovery.ts';
import { deliveriesOf } from '../support/deliveries.ts';
import { startTestPages, type TestPages, type TestPerson } from '../support/pages.ts';

let pages: TestPages;
let administrator: TestPerson;
let viewer: TestPerson;
let stranger: TestPerson;
let endpointId: number;
let deliveryId: number;
let recoveryId: number;
let otherOrganizationId: number;

/** Without a worker: nothing is delivered here. */
beforeAll(async () => {
  pages = await startTestPages();
  administrator = await pages.person();
  viewer = await pages.person('viewer');
  otherOrganizationId = await pages.createOrganization();
  stranger = await pages.person('administrator', otherOrganizationId);
  const { db, organizationId } = pages;
  const deps = { pool: db.pool, secrets: db.secrets };
  const headers = { Authorization: 'Basic c2VjcmV0' };
  const { id } = await createEndpoint(deps, { organizationId, url: 'https://erp.example/?token=hidden', headers });
  endpointId = id;
  await pages.request('POST', '/parts', { body: { sku: 'FLT-1042', name: 'Filtro' } });
  deliveryId = (await deliveriesOf(db, id))[0]?.id ?? 0;
  const wanted = { since: new Date(0), events: ['part.created'] };
  recoveryId = (await createRecovery(db.pool, { organizationId, id }, wanted)).id;
});
afterAll(() => pages?.close());

const settings = (organizationId = pages.organizationId) => `/o/${organizationId}/settings`;

const seen = () => [
  `endpoints/${endpointId}`,
  `recoveries/${recoveryId}`,
  `recoveries/${recoveryId}/live`,
  `deliveries/${deliveryId}`,
  `deliveries/${deliveryId}/live`,
];
const changing = () => [
  ...['edit', 'rotate', 'test', 'enable', 'disable', 'delete', 'recover'].map(
    (verb) => `endpoints/${endpointId}/${verb}`,
  ),
  ...['retry', 'cancel'].map((verb) => `deliveries/${deliveryId}/${verb}`),
];

describe('endpoints, deliveries and recoveries', () => {
  it('cannot be found by their ids in another organization, by whoever', async () => {
    for (const path of [...seen(), ...changing()]) {
      const foreign = `${settings(otherOrganizationId)}/${path}`;
      const form = {
        url: 'https://evil.example/',
        events: 'stock.low',
        overlap: '0',
        since: '2026-01-01T00:00:00Z',
        statuses: 'failed',
      };
      expect([path, (await pages.page('GET', foreign, { as: stranger })).status]).toEqual([
        path,
        path.endsWith('/test') || path.endsWith('/retry') ? 405 : 404,
      ]);
      if (changing().includes(path)) {
        expect([path, (await pages.page('POST', foreign, { as: stranger, form })).status]).toEqual([path, 404]);
      }
    }
    const deps = { pool: pages.db.pool, secrets: pages.db.secrets };
    const endpoint = await findEndpoint(deps, { organizationId: pages.organizationId, id: endpointId });
    expect(endpoint).toMatchObject({ url: 'https://erp.example/?token=hidden', disabledAt: null });
    expect(await deliveriesOf(pages.db, endpointId)).toMatchObject([{ status: 'pending' }]);
  });

  it('are seen by a viewer, who changes nothing and is shown no secret', async () => {
    for (const path of seen().filter((path) => !path.endsWith('/live'))) {
      const { status, text } = await pages.page('GET', `${settings()}/${path}`, { as: viewer });
      expect([path, status]).toEqual([path, 200]);
      expect(text).not.toMatch(/c2VjcmV0|whsec_/);
    }
    for (const path of changing()) {
      expect([path, (await pages.page('POST', `${settings()}/${path}`, { as: viewer, form: {} })).status]).toEqual([
        path,
        403,
      ]);
    }
  });

  it('are not told of what lies in another organization’s log', async () => {
    const insert = `insert into delivery_attempt (delivery_id, endpoint_id, number, trigger, started_at, duration_ms, error_class, status_code)
      values ($1, $2, 1, 'instant', now(), 40, null, 204)`;
    await pages.db.pool.query(insert, [deliveryId, endpointId]);
    const own = { organizationId: pages.organizationId, id: endpointId };
    expect((await endpointHealth(pages.db, own)).day.total).toMatchObject({ attempts: 1, delivered: 1, p50Ms: 40 });
    const foreign = await endpointHealth(pages.db, { ...own, organizationId: otherOrganizationId });
    expect([foreign.day.total.attempts, foreign.week.total.attempts]).toEqual([0, 0]);
    expect((await outcomesOfDay(pages.db, otherOrganizationId)).size).toBe(0);
    expect((await outcomesOfDay(pages.db, pages.organizationId)).get(endpointId)).toEqual({
      attempts: 1,
      delivered: 1,
    });
  });

  it('count the attempts of a day by hours and those of a week by quarters of a day', async () => {
    const { db, organizationId } = pages;
    const { id } = await createEndpoint(
      { pool: db.pool, secrets: db.secrets },
      { organizationId, url: 'https://a.example/' },
    );
    await db.pool.query(
      `insert into delivery_attempt (delivery_id, endpoint_id, number, trigger, started_at, duration_ms, error_class, status_code)
       select 500 + n, $1, 1, 'instant', now() - make_interval(mins => 30 + 60 * n), 100 + n, case when n % 4 = 0 then 'http_5xx' when n % 4 = 1 then 'timeout' end,
         case when n % 4 = 1 then null when n % 4 = 0 then 503 else 204 end
       from generate_series(0, 199) n`,
      [id],
    );
    const { day, week } = await endpointHealth(db, { organizationId, id });
    expect([day.total.attempts, day.total.delivered, day.parts.length]).toEqual([24, 12, 24]);
    expect([week.total.attempts, week.parts.length, week.parts[0]?.attempts]).toEqual([168, 28, 6]);
    expect(day.parts.at(-1)).toMatchObject({ ago: 0, attempts: 1, delivered: 0, p50Ms: 100 });
    expect(day.parts.find(({ ago }) => ago === 1)).toMatchObject({ attempts: 1, delivered: 0, p50Ms: null });
  });
});

describe('a stream of events', () => {
  const open = async (path: string, as = viewer) => {
    const stop = new AbortController();
    const response = await fetch(`${pages.origin}${settings()}/${path}`, {
      headers: { Cookie: as.cookie, Accept: 'text/event-stream' },
      signal: stop.signal,
    });
    return { response, stop, reader: response.body?.pipeThrough(new TextDecoderStream()).getReader() };
  };
  const readUntil = async (reader: ReadableStreamDefaultReader<string> | undefined, pattern: RegExp) => {
    let text = '';
    while (!pattern.test(text)) {
      const { value, done } = (await reader?.read()) ?? { value: undefined, done: true };
      if (done) throw new Error(`The stream ended with ${text}`);
      text += value;
    }
    return text;
  };

  it('says how far a recovery is, whenever that changes, and ends when it is done', async () => {
    const { response, reader } = await open(`recoveries/${recoveryId}/live`);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(response.headers.get('cache-control')).toBe('no-store, no-transform');
    expect(await readUntil(reader, /\n\ndata: .*\n\n/)).toMatch(
      /^retry: 2000\n\ndata: \{"html":".*0 of \d+ on their way/,
    );
    await pages.db.pool.query('update recovery set recovered = 7, total = 9 where id = $1', [recoveryId]);
    await readUntil(reader, /7 of 9 on their way/);
    await pages.db.pool.query('update recovery set recovered = 9, ended_at = now() where id = $1', [recoveryId]);
    await readUntil(reader, /Done: 9 events were sent again.*\n\nevent: done\n/s);
    expect(await reader?.read()).toMatchObject({ done: true });
  });

  it('is one of four that a session may have open, and gives its place back', async () => {
    const path = `deliveries/${deliveryId}/live`;
    const streams = await Promise.all([1, 2, 3, 4].map(() => open(path, administrator)));
    const fifth = await open(path, administrator);
    expect([fifth.response.status, fifth.response.headers.get('retry-after')]).toEqual([429, '10']);
    expect((await open(path)).response.status).toBe(200);
    for (const { stop } of streams) stop.abort();
    await expect.poll(async () => (await open(path, administrator)).response.status, { timeout: 10_000 }).toBe(200);
  });

  it('ends when the person signs out, or is no member any more', async () => {
    for (const leave of [
      ({ cookie }: TestPerson) => pages.page('POST', '/sign-out', { as: { id: 0, email: '', cookie } }),
      ({ email }: TestPerson) => removeMember(pages.db, { organizationId: pages.organizationId, email }),
    ]) {
      const person = await pages.person('viewer');
      const { reader } = await open(`deliveries/${deliveryId}/live`, person);
      await readUntil(reader, /data: /);
      await leave(person);
      await pages.db.pool.query('update delivery set attempts_made = attempts_made + 1 where id = $1', [deliveryId]);
      expect(await reader?.read()).toMatchObject({ done: true });
    }
  });

  it('does not hold up the end of the service', async () => {
    const serving = await serve((_request, response) => {
      response.setHeader('Content-Type', 'text/event-stream');
      response.write(':\n\n');
    }, 0);
    const response = await fetch(`http://127.0.0.1:${serving.port}/`);
    const startedAt = performance.now();
    await serving.stop();
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    await response.text().catch(() => undefined);
  });
});

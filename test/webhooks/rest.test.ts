import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { expectError } from '../api/support.ts';
import { startTestApi, type TestApi } from '../support/api.ts';
import { closing } from '../support/database.ts';
import { type Script, startReceiver } from '../support/receiver.ts';
import { createNamespace, startTestWorker, type TestWorker } from '../support/worker.ts';

let api: TestApi;
let worker: TestWorker;

beforeAll(async () => {
  const connection = await Connection.connect({ address: inject('temporalAddress') });
  const namespace = await createNamespace(connection);
  await connection.close();
  api = await startTestApi({ namespace });
  worker = await startTestWorker(api.db, { namespace });
});
afterAll(async () => {
  await worker?.close();
  await api?.close();
});

async function createEndpoint(body: object = {}, key = api.key) {
  const answer = await api.request('POST', '/webhook-endpoints', {
    key,
    body: { url: 'https://example.com/hook', ...body },
  });
  expect(answer.status, answer.text).toBe(201);
  return answer.body.data;
}

describe('the version of an endpoint', () => {
  it('is its ETag, which each change moves on and `If-Match` asks for', async () => {
    const made = await api.request('POST', '/webhook-endpoints', { body: { url: 'https://erp.example.com/versions' } });
    const path = `/webhook-endpoints/${made.body.data.id}`;
    const first = made.headers.get('etag') ?? '';
    expect((await api.request('GET', path)).headers.get('etag')).toBe(first);
    const patch = (etag: string, description: string) =>
      api.request('PATCH', path, { body: { description }, headers: { 'If-Match': etag } });
    const answers = await Promise.all(Array.from({ length: 8 }, (_, n) => patch(first, `change ${n}`)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(412)]);
    const second = (await api.request('GET', path)).headers.get('etag') ?? '';
    expect(second).not.toBe(first);
    await api.request('POST', `${path}/disable`);
    await api.request('POST', `${path}/enable`);
    expectError(await patch(second, 'too late'), 412, 'precondition_failed');
  });
});

describe('endpoints', () => {
  it('are created with their secret shown once, read, changed and deleted', async () => {
    const created = await createEndpoint({
      description: 'ERP',
      events: ['stock.low'],
      headers: { Authorization: 'Basic c2VjcmV0' },
      maxConcurrency: 3,
      maxPerSecond: 0.5,
    });
    expect(created).toMatchObject({
      url: 'https://example.com/hook',
      events: ['stock.low'],
      headerNames: ['Authorization'],
      maxConcurrency: 3,
      maxPerSecond: 0.5,
    });
    expect(created.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);

    const path = `/webhook-endpoints/${created.id}`;
    const { secret, ...shown } = created;
    expect((await api.request('GET', path)).body.data).toEqual(shown);
    expect((await api.request('GET', '/webhook-endpoints')).text).not.toContain(secret);

    const patched = await api.request('PATCH', path, {
      body: { ...shown, url: 'https://example.org/', description: null, maxConcurrency: null },
    });
    expect(patched.body.data).toMatchObject({ url: 'https://example.org/', description: null, events: ['stock.low'] });
    expect(patched.body.data).toMatchObject({ maxConcurrency: null, maxPerSecond: 0.5 });
    expect((await api.request('DELETE', path)).status).toBe(204);
    expect((await api.request('GET', path)).status).toBe(404);
  });

  it.each([
    [{ url: 'ftp://x/' }, '`url` must be an http or https URL.'],
    [{ url: 'https://user:pw@example.com/' }, '`url` must not carry a user name or password.'],
    [{ events: ['stock.high'] }, '`events` may hold '],
    [{ events: [] }, '`events` must be a list of at least one event.'],
    [{ headers: 0 }, '`headers` must be an object of strings.'],
    [{ headers: { 'X-MK-Event': 'x' } }, '`headers` may not set "X-MK-Event".'],
    [{ headers: { 'X-A': 'a\r\nB: c' } }, '`headers` must have printable ASCII'],
    [{ color: 'red' }, '`color` is not a field'],
    [{ maxConcurrency: 0 }, '`maxConcurrency` must be a whole number from 1 to 100.'],
    [{ maxConcurrency: 101 }, '`maxConcurrency` must be a whole number from 1 to 100.'],
    [{ maxConcurrency: 1.5 }, '`maxConcurrency` must be a whole number from 1 to 100.'],
    [{ maxPerSecond: 0.001 }, '`maxPerSecond` must be a number from 0.01 to 1000.'],
    [{ maxPerSecond: 1000.01 }, '`maxPerSecond` must be a number from 0.01 to 1000.'],
    [{ maxPerSecond: '5' }, '`maxPerSecond` must be a number from 0.01 to 1000.'],
    [{ maxPerSecond: 1.005 }, '`maxPerSecond` must have at most 2 decimals.'],
  ])('refuse %o', async (body, message) => {
    const answer = await api.request('POST', '/webhook-endpoints', { body: { url: 'https://example.com/', ...body } });
    expect(answer.status).toBe(422);
    expect(answer.body.error.message).toContain(message);
  });

  it('of another organization cannot be told from missing ones', async () => {
    const { id } = await createEndpoint();
    const key = await api.createKey('write', await api.createOrganization());
    const tries = [
      ['GET', ''],
      ['PATCH', '', {}],
      ['DELETE', ''],
      ['POST', '/test'],
      ['POST', '/enable'],
      ['POST', '/disable'],
      ['POST', '/rotate-secret'],
    ] as const;
    for (const [method, path, body] of tries) {
      const foreign = await api.request(method, `/webhook-endpoints/${id}${path}`, { key, body });
      expect([method, path, foreign.status]).toEqual([method, path, 404]);
    }
    expect((await api.request('GET', '/webhook-endpoints', { key })).body.data).toEqual([]);
  });

  it('receive a marked test event when asked, with their own headers', async () => {
    const receiver = closing(await startReceiver());
    const { id, secret } = await createEndpoint({
      url: receiver.url,
      events: ['stock.low'],
      headers: { 'X-Tenant': '7' },
    });
    const answer = await api.request('POST', `/webhook-endpoints/${id}/test`);
    expect(answer.status).toBe(202);
    const [received] = await receiver.waitFor(1);
    expect(received?.headers).toMatchObject({
      'x-tenant': '7',
      'x-mk-event': 'webhook.test',
      'webhook-id': answer.body.data.eventId,
    });
    expect(received?.body.data.test).toBe(true);
    expect(
      new Webhook(secret).verify(received?.rawBody ?? '', received?.headers as Record<string, string>),
    ).toBeTruthy();
    const event = await api.request('GET', `/events/${answer.body.data.eventId}`);
    expect(event.body.data).toMatchObject({ event: 'webhook.test', data: received?.body.data });
  });

  it('sign with both secrets while one is being rotated, and with the new one alone after', async () => {
    const receiver = closing(await startReceiver());
    const { id, secret } = await createEndpoint({ url: receiver.url });
    const rotated = (await api.request('POST', `/webhook-endpoints/${id}/rotate-secret`, { body: { overlapHours: 1 } }))
      .body.data;
    expect(Date.parse(rotated.previousSecretUntil) - Date.now()).toBeGreaterThan(59 * 60 * 1000);
    await api.request('POST', `/webhook-endpoints/${id}/test`);
    const [during] = await receiver.waitFor(1);
    for (const key of [secret, rotated.secret]) {
      expect(new Webhook(key).verify(during?.rawBody ?? '', during?.headers as Record<string, string>)).toBeTruthy();
    }

    const again = (await api.request('POST', `/webhook-endpoints/${id}/rotate-secret`, { body: { overlapHours: 0 } }))
      .body.data;
    await api.request('POST', `/webhook-endpoints/${id}/test`);
    const after = (await receiver.waitFor(2))[1];
    expect(after?.headers['webhook-signature']).toMatch(/^v1,\S+$/);
    expect(
      new Webhook(again.secret).verify(after?.rawBody ?? '', after?.headers as Record<string, string>),
    ).toBeTruthy();
  });

  it('that are disabled get nothing until they are enabled again', async () => {
    const organizationId = await api.createOrganization();
    const key = await api.createKey('write', organizationId);
    const receiver = closing(await startReceiver());
    const { id } = await createEndpoint({ url: receiver.url }, key);
    const disabled = await api.request('POST', `/webhook-endpoints/${id}/disable`, { key });
    expect(disabled.body.data.disabledReason).toBe('disabled by hand');
    await api.request('POST', '/parts', { key, body: { sku: 'A', name: 'A' } });
    expect((await api.request('POST', `/webhook-endpoints/${id}/test`, { key })).status).toBe(409);
    await api.request('POST', `/webhook-endpoints/${id}/enable`, { key });
    await api.request('POST', '/parts', { key, body: { sku: 'B', name: 'B' } });
    expect((await receiver.waitFor(1)).map(({ body }) => body.data.sku)).toEqual(['B']);
  });
});

describe('recovery', () => {
  it('counts first, then sends again what failed and what was missed while disabled, each once', async () => {
    const organizationId = await api.createOrganization();
    const key = await api.createKey('write', organizationId);
    let isDown = true;
    const receiver = closing(await startReceiver((response) => void response.writeHead(isDown ? 410 : 204).end()));
    const { id } = await createEndpoint({ url: receiver.url }, key);
    const since = new Date().toISOString();
    const post = (sku: string) => api.request('POST', '/parts', { key, body: { sku, name: sku } });
    await post('FAILED');
    await receiver.waitFor(1);
    const path = `/webhook-endpoints/${id}`;
    const isDisabled = async () => (await api.request('GET', path, { key })).body.data.disabledAt !== null;
    while (!(await isDisabled())) await delay(20);
    for (const sku of ['MISSED-1', 'MISSED-2']) await post(sku);

    const recover = (body: object) => api.request('POST', `${path}/recover`, { key, body: { since, ...body } });
    expect((await recover({ dryRun: true })).body.data).toEqual({ dryRun: true, total: 3 });
    expect((await recover({ dryRun: true, statuses: ['missed'] })).body.data.total).toBe(2);
    expect((await recover({ dryRun: true, events: ['stock.low'] })).body.data.total).toBe(0);
    expect((await recover({})).status).toBe(409);

    isDown = false;
    await api.request('POST', `${path}/enable`, { key });
    const accepted = await recover({});
    expect([accepted.status, accepted.body.data.total]).toEqual([202, 3]);
    const received = await receiver.waitFor(4);
    expect(
      received
        .slice(1)
        .map(({ body }) => body.data.sku)
        .sort(),
    ).toEqual(['FAILED', 'MISSED-1', 'MISSED-2']);
    const progress = async () => (await api.request('GET', `/recoveries/${accepted.body.data.id}`, { key })).body.data;
    while ((await progress()).status !== 'done') await delay(20);
    expect(await progress()).toMatchObject({ recovered: 3, total: 3 });
    expect((await recover({ dryRun: true })).body.data.total).toBe(0);
  });

  it.each([
    [{}, '`since` is required.'],
    [{ since: 'now' }, '`since` must be an ISO 8601'],
    [{ since: '2026-01-01T00:00:00Z', statuses: ['late'] }, '`statuses` must be a list of'],
  ])('refuses %o', async (body, message) => {
    const { id } = await createEndpoint();
    const answer = await api.request('POST', `/webhook-endpoints/${id}/recover`, { body });
    expect([answer.status, answer.body.error.message]).toEqual([422, expect.stringContaining(message)]);
  });
});

describe('an endpoint that is enabled again', () => {
  /** Sends FAILED while the receiver says it is gone, which disables it; then MISSED twice. */
  async function disabledEndpoint() {
    const organizationId = await api.createOrganization();
    const key = await api.createKey('write', organizationId);
    let isDown = false;
    const receiver = closing(await startReceiver((response) => void response.writeHead(isDown ? 410 : 204).end()));
    const { id } = await createEndpoint({ url: receiver.url }, key);
    const path = `/webhook-endpoints/${id}`;
    const request = (method: string, action: string, body?: object) =>
      api.request(method, `${path}${action}`, { key, body });
    const post = (sku: string) => api.request('POST', '/parts', { key, body: { sku, name: sku } });
    await post('WELL');
    await receiver.waitFor(1);
    isDown = true;
    await post('FAILED');
    while ((await request('GET', '')).body.data.disabledAt === null) await delay(20);
    for (const sku of ['MISSED-1', 'MISSED-2']) await post(sku);
    isDown = false;
    const skus = async (count: number) =>
      (await receiver.waitFor(2 + count))
        .slice(2)
        .map(({ body }) => body.data.sku)
        .toSorted();
    return { key, path, request, post, skus, receiver };
  }

  it('gets with one call what failed since it began to fail and what it missed while disabled', async () => {
    const { key, request, skus } = await disabledEndpoint();
    const enabled = await request('POST', '/enable', { recover: true });
    expect(enabled.status).toBe(202);
    const { recovery, ...endpoint } = enabled.body.data;
    expect(recovery).toMatchObject({ total: 3, status: 'running', endpointId: endpoint.id });
    expect((await request('GET', '')).body.data).toEqual({ ...endpoint, disabledAt: null, disabledReason: null });
    expect(enabled.headers.get('location')).toBe(`/api/v1/recoveries/${recovery.id}`);
    expect(await skus(3)).toEqual(['FAILED', 'MISSED-1', 'MISSED-2']);
    const progress = async () => (await api.request('GET', `/recoveries/${recovery.id}`, { key })).body.data;
    while ((await progress()).status !== 'done') await delay(20);
    expect((await progress()).recovered).toBe(3);
  });

  it('gets only what is asked for', async () => {
    const { request, skus } = await disabledEndpoint();
    const enabled = await request('POST', '/enable', { recover: { statuses: ['missed'] } });
    expect(enabled.body.data.recovery.total).toBe(2);
    expect(await skus(2)).toEqual(['MISSED-1', 'MISSED-2']);
  });

  it('does not get again what failed before it last answered well, unless asked since then', async () => {
    const { request, post, skus } = await disabledEndpoint();
    const plain = await request('POST', '/enable');
    expect([plain.status, plain.body.data.recovery]).toEqual([200, undefined]);
    await post('WELL-2');
    expect(await skus(1)).toEqual(['WELL-2']);
    await request('POST', '/disable');
    await post('MISSED-3');
    const enabled = await request('POST', '/enable', { recover: true });
    expect(enabled.body.data.recovery.total).toBe(1);
    expect(await skus(2)).toEqual(['MISSED-3', 'WELL-2']);

    const again = await request('POST', '/enable', { recover: true });
    expect([again.status, again.body.data.recovery.total]).toEqual([202, 0]);
    const since = new Date(Date.now() - 3_600_000).toISOString();
    const everything = await request('POST', '/enable', { recover: { since, events: ['part.created'] } });
    expect(everything.body.data.recovery.total).toBe(3);
    expect(await skus(5)).toEqual(['FAILED', 'MISSED-1', 'MISSED-2', 'MISSED-3', 'WELL-2']);
  });

  it('loses no movement that is recorded while it is being enabled', async () => {
    const { request, post, receiver } = await disabledEndpoint();
    let isOver = false;
    const skus = ['MISSED-1', 'MISSED-2', 'FAILED'];
    const posting = Array.from({ length: 4 }, async (_, client) => {
      for (let n = 0; !isOver; n++) {
        skus.push(`${client}-${n}`);
        await post(`${client}-${n}`);
      }
    });
    await delay(300);
    await request('POST', '/enable', { recover: true });
    await delay(300);
    isOver = true;
    await Promise.all(posting);
    const got = () => new Set(receiver.received.slice(2).map(({ body }) => body.data.sku));
    for (const giveUpAt = Date.now() + 30_000; got().size < skus.length && Date.now() < giveUpAt; ) await delay(50);
    expect([...got()].toSorted()).toEqual(skus.toSorted());
  });

  it.each([
    [{ recover: 5 }, '`recover` must be true, false or an object.'],
    [{ recover: { since: 'now' } }, '`recover.since` must be an ISO 8601'],
    [{ recover: { dryRun: true } }, '`recover.dryRun` is not a field'],
    [{ since: '2026-01-01T00:00:00Z' }, '`since` is not a field'],
  ])('refuses %o', async (body, message) => {
    const { id } = await createEndpoint();
    const answer = await api.request('POST', `/webhook-endpoints/${id}/enable`, { body });
    expect([answer.status, answer.body.error.message]).toEqual([422, expect.stringContaining(message)]);
  });
});

describe('an endpoint in which nothing succeeds', () => {
  const tryOnce = async (endpointId: number, delivered: boolean, daysLater: number) => {
    const { pool } = api.db;
    const { rows } = await pool.query('select * from emit_test_event($1, $2, null)', [api.organizationId, endpointId]);
    const aMomentMs = 1_000; // the row says when it is due to the nearest millisecond, which may be the next one
    const now = new Date(Date.now() + aMomentMs + daysLater * 24 * 60 * 60 * 1000);
    const token = randomUUID();
    await pool.query('update delivery set dispatched_at = now() where id = $1', [rows[0].delivery_id]);
    await pool.query(`select claim_attempt($1, $2, 'instant', $3, 6000, 20000, 30000, 11)`, [
      rows[0].delivery_id,
      token,
      now,
    ]);
    await pool.query(
      `select record_attempt($1, $2, 'instant', $3, 5, $4, false, false, null, 'HTTP 500', 0, null, 30000, 11)`,
      [rows[0].delivery_id, token, now, delivered],
    );
  };
  const reasonOf = async (id: number) =>
    (await api.request('GET', `/webhook-endpoints/${id}`)).body.data.disabledReason;

  it('is disabled after five days and twenty failed deliveries, and an event says why', async () => {
    const { id } = await createEndpoint();
    for (let n = 0; n < 19; n++) await tryOnce(id, false, 0);
    expect(await reasonOf(id)).toBeNull();
    await tryOnce(id, false, 4.9);
    expect(await reasonOf(id)).toBeNull();
    await tryOnce(id, false, 5.1);
    expect(await reasonOf(id)).toMatch(/^nothing was delivered since .* UTC; 21 deliveries failed$/);
    const { rows } = await api.db.pool.query(`select data from event where type = 'webhook.endpoint.disabled'`);
    expect(rows.map(({ data }) => data).filter(({ endpointId }) => endpointId === id)).toHaveLength(1);
  });

  it('begins with a clean record when it is enabled again: one more failure does not disable it', async () => {
    const { id } = await createEndpoint();
    for (let n = 0; n < 20; n++) await tryOnce(id, false, 0);
    await tryOnce(id, false, 5.1);
    expect(await reasonOf(id)).not.toBeNull();
    await api.request('POST', `/webhook-endpoints/${id}/enable`);
    await tryOnce(id, false, 5.2);
    expect(await reasonOf(id)).toBeNull();
  });

  it('stays enabled with fewer failed deliveries, or after one success', async () => {
    const [few, better] = [(await createEndpoint()).id, (await createEndpoint()).id];
    for (let n = 0; n < 19; n++) await tryOnce(few, false, n);
    for (let n = 0; n < 25; n++) await tryOnce(better, n === 20, n / 4);
    expect([await reasonOf(few), await reasonOf(better)]).toEqual([null, null]);
  });
});

describe('deliveries', () => {
  /** One delivery to an endpoint with this script, first attempt made. */
  async function deliver(script: Script) {
    const receiver = closing(await startReceiver(script));
    const { id: endpointId } = await createEndpoint({ url: receiver.url });
    const { deliveryId } = (await api.request('POST', `/webhook-endpoints/${endpointId}/test`)).body.data;
    await receiver.waitFor(1);
    const path = `/deliveries/${deliveryId}`;
    const show = async () => (await api.request('GET', path)).body.data;
    return { receiver, endpointId, path, show };
  }

  async function until(show: Awaited<ReturnType<typeof deliver>>['show'], status: string) {
    for (const giveUpAt = Date.now() + 20_000; (await show()).status !== status; await delay(20)) {
      if (Date.now() > giveUpAt) throw new Error(`not ${status} after 20 s`);
    }
    return show();
  }

  it('show why they failed and when they are tried next', async () => {
    const { show, endpointId } = await deliver((response) => void response.writeHead(503).end('try later'));
    const shown = await until(show, 'retrying');
    expect(shown).toMatchObject({
      endpointId,
      event: 'webhook.test',
      attemptsMade: 1,
      lastFailure: expect.stringMatching(/^HTTP 503 from 127/),
      endedAt: null,
      attempts: [{ number: 1, trigger: 'instant', statusCode: 503, responseBody: 'try later' }],
    });
    const waitMs = Date.parse(shown.nextAttemptAt) - Date.parse(shown.attempts[0].startedAt);
    expect(waitMs).toBeGreaterThanOrEqual(30_000);
    expect(shown.temporalUrl).toContain(`/workflows/webhook%2F${endpointId}%2F${shown.eventId}`);

    const listed = await api.request('GET', `/deliveries?endpointId=${endpointId}&status=retrying`);
    expect(listed.body.data).toEqual([expect.objectContaining({ id: shown.id })]);
    expect((await api.request('GET', `/deliveries?endpointId=${endpointId}&status=delivered`)).body.data).toEqual([]);
  });

  it('are retried at once when asked, accepted in under a second also while the endpoint hangs', async () => {
    const { receiver, path, show } = await deliver(async (response, _, count) => {
      if (count === 2) await delay(3_000);
      response.writeHead(count === 1 ? 500 : 204).end();
    });
    await until(show, 'retrying');
    const startedAt = Date.now();
    const accepted = await api.request('POST', `${path}/retry`);
    expect([accepted.status, Date.now() - startedAt < 1_000]).toEqual([202, true]);
    await receiver.waitFor(2);
    const refused = await api.request('POST', `${path}/retry`);
    expect([refused.status, refused.body.error.code]).toEqual([409, 'already_running']);
    expect((await until(show, 'delivered')).attempts.map(({ trigger }: { trigger: string }) => trigger)).toEqual([
      'instant',
      'manual',
    ]);
  });

  it('start over when they had ended', async () => {
    const { receiver, path, show } = await deliver(
      (response, _, count) => void response.writeHead(count === 1 ? 410 : 200).end(),
    );
    expect((await until(show, 'failed')).lastFailure).toMatch(/^HTTP 410/);
    const { endpointId } = await show();
    expect((await api.request('GET', `/webhook-endpoints/${endpointId}`)).body.data.disabledReason).toMatch(
      /^HTTP 410/,
    );
    await api.request('POST', `/webhook-endpoints/${endpointId}/enable`);
    expect((await api.request('POST', `${path}/retry`)).status).toBe(202);
    await until(show, 'delivered');
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  });

  it('are not tried again once cancelled', async () => {
    const { path, show } = await deliver((response) => void response.writeHead(500).end());
    const { endpointId, eventId } = await until(show, 'retrying');
    expect((await api.request('POST', `${path}/cancel`)).body.data).toMatchObject({
      status: 'cancelled',
      nextAttemptAt: null,
    });
    expect((await api.request('POST', `${path}/cancel`)).status).toBe(409);
    const handle = worker.client.workflow.getHandle(`webhook/${endpointId}/${eventId}`);
    await expect(handle.result()).rejects.toThrow('cancelled');
  });

  it.each(['endpointId=x', 'status=late', 'since=yesterday', 'eventId=7', 'color=red'])(
    'refuse the filter %s',
    async (query) => {
      expect((await api.request('GET', `/deliveries?${query}`)).status).toBe(400);
    },
  );

  it('and events of another organization cannot be told from missing ones', async () => {
    const { path, show } = await deliver((response) => void response.writeHead(204).end());
    const { eventId } = await until(show, 'delivered');
    const key = await api.createKey('write', await api.createOrganization());
    for (const [method, foreign] of [
      ['GET', path],
      ['POST', `${path}/retry`],
      ['POST', `${path}/cancel`],
      ['GET', `/events/${eventId}`],
    ]) {
      expect((await api.request(method ?? '', foreign ?? '', { key })).status).toBe(404);
    }
    expect((await api.request('GET', '/deliveries', { key })).body.data).toEqual([]);
  });
});

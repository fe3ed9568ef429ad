import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signedHeaders } from '../../activities/sign-webhook.ts';
import { freePort } from '../../src/dev/ports.ts';
import { findOnPath } from '../../src/dev/run-tool.ts';
import { createApiKey } from '../../src/organizations/api-key.ts';
import { createEndpoint } from '../../src/webhooks/endpoints/create-endpoint.ts';
import { startTestApi, type TestApi } from '../support/api.ts';
import { closing } from '../support/database.ts';
import { attemptsOf, deliveriesOf, eventually } from '../support/deliveries.ts';
import { startTestWorker, type TestWorker } from '../support/worker.ts';

const examples = fileURLToPath(new URL('../../docs/examples/', import.meta.url));

/** How the guide says that each is started. */
const receivers: [language: string, program: string, args: (port: string) => string[]][] = [
  ['Node', process.execPath, () => ['node/receive-webhooks.mjs']],
  ['Python', 'python3', () => ['python/receive_webhooks.py']],
  ['PHP', 'php', (port) => ['-S', `127.0.0.1:${port}`, 'php/receive-webhooks.php']],
];

let api: TestApi;
let worker: TestWorker;
beforeAll(async () => {
  api = await startTestApi();
  worker = await startTestWorker(api.db);
});
afterAll(async () => {
  await worker?.close();
  await api?.close();
});

describe.each(receivers)('the receiver in %s', (_language, program, args) => {
  const isMissing = findOnPath(program) === undefined && program !== process.execPath;
  const test = it.skipIf(isMissing);
  const skipped = isMissing ? ` (skipped: no ${program} on the PATH)` : '';

  /** The example as a process of its own, with an endpoint that sends to it and two keys that write: ours and another. */
  async function start(secretsOf = (secret: string) => [secret]) {
    const port = String(await freePort());
    const organizationId = await api.createOrganization();
    const own = await createApiKey(api.db, { organizationId, scope: 'write' });
    const url = `http://127.0.0.1:${port}/webhooks`;
    const events = ['part.created'];
    const { id: endpointId, secret } = await createEndpoint(api.db, { organizationId, url, events });
    const inbox = mkdtempSync(join(tmpdir(), 'maintainkit-inbox-'));
    const secrets = secretsOf(secret);
    const env = { ...process.env, PORT: port, OWN_KEY_ID: String(own.id), INBOX: inbox };
    const child = spawn(program, args(port), {
      cwd: examples,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...env, WEBHOOK_SECRETS: secrets.join(',') },
    });
    let complaints = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      complaints += text;
    });
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    closing({
      async close() {
        child.kill('SIGKILL');
        await exited;
        rmSync(inbox, { recursive: true, force: true });
      },
    });
    await eventually(() => fetch(url, { method: 'POST' }), `the receiver answers; it said: ${complaints}`);
    return {
      url,
      endpointId,
      secret,
      ownKey: own.key,
      anotherKey: await api.createKey('write', organizationId),
      /** By name, as `<webhook-id>.json`; nothing half-written among them. */
      kept: () => readdirSync(inbox).sort(),
      contentOf: (name: string) => readFileSync(join(inbox, name), 'utf8'),
      createPart: async (key: string, sku: string) => {
        const answer = await api.request('POST', '/parts', { key, body: { sku, name: 'Ölfilter 油 \u2028"' } });
        expect(answer.status).toBe(201);
        return answer.body.data;
      },
      /** Each delivery to it, once they all have ended. */
      deliveries: (count: number) =>
        eventually(async () => {
          const all = await deliveriesOf(api.db, endpointId);
          return all.length === count && all.every(({ isEnded }) => isEnded) && all;
        }, 'the deliveries ended'),
    };
  }

  /** A POST as the service signs it, but for what is changed. */
  async function send(url: string, secret: string, { at = new Date(), headers = {}, body = '{"event":"x"}' } = {}) {
    const eventId = '01980000-0000-7000-8000-000000000001';
    const message = { endpointId: 1, url, secret, previousSecret: undefined, headers: {}, eventId };
    const signed = signedHeaders(
      { ...message, eventType: 'x', movementId: null, apiKeyId: null, body: '{"event":"x"}' },
      at,
    );
    return (await fetch(url, { method: 'POST', body, headers: { ...signed, ...headers } })).status;
  }

  test(`keeps a real delivery once, also when it comes again${skipped}`, async () => {
    const receiver = await start();
    const part = await receiver.createPart(receiver.anotherKey, 'A');
    const [delivery] = await receiver.deliveries(1);
    expect(delivery).toMatchObject({ status: 'delivered', attemptsMade: 1 });
    const name = `${delivery?.eventId}.json`;
    expect(receiver.kept()).toEqual([name]);
    expect(JSON.parse(receiver.contentOf(name))).toMatchObject({ event: 'part.created', data: part });

    const retry = await api.request('POST', `/deliveries/${delivery?.id}/retry`, { key: receiver.anotherKey });
    expect(retry.status).toBe(202);
    await eventually(async () => (await attemptsOf(api.db, delivery?.id ?? 0)).length === 2, 'it was sent again');
    expect(await receiver.deliveries(1)).toMatchObject([{ status: 'delivered' }]);
    expect(receiver.kept()).toEqual([name]);
  });

  test(`knows the echo of its own writes${skipped}`, async () => {
    const receiver = await start();
    await receiver.createPart(receiver.ownKey, 'OWN');
    await receiver.createPart(receiver.anotherKey, 'ANOTHER');
    const deliveries = await receiver.deliveries(2);
    expect(deliveries.map(({ status }) => status)).toEqual(['delivered', 'delivered']);
    const kept = receiver.kept();
    expect(kept).toHaveLength(1);
    expect(JSON.parse(receiver.contentOf(kept[0] ?? ''))).toMatchObject({ data: { sku: 'ANOTHER' } });
  });

  test(`refuses what is forged, changed or too old${skipped}`, async () => {
    const receiver = await start();
    const { url, secret } = receiver;
    const ago = (seconds: number) => new Date(Date.now() - seconds * 1_000);
    const statuses = {
      anotherSecret: await send(url, `whsec_${Buffer.alloc(32).toString('base64')}`),
      anotherBody: await send(url, secret, { body: '{"event":"y"}' }),
      anotherId: await send(url, secret, { headers: { 'webhook-id': 'another' } }),
      anotherTime: await send(url, secret, {
        headers: { 'webhook-timestamp': `${Math.floor(Date.now() / 1_000) + 1}` },
      }),
      noTime: await send(url, secret, { headers: { 'webhook-timestamp': 'now' } }),
      old: await send(url, secret, { at: ago(310) }),
      ahead: await send(url, secret, { at: ago(-310) }),
      onlyStandard: await send(url, secret, { headers: { 'X-MK-Signature': `sha256=${'0'.repeat(64)}` } }),
      onlyPublished: await send(url, secret, { headers: { 'webhook-signature': 'v1,AAAA v1a,BBBB' } }),
      nothing: (await fetch(url, { method: 'POST', body: '{}' })).status,
    };
    expect(Object.entries(statuses).filter(([, status]) => status !== 401)).toEqual([]);
    expect(receiver.kept()).toEqual([]);
    expect(await send(url, secret, { at: ago(290) })).toBe(204);
    expect(receiver.kept()).toHaveLength(1);
  });

  test(`takes either secret while one is being rotated${skipped}`, async () => {
    const next = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
    const receiver = await start((secret) => [next, secret]);
    expect(await send(receiver.url, receiver.secret)).toBe(204);
    expect(await send(receiver.url, next)).toBe(204);
  });
});

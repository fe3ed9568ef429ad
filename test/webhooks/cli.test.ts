import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createEndpoint } from '../../src/webhooks/endpoints/create-endpoint.ts';
import { disableEndpoint } from '../../src/webhooks/endpoints/disable-endpoint.ts';
import { startTestApi, type TestApi } from '../support/api.ts';

const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.close());

/** What `mk endpoint …` prints. */
async function mk(...args: string[]) {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [cli, 'endpoint', ...args, '--org', String(api.organizationId)],
    { env: { ...process.env, DATABASE_URL: api.db.url, SECRETS_KEY: Buffer.alloc(32, 7).toString('base64') } },
  );
  return JSON.parse(stdout);
}

it('creates an endpoint with limits, changes one and clears the other', async () => {
  const limits = ['--max-concurrency', '3', '--max-per-second', '0.5'];
  const { id } = await mk('create', '--url', 'https://example.com/', ...limits);
  expect(await mk('show', `${id}`)).toMatchObject({ maxConcurrency: 3, maxPerSecond: 0.5 });
  const updated = await mk('update', `${id}`, '--max-concurrency', 'none', '--max-per-second', '2');
  expect(updated).toMatchObject({ url: 'https://example.com/', maxConcurrency: null, maxPerSecond: 2 });
  await expect(mk('update', `${id}`, '--max-concurrency', '0')).rejects.toThrow('`maxConcurrency` must be');
});

it('enables an endpoint and recovers what it missed', async () => {
  const { organizationId, db } = api;
  const { id } = await createEndpoint(db, { organizationId, url: 'https://example.com/' });
  await disableEndpoint(db, { organizationId, id });
  await api.request('POST', '/parts', { body: { sku: 'MISSED', name: 'Part' } });
  expect(await mk('enable', `${id}`, '--recover')).toMatchObject({ disabledAt: null, recovery: { total: 1 } });
});

import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createEndpoint } from '../../src/webhooks/endpoints/create-endpoint.ts';
import { resealSecrets } from '../../src/webhooks/endpoints/reseal-secrets.ts';
import { createSecretBox } from '../../src/webhooks/secret-box.ts';
import { startTestApi, type TestApi } from '../support/api.ts';

const [oldKey, newKey] = [randomBytes(32), randomBytes(32)];

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.close());

it('opens what it sealed, for the same endpoint only', () => {
  const box = createSecretBox([oldKey]);
  const sealed = box.seal('whsec_ö', 7);
  expect(box.open(sealed, 7)).toBe('whsec_ö');
  expect(() => box.open(sealed, 8)).toThrow();
});

it('never seals twice alike, and shows nothing of the secret', () => {
  const box = createSecretBox([oldKey]);
  expect(box.seal('whsec_x', 1)).not.toBe(box.seal('whsec_x', 1));
  expect(Buffer.from(box.seal('whsec_x', 1).split(':')[2] ?? '', 'base64url').toString('latin1')).not.toContain(
    'whsec_x',
  );
});

it('refuses a ciphertext of which one bit was changed', () => {
  const box = createSecretBox([oldKey]);
  const [version, id, text = ''] = box.seal('whsec_x', 1).split(':');
  const bytes = Buffer.from(text, 'base64url');
  for (const place of [0, 13, bytes.length - 1]) {
    const changed = Buffer.from(bytes);
    changed[place] = (changed[place] ?? 0) ^ 1;
    expect(() => box.open(`${version}:${id}:${changed.toString('base64url')}`, 1)).toThrow();
  }
});

it('names the key that is missing', () => {
  expect(() => createSecretBox([newKey]).open(createSecretBox([oldKey]).seal('whsec_x', 1), 1)).toThrow(
    /endpoint 1 is sealed with key [0-9a-f]{8}/,
  );
});

it('keeps no secret readable in the database, and seals all anew under a new key', async () => {
  const { db, organizationId } = api;
  const old = { ...db, secrets: createSecretBox([oldKey]) };
  const endpoint = { organizationId, url: 'https://example.com/' };
  const created = [await createEndpoint(old, endpoint), await createEndpoint(old, endpoint)];
  const stored = () => db.pool.query('select id, sealed_secret from webhook_endpoint order by id');
  expect(JSON.stringify((await stored()).rows)).not.toContain(created[0]?.secret);

  expect(await resealSecrets({ ...db, secrets: createSecretBox([newKey, oldKey]) })).toBe(2);
  expect(await resealSecrets({ ...db, secrets: createSecretBox([newKey, oldKey]) })).toBe(0);
  const onlyNew = createSecretBox([newKey]);
  const opened = (await stored()).rows.map((row) => onlyNew.open(row.sealed_secret, Number(row.id)));
  expect(opened).toEqual(created.map(({ secret }) => secret));
});

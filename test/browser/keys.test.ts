import { describe, expect, it } from 'vitest';
import { createApiKey, listApiKeys } from '../../src/organizations/api-key.ts';
import { expectGoodPage, pagesInBrowser, views } from '../support/browser.ts';

const browser = pagesInBrowser();

const keysPath = () => `/o/${browser.service.organizationId}/settings/keys`;

describe.each([true, false])('with JavaScript %s, an administrator', (javaScript) => {
  it('creates a key, sees it once, and the API takes it', async () => {
    const { service } = browser;
    const page = await browser.visit({ as: await service.person(), javaScript });
    await page.goto(keysPath());
    await page.getByRole('link', { name: 'New key' }).click();
    await page.getByLabel('Name').fill('ERP producción');
    await page.getByLabel('Read & write').check();
    await page.getByLabel('Expires').selectOption('90');
    await page.getByRole('button', { name: 'Create key' }).click();

    const key = (await page.locator('[data-copy-source]').textContent()) ?? '';
    expect(key).toMatch(/^mk_live_\w{49}$/);
    expect((await service.request('GET', '/parts', { key })).status).toBe(200);
    await page.reload();
    expect(await page.content()).not.toContain(key);
    const row = page.getByRole('row', { name: 'ERP producción' }).first();
    await expect.poll(() => row.textContent()).toContain(`mk_live_…${key.slice(-4)}`);
  });

  it('rotates a key: both work until the old one’s time is over', async () => {
    const { service } = browser;
    const { organizationId, db } = service;
    const name = `Rotated ${javaScript}`;
    const { key: old } = await createApiKey(db, { organizationId, scope: 'read', name });
    const page = await browser.visit({ as: await service.person(), javaScript });
    await page.goto(keysPath());
    await page.getByRole('link', { name: `Rotate ${name}` }).click();
    await page.getByLabel('The old key works on for').selectOption('1');
    await page.getByRole('button', { name: 'Create the new key' }).click();

    const key = (await page.locator('[data-copy-source]').textContent()) ?? '';
    for (const both of [old, key]) expect((await service.request('GET', '/parts', { key: both })).status).toBe(200);
    const listed = (await listApiKeys(db, organizationId)).filter((one) => one.name === name);
    expect(listed.map(({ expiresAt }) => expiresAt && Math.round((expiresAt.getTime() - Date.now()) / 60_000))).toEqual(
      [null, 60],
    );
  });

  it('revokes a key after a question, and the API refuses it', async () => {
    const { service } = browser;
    const { organizationId, db } = service;
    const name = `Revoked ${javaScript}`;
    const { key } = await createApiKey(db, { organizationId, scope: 'read', name });
    const page = await browser.visit({ as: await service.person(), javaScript });
    await page.goto(keysPath());
    await page.getByRole('link', { name: `Revoke ${name}` }).click();
    await page.getByRole('button', { name: 'Revoke key' }).click();
    await page.getByText(`“${name}” is revoked.`).waitFor();
    expect((await service.request('GET', '/parts', { key })).status).toBe(401);
    expect(await page.getByRole('link', { name: `Revoke ${name}` }).count()).toBe(0);
  });

  it('sees a form that was refused again, with what was typed and why', async () => {
    const page = await browser.visit({ as: await browser.service.person(), javaScript });
    await page.goto(`${keysPath()}/new`);
    await page.getByLabel('Read & write').check();
    await page.getByRole('button', { name: 'Create key' }).click();
    await page.getByText('One field needs your attention').waitFor();
    expect(await page.getByLabel('Name').getAttribute('aria-invalid')).toBe('true');
    expect(await page.getByLabel('Read & write').isChecked()).toBe(true);
    if (javaScript) await expectGoodPage(page);
  });
});

it('copies a new key with one press', async () => {
  const page = await browser.visit({ as: await browser.service.person() });
  await page.goto(`${keysPath()}/new`);
  await page.getByLabel('Name').fill('Copied');
  await page.getByRole('button', { name: 'Create key' }).click();
  await page.getByRole('button', { name: 'Copy' }).click();
  await page.getByRole('button', { name: 'Copied' }).waitFor();
  const copied = await page.evaluate('navigator.clipboard.readText()');
  expect(copied).toBe(await page.locator('[data-copy-source]').textContent());
});

it('asks in a dialog that Escape closes, and nothing is done', async () => {
  const { service } = browser;
  const { organizationId } = service;
  const { key } = await createApiKey(service.db, { organizationId, scope: 'read', name: 'Kept' });
  const page = await browser.visit({ as: await service.person() });
  await page.goto(keysPath());
  await page.getByRole('link', { name: 'Revoke Kept' }).click();
  await page.getByRole('dialog', { name: 'Revoke “Kept”?' }).waitFor();
  await expectGoodPage(page);
  await page.keyboard.press('Escape');
  await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
  expect((await service.request('GET', '/parts', { key })).status).toBe(200);
});

it('does not rotate what has expired meanwhile, and says so', async () => {
  const { service } = browser;
  const expiresAt = new Date(Date.now() - 1_000);
  const old = { organizationId: service.organizationId, scope: 'read', name: 'Late', expiresAt } as const;
  const { id } = await createApiKey(service.db, old);
  const page = await browser.visit({ as: await service.person() });
  await page.goto(`${keysPath()}/${id}/rotate`);
  await page.getByText('“Late” does not work any more').waitFor();
  expect((await listApiKeys(service.db, service.organizationId)).filter(({ name }) => name === 'Late')).toHaveLength(1);
});

it('shows a viewer the keys without a button', async () => {
  const { service } = browser;
  const { organizationId } = service;
  await createApiKey(service.db, { organizationId, scope: 'read', name: 'Seen' });
  const page = await browser.visit({ as: await service.person('viewer') });
  await page.goto(keysPath());
  await page.getByRole('row', { name: 'Seen' }).waitFor();
  expect(await page.getByRole('link', { name: /New key|Rotate|Revoke/ }).count()).toBe(0);
});

describe.each(views)('at $width px, $theme', (view) => {
  it.each(['', '/new'])('the pages of keys are good (%s)', async (path) => {
    const page = await browser.visit({ as: await browser.service.person(), view, language: 'es' });
    await page.goto(keysPath() + path);
    await expectGoodPage(page);
  });

  it('the page of an organization without keys is good', async () => {
    const { service } = browser;
    const organizationId = await service.createOrganization();
    const page = await browser.visit({ as: await service.person('administrator', organizationId), view });
    await page.goto(`/o/${organizationId}/settings/keys`);
    await page.getByRole('heading', { name: 'No keys yet' }).waitFor();
    await expectGoodPage(page);
  });
});

it('creates one key when the button is pressed twice', async () => {
  const { organizationId, db } = browser.service;
  const page = await browser.visit({ as: await browser.service.person() });
  await page.goto(`${keysPath()}/new`);
  await page.getByLabel('Name').fill('Twice');
  await page.getByLabel('Read & write').check();
  await page.getByRole('button', { name: 'Create key' }).dblclick();
  await page.locator('[data-copy-source]').waitFor();
  expect((await listApiKeys(db, organizationId)).filter(({ name }) => name === 'Twice')).toHaveLength(1);
});

import { createHmac } from 'node:crypto';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { createEndpoint } from '../../src/webhooks/endpoints/create-endpoint.ts';
import { findEndpoint } from '../../src/webhooks/endpoints/find-endpoint.ts';
import { expectGoodPage, pagesInBrowser, views } from '../support/browser.ts';
import { closing } from '../support/database.ts';
import { deliveriesOf, ended } from '../support/deliveries.ts';
import { type Script, startReceiver } from '../support/receiver.ts';

const browser = pagesInBrowser({ delivers: true });
const endpointsPath = (organizationId = browser.service.organizationId) => `/o/${organizationId}/settings/endpoints`;

const refuse: Script = (response) => void response.writeHead(503).end('maintenance');

interface Registered {
  url?: string;
  events?: string[];
  headers?: Record<string, string>;
  organizationId?: number;
}

async function register({ url = 'https://erp.taller.example/hooks', ...more }: Registered = {}) {
  const { service } = browser;
  const deps = { pool: service.db.pool, secrets: service.db.secrets };
  const organizationId = more.organizationId ?? service.organizationId;
  const { id, secret } = await createEndpoint(deps, { organizationId, url, ...more });
  return {
    id,
    secret,
    path: `${endpointsPath(organizationId)}/${id}`,
    find: () => findEndpoint(deps, { organizationId, id }),
  };
}

const shownSecret = async (page: Page) => (await page.locator('[data-copy-source]').textContent()) ?? '';
const chosenEvents = async (page: Page) =>
  Promise.all((await page.locator('input[name=events]:checked').all()).map((box) => box.getAttribute('value')));
const createPart = (sku: string, key = browser.service.key) =>
  browser.service.request('POST', '/parts', { key, body: { sku, name: 'Filtro' } });

describe.each([true, false])('with JavaScript %s, an administrator', (javaScript) => {
  const visit = async () => browser.visit({ as: await browser.service.person(), javaScript });

  it('registers an endpoint: the published events are chosen, its secret is shown once and signs', async () => {
    const receiver = closing(await startReceiver());
    const page = await visit();
    await page.goto(`${endpointsPath()}/new`);
    const chosen = await chosenEvents(page);
    expect(chosen).toEqual(['stock.movement.created', 'stock.low', 'part.created', 'part.updated']);
    await page.getByLabel('URL').fill(receiver.url);
    await page.getByLabel('Description').fill('ERP de Almacén Central');
    await page.getByLabel('Stock moved').uncheck();
    await page.getByLabel('Headers of your own').fill('X-Tenant: 7\nAuthorization: Basic c2VjcmV0');
    await page.getByText('Advanced: limits').click();
    await page.getByLabel('Requests at the same time').fill('3');
    await page.getByLabel('Requests per second').fill('2.5');
    await page.getByRole('button', { name: 'Register endpoint' }).click();
    await page.getByRole('heading', { name: 'The signing secret' }).waitFor();

    const secret = await shownSecret(page);
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    await createPart(`FLT-${javaScript}`);
    const [received] = await receiver.waitFor(1);
    const signature = createHmac('sha256', secret)
      .update(received?.rawBody ?? '')
      .digest('hex');
    expect(received?.headers).toMatchObject({ 'x-tenant': '7', 'x-mk-signature': `sha256=${signature}` });

    await page.reload();
    const content = await page.content();
    expect(content).not.toContain(secret);
    expect(content).not.toContain('c2VjcmV0');
    await page.getByText('Authorization: ••••••').waitFor();
    await page.getByText('2.5').first().waitFor();
  });

  it('sees a form that was refused again, with what was typed and chosen', async () => {
    const page = await visit();
    await page.goto(`${endpointsPath()}/new`);
    await page.getByLabel('URL').fill('ftp://erp');
    for (const event of ['Stock moved', 'Stock is low', 'Part changed'])
      await page.getByLabel(event, { exact: false }).first().uncheck();
    await page.getByLabel('Headers of your own').fill('Host: x');
    await page.getByRole('button', { name: 'Register endpoint' }).click();
    await page.getByText('2 fields need your attention').waitFor();
    expect(await page.getByLabel('URL').inputValue()).toBe('ftp://erp');
    const chosen = await chosenEvents(page);
    expect(chosen).toEqual(['part.created']);
    await page.getByText('“Host” is a header that we set ourselves.').first().waitFor();
    if (javaScript) await expectGoodPage(page);
  });

  it('edits it: a header that stays keeps its value, which nobody sees', async () => {
    const receiver = closing(await startReceiver());
    const { path, find, id } = await register({
      url: receiver.url,
      events: ['stock.low'],
      headers: { 'X-Tenant': '7', 'X-Old': 'gone' },
    });
    const page = await visit();
    await page.goto(`${path}/edit`);
    expect(await page.getByLabel('Headers of your own').inputValue()).toBe('X-Tenant: ••••••\nX-Old: ••••••');
    await page.getByLabel('Headers of your own').fill('X-Tenant: ••••••\nX-New: 1');
    await page.getByLabel('Part created').check();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved. It holds from the next attempt on.').waitFor();
    expect(await find()).toMatchObject({ events: ['stock.low', 'part.created'], headerNames: ['X-Tenant', 'X-New'] });
    await createPart(`EDT-${javaScript}`);
    const [received] = await receiver.waitFor(1);
    expect(received?.headers).toMatchObject({ 'x-tenant': '7', 'x-new': '1' });
    expect(received?.headers).not.toHaveProperty('x-old');
    await ended(browser.service.db, id);
  });

  it('rotates its secret: the new one is shown once, both sign meanwhile', async () => {
    const receiver = closing(await startReceiver());
    const { path, secret: old } = await register({ url: receiver.url, events: ['stock.low'] });
    const page = await visit();
    await page.goto(path);
    await page.getByRole('link', { name: 'Rotate secret' }).click();
    await page.getByLabel('The old secret signs on for').selectOption('1');
    await page.getByRole('button', { name: 'Create the new secret' }).click();
    await page.getByRole('heading', { name: 'The signing secret' }).waitFor();
    const secret = await shownSecret(page);
    expect(secret).not.toBe(old);
    await page.getByRole('button', { name: 'Send test event' }).click();
    const [received] = await receiver.waitFor(1);
    expect(String(received?.headers['webhook-signature']).split(' ')).toHaveLength(2);
    expect(received?.headers['x-mk-signature']).toBe(
      `sha256=${createHmac('sha256', secret)
        .update(received?.rawBody ?? '')
        .digest('hex')}`,
    );
  });

  it('sends a test event and watches its answer appear', async () => {
    const gate = Promise.withResolvers<void>();
    const receiver = closing(
      await startReceiver(async (response) => {
        await gate.promise;
        response.writeHead(202, { 'X-Answered-By': 'erp' }).end('gracias');
      }),
    );
    const { path } = await register({ url: receiver.url, events: ['stock.low'] });
    const page = await visit();
    await page.goto(path);
    await page.getByRole('button', { name: 'Send test event' }).click();
    await page.getByText('The test event is on its way').waitFor();
    await receiver.waitFor(1);
    if (javaScript) await page.getByText('Attempt under way').waitFor();
    gate.resolve();
    if (!javaScript) await expect.poll(() => reloaded(page), { timeout: 20_000, interval: 500 }).toContain('HTTP 202');
    await page.getByText('HTTP 202').waitFor();
    await page.getByText('What came back').click();
    await page.getByText('gracias').waitFor();
    await page.getByText('x-answered-by: erp').waitFor();
  });

  it('disables it, and enables it with what it missed', async () => {
    const receiver = closing(await startReceiver());
    const { path, find, id } = await register({ url: receiver.url, events: ['part.created'] });
    const page = await visit();
    await page.goto(path);
    await page.getByRole('link', { name: 'Disable' }).click();
    await page.getByRole('button', { name: 'Disable endpoint' }).click();
    await page.getByText('The endpoint is disabled.').waitFor();
    await page.getByText('Somebody here disabled it.').waitFor();
    expect((await find()).disabledReason).toBe('disabled by hand');
    for (const n of [1, 2, 3]) await createPart(`MISS-${javaScript}-${n}`);

    await page.getByRole('link', { name: 'Enable' }).click();
    await page.getByText('3 events did not get through').waitFor();
    await page.getByRole('button', { name: 'Enable endpoint' }).click();
    await page.getByRole('heading', { name: 'Sending again' }).waitFor();
    if (!javaScript)
      await expect.poll(() => reloaded(page), { timeout: 20_000, interval: 500 }).toContain('Done: 3 events');
    await page.getByText('Done: 3 events were sent again.').first().waitFor();
    await receiver.waitFor(3);
    expect((await find()).disabledAt).toBeNull();
    expect(await deliveriesOf(browser.service.db, id)).toHaveLength(3);
  });

  it('deletes it after a question', async () => {
    const { path, find } = await register({ url: `https://gone-${javaScript}.example/`, events: ['stock.low'] });
    const page = await visit();
    await page.goto(path);
    await page.getByRole('link', { name: 'Delete' }).click();
    await page.getByRole('button', { name: 'Delete endpoint' }).click();
    await page.getByText('The endpoint is deleted.').waitFor();
    expect(await page.getByText(`gone-${javaScript}.example`).count()).toBe(0);
    await expect(find()).rejects.toMatchObject({ status: 404 });
  });

  it('sends past events again: counted first, then confirmed, then watched', async () => {
    let isDown = true;
    const receiver = closing(await startReceiver((response) => void response.writeHead(isDown ? 410 : 204).end()));
    const { service } = browser;
    const organizationId = await service.createOrganization();
    const { path, id } = await register({ organizationId, url: receiver.url, events: ['part.created'] });
    await createPart('REC-1', await service.createKey('write', organizationId));
    await ended(service.db, id);
    isDown = false;
    const page = await browser.visit({ as: await service.person('administrator', organizationId), javaScript });
    await page.goto(path);
    await page.getByText('It answered “410 Gone”').first().waitFor();
    await page.getByRole('link', { name: 'Enable' }).click();
    await page.getByLabel('Leave it').check();
    await page.getByRole('button', { name: 'Enable endpoint' }).click();
    await page.getByText('The endpoint is enabled.').waitFor();

    await page.getByRole('link', { name: 'Send again' }).click();
    await page.getByRole('button', { name: 'Count them' }).click();
    await page.getByRole('heading', { name: '1 event would be sent again' }).waitFor();
    expect(receiver.received).toHaveLength(1);
    await page.getByRole('link', { name: 'Change the choice' }).click();
    await page.getByLabel('Failed').uncheck();
    await page.getByRole('button', { name: 'Count them' }).click();
    await page.getByRole('heading', { name: 'Nothing would be sent again' }).waitFor();
    expect(await page.getByRole('button', { name: 'Send them again' }).count()).toBe(0);
    await page.goBack();
    await page.getByLabel('Failed').check();
    await page.getByRole('button', { name: 'Count them' }).click();
    await page.getByRole('button', { name: 'Send them again' }).click();
    await page.getByRole('heading', { name: 'Sending again' }).waitFor();
    if (!javaScript)
      await expect.poll(() => reloaded(page), { timeout: 20_000, interval: 500 }).toContain('Done: 1 event');
    await page.getByText('Done: 1 event was sent again.').first().waitFor();
    await receiver.waitFor(2);
  });
});

async function reloaded(page: Page): Promise<string> {
  await page.reload();
  return (await page.locator('main').textContent()) ?? '';
}

it('tells on every page of an endpoint that was disabled, why, and leads to it', async () => {
  const { service } = browser;
  const organizationId = await service.createOrganization();
  const { id } = await register({ organizationId, url: 'https://erp.taller.example/hooks?token=abc' });
  await service.db.pool.query(
    `update webhook_endpoint set disabled_at = now(),
       disabled_reason = 'nothing was delivered since 2026-11-20 08:30 UTC; 23 deliveries failed' where id = $1`,
    [id],
  );
  const page = await browser.visit({ as: await service.person('viewer', organizationId), language: 'es' });
  await page.goto(`/o/${organizationId}/settings/keys`);
  const notice = page.locator('.notice', { hasText: 'erp.taller.example/hooks está desactivado' });
  expect(await notice.textContent()).toMatch(/Nada llegó desde el 20 nov 2026.*fallaron 23 entregas/);
  expect(await page.content()).not.toContain('token=abc');
  await notice.getByRole('link', { name: 'Revisarlo' }).click();
  await page.getByRole('heading', { name: 'erp.taller.example/hooks' }).waitFor();
  await expectGoodPage(page);
});

it('shows a viewer endpoints and what became of them without a button', async () => {
  const { path } = await register({ url: 'https://seen.example/' });
  const page = await browser.visit({ as: await browser.service.person('viewer') });
  for (const address of [endpointsPath(), path]) {
    await page.goto(address);
    await page.getByText('seen.example').first().waitFor();
    expect(await page.locator('main').getByRole('button').count()).toBe(0);
    const links = page
      .locator('main')
      .getByRole('link', { name: /New endpoint|Edit|Rotate|Enable|Disable|Delete|Send/ });
    expect(await links.count()).toBe(0);
  }
});

describe.each(views)('at $width px, $theme', (view) => {
  it('the pages of endpoints are good', async () => {
    const { service } = browser;
    const receiver = closing(await startReceiver(refuse));
    const organizationId = await service.createOrganization();
    const { path, id } = await register({
      organizationId,
      url: `${receiver.url}/integraciones/mantenimiento/planta-norte/eventos`,
      headers: { 'X-Cliente': 'Almacén'.normalize('NFD').replace(/[^ -~]/g, '') },
    });
    const page = await browser.visit({
      as: await service.person('administrator', organizationId),
      view,
      language: 'es',
    });
    for (const address of [
      endpointsPath(organizationId),
      `${endpointsPath(organizationId)}/new`,
      path,
      `${path}/edit`,
    ]) {
      await page.goto(address);
      await expectGoodPage(page);
    }
    await page.goto(path);
    await page.getByRole('button', { name: 'Enviar prueba' }).click();
    await page.getByText('HTTP 503').first().waitFor();
    await expectGoodPage(page);
    expect(await deliveriesOf(service.db, id)).toHaveLength(1);
    const questions = [
      'rotate',
      'disable',
      'enable',
      'delete',
      'recover',
      'recover?since=2026-11-01T08:00&until=&count=1',
    ];
    for (const question of [...questions, '', 'recover?since=nunca&count=1']) {
      await page.goto(`${path}/${question}`.replace(/\/$/, ''));
      await expectGoodPage(page);
    }
  });

  it('the page of an organization without endpoints is good', async () => {
    const organizationId = await browser.service.createOrganization();
    const page = await browser.visit({ as: await browser.service.person('administrator', organizationId), view });
    await page.goto(endpointsPath(organizationId));
    await page.getByRole('heading', { name: 'No endpoints yet' }).waitFor();
    await expectGoodPage(page);
  });
});

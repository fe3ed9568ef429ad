import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { expectGoodPage, pagesInBrowser, type View, views } from '../support/browser.ts';
import { closing } from '../support/database.ts';
import { attempted, deliveriesOf, ended, eventually, subscribe } from '../support/deliveries.ts';
import { type Script, startReceiver } from '../support/receiver.ts';

const browser = pagesInBrowser({ delivers: true });

/** Down until `repair`. */
async function failingReceiver() {
  let isDown = true;
  const script: Script = (response) =>
    void (isDown
      ? response.writeHead(503, { 'X-Reason': 'maintenance' }).end('<h1>Volvemos pronto</h1>')
      : response.writeHead(204).end());
  const receiver = closing(await startReceiver(script));
  return { receiver, repair: () => (isDown = false) };
}

/** An endpoint in an organization of its own, and somebody who looks at it. */
async function look(
  url: string,
  { role, ...visitor }: { role?: 'viewer'; javaScript?: boolean; view?: View; language?: string } = {},
) {
  const { service } = browser;
  const subscriber = await subscribe(service, url, ['part.created']);
  const page = await browser.visit({ ...visitor, as: await service.person(role, subscriber.organizationId) });
  const listPath = `/o/${subscriber.organizationId}/settings/deliveries`;
  return { ...subscriber, page, listPath };
}

async function reloaded(page: Page): Promise<string> {
  await page.reload();
  return (await page.locator('main').textContent()) ?? '';
}

const soon = { timeout: 20_000, interval: 500 };

describe.each([true, false])('with JavaScript %s, an administrator', (javaScript) => {
  it('sees what was sent, byte for byte, what came back, and when it is tried next', async () => {
    const { receiver } = await failingReceiver();
    const { page, listPath, createPart, endpointId } = await look(receiver.url, { javaScript });
    await createPart('BRG-6204-2RS/C3 «especial»');
    await attempted(browser.service.db, endpointId);
    const [received] = await receiver.waitFor(1);
    await page.goto(listPath);
    await page.getByRole('link', { name: /Part created/ }).click();

    const sent = received?.rawBody ?? '';
    expect(await page.locator('[data-copy-source]').textContent()).toBe(sent);
    await page.getByText(`${Buffer.byteLength(sent)} bytes, exactly as sent`).waitFor();
    await page.getByText(/HTTP 503 from 127.0.0.1:\d+ in \d+ ms/).waitFor();
    await page.getByText('What came back').click();
    await page.getByText('<h1>Volvemos pronto</h1>').waitFor();
    await page.getByText('x-reason: maintenance').waitFor();

    const planned = await page.locator('.timeline-coming time').all();
    const times = await Promise.all(
      planned.map(async (time) => Date.parse((await time.getAttribute('datetime')) ?? '')),
    );
    const waits = times.slice(1).map((at, n) => Math.round((at - (times[n] ?? 0)) / 1000));
    expect(waits).toEqual([60, 120, 240, 480, 960, 1920, 3840, 7680, 15360]);
    const [delivery] = await deliveriesOf(browser.service.db, endpointId);
    expect(times[0]).toBe(delivery?.dueAtMs);
    const names = await page.locator('dl.headers dt').allTextContents();
    expect(names.map((name) => name.toLowerCase()).every((name) => name in (received?.headers ?? {}))).toBe(true);
  });

  it('asks for an attempt now and watches its answer appear', async () => {
    const { receiver, repair } = await failingReceiver();
    const { page, listPath, createPart, endpointId } = await look(receiver.url, { javaScript });
    await createPart();
    const { id } = await attempted(browser.service.db, endpointId);
    await page.goto(`${listPath}/${id}`);
    await page.getByText('Retrying').first().waitFor();
    repair();
    await page.getByRole('button', { name: 'Retry now' }).click();
    await page.getByText('An attempt is made now').waitFor();
    if (!javaScript) await expect.poll(() => reloaded(page), soon).toContain('HTTP 204');
    await page.getByText('by hand').waitFor();
    await page.getByText('Delivered', { exact: true }).waitFor();
    expect(await page.getByRole('link', { name: 'Cancel delivery' }).count()).toBe(0);

    await page.getByRole('button', { name: 'Send again' }).click();
    await receiver.waitFor(3);
    if (!javaScript) await expect.poll(() => reloaded(page), soon).toContain('once');
    await page.getByText('Started over').waitFor();
  });

  it('cancels a delivery after a question', async () => {
    const { receiver } = await failingReceiver();
    const { page, listPath, createPart, endpointId } = await look(receiver.url, { javaScript });
    await createPart();
    const { id } = await attempted(browser.service.db, endpointId);
    await page.goto(`${listPath}/${id}`);
    await page.getByRole('link', { name: 'Cancel delivery' }).click();
    await page.getByRole('button', { name: 'Cancel delivery' }).click();
    await page.getByText('The delivery is cancelled.').waitFor();
    expect(await ended(browser.service.db, endpointId)).toMatchObject({ status: 'cancelled' });
    expect(await page.locator('.timeline-coming').count()).toBe(0);
  });

  it('filters by endpoint, event, status and time; the address can be shared', async () => {
    const { receiver, repair } = await failingReceiver();
    const { page, listPath, createPart, endpointId } = await look(receiver.url, { javaScript });
    await createPart();
    await attempted(browser.service.db, endpointId);
    repair();
    await createPart();
    await eventually(
      async () => (await deliveriesOf(browser.service.db, endpointId)).some(({ status }) => status === 'delivered'),
      'the second is delivered',
    );
    await page.goto(listPath);
    await page.getByLabel('Status').selectOption('retrying');
    await page.getByLabel('Endpoint').selectOption(String(endpointId));
    await page.getByLabel('Event', { exact: true }).selectOption('part.created');
    await page.getByLabel('From').fill('2026-01-31T08:00');
    await page.getByRole('button', { name: 'Apply' }).click();
    await expect.poll(() => page.locator('tbody tr').count()).toBe(1);
    expect(await page.getByLabel('Status').inputValue()).toBe('retrying');
    expect(await page.getByLabel('From').inputValue()).toBe('2026-01-31T08:00');
    const shared = new URL(page.url());
    expect(shared.searchParams.get('status')).toBe('retrying');

    await page.getByLabel('Until').fill('2026-02-01T08:00');
    await page.getByRole('button', { name: 'Apply' }).click();
    await page.getByRole('heading', { name: 'Nothing matches' }).waitFor();
    await page.getByRole('link', { name: 'Clear filters' }).first().click();
    await expect.poll(() => page.locator('tbody tr').count()).toBe(2);
  });
});

it('reads the times of a filter in the reader’s own zone', async () => {
  const { page, listPath, createPart } = await look('https://example.com/');
  await createPart();
  await page.goto(listPath);
  const offsetMinutes = await page.evaluate<number>('new Date("2026-01-31T08:00").getTimezoneOffset()');
  await page.getByLabel('From').fill('2026-01-31T08:00');
  await page.getByRole('button', { name: 'Apply' }).click();
  await page.waitForURL(/since=/);
  expect(new URL(page.url()).searchParams.get('since')).toBe(
    new Date(Date.UTC(2026, 0, 31, 8) + offsetMinutes * 60_000).toISOString(),
  );
});

it('turns pages of deliveries, and back', async () => {
  const { page, listPath, endpointId, organizationId } = await look('https://example.com/');
  await browser.service.db.pool.query(
    `with made as (
       insert into event (id, organization_id, type, data, created_at)
       select uuid_v7(), $1, 'part.created', '{}', now() from generate_series(1, 120) returning id
     )
     insert into delivery (organization_id, endpoint_id, event_id, status, due_at, dispatched_at, ended_at, created_at)
     select $1, $2, id, 'delivered', now(), now(), now(), now() from made`,
    [organizationId, endpointId],
  );
  await page.goto(`${listPath}?status=delivered`);
  const shown = async () => (await page.locator('tbody th a').allTextContents()).map((text) => text.trim());
  const first = await shown();
  await page.getByRole('link', { name: 'Older' }).click();
  const second = await shown();
  await page.getByRole('link', { name: 'Older' }).click();
  expect([first.length, second.length, (await shown()).length]).toEqual([50, 50, 20]);
  expect(await page.getByRole('link', { name: 'Older' }).count()).toBe(0);
  await page.getByRole('link', { name: 'Newer' }).click();
  expect(await shown()).toEqual(second);
  await page.getByRole('link', { name: 'Newer' }).click();
  expect(await shown()).toEqual(first);
  expect(await page.getByRole('link', { name: 'Newer' }).count()).toBe(0);
  expect(await page.getByLabel('Status').inputValue()).toBe('delivered');
});

it('leads to its workflow in Temporal, in a new tab', async () => {
  const { receiver } = await failingReceiver();
  const { page, listPath, createPart, endpointId } = await look(receiver.url);
  await createPart();
  const { id, eventId } = await attempted(browser.service.db, endpointId);
  await page.goto(`${listPath}/${id}`);
  const link = page.getByRole('link', { name: 'Open in Temporal (opens in a new tab)' });
  expect(await link.getAttribute('target')).toBe('_blank');
  expect(decodeURIComponent((await link.getAttribute('href')) ?? '')).toContain(`webhook/${endpointId}/${eventId}`);
});

it('shows a viewer a delivery without a button', async () => {
  const { receiver } = await failingReceiver();
  const { page, listPath, createPart, endpointId } = await look(receiver.url, { role: 'viewer' });
  await createPart();
  const { id } = await attempted(browser.service.db, endpointId);
  await page.goto(`${listPath}/${id}`);
  await page.getByText('HTTP 503', { exact: true }).waitFor();
  expect(await page.getByRole('button', { name: 'Retry now' }).count()).toBe(0);
  expect(await page.getByRole('link', { name: 'Cancel delivery' }).count()).toBe(0);
});

describe.each(views)('at $width px, $theme', (view) => {
  it('the pages of deliveries are good', async () => {
    const { receiver, repair } = await failingReceiver();
    const { page, listPath, createPart, endpointId } = await look(receiver.url, { view, language: 'es' });
    await page.goto(listPath);
    await expectGoodPage(page);
    await createPart('RODAMIENTO-RÍGIDO-DE-BOLAS-6204-2RS-C3-ACERO-INOXIDABLE');
    const { id } = await attempted(browser.service.db, endpointId);
    repair();
    await createPart();
    const shown = ['', `/${id}`, `/${id}/cancel`, '?status=failed', '?since=nunca'];
    for (const address of shown) {
      await page.goto(listPath + address);
      await expectGoodPage(page);
    }
  });
});

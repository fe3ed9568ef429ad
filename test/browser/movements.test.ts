import { describe, expect, it } from 'vitest';
import { move, newLocation, newPart, unique } from '../api/support.ts';
import { expectGoodPage, pagesInBrowser, views } from '../support/browser.ts';

const browser = pagesInBrowser();

const own = (path: string) => `/o/${browser.service.organizationId}${path}`;
const ledgerOf = async (partId: number) =>
  (await browser.service.request('GET', `/movements?partId=${partId}&limit=10`)).body.data;

async function stocked(quantity = 10) {
  const { service } = browser;
  const [part, store, van] = [
    await newPart(service, { unit: 'L' }),
    await newLocation(service),
    await newLocation(service),
  ];
  if (quantity > 0) await move(service, { kind: 'receive', partId: part.id, locationId: store.id, qty: quantity });
  return { part, store, van };
}

describe.each([true, false])('with JavaScript %s, a person', (javaScript) => {
  it.each([
    ['Receive', { Quantity: '2,5', 'Unit cost': '18.50' }, 'Received 2.5 L', { qtyDelta: 2.5, unitCost: 1850 }],
    ['Consume', { Quantity: '4', 'Work order': 'OT-77' }, 'Consumed 4 L', { qtyDelta: -4, workOrder: 'OT-77' }],
    ['Adjust', { Difference: '−3' }, 'by −3 L', { qtyDelta: -3 }],
    ['Count', { Counted: '7' }, 'the books change by −3 L', { qtyDelta: -3, counted: 7 }],
  ])('records one of kind %s from the part’s page, and reads what happened', async (kind, fields, message, row) => {
    const { part, store } = await stocked();
    const page = await browser.visit({ as: await browser.service.person(), javaScript });
    await page.goto(own(`/parts/${part.id}`));
    await page.getByRole('link', { name: 'Record movement' }).click();
    await page.getByRole('link', { name: kind }).click();
    await page.getByLabel('Location').selectOption(String(store.id));
    for (const [label, text] of Object.entries(fields)) await page.getByLabel(label).fill(text);
    await page.getByText('Document, date and note').click();
    await page.getByLabel('Reference').fill('PO-1');
    await page.getByLabel('Note').fill('desde la página');
    await page.locator('main form button').last().click();
    await page.getByText(message).waitFor();
    expect(new URL(page.url()).pathname).toBe(own(`/parts/${part.id}`));
    expect((await ledgerOf(part.id))[0]).toMatchObject({
      kind: kind.toLowerCase(),
      reference: 'PO-1',
      note: 'desde la página',
      ...row,
    });
  });

  it('transfers from one location to another', async () => {
    const { part, store, van } = await stocked();
    const page = await browser.visit({ as: await browser.service.person(), javaScript });
    await page.goto(own(`/movements/new?kind=transfer&partId=${part.id}`));
    expect(await page.getByLabel('From').inputValue()).toBe(String(store.id));
    await page.getByLabel('To').selectOption(String(van.id));
    await page.getByLabel('Quantity').fill('4');
    await page.getByRole('button', { name: 'Transfer' }).click();
    await page.getByText(`Moved 4 L of ${part.sku} from ${store.name} to ${van.name}.`).waitFor();
  });

  it('finds the part by what a scanner types, and is told when there is none', async () => {
    const { service } = browser;
    const barcode = `75${Date.now()}${javaScript ? 1 : 2}`;
    const part = await newPart(service, { barcode });
    await newLocation(service);
    const page = await browser.visit({ as: await service.person(), javaScript });
    await page.goto(own('/movements'));
    await page.getByRole('link', { name: 'Record movement' }).first().click();
    await page.getByLabel('Which part?').fill('no existe nada así');
    await page.keyboard.press('Enter');
    await page.getByText('Nothing is called “no existe nada así”').waitFor();
    await page.getByLabel('Which part?').fill(barcode);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Record movement' }).waitFor();
    await page.getByText(part.sku).first().waitFor();
    await page.getByLabel('Quantity').waitFor();
  });

  it('is refused beside the field what is not there, and keeps what was typed', async () => {
    const { part } = await stocked(10);
    const page = await browser.visit({ as: await browser.service.person(), javaScript });
    await page.goto(own(`/movements/new?kind=consume&partId=${part.id}`));
    await page.getByLabel('Quantity').fill('11');
    await page.getByLabel('Work order').fill('OT-9');
    await page.getByRole('button', { name: 'Consume' }).click();
    await page.getByRole('alert').getByText('Only 10 L available at this location.').waitFor();
    expect(await page.getByLabel('Quantity').getAttribute('aria-invalid')).toBe('true');
    expect(await page.getByLabel('Work order').inputValue()).toBe('OT-9');
    if (javaScript) await expectGoodPage(page);
    await page.getByLabel('Quantity').fill('10');
    await page.getByRole('button', { name: 'Consume' }).click();
    await page.getByText('On hand: 0 L.').waitFor();
  });

  it('takes a movement back after a question', async () => {
    const { part } = await stocked(10);
    const page = await browser.visit({ as: await browser.service.person(), javaScript });
    await page.goto(own(`/parts/${part.id}`));
    await page.getByRole('link', { name: /^Reverse movement/ }).click();
    await page.getByLabel('Why').fill('Se contó mal');
    await page.getByRole('button', { name: 'Reverse it' }).click();
    await page.getByText('Reversed: −10 L').waitFor();
    await page.getByText('Reversed by').first().waitFor();
    expect(await page.getByRole('link', { name: /^Reverse movement/ }).count()).toBe(1);
  });

  it('narrows the ledger by kind, part, location and day', async () => {
    const { part, store } = await stocked(10);
    await move(browser.service, { kind: 'consume', partId: part.id, locationId: store.id, qty: 1, reference: 'DOC-1' });
    const page = await browser.visit({ as: await browser.service.person('viewer'), javaScript });
    await page.goto(own('/movements'));
    const rows = () => page.locator('tbody tr').count();
    await page.getByLabel('Part (SKU or barcode)').fill(part.sku);
    await page.getByRole('button', { name: 'Apply' }).click();
    await expect.poll(rows).toBe(2);
    await page.getByLabel('Kind').selectOption('consume');
    await page.getByLabel('Location').selectOption(String(store.id));
    await page.getByLabel('Reference').fill('DOC-1');
    await page.getByRole('button', { name: 'Apply' }).click();
    await expect.poll(rows).toBe(1);
    await page.getByLabel('To day').fill('2020-01-01');
    await page.getByRole('button', { name: 'Apply' }).click();
    await page.getByRole('heading', { name: 'Nothing matches' }).waitFor();
    expect(await page.getByRole('link', { name: 'Record movement' }).count()).toBe(0);
  });
});

it('folds the filters on a phone, and says how many are set', async () => {
  const { part } = await stocked();
  const phone = await browser.visit({ as: await browser.service.person(), view: views[2], javaScript: false });
  await phone.goto(own('/movements'));
  expect(await phone.getByLabel('Kind').isVisible()).toBe(false);
  await phone.getByText('Filters').click();
  await phone.getByLabel('Kind').selectOption('receive');
  await phone.getByLabel('Part (SKU or barcode)').fill(part.sku);
  await phone.getByRole('button', { name: 'Apply' }).last().click();
  await phone.locator('summary', { hasText: 'Filters 2' }).waitFor();
  expect(await phone.getByLabel('Kind').isVisible()).toBe(false);
  expect(await phone.locator('tbody tr').count()).toBe(1);
});

it('scrolls a ledger that is wider than the screen in its frame, not the page', async () => {
  const { service } = browser;
  const { store, van } = await stocked();
  const part = await newPart(service, { sku: unique('VALVULA-SOLENOIDE-24VDC-NC-LATON-') });
  await move(service, {
    kind: 'receive',
    partId: part.id,
    locationId: store.id,
    qty: 999_999.125,
    reference: unique('OC-'),
  });
  await move(service, { kind: 'transfer', partId: part.id, fromId: store.id, toId: van.id, qty: 1 });
  const page = await browser.visit({ as: await service.person() });
  for (const width of [760, 1024, 1280]) {
    await page.setViewportSize({ width, height: 900 });
    await page.goto(own('/movements'));
    await expectGoodPage(page);
  }
});

it('reads a barcode with the camera where the browser can', async () => {
  const { service } = browser;
  const part = await newPart(service, { barcode: unique('CAM-') });
  await newLocation(service);
  const page = await browser.visit({ as: await service.person() });
  await page.addInitScript(`
    globalThis.BarcodeDetector = class { async detect() { return [{ rawValue: ${JSON.stringify(part.barcode)} }]; } };
    const stream = () => document.createElement('canvas').captureStream();
    Object.defineProperty(navigator, 'mediaDevices', { value: { getUserMedia: async () => stream() } });
    HTMLMediaElement.prototype.play = async () => undefined;
  `);
  await page.goto(own('/movements/new'));
  await page.getByRole('button', { name: 'Use camera' }).click();
  await page.getByText(part.sku).first().waitFor();
  await page.getByLabel('Quantity').waitFor();
});

it('says that the camera cannot be used, and leaves the field', async () => {
  const page = await browser.visit({ as: await browser.service.person() });
  await page.addInitScript(`
    globalThis.BarcodeDetector = class {};
    Object.defineProperty(navigator, 'mediaDevices', { value: { getUserMedia: async () => { throw new Error('no'); } } });
  `);
  await page.goto(own('/movements/new'));
  await page.getByRole('button', { name: 'Use camera' }).click();
  await page.getByText('The camera cannot be used. Type the code instead.').waitFor();
});

it('takes the time in the reader’s zone', async () => {
  const { part, store } = await stocked(10);
  const page = await browser.visit({ as: await browser.service.person(), timezone: 'America/Lima' });
  await page.goto(own(`/movements/new?kind=consume&partId=${part.id}`));
  await page.getByLabel('Location').selectOption(String(store.id));
  await page.getByLabel('Quantity').fill('1');
  await page.getByText('Document, date and note').click();
  await page.getByLabel('When it happened').fill('2026-01-31T08:00');
  await page.getByRole('button', { name: 'Consume' }).click();
  await page.getByText('Consumed 1 L').waitFor();
  expect((await ledgerOf(part.id))[0].occurredAt).toBe('2026-01-31T13:00:00.000Z');
});

describe.each(views)('at $width px, $theme', (view) => {
  it('the pages of movements are good', async () => {
    const { service } = browser;
    const { part, store } = await stocked();
    const [{ id }] = await ledgerOf(part.id);
    const text = 'Recibido en buen estado; dos cajas abiertas, una mojada, se devuelve la última con el transportista';
    await move(service, {
      kind: 'receive',
      partId: part.id,
      locationId: store.id,
      qty: 1.5,
      note: text,
      reference: 'PO-2026-00000123',
      workOrder: 'OT-4512',
      occurredAt: '2026-01-31T08:00:00Z',
    });
    const page = await browser.visit({ as: await service.person(), view, language: 'es' });
    const kinds = ['receive', 'consume', 'adjust', 'count', 'transfer'].map(
      (kind) => `/movements/new?kind=${kind}&partId=${part.id}`,
    );
    for (const path of [
      '/movements',
      `/movements/${id}`,
      `/movements/${id}/reverse`,
      '/movements/new',
      '/movements/new?part=zzz',
      ...kinds,
    ]) {
      await page.goto(own(path));
      await expectGoodPage(page);
    }
  });
});

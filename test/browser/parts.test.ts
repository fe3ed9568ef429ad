import { describe, expect, it } from 'vitest';
import { move, newLocation, newPart, unique } from '../api/support.ts';
import { expectGoodPage, pagesInBrowser, views } from '../support/browser.ts';

const browser = pagesInBrowser();

const own = (path: string) => `/o/${browser.service.organizationId}${path}`;
const partOf = async (sku: string) => (await browser.service.request('GET', `/parts/${sku}?by=sku`)).body.data;

describe.each([true, false])('with JavaScript %s, an administrator', (javaScript) => {
  it('creates a part with a minimum, edits it, archives it and brings it back', async () => {
    const { service } = browser;
    const location = await newLocation(service, unique('Camioneta'));
    const sku = unique('FLT/1042 Ñ');
    const page = await browser.visit({ as: await service.person(), javaScript });
    await page.goto(own('/parts/new'));
    await page.getByLabel('SKU').fill(sku);
    await page.getByLabel('Name', { exact: true }).fill('Filtro de aceite');
    await page.getByLabel('Reorder point').fill('2,5');
    await page.getByLabel('Unit cost').fill('18.50');
    await page.getByLabel('Location 1').selectOption({ label: location.name });
    await page.getByLabel('Minimum 1').fill('1');
    await page.getByRole('button', { name: 'Create part' }).click();
    await page.getByText(`${sku} is created.`).waitFor();
    expect(await partOf(encodeURIComponent(sku))).toMatchObject({
      reorderPoint: 2.5,
      unitCost: 1850,
      locationMinimums: [{ locationId: location.id, minimum: 1 }],
    });

    await page.getByRole('link', { name: 'Edit', exact: true }).click();
    await page.getByLabel('Name', { exact: true }).fill('Filtro roscado');
    await page.getByLabel('Reorder point').fill('');
    await page.getByLabel('Location 1').selectOption('');
    await page.getByLabel('Minimum 1').fill('');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Filtro roscado' }).waitFor();
    expect(await partOf(encodeURIComponent(sku))).toMatchObject({ reorderPoint: null, locationMinimums: [] });

    await page.getByRole('link', { name: 'Archive' }).click();
    await page.getByRole('button', { name: 'Archive' }).click();
    await page.getByText('This part is archived').waitFor();
    await page.getByRole('button', { name: 'Bring back' }).click();
    await page.getByText(`${sku} is back.`).waitFor();
  });

  it('sees what somebody else changed while the form was open, and saves over it knowingly', async () => {
    const { service } = browser;
    const part = await newPart(service, { name: 'Faja', supplier: 'SKF' });
    const page = await browser.visit({ as: await service.person(), javaScript });
    await page.goto(own(`/parts/${part.id}/edit`));
    await page.getByLabel('Name', { exact: true }).fill('Faja larga');
    await service.request('PATCH', `/parts/${part.id}?by=id`, { body: { supplier: 'NTN', category: 'Fajas' } });
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Somebody else has changed this part meanwhile').waitFor();
    expect(await page.getByLabel('Supplier').inputValue()).toBe('NTN');
    expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('Faja larga');
    if (javaScript) await expectGoodPage(page);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Faja larga' }).waitFor();
    expect(await partOf(part.sku)).toMatchObject({ name: 'Faja larga', supplier: 'NTN', category: 'Fajas' });
  });

  it('searches, narrows to what is low, sorts, and takes the list along as CSV', async () => {
    const { service } = browser;
    const word = unique('buscado');
    const [low, fine] = [
      await newPart(service, { sku: `${word}-A`, name: `Zapata ${word}`, reorderPoint: 3 }),
      await newPart(service, { sku: `${word}-B`, name: `Ancla ${word}` }),
    ];
    const page = await browser.visit({ as: await service.person('viewer'), javaScript });
    await page.goto(own('/parts'));
    await page.getByLabel('Search').fill(word);
    await page.getByRole('button', { name: 'Apply' }).click();
    const skus = () => page.locator('tbody th').allTextContents();
    await expect.poll(skus).toEqual([low.sku, fine.sku]);
    await page.getByRole('link', { name: 'Name' }).click();
    await expect.poll(skus).toEqual([fine.sku, low.sku]);
    await page.getByLabel('Only low').check();
    await page.getByRole('button', { name: 'Apply' }).click();
    await expect.poll(skus).toEqual([low.sku]);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Export CSV' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('parts.csv');
    await page.getByRole('link', { name: 'Clear filters' }).click();
    await expect.poll(async () => (await skus()).length).toBeGreaterThan(1);
  });

  it('creates a location, renames it, and sees what is there', async () => {
    const { service } = browser;
    const name = unique('Taller');
    const page = await browser.visit({ as: await service.person(), javaScript });
    await page.goto(own('/locations/new'));
    await page.getByLabel('Name').fill(name);
    await page.getByRole('button', { name: 'Create location' }).click();
    await page.getByText(`“${name}” is created.`).waitFor();
    await page.getByRole('link', { name: 'Rename' }).click();
    await page.getByLabel('Name').fill(`${name} Norte`);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: `${name} Norte` }).waitFor();
    const part = await newPart(service);
    await move(service, { kind: 'receive', partId: part.id, location: `${name} Norte`, qty: 2 });
    await page.reload();
    await page.getByRole('link', { name: part.sku }).click();
    await page.getByRole('heading', { name: part.name }).waitFor();
  });
});

it('the plot says in words what it shows, for each span of time', async () => {
  const { service } = browser;
  const [part, location] = [await newPart(service, { reorderPoint: 4 }), await newLocation(service)];
  await move(service, { kind: 'receive', partId: part.id, locationId: location.id, qty: 10 });
  await move(service, { kind: 'consume', partId: part.id, locationId: location.id, qty: 7 });
  const page = await browser.visit({ as: await service.person('viewer') });
  await page.goto(own(`/parts/${part.id}`));
  for (const days of [30, 90, 365]) {
    await page.getByRole('link', { name: `${days} days` }).click();
    await page.getByRole('img', { name: `On hand in the last ${days} days: between 0 and 10 ea, now 3 ea.` }).waitFor();
  }
  expect(await page.locator('.plot-reference').count()).toBe(1);
});

it('an organization without parts is offered to create or import them, a viewer is not', async () => {
  const { service } = browser;
  const organizationId = await service.createOrganization();
  for (const role of ['administrator', 'viewer'] as const) {
    const page = await browser.visit({ as: await service.person(role, organizationId) });
    await page.goto(`/o/${organizationId}`);
    await page.getByRole('heading', { name: 'No parts yet' }).waitFor();
    expect(await page.getByRole('link', { name: /New part|Import CSV/ }).count()).toBe(role === 'viewer' ? 0 : 2);
    await expectGoodPage(page);
    for (const path of ['/movements', '/locations']) {
      await page.goto(`/o/${organizationId}${path}`);
      await page.getByRole('heading', { name: /No (movements|locations) yet/ }).waitFor();
      await expectGoodPage(page);
    }
  }
});

describe.each(views)('at $width px, $theme', (view) => {
  it('the pages of parts and locations are good', async () => {
    const { service } = browser;
    const long =
      'Rodamiento rígido de bolas con sellos de contacto y juego interno para motores eléctricos de ventilación';
    const sku = unique(`BRG-6204-2RS-C3-${'SKF-EXPLORER-'.repeat(6)}`);
    const part = await newPart(service, {
      sku,
      name: long,
      category: long,
      description: long,
      reorderPoint: 4,
      barcode: '75012345',
    });
    const location = await newLocation(service, unique(`Almacén Central, ${long}`));
    await move(service, {
      kind: 'receive',
      partId: part.id,
      locationId: location.id,
      qty: 1234567.123456,
      note: long,
      reference: sku,
    });
    const page = await browser.visit({ as: await service.person(), view, language: 'es' });
    const paths = [
      '/parts',
      '/parts?q=nada+de+nada',
      `/parts/${part.id}`,
      `/parts/${part.id}/edit`,
      '/parts/new',
      '/locations',
      '/locations/new',
    ];
    for (const path of [
      ...paths,
      `/locations/${location.id}`,
      `/locations/${location.id}/edit`,
      `/parts/${part.id}/archive`,
    ]) {
      await page.goto(own(path));
      await expectGoodPage(page);
    }
  });
});

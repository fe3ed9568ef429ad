import { describe, expect, it } from 'vitest';
import { newLocation, newPart, unique } from '../api/support.ts';
import { expectGoodPage, pagesInBrowser, views } from '../support/browser.ts';

const browser = pagesInBrowser();

const own = (path: string) => `/o/${browser.service.organizationId}${path}`;
const file = (content: string) => ({ name: 'repuestos.csv', mimeType: 'text/csv', buffer: Buffer.from(content) });

describe.each([true, false])('with JavaScript %s, an administrator', (javaScript) => {
  it('imports parts after a preview that a reload does not lose', async () => {
    const { service } = browser;
    const [known, made] = [await newPart(service), unique('NEW')];
    const page = await browser.visit({ as: await service.person(), javaScript });
    await page.goto(own('/parts'));
    await page.getByRole('link', { name: 'Import CSV' }).click();
    await page.getByLabel('CSV file').setInputFiles(file(`SKU;Nombre\n${known.sku};Cañería\n${made};Codo\n`));
    await page.getByRole('button', { name: 'Preview' }).click();
    await page.getByRole('heading', { name: 'Preview of repuestos.csv' }).waitFor();
    await page.reload();
    await page.getByRole('button', { name: 'Import 2 rows' }).click();
    await page.getByRole('heading', { name: 'The file is imported' }).waitFor();
    expect((await service.request('GET', `/parts/${made}`)).body.data.name).toBe('Codo');
    expect((await service.request('GET', `/parts/${known.sku}`)).body.data.name).toBe('Cañería');
    await page.reload();
    await page.getByRole('link', { name: 'To the parts' }).click();
    await page.getByRole('heading', { name: 'Parts', exact: true }).waitFor();
  });

  it('sees each bad row with its reason, and brings another file', async () => {
    const page = await browser.visit({ as: await browser.service.person(), javaScript });
    await page.goto(own('/import'));
    await page.getByLabel('CSV file').setInputFiles(file('sku,name,reorderPoint\nA,Faja,pocos\nB,,\n'));
    await page.getByRole('button', { name: 'Preview' }).click();
    await page.getByText('2 rows cannot be imported.').waitFor();
    await page.getByRole('row', { name: /Line 2.*pocos.*Write a number/ }).waitFor();
    expect(await page.getByRole('button', { name: /^Import/ }).count()).toBe(0);
    await page.getByRole('button', { name: 'Another file' }).click();
    await page.getByLabel('CSV file').waitFor();
  });

  it('imports opening stock as counts', async () => {
    const { service } = browser;
    const [part, location] = [await newPart(service), await newLocation(service, unique('Almacén'))];
    const page = await browser.visit({ as: await service.person(), javaScript });
    await page.goto(own('/import'));
    await page.getByLabel('Opening stock').check();
    await page.getByLabel('CSV file').setInputFiles(file(`sku,location,quantity\n${part.sku},${location.name},12.5\n`));
    await page.getByRole('button', { name: 'Preview' }).click();
    await page.getByRole('button', { name: 'Import 1 row' }).click();
    await page.getByRole('heading', { name: 'The file is imported' }).waitFor();
    expect((await service.request('GET', `/parts/${part.sku}`)).body.data.onHand).toBe(12.5);
  });

  it('is asked for a file when none is chosen', async () => {
    const page = await browser.visit({ as: await browser.service.person(), javaScript });
    await page.goto(own('/import'));
    await page.getByRole('button', { name: 'Preview' }).click();
    await page.getByText('Choose a file.').waitFor();
    if (javaScript) await expectGoodPage(page);
  });
});

describe.each(views)('at $width px, $theme', (view) => {
  it('the pages of imports are good', async () => {
    const page = await browser.visit({ as: await browser.service.person(), view, language: 'es' });
    await page.goto(own('/import'));
    await expectGoodPage(page);
    const rows = Array.from({ length: 5 }, (_, n) => `${unique('LARGO')}-${'X'.repeat(80)},Repuesto ${n},muchísimos`);
    const good = `${unique('BUENO')},Repuesto,3`;
    for (const content of [[good], [...rows, good]]) {
      await page.goto(own('/import'));
      await page.getByLabel('Archivo CSV').setInputFiles(file(`sku,name,reorderPoint,Color\n${content.join(',\n')},`));
      await page.getByRole('button', { name: 'Ver vista previa' }).click();
      await page.getByRole('heading', { name: 'Vista previa de repuestos.csv' }).waitFor();
      await expectGoodPage(page);
    }
    await page.goBack();
    await page.goto(own('/import'));
    await page.getByLabel('Archivo CSV').setInputFiles(file(`sku,name\n${unique('FIN')},x\n`));
    await page.getByRole('button', { name: 'Ver vista previa' }).click();
    await page.getByRole('button', { name: 'Importar 1 fila' }).click();
    await page.getByRole('heading', { name: 'El archivo está importado' }).waitFor();
    await expectGoodPage(page);
  });
});

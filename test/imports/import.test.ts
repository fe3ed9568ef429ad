import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { move, newLocation, newPart, rowCounts, unique } from '../api/support.ts';
import { expectLedgerInvariants } from '../ledger/invariants.ts';
import { cookieOf, password, startTestPages, type TestPages, type TestPerson } from '../support/pages.ts';

let pages: TestPages;
let administrator: TestPerson;
beforeAll(async () => {
  pages = await startTestPages();
  administrator = await pages.person();
});
afterAll(async () => {
  if (pages) await expectLedgerInvariants(pages);
  await pages?.close();
});

const own = (path: string) => `/o/${pages.organizationId}${path}`;
const get = (path: string, as = administrator) => pages.page('GET', path, { as });
const confirm = (path: string, as = administrator) => pages.page('POST', path, { as, form: {} });

/** Sends a file and answers the address of its preview. */
async function upload(kind: 'parts' | 'stock', content: string | Uint8Array<ArrayBuffer>): Promise<string> {
  const answer = await send(kind, content);
  expect(answer.status, answer.text.slice(0, 500)).toBe(303);
  return answer.location ?? '';
}

function send(kind: string, content: string | Uint8Array<ArrayBuffer> | undefined) {
  const form = new FormData();
  form.set('kind', kind);
  form.set('file', new Blob(content === undefined ? [] : [content]), content === undefined ? '' : 'repuestos.csv');
  return pages.page('POST', own('/import'), { as: administrator, upload: form });
}

/** The tiles of a preview or result: new, changed, unchanged and, before, bad. */
const counts = (text: string) =>
  [...text.matchAll(/figure-main">([\d,]+)</g)].map(([, count = '']) => Number(count.replaceAll(',', '')));

describe('an import of parts', () => {
  it('shows what would happen, writes nothing, and on confirmation writes all of it once', async () => {
    const old = await newPart(pages, { name: 'Faja', supplier: 'SKF', unitCost: 100 });
    const [same, made] = [await newPart(pages, { name: 'Igual' }), unique('NEW')];
    const before = await rowCounts(pages);
    const address = await upload(
      'parts',
      `sku;nombre;costo\n${old.sku};Faja larga;2,50\n${same.sku};Igual;\n${made};Nueva;0,99\n`,
    );
    const preview = await get(address);
    expect(counts(preview.text)).toEqual([1, 1, 1, 0]);
    expect(preview.text).toContain('Decimal comma');
    expect((await get(address)).text).toContain('Import 2 rows');
    expect(await rowCounts(pages)).toEqual(before);

    const answers = await Promise.all([confirm(address), confirm(address)]);
    expect(answers.map(({ status, location }) => [status, location])).toEqual([
      [303, address],
      [303, address],
    ]);
    expect(counts((await get(address)).text)).toEqual([1, 1, 1]);
    const part = async (sku: string) => (await pages.request('GET', `/parts/${sku}?by=sku`)).body.data;
    expect(await part(old.sku)).toMatchObject({ name: 'Faja larga', supplier: 'SKF', unitCost: 250 });
    expect(await part(made)).toMatchObject({ name: 'Nueva', unitCost: 99, unit: 'ea' });
    expect(await part(same.sku)).toEqual(same);
    const { rows } = await pages.db.pool.query(`select count(*)::integer as count from part where sku = $1`, [made]);
    expect(rows).toEqual([{ count: 1 }]);
  });

  it('lists each bad row with its line, column, value and reason, and then takes none', async () => {
    const owner = await newPart(pages, { externalId: unique('ERP') });
    const moved = await newPart(pages);
    const location = await newLocation(pages);
    await move(pages, { kind: 'receive', partId: moved.id, locationId: location.id, qty: 1 });
    const file = [
      'sku,name,reorderPoint,unit,externalId,archived,locationMinimums',
      `${unique('OK')},Buena,1,ea,,,`,
      `${unique('BAD')},Mala,pocos,ea,,,`,
      `${unique('BAD')},,1,ea,,,`,
      `${unique('BAD')},Otra,1,ea,${owner.externalId},,`,
      `${moved.sku},Con historia,1,L,,,`,
      `${moved.sku.toLowerCase()},Repetida,1,,,,`,
      `${unique('BAD')},Sin lugar,1,ea,,,"[{""location"":""Nowhere"",""minimum"":1}]"`,
      `${unique('BAD')},Quizás,1,ea,,quizás,`,
    ];
    const address = await upload('parts', file.join('\n'));
    const before = await rowCounts(pages);
    const { text } = await get(address);
    expect(counts(text)).toEqual([1, 0, 0, 7]);
    const rows = [...text.matchAll(/<tr><th scope="row"[^>]*>(Line \d+)<\/th>([\s\S]*?)<\/tr>/g)].map(
      ([, line, cells]) => [
        line,
        ...(cells ?? '')
          .replaceAll(/<[^>]*>/g, '|')
          .split('|')
          .map((cell) => cell.trim())
          .filter(Boolean),
      ],
    );
    expect(rows).toEqual([
      ['Line 3', 'Reorder point', 'pocos', 'Write a number, for example 12 or 0.5.'],
      ['Line 4', 'It is a new part: it needs a name.'],
      ['Line 5', 'Another part has this external id.'],
      ['Line 6', 'The unit cannot change: the part has movements in it.'],
      ['Line 7', 'SKU', moved.sku.toLowerCase(), 'The same as in line 6.'],
      ['Line 8', 'It names a location that does not exist, or one twice.'],
      ['Line 9', 'Archived', 'quizás', 'It must be true or false.'],
    ]);
    expect(text).not.toContain(`action="${address}"`);
    const forced = await confirm(address);
    expect((await get(forced.location ?? '')).text).toContain('Nothing was imported');
    expect(await rowCounts(pages)).toEqual(before);
  });

  it('takes what the export wrote without changing anything', async () => {
    const location = await newLocation(pages, 'Bodega "Norte", piso 2; A\\B');
    const text = 'línea una\r\nlínea "dos", con ; y , y €\ttab';
    const awkward = {
      name: '=1+1;,"x"',
      description: text,
      category: ' -Ñandú ',
      supplier: '@sum',
      barcode: '007',
      unit: 'm³',
    };
    await newPart(pages, { sku: '=A,B;"C"', ...awkward, reorderPoint: 33.125, unitCost: 1850, leadTimeDays: 0 });
    await newPart(pages, {
      sku: '0012',
      name: '1,500',
      description: '',
      reorderPoint: 999999999.999999,
      externalId: '1e3',
    });
    await newPart(pages, { locationMinimums: [{ locationId: location.id, minimum: 0.000001 }] });
    const archived = await newPart(pages, { archived: true, reorderPoint: 0 });
    const stocked = await newPart(pages);
    await move(pages, { kind: 'receive', partId: stocked.id, locationId: location.id, qty: 1.5, unitCost: 333 });

    const exported = (await get(own('/parts.csv?archived=true'))).text;
    const count = parse(exported, { columns: true }).length;
    expect(exported).toContain(archived.sku);
    const address = await upload('parts', exported);
    const preview = await get(address);
    expect(counts(preview.text)).toEqual([0, 0, count, 0]);
    expect(preview.text).toContain('Everything in the file is here already.');
  });

  it('makes the same parts elsewhere of what was exported', async () => {
    const elsewhere = await pages.createOrganization();
    const as = await pages.person('administrator', elsewhere);
    const columns = 'sku,name,description,unit,reorderPoint,unitCost,barcode,leadTimeDays,archived';
    const exported = (await get(own('/parts.csv?archived=true'))).text;
    const rows: Record<string, string>[] = parse(exported, { columns: true });
    const form = new FormData();
    form.set('kind', 'parts');
    form.set('file', new Blob([exported.replaceAll(/,"\[\{.*?\}\]"/g, ',[]')]), 'parts.csv');
    const sent = await pages.page('POST', `/o/${elsewhere}/import`, { as, upload: form });
    await confirm(sent.location ?? '', as);
    const again: Record<string, string>[] = parse((await get(`/o/${elsewhere}/parts.csv?archived=true`, as)).text, {
      columns: true,
    });
    const shown = (list: Record<string, string>[]) =>
      list.map((row) => columns.split(',').map((column) => row[column]));
    expect(shown(again)).toEqual(shown(rows));
  });

  it('of ten thousand rows goes in whole', { timeout: 120_000 }, async () => {
    const elsewhere = await pages.createOrganization();
    const as = await pages.person('administrator', elsewhere);
    const form = new FormData();
    const rows = Array.from({ length: 10_000 }, (_, n) => `P-${n},Repuesto ${n},${n % 50}`);
    form.set('kind', 'parts');
    form.set('file', new Blob([`sku,name,reorderPoint\n${rows.join('\n')}`]), 'all.csv');
    const { location } = await pages.page('POST', `/o/${elsewhere}/import`, { as, upload: form });
    expect(counts((await get(location ?? '', as)).text)).toEqual([10_000, 0, 0, 0]);
    expect((await confirm(location ?? '', as)).status).toBe(303);
    expect(counts((await get(location ?? '', as)).text)).toEqual([10_000, 0, 0]);
    const { rows: found } = await pages.db.pool.query(
      `select (select count(*)::integer from part where organization_id = $1) as parts,
         (select count(*)::integer from event where organization_id = $1 and type = 'part.created' and api_key_id is null) as events`,
      [elsewhere],
    );
    expect(found).toEqual([{ parts: 10_000, events: 10_000 }]);
  });

  it('is refused whole when something has changed since the preview', async () => {
    const [a, b] = [unique('A'), unique('B')];
    const address = await upload('parts', `sku,name,externalId\n${a},x,\n${b},y,${b}-ERP\n`);
    expect(counts((await get(address)).text)).toEqual([2, 0, 0, 0]);
    await newPart(pages, { externalId: `${b}-ERP` });
    await confirm(address);
    const { text } = await get(address);
    expect([text.includes('Nothing was imported'), counts(text)]).toEqual([true, [1, 0, 0, 1]]);
    expect((await pages.request('GET', `/parts/${a}`)).status).toBe(404);
  });
});

describe('an import of opening stock', () => {
  it('counts what is not in the books yet, and a repeat changes nothing', async () => {
    const [one, two] = [await newPart(pages, { unitCost: 250 }), await newPart(pages)];
    const location = await newLocation(pages);
    await move(pages, { kind: 'receive', partId: two.id, locationId: location.id, qty: 3 });
    const file = `SKU;Ubicación;Cantidad;Nota\n${one.sku};${location.name};12,5;Inventario inicial\n${two.sku};${location.name};3;\n`;
    const address = await upload('stock', file);
    expect(counts((await get(address)).text)).toEqual([1, 0, 1, 0]);
    await confirm(address);
    const { body } = await pages.request('GET', `/movements?locationId=${location.id}`);
    expect(body.data).toMatchObject([
      { kind: 'count', sku: one.sku, qtyDelta: 12.5, note: 'Inventario inicial', value: 3125 },
      { kind: 'receive' },
    ]);
    const { rows } = await pages.db.pool.query('select person_id from movement where id = $1', [body.data[0].id]);
    expect(rows).toEqual([{ person_id: String(administrator.id) }]);
    expect(counts((await get(await upload('stock', file))).text)).toEqual([0, 0, 2, 0]);
    const exported = (
      await pages.request('GET', `/stock?locationId=${location.id}`, { headers: { Accept: 'text/csv' } })
    ).text;
    expect(counts((await get(await upload('stock', exported))).text)).toEqual([0, 0, 2, 0]);
  });

  it('names the rows whose part or location is not there', async () => {
    const [part, location] = [await newPart(pages), await newLocation(pages)];
    const file = `sku,location,quantity\n${part.sku},${location.name},1\nNADA,${location.name},1\n${part.sku},Nowhere,1\n${part.id},${location.name},1\n`;
    const { text } = await get(await upload('stock', file));
    expect(counts(text)).toEqual([1, 0, 0, 3]);
    expect(text.match(/There is no part with this SKU\./g)?.length).toBe(2);
    expect(text).toContain('There is no location with this name.');
  });
});

describe('a file', () => {
  it.each([
    ['that was not chosen', undefined, 'Choose a file.'],
    ['that is too large', 'x'.repeat(8 * 1024 * 1024 + 1), 'The file is larger than 8 MB.'],
  ])('%s is asked for again', async (_, content, message) => {
    const answer = await send('parts', content);
    expect([answer.status, answer.text.includes(message)]).toEqual([422, true]);
  });

  it.each([
    ['a workbook', new Uint8Array([0x50, 0x4b, 3, 4, 20, 0]), 'It is a workbook, not a CSV file.'],
    ['of nothing but commas', `sku,name\n${`${','.repeat(190_000)}\n`.repeat(40)}`, 'It has more than 200 columns.'],
  ])('that is %s says so', async (_, content, message) => {
    expect((await get(await upload('parts', content))).text).toContain(message);
  });

  it('without the column of skus says so', async () => {
    expect((await get(await upload('parts', 'a,b\n1,2\n'))).text).toContain('No column is headed “SKU”.');
  });

  it('far too large, or no form at all, is refused', async () => {
    const far = await send('parts', 'x'.repeat(40 * 1024 * 1024)).catch(() => undefined);
    if (far !== undefined) expect(far.status).toBe(413);
    const plain = await pages.page('POST', own('/import'), { as: administrator, form: { kind: 'parts' } });
    expect(plain.status).toBe(415);
    const broken = await pages.page('POST', own('/import'), {
      as: administrator,
      form: { kind: 'parts' },
      headers: { 'Content-Type': 'multipart/form-data; boundary=x' },
    });
    expect(broken.status).toBe(400);
  });

  it.each([
    ['within its file', '--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nsku,na', 400],
    ['within a field', '--x\r\nContent-Disposition: form-data; name="kind"\r\n\r\npar', 400],
    ['within a heading', '--x\r\nContent-Disposition: form-da', 400],
    ['before anything', '--x', 400],
    ['with nothing', '', 400],
  ])('whose form ends %s is refused, and the service goes on', async (_, body, status) => {
    const headers = { 'Content-Type': 'multipart/form-data; boundary=x' };
    expect((await pages.page('POST', own('/import'), { as: administrator, headers, body })).status).toBe(status);
    expect((await get(own('/import'))).status).toBe(200);
  });

  it('may have any name', async () => {
    const body =
      '--x\r\nContent-Disposition: form-data; name="file"; filename="a\0b.csv"\r\n\r\nsku,name\n\r\n--x--\r\n';
    const headers = { 'Content-Type': 'multipart/form-data; boundary=x' };
    const { status, location } = await pages.page('POST', own('/import'), { as: administrator, headers, body });
    expect(status).toBe(303);
    expect((await get(location ?? '')).text).toContain('ab.csv');
  });

  it('is seen by nobody else: not in another session, nor in another organization', async () => {
    const address = await upload('parts', 'sku,name\nX,x\n');
    const signedInAgain = await pages.page('POST', '/sign-in', { form: { email: administrator.email, password } });
    const elsewhere = { ...administrator, cookie: cookieOf(signedInAgain) };
    const colleague = await pages.person();
    for (const as of [elsewhere, colleague]) {
      expect((await get(address, as)).status).toBe(404);
      expect((await confirm(address, as)).status).toBe(404);
    }
    expect((await get(own('/import/00000000-0000-4000-8000-000000000000'))).status).toBe(404);
    expect((await get(own('/import/nothing'))).status).toBe(404);
  });

  it('goes when it is discarded, and after a day', async () => {
    const [one, two] = [await upload('parts', 'sku,name\nX,x\n'), await upload('parts', 'sku,name\nX,x\n')];
    expect((await confirm(`${one}/discard`)).location).toBe(own('/import'));
    expect((await get(one)).status).toBe(404);
    await pages.db.pool.query(`update import_upload set expires_at = now()`);
    expect((await get(two)).status).toBe(404);
  });

  it('begins with a template that can be imported once it is filled in', async () => {
    const template = (await get(own('/import/parts.csv'))).text;
    expect(counts((await get(await upload('parts', template))).text)).toEqual([1, 0, 0, 0]);
    const { headers } = await get(own('/import/stock.csv'));
    expect(headers.get('content-disposition')).toBe('attachment; filename="stock.csv"');
  });
});

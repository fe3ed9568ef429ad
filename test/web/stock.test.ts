import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { move, newLocation, newPart, rowCounts, unique } from '../api/support.ts';
import { expectLedgerInvariants } from '../ledger/invariants.ts';
import { startTestPages, type TestPages, type TestPerson } from '../support/pages.ts';

let pages: TestPages;
let administrator: TestPerson;
let viewer: TestPerson;
let foreign: { part: number; location: number; movement: number };
beforeAll(async () => {
  pages = await startTestPages();
  administrator = await pages.person();
  viewer = await pages.person('viewer');
  const otherOrganizationId = await pages.createOrganization();
  const key = await pages.createKey('write', otherOrganizationId);
  const [part, location] = [await newPart(pages, {}, key), await newLocation(pages, undefined, key)];
  const body = { kind: 'receive', partId: part.id, locationId: location.id, qty: 3 };
  const moved = await pages.request('POST', '/movements', { key, body });
  foreign = {
    part: part.id,
    location: location.id,
    movement: Number(moved.headers.get('location')?.split('/').at(-1)),
  };
});
afterAll(async () => {
  if (pages) await expectLedgerInvariants(pages);
  await pages?.close();
});

const own = (path: string) => `/o/${pages.organizationId}${path}`;
const get = (path: string, as = administrator) => pages.page('GET', own(path), { as });
const post = (path: string, form: Record<string, string>, as = administrator) =>
  pages.page('POST', own(path), { as, form });

async function stocked(quantity = 10) {
  const [part, location] = [await newPart(pages), await newLocation(pages)];
  if (quantity > 0) await move(pages, { kind: 'receive', partId: part.id, locationId: location.id, qty: quantity });
  return { part, location };
}

describe('another organization’s ids', () => {
  it('are missing on every page that takes one', async () => {
    const { part, location, movement } = foreign;
    const gets = [
      `/parts/${part}`,
      `/parts/${part}/edit`,
      `/parts/${part}/archive`,
      `/locations/${location}`,
      `/locations/${location}/edit`,
      `/movements/${movement}`,
      `/movements/${movement}/reverse`,
      `/movements/new?partId=${part}`,
    ];
    for (const path of gets) expect([path, (await get(path)).status]).toEqual([path, 404]);
    const posts = [
      `/parts/${part}`,
      `/parts/${part}/archive`,
      `/parts/${part}/unarchive`,
      `/locations/${location}`,
      `/movements/${movement}/reverse`,
    ];
    for (const path of posts) expect([path, (await post(path, { sku: 'x', name: 'x' })).status]).toEqual([path, 404]);
  });

  it('move nothing, as a part or as a location', async () => {
    const { part, location } = await stocked();
    const before = await rowCounts(pages);
    const body = { kind: 'receive', quantity: '1', once: randomUUID() };
    const ofPart = await post('/movements', { ...body, partId: String(foreign.part), location: String(location.id) });
    const atLocation = await post('/movements', {
      ...body,
      partId: String(part.id),
      location: String(foreign.location),
    });
    expect([ofPart.status, atLocation.status]).toEqual([404, 422]);
    expect(atLocation.text).toContain('There is no such location any more.');
    expect(await rowCounts(pages)).toEqual(before);
  });

  it('filter to nothing', async () => {
    expect((await get(`/movements?location=${foreign.location}`)).text).toContain('Nothing matches');
    expect((await get(`/movements?part=${foreign.part}`)).text).toContain('Nothing matches');
  });
});

it('a place in a list that is none is refused in the reader’s language', async () => {
  const headers = { 'Accept-Language': 'es' };
  const { status, text } = await pages.page('GET', own('/parts?after=zzz'), { as: viewer, headers });
  expect(status).toBe(400);
  expect(text).toContain('no llegó como lo hacen nuestras páginas');
  expect(text).not.toContain('is not one that');
});

describe('a viewer', () => {
  it('sees parts, a part, the ledger, a movement, locations and a location, without a button that writes', async () => {
    const { part, location } = await stocked();
    const [{ id }] = (await pages.request('GET', `/movements?partId=${part.id}`)).body.data;
    for (const path of [
      '/parts',
      `/parts/${part.id}`,
      '/movements',
      `/movements/${id}`,
      '/locations',
      `/locations/${location.id}`,
    ]) {
      const { status, text } = await get(path, viewer);
      expect([path, status]).toEqual([path, 200]);
      expect(text, path).not.toMatch(/\/(new|edit|archive|reverse|import)"|movements\/new/);
    }
  });

  it('exports what is shown', async () => {
    const { part } = await stocked();
    const { text, headers } = await get(`/parts.csv?q=${part.sku}`, viewer);
    expect(headers.get('content-disposition')).toBe('attachment; filename="parts.csv"');
    expect(text.split('\r\n')).toEqual([expect.stringMatching(/^id,sku,name/), expect.stringContaining(part.sku), '']);
  });
});

describe('the form of a movement', () => {
  it('sent twice writes once, and both answers lead to the same page', async () => {
    const { part, location } = await stocked(0);
    const form = {
      kind: 'receive',
      partId: String(part.id),
      location: String(location.id),
      quantity: '4',
      once: randomUUID(),
    };
    const answers = await Promise.all([post('/movements', form), post('/movements', form)]);
    const again = await post('/movements', form);
    for (const { status, location: to } of [...answers.filter(({ status }) => status === 303), again]) {
      expect([status, to]).toEqual([303, own(`/parts/${part.id}`)]);
    }
    const { body } = await pages.request('GET', `/movements?partId=${part.id}`);
    expect(body.data).toMatchObject([{ kind: 'receive', qtyDelta: 4 }]);
  });

  it('that was sent before with other values says so, and writes only under its new key', async () => {
    const { part, location } = await stocked(0);
    const form = {
      kind: 'receive',
      partId: String(part.id),
      location: String(location.id),
      quantity: '4',
      once: randomUUID(),
    };
    await post('/movements', form);
    const changed = await post('/movements', { ...form, quantity: '5' });
    expect(changed.status).toBe(422);
    expect(changed.text).toContain('This form was recorded before, with other values.');
    const once = /name="once" value="([^"]+)"/.exec(changed.text)?.[1] ?? '';
    expect(once).not.toBe(form.once);
    expect((await post('/movements', { ...form, quantity: '5', once })).status).toBe(303);
    expect((await pages.request('GET', `/parts/${part.id}?by=id`)).body.data.onHand).toBe(9);
  });

  it('is recorded as the person’s, and its event carries no key', async () => {
    const { part, location } = await stocked(0);
    await post('/movements', {
      kind: 'count',
      partId: String(part.id),
      location: String(location.id),
      quantity: '2,5',
      once: randomUUID(),
    });
    const { rows } = await pages.db.pool.query(
      `select m.person_id, m.api_key_id, e.api_key_id as of_event, m.qty_delta from movement m
       join event e on e.movement_id = m.id where m.part_id = $1`,
      [part.id],
    );
    expect(rows).toEqual([
      { person_id: String(administrator.id), api_key_id: null, of_event: null, qty_delta: '2.500000' },
    ]);
    expect((await get(`/parts/${part.id}`)).text).toContain('Marta Quiñones');
  });

  it.each([
    ['receive', { quantity: '' }, 'Fill this in.'],
    ['receive', { quantity: '0' }, 'It must be more than 0.'],
    ['receive', { quantity: '1,500' }, 'Write a number, for example 12 or 0.5.'],
    ['receive', { quantity: '1.2345678' }, 'Use at most 6 decimals.'],
    ['receive', { quantity: '1', unitCost: '1.234' }, 'Write an amount of money, for example 185 or 18.50.'],
    ['receive', { quantity: '1', location: '' }, 'Fill this in.'],
    ['receive', { quantity: '1', occurredAt: '2999-01-01T00:00' }, 'It must not be in the future.'],
    ['receive', { quantity: '1', occurredAt: 'soon' }, 'Choose a date and a time.'],
    ['adjust', { quantity: '0' }, 'It must not be 0.'],
    ['adjust', { quantity: '−11' }, 'Only 10 ea available at this location.'],
    ['consume', { quantity: '10.5' }, 'Only 10 ea available at this location.'],
    ['count', { quantity: '-1' }, 'It must not be less than 0.'],
    ['transfer', { quantity: '1', to: '' }, 'Fill this in.'],
  ])('of %s with %j is shown again with what is wrong', async (kind, fields, message) => {
    const { part, location } = await stocked();
    const before = await rowCounts(pages);
    const form = {
      kind,
      partId: String(part.id),
      location: String(location.id),
      once: randomUUID(),
      note: 'se conserva',
      ...fields,
    };
    const answer = await post('/movements', form);
    expect(answer.status).toBe(422);
    expect(answer.text).toContain(message);
    expect(answer.text).toContain('se conserva');
    expect(await rowCounts(pages)).toEqual(before);
  });

  it('refuses a transfer to where it comes from, and any movement of an archived part', async () => {
    const { part, location } = await stocked();
    const form = {
      partId: String(part.id),
      location: String(location.id),
      to: String(location.id),
      quantity: '1',
      once: randomUUID(),
    };
    expect((await post('/movements', { ...form, kind: 'transfer' })).text).toContain('Choose another location');
    await post('/movements', { ...form, kind: 'consume', quantity: '10' });
    await post(`/parts/${part.id}/archive`, {});
    const answer = await post('/movements', { ...form, kind: 'receive', once: randomUUID() });
    expect([answer.status, answer.text.includes('The part is archived')]).toEqual([422, true]);
  });

  it('takes the instant that the browser makes of a time', async () => {
    const { part, location } = await stocked(0);
    await post('/movements', {
      kind: 'receive',
      partId: String(part.id),
      location: String(location.id),
      quantity: '1',
      once: randomUUID(),
      occurredAt: '2026-01-31T13:00:00.000Z',
    });
    const { body } = await pages.request('GET', `/movements?partId=${part.id}`);
    expect(body.data[0].occurredAt).toBe('2026-01-31T13:00:00.000Z');
  });

  it('is reversed once, with its reason', async () => {
    const { part } = await stocked();
    const [{ id }] = (await pages.request('GET', `/movements?partId=${part.id}`)).body.data;
    const first = await post(`/movements/${id}/reverse`, { once: randomUUID(), note: 'Se contó mal' });
    const second = await post(`/movements/${id}/reverse`, { once: randomUUID() });
    expect([first.status, second.status]).toEqual([303, 422]);
    expect(second.text).toContain('It is reversed already');
    const { body } = await pages.request('GET', `/movements?partId=${part.id}`);
    expect(body.data).toMatchObject([{ reverses: id, qtyDelta: -10, note: 'Se contó mal' }, { id }]);
  });
});

describe('an edited part', () => {
  it('keeps what somebody else changed meanwhile, and says what that was', async () => {
    const part = await newPart(pages, { name: 'Faja', supplier: 'SKF', description: 'una\nlínea' });
    const { text } = await get(`/parts/${part.id}/edit`);
    const hidden = (name: string) =>
      (new RegExp(`name="${name}" value="([^"]*)"`).exec(text)?.[1] ?? '')
        .replaceAll('&quot;', '"')
        .replaceAll('&amp;', '&');
    const form = {
      version: hidden('version'),
      base: hidden('base'),
      sku: part.sku,
      name: 'Faja larga',
      unit: 'ea',
      supplier: 'SKF',
      description: 'una\r\nlínea',
    };
    await pages.request('PATCH', `/parts/${part.id}?by=id`, { body: { supplier: 'NTN' } });
    const refused = await post(`/parts/${part.id}`, form);
    expect(refused.status).toBe(422);
    expect(refused.text).toMatch(/Supplier: <del>SKF<\/del> → <ins>NTN<\/ins>/);
    expect(refused.text).toMatch(/name="supplier"[^>]*value="NTN"/);
    expect(refused.text).toMatch(/name="name"[^>]*value="Faja larga"/);
    const version = /name="version" value="([^"]*)"/.exec(refused.text)?.[1]?.replaceAll('&quot;', '"') ?? '';
    expect((await post(`/parts/${part.id}`, { ...form, version, supplier: 'NTN' })).status).toBe(303);
    const { data } = (await pages.request('GET', `/parts/${part.id}?by=id`)).body;
    expect(data).toMatchObject({ name: 'Faja larga', supplier: 'NTN', description: 'una\nlínea' });
  });

  it('that nothing was changed in stays as it is', async () => {
    const location = await newLocation(pages);
    const fields = {
      unitCost: 1850,
      reorderPoint: 0.000001,
      leadTimeDays: 0,
      locationMinimums: [{ locationId: location.id, minimum: 2.5 }],
    };
    const part = await newPart(pages, fields);
    const { text } = await get(`/parts/${part.id}/edit`);
    const value = (name: string) => new RegExp(`name="${name}"[^>]*value="([^"]*)"`).exec(text)?.[1] ?? '';
    const names = ['sku', 'name', 'unit', 'reorderPoint', 'unitCost', 'leadTimeDays', 'minimum'];
    const form = {
      ...Object.fromEntries(names.map((name) => [name, value(name)])),
      version: value('version').replaceAll('&quot;', '"'),
      minimumLocation: String(location.id),
    };
    expect((await post(`/parts/${part.id}`, form)).status).toBe(303);
    expect((await pages.request('GET', `/parts/${part.id}?by=id`)).body.data).toEqual(part);
  });

  it.each([
    [{ sku: '' }, 'Fill this in.'],
    [{ unitCost: 'caro' }, 'Write a number'],
    [{ reorderPoint: '-1' }, 'It must not be less than 0.'],
    [{ leadTimeDays: '9999' }, 'It must be a whole number from 0 to 3650.'],
    [{ minimumLocation: '', minimum: '3' }, 'Fill this in.'],
  ])('with %j is shown again', async (fields, message) => {
    const answer = await post('/parts', { sku: unique('NEW'), name: 'x', unit: 'ea', ...fields });
    expect([answer.status, answer.text.includes(message)]).toEqual([422, true]);
  });

  it('cannot take another part’s sku, nor another unit when it has moved', async () => {
    const [{ part }, other] = [await stocked(), await newPart(pages)];
    const { text } = await get(`/parts/${part.id}/edit`);
    const version = /name="version" value="([^"]*)"/.exec(text)?.[1]?.replaceAll('&quot;', '"') ?? '';
    const form = { version, sku: part.sku, name: part.name, unit: 'ea' };
    expect((await post(`/parts/${part.id}`, { ...form, sku: other.sku })).text).toContain('Another part has this SKU.');
    expect((await post(`/parts/${part.id}`, { ...form, unit: 'L' })).text).toContain('The unit cannot change');
  });

  it('with stock is not archived', async () => {
    const { part } = await stocked();
    const answer = await post(`/parts/${part.id}/archive`, {});
    expect([answer.status, answer.text.includes('10 ea are on hand')]).toEqual([422, true]);
  });
});

describe('notices', () => {
  it('say how many parts are low, and lead to them', async () => {
    const organizationId = await pages.createOrganization();
    const key = await pages.createKey('write', organizationId);
    const as = await pages.person('viewer', organizationId);
    await newPart(pages, { sku: 'LOW-1', reorderPoint: 2 }, key);
    await newPart(pages, { sku: 'FINE-1' }, key);
    const { text } = await pages.page('GET', `/o/${organizationId}/parts`, { as });
    expect(text).toMatch(/1 part is at or below its reorder point\.[\s\S]{0,10}<a href="\/o\/\d+\/parts\?low=true">/);
    const low = await pages.page('GET', `/o/${organizationId}/parts?low=true`, { as });
    expect([low.text.includes('LOW-1'), low.text.includes('FINE-1')]).toEqual([true, false]);
  });
});

it('pages lead on and back through a list, in either order', async () => {
  const organizationId = await pages.createOrganization();
  const key = await pages.createKey('write', organizationId);
  const as = await pages.person('viewer', organizationId);
  const skus = Array.from({ length: 120 }, (_, n) => `P-${String(n).padStart(3, '0')}`);
  const parts = skus.map((sku) => ({ sku, name: sku }));
  await pages.request('PUT', '/parts/batch', { key, body: { parts } });
  const shown = (text: string) => [...text.matchAll(/row-link" href="[^"]*">(P-\d+)</g)].map(([, sku]) => sku);
  const link = (text: string, label: string) =>
    (new RegExp(`href="([^"]+)"[^>]*>(?:(?!</a>)[\\s\\S])*<span>${label}</span>`).exec(text)?.[1] ?? '').replaceAll(
      '&amp;',
      '&',
    );
  for (const [sort, order] of [
    ['sku', skus],
    ['-name', skus.toReversed()],
  ] as const) {
    const pagesSeen: string[] = [(await pages.page('GET', `/o/${organizationId}/parts?sort=${sort}`, { as })).text];
    for (let n = 0; n < 2; n++)
      pagesSeen.push((await pages.page('GET', link(pagesSeen.at(-1) ?? '', 'Next'), { as })).text);
    expect(pagesSeen.flatMap(shown)).toEqual(order);
    const back = await pages.page('GET', link(pagesSeen[2] ?? '', 'Previous'), { as });
    expect(shown(back.text)).toEqual(shown(pagesSeen[1] ?? ''));
    const first = await pages.page('GET', link(back.text, 'Previous'), { as });
    expect([shown(first.text), link(first.text, 'Previous')]).toEqual([order.slice(0, 50), '']);
  }
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../support/api.ts';
import { expectError, move, newLocation, newPart, rowCounts, unique } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.close());

const e = encodeURIComponent;
/** Any text as a JSON string, lone surrogates and control characters as escapes. */
const json = (text: string) => JSON.stringify(text);

describe('a sku and a name may be any text', () => {
  it.each([
    'A/B',
    'A/B/../C',
    'a b  c',
    '"quoted"',
    "it's",
    'back\\slash',
    'what?',
    'a&b=c',
    'a+b',
    'a#b',
    '100%',
    '%41',
    'A%2FB',
    '$1',
    '$&',
    '{{x}}',
    '`tick`',
    '<b>&amp;',
    '; drop table part; --',
    ':id',
    '*',
    '(.*)',
    'null',
    'undefined',
    'NaN',
    '-5',
    '1.5',
    '1e3',
    '0',
    '00',
    '٣',
    '😀👩‍👩‍👧',
    '日本語',
    'שלום',
    'a\u200bb',
    'é',
    '\ufffd',
    '\u{10ffff}',
    'x'.repeat(255),
    '__proto__',
    'constructor',
  ])('%s', async (text) => {
    const part = await newPart(api, { sku: text, name: text });
    expect(part).toMatchObject({ sku: text, name: text });
    expect((await api.request('GET', `/parts/${e(text)}`)).body.data).toEqual(part);
    const location = await newLocation(api, text);
    expect(location.name).toBe(text);
    await move(api, { kind: 'receive', sku: text, location: text, qty: 2, note: text });
    const stock = await api.request('GET', `/stock?sku=${e(text)}&location=${e(text)}`);
    expect(stock.body.data).toMatchObject([
      { partId: part.id, locationId: location.id, sku: text, location: text, onHand: 2 },
    ]);
    const renamed = await api.request('PATCH', `/parts/${e(text)}`, { body: { name: `${text}`.slice(0, 250) } });
    expect(renamed.status, renamed.text).toBe(200);
  });
});

describe('skus and names that differ only in case or composition are one', () => {
  it.each([
    ['abc-1', 'ABC-1'],
    ['Ñandú', 'ÑANDÚ'],
    ['caf\u00e9', 'CAFE\u0301'],
    ['\u1e9b\u0323', '\u017f\u0323\u0307'],
    ['\u212bngstrom', '\u00e5NGSTROM'],
    ['\u2126', 'ω'],
    ['straße', 'STRASSE'],
    ['groß', 'GROẞ'],
    ['İstanbul', 'i\u0307stanbul'],
    ['ΟΔΟΣ', 'οδος'],
    ['οδοσ-2', 'οδος-2'],
    ['ǆ', 'ǅ'],
    ['ﬁlter', 'FILTER'],
    ['ᾳ', 'ᾼ'],
    ['ꭰ', 'Ꭰ'],
    ['𐐀', '𐐨'],
    ['  pad  ', '\u00a0PAD\u3000'],
  ])('%s = %s', async (one, two) => {
    const part = await newPart(api, { sku: one });
    const location = await newLocation(api, one);
    expect(part.sku).toBe(one.normalize('NFC').trim());
    expect(location.name).toBe(one.normalize('NFC').trim());
    expectError(await api.request('POST', '/parts', { body: { sku: two, name: 'N' } }), 409, 'conflict');
    expectError(await api.request('POST', '/locations', { body: { name: two } }), 409, 'conflict');
    expect((await api.request('GET', `/parts/${e(two)}`)).body?.data).toEqual(part);
    const moved = await move(api, { kind: 'receive', sku: two, location: two, qty: 1 });
    expect(moved.body.data).toMatchObject({ partId: part.id, sku: part.sku });
    expect((await api.request('GET', `/stock?sku=${e(two)}&location=${e(two)}`)).body.data).toHaveLength(1);
  });

  it.each([
    ['o', 'ö'],
    ['a', 'ａ'],
    ['2', '²'],
    ['ohm', 'οhm'],
    ['a b', 'a  b'],
  ])('but %s and %s are two', async (one, two) => {
    const prefix = unique();
    await newPart(api, { sku: prefix + one });
    await newPart(api, { sku: prefix + two });
  });
});

const controls = ['\u0000', '\u0001', '\t', '\n', '\r', '\u001b', '\u007f', '\u0080', '\u0085', '\u009f'];
const surrogates = ['\ud800', '\udfff', '\ud800\ud800', '\udc00\ud800'];

describe('refuses with 422 that names the field', () => {
  it.each([...controls, ...surrogates].map((text) => [json(text)]))('%s inside a sku, name or unit', async (quoted) => {
    const bad = `A${JSON.parse(quoted)}B`;
    const before = await rowCounts(api);
    for (const field of ['sku', 'name', 'unit']) {
      const body = json({ sku: unique(), name: 'N', [field]: bad } as never);
      expectError(await api.request('POST', '/parts', { body }), 422, 'unprocessable', new RegExp(`\`${field}\``));
    }
    expectError(await api.request('POST', '/locations', { body: { name: bad } }), 422, 'unprocessable', /`name`/);
    expect(await rowCounts(api)).toEqual(before);
  });

  it.each(['\u0000', '\u0001', '\u001b', ...surrogates].map((text) => [json(text)]))(
    '%s in a description or note',
    async (quoted) => {
      const bad = `A${JSON.parse(quoted)}B`;
      const part = await newPart(api);
      const location = await newLocation(api);
      const body = { kind: 'receive', partId: part.id, locationId: location.id, qty: 1, note: bad };
      expectError(await api.request('POST', '/movements', { body }), 422, 'unprocessable', /`note`/);
      expectError(
        await api.request('PATCH', `/parts/${part.id}`, { body: { description: bad } }),
        422,
        'unprocessable',
        /`description`/,
      );
    },
  );

  it.each([...controls, ...surrogates].map((text) => [json(text)]))(
    '%s in a reference of a movement',
    async (quoted) => {
      const bad = `A${JSON.parse(quoted)}B`;
      const { sku } = await newPart(api);
      const { name } = await newLocation(api);
      const post = (fields: object) => api.request('POST', '/movements', { body: { qty: 1, ...fields } });
      expectError(await post({ kind: 'receive', sku: bad, location: name }), 422, 'unprocessable', /`sku`/);
      expectError(await post({ kind: 'receive', sku, location: bad }), 422, 'unprocessable', /`location`/);
      expectError(await post({ kind: 'transfer', sku, from: bad, to: name }), 422, 'unprocessable', /`from`/);
      expectError(await post({ kind: 'transfer', sku, from: name, to: bad }), 422, 'unprocessable', /`to`/);
      expectError(await post({ kind: bad, sku, location: name }), 422, 'unprocessable', /`kind`/);
    },
  );

  it('a lone surrogate, also when a part has the replacement character as its sku', async () => {
    await api.request('POST', '/parts', { body: { sku: '\ufffd', name: 'N' } });
    await api.request('POST', '/locations', { body: { name: '\ufffd' } });
    const post = (sku: string, location: string) =>
      api.request('POST', '/movements', { body: { kind: 'receive', qty: 1, sku, location } });
    expectError(await post('\ud800', '\ufffd'), 422, 'unprocessable', /`sku`/);
    expectError(await post('\ufffd', '\ud800'), 422, 'unprocessable', /`location`/);
  });

  it('an 8 KB sku, name and unit, and a reference of 8 KB', async () => {
    const long = 'é'.repeat(8_192);
    for (const field of ['sku', 'name', 'unit']) {
      const body = { sku: unique(), name: 'N', [field]: long };
      expectError(await api.request('POST', '/parts', { body }), 422, 'unprocessable', new RegExp(`\`${field}\``));
    }
    const body = { kind: 'receive', sku: long, location: 'x', qty: 1 };
    expectError(await api.request('POST', '/movements', { body }), 422, 'unprocessable', /`sku`/);
  });
});

describe('in a path', () => {
  it.each(['%00', 'A%00B', '%01', '%0A', '%7F', '%C2%85', '%F0%9F%98%80'])(
    '/parts/%s is 404, or finds nothing',
    async (text) => {
      expectError(await api.request('GET', `/parts/${text}x`), 404, 'not_found');
      expectError(await api.request('PATCH', `/parts/${text}x`, { body: {} }), 404, 'not_found');
      expectError(await api.request('GET', `/movements/${text}`), 404, 'not_found');
    },
  );
});

it('keeps a description and a note as sent: line breaks, tabs, decomposed letters, outer spaces', async () => {
  const text = '  e\u0301\tä\r\n\u2028😀  ';
  const part = await newPart(api, { description: text });
  expect(part.description).toBe(text);
  const { id } = await newLocation(api);
  const answer = await move(api, { kind: 'receive', partId: part.id, locationId: id, qty: 1, note: text });
  const row = await api.request('GET', String(answer.headers.get('location')).replace('/api/v1', ''));
  expect(row.body.data.note).toBe(text);
});

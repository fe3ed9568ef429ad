import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../support/api.ts';
import { expectError, move, newLocation, newPart } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  const place = await newLocation(api, 'Shelf, "3"');
  const other = await newLocation(api, '=Van; 2');
  const awkward = {
    sku: '-12',
    name: '=HYPERLINK("http://x", "y")',
    description: 'two\r\nlines, "quoted"\tand\na comma',
    supplier: '+49 Öl & Söhne 🛠',
    category: '@home',
    barcode: '0012345',
    reorderPoint: 0.000001,
    locationMinimums: [{ location: place.name, minimum: 2.5 }],
  };
  const part = await newPart(api, awkward);
  await newPart(api, { description: '', externalId: "'quoted'" });
  for (let n = 0; n < 130; n++) {
    const note = n === 7 ? '=1+1,"\r\n' : undefined;
    await move(api, { kind: 'receive', partId: part.id, locationId: place.id, qty: 0.1, unitCost: 150, note });
  }
  await move(api, { kind: 'transfer', partId: part.id, fromId: place.id, toId: other.id, qty: 1.25, reference: '007' });
  await api.request('POST', '/webhook-endpoints', { body: { url: 'https://example.com/', headers: { 'X-A': '1' } } });
  await api.request('POST', '/webhook-endpoints/1/test');
});
afterAll(() => api?.close());

const csv = (path: string, method = 'GET') => api.request(method, path, { headers: { Accept: 'text/csv' } });
const lists = ['/parts', '/locations', '/stock', '/movements', '/webhook-endpoints', '/deliveries', '/events'];

/** A value as it stands in a cell. */
function cellOf(value: unknown): string {
  if (value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

describe.each(lists)('%s as CSV', (path) => {
  it('has the keys of the JSON rows as its header, and their values as its lines', async () => {
    const { data } = (await api.request('GET', `${path}?limit=500`)).body;
    const answer = await csv(path);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/csv; charset=utf-8']);
    const [header, ...lines] = parse(answer.text, { record_delimiter: '\r\n', relax_quotes: false });
    expect(data.length).toBeGreaterThan(0);
    expect(header).toEqual(Object.keys(data[0]));
    expect(lines).toEqual(data.map((row: object) => Object.values(row).map(cellOf)));
    expect(answer.text.endsWith('\r\n')).toBe(true);
  });

  it('of nothing is its header', async () => {
    const key = await api.createKey('read', await api.createOrganization());
    const answer = await api.request('GET', path, { key, headers: { Accept: 'text/csv' } });
    expect(answer.text).toBe(`${(await csv(path)).text.split('\r\n')[0]}\r\n`);
  });

  it('answers HEAD with its headers', async () => {
    const head = await csv(path, 'HEAD');
    expect([head.status, head.headers.get('content-type'), head.text]).toEqual([200, 'text/csv; charset=utf-8', '']);
  });

  it('has `limit` rows and says where it goes on', async () => {
    const first = await csv(`${path}?limit=1`);
    expect(parse(first.text)).toHaveLength(2);
    const link = /^<\/api\/v1(.*)>; rel="next"$/.exec(first.headers.get('link') ?? '')?.[1];
    const whole = parse((await csv(path)).text);
    if (whole.length > 2) expect(parse((await csv(String(link))).text).slice(1)).toEqual(whole.slice(2, 3));
  });
});

it('tells null from an empty text', async () => {
  const { text } = await csv('/parts?sort=-id&limit=1');
  expect(text.split('\r\n')[1]).toMatch(/^\d+,SKU-\d+,A part,"",ea,,,0,/);
});

it('has every row unless `limit`, in any order, and can be followed', async () => {
  const total = 132;
  expect(parse((await csv('/movements')).text)).toHaveLength(total + 1);
  const [, ...ascending] = parse((await csv('/movements?sort=sequence&kind=receive')).text);
  expect(ascending.map((line: string[]) => Number(line[0]))).toEqual(Array.from({ length: 130 }, (_, n) => n + 1));
  const { headers } = await csv('/movements?sort=sequence');
  const next = /^<\/api\/v1(.*)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1] ?? '';
  expect(parse((await csv(next)).text)).toHaveLength(1);
  await move(api, { kind: 'receive', sku: '-12', location: 'Shelf, "3"', qty: 1 });
  const [, ...later] = parse((await csv(next)).text);
  expect(later.map((line: string[]) => line[0])).toEqual(['133']);
});

describe('Accept', () => {
  it.each([
    ['', 'application/json'],
    ['*/*', 'application/json'],
    ['application/json', 'application/json'],
    ['application/json; charset=UTF-8', 'application/json'],
    ['application/*', 'application/json'],
    ['text/html, application/xhtml+xml, */*;q=0.8', 'application/json'],
    ['text/csv;q=0.5, application/json', 'application/json'],
    ['text/csv', 'text/csv'],
    ['TEXT/CSV', 'text/csv'],
    ['text/*', 'text/csv'],
    ['text/csv; charset=utf-8; header=present', 'text/csv'],
    ['text/csv, application/json;q=0.5', 'text/csv'],
    ['application/json;q=0, */*', 'text/csv'],
  ])('"%s" is answered with %s', async (accept, type) => {
    const answer = await api.request('GET', '/locations', { headers: { Accept: accept } });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, `${type}; charset=utf-8`]);
    expect(answer.headers.get('vary')).toBe('Accept');
  });

  it.each(['text/html', 'application/xml, text/plain', 'text/csv;q=0', 'application/json;q=0, text/html'])(
    '"%s", which admits neither, is answered with JSON as it always was',
    async (accept) => {
      const answer = await api.request('GET', '/locations', { headers: { Accept: accept } });
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
    },
  );

  it('of CSV gets errors as JSON, and single objects as ever', async () => {
    expectError(await csv('/parts?limit=0'), 400, 'bad_request');
    expectError(await csv('/parts?nope=1'), 400, 'bad_request');
    expect((await csv('/parts/-12')).body.data.sku).toBe('-12');
  });
});

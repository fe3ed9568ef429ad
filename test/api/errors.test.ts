import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../support/api.ts';
import { expectError, move, newLocation, newPart, raw, rowCounts, unique } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.close());

describe('405', () => {
  it.each([
    ['/parts', ['GET', 'HEAD', 'POST'], ['PUT', 'PATCH', 'DELETE', 'OPTIONS']],
    ['/parts/1', ['GET', 'HEAD', 'PATCH'], ['PUT', 'POST', 'DELETE', 'OPTIONS']],
    ['/locations', ['GET', 'HEAD', 'POST'], ['PUT', 'PATCH', 'DELETE']],
    ['/stock', ['GET', 'HEAD'], ['PUT', 'PATCH', 'POST', 'DELETE']],
    ['/movements', ['GET', 'HEAD', 'POST'], ['PUT', 'PATCH', 'DELETE']],
    ['/movements/1', ['GET', 'HEAD'], ['PUT', 'PATCH', 'POST', 'DELETE']],
  ])('names in Allow what %s takes', async (path, allowed, refused) => {
    for (const method of refused) {
      const answer = await api.request(method, path);
      expectError(answer, 405, 'method_not_allowed');
      expect(
        answer.headers
          .get('allow')
          ?.split(/\s*,\s*/)
          .sort(),
      ).toEqual(allowed);
    }
  });
});

describe('404', () => {
  it.each(['', '/', '/nothing', '/part', '/parts/1/movements', '/locations/1/x', '/stock/1/2', '/healthz'])(
    'is what "/api/v1%s" answers',
    async (path) => {
      expectError(await api.request('GET', path), 404, 'not_found');
    },
  );

  it.each([
    '0',
    '-1',
    '+1',
    '1.0',
    '1e3',
    '0x1',
    '007',
    'abc',
    '2147483648',
    '9007199254740993',
    '9223372036854775808',
  ])('is what /parts/%s and /movements/%s answer when nothing has that id or sku', async (id) => {
    expectError(await api.request('GET', `/parts/${encodeURIComponent(id)}`), 404, 'not_found');
    expectError(await api.request('GET', `/movements/${encodeURIComponent(id)}`), 404, 'not_found');
    expectError(await api.request('PATCH', `/parts/${encodeURIComponent(id)}`, { body: {} }), 404, 'not_found');
  });

  it('is what an id of 200 digits and a sku of 8 KB answer', async () => {
    expectError(await api.request('GET', `/parts/${'9'.repeat(200)}`), 404, 'not_found');
    expectError(await api.request('GET', `/movements/${'9'.repeat(200)}`), 404, 'not_found');
    expectError(await api.request('GET', `/parts/${'s'.repeat(8_192)}`), 404, 'not_found');
  });
});

describe('400', () => {
  it.each([
    '/parts?search=x',
    '/parts?sku=x',
    '/parts/1?expand=x',
    '/locations?name=x',
    '/stock?kind=receive',
    '/stock?Sku=x',
    '/stock?constructor=x',
    '/stock?__proto__=x',
    '/movements?since=x',
    '/movements/1?by=id',
    '/parts/1?by=sku&by=id',
    '/stock?sku=a&sku=b',
    '/stock?sku[]=a',
    '/parts?=x',
    '/stock?toString',
  ])('is what GET %s answers: an unknown or repeated query parameter', async (path) => {
    expectError(await api.request('GET', path), 400, 'bad_request');
  });

  it.each([
    ['POST', '/parts?dryRun=true', { sku: 'Q', name: 'Q' }],
    ['POST', '/locations?by=id', { name: 'Q' }],
    ['POST', '/movements?limit=1', { kind: 'receive', sku: 'Q', location: 'Q', qty: 1 }],
    ['PATCH', '/parts/1?limit=1', {}],
  ])(
    'is what %s %s answers: an unknown query parameter on a write, and nothing is written',
    async (method, path, body) => {
      const before = await rowCounts(api);
      expectError(await api.request(method, path, { body }), 400, 'bad_request');
      expect(await rowCounts(api)).toEqual(before);
    },
  );

  it.each(['/parts/%', '/parts/%zz', '/parts/a%2', '/parts/%C3%28', '/parts/%FF', '/parts/%ED%A0%80', '/%E0%A4%A'])(
    'is what GET %s answers: malformed percent-encoding in the path',
    async (path) => {
      expectError(await api.request('GET', path), 400, 'bad_request');
    },
  );

  it.each([
    '/stock?sku=%',
    '/stock?sku=%zz',
    '/stock?sku=%E0%A4%A',
    '/stock?location=%FF',
    '/movements?sku=%C3%28',
    '/movements?%FF=1',
    '/stock?sku=%ED%A0%80',
  ])('is what GET %s answers: malformed percent-encoding in the query', async (path) => {
    expectError(await api.request('GET', path), 400, 'bad_request');
  });

  it.each([
    'partId=abc',
    'partId=007',
    'partId=1.5',
    'partId=-1',
    'locationId=',
    'kind=steal',
    'kind=',
    'by=uuid',
    'by=',
  ])('is what GET /movements?%s answers: a malformed filter', async (query) => {
    expectError(await api.request('GET', `/movements?${query}`), 400, 'bad_request');
  });
});

describe('a filter that names nothing', () => {
  it.each([
    'sku=no-such',
    'location=no-such',
    'partId=999',
    'locationId=2147483648',
    'partId=9007199254740993',
    'partId=9223372036854775808',
    `locationId=${'9'.repeat(100)}`,
    `sku=${'9'.repeat(100)}`,
    'sku=%00',
    'location=a%00b',
    'sku=no-such&by=sku',
    'sku=12345&by=id',
    "sku=' or 1=1 --",
  ])('answers 200 with [] to ?%s', async (query) => {
    const part = await newPart(api);
    const location = await newLocation(api);
    await move(api, { kind: 'receive', partId: part.id, locationId: location.id, qty: 1 });
    for (const path of ['/stock', '/movements']) {
      const answer = await api.request('GET', `${path}?${query}`);
      expect([answer.status, answer.text]).toEqual([200, '{"data":[]}']);
    }
  });
});

describe('413 and 415', () => {
  const padded = (bytes: number) => {
    const frame = JSON.stringify({ sku: 'BIG', name: 'Big', description: '' });
    return `${frame.slice(0, -1)}${' '.repeat(bytes - frame.length)}}`;
  };

  it('takes a body of exactly 1 MiB', async () => {
    expect((await api.request('POST', '/parts', { body: padded(1024 * 1024) })).status).toBe(201);
  });

  it.each(['/parts', '/locations', '/movements'])('refuses POST %s one byte above 1 MiB', async (path) => {
    const before = await rowCounts(api);
    expectError(await api.request('POST', path, { body: padded(1024 * 1024 + 1) }), 413, 'payload_too_large');
    expect(await rowCounts(api)).toEqual(before);
  });

  it('refuses a PATCH above 1 MiB', async () => {
    expectError(await api.request('PATCH', '/parts/1', { body: padded(1024 * 1024 + 1) }), 413, 'payload_too_large');
  });

  it('refuses a chunked body above 1 MiB', async () => {
    const chunk = `10000\r\n${' '.repeat(0x10000)}\r\n`;
    const head = `POST /api/v1/parts HTTP/1.1\r\nHost: x\r\nX-API-Key: ${api.key}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
    const answer = await raw(api.origin, `${head}${chunk.repeat(17)}0\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toMatch(/x-request-id:/i);
  });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
    'application/jsonx',
    'text/html, application/json',
    'application/json; charset=utf-16',
    'application/json; charset=iso-8859-1',
    'json',
    '*/*',
  ])('refuses Content-Type %s with 415', async (type) => {
    const answer = await api.request('POST', '/locations', { body: '{"name":"T"}', headers: { 'Content-Type': type } });
    expectError(answer, 415, 'unsupported_media_type');
  });

  it.each([
    'application/json',
    'Application/JSON',
    'application/json;charset=utf-8',
    'application/json; charset="UTF-8"',
    'application/merge-patch+json',
  ])('takes Content-Type %s', async (type) => {
    const body = JSON.stringify({ name: unique(type.replaceAll('"', '')) });
    const answer = await api.request('POST', '/locations', { body, headers: { 'Content-Type': type } });
    expect(answer.status, answer.text).toBe(201);
  });

  it('refuses a compressed body with 415', async () => {
    const headers = { 'Content-Encoding': 'gzip' };
    expectError(await api.request('POST', '/parts', { body: '{}', headers }), 415, 'unsupported_media_type');
  });
});

describe('X-Request-Id', () => {
  it('is on every answer, and another one each time', async () => {
    const answers = await Promise.all([
      api.request('GET', '/parts'),
      api.request('HEAD', '/parts'),
      api.request('GET', '/parts', { key: null }),
      api.request('GET', '/nothing'),
      api.request('POST', '/parts', { body: {} }),
      api.request('POST', '/locations', { body: { name: 'Id' } }),
      api.request('GET', '/parts/%zz'),
    ]);
    const ids = answers.map((answer) => answer.headers.get('x-request-id'));
    expect(ids).not.toContain(null);
    expect(new Set(ids).size).toBe(ids.length);
  });

  const head = (line: string, ...headers: string[]) => [line, ...headers, '', ''].join('\r\n');
  it.each<[string, () => string]>([
    ['a broken request line', () => 'NONSENSE\r\n\r\n'],
    ['a missing Host', () => head('GET /api/v1/parts HTTP/1.1')],
    ['headers of 100 KB', () => head('GET /api/v1/parts HTTP/1.1', 'Host: x', `X-Big: ${'x'.repeat(100_000)}`)],
    ['a URL of 100 KB', () => head(`GET /api/v1/parts/${'x'.repeat(100_000)} HTTP/1.1`, 'Host: x')],
    ['an unknown Expect', () => head('GET /api/v1/parts HTTP/1.1', 'Host: x', `X-API-Key: ${api.key}`, 'Expect: tea')],
    ['an unknown method', () => head('BREW /api/v1/parts HTTP/1.1', 'Host: x', `X-API-Key: ${api.key}`)],
    ['OPTIONS *', () => head('OPTIONS * HTTP/1.1', 'Host: x', `X-API-Key: ${api.key}`)],
    ['a negative Content-Length', () => head('POST /api/v1/parts HTTP/1.1', 'Host: x', 'Content-Length: -1')],
    [
      'both Content-Length and chunked',
      () => head('POST /api/v1/parts HTTP/1.1', 'Host: x', 'Content-Length: 3', 'Transfer-Encoding: chunked'),
    ],
  ])('is on the JSON answer to %s too', async (_, bytes) => {
    const answer = await raw(api.origin, bytes());
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(answer).toMatch(/\r\nx-request-id: \S+/i);
    expect(answer).toMatch(/\{"error":\{"code":"[a-z_]+","message":"[^"]/);
  });
});

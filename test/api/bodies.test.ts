import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../support/api.ts';
import { expectError, newPart, raw, rowCounts, unique } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.close());

async function refuses(body: string, status: number, code: string, message?: RegExp): Promise<void> {
  const before = await rowCounts(api);
  expectError(await api.request('POST', '/parts', { body }), status, code, message);
  expect(await rowCounts(api)).toEqual(before);
}

describe('malformed JSON is 400', () => {
  it.each([
    '',
    ' ',
    '{',
    '{}}',
    '{"sku":"A","name":"B",}',
    "{'sku':'A'}",
    '{sku:"A"}',
    '{"sku":"A" "name":"B"}',
    '{"sku":"A","name":"B"} x',
    '{"sku":"A","name":"B"}{"sku":"A","name":"B"}',
    '// comment\n{}',
    '{"sku":"A\nB","name":"B"}',
    '{"sku":"\\x41","name":"B"}',
    'undefined',
    'sku=A&name=B',
  ])('%j', async (body) => {
    await refuses(body, 400, 'bad_request');
  });

  it('bytes that are not UTF-8', async () => {
    const before = await rowCounts(api);
    for (const bytes of [[0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xc0, 0x80]]) {
      const body = Buffer.concat([Buffer.from('{"sku":"U","name":"'), Buffer.from(bytes), Buffer.from('"}')]);
      const head = `POST /api/v1/parts HTTP/1.1\r\nHost: x\r\nX-API-Key: ${api.key}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`;
      expect(await raw(api.origin, Buffer.concat([Buffer.from(head), body]))).toMatch(
        /^HTTP\/1\.1 400 .*"bad_request"/s,
      );
    }
    expect(await rowCounts(api)).toEqual(before);
  });

  it('brackets nested 200,000 deep', async () => {
    const deep = '['.repeat(200_000) + ']'.repeat(200_000);
    const answer = await api.request('POST', '/parts', { body: `{"sku":"D","name":"D","description":${deep}}` });
    expect([400, 422]).toContain(answer.status);
    expectError(answer, answer.status, answer.status === 400 ? 'bad_request' : 'unprocessable');
  });
});

describe('a duplicate key is 400', () => {
  it.each([
    '{"sku":"A","sku":"B","name":"C"}',
    '{"sku":"A","sku":"A","name":"C"}',
    '{"sku":"A","name":"C","name":null}',
    '{"sku":"A","name":"C","\\u006eame":"D"}',
    '{"sku":"A","name":"C","unitCost":1,"unitCost":1}',
    '{"sku":"A","name":"C","x":{"a":1,"a":1}}',
    '{"sku":"A","name":"C","x":[{"a":{},"a":{}}]}',
    '{"sku":"A","name":"C","":1,"":1}',
    '{"sku":"A","name":"C","__proto__":1,"__proto__":1}',
    '{"sku":"A","name":"C","0":1,"0":1}',
  ])('%s', async (body) => {
    await refuses(body, 400, 'bad_request');
  });

  it('on every write', async () => {
    const { id } = await newPart(api);
    expectError(await api.request('PATCH', `/parts/${id}`, { body: '{"name":"A","name":"A"}' }), 400, 'bad_request');
    expectError(await api.request('POST', '/locations', { body: '{"name":"A","name":"A"}' }), 400, 'bad_request');
    expectError(
      await api.request('POST', '/movements', { body: '{"kind":"count","kind":"count"}' }),
      400,
      'bad_request',
    );
  });

  it('not: colons, quotes and braces inside strings, and one key in two objects', async () => {
    const description = '{"a":1,"a":2} \\ " : \\" \u2028';
    const part = await newPart(api, { description });
    expect(part.description).toBe(description);
    await refuses('{"sku":"A","name":"C","x":{"a":1},"y":{"a":1}}', 422, 'unprocessable', /`x`.*`y`/s);
  });
});

describe('JSON that is no object is 422', () => {
  it.each(['null', '[]', '[{"sku":"A","name":"B"}]', '"text"', '5', 'true'])('%s', async (body) => {
    await refuses(body, 422, 'unprocessable');
  });
});

describe('an unknown field with a value is 422 that names it', () => {
  it.each([
    'colour',
    'Sku',
    'constructor',
    'toString',
    'hasOwnProperty',
    '__proto__',
    'prototype',
    'length',
    '0',
    ' sku',
    'sku\u0000',
  ])('%j', async (field) => {
    const json = (value: string) => `{"sku":"${unique('U')}","name":"N",${JSON.stringify(field)}:${value}}`;
    for (const value of ['1', '"x"', '{}', '[]', 'false', '""', '{"sku":"Z"}'])
      await refuses(json(value), 422, 'unprocessable');
    const absent = await api.request('POST', '/parts', { body: json('null') });
    expect(absent.status, absent.text).toBe(201);
  });

  it.each(['__proto__', 'constructor', 'toString'])('also on PATCH and in a movement: %s', async (field) => {
    const { id, sku } = await newPart(api);
    expectError(
      await api.request('PATCH', `/parts/${id}`, { body: `{"${field}":{"name":"Z"}}` }),
      422,
      'unprocessable',
    );
    await api.request('POST', '/locations', { body: { name: 'P' } });
    const body = `{"kind":"receive","sku":"${sku}","location":"P","qty":1,"${field}":{"unitCost":1}}`;
    expectError(await api.request('POST', '/movements', { body }), 422, 'unprocessable');
  });
});

it('takes a body with a byte order mark or refuses it with 400', async () => {
  const answer = await api.request('POST', '/parts', { body: `\ufeff{"sku":"${unique('BOM')}","name":"N"}` });
  expect([201, 400]).toContain(answer.status);
});

it.each(['POST', 'PATCH'])('refuses a %s without any body', async (method) => {
  const { id } = await newPart(api);
  const answer = await api.request(method, method === 'POST' ? '/parts' : `/parts/${id}`);
  expect([400, 415]).toContain(answer.status);
  expectError(answer, answer.status, answer.status === 400 ? 'bad_request' : 'unsupported_media_type');
});

it('takes PATCH as application/merge-patch+json', async () => {
  const { id } = await newPart(api);
  const headers = { 'Content-Type': 'application/merge-patch+json' };
  const answer = await api.request('PATCH', `/parts/${id}`, { body: { name: 'M' }, headers });
  expect(answer.body.data.name).toBe('M');
});

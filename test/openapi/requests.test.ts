import { afterAll, beforeAll, expect, it } from 'vitest';
import { openApiDocument } from '../../src/openapi/document.ts';
import { startTestApi, type TestApi } from '../support/api.ts';

let api: TestApi;
let endpoint: string;
beforeAll(async () => {
  api = await startTestApi();
  const { body } = await api.request('POST', '/webhook-endpoints', { body: { url: 'https://example.com/' } });
  endpoint = `/webhook-endpoints/${body.data.id}`;
});
afterAll(() => api?.close());

// biome-ignore lint/suspicious/noExplicitAny: the document is read as a client without types reads it
const document: any = JSON.parse(JSON.stringify(openApiDocument));

// biome-ignore lint/suspicious/noExplicitAny: as above
const resolved = (schema: any): any =>
  schema.$ref ? resolved(document.components.schemas[schema.$ref.split('/').at(-1)]) : schema;

/** Each schema that a request's body may have, as [operation, name, what it requires]. */
const requests: [string, string, string[]][] = Object.entries<object>(document.paths).flatMap(([path, operations]) =>
  Object.entries(operations).flatMap(([method, { requestBody }]) => {
    if (requestBody === undefined) return [];
    const schema = resolved(requestBody.content['application/json'].schema);
    return (schema.oneOf ?? schema.anyOf ?? [schema]).map((one: { $ref?: string }): [string, string, string[]] => [
      `${method.toUpperCase()} ${path.replace('/api/v1', '')}`,
      one.$ref?.split('/').at(-1) ?? '',
      resolved(one).required ?? [],
    ]);
  }),
);

it('requires of each request what the API cannot do without', () => {
  expect(requests.filter(([operation]) => operation !== 'POST /movements')).toEqual([
    ['POST /parts', expect.anything(), ['sku', 'name']],
    ['PUT /parts/batch', expect.anything(), ['parts']],
    ['PATCH /parts/{id}', expect.anything(), []],
    ['POST /locations', expect.anything(), ['name']],
    ['PATCH /locations/{id}', expect.anything(), []],
    ['POST /movements/batch', expect.anything(), ['movements']],
    ['POST /webhook-endpoints', expect.anything(), ['url']],
    ['PATCH /webhook-endpoints/{id}', expect.anything(), []],
    ['POST /webhook-endpoints/{id}/rotate-secret', expect.anything(), []],
    ['POST /webhook-endpoints/{id}/enable', expect.anything(), []],
    ['POST /webhook-endpoints/{id}/recover', expect.anything(), ['since']],
  ]);
  expect(
    requests.flatMap(([operation, name, required]) => (operation === 'POST /movements' ? [[name, required]] : [])),
  ).toEqual([
    ['Receive', ['kind', 'qty']],
    ['Consume', ['kind', 'qty']],
    ['Adjust', ['kind', 'qtyDelta']],
    ['Reversal', ['kind', 'reverses']],
    ['Count', ['kind', 'target']],
    ['Transfer', ['kind', 'qty']],
  ]);
});

it.each(requests.filter(([operation, , required]) => required.length > 0 && operation !== 'POST /movements'))(
  '%s refuses an empty body, naming just what is described as required',
  async (operation, _name, required) => {
    const [method = '', path = ''] = operation.split(' ');
    const answer = await api.request(method, path.replace('/webhook-endpoints/{id}', endpoint), { body: {} });
    expect(answer.status, answer.text).toBe(422);
    expect([...answer.body.error.message.matchAll(/`(\w+)`/g)].map(([, field]) => field)).toEqual(required);
  },
);

it.each(['receive', 'consume', 'adjust', 'count', 'transfer'])(
  'names the quantity that a %s requires',
  async (kind) => {
    const [, , required = []] = requests.find(([, name]) => name.toLowerCase() === kind) ?? [];
    const answer = await api.request('POST', '/movements', { body: { kind } });
    expect(answer.status, answer.text).toBe(422);
    for (const field of required.filter((field) => field !== 'kind')) {
      expect(answer.body.error.message).toMatch(new RegExp(`\`${field}\`.* required`));
    }
  },
);

it('describes as required whatever a list of objects inside a request needs', () => {
  const minimum = document.components.schemas.NewPart.properties.locationMinimums.items;
  expect(resolved(minimum).required).toEqual(['minimum']);
});

import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../support/api.ts';
import { expectError, newLocation, rowCounts } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.close());

it('answers 201 with the location, its keys in order, and lists it', async () => {
  const answer = await api.request('POST', '/locations', { body: { name: '  Almacén Central ' } });
  expect(answer.status).toBe(201);
  expect(Object.keys(answer.body.data)).toEqual(['id', 'name', 'createdAt', 'updatedAt']);
  expect(answer.body.data).toEqual({
    id: expect.any(Number),
    name: 'Almacén Central',
    createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
    updatedAt: expect.stringMatching(/^\d{4}-.*Z$/),
  });
  const list = await api.request('GET', '/locations');
  expect(list.text).toBe(JSON.stringify({ data: [answer.body.data] }));
});

it.each([{}, { name: null }, { name: '' }, { name: ' \u00a0 ' }])('refuses %j: `name` is required', async (body) => {
  expectError(await api.request('POST', '/locations', { body }), 422, 'unprocessable', '`name` is required.');
});

it.each([
  ['name', 5],
  ['name', ['A']],
  ['name', false],
  ['description', 'x'],
  ['id', 4],
])('refuses %s %j with 422 that names the field', async (field, value) => {
  const before = await rowCounts(api);
  const body = { name: 'Shelf', [field]: value };
  expectError(await api.request('POST', '/locations', { body }), 422, 'unprocessable', new RegExp(`\`${field}\``));
  expect(await rowCounts(api)).toEqual(before);
});

it('refuses a taken name with 409, in any case and composition', async () => {
  await newLocation(api, 'Camioneta de Álice');
  for (const name of ['Camioneta de Álice', 'CAMIONETA DE ÁLICE', ' camioneta de a\u0301lice ']) {
    expectError(await api.request('POST', '/locations', { body: { name } }), 409, 'conflict');
  }
});

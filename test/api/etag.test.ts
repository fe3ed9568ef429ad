import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../support/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  await api.request('POST', '/locations', { body: { name: 'L' } });
});
afterAll(() => api?.close());

it('changes only what has not changed meanwhile, when asked so', async () => {
  const created = await api.request('POST', '/parts', { body: { sku: 'E', name: 'First' } });
  const first = created.headers.get('etag') ?? '';
  expect(first).toMatch(/^"[^"]+"$/);
  const patch = (name: string, ifMatch: string) =>
    api.request('PATCH', '/parts/E', { body: { name }, headers: { 'If-Match': ifMatch } });

  const second = await patch('Second', first);
  expect([second.status, second.headers.get('etag') === first]).toEqual([200, false]);
  const stale = await patch('Third', first);
  expect([stale.status, stale.body.error.code]).toEqual([412, 'precondition_failed']);
  expect((await patch('Third', `"other", ${second.headers.get('etag')}`)).status).toBe(200);
  expect((await patch('Fourth', '*')).status).toBe(200);
  expect((await api.request('GET', '/parts/E')).body.data.name).toBe('Fourth');
});

it('keeps its tag while stock moves', async () => {
  const before = (await api.request('POST', '/parts', { body: { sku: 'M', name: 'M' } })).headers.get('etag');
  await api.request('POST', '/movements', { body: { kind: 'receive', sku: 'M', location: 'L', qty: 3 } });
  const after = await api.request('GET', '/parts/M');
  expect([after.headers.get('etag'), after.body.data.onHand]).toEqual([before, 3]);
});

it('takes another tag with each own field that changes, minimums and archiving too', async () => {
  const created = await api.request('POST', '/parts', { body: { sku: 'OWN', name: 'Own' } });
  const tags = [created.headers.get('etag')];
  for (const body of [
    { supplier: 'S' },
    { locationMinimums: [{ location: 'L', minimum: 1 }] },
    { locationMinimums: [] },
    { archived: true },
    { archived: false },
  ]) {
    const answer = await api.request('PATCH', '/parts/OWN', { body, headers: { 'If-Match': tags.at(-1) ?? '' } });
    expect(answer.status, answer.text).toBe(200);
    tags.push(answer.headers.get('etag'));
    expect((await api.request('GET', '/parts/OWN')).headers.get('etag')).toBe(tags.at(-1));
  }
  expect(new Set(tags).size).toBe(6);
  const body = { parts: [{ sku: 'OWN', supplier: 'T' }] };
  expect((await api.request('PUT', '/parts/batch', { body })).status).toBe(200);
  const stale = await api.request('PATCH', '/parts/OWN', {
    body: { supplier: 'U' },
    headers: { 'If-Match': tags.at(-1) ?? '' },
  });
  expect([stale.status, stale.body.error.code]).toEqual([412, 'precondition_failed']);
});

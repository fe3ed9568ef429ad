import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, startTestApi, type TestApi } from '../support/api.ts';
import { expectError, move, newLocation, newPart, rowCounts } from './support.ts';

let api: TestApi;
let strangerKey: string;
let part: { id: number; sku: string };
let place: { id: number; name: string };
let movementId: number;
beforeAll(async () => {
  api = await startTestApi();
  part = await newPart(api, { sku: 'OURS', name: 'Secret part' });
  place = await newLocation(api, 'Our place');
  const answer = await move(api, { kind: 'receive', sku: 'OURS', location: 'Our place', qty: 77 });
  movementId = Number(answer.headers.get('location')?.split('/').at(-1));
  strangerKey = await api.createKey('write', await api.createOrganization());
});
afterAll(() => api?.close());

const asStranger = (method: string, path: string, body?: unknown) =>
  api.request(method, path, { key: strangerKey, ...(body === undefined ? {} : { body }) });

/** An answer without what the client itself sent. */
const shape = (answer: Answer, sent: string | number) => [answer.status, answer.text.replaceAll(String(sent), '…')];

describe("another organization's objects look like missing ones", () => {
  it('404 in a path', async () => {
    for (const [path, ours, missing] of [
      ['/parts', part.id, 987654],
      ['/parts', 'OURS', 'NONE'],
      ['/movements', movementId, 987654],
      ['/locations', place.id, 987654],
      ['/locations', 'Our place', 'No place'],
    ] as const) {
      const answer = await asStranger('GET', `${path}/${ours}`);
      expectError(answer, 404, 'not_found');
      expect(shape(answer, ours)).toEqual(shape(await asStranger('GET', `${path}/${missing}`), missing));
    }
    const patched = await asStranger('PATCH', `/parts/${part.id}`, { name: 'Stolen' });
    expectError(patched, 404, 'not_found');
    expect(shape(patched, part.id)).toEqual(shape(await asStranger('PATCH', '/parts/987654', { name: 'S' }), 987654));
  });

  it('422 in a body', async () => {
    const own = await newPart(api, { sku: 'THEIRS' }, strangerKey);
    const home = await newLocation(api, 'Their place', strangerKey);
    const other = await newLocation(api, 'Their other place', strangerKey);
    await asStranger('POST', '/movements', { kind: 'receive', sku: 'THEIRS', location: 'Their place', qty: 5 });
    const before = await rowCounts(api);
    for (const [field, ours, missing] of [
      ['sku', 'OURS', 'NONE'],
      ['sku', part.id, 987654],
      ['sku', String(part.id), '987654'],
      ['partId', part.id, 987654],
      ['location', 'Our place', 'No place'],
      ['location', place.id, 987654],
      ['locationId', place.id, 987654],
    ] as const) {
      const base = field.startsWith('p')
        ? { locationId: home.id }
        : field === 'sku'
          ? { locationId: home.id }
          : { partId: own.id };
      const post = (value: unknown) =>
        asStranger('POST', '/movements', { kind: 'receive', qty: 1, ...base, [field]: value });
      const answer = await post(ours);
      expectError(answer, 422, 'unprocessable', new RegExp(`\`${field}\``));
      expect(shape(answer, ours)).toEqual(shape(await post(missing), missing));
    }
    for (const fields of [
      { fromId: place.id, toId: home.id },
      { fromId: home.id, toId: place.id },
      { fromId: other.id, to: 'Our place' },
    ]) {
      expectError(
        await asStranger('POST', '/movements', { kind: 'transfer', sku: 'THEIRS', qty: 1, ...fields }),
        422,
        'unprocessable',
      );
    }
    expect(await rowCounts(api)).toEqual(before);
  });

  it('422 in a minimum, and a new part where a batch names our sku', async () => {
    const own = await newPart(api, { sku: 'WITH-MINIMUM' }, strangerKey);
    for (const [field, ours, missing] of [
      ['location', 'Our place', 'No place'],
      ['location', place.id, 987654],
      ['locationId', place.id, 987654],
    ] as const) {
      const patch = (value: unknown) =>
        asStranger('PATCH', `/parts/${own.id}`, { locationMinimums: [{ [field]: value, minimum: 1 }] });
      const answer = await patch(ours);
      expectError(answer, 422, 'unprocessable', new RegExp(`\`${field}\``));
      expect(shape(answer, ours)).toEqual(shape(await patch(missing), missing));
    }
    const put = await asStranger('PUT', '/parts/batch', { parts: [{ sku: 'OURS', name: 'Theirs' }], dryRun: true });
    expect([put.status, put.body.data[0].status]).toEqual([200, 'created']);
    expect((await api.request('GET', '/parts/OURS')).body.data).toMatchObject({ id: part.id, name: 'Secret part' });
  });

  it('[] in a filter, and no row in a list', async () => {
    for (const query of [
      'sku=OURS',
      `sku=${part.id}`,
      `partId=${part.id}`,
      'location=Our%20place',
      `locationId=${place.id}`,
    ]) {
      for (const path of ['/stock', '/movements']) {
        const answer = await asStranger('GET', `${path}?${query}`);
        expect([answer.status, answer.text]).toEqual([200, '{"data":[]}']);
      }
    }
    for (const path of ['/parts', '/locations', '/stock', '/movements', '/movements?limit=500', '/parts?limit=500']) {
      expect((await asStranger('GET', path)).text).not.toMatch(/"OURS"|Our place|Secret|:77\b/);
    }
  });

  it('no conflict: the same sku and name can stand in both, each with its own stock', async () => {
    const twin = await newPart(api, { sku: 'ours' }, strangerKey);
    await newLocation(api, 'our PLACE', strangerKey);
    await asStranger('POST', '/movements', { kind: 'receive', sku: 'OURS', location: 'Our place', qty: 1 });
    expect((await asStranger('GET', '/parts/OURS')).body.data).toMatchObject({ id: twin.id, onHand: 1 });
    expect((await api.request('GET', '/parts/OURS')).body.data).toMatchObject({ id: part.id, onHand: 77 });
  });

  it("no ambiguity: another organization's id is no id here", async () => {
    const numbered = await newPart(api, { sku: String(part.id) }, strangerKey);
    expect((await asStranger('GET', `/parts/${part.id}`)).body.data.id).toBe(numbered.id);
  });

  it('a cursor of one organization opens nothing in another', async () => {
    await newPart(api);
    const { nextCursor } = (await api.request('GET', '/parts?limit=1')).body;
    const answer = await asStranger('GET', `/parts?cursor=${nextCursor}`);
    expect(answer.text).not.toMatch(/OURS|Secret/);
  });
});

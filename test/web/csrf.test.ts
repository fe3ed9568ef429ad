import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listApiKeys } from '../../src/organizations/api-key.ts';
import { startTestPages, type TestPages, type TestPerson } from '../support/pages.ts';

let pages: TestPages;
let person: TestPerson;
let publicPages: TestPages;
beforeAll(async () => {
  pages = await startTestPages();
  person = await pages.person();
  publicPages = await startTestPages({ publicUrl: 'https://stock.example.com' });
});
afterAll(async () => {
  await pages?.close();
  await publicPages?.close();
});

/** A form, with no header but these. */
function send(to: TestPages, headers: Record<string, string>, { method = 'POST', path = '/sign-in' } = {}) {
  const body = new URLSearchParams({ name: 'Forged', scope: 'write', expiry: 'never' }).toString();
  return new Promise<number>((resolve, reject) => {
    const sent = request(to.origin + path, {
      method,
      headers: {
        Accept: 'text/html',
        'Content-Length': body.length,
        'Content-Type': 'application/x-www-form-urlencoded',
        ...headers,
      },
    });
    sent.on('error', reject).on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.end(body);
  });
}

const refused = 403;
const judged = 422; // the form was taken and read: these credentials are nobody's

describe('a form is taken only from our own pages', () => {
  const [own, other] = ['own', 'https://evil.example'];
  it.each<[site: string | undefined, origin: string | undefined, status: number]>([
    ['same-origin', own, judged],
    ['same-origin', undefined, judged],
    ['same-origin', other, judged], // the browser alone writes Sec-Fetch-Site; no page can
    ['same-site', own, refused],
    ['same-site', other, refused],
    ['cross-site', own, refused],
    ['cross-site', other, refused],
    ['cross-site', 'null', refused],
    ['none', own, refused],
    ['none', undefined, refused],
    ['something-new', own, refused],
    [undefined, own, judged],
    [undefined, other, refused],
    [undefined, 'null', refused],
    [undefined, '', refused],
    [undefined, undefined, refused],
  ])('Sec-Fetch-Site %s, Origin %s: %i', async (site, origin, status) => {
    const headers = {
      ...(site !== undefined && { 'Sec-Fetch-Site': site }),
      ...(origin !== undefined && { Origin: origin === own ? pages.origin : origin }),
    };
    expect(await send(pages, headers)).toBe(status);
  });

  it.each([
    ['another port', (origin: string) => origin.replace(/\d+$/, '1')],
    ['https of the same host', (origin: string) => origin.replace('http:', 'https:')],
    ['a longer host', (origin: string) => origin.replace('127.0.0.1', '127.0.0.1.evil.example')],
    ['a path behind it', (origin: string) => `${origin}/`],
  ])('an Origin of %s is another', async (_, change) => {
    expect(await send(pages, { Origin: change(pages.origin) })).toBe(refused);
  });

  it('with PUBLIC_URL, that is our own origin, whatever Host says', async () => {
    expect(await send(publicPages, { Origin: 'https://stock.example.com' })).toBe(judged);
    expect(await send(publicPages, { Origin: 'http://stock.example.com' })).toBe(refused);
    expect(await send(publicPages, { Origin: publicPages.origin })).toBe(refused);
  });

  it('whatever the method, and before it is looked at who asks', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      expect(await send(pages, { 'Sec-Fetch-Site': 'cross-site', Cookie: person.cookie }, { method })).toBe(refused);
    }
  });

  it('and a forged one does nothing', async () => {
    const before = await listApiKeys(pages.db, pages.organizationId);
    const path = `/o/${pages.organizationId}/settings/keys`;
    const headers = { 'Sec-Fetch-Site': 'cross-site', Cookie: person.cookie };
    expect(await send(pages, headers, { path })).toBe(refused);
    expect(await listApiKeys(pages.db, pages.organizationId)).toEqual(before);
  });
});

it('a form of another type is refused: 415', async () => {
  const headers = { 'Sec-Fetch-Site': 'same-origin', 'Content-Type': 'text/plain' };
  expect(await send(pages, headers)).toBe(415);
});

it('links from other sites still open a page', async () => {
  const answer = await pages.page('GET', '/account', { as: person, headers: { 'Sec-Fetch-Site': 'cross-site' } });
  expect(answer.status).toBe(200);
});

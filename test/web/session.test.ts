import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cookieOf, password, startTestPages, type TestPages, type TestPerson } from '../support/pages.ts';

let pages: TestPages;
beforeAll(async () => {
  pages = await startTestPages();
});
afterAll(() => pages?.close());

const signIn = (to: TestPages, email: string, given = password, headers: Record<string, string> = {}) =>
  to.page('POST', '/sign-in', { form: { email, password: given }, headers });

const isSignedIn = async (person: { cookie: string }, to = pages) =>
  (await to.page('GET', '/account', { headers: { Cookie: person.cookie } })).status === 200;

describe('the session cookie', () => {
  it('over plain http has a name of its own, and the page says that it is not encrypted', async () => {
    const { email } = await pages.person();
    const [cookie] = (await signIn(pages, email)).headers.getSetCookie();
    expect(cookie).toMatch(/^mk_session=[\w-]{43}; path=\/; expires=.*; samesite=lax; httponly$/i);
    expect((await pages.page('GET', '/sign-in')).text).toContain('not encrypted');
  });

  it('over https is __Host-, Secure, HttpOnly and Lax, and the plain one opens nothing', async () => {
    const secure = await startTestPages({ publicUrl: 'https://stock.example.com' });
    const person = await secure.person();
    const [cookie] = (await signIn(secure, person.email)).headers.getSetCookie();
    expect(cookie).toMatch(/^__Host-mk_session=[\w-]{43}; path=\/; expires=.*; samesite=lax; secure; httponly$/i);
    expect(cookie).not.toMatch(/domain/i);
    expect(await isSignedIn(person, secure)).toBe(true);
    expect(await isSignedIn({ cookie: person.cookie.replace('__Host-', '') }, secure)).toBe(false);
    expect((await secure.page('GET', '/sign-in')).text).not.toContain('not encrypted');
    await secure.close();
  });

  it('holds what the database does not', async () => {
    const { cookie } = await pages.person();
    const { rows } = await pages.db.pool.query('select to_json(s)::text as text from session s');
    const token = cookie.split('=')[1] ?? '';
    for (const { text } of rows) expect(text).not.toContain(token);
  });

  it('is a new one at each sign-in; what the browser had before is worth nothing', async () => {
    const person = await pages.person();
    const planted = { cookie: `mk_session=${'x'.repeat(43)}` };
    const answer = await signIn(pages, person.email, password, { Cookie: planted.cookie });
    expect(cookieOf(answer)).not.toBe(planted.cookie);
    expect(await isSignedIn(planted)).toBe(false);

    const again = await signIn(pages, person.email, password, { Cookie: person.cookie });
    expect(await isSignedIn({ cookie: cookieOf(again) })).toBe(true);
    expect(await isSignedIn(person)).toBe(false);
  });
});

describe('a session ends', () => {
  it('by signing out, at the service too', async () => {
    const person = await pages.person();
    const answer = await pages.page('POST', '/sign-out', { as: person });
    expect([answer.status, answer.location]).toEqual([303, '/sign-in?after=sign-out']);
    expect(answer.headers.getSetCookie()[0]).toMatch(/^mk_session=; path=\/; expires=Thu, 01 Jan 1970/i);
    expect(await isSignedIn(person)).toBe(false);
  });

  it('everywhere at once', async () => {
    const person = await pages.person();
    const phone = { cookie: cookieOf(await signIn(pages, person.email)) };
    await pages.page('POST', '/sign-out-everywhere', { as: person });
    expect([await isSignedIn(person), await isSignedIn(phone)]).toEqual([false, false]);
  });

  it('one at a time, and only one’s own', async () => {
    const [person, other] = [await pages.person(), await pages.person()];
    const { rows } = await pages.db.pool.query('select id from session where person_id = $1', [person.id]);
    const end = (as: TestPerson) => pages.page('POST', `/account/sessions/${rows[0].id}/end`, { as });
    await end(other);
    expect(await isSignedIn(person)).toBe(true);
    await end(person);
    expect(await isSignedIn(person)).toBe(false);
  });

  it('after 14 days without use, counted anew by each use, and after 90 days whatever is done', async () => {
    const person = await pages.person();
    const move = (created: string, seen: string, expires: string) =>
      pages.db.pool.query(
        `update session set created_at = now() - $2::interval, seen_at = now() - $3::interval, expires_at = now() + $4::interval
         where person_id = $1`,
        [person.id, created, seen, expires],
      );
    const daysLeft = async () => {
      const { rows } = await pages.db.pool.query(
        'select round(extract(epoch from expires_at - now()) / 86400)::integer as days from session where person_id = $1',
        [person.id],
      );
      return rows[0].days;
    };
    expect(await daysLeft()).toBe(14);
    await move('20 days', '13 days', '1 day');
    expect(await isSignedIn(person)).toBe(true);
    expect(await daysLeft()).toBe(14);
    await move('87 days', '1 day', '3 days');
    expect(await isSignedIn(person)).toBe(true);
    expect(await daysLeft()).toBe(3);
    await move('90 days', '14 days', '-1 second');
    expect(await isSignedIn(person)).toBe(false);
  });

  it('everywhere else when the password changes, which the old one must confirm', async () => {
    const person = await pages.person();
    const phone = { cookie: cookieOf(await signIn(pages, person.email)) };
    const change = (current: string, next: string) =>
      pages.page('POST', '/account/password', { as: person, form: { current, password: next } });
    expect((await change('not the password', 'otra frase muy larga')).status).toBe(422);
    expect((await change(password, 'corta')).status).toBe(422);
    expect(await isSignedIn(phone)).toBe(true);
    expect((await change(password, 'otra frase muy larga')).status).toBe(303);
    expect([await isSignedIn(person), await isSignedIn(phone)]).toEqual([true, false]);
    expect((await signIn(pages, person.email)).status).toBe(422);
    expect((await signIn(pages, person.email, 'otra frase muy larga')).status).toBe(303);
  });
});

describe('/', () => {
  it('asks to sign in, then leads to the organization that was looked at last', async () => {
    expect((await pages.page('GET', '/')).location).toBe('/sign-in');
    const person = await pages.person();
    expect((await pages.page('GET', '/', { as: person })).location).toBe(`/o/${pages.organizationId}`);
  });
});

describe('after signing in', () => {
  it.each([
    ['/o/1/settings/keys?x=1', '/o/1/settings/keys?x=1'],
    ['https://evil.example/', '/'],
    ['//evil.example/', '/'],
    ['/\\evil.example', '/'],
    ['/\t/evil.example', '/'],
    ['javascript:alert(1)', '/'],
    ['', '/'],
  ])('next=%s leads to %s', async (next, location) => {
    const { email } = await pages.person();
    const answer = await pages.page('POST', '/sign-in', { form: { email, password, next } });
    expect(answer.location).toBe(location);
  });
});

describe('what a page says once', () => {
  it('is said on its own page, and no second time', async () => {
    const person = await pages.person();
    const saved = await pages.page('POST', '/account', {
      as: person,
      form: { name: 'Ana', language: 'es', theme: 'dark' },
    });
    expect([saved.status, saved.location]).toEqual([303, '/account']);
    const otherTab = await pages.page('GET', `/o/${pages.organizationId}/settings/keys`, { as: person });
    expect(otherTab.text).not.toContain('Guardado.');
    const [first, second] = [
      await pages.page('GET', '/account', { as: person }),
      await pages.page('GET', '/account', { as: person }),
    ];
    expect([first.text.includes('Guardado.'), second.text.includes('Guardado.')]).toEqual([true, false]);
    expect(second.text).toMatch(/<html lang="es" data-theme="dark">/);
  });
});

describe('the language', () => {
  it.each([
    ['es-BO,es;q=0.9,en;q=0.1', 'es'],
    ['en-GB', 'en'],
    ['de', 'en'],
    ['*', 'en'],
  ])('of a stranger is the browser’s: %s is %s', async (accepted, language) => {
    const answer = await pages.page('GET', '/sign-in', { headers: { 'Accept-Language': accepted } });
    expect(answer.text).toContain(`<html lang="${language}">`);
  });

  it('stays as a stranger chose it', async () => {
    const chosen = await pages.page('POST', '/preferences', { form: { language: 'es', next: '/sign-in' } });
    expect(chosen.location).toBe('/sign-in');
    const answer = await pages.page('GET', '/sign-in', {
      headers: { Cookie: cookieOf(chosen), 'Accept-Language': 'en' },
    });
    expect(answer.text).toContain('<html lang="es">');
  });
});

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInvitation, inviteFirstAdministrator, welcomePath } from '../../src/people/invitation.ts';
import { closing } from '../support/database.ts';
import { cookieOf, password, startTestPages, type TestPages } from '../support/pages.ts';

const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

let pages: TestPages;
beforeAll(async () => {
  pages = await startTestPages();
});
afterAll(() => pages?.close());

const account = { name: 'Íñigo Añorve', email: 'inigo@taller.example', password };
const open = (path: string, to = pages) => to.page('GET', path);
const accept = (path: string, form: Record<string, string> = account, to = pages) => to.page('POST', path, { form });

async function invite(email?: string, role: 'administrator' | 'viewer' = 'viewer'): Promise<string> {
  const { organizationId } = pages;
  return welcomePath(await createInvitation(pages.db, { organizationId, role, ...(email && { email }) }));
}

/** What `mk user …` prints. */
async function mk(...args: string[]) {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [cli, 'user', ...args, ...(args[0] === 'reset-password' ? [] : ['--org', `${pages.organizationId}`])],
    {
      env: { ...process.env, DATABASE_URL: pages.db.url, PUBLIC_URL: 'https://stock.example.com' },
    },
  );
  return JSON.parse(stdout);
}

describe('the first account', () => {
  it('is an administrator’s, through a link that works once; a fresh link ends the one before it', async () => {
    const fresh = closing(await startTestPages());
    const old = welcomePath((await inviteFirstAdministrator(fresh.db)) ?? '');
    const link = welcomePath((await inviteFirstAdministrator(fresh.db)) ?? '');
    expect((await open(old, fresh)).status).toBe(404);
    expect((await open(link, fresh)).text).toContain('Welcome to Test');

    const made = await accept(link, account, fresh);
    expect([made.status, made.location]).toEqual([303, `/o/${fresh.organizationId}`]);
    const cookie = cookieOf(made);
    const keys = await fresh.page('GET', `/o/${fresh.organizationId}/settings/keys/new`, {
      headers: { Cookie: cookie },
    });
    expect(keys.status).toBe(200);

    expect((await open(link, fresh)).status).toBe(404);
    expect((await accept(link, { ...account, email: 'late@taller.example' }, fresh)).status).toBe(404);
    expect(await inviteFirstAdministrator(fresh.db)).toBeUndefined();
  });

  it('is one, though two people press at once', async () => {
    const fresh = closing(await startTestPages());
    const link = welcomePath((await inviteFirstAdministrator(fresh.db)) ?? '');
    const both = await Promise.all(
      ['a', 'b'].map((who) => accept(link, { ...account, email: `${who}@x.example` }, fresh)),
    );
    expect(both.map(({ status }) => status).sort()).toEqual([303, 404]);
    expect((await fresh.db.pool.query('select 1 from person')).rowCount).toBe(1);
  });

  it('needs an organization', async () => {
    const fresh = closing(await startTestPages());
    await fresh.db.pool.query('delete from api_key');
    await fresh.db.pool.query('delete from organization');
    expect(await inviteFirstAdministrator(fresh.db)).toBeUndefined();
  });
});

describe('an invitation', () => {
  it('is for the address that it names, whatever the form sends', async () => {
    const link = await invite('Nuria@Taller.example');
    const made = await accept(link, { ...account, email: 'somebody-else@taller.example' });
    expect(made.status).toBe(303);
    const { rows } = await pages.db.pool.query(
      `select p.email, m.role from person p join membership m on m.person_id = p.id where p.email_key = 'nuria@taller.example'`,
    );
    expect(rows).toEqual([{ email: 'Nuria@Taller.example', role: 'viewer' }]);
  });

  it.each([
    ['no name', { name: ' ' }, 'name'],
    ['no address', { email: '' }, 'email'],
    ['something that is no address', { email: 'nuria at taller' }, 'email'],
    ['a NUL in the address', { email: 'a\0@taller.example' }, 'email'],
    ['a short password', { password: 'once_letras' }, 'password'],
    ['an endless password', { password: 'x'.repeat(257) }, 'password'],
    ['an endless name', { name: 'x'.repeat(101) }, 'name'],
  ])('is shown again for %s, and works still', async (_, wrong, field) => {
    const link = await invite();
    const answer = await accept(link, { ...account, email: 'again@taller.example', ...wrong });
    expect(answer.status).toBe(422);
    expect(answer.text).toMatch(
      new RegExp(`id="field-${field}"[^>]*aria-invalid="true"[^>]*aria-describedby="[^"]*field-${field}-error`),
    );
    expect(answer.text).not.toContain(`value="${password}"`);
    expect((await open(link)).status).toBe(200);
  });

  it('for somebody who has an account asks to sign in, then lets them join', async () => {
    const otherId = await pages.createOrganization();
    const person = await pages.person('administrator', otherId);
    const link = await invite(person.email);
    expect((await open(link)).text).toContain('Sign in first');
    const joined = await pages.page('POST', link, { as: person });
    expect([joined.status, joined.location]).toEqual([303, `/o/${pages.organizationId}`]);
    const page = await pages.page('GET', `/o/${pages.organizationId}/settings/keys`, { as: person });
    expect(page.text).toContain(`href="/o/${otherId}"`);
  });

  it('that names somebody else is of no use to who is signed in', async () => {
    const person = await pages.person('viewer', await pages.createOrganization());
    const link = await invite('only-me@taller.example');
    expect((await pages.page('GET', link, { as: person })).text).toContain('This link is for only-me@taller.example');
    expect((await pages.page('POST', link, { as: person })).status).toBe(422);
    expect((await pages.page('GET', `/o/${pages.organizationId}`, { as: person })).status).toBe(404);
  });

  it('without a name takes no address that has an account already', async () => {
    const person = await pages.person();
    const link = await invite();
    const answer = await accept(link, { ...account, email: person.email.toUpperCase() });
    expect(answer.status).toBe(422);
    expect(answer.text).toContain('This address has an account already.');
    expect((await open(link)).status).toBe(200);
  });

  it('ends after seven days, and its token is kept nowhere', async () => {
    const link = await invite();
    const { rows } = await pages.db.pool.query('select to_json(i)::text as text from invitation i');
    for (const { text } of rows) expect(text).not.toContain(link.split('/').at(-1));
    await pages.db.pool.query(`update invitation set expires_at = now() - interval '1 second'`);
    expect((await open(link)).status).toBe(404);
    expect((await accept(link)).status).toBe(404);
  });
});

describe('mk user', () => {
  it('invites by a link at the public address, lists members and removes them, at once', async () => {
    const { link, role } = await mk('create', '--email', 'ana@taller.example', '--role', 'viewer');
    expect(role).toBe('viewer');
    expect(link).toMatch(/^https:\/\/stock\.example\.com\/welcome\/[\w-]{43}$/);
    const made = await accept(new URL(link).pathname, { ...account, name: 'Ana', email: '' });
    const headers = { Cookie: cookieOf(made) };
    expect((await pages.page('GET', '/account', { headers })).status).toBe(200);
    expect(await mk('list')).toContainEqual(
      expect.objectContaining({
        email: 'ana@taller.example',
        name: 'Ana',
        role: 'viewer',
        lastSeenAt: expect.any(String),
      }),
    );

    expect(await mk('remove', '--email', 'ANA@taller.example')).toEqual({ email: 'ANA@taller.example', removed: true });
    expect((await pages.page('GET', '/account', { headers })).status).toBe(303);
    await expect(mk('remove', '--email', 'ana@taller.example')).rejects.toThrow('is no member');
  });
});

describe('a forgotten password', () => {
  const reset = (email: string) => mk('reset-password', '--email', email).then(({ link }) => new URL(link).pathname);
  const signIn = (email: string, given: string) => pages.page('POST', '/sign-in', { form: { email, password: given } });

  it('is replaced by a link that works once, and every session ends', async () => {
    const person = await pages.person();
    const old = await reset(person.email);
    const link = await reset(person.email.toUpperCase());
    expect((await open(old)).status).toBe(404);
    expect((await open(link)).text).toContain(person.email);
    expect((await accept(link, { password: 'corta' })).status).toBe(422);
    const done = await accept(link, { password: 'una frase del todo nueva' });
    expect([done.status, done.location]).toEqual([303, '/sign-in?after=reset']);
    expect((await open('/sign-in?after=reset')).text).toContain('Your new password is set.');

    expect((await pages.page('GET', '/account', { as: person })).status).toBe(303);
    expect((await signIn(person.email, password)).status).toBe(422);
    expect((await signIn(person.email, 'una frase del todo nueva')).status).toBe(303);
    expect((await accept(link, { password: 'otra frase del todo nueva' })).status).toBe(404);
  });

  it('is not replaced after a day, nor where nobody has the address', async () => {
    const person = await pages.person();
    const link = await reset(person.email);
    await pages.db.pool.query(`update password_reset set expires_at = now() - interval '1 second'`);
    expect((await accept(link, { password: 'una frase del todo nueva' })).status).toBe(404);
    await expect(reset('nobody@taller.example')).rejects.toThrow('has no account');
  });
});

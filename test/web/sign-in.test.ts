import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/db/database.ts';
import { serveTestApi } from '../support/api.ts';
import { closing } from '../support/database.ts';
import { password, startTestPages, type TestPages } from '../support/pages.ts';

let pages: TestPages;
beforeAll(async () => {
  pages = await startTestPages({ trustedProxies: 1 });
});
afterAll(() => pages?.close());

let addresses = 0;
/** From an address of its own, so that only what a test counts is counted. */
const anAddress = () => `10.1.${++addresses >> 8}.${addresses & 255}`;

const attempt = (email: string, given: string, address = anAddress(), to = pages) =>
  to.page('POST', '/sign-in', {
    form: { email, password: given },
    headers: { 'X-Forwarded-For': `6.6.6.6, ${address}` },
  });

describe('signing in', () => {
  it('takes an address whatever its case, and a password as it is composed', async () => {
    const { email } = await pages.person();
    expect((await attempt(` ${email.toUpperCase()} `, password)).status).toBe(303);
  });

  it.each([
    ['a wrong password', (email: string) => [email, 'not this one'] as const],
    ['an address without an account', () => ['nobody@taller.example', password] as const],
    ['no password', (email: string) => [email, ''] as const],
    ['nothing', () => ['', ''] as const],
    ['a NUL', (email: string) => [`${email}\0`, password] as const],
  ])('refuses %s with the same words, and keeps the address', async (_, given) => {
    const { email } = await pages.person();
    const [typed, secret] = given(email);
    const answer = await attempt(typed, secret);
    expect(answer.status).toBe(422);
    expect(answer.text).toContain('E-mail or password is wrong.');
    expect(answer.headers.getSetCookie()).toEqual([]);
    if (secret !== '') expect(answer.text).not.toContain(secret);
  });

  it('takes as long without an account as with a wrong password', async () => {
    const { email } = await pages.person();
    // The work that is done, for the clock also counts what else the machine does.
    const medianCpuMs = async (address: string) => {
      const times: number[] = [];
      for (let n = 0; n < 7; n++) {
        const before = process.cpuUsage();
        await attempt(address, 'wrong wrong wrong');
        const { user, system } = process.cpuUsage(before);
        times.push((user + system) / 1_000);
      }
      return times.sort((a, b) => a - b)[3] ?? 0;
    };
    await attempt('warm-up@taller.example', 'wrong');
    const [known, unknown] = [await medianCpuMs(email), await medianCpuMs('nobody-else@taller.example')];
    expect(unknown / known).toBeGreaterThan(0.6);
    expect(unknown / known).toBeLessThan(1.7);
  });

  it('lets ten wrong tries in, then none, not even the right one, and says for how long', async () => {
    const { email } = await pages.person();
    for (let n = 0; n < 10; n++) expect((await attempt(email, 'wrong')).status).toBe(422);
    const answer = await attempt(email.toUpperCase(), password);
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(800);
    expect(answer.text).toContain('Too many tries. Try again in 15 minutes.');
  });

  it('counts nothing against who gets it right in the end', async () => {
    const { email } = await pages.person();
    for (let round = 0; round < 2; round++) {
      for (let n = 0; n < 9; n++) expect((await attempt(email, 'wrong')).status).toBe(422);
      expect((await attempt(email, password)).status).toBe(303);
    }
  });

  it('counts tries of one address over all accounts; who is behind the proxy, not what the client claims', async () => {
    const address = anAddress();
    const statuses = await Promise.all(
      Array.from({ length: 55 }, (_, n) => attempt(`guess${n}@taller.example`, 'wrong', address)),
    );
    expect(statuses.filter(({ status }) => status === 422)).toHaveLength(50);
    expect(statuses.filter(({ status }) => status === 429)).toHaveLength(5);
    const { email } = await pages.person();
    expect((await attempt(email, password)).status).toBe(303);
  });

  it('counts one IPv6 network as one address', async () => {
    for (let n = 0; n < 50; n++) await attempt(`six${n}@taller.example`, 'wrong', `2001:db8:1:2::${n.toString(16)}`);
    expect((await attempt('six@taller.example', 'wrong', '2001:db8:1:2:ffff::1')).status).toBe(429);
    expect((await attempt('six@taller.example', 'wrong', '2001:db8:1:3::1')).status).toBe(422);
  });

  it('counts over all processes', async () => {
    const { email } = await pages.person();
    for (let n = 0; n < 10; n++) await attempt(email, 'wrong');
    const other = closing(
      await serveTestApi(
        { ...(await openDatabase(pages.db.url)), url: pages.db.url, secrets: pages.db.secrets },
        { temporalAddress: '127.0.0.1:1', namespace: 'default' },
      ),
    );
    const answer = await fetch(`${other.origin}/sign-in`, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'Sec-Fetch-Site': 'same-origin' },
      body: new URLSearchParams({ email, password }),
    });
    expect(answer.status).toBe(429);
  });
});

it('keeps passwords as argon2id with its cost, and nowhere else', async () => {
  const { email } = await pages.person();
  const { rows } = await pages.db.pool.query(
    'select to_json(p)::text as text, password_hash from person p where email = $1',
    [email],
  );
  expect(rows[0].password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(rows[0].text).not.toContain(password);
});

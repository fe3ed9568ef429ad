import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApiKey } from '../../src/organizations/api-key.ts';
import { startTestPages, type TestPages, type TestPerson } from '../support/pages.ts';

let pages: TestPages;
let administrator: TestPerson;
let viewer: TestPerson;
let stranger: TestPerson;
let otherOrganizationId: number;
beforeAll(async () => {
  pages = await startTestPages();
  administrator = await pages.person();
  viewer = await pages.person('viewer');
  otherOrganizationId = await pages.createOrganization();
  stranger = await pages.person('administrator', otherOrganizationId);
});
afterAll(() => pages?.close());

/** Every routed page below an organization, its ids replaced by ones that may well exist. */
const organizationPages = () =>
  pages
    .pages()
    .filter(({ path }) => path.startsWith('/o/:org'))
    .map(({ method, path }) => ({
      method: method === 'POST' ? ('POST' as const) : ('GET' as const),
      path: path.replace(':org', String(pages.organizationId)).replace(/:\w+/g, '1'),
    }));

describe('every page of an organization', () => {
  it('asks who is signed out to sign in, and leads back', async () => {
    for (const { method, path } of organizationPages()) {
      const { status, location } = await pages.page(method, path, { form: undefined });
      expect([status, location], `${method} ${path}`).toEqual([
        303,
        method === 'GET' ? `/sign-in?next=${encodeURIComponent(path)}` : '/sign-in',
      ]);
    }
  });

  it('is missing to members of another organization, as to everybody when there is none', async () => {
    for (const { method, path } of organizationPages()) {
      const answer = await pages.page(method, path, { as: stranger });
      const missing = await pages.page(method, path.replace(/^\/o\/\d+/, '/o/999999'), { as: stranger });
      expect([answer.status, missing.status], `${method} ${path}`).toEqual([404, 404]);
      expect(answer.text.replaceAll(path, ''), path).toBe(
        missing.text.replaceAll(path.replace(/^\/o\/\d+/, '/o/999999'), ''),
      );
    }
  });

  it('refuses what a viewer sends: 403', async () => {
    for (const { method, path } of organizationPages().filter(({ method }) => method === 'POST')) {
      expect((await pages.page(method, path, { as: viewer, form: {} })).status, path).toBe(403);
    }
  });

  it('shows a viewer no form that writes', async () => {
    for (const { method, path } of organizationPages().filter(({ method }) => method === 'GET')) {
      const { status, headers, text } = await pages.page(method, path, { as: viewer });
      if (status !== 200 || !headers.get('content-type')?.includes('html')) continue;
      const actions = [...text.matchAll(/<form[^>]*method="post"[^>]*action="([^"]*)"/g)].map(([, action]) => action);
      expect(actions, path).toEqual(['/sign-out']);
    }
  });

  it('does not open another organization’s key by its id', async () => {
    const { id } = await createApiKey(pages.db, {
      organizationId: otherOrganizationId,
      scope: 'read',
      name: 'Foreign',
    });
    for (const action of ['rotate', 'revoke']) {
      const path = `/o/${pages.organizationId}/settings/keys/${id}/${action}`;
      expect((await pages.page('GET', path, { as: administrator })).status).toBe(404);
      expect((await pages.page('POST', path, { as: administrator, form: { overlap: '0' } })).status).toBe(404);
    }
    const { rows } = await pages.db.pool.query('select revoked_at, expires_at from api_key where id = $1', [id]);
    expect(rows[0]).toEqual({ revoked_at: null, expires_at: null });
  });
});

describe('headers', () => {
  const csp =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

  it.each([
    ['/sign-in', 200],
    ['/nothing-here', 404],
    ['/welcome/none', 404],
    ['/account', 303],
  ])('guard %s (%i)', async (path, status) => {
    const answer = await pages.page('GET', path);
    expect(answer.status).toBe(status);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-security-policy': csp,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin',
      'permissions-policy': expect.stringContaining('camera=(self)'),
      'cache-control': 'no-store',
    });
    expect(answer.headers.get('strict-transport-security')).toBeNull();
  });

  it('say over https that it stays https', async () => {
    const secure = await startTestPages({ publicUrl: 'https://stock.example.com' });
    const answer = await secure.page('GET', '/sign-in');
    await secure.close();
    expect(answer.headers.get('strict-transport-security')).toBe('max-age=31536000');
  });

  it('let assets be kept for ever under the address that pages name, and no longer under another', async () => {
    const { text } = await pages.page('GET', '/sign-in');
    const urls = [...text.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, url]) => url ?? '');
    expect(urls.length).toBeGreaterThan(3);
    for (const url of urls) {
      const asset = await pages.page('GET', url);
      expect([asset.status, asset.headers.get('cache-control')], url).toEqual([
        200,
        'public, max-age=31536000, immutable',
      ]);
      const old = await pages.page('GET', url.replace(/\/assets\/\w+/, '/assets/before'));
      expect([old.status, old.headers.get('cache-control')], url).toEqual([200, 'no-cache']);
    }
    expect((await pages.page('GET', '/assets/x/nothing.css')).status).toBe(404);
    expect((await pages.page('GET', '/assets/x/..%2f..%2fassets.ts')).status).toBe(404);
  });

  it('and no page has a script, a style or a handler inside', async () => {
    for (const path of ['/sign-in', '/account', `/o/${pages.organizationId}/settings/keys`]) {
      const { text } = await pages.page('GET', path, { as: administrator });
      expect(text).not.toMatch(/<style|<script(?! src="\/assets\/)|\sstyle=|\son\w+=|javascript:/i);
    }
  });
});

describe('an address that is not there', () => {
  it.each([
    ['*/*', 'json'],
    ['application/json', 'json'],
    ['text/html,application/xhtml+xml,*/*;q=0.8', 'html'],
  ])('answers Accept: %s as %s', async (accept, type) => {
    const answer = await pages.page('GET', '/nothing-here', { headers: { Accept: accept } });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([404, expect.stringContaining(type)]);
  });

  it('below the API is the API’s, also to a browser', async () => {
    const answer = await pages.page('GET', '/api/v1/nothing');
    expect([answer.status, answer.headers.get('content-type')]).toEqual([401, expect.stringContaining('json')]);
  });

  it('with another method than its own is 405 with Allow', async () => {
    const answer = await pages.page('PUT', '/sign-in');
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST']);
  });

  it('leaves /healthz and /docs as they are', async () => {
    expect((await pages.page('GET', '/healthz')).text).toBe('{"status":"ok"}');
    expect((await pages.page('GET', '/docs')).text).toContain('id="explorer"');
  });
});

it('text that people enter is shown as text', async () => {
  const name = `<img src=x onerror=alert(1)>"'&`;
  await createApiKey(pages.db, { organizationId: pages.organizationId, scope: 'read', name });
  const { text } = await pages.page('GET', `/o/${pages.organizationId}/settings/keys`, { as: administrator });
  expect(text).toContain('&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;');
  expect(text).not.toContain('<img');
});

it('what fails on our side tells nothing but the request’s id', async () => {
  const away = await startTestPages();
  await away.db.pool.query(`alter table session rename to session_away`);
  const broken = await away.page('GET', '/account', { headers: { Cookie: 'mk_session=x' } });
  await away.close();
  expect(broken.status).toBe(500);
  expect(broken.text).not.toMatch(/session_away|relation|select/i);
});

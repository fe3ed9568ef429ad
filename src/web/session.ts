import type { Context, Middleware } from 'koa';
import type { Services } from '../app.ts';
import type { Database } from '../db/database.ts';
import { forbidden, notFound } from '../errors.ts';
import { takeFlash } from '../people/flash.ts';
import type { Membership } from '../people/membership.ts';
import { type Theme, themes } from '../people/person.ts';
import { findSession, maxAgeDays, noteOrganization, type Session } from '../people/session.ts';
import { formatsOf } from './i18n/formats.ts';
import { catalogues, firstLanguage } from './i18n/index.ts';
import { countNotices } from './notices.ts';
import { paths } from './paths.ts';
import { type SignedIn, signedInOf, type Visit, type Visitor, visitorOf } from './visit.ts';

const dayMs = 86_400_000;
const preferenceMs = 365 * dayMs;

/** Over https the prefix makes the browser keep the cookie to this host, path / and encrypted connections. */
const cookieName = (isSecure: boolean) => (isSecure ? '__Host-mk_session' : 'mk_session');

/** Whether people reach us over https: then cookies are theirs alone, and encrypted connections the only ones. */
export const isSecure = ({ publicUrl }: Pick<Services, 'publicUrl'>) => publicUrl?.startsWith('https:') ?? false;

/** Finds out who asks, and how pages are shown to them. */
export function identify(services: Pick<Services, 'db' | 'publicUrl'>): Middleware {
  const secure = isSecure(services);
  return async (ctx, next) => {
    ctx.cookies.secure = secure; // the proxy that encrypts speaks plain http to us
    const token = ctx.cookies.get(cookieName(secure));
    const session = token === undefined ? undefined : await findSession(services.db, token);
    const cookies = { language: ctx.cookies.get('mk_language'), theme: ctx.cookies.get('mk_theme') };
    const language = firstLanguage(session?.person.language, cookies.language, ctx.acceptsLanguages(['en', 'es']));
    const isShown = ctx.method === 'GET' && session?.hasFlash;
    const flash = isShown ? await takeFlash(services.db, session.id, ctx.path) : undefined;
    const visitor: Visitor = {
      t: catalogues[language],
      format: formatsOf[language],
      language,
      theme: asTheme(session ? session.person.theme : cookies.theme),
      url: ctx.url,
      isPlainHttp: !secure,
      isExposed: !secure && !isLoopback(ctx.hostname),
      flash,
      session,
    };
    ctx.state.visitor = visitor;
    await next();
  };
}

/** Stands before pages of a person. Everybody else signs in first and comes back. */
export const signedIn: Middleware = async (ctx, next) => {
  if (visitorOf(ctx).session === undefined) {
    const back = ctx.method === 'GET' && ctx.url !== '/' ? `?${new URLSearchParams({ next: ctx.url })}` : '';
    return redirect(ctx, paths.signIn + back);
  }
  await next();
};

/** Stands before pages of an organization (`/o/:org/…`), for its members. To others it is missing: throws 404. */
export function member({ db }: Pick<Services, 'db'>): Middleware {
  return async (ctx, next) =>
    signedIn(ctx, async () => {
      const visitor = signedInOf(ctx);
      const { session } = visitor;
      const membership = session.memberships.find(({ organizationId }) => String(organizationId) === ctx.params.org);
      if (membership === undefined) throw notFound('There is no such organization.');
      const { organizationId } = membership;
      if (session.lastOrganizationId !== organizationId) await noteOrganization(db, session.id, organizationId);
      ctx.state.visitor = await visitAs(db, visitor, membership);
      await next();
    });
}

/** Stands before a person's own pages: they are shown within the organization that was looked at last, if there is any. */
export function signedInAtHome({ db }: Pick<Services, 'db'>): Middleware {
  return async (ctx, next) =>
    signedIn(ctx, async () => {
      const visitor = signedInOf(ctx);
      const home = homeOf(visitor.session);
      if (home !== undefined) ctx.state.visitor = await visitAs(db, visitor, home);
      await next();
    });
}

/** Where `/` leads: the organization that was looked at last, else the first; undefined without any. */
export const homeOf = ({ memberships, lastOrganizationId }: Session): Membership | undefined =>
  memberships.find(({ organizationId }) => organizationId === lastOrganizationId) ?? memberships[0];

async function visitAs(db: Database, visitor: SignedIn, membership: Membership): Promise<Visit> {
  const { organizationId, organization, role } = membership;
  return {
    ...visitor,
    organizationId,
    organization,
    role,
    canWrite: role === 'administrator',
    memberships: visitor.session.memberships,
    notices: await countNotices(db, organizationId),
  };
}

/** Stands after `member` before what changes something or shows a secret. Throws 403 for a viewer. */
export const administrator: Middleware = async (ctx, next) => {
  const visit: Visit = ctx.state.visitor;
  if (!visit.canWrite) throw forbidden('Only administrators can do this.');
  await next();
};

/** Puts a new session's token into the browser; whatever it had before is worth nothing any more. */
export function setSessionCookie(ctx: Context, token: string, secure: boolean): void {
  ctx.cookies.set(cookieName(secure), token, { ...cookieOptions(secure), httpOnly: true, maxAge: maxAgeDays * dayMs });
}

export function clearSessionCookie(ctx: Context, secure: boolean): void {
  ctx.cookies.set(cookieName(secure), null, { ...cookieOptions(secure), httpOnly: true });
}

/** A choice that this browser remembers without an account; null forgets it. */
export function setPreferenceCookie(ctx: Context, name: 'language' | 'theme', value: string | null, secure: boolean) {
  ctx.cookies.set(`mk_${name}`, value, { ...cookieOptions(secure), httpOnly: true, maxAge: preferenceMs });
}

const cookieOptions = (secure: boolean) =>
  ({ path: '/', sameSite: 'lax', secure, overwrite: true, signed: false }) as const;

/** Post/Redirect/Get: after a form, with 303; the browser's reload button then sends nothing twice. */
export function redirect(ctx: Context, path: string): void {
  ctx.status = 303;
  ctx.redirect(path);
}

export const asTheme = (text: unknown): Theme | undefined => themes.find((theme) => theme === text);

const isLoopback = (hostname: string) => /^(localhost|127(\.\d+){3}|\[?::1\]?)$/.test(hostname);

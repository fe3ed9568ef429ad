import type { Context } from 'koa';
import type { Services } from '../../app.ts';
import { type Language, languages, updatePerson } from '../../people/person.ts';
import { endSession, endSessions } from '../../people/session.ts';
import { signIn } from '../../people/sign-in.ts';
import type { Throttle } from '../../people/throttle.ts';
import { readForm } from '../forms.ts';
import { queryOf } from '../parameters.ts';
import { localPath, paths } from '../paths.ts';
import { show } from '../respond.ts';
import { clearSessionCookie, homeOf, isSecure, redirect, setPreferenceCookie, setSessionCookie } from '../session.ts';
import { signedInOf, visitorOf } from '../visit.ts';
import { noMembershipPage, signInPage } from './pages.ts';

const minuteSeconds = 60;

/** In, out, and where people come in. */
export function signInPages({ services, throttle }: { services: Services; throttle: Throttle }) {
  const { db } = services;
  const secure = isSecure(services);

  return {
    /** `/`: the organization that was looked at last. */
    async start(ctx: Context) {
      const visitor = signedInOf(ctx);
      const home = homeOf(visitor.session);
      if (home === undefined) return show(ctx, noMembershipPage(visitor));
      redirect(ctx, paths.organization(home.organizationId));
    },

    async form(ctx: Context) {
      const visitor = visitorOf(ctx);
      if (visitor.session) return redirect(ctx, localPath(queryOf(ctx, 'next'), paths.start));
      const { t } = visitor;
      const said = new Map([
        ['sign-out', t.signIn.signedOut],
        ['reset', t.reset.done],
      ]).get(queryOf(ctx, 'after') ?? '');
      await show(ctx, signInPage(visitor, { next: queryOf(ctx, 'next'), said }));
    },

    async signIn(ctx: Context) {
      const visitor = visitorOf(ctx);
      const sent = await readForm(ctx);
      const [email, password, next] = [sent.get('email') ?? '', sent.get('password') ?? '', sent.get('next')];
      const result = await signIn(
        { pool: db.pool, throttle },
        { email, password, address: ctx.ip, userAgent: ctx.get('User-Agent') },
      );
      if (result.outcome === 'signed in') {
        if (visitor.session) await endSession(db, { personId: visitor.session.person.id, id: visitor.session.id });
        setSessionCookie(ctx, result.token, secure);
        return redirect(ctx, localPath(next, paths.start));
      }
      if (result.outcome === 'refused') {
        return show(ctx, signInPage(visitor, { next, email, problem: visitor.t.signIn.refused }), 422);
      }
      ctx.set('Retry-After', String(result.retryAfterSeconds));
      const problem = visitor.t.signIn.throttled(Math.ceil(result.retryAfterSeconds / minuteSeconds));
      await show(ctx, signInPage(visitor, { next, email, problem }), 429);
    },

    async signOut(ctx: Context) {
      const { session } = visitorOf(ctx);
      if (session) await endSession(db, { personId: session.person.id, id: session.id });
      leave(ctx, secure);
    },

    async signOutEverywhere(ctx: Context) {
      await endSessions(db, { personId: signedInOf(ctx).session.person.id });
      leave(ctx, secure);
    },

    /** Language, for who is signed in and for who is not. */
    async choose(ctx: Context) {
      const sent = await readForm(ctx);
      const language: Language | undefined = languages.find((known) => known === sent.get('language'));
      const { session } = visitorOf(ctx);
      if (language) {
        setPreferenceCookie(ctx, 'language', language, secure);
        if (session) await updatePerson(db, session.person.id, { language });
      }
      redirect(ctx, localPath(sent.get('next'), paths.start));
    },
  };
}

function leave(ctx: Context, secure: boolean): void {
  clearSessionCookie(ctx, secure);
  redirect(ctx, `${paths.signIn}?after=sign-out`);
}

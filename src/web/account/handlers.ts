import type { Context } from 'koa';
import type { Services } from '../../app.ts';
import { hashPassword, verifyPassword } from '../../people/password.ts';
import { findPassword, updatePerson } from '../../people/person.ts';
import { endSession, endSessions, listSessions } from '../../people/session.ts';
import type { Throttle } from '../../people/throttle.ts';
import { emptyForm, type FormState, parseForm, readForm } from '../forms.ts';
import { catalogues } from '../i18n/index.ts';
import { idOf } from '../parameters.ts';
import { paths } from '../paths.ts';
import { redirectSaying, show } from '../respond.ts';
import { isSecure, setPreferenceCookie } from '../session.ts';
import { signedInOf } from '../visit.ts';
import { accountPage } from './pages.ts';
import { PasswordForm, ProfileForm } from './schema.ts';

/** A person's own page: name, language, appearance, password, sessions. */
export function accountPages({ services, throttle }: { services: Services; throttle: Throttle }) {
  const { db } = services;
  const secure = isSecure(services);

  async function showPage(ctx: Context, forms: { profile?: FormState; password?: FormState }, status = 200) {
    const visitor = signedInOf(ctx);
    const sessions = await listSessions(db, visitor.session.person.id);
    await show(ctx, accountPage(visitor, { profile: emptyForm, password: emptyForm, ...forms, sessions }), status);
  }

  return {
    show: (ctx: Context) => showPage(ctx, {}),

    async update(ctx: Context) {
      const visitor = signedInOf(ctx);
      const parsed = parseForm(visitor, ProfileForm, await readForm(ctx), ['name', 'language', 'theme']);
      if ('form' in parsed) return showPage(ctx, { profile: parsed.form }, 422);
      const { name, language } = parsed.input;
      const theme = parsed.input.theme === 'system' ? null : parsed.input.theme;
      await updatePerson(db, visitor.session.person.id, { name, language, theme });
      setPreferenceCookie(ctx, 'language', language, secure);
      setPreferenceCookie(ctx, 'theme', theme, secure);
      await redirectSaying(services, ctx, paths.account, catalogues[language].account.saved);
    },

    /** Asks for the current password, counts tries like a sign-in, and signs out every other browser. */
    async changePassword(ctx: Context) {
      const visitor = signedInOf(ctx);
      const { t, session } = visitor;
      const { id: personId, email } = session.person;
      const parsed = parseForm(visitor, PasswordForm, await readForm(ctx), ['current', 'password']);
      if ('form' in parsed) return showPage(ctx, { password: { values: {}, errors: parsed.form.errors } }, 422);
      const refuse = (message: string, status: number) =>
        showPage(ctx, { password: { values: {}, errors: { current: message } } }, status);
      const waitSeconds = await throttle.admit({ account: email, address: ctx.ip });
      if (waitSeconds > 0) {
        ctx.set('Retry-After', String(waitSeconds));
        return refuse(t.signIn.throttled(Math.ceil(waitSeconds / 60)), 429);
      }
      const account = await findPassword(db, { id: personId });
      if (!(await verifyPassword(parsed.input.current, account?.passwordHash))) {
        return refuse(t.account.wrongPassword, 422);
      }
      await throttle.forgive(email);
      await updatePerson(db, personId, { passwordHash: await hashPassword(parsed.input.password) });
      await endSessions(db, { personId, exceptId: session.id });
      await redirectSaying(services, ctx, paths.account, t.account.passwordChanged);
    },

    async endSession(ctx: Context) {
      const { t, session } = signedInOf(ctx);
      await endSession(db, { personId: session.person.id, id: idOf(ctx) });
      await redirectSaying(services, ctx, paths.account, t.account.sessionEnded);
    },
  };
}

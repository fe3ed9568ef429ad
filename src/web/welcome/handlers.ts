import type { Context } from 'koa';
import { z } from 'zod';
import type { Services } from '../../app.ts';
import { label } from '../../http/fields.ts';
import { acceptInvitation, findInvitation, type Invitation } from '../../people/invitation.ts';
import { hasAccount } from '../../people/person.ts';
import { createSession } from '../../people/session.ts';
import { email, emptyForm, newPassword, parseForm, readForm } from '../forms.ts';
import { paths } from '../paths.ts';
import { show } from '../respond.ts';
import { isSecure, redirect, setSessionCookie } from '../session.ts';
import { visitorOf } from '../visit.ts';
import { joinPage, spentLinkPage, welcomePage } from './pages.ts';

const maxNameLength = 100;
const AccountForm = z.strictObject({ name: label(maxNameLength), email, password: newPassword });

/** What a one-time link opens: an account is made, or joins one more organization. */
export function welcomePages(services: Services) {
  const { db } = services;

  const find = (ctx: Context): Promise<Invitation | undefined> => findInvitation(db, ctx.params.token ?? '');

  async function createAccount(ctx: Context, invitation: Invitation): Promise<void> {
    const visitor = visitorOf(ctx);
    const sent = await readForm(ctx);
    const given =
      invitation.email === null
        ? sent
        : { ...sent, get: (name: string) => (name === 'email' ? (invitation.email ?? undefined) : sent.get(name)) };
    const parsed = parseForm(visitor, AccountForm, given, ['name', 'email', 'password']);
    if ('form' in parsed) return show(ctx, welcomePage(visitor, invitation, parsed.form), 422);
    const result = await acceptInvitation(db, ctx.params.token ?? '', parsed.input);
    if (result.outcome === 'joined') {
      const userAgent = ctx.get('User-Agent');
      setSessionCookie(ctx, await createSession(db, { personId: result.personId, userAgent }), isSecure(services));
      return redirect(ctx, paths.organization(invitation.organizationId));
    }
    if (result.outcome === 'used') return show(ctx, spentLinkPage(visitor), 404);
    const { password: _, ...values } = parsed.input;
    await show(ctx, welcomePage(visitor, invitation, { values, errors: { email: visitor.t.welcome.hasAccount } }), 422);
  }

  return {
    async form(ctx: Context) {
      const visitor = visitorOf(ctx);
      const invitation = await find(ctx);
      if (invitation === undefined) return show(ctx, spentLinkPage(visitor), 404);
      if (visitor.session) return show(ctx, joinPage({ ...visitor, session: visitor.session }, invitation));
      const isKnown = invitation.email !== null && (await hasAccount(db, invitation.email));
      await show(ctx, welcomePage(visitor, invitation, emptyForm, isKnown));
    },

    async accept(ctx: Context) {
      const visitor = visitorOf(ctx);
      const invitation = await find(ctx);
      if (invitation === undefined) return show(ctx, spentLinkPage(visitor), 404);
      if (!visitor.session) return createAccount(ctx, invitation);
      const result = await acceptInvitation(db, ctx.params.token ?? '', visitor.session.person);
      if (result.outcome === 'joined') return redirect(ctx, paths.organization(invitation.organizationId));
      await show(ctx, joinPage({ ...visitor, session: visitor.session }, invitation), 422);
    },
  };
}

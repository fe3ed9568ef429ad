import type { Context } from 'koa';
import { z } from 'zod';
import type { Services } from '../../app.ts';
import { findPasswordReset, resetPassword } from '../../people/password-reset.ts';
import { emptyForm, newPassword, parseForm, readForm } from '../forms.ts';
import { paths } from '../paths.ts';
import { show } from '../respond.ts';
import { redirect } from '../session.ts';
import { visitorOf } from '../visit.ts';
import { spentLinkPage } from '../welcome/pages.ts';
import { resetPage } from './pages.ts';

const ResetForm = z.strictObject({ password: newPassword });

/** What a one-time link opens for somebody who has forgotten their password. */
export function resetPages({ db }: Services) {
  const find = (ctx: Context) => findPasswordReset(db, ctx.params.token ?? '');

  return {
    async form(ctx: Context) {
      const visitor = visitorOf(ctx);
      const reset = await find(ctx);
      if (reset === undefined) return show(ctx, spentLinkPage(visitor), 404);
      await show(ctx, resetPage(visitor, reset.email, emptyForm));
    },

    async reset(ctx: Context) {
      const visitor = visitorOf(ctx);
      const reset = await find(ctx);
      if (reset === undefined) return show(ctx, spentLinkPage(visitor), 404);
      const parsed = parseForm(visitor, ResetForm, await readForm(ctx), ['password']);
      if ('form' in parsed) return show(ctx, resetPage(visitor, reset.email, parsed.form), 422);
      const isDone = await resetPassword(db, ctx.params.token ?? '', parsed.input.password);
      if (!isDone) return show(ctx, spentLinkPage(visitor), 404);
      redirect(ctx, `${paths.signIn}?after=reset`);
    },
  };
}

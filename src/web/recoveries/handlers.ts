import type { Context } from 'koa';
import type { Services } from '../../app.ts';
import { findEndpoint } from '../../webhooks/endpoints/find-endpoint.ts';
import { countRecoverableOf, findRecovery, recoverDeliveriesOf } from '../../webhooks/recovery.ts';
import { emptyForm, parseForm, querySent, readForm, type Sent, severalOf } from '../forms.ts';
import type { AnswerLive } from '../live.ts';
import { idOf, queryOf } from '../parameters.ts';
import { paths } from '../paths.ts';
import { show } from '../respond.ts';
import { redirect } from '../session.ts';
import { visitOf } from '../visit.ts';
import { countedPage, recoverPage, recoveryPage, recoveryPart } from './pages.ts';
import { RecoverForm, recoverFields } from './schema.ts';

/** Pages that send again what an endpoint missed: choose, see how much that is, confirm, watch. */
export function recoveryPages({ db, secrets }: Services, answerLive: AnswerLive) {
  const ownId = (ctx: Context) => ({ organizationId: visitOf(ctx).organizationId, id: idOf(ctx) });
  const endpointOf = (ctx: Context) => findEndpoint({ pool: db.pool, secrets }, ownId(ctx));
  const parse = (ctx: Context, sent: Sent) =>
    parseForm(visitOf(ctx), RecoverForm, severalOf(sent, ['events', 'statuses']), recoverFields);

  return {
    async choose(ctx: Context) {
      const visit = visitOf(ctx);
      const endpoint = await endpointOf(ctx);
      const sent = severalOf(querySent(ctx), ['events', 'statuses']);
      const values = Object.fromEntries(recoverFields.map((name) => [name, sent.get(name)]));
      const isChosen = sent.get('since') !== undefined;
      const form = isChosen ? { values, errors: {} } : emptyForm;
      if (queryOf(ctx, 'count') === undefined) return show(ctx, recoverPage(visit, endpoint, form));
      const parsed = parse(ctx, querySent(ctx));
      if ('form' in parsed) return show(ctx, recoverPage(visit, endpoint, parsed.form), 422);
      const total = await countRecoverableOf(db, ownId(ctx), parsed.input);
      const change = new URLSearchParams(ctx.querystring);
      change.delete('count');
      const changePath = `${ctx.path}?${change}`;
      const { since, until } = parsed.input;
      await show(ctx, countedPage(visit, endpoint, { total, since, until, form, changePath }));
    },

    async start(ctx: Context) {
      const visit = visitOf(ctx);
      const endpoint = await endpointOf(ctx);
      const parsed = parse(ctx, await readForm(ctx));
      if ('form' in parsed) return show(ctx, recoverPage(visit, endpoint, parsed.form), 422);
      if (endpoint.disabledAt !== null) return redirect(ctx, paths.enableEndpoint(visit.organizationId, endpoint.id));
      const recovery = await recoverDeliveriesOf(db, ownId(ctx), parsed.input);
      if ('id' in recovery) redirect(ctx, paths.recovery(visit.organizationId, recovery.id));
    },

    async get(ctx: Context) {
      const visit = visitOf(ctx);
      const recovery = await findRecovery(db, ownId(ctx));
      const { organizationId } = visit;
      const endpoint = await findEndpoint({ pool: db.pool, secrets }, { organizationId, id: recovery.endpointId });
      await show(ctx, recoveryPage(visit, recovery, endpoint));
    },

    async live(ctx: Context) {
      await answerLive(ctx, async () => recoveryPart(visitOf(ctx), await findRecovery(db, ownId(ctx))));
    },
  };
}

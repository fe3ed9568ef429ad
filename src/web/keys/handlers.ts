import type { Context } from 'koa';
import type { Services } from '../../app.ts';
import {
  type ApiKeyInList,
  createApiKey,
  getApiKey,
  listApiKeys,
  revokeApiKey,
  rotateApiKey,
} from '../../organizations/api-key.ts';
import { emptyForm, parseForm, readForm } from '../forms.ts';
import { idOf } from '../parameters.ts';
import { paths } from '../paths.ts';
import { redirectSaying, show } from '../respond.ts';
import { redirect } from '../session.ts';
import { visitOf } from '../visit.ts';
import { keysPage, type MadeKey, newKeyPage, revokeKeyPage, rotateKeyPage } from './pages.ts';
import { NewKeyForm, RotateForm } from './schema.ts';

const dayMs = 86_400_000;

/** Pages of an organization's API keys. */
export function keyPages(services: Services) {
  const { db, secrets } = services;
  const find = (ctx: Context): Promise<ApiKeyInList> =>
    getApiKey(db, { organizationId: visitOf(ctx).organizationId, id: idOf(ctx) });

  /** Back to the list, which shows the key this once. It waits there sealed. */
  const showOnce = (ctx: Context, made: MadeKey) => {
    const { organizationId, session } = visitOf(ctx);
    const sealedSecret = secrets.seal(JSON.stringify(made), session.id);
    return redirectSaying(services, ctx, paths.keys(organizationId), '', { sealedSecret });
  };

  const refuseToRotate = (ctx: Context, { name }: ApiKeyInList) => {
    const { t, organizationId } = visitOf(ctx);
    const message = t.keys.notLive(name ?? t.keys.unnamed);
    return redirectSaying(services, ctx, paths.keys(organizationId), message, { kind: 'problem' });
  };

  return {
    async list(ctx: Context) {
      const visit = visitOf(ctx);
      const sealed = visit.flash?.sealedSecret;
      const made: MadeKey | undefined = sealed && JSON.parse(secrets.open(sealed, visit.session.id));
      await show(ctx, keysPage(visit, await listApiKeys(db, visit.organizationId), made));
    },

    async new(ctx: Context) {
      await show(ctx, newKeyPage(visitOf(ctx), emptyForm));
    },

    async create(ctx: Context) {
      const visit = visitOf(ctx);
      const parsed = parseForm(visit, NewKeyForm, await readForm(ctx), ['name', 'scope', 'expiry']);
      if ('form' in parsed) return show(ctx, newKeyPage(visit, parsed.form), 422);
      const { name, scope, expiry } = parsed.input;
      const expiresAt = expiry === 'never' ? null : new Date(Date.now() + Number(expiry) * dayMs);
      const { key } = await createApiKey(db, { organizationId: visit.organizationId, name, scope, expiresAt });
      await showOnce(ctx, { name, key });
    },

    async confirmRotate(ctx: Context) {
      const key = await find(ctx);
      if (key.state !== 'live') return refuseToRotate(ctx, key);
      await show(ctx, rotateKeyPage(visitOf(ctx), key, emptyForm));
    },

    async rotate(ctx: Context) {
      const visit = visitOf(ctx);
      const old = await find(ctx);
      if (old.state !== 'live') return refuseToRotate(ctx, old);
      const parsed = parseForm(visit, RotateForm, await readForm(ctx), ['overlap']);
      if ('form' in parsed) return show(ctx, rotateKeyPage(visit, old, parsed.form), 422);
      const overlapHours = Number(parsed.input.overlap);
      const { key } = await rotateApiKey(db, { organizationId: visit.organizationId, id: old.id, overlapHours });
      await showOnce(ctx, { name: old.name, key });
    },

    async confirmRevoke(ctx: Context) {
      await show(ctx, revokeKeyPage(visitOf(ctx), await find(ctx)));
    },

    async revoke(ctx: Context) {
      const { t, organizationId } = visitOf(ctx);
      const { id, name } = await find(ctx);
      const wasLive = await revokeApiKey(db, id, organizationId);
      if (!wasLive) return redirect(ctx, paths.keys(organizationId));
      await redirectSaying(services, ctx, paths.keys(organizationId), t.keys.revoked(name ?? t.keys.unnamed));
    },
  };
}

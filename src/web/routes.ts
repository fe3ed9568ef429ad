import { Router } from '@koa/router';
import Koa, { type Middleware } from 'koa';
import compose from 'koa-compose';
import type { Services } from '../app.ts';
import { methodNotAllowed, notFound } from '../errors.ts';
import { createThrottle } from '../people/throttle.ts';
import { accountPages } from './account/handlers.ts';
import { serveAsset } from './assets.ts';
import { sameOriginOnly } from './csrf.ts';
import { deliveryPages } from './deliveries/handlers.ts';
import { endpointPages } from './endpoints/handlers.ts';
import { errorPages } from './errors.ts';
import { importPages } from './imports/handlers.ts';
import { keyPages } from './keys/handlers.ts';
import { createLive } from './live.ts';
import { locationPages } from './locations/handlers.ts';
import { movementPages } from './movements/handlers.ts';
import { partPages } from './parts/handlers.ts';
import { paths } from './paths.ts';
import { recoveryPages } from './recoveries/handlers.ts';
import { resetPages } from './reset/handlers.ts';
import { securityHeaders } from './security-headers.ts';
import { administrator, identify, isSecure, member, redirect, signedIn, signedInAtHome } from './session.ts';
import { signInPages } from './sign-in/handlers.ts';
import { visitOf } from './visit.ts';
import { welcomePages } from './welcome/handlers.ts';

/**
 * Every address of the pages. To add one:
 *
 * 1. Its words in `i18n/en.ts` and `i18n/es.ts`, its address in `paths.ts`, its entry in `navigation.ts` (where it has one).
 * 2. A folder by its noun: `pages.ts` (functions from a `Visit` and data to `Html`, made of `components/`), `schema.ts` (what
 *    its forms take, by the field types of `http/fields.ts`), `handlers.ts` (input, use case, `show` or `redirectSaying`).
 * 3. A line below: GET behind `see`, whatever writes or shows a secret behind `see, change`.
 * 4. Its tests: `test/browser/` (flows, `expectGoodPage`), `test/web/` (what a viewer and another organization get).
 *
 * `keys/` is the model. A form posts and is answered with 303, or is shown again with 422. Use cases are those of the API, called
 * directly. Nothing inline: no `style`, no `on…`, no script; what JavaScript adds hangs on `data-…` attributes in `assets/app.js`.
 */
export function pageRouter(services: Services): Router {
  const throttle = createThrottle(services.db);
  const entry = signInPages({ services, throttle });
  const welcome = welcomePages(services);
  const reset = resetPages(services);
  const account = accountPages({ services, throttle });
  const keys = keyPages(services);
  const live = createLive(services.db);
  const endpoints = endpointPages(services);
  const deliveries = deliveryPages(services, live);
  const recoveries = recoveryPages(services, live);
  const parts = partPages(services);
  const imports = importPages(services);
  const movements = movementPages(services);
  const locations = locationPages(services);
  const [own, see, change] = [signedInAtHome(services), member(services), administrator];

  const pages = new Router();
  pages.get('/', signedIn, entry.start);
  pages.get('/sign-in', entry.form);
  pages.post('/sign-in', entry.signIn);
  pages.post('/sign-out', entry.signOut);
  pages.post('/sign-out-everywhere', signedIn, entry.signOutEverywhere);
  pages.post('/preferences', entry.choose);
  pages.get('/welcome/:token', welcome.form);
  pages.post('/welcome/:token', welcome.accept);
  pages.get('/reset/:token', reset.form);
  pages.post('/reset/:token', reset.reset);
  pages.get('/account', own, account.show);
  pages.post('/account', own, account.update);
  pages.post('/account/password', own, account.changePassword);
  pages.post('/account/sessions/:id/end', own, account.endSession);

  pages.get('/o/:org', see, (ctx) => redirect(ctx, paths.parts(visitOf(ctx).organizationId)));
  pages.get('/o/:org/parts', see, parts.list);
  pages.post('/o/:org/parts', see, change, parts.create);
  pages.get('/o/:org/parts.csv', see, parts.csv);
  pages.get('/o/:org/parts/new', see, change, parts.new);
  pages.get('/o/:org/parts/:id', see, parts.show);
  pages.post('/o/:org/parts/:id', see, change, parts.update);
  pages.get('/o/:org/parts/:id/edit', see, change, parts.edit);
  pages.get('/o/:org/parts/:id/archive', see, change, parts.confirmArchive);
  pages.post('/o/:org/parts/:id/archive', see, change, parts.archive);
  pages.post('/o/:org/parts/:id/unarchive', see, change, parts.unarchive);
  pages.get('/o/:org/movements', see, movements.list);
  pages.post('/o/:org/movements', see, change, movements.create);
  pages.get('/o/:org/movements.csv', see, movements.csv);
  pages.get('/o/:org/movements/new', see, change, movements.new);
  pages.get('/o/:org/movements/:id', see, movements.show);
  pages.get('/o/:org/movements/:id/reverse', see, change, movements.confirmReverse);
  pages.post('/o/:org/movements/:id/reverse', see, change, movements.reverse);
  pages.get('/o/:org/locations', see, locations.list);
  pages.post('/o/:org/locations', see, change, locations.create);
  pages.get('/o/:org/locations/new', see, change, locations.new);
  pages.get('/o/:org/locations/:id', see, locations.show);
  pages.post('/o/:org/locations/:id', see, change, locations.update);
  pages.get('/o/:org/locations/:id/edit', see, change, locations.edit);
  pages.get('/o/:org/import', see, change, imports.new);
  pages.post('/o/:org/import', see, change, imports.upload);
  pages.get('/o/:org/import/parts.csv', see, change, imports.template('parts'));
  pages.get('/o/:org/import/stock.csv', see, change, imports.template('stock'));
  pages.get('/o/:org/import/:id', see, change, imports.show);
  pages.post('/o/:org/import/:id', see, change, imports.confirm);
  pages.post('/o/:org/import/:id/discard', see, change, imports.discard);
  pages.get('/o/:org/settings/keys', see, keys.list);
  pages.post('/o/:org/settings/keys', see, change, keys.create);
  pages.get('/o/:org/settings/keys/new', see, change, keys.new);
  pages.get('/o/:org/settings/keys/:id/rotate', see, change, keys.confirmRotate);
  pages.post('/o/:org/settings/keys/:id/rotate', see, change, keys.rotate);
  pages.get('/o/:org/settings/keys/:id/revoke', see, change, keys.confirmRevoke);
  pages.post('/o/:org/settings/keys/:id/revoke', see, change, keys.revoke);

  pages.get('/o/:org/settings/endpoints', see, endpoints.list);
  pages.post('/o/:org/settings/endpoints', see, change, endpoints.create);
  pages.get('/o/:org/settings/endpoints/new', see, change, endpoints.new);
  pages.get('/o/:org/settings/endpoints/:id', see, endpoints.get);
  pages.get('/o/:org/settings/endpoints/:id/edit', see, change, endpoints.edit);
  pages.post('/o/:org/settings/endpoints/:id/edit', see, change, endpoints.update);
  pages.get('/o/:org/settings/endpoints/:id/rotate', see, change, endpoints.confirmRotate);
  pages.post('/o/:org/settings/endpoints/:id/rotate', see, change, endpoints.rotate);
  pages.post('/o/:org/settings/endpoints/:id/test', see, change, endpoints.test);
  pages.get('/o/:org/settings/endpoints/:id/enable', see, change, endpoints.confirmEnable);
  pages.post('/o/:org/settings/endpoints/:id/enable', see, change, endpoints.enable);
  pages.get('/o/:org/settings/endpoints/:id/disable', see, change, endpoints.confirmDisable);
  pages.post('/o/:org/settings/endpoints/:id/disable', see, change, endpoints.disable);
  pages.get('/o/:org/settings/endpoints/:id/delete', see, change, endpoints.confirmDelete);
  pages.post('/o/:org/settings/endpoints/:id/delete', see, change, endpoints.delete);
  pages.get('/o/:org/settings/endpoints/:id/recover', see, change, recoveries.choose);
  pages.post('/o/:org/settings/endpoints/:id/recover', see, change, recoveries.start);
  pages.get('/o/:org/settings/recoveries/:id', see, recoveries.get);
  pages.get('/o/:org/settings/recoveries/:id/live', see, recoveries.live);
  pages.get('/o/:org/settings/deliveries', see, deliveries.list);
  pages.get('/o/:org/settings/deliveries/:id', see, deliveries.get);
  pages.get('/o/:org/settings/deliveries/:id/live', see, deliveries.live);
  pages.post('/o/:org/settings/deliveries/:id/retry', see, change, deliveries.retry);
  pages.get('/o/:org/settings/deliveries/:id/cancel', see, change, deliveries.confirmCancel);
  pages.post('/o/:org/settings/deliveries/:id/cancel', see, change, deliveries.cancel);
  return pages;
}

/**
 * Answers the pages' addresses, and browsers that ask for one that is not there. Everybody else's requests go on: for
 * clients of the API an unknown address is an error in JSON.
 */
export function webPages(services: Services): Middleware {
  const pages = pageRouter(services);
  const answer = inOrder((app) => {
    app.use(securityHeaders({ isSecure: isSecure(services) }));
    app.use(errorPages(services.log));
    app.use(sameOriginOnly({ origin: services.publicUrl }));
    app.use(identify(services));
    app.use(pages.routes());
    app.use(unrouted(pages));
  });
  const answerAsset = inOrder((app) => {
    app.use(new Router().get('/assets/:version/*name', serveAsset).routes());
  });
  return async (ctx, next) => {
    if (ctx.path.startsWith('/assets/')) return answerAsset(ctx, next);
    const isOurs = !isOfApi(ctx.path) && (methodsAt(pages, ctx.path).length > 0 || prefersHtml(ctx));
    if (!isOurs) return next();
    ctx.state.shownPath = /^\/(welcome|reset)\//.exec(ctx.path)?.[0];
    await answer(ctx, next);
  };
}

/** Middleware as an app would have it, as one. */
function inOrder(fill: (app: Koa) => void): Middleware {
  const app = new Koa();
  fill(app);
  return compose(app.middleware);
}

/** What no page took: 405 with `Allow` where the address is known, else 404. */
const unrouted =
  (pages: Router): Middleware =>
  async (ctx) => {
    const methods = methodsAt(pages, ctx.path);
    if (methods.length > 0) throw methodNotAllowed(ctx.method, methods);
    throw notFound(`There is nothing at ${ctx.path}.`);
  };

const isOfApi = (path: string) => path === '/api/v1' || path.startsWith('/api/v1/');

/** A client that takes anything, or says nothing, is none that reads pages. */
const prefersHtml = (ctx: { accepts(...types: string[]): string | false }) => ctx.accepts('json', 'html') === 'html';

const methodsAt = (router: Router, path: string): string[] =>
  [...new Set(router.match(path, 'GET').path.flatMap(({ methods }) => methods))].sort();

import { Router } from '@koa/router';
import type Koa from 'koa';
import type { Context, Middleware } from 'koa';
import type { Services } from './app.ts';
import { badRequest, methodNotAllowed, notFound } from './errors.ts';
import { authenticate, write } from './http/auth.ts';
import { idempotent } from './http/idempotency.ts';
import { limitRate } from './http/rate-limit.ts';
import { wakes } from './http/wakes.ts';
import { mountDocumentation } from './openapi/routes.ts';
import { levelHandlers } from './stock/levels/handlers.ts';
import { locationHandlers } from './stock/locations/handlers.ts';
import { movementHandlers } from './stock/movements/handlers.ts';
import { partHandlers } from './stock/parts/handlers.ts';
import { webPages } from './web/routes.ts';
import { deliveryHandlers } from './webhooks/deliveries/handlers.ts';
import { endpointHandlers } from './webhooks/endpoints/handlers.ts';
import { eventHandlers } from './webhooks/events/handlers.ts';

/** Every URL of the service. */
export function mountRoutes(app: Koa, services: Services): void {
  const open = new Router();
  open.get('/healthz', (ctx) => {
    ctx.body = { status: 'ok' };
  });
  mountDocumentation(open);

  const api = apiRouter(services);
  app.use(wellFormed);
  app.use(open.routes());
  app.use(webPages(services));
  app.use(onlyBelow('/api/v1'));
  app.use(authenticate(services.db));
  app.use(limitRate(services.db, services.rateLimit));
  app.use(api.routes());
  app.use(unrouted(api));
}

/** What needs a key. */
export function apiRouter(services: Services): Router {
  const parts = partHandlers(services);
  const locations = locationHandlers(services);
  const levels = levelHandlers(services);
  const movements = movementHandlers(services);
  const endpoints = endpointHandlers(services);
  const deliveries = deliveryHandlers(services);
  const events = eventHandlers(services);
  const once = idempotent(services);
  const wake = wakes(services);

  const api = new Router({ prefix: '/api/v1' });
  api.get('/parts', parts.list);
  api.post('/parts', write, wake, once, parts.create);
  api.put('/parts/batch', write, wake, once, parts.putBatch);
  api.get('/parts/:id', parts.get);
  api.patch('/parts/:id', write, wake, once, parts.update);
  api.get('/locations', locations.list);
  api.post('/locations', write, wake, once, locations.create);
  api.get('/locations/:id', locations.get);
  api.patch('/locations/:id', write, wake, once, locations.update);
  api.get('/stock', levels.list);
  api.get('/movements', movements.list);
  api.post('/movements', write, wake, movements.create);
  api.post('/movements/batch', write, wake, movements.createBatch);
  api.get('/movements/:id', movements.get);

  api.get('/webhook-endpoints', endpoints.list);
  api.post('/webhook-endpoints', write, wake, once, endpoints.create);
  api.get('/webhook-endpoints/:id', endpoints.get);
  api.patch('/webhook-endpoints/:id', write, wake, once, endpoints.update);
  api.delete('/webhook-endpoints/:id', write, wake, once, endpoints.remove);
  api.post('/webhook-endpoints/:id/rotate-secret', write, wake, once, endpoints.rotate);
  api.post('/webhook-endpoints/:id/test', write, wake, once, endpoints.test);
  api.post('/webhook-endpoints/:id/enable', write, wake, once, endpoints.enable);
  api.post('/webhook-endpoints/:id/disable', write, wake, once, endpoints.disable);
  api.post('/webhook-endpoints/:id/recover', write, wake, once, endpoints.recover);
  api.get('/recoveries/:id', endpoints.getRecovery);
  api.get('/deliveries', deliveries.list);
  api.get('/deliveries/:id', deliveries.get);
  api.post('/deliveries/:id/retry', write, wake, once, deliveries.retry);
  api.post('/deliveries/:id/cancel', write, wake, once, deliveries.cancel);
  api.get('/events', events.list);
  api.get('/events/:id', events.get);
  return api;
}

/** HTTP/1.1 asks for a Host; a path that is not valid percent-encoding names nothing: 400 (from the `URIError`). */
const wellFormed: Middleware = async (ctx, next) => {
  if (ctx.req.httpVersion === '1.1' && ctx.get('Host') === '') throw badRequest('The `Host` header is required.');
  decodeURIComponent(ctx.path);
  await next();
};

/** What is neither a page nor in the API. */
function onlyBelow(prefix: string): Middleware {
  return async (ctx, next) => {
    if (ctx.path !== prefix && !ctx.path.startsWith(`${prefix}/`)) throw notFound(`There is nothing at ${ctx.path}.`);
    await next();
  };
}

/** What no route took: 405 with `Allow` where the path is known, else 404. */
function unrouted(router: Router): Middleware {
  return async (ctx: Context) => {
    const methods = router.match(ctx.path, ctx.method).path.flatMap((layer) => layer.methods);
    if (methods.length === 0) throw notFound(`There is nothing at ${ctx.path}.`);
    throw methodNotAllowed(ctx.method, [...new Set(methods)].sort());
  };
}

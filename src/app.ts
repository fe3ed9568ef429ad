import type { Client } from '@temporalio/client';
import Koa from 'koa';
import type { Database } from './db/database.ts';
import { errors } from './http/errors.ts';
import type { RateLimitSettings } from './http/rate-limit.ts';
import { requestId } from './http/request-id.ts';
import type { Logger } from './log.ts';
import { mountRoutes } from './routes.ts';
import type { SecretBox } from './webhooks/secret-box.ts';
import type { TemporalUi } from './webhooks/temporal-ui.ts';

export interface Services {
  db: Database;
  log: Logger;
  secrets: SecretBox;
  /** Connected on first use: everything but retry and cancel is served without Temporal. */
  temporal(): Client;
  /** Where people look at workflows; undefined when that is not known. */
  temporalUi: TemporalUi | undefined;
  rateLimit: RateLimitSettings;
  /** How people reach the pages, for example `https://stock.example.com`; undefined: by whatever name, over plain http. */
  publicUrl: string | undefined;
  /** How many proxies stand before us: so many addresses of `X-Forwarded-For`, from its end, are believed. */
  trustedProxies: number;
  /** Called after a commit that left this many deliveries for the dispatcher. Never fails, never waits. */
  wakeDispatcher(deliveries: number): void;
}

/** The API and the pages as one Koa app. */
export function createApp(services: Services): Koa {
  const app = new Koa();
  app.silent = true;
  app.proxy = services.trustedProxies > 0;
  app.maxIpsCount = services.trustedProxies;
  app.on('error', (error) => services.log.debug({ err: error }, 'a response broke off'));
  app.use(requestId(services.log));
  app.use(errors(services.log));
  mountRoutes(app, services);
  return app;
}

import type { Router } from '@koa/router';
import { inject } from 'vitest';
import { createApp, type Services } from '../../src/app.ts';
import type { RateLimitSettings } from '../../src/http/rate-limit.ts';
import { serve } from '../../src/http/serve.ts';
import { createLogger } from '../../src/log.ts';
import { createApiKey, type NewApiKey, type Scope } from '../../src/organizations/api-key.ts';
import { createOrganization } from '../../src/organizations/organization.ts';
import { apiRouter } from '../../src/routes.ts';
import { pageRouter } from '../../src/web/routes.ts';
import { createLazyTemporal } from '../../src/webhooks/temporal-client.ts';
import { createWaker } from '../../src/webhooks/wake.ts';
import { checkDocumented } from './conformance.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads an answer's JSON as a client without types does
  body: any;
  text: string;
}

export interface RequestOptions {
  /** Sent as JSON; a string is sent as it is. */
  body?: unknown;
  /** Instead of the client's own key; null: none. */
  key?: string | null;
  headers?: Record<string, string>;
}

export interface TestApi {
  db: TestDatabase;
  /** http://127.0.0.1:port */
  origin: string;
  organizationId: number;
  /** The key that `request` sends by default: read & write, of `organizationId`. */
  key: string;
  createOrganization(): Promise<number>;
  createKey(scope: Scope, organizationId?: number, settings?: Partial<NewApiKey>): Promise<string>;
  /** Each operation that the API routes, as `GET /api/v1/parts/{id}`, the document's own not included. */
  operations(): string[];
  /** Each page that is routed, as `GET /o/:org/settings/keys`. */
  pages(): { method: string; path: string }[];
  /** `path` below /api/v1, e.g. `/parts`. The answer must be as the API's document says. */
  request(method: string, path: string, options?: RequestOptions): Promise<Answer>;
  close(): Promise<void>;
}

/** The real API on a real socket and a database of its own, with one empty organization. */
export async function startTestApi({
  namespace = 'default',
  ...settings
}: {
  namespace?: string;
  rateLimit?: RateLimitSettings;
  publicUrl?: string;
  trustedProxies?: number;
} = {}): Promise<TestApi> {
  return serveTestApi(await createTestDatabase(), {
    temporalAddress: inject('temporalAddress'),
    namespace,
    ...settings,
  });
}

/** The same on a migrated database that the caller has; `close` closes it too. */
export async function serveTestApi(
  db: TestDatabase,
  {
    temporalAddress,
    namespace,
    rateLimit = { defaultPerMinute: undefined },
    publicUrl,
    trustedProxies = 0,
  }: {
    temporalAddress: string;
    namespace: string;
    rateLimit?: RateLimitSettings;
    publicUrl?: string | undefined;
    trustedProxies?: number;
  },
): Promise<TestApi> {
  const log = createLogger('silent');
  const temporal = createLazyTemporal({ address: temporalAddress, namespace });
  const services: Services = {
    db,
    log,
    secrets: db.secrets,
    temporal: temporal.client,
    temporalUi: { url: inject('temporalUiUrl'), namespace },
    rateLimit,
    publicUrl,
    trustedProxies,
    wakeDispatcher: createWaker({ pool: db.pool, log }),
  };
  const app = createApp(services);
  const serving = await serve(app.callback(), 0);
  const origin = `http://127.0.0.1:${serving.port}`;
  const { id: organizationId } = await createOrganization(db, 'Test');
  const { key } = await createApiKey(db, { organizationId, scope: 'write' });
  return {
    db,
    origin,
    organizationId,
    key,
    createOrganization: async () => (await createOrganization(db, 'Another')).id,
    createKey: async (scope, id = organizationId, settings = {}) =>
      (await createApiKey(db, { organizationId: id, scope, ...settings })).key,
    operations: () => operationsOf(apiRouter(services)),
    pages: () => routesOf(pageRouter(services)),
    async request(method, path, options = {}) {
      const answer = await request(`${origin}/api/v1${path}`, method, { key, ...options });
      checkDocumented(method, path, answer);
      return answer;
    },
    async close() {
      await serving.stop();
      await temporal.close();
      await db.close();
    },
  };
}

async function request(url: string, method: string, { body, key, headers }: RequestOptions): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: {
      ...(key == null ? {} : { Authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') && text !== '';
  return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : undefined };
}

const routesOf = (router: Router) =>
  router.stack.flatMap(({ path, methods }) =>
    methods.filter((method) => method !== 'HEAD').map((method) => ({ method, path: String(path) })),
  );

const operationsOf = (router: Router) =>
  routesOf(router).map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`);

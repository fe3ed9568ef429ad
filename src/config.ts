import ipaddr from 'ipaddr.js';
import { z } from 'zod';

export type Config = z.infer<typeof Config>;

/**
 * The service's settings, read once from the environment. An empty variable counts as unset.
 * Throws an `Error` whose message names each wrong variable, one a line.
 */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = Config.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new Error(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('\n'));
}

const port = z.coerce
  .number('must be a port number')
  .int()
  .min(1, 'must be 1 to 65535')
  .max(65535, 'must be 1 to 65535');

/** Scheme, host and port alone. */
const origin = z.string().transform((text, ctx) => {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`) return url.origin;
  ctx.addIssue({
    code: 'custom',
    message: 'must be an http or https URL without a path, such as https://stock.example.com',
  });
  return z.NEVER;
});

const cidrs = z.string().transform((text, ctx) => {
  const list = text
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean);
  for (const entry of list.filter((entry) => !ipaddr.isValidCIDR(entry))) {
    ctx.addIssue({ code: 'custom', message: `"${entry}" is not a CIDR such as 10.1.0.0/16` });
  }
  return list;
});

const secretsKeyBytes = 32;

/** Base64 keys, comma-separated: the first seals webhook secrets, each of them opens. */
const secretsKeys = z.string().transform((text, ctx): [Buffer, ...Buffer[]] => {
  const [first, ...others] = text.split(',').map((key) => Buffer.from(key.trim(), 'base64'));
  if (first === undefined || [first, ...others].some((key) => key.length !== secretsKeyBytes)) {
    ctx.addIssue({
      code: 'custom',
      message: 'must be 32 random bytes in base64 (openssl rand -base64 32), or several by comma',
    });
    return z.NEVER;
  }
  return [first, ...others];
});

const Config = z.object({
  PORT: port.default(3000),
  DATA_DIR: z.string().default('.data'),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must start with postgres:// or postgresql://')
    .optional(),
  SECRETS_KEY: secretsKeys.optional(),
  TEMPORAL_ADDRESS: z
    .string()
    .regex(/^[^\s/]+:\d+$/, 'must be host:port')
    .optional(),
  TEMPORAL_NAMESPACE: z.string().default('default'),
  TEMPORAL_UI_PORT: port.optional(),
  TEMPORAL_UI_URL: z
    .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
    .transform((url) => url.replace(/\/$/, ''))
    .optional(),
  PUBLIC_URL: origin.optional(),
  TRUSTED_PROXIES: z.coerce.number('must be a number of proxies').int().min(0).max(10, 'must be 0 to 10').default(0),
  WEBHOOK_ALLOW_CIDRS: cidrs.optional(),
  RATE_LIMIT_PER_MINUTE: z.coerce
    .number('must be a number of requests')
    .int()
    .min(1, 'must be 1 or more; leave it out for no limit')
    .max(1_000_000, 'must be at most 1000000')
    .optional(),
  ATTEMPT_LOG_DAYS: z.coerce
    .number('must be a number of days')
    .int()
    .min(1, 'must be 1 or more')
    .max(3650, 'must be at most 3650')
    .default(30),
  HEALTH_PORT: port.default(3001),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});

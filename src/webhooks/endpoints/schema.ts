import { Decimal } from 'decimal.js';
import { z } from 'zod';
import { field, flag, instant, refuse, text, wholeNumber } from '../../http/fields.ts';
import { NumberLiteral } from '../../http/json.ts';
import { isObject } from '../../http/validate.ts';
import { type EventType, everyEventType } from '../event-types.ts';
import { type RecoverableStatus, recoverableStatuses } from '../recovery.ts';

const maxUrlLength = 2_000;
const maxHeaders = 20;
/** What we set ourselves, and what HTTP needs for itself. */
const reservedHeaders =
  /^(x-mk-.*|webhook-.*|content-.*|host|connection|transfer-encoding|user-agent|expect|te|upgrade|trailer|keep-alive)$/i;

const url = field(
  (value) => {
    if (typeof value !== 'string') return refuse('must be a string');
    const url = URL.parse(value);
    if (url === null || !['http:', 'https:'].includes(url.protocol)) return refuse('must be an http or https URL');
    if (url.username !== '' || url.password !== '') return refuse('must not carry a user name or password');
    if (value.length > maxUrlLength) return refuse(`must be at most ${maxUrlLength} characters`);
    return url.href;
  },
  { type: 'string', maxLength: maxUrlLength, pattern: '^https?://', description: 'An absolute address.' },
);

const events = field(
  (value): EventType[] => {
    if (!Array.isArray(value) || value.length === 0) return refuse('must be a list of at least one event');
    const unknown = value.filter((event) => !everyEventType.some((type) => type === event));
    if (unknown.length > 0) return refuse(`may hold ${everyEventType.join(', ')}, but not ${unknown.join(', ')}`);
    return everyEventType.filter((type) => value.includes(type));
  },
  { type: 'array', minItems: 1, items: { type: 'string', enum: [...everyEventType] } },
);

const headers = field(
  (value): Record<string, string> => {
    if (!isObject(value)) return refuse('must be an object of strings');
    const entries = Object.entries(value);
    if (entries.length > maxHeaders) return refuse(`must be at most ${maxHeaders}`);
    return Object.fromEntries(
      entries.map(([name, content]) => {
        if (!/^[\w!#$%&'*+.^`|~-]{1,100}$/.test(name)) return refuse(`has a name that HTTP does not allow: "${name}"`);
        if (reservedHeaders.test(name)) return refuse(`may not set "${name}"`);
        if (typeof content !== 'string' || !/^[\x20-\x7e]{0,1000}$/.test(content)) {
          return refuse(`must have printable ASCII of at most 1000 characters as "${name}"`);
        }
        return [name, content];
      }),
    );
  },
  {
    type: 'object',
    maxProperties: maxHeaders,
    additionalProperties: { type: 'string', maxLength: 1_000, pattern: '^[\\x20-\\x7e]*$' },
    description: 'Sent with each delivery. Their values are sealed at rest and never shown.',
  },
);

const rate = { min: '0.01', max: '1000', decimals: 2 };

/** Attempts per second, exact, as the string that PostgreSQL's numeric takes. */
const perSecond = field(
  (value) => {
    const number = value instanceof NumberLiteral ? new Decimal(value.source) : new Decimal(Number.NaN);
    if (!(number.greaterThanOrEqualTo(rate.min) && number.lessThanOrEqualTo(rate.max))) {
      return refuse(`must be a number from ${rate.min} to ${rate.max}`);
    }
    if (number.decimalPlaces() > rate.decimals) return refuse(`must have at most ${rate.decimals} decimals`);
    return number.toFixed();
  },
  { type: 'number', minimum: Number(rate.min), maximum: Number(rate.max), description: 'At most 2 decimals.' },
);

export type NewEndpoint = z.infer<typeof NewEndpoint>;
export const NewEndpoint = z.strictObject({
  url,
  description: text(1_000).optional(),
  events: events.optional(),
  headers: headers.optional(),
  maxConcurrency: wholeNumber({ min: 1, max: 100 }).optional(),
  maxPerSecond: perSecond.optional(),
});

export const patchRules = {
  readOnly: ['id', 'headerNames', 'disabledAt', 'disabledReason', 'createdAt', 'updatedAt', 'temporalUrl'],
  clearable: ['description', 'maxConcurrency', 'maxPerSecond'],
} as const;
type Clearable = (typeof patchRules.clearable)[number];

/** null clears. */
export type EndpointPatch = Omit<z.infer<typeof EndpointPatch>, Clearable> & {
  [Field in Clearable]?: z.infer<typeof EndpointPatch>[Field] | null;
};
export const EndpointPatch = NewEndpoint.partial();

/** How long the old secret signs on beside the new one. */
export const RotateSecret = z.strictObject({ overlapHours: wholeNumber({ min: 0, max: 720 }).optional() });

const statuses = field(
  (value): RecoverableStatus[] => {
    const known = Array.isArray(value) ? recoverableStatuses.filter((status) => value.includes(status)) : [];
    return known.length > 0 && Array.isArray(value) && known.length === new Set(value).size
      ? known
      : refuse(`must be a list of ${recoverableStatuses.join(', ')}`);
  },
  { type: 'array', minItems: 1, items: { type: 'string', enum: [...recoverableStatuses] } },
);

const recovered = { until: instant.optional(), events: events.optional(), statuses: statuses.optional() };

export const Recover = z.strictObject({ since: instant, ...recovered, dryRun: flag.optional() });

/** true is everything, false nothing; an object is judged by its fields, anything else refused as a whole. */
function wanted(value: unknown): unknown {
  if (value === true) return {};
  if (value === false) return undefined;
  return value instanceof NumberLiteral ? value.source : value;
}

export const WhatWasMissed = z
  .strictObject({ since: instant.optional(), ...recovered }, { error: 'must be true, false or an object' })
  .meta({ id: 'WhatWasMissed', unusedIO: 'input' });

export const EnableEndpoint = z.strictObject({
  recover: z.preprocess(wanted, WhatWasMissed.optional()).optional(),
});

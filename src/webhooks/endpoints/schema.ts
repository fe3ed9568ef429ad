import { z } from 'zod';
import { field, refuse, text, wholeNumber } from '../../http/fields.ts';
import { type EventType, everyEventType } from '../event-types.ts';
import { type RecoverableStatus, recoverableStatuses } from '../recovery.ts';

const maxUrlLength = 2_000;
const maxHeaders = 20;
/** What we set ourselves, and what HTTP needs for itself. */
const reservedHeaders =
  /^(x-mk-.*|webhook-.*|content-.*|host|connection|transfer-encoding|user-agent|expect|te|upgrade|trailer|keep-alive)$/i;

const url = field((value) => {
  if (typeof value !== 'string') return refuse('must be a string');
  const url = URL.parse(value);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) return refuse('must be an http or https URL');
  if (url.username !== '' || url.password !== '') return refuse('must not carry a user name or password');
  if (value.length > maxUrlLength) return refuse(`must be at most ${maxUrlLength} characters`);
  return url.href;
});

const events = field((value): EventType[] => {
  if (!Array.isArray(value) || value.length === 0) return refuse('must be a list of at least one event');
  const unknown = value.filter((event) => !everyEventType.some((type) => type === event));
  if (unknown.length > 0) return refuse(`may hold ${everyEventType.join(', ')}, but not ${unknown.join(', ')}`);
  return everyEventType.filter((type) => value.includes(type));
});

const headers = field((value): Record<string, string> => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refuse('must be an object of strings');
  const entries = Object.entries(value);
  if (entries.length > maxHeaders) return refuse(`must be at most ${maxHeaders}`);
  for (const [name, content] of entries) {
    if (!/^[\w!#$%&'*+.^`|~-]{1,100}$/.test(name)) return refuse(`has a name that HTTP does not allow: "${name}"`);
    if (reservedHeaders.test(name)) return refuse(`may not set "${name}"`);
    if (typeof content !== 'string' || !/^[\x20-\x7e]{0,1000}$/.test(content)) {
      return refuse(`must have printable ASCII of at most 1000 characters as "${name}"`);
    }
  }
  return Object.fromEntries(entries);
});

export type NewEndpoint = z.infer<typeof NewEndpoint>;
export const NewEndpoint = z.strictObject({
  url,
  description: text(1_000).optional(),
  events: events.optional(),
  headers: headers.optional(),
});

/** `description: null` clears it. */
export type EndpointPatch = Omit<z.infer<typeof EndpointPatch>, 'description'> & { description?: string | null };
export const EndpointPatch = NewEndpoint.partial();

/** How long the old secret signs on beside the new one. */
export const RotateSecret = z.strictObject({ overlapHours: wholeNumber({ min: 0, max: 720 }).optional() });

const instant = field((value) => {
  const parsed = z.iso.datetime({ offset: true }).safeParse(value);
  return parsed.success ? new Date(parsed.data) : refuse('must be an ISO 8601 instant such as 2026-01-31T08:00:00Z');
});

const statuses = field((value): RecoverableStatus[] => {
  const known = Array.isArray(value) ? recoverableStatuses.filter((status) => value.includes(status)) : [];
  return known.length > 0 && Array.isArray(value) && known.length === new Set(value).size
    ? known
    : refuse(`must be a list of ${recoverableStatuses.join(', ')}`);
});

const flag = field((value) => (typeof value === 'boolean' ? value : refuse('must be true or false')));

export const Recover = z.strictObject({
  since: instant,
  until: instant.optional(),
  events: events.optional(),
  statuses: statuses.optional(),
  dryRun: flag.optional(),
});

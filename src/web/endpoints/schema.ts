import { z } from 'zod';
import { oneOf } from '../../http/fields.ts';
import { NewEndpoint } from '../../webhooks/endpoints/schema.ts';
import { linesOf, numberIn } from '../forms.ts';

/** Hours that a rotated secret signs on beside its successor. */
export const overlaps = ['0', '1', '24', '72', '168'] as const;

/** Stands for the value of a header that is kept: nobody gets to see it. */
export const keptMark = '••••••';

const { url, description, events, headers, maxConcurrency, maxPerSecond } = NewEndpoint.shape;

/** What the API takes, as a form can say it: events by checkboxes, headers as lines. */
export const EndpointForm = z.strictObject({
  url,
  description,
  events: z.preprocess(linesOf, events.unwrap()),
  headers: z.preprocess(headersIn, headers.unwrap()),
  maxConcurrency: z.preprocess(numberIn, maxConcurrency).optional(),
  maxPerSecond: z.preprocess(numberIn, maxPerSecond).optional(),
});
export const endpointFields = ['url', 'description', 'events', 'headers', 'maxConcurrency', 'maxPerSecond'] as const;
export type EndpointField = (typeof endpointFields)[number];

export const RotateForm = z.strictObject({ overlap: oneOf(overlaps) });
export const EnableForm = z.strictObject({ recover: oneOf(['yes', 'no']).optional() });

/** Names of the headers in a form that keep their value. */
export const keptHeaders = (text: string | undefined): string[] =>
  linesOfHeaders(text ?? '').flatMap(([name, value]) => (value === keptMark ? [name] : []));

/** A line that is no header is a name that the schema refuses; a kept one counts, without a value. */
function headersIn(text: unknown): Record<string, string> {
  const lines = typeof text === 'string' ? linesOfHeaders(text) : [];
  return Object.fromEntries(lines.map(([name, value]) => [name, value === keptMark ? '' : value]));
}

const linesOfHeaders = (text: string): [name: string, value: string][] =>
  text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => {
      const colon = line.indexOf(':');
      return colon === -1 ? [line, ''] : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
    });

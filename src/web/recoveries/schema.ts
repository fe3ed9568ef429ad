import { z } from 'zod';
import { Recover } from '../../webhooks/endpoints/schema.ts';
import { linesOf } from '../forms.ts';
import { instantIn } from '../instants.ts';

const { since, until, events, statuses } = Recover.shape;

export const RecoverForm = z.strictObject({
  since: z.preprocess(instantIn, since),
  until: z.preprocess(instantIn, until).optional(),
  events: z.preprocess(linesOf, events.unwrap()),
  statuses: z.preprocess(linesOf, statuses.unwrap()),
});
export const recoverFields = ['since', 'until', 'events', 'statuses'] as const;
export type RecoverField = (typeof recoverFields)[number];

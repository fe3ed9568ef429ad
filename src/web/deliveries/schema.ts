import { z } from 'zod';
import { oneOf } from '../../http/fields.ts';
import { asId } from '../../http/query.ts';
import { type DeliveryFilter, deliveryStatuses } from '../../webhooks/deliveries/list-deliveries.ts';
import { Recover } from '../../webhooks/endpoints/schema.ts';
import type { FormState } from '../forms.ts';
import { instantIn } from '../instants.ts';

export const filterFields = ['endpoint', 'event', 'status', 'since', 'until'] as const;
export type FilterField = (typeof filterFields)[number];

const instant = z.preprocess(instantIn, Recover.shape.since);

/** The filters of a shared address; `all` and what is empty filter nothing. */
export const FilterForm = z.strictObject({
  endpoint: z.string().optional(),
  event: z.string().optional(),
  status: oneOf(deliveryStatuses).optional(),
  since: instant.optional(),
  until: instant.optional(),
});

export function filterOf({ endpoint, ...filter }: z.infer<typeof FilterForm>): DeliveryFilter {
  return { ...filter, endpointId: endpoint === undefined ? undefined : (asId(endpoint) ?? 0) };
}

export const isFiltered = ({ values }: FormState<FilterField>) =>
  filterFields.some((name) => (values[name] ?? '') !== '');

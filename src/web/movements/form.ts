import type { z } from 'zod';
import { NumberLiteral } from '../../http/json.ts';
import type { Refusal } from '../../stock/movements/refusal.ts';
import { bodies, type MovementKind, type NewMovement, readNewMovement } from '../../stock/movements/schema.ts';
import { type FormState, judge, type Sent } from '../forms.ts';
import { instantIn } from '../instants.ts';
import { readMoney, readNumber } from '../numbers.ts';
import type { Visit } from '../visit.ts';

export const movementFields = [
  'location',
  'to',
  'quantity',
  'unitCost',
  'workOrder',
  'reference',
  'occurredAt',
  'note',
] as const;
export type MovementField = (typeof movementFields)[number];
export type MovementForm = FormState<MovementField>;

/** What the API calls the quantity of each kind. */
const quantityNames = { receive: 'qty', consume: 'qty', adjust: 'qtyDelta', count: 'target', transfer: 'qty' } as const;

/** Judges the form of a movement as `POST /movements` judges its body. */
export function parseMovementForm(
  visit: Pick<Visit, 't'>,
  sent: Sent,
  { kind, partId }: { kind: MovementKind; partId: number },
): { movement: NewMovement; form: MovementForm } | { form: MovementForm } {
  const values: MovementForm['values'] = {};
  for (const field of movementFields) values[field] = sent.get(field);
  const isTransfer = kind === 'transfer';
  const names: Record<MovementField, string> = {
    location: isTransfer ? 'fromId' : 'locationId',
    to: 'toId',
    quantity: quantityNames[kind],
    unitCost: 'unitCost',
    workOrder: 'workOrder',
    reference: 'reference',
    occurredAt: 'occurredAt',
    note: 'note',
  };
  const body: Record<string, unknown> = { kind, partId: new NumberLiteral(String(partId)) };
  for (const field of fieldsOfKind[kind]) {
    const text = values[field];
    if (text !== undefined && text.trim() !== '') body[names[field]] = readers[field](text);
  }
  const schema: z.ZodType = bodies[kind];
  const judged = judge(visit, schema, body, Object.values(names));
  const errors = 'errors' in judged ? renamed(judged.errors, names) : {};
  for (const field of isTransfer ? (['location', 'to'] as const) : (['location'] as const)) {
    if (body[names[field]] === undefined) errors[field] = visit.t.form.required;
  }
  if (Object.keys(errors).length > 0) return { form: { values, errors } };
  return { movement: readNewMovement(body), form: { values, errors } };
}

export const fieldsOfKind: Record<MovementKind, MovementField[]> = {
  receive: ['location', 'quantity', 'unitCost', 'reference', 'occurredAt', 'note', 'workOrder'],
  consume: ['location', 'quantity', 'workOrder', 'reference', 'occurredAt', 'note'],
  adjust: ['location', 'quantity', 'workOrder', 'reference', 'occurredAt', 'note'],
  count: ['location', 'quantity', 'workOrder', 'reference', 'occurredAt', 'note'],
  transfer: ['location', 'to', 'quantity', 'workOrder', 'reference', 'occurredAt', 'note'],
};

const readId = (text: string) => (/^[1-9]\d*$/.test(text) ? new NumberLiteral(text) : text);

const readers: Record<MovementField, (text: string) => unknown> = {
  location: readId,
  to: readId,
  quantity: readNumber,
  unitCost: readMoney,
  workOrder: (text) => text,
  reference: (text) => text,
  occurredAt: instantIn,
  note: (text) => text.replaceAll('\r\n', '\n'),
};

function renamed(
  errors: Partial<Record<string, string>>,
  names: Record<MovementField, string>,
): MovementForm['errors'] {
  const own: MovementForm['errors'] = {};
  for (const field of movementFields) if (errors[names[field]] !== undefined) own[field] = errors[names[field]];
  return own;
}

/** Beside which field a refusal stands, and its sentence. */
export function refusalOf({ t, format }: Visit, refusal: Refusal): MovementForm['errors'] {
  const { refusals } = t.movements;
  const { refusal: code, refused_ref, available, unit } = refusal;
  const place = refused_ref === 'to' ? 'to' : 'location';
  switch (code) {
    case 'insufficient_stock':
      return { quantity: refusals.insufficient(`${format.number(available ?? 0)} ${unit}`) };
    case 'same_location':
      return { to: refusals.sameLocation };
    case 'too_much':
      return { quantity: refusals.tooMuch };
    case 'too_valuable':
      return { quantity: refusals.tooValuable };
    case 'archived':
      return { quantity: refusals.archived };
    case 'unknown_id':
    case 'unknown_name':
    case 'disagree':
      return { [place]: refusals.unknown };
    default:
      throw new Error(`No form of the pages can be refused so: ${code}`);
  }
}

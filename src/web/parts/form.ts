import { NumberLiteral, parseJson } from '../../http/json.ts';
import { isObject } from '../../http/validate.ts';
import type { Part } from '../../stock/parts/part.ts';
import { clearable, NewPart, type PartPatch } from '../../stock/parts/schema.ts';
import { type FormState, judge, type Readers, type Sent } from '../forms.ts';
import type { Messages } from '../i18n/index.ts';
import { readMoney, readNumber, typedMoney, typedQuantity } from '../numbers.ts';
import type { Visitor } from '../visit.ts';

export const partFields = [
  'sku',
  'name',
  'unit',
  'category',
  'description',
  'reorderPoint',
  'unitCost',
  'barcode',
  'manufacturerPartNumber',
  'supplier',
  'leadTimeDays',
  'externalId',
] as const;
export type PartField = (typeof partFields)[number];

/** A row of the form: the least that a location should hold, both as typed. */
export interface TypedMinimum {
  locationId: string;
  minimum: string;
}

/** What the form calls each field. */
export const labelsOf = ({ parts }: Messages): Record<string, string> =>
  Object.fromEntries([...partFields, 'locationMinimums' as const].map((field) => [field, parts[field]]));

/** What a part's form holds, as typed. */
export interface PartForm {
  state: FormState<PartField | 'locationMinimums'>;
  minimums: TypedMinimum[];
}

export const emptyPartForm: PartForm = { state: { values: {}, errors: {} }, minimums: [] };

const readers: Readers<PartField> = {
  reorderPoint: readNumber,
  unitCost: readMoney,
  leadTimeDays: readNumber,
  description: (text) => text.replaceAll('\r\n', '\n'), // as browsers send the line breaks of a field
};

/** Judges a part's form as `POST /parts` judges its body. Blank fields are absent. */
export function parsePartForm(
  visitor: Pick<Visitor, 't'>,
  sent: Sent,
): { input: NewPart; form: PartForm } | { form: PartForm } {
  const form = { state: { values: valuesIn(sent), errors: {} }, minimums: minimumsIn(sent) };
  const body: Record<string, unknown> = {};
  for (const field of partFields) {
    const text = form.state.values[field];
    if (text !== undefined && text.trim() !== '') body[field] = readers[field]?.(text) ?? text;
  }
  if (form.minimums.length > 0) body.locationMinimums = form.minimums.map(minimumBody);
  const judged = judge(visitor, NewPart, body, [...partFields, 'locationMinimums']);
  if ('input' in judged) return { input: judged.input, form };
  return { form: { ...form, state: { values: form.state.values, errors: judged.errors } } };
}

/** A patch that makes a part what its form says: what was left blank is cleared. */
export function patchOf(input: NewPart): PartPatch {
  const patch: PartPatch = { ...input };
  for (const field of clearable) if (input[field] === undefined) Object.assign(patch, { [field]: null });
  return patch;
}

/** A part's fields as its form shows them. */
export function typedPart(part: Pick<Part, PartField | 'locationMinimums'>): PartForm {
  const values: Record<PartField, string> = {
    sku: part.sku,
    name: part.name,
    unit: part.unit,
    category: part.category ?? '',
    description: part.description?.replaceAll('\r\n', '\n') ?? '',
    reorderPoint: part.reorderPoint == null ? '' : typedQuantity(part.reorderPoint),
    unitCost: part.unitCost == null ? '' : typedMoney(part.unitCost),
    barcode: part.barcode ?? '',
    manufacturerPartNumber: part.manufacturerPartNumber ?? '',
    supplier: part.supplier ?? '',
    leadTimeDays: part.leadTimeDays == null ? '' : String(part.leadTimeDays),
    externalId: part.externalId ?? '',
  };
  const minimums = part.locationMinimums.map(({ locationId, minimum }) => ({
    locationId: String(locationId),
    minimum: typedQuantity(minimum),
  }));
  return { state: { values, errors: {} }, minimums };
}

/** What a form began with, kept in it to tell later who changed what. */
export const baseOf = ({ state, minimums }: PartForm): string => JSON.stringify({ values: state.values, minimums });

/** Where somebody else has changed a field while the form was open. */
export interface Change {
  field: PartField | 'locationMinimums';
  before: string;
  now: string;
}

/**
 * Puts what was typed over what is stored now: a field that the form left as it was takes what the other person wrote, one that
 * both changed keeps what was typed. Answers what the other person changed.
 */
export function mergeForms(
  base: string | undefined,
  typed: PartForm,
  now: PartForm,
): { form: PartForm; changes: Change[] } {
  const began = readBase(base);
  const changes: Change[] = [];
  const values = { ...typed.state.values };
  for (const field of partFields) {
    const [before = '', current = ''] = [began.values[field], now.state.values[field]];
    if (before === current) continue;
    changes.push({ field, before, now: current });
    if ((tidy(values[field]) ?? '') === tidy(before)) values[field] = current;
  }
  const [before, current] = [began.minimums, JSON.stringify(now.minimums)];
  let minimums = typed.minimums;
  if (before !== current) {
    changes.push({ field: 'locationMinimums', before: '', now: '' });
    if (JSON.stringify(minimums) === before) minimums = now.minimums;
  }
  return { form: { state: { values, errors: {} }, minimums }, changes };
}

const tidy = (text: string | undefined) => text?.replaceAll('\r\n', '\n');

function readBase(text: string | undefined): { values: Record<string, string>; minimums: string } {
  const parsed = parsedOrNothing(text);
  const values = isObject(parsed.values) ? Object.entries(parsed.values) : [];
  return {
    values: Object.fromEntries(values.filter((entry): entry is [string, string] => typeof entry[1] === 'string')),
    minimums: JSON.stringify(parsed.minimums),
  };
}

function parsedOrNothing(text: string | undefined): Record<string, unknown> {
  try {
    const parsed = parseJson(text ?? '');
    return isObject(parsed) ? parsed : {};
  } catch {
    return {};
  }
}

const valuesIn = (sent: Sent): FormState<PartField>['values'] =>
  Object.fromEntries(partFields.map((field) => [field, sent.get(field) ?? '']));

/** The rows in which anything was typed. */
function minimumsIn(sent: Sent): TypedMinimum[] {
  const minimums = sent.all('minimum');
  return sent
    .all('minimumLocation')
    .map((locationId, n) => ({ locationId, minimum: minimums[n] ?? '' }))
    .filter(({ locationId, minimum }) => locationId !== '' || minimum.trim() !== '');
}

const minimumBody = ({ locationId, minimum }: TypedMinimum): Record<string, unknown> => ({
  ...(/^\d+$/.test(locationId) && { locationId: new NumberLiteral(locationId) }),
  ...(minimum.trim() !== '' && { minimum: readNumber(minimum) }),
});

import { unprocessable } from '../../errors.ts';
import { foldName } from '../../fold-name.ts';

/** The two fields of a body that can name one thing: `sku` or `partId`, `from` or `fromId`, … */
export interface ReferenceField {
  name: string;
  id: string;
}

export const partField: ReferenceField = { name: 'sku', id: 'partId' };
export const locationField: ReferenceField = { name: 'location', id: 'locationId' };
export const fromField: ReferenceField = { name: 'from', id: 'fromId' };
export const toField: ReferenceField = { name: 'to', id: 'toId' };

/** A part or location named in a body: by its name, by its id, or by both, which must then agree. */
export interface Reference {
  field: ReferenceField;
  name: string | undefined;
  /** The name as it is matched. */
  key: string | undefined;
  /** The name as an id, when it is all digits and nothing has it as its name. */
  digits: number | undefined;
  id: number | undefined;
  /** Where the id was given. */
  idField: string;
}

export const isAbsent = (field: ReferenceField, body: Record<string, unknown>) =>
  body[field.name] === undefined && body[field.id] === undefined;

/** Throws 422 when a numeric `name` field and the id field differ. */
export function readReference(
  field: ReferenceField,
  named: string | number | undefined,
  id: number | undefined,
): Reference {
  if (typeof named === 'string') {
    const digits = /^\d{1,15}$/.test(named.trim()) ? Number(named) : undefined;
    return { field, name: named, key: foldName(named), digits, id, idField: field.id };
  }
  if (named !== undefined && id !== undefined && named !== id) throw disagreement(field);
  return {
    field,
    name: undefined,
    key: undefined,
    digits: undefined,
    id: named ?? id,
    idField: named === undefined ? field.id : field.name,
  };
}

export const disagreement = ({ name, id }: ReferenceField) =>
  unprocessable(`\`${name}\` and \`${id}\` name different things.`);

export const unknownName = (reference: Reference) =>
  unprocessable(`\`${reference.field.name}\` "${reference.name?.slice(0, 300)}" does not exist.`);

export const unknownId = (reference: Reference) =>
  unprocessable(`\`${reference.idField}\` ${reference.id} does not exist.`);

import type { ApiError } from '../../errors.ts';
import { missing } from '../../http/fields.ts';
import type { FileProblem } from '../../stock/imports/csv-table.ts';
import type { Fault } from '../../stock/imports/fault.ts';
import { refusalIn } from '../i18n/refusals.ts';
import { refusedField } from '../refused-field.ts';
import type { Visit } from '../visit.ts';

/** Why a row cannot be imported, in the reader's words. */
export function reasonOf({ t, format }: Visit, { reason }: Fault): string {
  const { reasons } = t.imports;
  switch (reason.kind) {
    case 'field':
      return reason.predicate === missing ? t.form.required : refusalIn(t, reason.predicate);
    case 'repeated':
      return reasons.repeated(reason.line);
    case 'cells':
      return reasons.cells(reason.count, reason.expected);
    case 'part':
      return partReason(t, reason.error);
    case 'movement': {
      const { refusal, refused_ref, unit, available } = reason.refusal;
      if (refusal === 'unknown_name') return refused_ref === 'part' ? reasons.noPart : reasons.noLocation;
      if (refusal === 'archived') return t.movements.refusals.archived;
      if (refusal === 'too_valuable') return t.movements.refusals.tooValuable;
      if (refusal === 'too_much') return t.movements.refusals.tooMuch;
      return t.movements.refusals.insufficient(`${format.number(available ?? 0)} ${unit}`);
    }
  }
}

/** The refusals of a batch of parts; a sentence that is not known is shown as the API gives it. */
function partReason(t: Visit['t'], error: ApiError): string {
  const { reasons } = t.imports;
  const field = refusedField(error);
  if (field === 'name' && error.message.includes(missing)) return reasons.nameNeeded;
  const known: Record<string, string> = {
    externalId: t.parts.externalIdTaken,
    unit: t.parts.unitFixed,
    archived: reasons.hasStock,
    locationMinimums: reasons.minimums,
  };
  return (field && known[field]) ?? error.message;
}

/** Why a file as a whole cannot be read. */
export function problemOf({ t }: Visit, problem: FileProblem): string {
  const { problems, columns } = t.imports;
  switch (problem.problem) {
    case 'malformed':
      return problems.malformed(problem.line);
    case 'missingColumn':
      return problems.missingColumn(columns[problem.column] ?? problem.column);
    case 'columnTwice':
      return problems.columnTwice(problem.column);
    default:
      return problems[problem.problem];
  }
}

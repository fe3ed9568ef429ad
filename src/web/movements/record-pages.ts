import type { LocationName } from '../../stock/locations/all-locations.ts';
import type { Refusal } from '../../stock/movements/refusal.ts';
import { type MovementKind, movementKinds } from '../../stock/movements/schema.ts';
import type { PartLevel } from '../../stock/parts/levels-of-part.ts';
import type { findPart } from '../../stock/parts/list-parts.ts';
import { presentPart } from '../../stock/parts/present-part.ts';
import { button, linkButton } from '../components/button.ts';
import { confirm } from '../components/confirm.ts';
import { details } from '../components/details.ts';
import { emptyState } from '../components/empty-state.ts';
import { type Choice, errorSummary, fieldsOf } from '../components/form.ts';
import { instantField } from '../components/instant-field.ts';
import { notice } from '../components/notice.ts';
import { pageHeader } from '../components/page-header.ts';
import { scanField } from '../components/scan-field.ts';
import { tabs } from '../components/tabs.ts';
import { dateTime } from '../components/time.ts';
import { emptyForm } from '../forms.ts';
import { type Content, type Html, html } from '../html.ts';
import { page } from '../layout.ts';
import { stockState } from '../parts/stock-state.ts';
import { paths } from '../paths.ts';
import type { Visit } from '../visit.ts';
import { fieldsOfKind, type MovementField, type MovementForm } from './form.ts';
import type { LedgerRow } from './ledger.ts';
import { delta, isReversible, kindLabel, movementLink } from './ledger-table.ts';

type Part = NonNullable<Awaited<ReturnType<typeof findPart>>>;
type ShownPart = ReturnType<typeof presentPart>;

/** The first step: which part. Scanned or typed, or taken from those that are offered. */
export function choosePartPage(
  visit: Visit,
  { kind, text, parts }: { kind: MovementKind; text: string; parts: ShownPart[] },
): Html {
  const { t, format, organizationId } = visit;
  const nothing = emptyState({
    icon: 'search',
    title: text === '' ? t.parts.emptyTitle : t.movements.noPart(text),
    text: text === '' ? t.parts.emptyText : t.movements.noPartText,
    action: linkButton({ label: t.parts.create, href: paths.newPart(organizationId), icon: 'add' }),
  });
  return page(visit, {
    title: t.movements.record,
    place: 'movements',
    body: html`
      ${pageHeader(visit, { title: t.movements.record, crumbs: [{ label: t.movements.title, href: paths.movements(organizationId) }] })}
      ${kindTabs(visit, kind, { part: text || undefined })}
      <form method="get" action="${paths.newMovement(organizationId)}" class="form">
        <input type="hidden" name="kind" value="${kind}">
        ${scanField(visit, { name: 'part', label: t.movements.whichPart, hint: t.movements.whichPartHint, value: text })}
      </form>
      ${
        parts.length === 0
          ? nothing
          : html`<ul class="offers" aria-label="${t.parts.title}">${parts.map(
              (part) => html`<li><a href="${paths.newMovement(organizationId, { kind, partId: part.id })}">
                <code>${part.sku}</code><span class="clamp">${part.name}</span><span class="offer-stock">${format.number(part.onHand)} ${part.unit}</span>
              </a></li>`,
            )}</ul>`
      }`,
  });
}

const kindTabs = (
  { t, organizationId }: Visit,
  current: MovementKind,
  query: { partId?: number; part?: string | undefined },
): Html =>
  tabs(
    t.movements.kind,
    movementKinds.map((kind) => ({
      label: t.movements.kinds[kind],
      href: paths.newMovement(organizationId, {
        kind,
        ...(query.partId ? { partId: query.partId } : {}),
        ...(query.part ? { part: query.part } : {}),
      }),
      isCurrent: kind === current,
    })),
  );

interface RecordView {
  kind: MovementKind;
  part: Part;
  levels: PartLevel[];
  locations: LocationName[];
  /** The one-time key of this form. */
  once: string;
  form: MovementForm;
  /** Why nothing was recorded although nothing is wrong with the fields. */
  warning?: 'sentBefore' | 'running';
}

export function recordPage(visit: Visit, view: RecordView): Html {
  const { t, organizationId } = visit;
  const { kind, form, once, warning, locations } = view;
  const part = presentPart(view.part);
  return page(visit, {
    title: t.movements.recordOf(part.sku),
    place: 'movements',
    body: html`
      ${pageHeader(visit, {
        title: t.movements.record,
        crumbs: [
          { label: t.parts.title, href: paths.parts(organizationId) },
          { label: part.sku, href: paths.part(organizationId, part.id) },
        ],
      })}
      ${partCard(visit, part, kind)}
      ${kindTabs(visit, kind, { partId: part.id })}
      ${
        locations.length === 0
          ? emptyState({
              icon: 'building',
              title: t.locations.emptyTitle,
              text: t.locations.emptyText,
              action: linkButton({
                label: t.locations.create,
                href: paths.newLocation(organizationId),
                kind: 'primary',
                icon: 'add',
              }),
            })
          : html`<form method="post" action="${paths.movements(organizationId)}" class="form" novalidate>
            <input type="hidden" name="kind" value="${kind}">
            <input type="hidden" name="partId" value="${part.id}">
            <input type="hidden" name="once" value="${once}">
            <p class="lead">${t.movements.leads[kind]}</p>
            ${warning && notice({ tone: 'warning', content: t.movements.warnings[warning], isAnswer: true })}
            ${errorSummary(visit, form, labelsOf(visit, kind))}
            ${fieldsFor(visit, view, part)}
            <div class="actions">
              ${linkButton({ label: t.common.cancel, href: paths.part(organizationId, part.id) })}
              ${button({ label: t.movements.submit[kind], kind: 'primary' })}
            </div>
          </form>`
      }`,
  });
}

const partCard = (visit: Visit, part: ShownPart, kind: MovementKind): Html => html`
  <div class="part-card">
    <div><code>${part.sku}</code><strong class="clamp">${part.name}</strong></div>
    <p><strong>${visit.format.number(part.onHand)} ${part.unit}</strong> ${stockState(visit, part)}</p>
    ${linkButton({ label: visit.t.movements.anotherPart, href: paths.newMovement(visit.organizationId, { kind }), kind: 'quiet', icon: 'scan' })}
  </div>`;

function labelsOf({ t }: Visit, kind: MovementKind): Record<MovementField, string> {
  return {
    location: kind === 'transfer' ? t.movements.from : t.locations.one,
    to: t.movements.to,
    quantity: t.movements.quantities[kind],
    unitCost: t.movements.unitCost,
    workOrder: t.movements.workOrder,
    reference: t.movements.reference,
    occurredAt: t.movements.occurredAt,
    note: t.movements.note,
  };
}

function fieldsFor(visit: Visit, { kind, form, levels, locations }: RecordView, part: ShownPart): Html {
  const { t, format } = visit;
  const labels = labelsOf(visit, kind);
  const fields = fieldsOf(visit, form);
  const at = new Map(levels.map((level) => [level.locationId, level]));
  const choices: Choice[] = locations.map(({ id, name }) => {
    const level = at.get(id);
    const label = level === undefined ? name : `${name} · ${format.number(level.onHand)} ${part.unit}`;
    return { value: String(id), label };
  });
  const place = (name: 'location' | 'to', value: number | undefined) =>
    fields.select({
      name,
      label: labels[name],
      value: value === undefined ? '' : String(value),
      choices: [{ value: '', label: t.movements.choose }, ...choices],
    });
  const more: Record<'workOrder' | 'reference' | 'occurredAt' | 'note', Content> = {
    workOrder: fields.text({
      name: 'workOrder',
      label: labels.workOrder,
      isOptional: true,
      maxLength: 255,
      isCode: true,
    }),
    reference: fields.text({
      name: 'reference',
      label: labels.reference,
      hint: t.movements.referenceHint,
      isOptional: true,
      maxLength: 255,
      isCode: true,
    }),
    occurredAt: instantField(visit, form, {
      name: 'occurredAt',
      label: labels.occurredAt,
      hint: t.movements.occurredAtHint,
    }),
    note: fields.textArea({ name: 'note', label: labels.note, isOptional: true, maxLength: 2_000, rows: 2 }),
  };
  const isOpen = (['workOrder', 'reference', 'occurredAt', 'note'] as const).some(
    (name) => (form.values[name] ?? '') !== '' || form.errors[name] !== undefined,
  );
  return html`
    ${place('location', likelyLocation(kind, levels, locations))}
    ${kind === 'transfer' && place('to', undefined)}
    <div class="field-pair">
      ${fields.text({
        name: 'quantity',
        label: `${labels.quantity} (${part.unit})`,
        hint: kind === 'adjust' || kind === 'count' ? t.movements.quantityHints[kind] : undefined,
        inputMode: kind === 'adjust' ? undefined : 'decimal',
        isCode: true,
        isFocused: true,
      })}
      ${kind === 'receive' && fields.text({ name: 'unitCost', label: labels.unitCost, hint: t.movements.unitCostHint(part.unit), isOptional: true, inputMode: 'decimal', isCode: true })}
    </div>
    ${kind === 'consume' && more.workOrder}
    <details class="more"${isOpen && html` open`}><summary>${t.movements.more}</summary><div class="form">
      ${more.reference}${kind !== 'consume' && fieldsOfKind[kind].includes('workOrder') && more.workOrder}${more.occurredAt}${more.note}
    </div></details>`;
}

/** Where it is likely to be: the only place that has any, or the only one there is. */
function likelyLocation(kind: MovementKind, levels: PartLevel[], locations: LocationName[]): number | undefined {
  const stocked = levels.filter(({ onHand }) => Number(onHand) > 0);
  const likely = kind === 'receive' || stocked.length === 0 ? levels : stocked;
  if (likely.length === 1) return likely[0]?.locationId;
  return locations.length === 1 ? locations[0]?.id : undefined;
}

interface ReverseView {
  row: LedgerRow;
  once: string;
  /** Why it could not be reversed. */
  refusal?: Refusal | undefined;
}

/** Asks before a movement is taken back; the ledger keeps both. */
export function reversePage(visit: Visit, { row, once, refusal }: ReverseView): Html {
  const { t, organizationId } = visit;
  const title = t.movements.reverseTitle(row.id);
  const back = paths.part(organizationId, Number(row.part_id));
  const facts = details([
    [t.movements.part, html`<code>${row.sku}</code>`],
    [t.movements.kind, kindLabel(visit, row.kind)],
    [t.locations.one, row.location],
    [t.movements.change, delta(visit, row.qty_delta, row.unit)],
    [t.movements.when, dateTime(visit, new Date(row.occurred_at))],
  ]);
  if (!isReversible(row)) {
    return page(visit, {
      title,
      place: 'movements',
      body: html`<div class="confirm" data-confirm-panel>
        <h1>${title}</h1>
        <p>${t.movements.isReversed} ${movementLink(visit, row.reversed_by_id ?? '')}</p>
        <div class="actions">${linkButton({ label: t.common.close, href: back })}</div>
      </div>`,
    });
  }
  return page(visit, {
    title,
    place: 'movements',
    body: confirm(visit, {
      title,
      text: html`
        ${refusal && notice({ tone: 'bad', content: reasonOf(visit, refusal), isAnswer: true })}
        <p>${row.transfer_id === null ? t.movements.reverseLead : t.movements.reverseTransferLead}</p>
        ${facts}`,
      fields: html`<input type="hidden" name="once" value="${once}">${fieldsOf(visit, emptyForm).text({ name: 'note', label: t.movements.why, isOptional: true, maxLength: 2_000 })}`,
      action: paths.reverseMovement(organizationId, Number(row.id)),
      submit: t.movements.reverseSubmit,
      back,
      isDanger: false,
    }),
  });
}

function reasonOf({ t, format }: Visit, { refusal, available, unit }: Refusal): string {
  const { refusals } = t.movements;
  if (refusal === 'insufficient_stock') return refusals.insufficient(`${format.number(available ?? 0)} ${unit}`);
  if (refusal === 'archived') return refusals.archived;
  return refusal === 'too_valuable' ? refusals.tooValuable : refusals.tooMuch;
}

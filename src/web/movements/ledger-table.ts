import type { MovementKind } from '../../stock/movements/schema.ts';
import { linkButton } from '../components/button.ts';
import { type IconName, icon } from '../components/icon.ts';
import { type Column, table } from '../components/table.ts';
import { dateTime } from '../components/time.ts';
import { type Content, type Html, html } from '../html.ts';
import { paths } from '../paths.ts';
import type { Visit } from '../visit.ts';
import type { LedgerRow } from './ledger.ts';

/** Movements as a table. `shows`: what of they are, which is then not said in each row. */
export function ledgerTable(visit: Visit, { rows, shows }: { rows: LedgerRow[]; shows: 'part' | 'everything' }): Html {
  const { t, format, organizationId } = visit;
  const ofPart: Column<LedgerRow> = {
    label: t.movements.part,
    cell: (row) =>
      html`<span class="ledger-part"><a class="code row-link" href="${paths.part(organizationId, Number(row.part_id))}">${row.sku}</a><small class="clamp muted">${row.part_name}</small></span>`,
  };
  return table<LedgerRow>({
    caption: t.movements.title,
    isDense: true,
    rows,
    columns: [
      { label: t.movements.when, kind: 'title', cell: (row) => when(visit, row) },
      { label: t.movements.kind, cell: ({ kind }) => kindLabel(visit, kind) },
      ...(shows === 'everything' ? [ofPart] : []),
      { label: t.locations.one, cell: ({ location }) => location },
      { label: t.movements.change, kind: 'number', cell: ({ qty_delta, unit }) => delta(visit, qty_delta, unit) },
      {
        label: t.movements.onHandAfter,
        kind: 'number',
        cell: ({ on_hand }) => html`<span>${format.number(on_hand)}</span>`,
      },
      { label: t.movements.who, cell: (row) => who(visit, row) },
      { label: t.movements.about, cell: (row) => about(visit, row) },
      ...(visit.canWrite
        ? [{ label: t.movements.actions, kind: 'actions' as const, cell: (row: LedgerRow) => correct(visit, row) }]
        : []),
    ],
  });
}

/** When it happened; when it was written where that is later. */
function when(visit: Visit, { id, occurred_at, created_at }: LedgerRow): Content {
  const [occurred, created] = [new Date(occurred_at), new Date(created_at)];
  const isLate = Math.abs(created.getTime() - occurred.getTime()) >= 60_000;
  return html`<span><a class="row-link" href="${paths.movement(visit.organizationId, Number(id))}">${dateTime(visit, occurred)}</a>${
    isLate && html`<small class="muted">${visit.t.movements.recorded} ${dateTime(visit, created)}</small>`
  }</span>`;
}

const kindIcons: Record<MovementKind, IconName> = {
  receive: 'download',
  consume: 'upload',
  adjust: 'settings',
  count: 'check',
  transfer: 'movements',
};

export const kindLabel = ({ t }: Pick<Visit, 't'>, kind: MovementKind): Html =>
  html`<span class="kind">${icon(kindIcons[kind])}${t.movements.kinds[kind]}</span>`;

export const delta = ({ format }: Pick<Visit, 'format'>, quantity: string, unit: string): Html =>
  html`<span class="delta${Number(quantity) < 0 ? ' delta-out' : Number(quantity) > 0 ? ' delta-in' : ''}">${format.signed(quantity)} <span class="unit">${unit}</span></span>`;

export function who({ t }: Pick<Visit, 't'>, { person, api_key }: Pick<LedgerRow, 'person' | 'api_key'>): Content {
  if (person !== null) return html`<span class="who">${icon('person')}<span>${person}</span></span>`;
  if (api_key !== null)
    return html`<span class="who">${icon('keys', { label: t.movements.byKey })}<span>${api_key}</span></span>`;
  return html`<span class="muted">${t.movements.bySystem}</span>`;
}

/** What it is about: document, work order, note, and what it has to do with other movements. */
function about(visit: Visit, row: LedgerRow): Content {
  const { t } = visit;
  const line = (content: Content) => html`<span class="about-line">${content}</span>`;
  const lines = [
    row.reference !== null &&
      line(html`<code>${row.reference}${row.reference_line !== null && ` / ${row.reference_line}`}</code>`),
    row.work_order !== null && line(html`${t.movements.workOrder} <code>${row.work_order}</code>`),
    row.note !== null && line(html`<span class="clamp">${row.note}</span>`),
    row.reverses_id !== null && line(html`${t.movements.reverses} ${movementLink(visit, row.reverses_id)}`),
    row.reversed_by_id !== null && line(html`${t.movements.reversedBy} ${movementLink(visit, row.reversed_by_id)}`),
  ].filter((content) => content !== false);
  return lines.length > 0 && html`<span class="about">${lines}</span>`;
}

export const movementLink = ({ organizationId }: Pick<Visit, 'organizationId'>, id: string | number): Html =>
  html`<a href="${paths.movement(organizationId, Number(id))}">#${id}</a>`;

export const isReversible = ({ reversed_by_id }: Pick<LedgerRow, 'reversed_by_id'>) => reversed_by_id === null;

const correct = ({ t, organizationId }: Visit, row: LedgerRow): Content =>
  isReversible(row) &&
  linkButton({
    label: t.movements.reverse,
    describedAs: t.movements.reverseOf(row.id),
    href: paths.reverseMovement(organizationId, Number(row.id)),
    kind: 'quiet',
    confirm: true,
  });

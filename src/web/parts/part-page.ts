import type { PartLevel } from '../../stock/parts/levels-of-part.ts';
import type { findPart } from '../../stock/parts/list-parts.ts';
import type { OnHandHistory } from '../../stock/parts/on-hand-history.ts';
import { presentPart } from '../../stock/parts/present-part.ts';
import { badge } from '../components/badge.ts';
import { buttonForm, linkButton } from '../components/button.ts';
import { details, section } from '../components/details.ts';
import { notice } from '../components/notice.ts';
import { pageHeader } from '../components/page-header.ts';
import { pager } from '../components/pager.ts';
import { plot } from '../components/plot.ts';
import { table } from '../components/table.ts';
import { tabs } from '../components/tabs.ts';
import { dateTime } from '../components/time.ts';
import { type Content, type Html, html } from '../html.ts';
import { page } from '../layout.ts';
import type { ListPage } from '../list-page.ts';
import type { LedgerRow } from '../movements/ledger.ts';
import { ledgerTable } from '../movements/ledger-table.ts';
import { paths } from '../paths.ts';
import type { Visit } from '../visit.ts';
import { stockState } from './stock-state.ts';

/** How far back the plot goes. */
export const historyDays = [30, 90, 365] as const;

type Part = NonNullable<Awaited<ReturnType<typeof findPart>>>;
type ShownPart = ReturnType<typeof presentPart>;
type History = OnHandHistory & { days: (typeof historyDays)[number]; from: Date; until: Date };

interface PartView {
  part: Part;
  levels: PartLevel[];
  history: History;
  ledger: ListPage<LedgerRow>;
}

export function partPage(visit: Visit, { part: row, levels, history, ledger }: PartView): Html {
  const { t, organizationId } = visit;
  const part = presentPart(row);
  return page(visit, {
    title: part.sku,
    place: 'parts',
    body: html`
      ${pageHeader(visit, {
        title: part.name,
        lead: html`<code>${part.sku}</code>${part.category !== null && html` · ${part.category}`}`,
        crumbs: [{ label: t.parts.title, href: paths.parts(organizationId) }],
        actions: visit.canWrite && actions(visit, part),
      })}
      ${part.archived && notice({ tone: 'info', content: t.parts.isArchived })}
      ${figures(visit, part)}
      ${part.description !== null && part.description.trim() !== '' && html`<p class="prose">${part.description}</p>`}
      ${onHandPlot(visit, part, history)}
      ${places(visit, part, levels)}
      ${facts(visit, part)}
      ${section({
        id: 'ledger',
        title: t.movements.title,
        body:
          ledger.rows.length === 0
            ? html`<p class="muted">${t.movements.noneOfPart}</p>`
            : html`${ledgerTable(visit, { rows: ledger.rows, shows: 'part' })}
              ${pager(visit, { newer: ledger.previous, older: ledger.next })}`,
      })}`,
  });
}

function actions({ t, organizationId }: Visit, { id, archived }: ShownPart): Content {
  if (archived) return buttonForm({ label: t.parts.unarchive, action: paths.unarchivePart(organizationId, id) });
  return [
    linkButton({ label: t.parts.archive, href: paths.archivePart(organizationId, id), kind: 'quiet', confirm: true }),
    linkButton({ label: t.parts.edit, href: paths.editPart(organizationId, id) }),
    linkButton({
      label: t.movements.record,
      href: paths.newMovement(organizationId, { partId: id }),
      kind: 'primary',
      icon: 'movements',
    }),
  ];
}

/** What one comes for, large. */
const figures = (visit: Visit, part: ShownPart): Html => {
  const { t, format } = visit;
  const figure = (label: string, value: Content) => html`<div class="figure"><dt>${label}</dt><dd>${value}</dd></div>`;
  return html`<dl class="figures">
    ${figure(t.parts.onHand, html`<strong class="figure-main">${format.number(part.onHand)}</strong> ${part.unit} ${stockState(visit, part)}`)}
    ${figure(t.parts.reorderAt, part.reorderPoint === null ? t.common.never : `${format.number(part.reorderPoint)} ${part.unit}`)}
    ${figure(t.parts.value, format.money(part.value))}
    ${figure(t.parts.averageCost, part.averageCost === null ? '–' : format.money(part.averageCost))}
  </dl>`;
};

function onHandPlot({ t, format, organizationId }: Visit, part: ShownPart, history: History): Html {
  const { points, days, from, until, isWhole } = history;
  const last = points.at(-1)?.onHand ?? part.onHand;
  const values = points.map(({ onHand }) => onHand);
  const [least, most] = [Math.min(...values, last), Math.max(...values, last)].map((value) => format.number(value));
  return section({
    id: 'history',
    title: t.parts.history,
    actions: tabs(
      t.parts.history,
      historyDays.map((value) => ({
        label: t.parts.days(value),
        href: `${paths.part(organizationId, part.id)}?days=${value}#history`,
        isCurrent: value === days,
      })),
    ),
    body: html`
      ${!isWhole && html`<p class="muted">${t.parts.historyCut}</p>`}
      ${plot({
        label: t.parts.historyLabel({
          days,
          least: least ?? '',
          most: most ?? '',
          now: format.number(last),
          unit: part.unit,
        }),
        kind: 'steps',
        points: [...points.map(({ at, onHand }) => ({ x: at.getTime(), y: onHand })), { x: until.getTime(), y: last }],
        from: from.getTime(),
        until: until.getTime(),
        ends: [format.date(from), t.parts.today],
        formatY: (y) => format.number(y),
        reference:
          part.reorderPoint === null
            ? undefined
            : { y: part.reorderPoint, label: `${t.parts.reorderPoint} ${format.number(part.reorderPoint)}` },
      })}`,
  });
}

function places(visit: Visit, part: ShownPart, levels: PartLevel[]): Html {
  const { t, format, organizationId } = visit;
  const isShort = ({ onHand, minimum }: PartLevel) => minimum !== null && Number(onHand) <= Number(minimum);
  return section({
    id: 'places',
    title: t.parts.places,
    body:
      levels.length === 0
        ? html`<p class="muted">${t.parts.nowhere}</p>`
        : table<PartLevel>({
            caption: t.parts.places,
            rows: levels,
            columns: [
              {
                label: t.locations.one,
                kind: 'title',
                cell: ({ locationId, location }) =>
                  html`<a class="row-link" href="${paths.location(organizationId, locationId)}">${location}</a>`,
              },
              {
                label: t.parts.onHand,
                kind: 'number',
                cell: ({ onHand }) =>
                  html`<span>${format.number(onHand)} <span class="unit">${part.unit}</span></span>`,
              },
              {
                label: t.parts.minimum,
                kind: 'number',
                cell: ({ minimum }) =>
                  minimum === null ? html`<span class="muted">–</span>` : html`<span>${format.number(minimum)}</span>`,
              },
              {
                label: t.parts.state,
                cell: (level) => (isShort(level) ? badge({ tone: 'warning', label: t.parts.states.low }) : undefined),
              },
            ],
          }),
  });
}

function facts(visit: Visit, part: ShownPart): Html {
  const { t, format } = visit;
  const code = (text: string | null): Content => text !== null && html`<code>${text}</code>`;
  const known: [string, Content][] = [
    [t.parts.barcode, code(part.barcode)],
    [t.parts.manufacturerPartNumber, code(part.manufacturerPartNumber)],
    [t.parts.supplier, part.supplier],
    [t.parts.leadTimeDays, part.leadTimeDays !== null && t.parts.days(part.leadTimeDays)],
    [t.parts.unitCost, part.unitCost !== null && format.money(part.unitCost)],
    [t.parts.externalId, code(part.externalId)],
    [t.parts.id, html`<code>${part.id}</code>`],
    [t.parts.changed, dateTime(visit, new Date(part.updatedAt))],
  ];
  return section({
    id: 'facts',
    title: t.parts.facts,
    body: details(known.filter(([, value]) => value !== null && value !== false)),
  });
}

import { createHash, randomUUID } from 'node:crypto';
import type { Context } from 'koa';
import { sql } from 'kysely';
import type { Services } from '../../app.ts';
import { readPage } from '../../db/keyset.ts';
import { notFound } from '../../errors.ts';
import type { IdempotentRequest } from '../../http/idempotency.ts';
import { NumberLiteral } from '../../http/json.ts';
import { answerCsv } from '../../http/list.ts';
import { asId, isUuid, maxSearchLength } from '../../http/query.ts';
import { allLocations } from '../../stock/locations/all-locations.ts';
import {
  findMovements,
  type MovementFilter,
  movementList,
  movementSorts,
} from '../../stock/movements/list-movements.ts';
import { recordMovements } from '../../stock/movements/record-movements.ts';
import { type MovementKind, movementKinds, type NewMovement, readNewMovement } from '../../stock/movements/schema.ts';
import { levelsOfPart } from '../../stock/parts/levels-of-part.ts';
import { findPart, type PartColumns, partList, partSorts } from '../../stock/parts/list-parts.ts';
import { lookUpParts } from '../../stock/parts/look-up-part.ts';
import type { StockFilter } from '../../stock/read-filters.ts';
import { emptyForm, readForm, type Sent } from '../forms.ts';
import { readListPage } from '../list-page.ts';
import { asDownload, idOf, queryOf } from '../parameters.ts';
import { paths } from '../paths.ts';
import { redirectSaying, show } from '../respond.ts';
import { actorOf, type Visit, visitOf } from '../visit.ts';
import { parseMovementForm, refusalOf } from './form.ts';
import { type LedgerRow, ledgerOf, ledgerSorts } from './ledger.ts';
import { movementPage, movementsPage } from './ledger-pages.ts';
import { choosePartPage, recordPage, reversePage } from './record-pages.ts';

/** Pages of an organization's ledger. */
export function movementPages(services: Services) {
  const { db } = services;

  async function find(ctx: Context) {
    const { organizationId } = visitOf(ctx);
    const { rows } = ledgerOf(organizationId, {}, {});
    const only = { ...rows, where: [...rows.where, sql`m.id = ${idOf(ctx)}`] };
    const [row] = await readPage<LedgerRow>(db, only, { sort: movementSorts.id, descending: false, limit: 1 });
    if (row === undefined) throw notFound('There is no such movement.');
    return row;
  }

  /** Records one movement of a form. A form that was sent before answers what it did then. */
  async function record(visit: Visit, sent: Sent, movement: NewMovement) {
    const { verdict, outcomes, deliveries } = await recordMovements(
      { pool: db.pool, actor: actorOf(visit) },
      { movements: [movement], atomic: true, dryRun: false, idempotency: idempotencyOf(visit, sent) },
    );
    services.wakeDispatcher(deliveries);
    return { verdict, outcome: outcomes[0] };
  }

  /** Says what was done, on the part's page. */
  async function sayRecorded(ctx: Context, partId: number, movementId: number | null) {
    const visit = visitOf(ctx);
    const { organizationId, t, format } = visit;
    const rows = movementId === null ? [] : await findMovements(db, { organizationId, id: movementId, whole: true });
    const [first, second] = rows;
    if (first === undefined) throw new Error('the movement that was recorded is not in the ledger');
    const quantity = (text: string) => `${format.number(text)} ${first.unit}`;
    const message = t.movements.done[first.reverses_id === null ? first.kind : 'reversal']({
      sku: first.sku,
      moved: quantity(first.qty_delta.replace('-', '')),
      change: `${format.signed(first.qty_delta)} ${first.unit}`,
      location: first.location,
      to: second?.location ?? '',
      onHand: quantity(first.on_hand),
    });
    await redirectSaying(services, ctx, paths.part(organizationId, partId), message);
  }

  return {
    async list(ctx: Context) {
      const visit = visitOf(ctx);
      const asked = readAsked(ctx);
      const list = ledgerOf(visit.organizationId, await stockFilter(visit, asked), filterOf(asked));
      const [ledger, locations] = await Promise.all([
        readListPage(ctx, db, list, { sortBy: ledgerSorts }),
        allLocations(db, visit.organizationId),
      ]);
      await show(ctx, movementsPage(visit, { asked, ledger, locations, query: ctx.querystring }));
    },

    async csv(ctx: Context) {
      const visit = visitOf(ctx);
      const asked = readAsked(ctx);
      asDownload(ctx, 'movements.csv');
      const stock = await stockFilter(visit, asked);
      await answerCsv(ctx, db, movementList(visit.organizationId, stock, filterOf(asked)), {});
    },

    async show(ctx: Context) {
      await show(ctx, movementPage(visitOf(ctx), await find(ctx)));
    },

    /** First which part, then the form. */
    async new(ctx: Context) {
      const visit = visitOf(ctx);
      const kind = kindOf(queryOf(ctx, 'kind')) ?? 'receive';
      const text = queryOf(ctx, 'part')?.trim().slice(0, maxSearchLength) ?? '';
      const given = asId(queryOf(ctx, 'partId') ?? '');
      const found = given === undefined ? await lookUpParts(db, { ...visit, text }) : [given];
      const [partId] = found;
      if (partId !== undefined && found.length === 1) return showForm(ctx, { kind, partId, form: emptyForm });
      await show(ctx, choosePartPage(visit, { kind, text, parts: await partsLike(visit, text, found) }));
    },

    async create(ctx: Context) {
      const visit = visitOf(ctx);
      const sent = await readForm(ctx);
      const kind = kindOf(sent.get('kind'));
      const partId = asId(sent.get('partId') ?? '');
      if (kind === undefined || partId === undefined) throw notFound('There is no such part.');
      const parsed = parseMovementForm(visit, sent, { kind, partId });
      const again = { kind, partId, form: parsed.form, once: sent.get('once') };
      if (!('movement' in parsed)) return showForm(ctx, again, 422);
      const { verdict, outcome } = await record(visit, sent, parsed.movement);
      if (verdict === 'mismatch') return showForm(ctx, { ...again, once: undefined, warning: 'sentBefore' }, 422);
      if (verdict === 'running') return showForm(ctx, { ...again, warning: 'running' }, 422);
      if (outcome === undefined) throw new Error('the movement has no outcome');
      if (outcome.refusal === null) return sayRecorded(ctx, outcome.partId, outcome.movementId);
      const errors = refusalOf(visit, outcome);
      await showForm(ctx, { ...again, form: { values: parsed.form.values, errors } }, 422);
    },

    async confirmReverse(ctx: Context) {
      await show(ctx, reversePage(visitOf(ctx), { row: await find(ctx), once: randomUUID() }));
    },

    async reverse(ctx: Context) {
      const visit = visitOf(ctx);
      const row = await find(ctx);
      const sent = await readForm(ctx);
      const reason = sent.get('note')?.trim().slice(0, 2_000);
      const movement = readNewMovement({
        kind: 'adjust',
        reverses: new NumberLiteral(row.id),
        ...(reason && { note: reason }),
      });
      const { outcome } = await record(visit, sent, movement);
      if (outcome === undefined || outcome.refusal !== null) {
        return show(ctx, reversePage(visit, { row: await find(ctx), once: randomUUID(), refusal: outcome }), 422);
      }
      await sayRecorded(ctx, outcome.partId, outcome.movementId);
    },
  };

  async function showForm(
    ctx: Context,
    {
      kind,
      partId,
      once = randomUUID(),
      ...rest
    }: Omit<Parameters<typeof recordPage>[1], FormData> & {
      kind: MovementKind;
      partId: number;
      once?: string | undefined;
    },
    status = 200,
  ) {
    const visit = visitOf(ctx);
    const { organizationId } = visit;
    const part = await findPart(db, { organizationId, id: partId });
    if (part === undefined) throw notFound('There is no such part.');
    const [levels, locations] = await Promise.all([
      levelsOfPart(db, { organizationId, partId }),
      allLocations(db, organizationId),
    ]);
    await show(ctx, recordPage(visit, { kind, part, levels, locations, once, ...rest }), status);
  }

  /** What a text may mean that names no part: those with its barcode, or those that hold it somewhere. */
  async function partsLike({ organizationId }: Visit, text: string, ids: number[]) {
    const list = partList(organizationId, { archived: false, q: text === '' || ids.length > 0 ? undefined : text });
    const rows =
      ids.length === 0 ? list.rows : { ...list.rows, where: [...list.rows.where, sql`part.id = any (${ids})`] };
    const found = await readPage<PartColumns>(db, rows, { sort: partSorts.sku, descending: false, limit: maxOffered });
    return found.map(list.present);
  }

  async function stockFilter({ organizationId }: Visit, { part, location }: Asked): Promise<StockFilter | undefined> {
    const ids = part === undefined ? [] : await lookUpParts(db, { organizationId, text: part });
    const [partId] = ids;
    if (part !== undefined && partId === undefined) return undefined;
    return { ...(partId !== undefined && { partId }), ...(location !== undefined && { locationId: location }) };
  }
}

type FormData = 'kind' | 'part' | 'levels' | 'locations' | 'once';

/** So many parts are offered to choose from. */
const maxOffered = 20;

/** A form that is sent twice writes once: its key is made with it. */
function idempotencyOf({ session }: Visit, sent: Sent): IdempotentRequest | undefined {
  const once = sent.get('once') ?? '';
  if (!isUuid(once)) return undefined;
  const content = JSON.stringify([session.person.id, ...sent.entries()]);
  return { key: `form ${once}`, fingerprint: createHash('sha256').update(content).digest() };
}

/** What the ledger is narrowed to, as it stands in the address. */
export interface Asked {
  kind: MovementKind | undefined;
  part: string | undefined;
  location: number | undefined;
  /** Days, the last one included: 2026-01-31. */
  since: string | undefined;
  until: string | undefined;
  reference: string | undefined;
  q: string | undefined;
}

function readAsked(ctx: Context): Asked {
  const text = (name: string) => queryOf(ctx, name)?.trim().slice(0, maxSearchLength) || undefined;
  const day = (name: string) => {
    const value = text(name) ?? '';
    return /^[1-9]\d{3}-\d\d-\d\d$/.test(value) && !Number.isNaN(Date.parse(value)) ? value : undefined;
  };
  return {
    kind: kindOf(queryOf(ctx, 'kind')),
    part: text('part'),
    location: asId(queryOf(ctx, 'location') ?? ''),
    since: day('since'),
    until: day('until'),
    reference: text('reference'),
    q: text('q'),
  };
}

/** Days are those of the service's time zone. */
function filterOf({ kind, since, until, reference, q }: Asked): MovementFilter {
  const midnight = (day: string, daysLater: number) => {
    const at = new Date(`${day}T00:00`);
    at.setDate(at.getDate() + daysLater);
    return at;
  };
  return {
    kind,
    reference,
    q,
    occurredSince: since === undefined ? undefined : midnight(since, 0),
    occurredUntil: until === undefined ? undefined : midnight(until, 1),
  };
}

const kindOf = (text: string | undefined): MovementKind | undefined => movementKinds.find((kind) => kind === text);

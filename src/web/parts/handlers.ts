import type { Context } from 'koa';
import type { Services } from '../../app.ts';
import { ApiError, notFound, preconditionFailed } from '../../errors.ts';
import { etagOf } from '../../http/etag.ts';
import { answerCsv } from '../../http/list.ts';
import { maxSearchLength } from '../../http/query.ts';
import { allLocations } from '../../stock/locations/all-locations.ts';
import { createPart } from '../../stock/parts/create-part.ts';
import { levelsOfPart } from '../../stock/parts/levels-of-part.ts';
import { listCategories } from '../../stock/parts/list-categories.ts';
import { findPart, type PartFilter, partList } from '../../stock/parts/list-parts.ts';
import { onHandHistory } from '../../stock/parts/on-hand-history.ts';
import type { PartPatch } from '../../stock/parts/schema.ts';
import { updatePart } from '../../stock/parts/update-part.ts';
import { readForm, type Sent } from '../forms.ts';
import { addressWith, readListPage } from '../list-page.ts';
import { ledgerOf, ledgerSorts } from '../movements/ledger.ts';
import { asDownload, idOf, queryOf } from '../parameters.ts';
import { paths } from '../paths.ts';
import { refusedField } from '../refused-field.ts';
import { redirectSaying, show } from '../respond.ts';
import { actorOf, visitOf } from '../visit.ts';
import { baseOf, emptyPartForm, mergeForms, type PartForm, parsePartForm, patchOf, typedPart } from './form.ts';
import { archivePage, partFormPage } from './form-pages.ts';
import { historyDays, partPage } from './part-page.ts';
import { partsPage } from './parts-page.ts';

const dayMs = 86_400_000;
const partSortNames = ['sku', '-sku', 'name', '-name'];

/** Pages of an organization's parts. */
export function partPages(services: Services) {
  const { db } = services;

  async function find(ctx: Context) {
    const part = await findPart(db, { organizationId: visitOf(ctx).organizationId, id: idOf(ctx) });
    if (part === undefined) throw notFound('There is no such part.');
    return part;
  }

  /** Shows the form of a new part, or of one that is there. */
  async function showForm(
    ctx: Context,
    {
      part,
      ...rest
    }: { part?: Awaited<ReturnType<typeof find>>; form: PartForm; base?: string } & Pick<
      Parameters<typeof partFormPage>[1],
      'changes'
    >,
    status = 200,
  ) {
    const visit = visitOf(ctx);
    const [locations, categories] = await Promise.all([
      allLocations(db, visit.organizationId),
      listCategories(db, visit.organizationId),
    ]);
    await show(ctx, partFormPage(visit, { part, locations, categories, ...rest }), status);
  }

  async function change(ctx: Context, patch: PartPatch, message: string) {
    const visit = visitOf(ctx);
    const id = idOf(ctx);
    const { deliveries } = await updatePart({ db, actor: actorOf(visit) }, { id, patch, check: () => undefined });
    services.wakeDispatcher(deliveries);
    await redirectSaying(services, ctx, paths.part(visit.organizationId, id), message);
  }

  return {
    async list(ctx: Context) {
      const visit = visitOf(ctx);
      const filter = readFilter(ctx);
      const list = partList(visit.organizationId, filter);
      const page = await readListPage(ctx, db, list, { sortBy: partSortNames });
      const isEmpty = page.rows.length === 0 && !(await hasParts(visit.organizationId));
      const categories = await listCategories(db, visit.organizationId);
      const parts = { ...page, rows: page.rows.map(list.present) };
      const addressOf = (sort: string) => addressWith(ctx, { sort, after: undefined, before: undefined });
      await show(ctx, partsPage(visit, { filter, parts, categories, isEmpty, addressOf, query: ctx.querystring }));
    },

    async csv(ctx: Context) {
      asDownload(ctx, 'parts.csv');
      await answerCsv(ctx, db, partList(visitOf(ctx).organizationId, readFilter(ctx)), { sort: 'sku' });
    },

    async show(ctx: Context) {
      const visit = visitOf(ctx);
      const { organizationId } = visit;
      const part = await find(ctx);
      const days = historyDays.find((known) => String(known) === queryOf(ctx, 'days')) ?? historyDays[0];
      const until = new Date();
      const from = new Date(until.getTime() - days * dayMs);
      const list = ledgerOf(organizationId, { partId: part.id }, {});
      const [levels, history, ledger] = await Promise.all([
        levelsOfPart(db, { organizationId, partId: part.id }),
        onHandHistory(db, { organizationId, partId: part.id, from, until }),
        readListPage(ctx, db, list, { sortBy: ledgerSorts, rows: 20 }),
      ]);
      await show(ctx, partPage(visit, { part, levels, history: { ...history, days, from, until }, ledger }));
    },

    async new(ctx: Context) {
      await showForm(ctx, { form: emptyPartForm });
    },

    async create(ctx: Context) {
      const visit = visitOf(ctx);
      const parsed = parsePartForm(visit, await readForm(ctx));
      if (!('input' in parsed)) return showForm(ctx, { form: parsed.form }, 422);
      try {
        const { part, deliveries } = await createPart({ db, actor: actorOf(visit) }, parsed.input);
        services.wakeDispatcher(deliveries);
        await redirectSaying(services, ctx, paths.part(visit.organizationId, part.id), visit.t.parts.created(part.sku));
      } catch (error) {
        await showForm(ctx, { form: refusedForm(ctx, parsed.form, error) }, 422);
      }
    },

    async edit(ctx: Context) {
      const part = await find(ctx);
      await showForm(ctx, { part, form: typedPart(part) });
    },

    async update(ctx: Context) {
      const visit = visitOf(ctx);
      const part = await find(ctx);
      const sent = await readForm(ctx);
      const parsed = parsePartForm(visit, sent);
      const base = sent.get('base') ?? '';
      if (!('input' in parsed)) return showForm(ctx, { part: sentVersion(part, sent), form: parsed.form, base }, 422);
      try {
        const { deliveries } = await updatePart(
          { db, actor: actorOf(visit) },
          { id: part.id, patch: patchOf(parsed.input), check: (current) => checkVersion(sent, etagOf(current)) },
        );
        services.wakeDispatcher(deliveries);
        await redirectSaying(services, ctx, paths.part(visit.organizationId, part.id), visit.t.parts.saved);
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 412) {
          const form = refusedForm(ctx, parsed.form, error);
          return showForm(ctx, { part: sentVersion(part, sent), form, base }, 422);
        }
        const now = await find(ctx);
        const { form, changes } = mergeForms(base, parsed.form, typedPart(now));
        await showForm(ctx, { part: now, form, base: baseOf(typedPart(now)), changes }, 422);
      }
    },

    async confirmArchive(ctx: Context) {
      await show(ctx, archivePage(visitOf(ctx), await find(ctx)));
    },

    async archive(ctx: Context) {
      const part = await find(ctx);
      try {
        await change(ctx, { archived: true }, visitOf(ctx).t.parts.archived(part.sku));
      } catch (error) {
        if (refusedField(error) !== 'archived') throw error;
        await show(ctx, archivePage(visitOf(ctx), await find(ctx)), 422);
      }
    },

    async unarchive(ctx: Context) {
      const part = await find(ctx);
      await change(ctx, { archived: false }, visitOf(ctx).t.parts.unarchived(part.sku));
    },
  };

  async function hasParts(organizationId: number): Promise<boolean> {
    const { rows } = await db.pool.query('select from part where organization_id = $1 limit 1', [organizationId]);
    return rows.length > 0;
  }
}

/** A form that is shown again keeps the version that it began with. */
const sentVersion = <Part extends { id: number }>(part: Part, sent: Sent) => ({
  ...part,
  version: sent.get('version'),
});

function checkVersion(sent: Sent, current: string): void {
  if (sent.get('version') !== current) throw preconditionFailed('The part has been changed meanwhile.');
}

/** The form with what the use case refused; throws any other error on. */
function refusedForm(ctx: Context, form: PartForm, error: unknown): PartForm {
  const { t } = visitOf(ctx);
  const messages: Record<string, string> = {
    sku: t.parts.skuTaken,
    externalId: t.parts.externalIdTaken,
    unit: t.parts.unitFixed,
    locationMinimums: t.parts.minimumsRefused,
  };
  const field = refusedField(error) ?? '';
  const message = messages[field];
  if (message === undefined) throw error;
  return { ...form, state: { values: form.state.values, errors: { [field]: message } } };
}

function readFilter(ctx: Context): PartFilter {
  const q = queryOf(ctx, 'q')?.trim().slice(0, maxSearchLength);
  return {
    q: q || undefined,
    category: queryOf(ctx, 'category') || undefined,
    belowReorder: queryOf(ctx, 'low') === 'true' || undefined,
    archived: queryOf(ctx, 'archived') === 'true',
  };
}

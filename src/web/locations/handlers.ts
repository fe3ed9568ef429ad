import type { Context } from 'koa';
import { sql } from 'kysely';
import type { Services } from '../../app.ts';
import { ApiError, notFound, preconditionFailed } from '../../errors.ts';
import { etagOf } from '../../http/etag.ts';
import type { List } from '../../http/list.ts';
import { maxSearchLength } from '../../http/query.ts';
import { levelList } from '../../stock/levels/list-levels.ts';
import { createLocation } from '../../stock/locations/create-location.ts';
import { findLocation, type LocationColumns, locationList } from '../../stock/locations/list-locations.ts';
import { NewLocation } from '../../stock/locations/schema.ts';
import { updateLocation } from '../../stock/locations/update-location.ts';
import { emptyForm, parseForm, readForm } from '../forms.ts';
import { readListPage } from '../list-page.ts';
import { idOf, queryOf } from '../parameters.ts';
import { paths } from '../paths.ts';
import { refusedField } from '../refused-field.ts';
import { redirectSaying, show } from '../respond.ts';
import { actorOf, visitOf } from '../visit.ts';
import {
  type LocationForm,
  type LocationRow,
  locationFormPage,
  locationPage,
  locationsPage,
  type StockRow,
} from './pages.ts';

/** Pages of an organization's locations. */
export function locationPages(services: Services) {
  const { db } = services;

  async function find(ctx: Context) {
    const location = await findLocation(db, { organizationId: visitOf(ctx).organizationId, id: idOf(ctx) });
    if (location === undefined) throw notFound('There is no such location.');
    return location;
  }

  return {
    async list(ctx: Context) {
      const visit = visitOf(ctx);
      const q = searchOf(ctx);
      const list = withParts(visit.organizationId, locationList(visit.organizationId, { q }));
      const locations = await readListPage(ctx, db, list, { sortBy: ['name'] });
      await show(ctx, locationsPage(visit, { q, locations }));
    },

    async show(ctx: Context) {
      const visit = visitOf(ctx);
      const location = await find(ctx);
      const q = searchOf(ctx);
      const list = withNames(levelList(visit.organizationId, { locationId: location.id }, { q }));
      const stock = await readListPage(ctx, db, list, { sortBy: ['sku'] });
      await show(ctx, locationPage(visit, { location, q, stock }));
    },

    async new(ctx: Context) {
      await show(ctx, locationFormPage(visitOf(ctx), { form: emptyForm }));
    },

    async create(ctx: Context) {
      const visit = visitOf(ctx);
      const parsed = parseForm(visit, NewLocation, await readForm(ctx), ['name', 'externalId']);
      if ('form' in parsed) return show(ctx, locationFormPage(visit, { form: parsed.form }), 422);
      const { input } = parsed;
      try {
        const { location, deliveries } = await createLocation({ db, actor: actorOf(visit) }, input);
        services.wakeDispatcher(deliveries);
        const message = visit.t.locations.created(location.name);
        await redirectSaying(services, ctx, paths.location(visit.organizationId, location.id), message);
      } catch (error) {
        await show(ctx, locationFormPage(visit, { form: takenForm(ctx, input, error) }), 422);
      }
    },

    async edit(ctx: Context) {
      await show(ctx, locationFormPage(visitOf(ctx), { location: await find(ctx), form: emptyForm }));
    },

    async update(ctx: Context) {
      const visit = visitOf(ctx);
      const location = await find(ctx);
      const sent = await readForm(ctx);
      const parsed = parseForm(visit, NewLocation, sent, ['name', 'externalId']);
      const version = sent.get('version');
      if ('form' in parsed) return show(ctx, locationFormPage(visit, { location, version, form: parsed.form }), 422);
      const { name, externalId = null } = parsed.input;
      try {
        const { deliveries } = await updateLocation(
          { db, actor: actorOf(visit) },
          {
            id: location.id,
            patch: { name, externalId },
            check: (current) => {
              if (etagOf(current) !== version) throw preconditionFailed('The location has been changed meanwhile.');
            },
          },
        );
        services.wakeDispatcher(deliveries);
        await redirectSaying(services, ctx, paths.location(visit.organizationId, location.id), visit.t.locations.saved);
      } catch (error) {
        const isChanged = error instanceof ApiError && error.status === 412;
        const form = isChanged ? typedForm(parsed.input) : takenForm(ctx, parsed.input, error);
        const view = isChanged ? { location: await find(ctx), form, isChanged } : { location, version, form };
        await show(ctx, locationFormPage(visit, view), 422);
      }
    },
  };
}

const searchOf = (ctx: Context) => queryOf(ctx, 'q')?.trim().slice(0, maxSearchLength) || undefined;

/** Locations with how many parts each has on hand. */
function withParts(organizationId: number, { rows, ...list }: List<LocationColumns>): List<LocationRow> {
  const stocked = sql`(select count(*)::integer from stock_level v
    where v.organization_id = ${organizationId} and v.location_id = location.id and v.on_hand > 0) as stocked`;
  return { ...list, present: (row) => row, rows: { ...rows, columns: sql`${rows.columns}, ${stocked}` } };
}

/** Levels with what their part is called. */
function withNames({ rows, ...list }: ReturnType<typeof levelList>): List<StockRow> {
  return {
    ...list,
    present: (row) => row,
    rows: {
      ...rows,
      columns: sql`${rows.columns}, part.name as part_name, (select n.minimum from stock_minimum n
        where n.organization_id = level.organization_id and n.part_id = level.part_id and n.location_id = level.location_id) as minimum`,
    },
  };
}

const typedForm = ({ name, externalId = '' }: NewLocation): LocationForm => ({
  values: { name, externalId },
  errors: {},
});

/** The form with what is taken already; throws any other error on. */
function takenForm(ctx: Context, input: NewLocation, error: unknown): LocationForm {
  const { t } = visitOf(ctx);
  const field = refusedField(error);
  if (field !== 'name' && field !== 'externalId') throw error;
  return {
    ...typedForm(input),
    errors: { [field]: field === 'name' ? t.locations.nameTaken : t.locations.externalIdTaken },
  };
}

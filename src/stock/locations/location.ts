import { defineEntity, type InferEntity, p } from '@mikro-orm/postgresql';

export type Location = InferEntity<typeof Location>;

/** `nameKey` is the name as it is matched (see `foldName`). */
export const Location = defineEntity({
  name: 'Location',
  tableName: 'location',
  properties: {
    id: p.bigint('number').primary(),
    organizationId: p.bigint('number'),
    name: p.text(),
    nameKey: p.text(),
    externalId: p.text().nullable(),
    createdAt: p.datetime(3),
    updatedAt: p.datetime(3),
  },
});

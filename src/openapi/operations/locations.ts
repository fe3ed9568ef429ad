import { locationSorts } from '../../stock/locations/list-locations.ts';
import { NewLocation, patchRules } from '../../stock/locations/schema.ts';
import type { Operation } from '../operation.ts';
import { by, dateTime, etag, ifMatch, listParameters, locationHeader, rowsOf, search, text } from '../parameters.ts';
import { Location, mergePatch, one } from '../schemas.ts';

const tag = 'Locations';
const byLocation = { by: by('id', 'name') };

export const locationOperations: Operation[] = [
  {
    method: 'get',
    path: '/locations',
    id: 'listLocations',
    tag,
    summary: 'List locations',
    query: {
      externalId: text('With this external id.'),
      updatedSince: dateTime('Whose own fields changed at or after this instant.'),
      q: search('name or external id'),
      ...listParameters(locationSorts, 'id'),
    },
    answers: rowsOf('Locations.', Location),
  },
  {
    method: 'post',
    path: '/locations',
    id: 'createLocation',
    tag,
    summary: 'Create a location',
    body: { schema: NewLocation.meta({ id: 'NewLocation' }) },
    answers: { 201: { description: 'Created.', schema: one(Location), headers: { ...locationHeader, ...etag } } },
  },
  {
    method: 'get',
    path: '/locations/{id}',
    id: 'getLocation',
    tag,
    summary: 'Get a location',
    query: byLocation,
    answers: { 200: { description: 'The location.', schema: one(Location), headers: etag } },
    refusals: [409],
  },
  {
    method: 'patch',
    path: '/locations/{id}',
    id: 'updateLocation',
    tag,
    summary: 'Change a location',
    description: 'A JSON Merge Patch (RFC 7396): null clears a field, read-only ones are ignored.',
    query: byLocation,
    headers: { 'If-Match': ifMatch },
    body: {
      schema: mergePatch(NewLocation, patchRules).meta({ id: 'LocationPatch' }),
      contentTypes: ['application/json', 'application/merge-patch+json'],
    },
    answers: { 200: { description: 'The location.', schema: one(Location), headers: etag } },
    refusals: [412],
  },
];

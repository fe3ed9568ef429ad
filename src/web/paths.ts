/** Addresses of the pages, for links and redirects; `routes.ts` says what answers at each. */
export const paths = {
  start: '/',
  signIn: '/sign-in',
  signOut: '/sign-out',
  signOutEverywhere: '/sign-out-everywhere',
  preferences: '/preferences',
  account: '/account',
  accountPassword: '/account/password',
  accountSession: (id: number) => `/account/sessions/${id}/end`,
  apiReference: '/docs',
  organization: (org: number) => `/o/${org}`,
  keys: (org: number) => `/o/${org}/settings/keys`,
  newKey: (org: number) => `/o/${org}/settings/keys/new`,
  rotateKey: (org: number, id: number) => `/o/${org}/settings/keys/${id}/rotate`,
  revokeKey: (org: number, id: number) => `/o/${org}/settings/keys/${id}/revoke`,
  endpoints: (org: number) => `/o/${org}/settings/endpoints`,
  newEndpoint: (org: number) => `/o/${org}/settings/endpoints/new`,
  endpoint: (org: number, id: number) => `/o/${org}/settings/endpoints/${id}`,
  editEndpoint: (org: number, id: number) => `/o/${org}/settings/endpoints/${id}/edit`,
  rotateEndpoint: (org: number, id: number) => `/o/${org}/settings/endpoints/${id}/rotate`,
  testEndpoint: (org: number, id: number) => `/o/${org}/settings/endpoints/${id}/test`,
  enableEndpoint: (org: number, id: number) => `/o/${org}/settings/endpoints/${id}/enable`,
  disableEndpoint: (org: number, id: number) => `/o/${org}/settings/endpoints/${id}/disable`,
  deleteEndpoint: (org: number, id: number) => `/o/${org}/settings/endpoints/${id}/delete`,
  recover: (org: number, id: number) => `/o/${org}/settings/endpoints/${id}/recover`,
  recovery: (org: number, id: number) => `/o/${org}/settings/recoveries/${id}`,
  recoveryLive: (org: number, id: number) => `/o/${org}/settings/recoveries/${id}/live`,
  deliveries: (org: number) => `/o/${org}/settings/deliveries`,
  delivery: (org: number, id: number) => `/o/${org}/settings/deliveries/${id}`,
  deliveryLive: (org: number, id: number) => `/o/${org}/settings/deliveries/${id}/live`,
  retryDelivery: (org: number, id: number) => `/o/${org}/settings/deliveries/${id}/retry`,
  cancelDelivery: (org: number, id: number) => `/o/${org}/settings/deliveries/${id}/cancel`,
  parts: (org: number) => `/o/${org}/parts`,
  partsCsv: (org: number) => `/o/${org}/parts.csv`,
  partsLow: (org: number) => `/o/${org}/parts?low=true`,
  newPart: (org: number) => `/o/${org}/parts/new`,
  part: (org: number, id: number) => `/o/${org}/parts/${id}`,
  editPart: (org: number, id: number) => `/o/${org}/parts/${id}/edit`,
  archivePart: (org: number, id: number) => `/o/${org}/parts/${id}/archive`,
  unarchivePart: (org: number, id: number) => `/o/${org}/parts/${id}/unarchive`,
  movements: (org: number) => `/o/${org}/movements`,
  movementsCsv: (org: number) => `/o/${org}/movements.csv`,
  newMovement: (org: number, query: { kind?: string; partId?: number; part?: string } = {}) =>
    withQuery(`/o/${org}/movements/new`, query),
  movement: (org: number, id: number) => `/o/${org}/movements/${id}`,
  reverseMovement: (org: number, id: number) => `/o/${org}/movements/${id}/reverse`,
  locations: (org: number) => `/o/${org}/locations`,
  newLocation: (org: number) => `/o/${org}/locations/new`,
  location: (org: number, id: number) => `/o/${org}/locations/${id}`,
  editLocation: (org: number, id: number) => `/o/${org}/locations/${id}/edit`,
  import: (org: number) => `/o/${org}/import`,
  importTemplate: (org: number, kind: string) => `/o/${org}/import/${kind}.csv`,
  importUpload: (org: number, id: string) => `/o/${org}/import/${id}`,
  discardImport: (org: number, id: string) => `/o/${org}/import/${id}/discard`,
};

function withQuery(path: string, given: Record<string, string | number | undefined>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(given)) if (value !== undefined) query.set(name, String(value));
  return query.size === 0 ? path : `${path}?${query}`;
}

/** A path of ours to go on to, as a form or query names it; anything that could lead elsewhere is `otherwise`. */
export function localPath(path: string | undefined, otherwise: string): string {
  const isLocal = path !== undefined && /^\/(?![/\\])[\x21-\x7e]*$/.test(path) && !path.includes('\\');
  return isLocal ? path : otherwise;
}

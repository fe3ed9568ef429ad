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
};

/** A path of ours to go on to, as a form or query names it; anything that could lead elsewhere is `otherwise`. */
export function localPath(path: string | undefined, otherwise: string): string {
  const isLocal = path !== undefined && /^\/(?![/\\])[\x21-\x7e]*$/.test(path) && !path.includes('\\');
  return isLocal ? path : otherwise;
}

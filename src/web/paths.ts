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
  organization: (org: number) => `/o/${org}`,
  keys: (org: number) => `/o/${org}/settings/keys`,
  newKey: (org: number) => `/o/${org}/settings/keys/new`,
  rotateKey: (org: number, id: number) => `/o/${org}/settings/keys/${id}/rotate`,
  revokeKey: (org: number, id: number) => `/o/${org}/settings/keys/${id}/revoke`,
};

/** A path of ours to go on to, as a form or query names it; anything that could lead elsewhere is `otherwise`. */
export function localPath(path: string | undefined, otherwise: string): string {
  const isLocal = path !== undefined && /^\/(?![/\\])[\x21-\x7e]*$/.test(path) && !path.includes('\\');
  return isLocal ? path : otherwise;
}

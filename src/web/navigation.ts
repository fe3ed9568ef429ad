import type { IconName } from './components/icon.ts';
import { paths } from './paths.ts';
import type { Visit } from './visit.ts';

/** A page of the main navigation; `pages` say with it which entry they belong to. */
export type Place = 'parts' | 'movements' | 'locations' | 'keys' | 'endpoints' | 'deliveries' | 'account';

export interface Entry {
  place: Place;
  group: 'stock' | 'settings';
  label: string;
  href: string;
  icon: IconName;
  /** How many there need attention, with the word for it. */
  attention?: { count: number; label: string };
}

/**
 * The main navigation, in its order. A new page's entry goes here; what needs attention there comes from `visit.notices`, for
 * example `attention: { count: notices.partsLow, label: t.notices.low(notices.partsLow) }`.
 */
export function navigation({ t, organizationId, notices }: Visit): Entry[] {
  const low = { count: notices.partsLow, label: t.notices.low(notices.partsLow) };
  return [
    {
      place: 'parts',
      group: 'stock',
      label: t.navigation.parts,
      href: paths.parts(organizationId),
      icon: 'parts',
      attention: low,
    },
    {
      place: 'movements',
      group: 'stock',
      label: t.navigation.movements,
      href: paths.movements(organizationId),
      icon: 'movements',
    },
    {
      place: 'locations',
      group: 'stock',
      label: t.navigation.locations,
      href: paths.locations(organizationId),
      icon: 'building',
    },
    { place: 'keys', group: 'settings', label: t.navigation.keys, href: paths.keys(organizationId), icon: 'keys' },
    {
      place: 'endpoints',
      group: 'settings',
      label: t.navigation.endpoints,
      href: paths.endpoints(organizationId),
      icon: 'endpoints',
      attention: { count: notices.endpointsDisabled, label: t.notices.disabled(notices.endpointsDisabled) },
    },
    {
      place: 'deliveries',
      group: 'settings',
      label: t.navigation.deliveries,
      href: paths.deliveries(organizationId),
      icon: 'deliveries',
    },
  ];
}

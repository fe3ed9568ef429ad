import { disabledByHand } from '../../webhooks/endpoints/disable-endpoint.ts';
import type { Endpoint } from '../../webhooks/endpoints/endpoint.ts';
import { badge } from '../components/badge.ts';
import type { Html } from '../html.ts';
import type { Visitor } from '../visit.ts';

export function stateBadge({ t }: Pick<Visitor, 't'>, { disabledAt, disabledReason }: Endpoint): Html {
  const { states } = t.endpoints;
  if (disabledAt === null) return badge({ tone: 'good', label: states.enabled });
  return disabledReason === disabledByHand
    ? badge({ tone: 'neutral', label: states.disabledByHand })
    : badge({ tone: 'bad', label: states.disabled });
}

/** Why an endpoint is disabled, in plain words; `note_endpoint` of the database writes what is read here. */
export function reasonIn({ t, format }: Pick<Visitor, 't' | 'format'>, reason: string): string {
  const { reasons } = t.endpoints;
  if (reason === disabledByHand) return reasons.byHand;
  if (/^HTTP 410 /.test(reason)) return reasons.gone;
  const failing = /^nothing was delivered since (\d{4}-\d\d-\d\d) (\d\d:\d\d) UTC; (\d+) deliveries failed$/.exec(
    reason,
  );
  if (failing === null) return `${reason}.`;
  const [, date, time, count] = failing;
  return reasons.failing(format.dateTime(new Date(`${date}T${time}Z`)), Number(count));
}

/** An address short enough for a list: without its query, which may hold a token. */
export function shortUrl(url: string): string {
  const { host, pathname } = new URL(url);
  return host + (pathname === '/' ? '' : pathname);
}

/** What people call an event. */
export const eventName = ({ t }: Pick<Visitor, 't'>, type: string): string => t.events[type]?.name ?? type;

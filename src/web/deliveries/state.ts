import { type DeliveryDetails, isAttemptUnderWay } from '../../webhooks/deliveries/list-deliveries.ts';
import { badge, type Tone } from '../components/badge.ts';
import type { IconName } from '../components/icon.ts';
import type { Html } from '../html.ts';
import type { Visitor } from '../visit.ts';

const looks: Record<DeliveryDetails['status'], { tone: Tone; icon?: IconName }> = {
  pending: { tone: 'neutral', icon: 'clock' },
  retrying: { tone: 'warning', icon: 'retry' },
  delivered: { tone: 'good' },
  failed: { tone: 'bad' },
  cancelled: { tone: 'neutral', icon: 'cross' },
  endpoint_disabled: { tone: 'neutral' },
};

export const statusBadge = ({ t }: Pick<Visitor, 't'>, delivery: DeliveryDetails): Html =>
  badge({ ...looks[delivery.status], label: t.deliveries.statuses[delivery.status] });

/** Beside the status, while a request is open. */
export const underWayBadge = ({ t }: Pick<Visitor, 't'>, delivery: DeliveryDetails): Html | undefined =>
  isAttemptUnderWay(delivery)
    ? badge({ tone: 'warning', icon: 'deliveries', label: t.deliveries.underWay })
    : undefined;

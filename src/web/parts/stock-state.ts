import { badge } from '../components/badge.ts';
import type { Html } from '../html.ts';
import type { Visitor } from '../visit.ts';

interface Stocked {
  onHand: number;
  reorderPoint: number | null;
  archived: boolean;
}

/** How a part is: archived, none left, at or below its reorder point, or enough. */
export function stockState({ t }: Pick<Visitor, 't'>, { onHand, reorderPoint, archived }: Stocked): Html {
  if (archived) return badge({ tone: 'neutral', label: t.parts.states.archived });
  if (onHand === 0) return badge({ tone: 'bad', label: t.parts.states.none });
  const isLow = reorderPoint !== null && onHand <= reorderPoint;
  return isLow
    ? badge({ tone: 'warning', label: t.parts.states.low })
    : badge({ tone: 'good', label: t.parts.states.ok });
}

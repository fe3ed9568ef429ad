/** The published events, in published order. */
export const eventTypes = ['stock.movement.created', 'stock.low', 'part.created', 'part.updated'] as const;
export type EventType = (typeof eventTypes)[number];

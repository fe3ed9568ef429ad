/** The published events, in published order: what an endpoint gets that does not name its own. */
export const eventTypes = ['stock.movement.created', 'stock.low', 'part.created', 'part.updated'] as const;

/** Every event. The later ones go only to endpoints that name them: a published client never meets an unknown event. */
export const everyEventType = [
  ...eventTypes,
  'stock.recovered',
  'stock.location_low',
  'location.created',
  'location.updated',
] as const;
export type EventType = (typeof everyEventType)[number];

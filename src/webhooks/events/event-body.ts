interface EventFields {
  type: string;
  organizationId: number;
  createdAt: Date;
  data: object;
}

/** What is published of an event, in published order: the body of a webhook, whose bytes are its JSON. */
export const eventBody = ({ type, organizationId, createdAt, data }: EventFields) => ({
  event: type,
  orgId: organizationId,
  createdAt: createdAt.getTime(),
  data,
});

import type { WebhookMessage } from '../../activities/post-webhook.ts';

/** A webhook for tests of the posting alone. */
export const webhookTo = (url: string, body = '{}'): WebhookMessage => ({
  endpointId: 1,
  url,
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  previousSecret: undefined,
  headers: {},
  eventId: 'e',
  eventType: 'part.created',
  movementId: null,
  apiKeyId: null,
  body,
});

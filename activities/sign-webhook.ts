import { createHmac } from 'node:crypto';
import type { WebhookMessage } from './post-webhook.ts';

/**
 * The headers of one attempt: the published `X-MK-*` ones (their key is the whole secret string) and the Standard Webhooks
 * 1.0.0 set (its key is the decoded bytes), both over the same raw body. While a secret is being rotated the Standard
 * Webhooks signature is that of both, the published one that of the new.
 */
export function signedHeaders(message: WebhookMessage, at: Date): Record<string, string> {
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const secrets = [message.secret, message.previousSecret].filter((secret) => secret !== undefined);
  return headersOf(message, {
    published: `sha256=${createHmac('sha256', message.secret).update(message.body).digest('hex')}`,
    timestamp,
    standard: secrets.map((secret) => `v1,${standardSignature(secret, message, timestamp)}`).join(' '),
  });
}

/** What the headers say beside the signatures. */
export type Unsigned = Pick<WebhookMessage, 'headers' | 'eventId' | 'eventType' | 'movementId' | 'apiKeyId'>;

/** In the order in which they are sent. */
export const headersOf = (
  { headers, eventId, eventType, movementId, apiKeyId }: Unsigned,
  signatures: { published: string; timestamp: string; standard: string },
): Record<string, string> => ({
  ...headers,
  'Content-Type': 'application/json',
  'User-Agent': 'maintainkit',
  'X-MK-Event': eventType,
  'X-MK-Signature': signatures.published,
  ...(movementId === null ? {} : { 'X-MK-Movement': movementId }),
  ...(apiKeyId === null ? {} : { 'X-MK-Key': apiKeyId }),
  'webhook-id': eventId,
  'webhook-timestamp': signatures.timestamp,
  'webhook-signature': signatures.standard,
});

function standardSignature(secret: string, { eventId, body }: WebhookMessage, timestamp: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  return createHmac('sha256', key).update(`${eventId}.${timestamp}.${body}`).digest('base64');
}

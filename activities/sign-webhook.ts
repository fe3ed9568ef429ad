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
  return {
    ...message.headers,
    'Content-Type': 'application/json',
    'User-Agent': 'maintainkit',
    'X-MK-Event': message.eventType,
    'X-MK-Signature': `sha256=${createHmac('sha256', message.secret).update(message.body).digest('hex')}`,
    ...(message.movementId === null ? {} : { 'X-MK-Movement': message.movementId }),
    ...(message.apiKeyId === null ? {} : { 'X-MK-Key': message.apiKeyId }),
    'webhook-id': message.eventId,
    'webhook-timestamp': timestamp,
    'webhook-signature': secrets.map((secret) => `v1,${standardSignature(secret, message, timestamp)}`).join(' '),
  };
}

function standardSignature(secret: string, { eventId, body }: WebhookMessage, timestamp: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  return createHmac('sha256', key).update(`${eventId}.${timestamp}.${body}`).digest('base64');
}

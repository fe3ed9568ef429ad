import { type EndpointDeps, type EndpointId, endpointColumns, isMine, newSecret, oneEndpoint } from './endpoint.ts';

/** Answers a new secret; the old one signs beside it for the overlap. Throws 404. */
export async function rotateSecret(
  deps: EndpointDeps,
  endpoint: EndpointId,
  overlapHours = 24,
): Promise<{ secret: string; previousSecretUntil: string }> {
  const secret = newSecret();
  await oneEndpoint(
    deps,
    endpoint,
    `update webhook_endpoint set previous_sealed_secret = sealed_secret, sealed_secret = $3,
       previous_secret_until = now() + make_interval(hours => $4), updated_at = now()
     where ${isMine} returning ${endpointColumns}`,
    [deps.secrets.seal(secret, endpoint.id), overlapHours],
  );
  return { secret, previousSecretUntil: new Date(Date.now() + overlapHours * 60 * 60 * 1000).toISOString() };
}

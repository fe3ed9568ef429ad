import { Agent, request } from 'undici';
import { type AddressGuard, BlockedAddress } from './address-guard.ts';
import { signedHeaders } from './sign-webhook.ts';

export interface WebhookMessage {
  url: string;
  secret: string;
  eventId: string;
  eventType: string;
  movementId: string | null;
  apiKeyId: string | null;
  /** The exact bytes that are signed and sent, as UTF-8. */
  body: string;
}

export type PostOutcome =
  | { delivered: true; statusCode: number; durationMs: number }
  | {
      delivered: false;
      statusCode: number | undefined;
      durationMs: number;
      errorClass: string;
      /** For the operator: "HTTP 503 from erp.example.com in 412 ms". */
      failure: string;
      /** No later attempt can succeed. */
      final: boolean;
      endpointGone: boolean;
      /** How long the receiver asks us to wait, at most 6 h. */
      retryAfterMs: number;
    };

export type PostWebhook = (message: WebhookMessage) => Promise<PostOutcome>;

/** One deadline over DNS, connect, TLS, headers and body. */
export const postDeadlineMs = 15_000;
const maxResponseBytes = 16 * 1024;
const maxRetryAfterMs = 6 * 60 * 60 * 1000;

/** A poster that signs, refuses forbidden addresses, never follows a redirect, and answers an outcome, never throws. */
export function createPostWebhook(guard: AddressGuard): PostWebhook {
  // No connection is used twice: one that the receiver closes just then would fail a healthy delivery.
  const agentFor = (protocol: 'http:' | 'https:') =>
    new Agent({ pipelining: 0, connect: { lookup: guard.lookupFor(protocol), timeout: postDeadlineMs } });
  const agents = { https: agentFor('https:'), http: agentFor('http:') };

  return async (message) => {
    const startedAt = performance.now();
    const elapsedMs = () => Math.round(performance.now() - startedAt);
    const url = new URL(message.url);
    try {
      guard.checkUrl(url);
      const response = await request(url, {
        method: 'POST',
        headers: signedHeaders(message, new Date()),
        body: message.body,
        dispatcher: url.protocol === 'http:' ? agents.http : agents.https,
        signal: AbortSignal.timeout(postDeadlineMs),
      });
      await readSome(response.body);
      return outcomeOf(response.statusCode, response.headers['retry-after'], url.host, elapsedMs());
    } catch (error) {
      return faultOf(error, url.host, elapsedMs());
    }
  };
}

/** A receiver's answer matters by its status: its body is read a little, then the connection is closed. */
async function readSome(body: AsyncIterable<Buffer> & { destroy(): unknown }): Promise<void> {
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxResponseBytes) break;
  }
  body.destroy();
}

function outcomeOf(
  statusCode: number,
  retryAfter: string | string[] | undefined,
  host: string,
  durationMs: number,
): PostOutcome {
  if (statusCode >= 200 && statusCode < 300) return { delivered: true, statusCode, durationMs };
  const gone = statusCode === 410;
  const mayDelay = statusCode === 429 || statusCode === 503;
  return {
    delivered: false,
    statusCode,
    durationMs,
    errorClass: `http_${Math.floor(statusCode / 100)}xx`,
    failure: `HTTP ${statusCode} from ${host} in ${durationMs} ms`,
    final: gone,
    endpointGone: gone,
    retryAfterMs: mayDelay && typeof retryAfter === 'string' ? parseRetryAfter(retryAfter, Date.now()) : 0,
  };
}

/** Seconds or an HTTP date; 0 for what is neither, at most 6 h. */
export function parseRetryAfter(value: string, nowMs: number): number {
  const text = value.trim();
  const waitMs = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isNaN(waitMs) ? 0 : Math.min(Math.max(Math.ceil(waitMs), 0), maxRetryAfterMs);
}

function faultOf(error: unknown, host: string, durationMs: number): PostOutcome {
  const { errorClass, words, final = false } = classify(error);
  return {
    delivered: false,
    statusCode: undefined,
    durationMs,
    errorClass,
    failure: `${words} (${host}, ${durationMs} ms)`,
    final,
    endpointGone: false,
    retryAfterMs: 0,
  };
}

interface Fault {
  errorClass: string;
  words: string;
  final?: boolean;
}

function classify(error: unknown): Fault {
  if (error instanceof BlockedAddress) return { errorClass: 'blocked_address', words: error.message, final: true };
  const cause = error instanceof AggregateError ? error.errors[0] : error;
  if (cause instanceof BlockedAddress) return classify(cause);
  const code: string = cause?.code ?? cause?.name ?? 'unknown';
  if (code === 'TimeoutError' || code === 'UND_ERR_CONNECT_TIMEOUT') {
    return { errorClass: 'timeout', words: `No answer within ${postDeadlineMs / 1000} s` };
  }
  if (code === 'ECONNREFUSED') return { errorClass: 'refused', words: 'Connection refused' };
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return { errorClass: 'dns', words: `The host name does not resolve (${code})` };
  if (/CERT|TLS|SSL|ALTNAME|SELF_SIGNED|UNABLE_TO/.test(code))
    return { errorClass: 'tls', words: `TLS failed (${code})` };
  if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'UND_ERR_SOCKET') {
    return { errorClass: 'reset', words: 'The connection was closed before the answer was complete' };
  }
  return { errorClass: 'network', words: `The request failed (${code})` };
}

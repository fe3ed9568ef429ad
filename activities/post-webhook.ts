import type { Client } from 'undici';
import type { AddressGuard } from './address-guard.ts';
import { faultOf } from './post-fault.ts';
import { signedHeaders } from './sign-webhook.ts';
import { createTimedClient, type Timings } from './timed-client.ts';

export interface WebhookMessage {
  endpointId: number;
  url: string;
  secret: string;
  /** Signs too while the secret is being rotated. */
  previousSecret: string | undefined;
  /** The endpoint's own. */
  headers: Record<string, string>;
  eventId: string;
  eventType: string;
  movementId: string | null;
  apiKeyId: string | null;
  /** The exact bytes that are signed and sent, as UTF-8. */
  body: string;
}

export type PostOutcome = PostReport &
  (
    | { delivered: true }
    | {
        delivered: false;
        errorClass: string;
        /** For the operator: "HTTP 503 from erp.example.com in 412 ms". */
        failure: string;
        /** No later attempt can succeed. */
        final: boolean;
        endpointGone: boolean;
        /** How long the receiver asks us to wait, at most 6 h. */
        retryAfterMs: number;
      }
  );

/** What the attempt log keeps of a POST. */
export interface PostReport {
  durationMs: number;
  timings: Timings;
  /** Absent when no answer came. */
  response?: { statusCode: number; headers: Record<string, string>; bodyExcerpt: string };
}

export type PostWebhook = (message: WebhookMessage) => Promise<PostOutcome>;

/** One deadline over DNS, connect, TLS, headers and body. */
export const postDeadlineMs = 15_000;
const maxResponseBytes = 16 * 1024;
const bodyExcerptCharacters = 2_000;
const maxRetryAfterMs = 6 * 60 * 60 * 1000;

/** A poster that signs, refuses forbidden addresses, never follows a redirect, and answers an outcome, never throws. */
export function createPostWebhook(guard: AddressGuard): PostWebhook {
  return async (message) => {
    const startedAt = performance.now();
    const timings: Timings = {};
    const report = () => ({ durationMs: Math.round(performance.now() - startedAt), timings });
    const url = URL.parse(message.url);
    if (url === null)
      return failed({ errorClass: 'invalid_url', failure: "The endpoint's URL cannot be read", final: true }, report());
    let client: Client | undefined;
    try {
      const protocol = guard.checkUrl(url);
      client = createTimedClient(url.origin, { lookup: guard.lookupFor(protocol), timeoutMs: postDeadlineMs, timings });
      const response = await client.request({
        method: 'POST',
        path: url.pathname + url.search,
        headers: signedHeaders(message, new Date()),
        body: message.body,
        signal: AbortSignal.timeout(postDeadlineMs),
      });
      timings.firstByteMs = Math.round(performance.now() - startedAt) - sumOf(timings);
      const { statusCode, headers } = response;
      const bodyExcerpt = await readExcerpt(response.body);
      return outcomeOf(url.host, { ...report(), response: { statusCode, headers: loggable(headers), bodyExcerpt } });
    } catch (error) {
      const isInHandshake = url.protocol === 'https:' && 'connectMs' in timings && !('tlsMs' in timings);
      const { words, ...fault } = faultOf(error, { deadlineMs: postDeadlineMs, isInHandshake });
      return failed({ ...fault, failure: `${words} (${url.host}, ${report().durationMs} ms)` }, report());
    } finally {
      void client?.destroy().catch(() => undefined);
    }
  };
}

const sumOf = ({ dnsMs = 0, connectMs = 0, tlsMs = 0 }: Timings) => dnsMs + connectMs + tlsMs;

/** A receiver's answer matters by its status: its body is read a little, then the connection is closed. */
async function readExcerpt(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= maxResponseBytes) break;
  }
  const text = Buffer.concat(chunks).subarray(0, maxResponseBytes).toString('utf8');
  return text.replaceAll('\0', '\uFFFD').slice(0, bodyExcerptCharacters).toWellFormed();
}

/** A receiver's cookies are nobody's business. */
function loggable(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const kept = Object.entries(headers).filter(([name]) => name !== 'set-cookie');
  return Object.fromEntries(kept.map(([name, value]) => [name, [value].flat().join(', ')]));
}

function failed(fault: { errorClass: string; failure: string; final?: boolean }, report: PostReport): PostOutcome {
  return { final: false, ...fault, ...report, delivered: false, endpointGone: false, retryAfterMs: 0 };
}

function outcomeOf(host: string, report: PostReport & Required<Pick<PostReport, 'response'>>): PostOutcome {
  const { statusCode, headers } = report.response;
  if (statusCode >= 200 && statusCode < 300) return { ...report, delivered: true };
  const gone = statusCode === 410;
  const mayDelay = statusCode === 429 || statusCode === 503;
  return {
    ...report,
    delivered: false,
    errorClass: `http_${Math.floor(statusCode / 100)}xx`,
    failure: `HTTP ${statusCode} from ${host} in ${report.durationMs} ms`,
    final: gone,
    endpointGone: gone,
    retryAfterMs: mayDelay ? parseRetryAfter(headers['retry-after'] ?? '', Date.now()) : 0,
  };
}

/** Seconds or an HTTP date in any of its three forms; 0 for what is neither, at most 6 h. */
export function parseRetryAfter(value: string, nowMs: number): number {
  const text = value.trim();
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1000, maxRetryAfterMs);
  const isDate = /^[A-Z][a-z]+, .+ GMT$/.test(text);
  const isOldDate = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/.test(text);
  const atMs = isDate ? Date.parse(text) : isOldDate ? Date.parse(`${text} GMT`) : Number.NaN;
  return Number.isNaN(atMs) ? 0 : Math.min(Math.max(Math.ceil(atMs - nowMs), 0), maxRetryAfterMs);
}

import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from 'koa';
import type { Queryable } from '../db/database.ts';
import { tooManyStreams } from '../errors.ts';
import { eventStream } from '../http/serve.ts';
import { isStillMember } from '../people/session.ts';
import type { Html } from './html.ts';
import { visitOf } from './visit.ts';

/** The part of a page that is shown anew while something is under way: see `components/live-region.ts`. */
export interface LivePart {
  /** Without anything that changes by time alone ("3 minutes ago"): it is sent whenever it differs from the last. */
  html: Html;
  /** In a sentence, for those who listen. */
  said: string;
  /** near: something may happen any second. far: looked at less often. done: nothing more will change by itself. */
  state: 'near' | 'far' | 'done';
}

/** A browser has six connections to a host over HTTP/1.1, of which the pages themselves need some. */
const maxStreamsPerSession = 4;
/** Then the browser comes back, if anybody still looks. */
const maxStreamMs = 120_000;
const pollMs = { near: 1_000, far: 5_000 };
const heartbeatMs = 15_000;
const reconnectMs = 2_000;

/**
 * Answers server-sent events with the part of a page as `read` gives it, at once and whenever it has changed, until it is
 * done, or who asked has signed out or is no member any more. Throws what the first `read` throws, and 429 when the session
 * has too many streams open.
 */
export type AnswerLive = (ctx: Context, read: () => Promise<LivePart>) => Promise<void>;

export function createLive(db: { pool: Queryable }): AnswerLive {
  const openBySession = new Map<number, number>();

  return async (ctx, read) => {
    const { session, organizationId } = visitOf(ctx);
    const { id } = session;
    const first = await read();
    const open = openBySession.get(id) ?? 0;
    if (open >= maxStreamsPerSession) throw tooManyStreams(maxStreamsPerSession);
    openBySession.set(id, open + 1);
    const closing = new AbortController();
    const readWhileMember = async () =>
      (await isStillMember(db, { sessionId: id, organizationId })) ? read() : undefined;
    ctx.res.once('close', () => {
      closing.abort();
      const left = (openBySession.get(id) ?? 1) - 1;
      if (left === 0) openBySession.delete(id);
      else openBySession.set(id, left);
    });
    ctx.set({ 'Content-Type': eventStream, 'Cache-Control': 'no-store, no-transform', 'X-Accel-Buffering': 'no' });
    ctx.body = Readable.from(events(first, readWhileMember, closing.signal));
  };
}

async function* events(
  first: LivePart,
  read: () => Promise<LivePart | undefined>,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const endAt = Date.now() + maxStreamMs;
  let part: LivePart | undefined = first;
  let [sent, sentAt] = ['', Date.now()];
  yield `retry: ${reconnectMs}\n\n`;
  while (part !== undefined) {
    const data: string = JSON.stringify({ html: String(await part.html), said: part.said });
    const isQuiet = Date.now() - sentAt > heartbeatMs;
    if (data !== sent || isQuiet) {
      yield data === sent ? ':\n\n' : `data: ${data}\n\n`;
      [sent, sentAt] = [data, Date.now()];
    }
    if (part.state === 'done') return yield 'event: done\ndata:\n\n';
    await delay(pollMs[part.state], undefined, { signal }).catch(() => undefined);
    if (signal.aborted || Date.now() > endAt) return;
    part = await read();
  }
}

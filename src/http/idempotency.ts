import { createHash } from 'node:crypto';
import type { Context, Middleware } from 'koa';
import type { Services } from '../app.ts';
import type { Connection, Database, Queryable } from '../db/database.ts';
import { badRequest, stillRunning, unprocessable } from '../errors.ts';
import { keyOf } from './auth.ts';
import { readBody } from './json-body.ts';

/** A request that may be sent again without doing its work twice. */
export interface IdempotentRequest {
  key: string;
  /** SHA-256 of method, address and body: what tells a repeat from another request under the same key. */
  fingerprint: Buffer;
}

const maxKeyLength = 255;

/** The request's `Idempotency-Key`, bare or quoted; undefined without one. Its body must have been read. Throws 400. */
export function idempotencyOf(ctx: Context): IdempotentRequest | undefined {
  const header = ctx.req.headers['idempotency-key'];
  if (header === undefined) return undefined;
  const key = unquoted([header].flat().join(', '));
  if (key === '' || key.length > maxKeyLength) {
    throw badRequest(`\`Idempotency-Key\` must have 1 to ${maxKeyLength} characters.`);
  }
  const body: Buffer = ctx.state.body ?? Buffer.alloc(0);
  const fingerprint = createHash('sha256').update(`${ctx.method} ${ctx.url}\n`).update(body).digest();
  return { key, fingerprint };
}

const unquoted = (header: string) => /^"(.*)"$/.exec(header.trim())?.[1] ?? header.trim();

export type KeyVerdict = 'go' | 'replay' | 'mismatch' | 'running';

/** Answers whether the request was answered before. Throws 409 while it is being answered, 422 for another request's key. */
export function isReplay(ctx: Context, verdict: KeyVerdict): boolean {
  if (verdict === 'running') throw stillRunning();
  if (verdict === 'mismatch') {
    throw unprocessable('This `Idempotency-Key` was used for another request; use a new one for each request.');
  }
  if (verdict === 'replay') ctx.set('Idempotent-Replayed', 'true');
  return verdict === 'replay';
}

/**
 * Makes a write safe to send again: under an `Idempotency-Key` it runs in one transaction with the answer that is kept, and
 * a repeat gets that answer. Only a success is kept; a refused request lets its key go. (Movements do the same in SQL.)
 * The answer is sealed: it may hold a secret that is shown once.
 */
export function idempotent({ db, secrets }: Pick<Services, 'db' | 'secrets'>): Middleware {
  return async (ctx, next) => {
    if (ctx.req.headers['idempotency-key'] === undefined) return next();
    if (ctx.request.is('*/*') !== null) await readBody(ctx, maxBodyBytes);
    const request = idempotencyOf(ctx);
    if (request === undefined) return next();
    const { organizationId } = keyOf(ctx);
    await db.transaction(async (connection) => {
      const { verdict, answer } = await claimKey(connection.pool, organizationId, request);
      if (isReplay(ctx, verdict) && answer !== null) {
        ctx.status = answer.status;
        ctx.set(answer.headers);
        ctx.type = 'json';
        ctx.body = secrets.open(answer.sealedBody, organizationId);
        return;
      }
      ctx.state.connection = connection;
      await next();
      const body = ctx.body === undefined ? '' : JSON.stringify(ctx.body);
      const kept: KeptAnswer = {
        status: ctx.status,
        headers: keptHeaders(ctx),
        sealedBody: secrets.seal(body, organizationId),
      };
      await keepAnswer(connection.pool, organizationId, request, kept);
    });
  };
}

const maxBodyBytes = 8 * 1024 * 1024;

/** Where a write's statements go: into the transaction of its idempotency key, when it has one. */
export const connectionOf = (ctx: Context, db: Database): Connection => ctx.state.connection ?? db;

interface KeptAnswer {
  status: number;
  headers: Record<string, string>;
  sealedBody: string;
}

async function claimKey(pool: Queryable, organizationId: number, { key, fingerprint }: IdempotentRequest) {
  const { rows } = await pool.query<{ verdict: KeyVerdict; answer: KeptAnswer | null }>(
    'select * from claim_idempotency_key($1, $2, $3)',
    [organizationId, key, fingerprint],
  );
  if (rows[0] === undefined) throw new Error('claim_idempotency_key answered no row');
  return rows[0];
}

async function keepAnswer(
  pool: Queryable,
  organizationId: number,
  { key, fingerprint }: IdempotentRequest,
  answer: KeptAnswer,
): Promise<void> {
  await pool.query('select keep_answer($1, $2, $3, $4)', [organizationId, key, fingerprint, JSON.stringify(answer)]);
}

/** What of an answer's headers is about what was written. */
function keptHeaders(ctx: Context): Record<string, string> {
  const kept = ['Location', 'ETag', 'Retry-After'].filter((name) => ctx.response.get(name) !== '');
  return Object.fromEntries(kept.map((name) => [name, ctx.response.get(name)]));
}

import { DriverException } from '@mikro-orm/core';
import type { Middleware } from 'koa';
import { ApiError, badRequest, internal, unavailable } from '../errors.ts';
import type { Logger } from '../log.ts';

/** The only place that writes an error response. Nothing of the cause but its code and message reaches the client. */
export function errors(log: Logger): Middleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (thrown) {
      const error = toApiError(thrown);
      if (error.status >= 500) log.error({ requestId: ctx.state.requestId, err: thrown }, 'request failed');
      ctx.status = error.status;
      ctx.set(error.headers);
      const message = error.status >= 500 ? `${error.message} Request id: ${ctx.state.requestId}` : error.message;
      ctx.body = { error: { code: error.code, message } };
      closeIfBodyUnread(ctx.req, ctx.res);
    }
  };
}

/** What a thrown thing is to whoever asked. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof URIError) return badRequest('The URL is not valid percent-encoding.');
  return isDatabaseAway(error) ? unavailable('The database is not available right now.') : internal();
}

/** A refused upload is not read to its end: the connection ends with the answer. */
export function closeIfBodyUnread(
  req: NodeJS.ReadableStream & { complete?: boolean },
  res: { setHeader(n: string, v: string): void },
) {
  if (req.complete === false) res.setHeader('Connection', 'close');
}

const networkCodes = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN']);
/**
 * SQLSTATE: connection exception, insufficient resources, operator intervention (shutdown, cancelled), a lock not had in
 * time, deadlock or serialization failure, read-only or missing database. The same request may succeed in a moment.
 */
const sqlStates = /^(08|53|57|55P03|40001|40P01|25006|3D000)/;
const driverMessages =
  /connection terminated|timeout exceeded when trying to connect|query read timeout|client has encountered a connection error/i;

export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (networkCodes.has(code) || sqlStates.test(code) || driverMessages.test(error.message)) return true;
  if (error instanceof AggregateError) return error.errors.some(isDatabaseAway);
  return error instanceof DriverException && error.cause !== undefined && isDatabaseAway(error.cause);
}

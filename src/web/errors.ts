import type { Context, Middleware } from 'koa';
import type { ApiError } from '../errors.ts';
import { closeIfBodyUnread, toApiError } from '../http/errors.ts';
import type { Logger } from '../log.ts';
import { formatsOf } from './i18n/formats.ts';
import { catalogues, firstLanguage, type Messages } from './i18n/index.ts';
import { problemPage } from './problem-page.ts';
import { show } from './respond.ts';
import type { Visitor } from './visit.ts';

/** The only place that writes an error as a page. As in the API, nothing of the cause reaches the visitor. */
export function errorPages(log: Logger): Middleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (thrown) {
      const error = toApiError(thrown);
      const { status } = error;
      if (status >= 500) log.error({ requestId: ctx.state.requestId, err: thrown }, 'page failed');
      ctx.set(error.headers);
      closeIfBodyUnread(ctx.req, ctx.res);
      const visitor: Visitor = ctx.state.visitor ?? stranger(ctx);
      await show(
        ctx,
        problemPage(visitor, { ...wordsFor(visitor.t, error), requestId: requestIdOf(ctx, status) }),
        status,
      );
    }
  };
}

/** Only what failed on our side is looked up in the log. */
const requestIdOf = (ctx: Context, status: number): string | undefined =>
  status >= 500 ? ctx.state.requestId : undefined;

function wordsFor({ common }: Messages, { status, code }: ApiError): { title: string; text: string } {
  if (status === 403) {
    return code === 'foreign_form'
      ? { title: common.notOurFormTitle, text: common.notOurFormText }
      : { title: common.forbiddenTitle, text: common.forbiddenText };
  }
  if (status === 404 || status === 405) return { title: common.notFoundTitle, text: common.notFoundText };
  if (status === 503) return { title: common.unavailableTitle, text: common.unavailableText };
  if (status >= 500) return { title: common.failedTitle, text: common.failedText };
  return { title: common.refusedTitle, text: status === 413 ? common.tooLargeText : common.refusedText };
}

/** When it failed before it was known who asks. */
function stranger(ctx: Context): Visitor {
  const language = firstLanguage(ctx.acceptsLanguages(['en', 'es']));
  return {
    t: catalogues[language],
    format: formatsOf[language],
    language,
    theme: undefined,
    url: ctx.url,
    isPlainHttp: false,
    isExposed: false,
    flash: undefined,
    session: undefined,
  };
}

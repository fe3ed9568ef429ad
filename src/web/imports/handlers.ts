import type { Context } from 'koa';
import type { Services } from '../../app.ts';
import { ApiError, notFound } from '../../errors.ts';
import { isUuid } from '../../http/query.ts';
import { type ImportKind, importKinds } from '../../stock/imports/columns.ts';
import { isProblem, maxImportBytes } from '../../stock/imports/csv-table.ts';
import { importFile, previewImport } from '../../stock/imports/import-file.ts';
import { discardUpload, findUpload, finishUpload, keepUpload, type UploadScope } from '../../stock/imports/uploads.ts';
import { readFileForm } from '../file-form.ts';
import { asDownload, queryOf } from '../parameters.ts';
import { paths } from '../paths.ts';
import { redirectSaying, show } from '../respond.ts';
import { redirect } from '../session.ts';
import { actorOf, visitOf } from '../visit.ts';
import { previewPage, resultPage, uploadPage } from './pages.ts';
import { problemOf } from './reasons.ts';
import { templateOf } from './template.ts';

/** Pages that bring parts and stock from a spreadsheet: a file, a preview, a confirmation, what came of it. */
export function importPages(services: Services) {
  const { db } = services;

  return {
    async new(ctx: Context) {
      await show(ctx, uploadPage(visitOf(ctx), { kind: kindOf(queryOf(ctx, 'kind')) ?? 'parts' }));
    },

    template: (kind: ImportKind) => (ctx: Context) => {
      asDownload(ctx, `${kind}.csv`);
      ctx.type = 'text/csv';
      ctx.body = templateOf(visitOf(ctx), kind);
    },

    /** The file is kept and shown at an address of its own, so a reload loses nothing. */
    async upload(ctx: Context) {
      const visit = visitOf(ctx);
      const { fields, file } = await readFileForm(ctx, maxImportBytes);
      const kind = kindOf(fields.kind) ?? 'parts';
      const { problems } = visit.t.imports;
      if (file === undefined) return show(ctx, uploadPage(visit, { kind, problem: problems.noFile }), 422);
      if (file.isTooLarge) return show(ctx, uploadPage(visit, { kind, problem: problems.tooLarge }), 422);
      const id = await keepUpload(db, scopeOf(ctx), { kind, fileName: file.name, content: file.content });
      redirect(ctx, paths.importUpload(visit.organizationId, id));
    },

    async show(ctx: Context) {
      const visit = visitOf(ctx);
      const { id, kind, fileName, content, result } = await find(ctx);
      if (content === null) return show(ctx, resultPage(visit, { kind, fileName, counts: result }));
      const preview = await previewImport({ db, actor: actorOf(visit) }, { kind, content });
      if (!isProblem(preview)) return show(ctx, previewPage(visit, { id, kind, fileName, preview }));
      await show(ctx, uploadPage(visit, { kind, problem: `${fileName}: ${problemOf(visit, preview)}` }));
    },

    /** All or nothing, once: a second press finds it done. What is refused now shows in the preview, which is made anew. */
    async confirm(ctx: Context) {
      const visit = visitOf(ctx);
      const { id } = await find(ctx);
      const own = paths.importUpload(visit.organizationId, id);
      const deliveries = await db
        .transaction(async (connection) => {
          const upload = await findUpload(connection, scopeOf(ctx), { id, isLocked: true });
          if (upload === undefined || upload.content === null) return 0;
          const { kind, content } = upload;
          const done = await importFile({ db: connection, actor: actorOf(visit) }, { kind, content });
          if (done === undefined) return undefined;
          await finishUpload(connection, id, done.counts);
          return done.deliveries;
        })
        .catch((error: unknown) => {
          if (error instanceof ApiError && error.status < 500) return undefined;
          throw error;
        });
      if (deliveries === undefined) {
        return redirectSaying(services, ctx, own, visit.t.imports.notImported, { kind: 'problem' });
      }
      services.wakeDispatcher(deliveries);
      redirect(ctx, own);
    },

    async discard(ctx: Context) {
      const { id } = await find(ctx);
      await discardUpload(db, scopeOf(ctx), id);
      redirect(ctx, paths.import(visitOf(ctx).organizationId));
    },
  };

  async function find(ctx: Context) {
    const id: string = ctx.params.id;
    const upload = isUuid(id) ? await findUpload(db, scopeOf(ctx), { id }) : undefined;
    if (upload === undefined) throw notFound('There is no such file, or it has waited too long.');
    return upload;
  }
}

function scopeOf(ctx: Context): UploadScope {
  const { session, organizationId } = visitOf(ctx);
  return { sessionId: session.id, organizationId };
}

const kindOf = (text: string | undefined): ImportKind | undefined => importKinds.find((kind) => kind === text);

import type { Queryable } from '../../db/database.ts';
import type { ImportKind } from './columns.ts';
import type { ImportCounts } from './fault.ts';

/** A file that waits for its confirmation, or what came of it. */
export interface Upload {
  id: string;
  kind: ImportKind;
  fileName: string;
  /** null: it has been imported. */
  content: Buffer | null;
  result: ImportCounts | null;
}

/** An upload belongs to the session that brought it, in one organization. */
export interface UploadScope {
  sessionId: number;
  organizationId: number;
}

/** So long a file waits, and so many of one session at most; then the oldest go. */
const [keptHours, maxPerSession, maxNameLength] = [24, 5, 200];

/** Keeps a file and answers its id. */
export async function keepUpload(
  { pool }: { pool: Queryable },
  { sessionId, organizationId }: UploadScope,
  { kind, fileName, content }: { kind: ImportKind; fileName: string; content: Buffer },
): Promise<string> {
  await pool.query('delete from import_upload where expires_at < now()');
  await pool.query(
    `delete from import_upload where id in (
       select id from import_upload where session_id = $1 order by created_at desc offset $2)`,
    [sessionId, maxPerSession - 1],
  );
  const { rows } = await pool.query<{ id: string }>(
    `insert into import_upload (session_id, organization_id, kind, file_name, content, expires_at)
     values ($1, $2, $3, $4, $5, now() + make_interval(hours => $6)) returning id`,
    [sessionId, organizationId, kind, fileName.slice(0, maxNameLength), content, keptHours],
  );
  if (rows[0] === undefined) throw new Error('the upload was not kept');
  return rows[0].id;
}

/** The upload, if it is this session's in this organization. `isLocked`: nobody else imports it meanwhile. */
export async function findUpload(
  { pool }: { pool: Queryable },
  { sessionId, organizationId }: UploadScope,
  { id, isLocked = false }: { id: string; isLocked?: boolean },
): Promise<Upload | undefined> {
  const { rows } = await pool.query<Omit<Upload, 'fileName'> & { file_name: string }>(
    `select id, kind, file_name, content, result from import_upload
     where id = $1 and session_id = $2 and organization_id = $3 and expires_at > now() ${isLocked ? 'for update' : ''}`,
    [id, sessionId, organizationId],
  );
  const [row] = rows;
  return row && { id: row.id, kind: row.kind, fileName: row.file_name, content: row.content, result: row.result };
}

/** Says what came of an upload, and lets its file go. */
export async function finishUpload({ pool }: { pool: Queryable }, id: string, result: ImportCounts): Promise<void> {
  await pool.query('update import_upload set content = null, result = $2 where id = $1', [id, JSON.stringify(result)]);
}

export async function discardUpload(
  { pool }: { pool: Queryable },
  { sessionId, organizationId }: UploadScope,
  id: string,
): Promise<void> {
  await pool.query('delete from import_upload where id = $1 and session_id = $2 and organization_id = $3', [
    id,
    sessionId,
    organizationId,
  ]);
}

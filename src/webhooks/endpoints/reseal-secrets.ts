import type { EndpointDeps } from './endpoint.ts';

/** Seals everything of endpoints that is not sealed with the current key anew; answers how many values. */
export async function resealSecrets({ pool, secrets }: EndpointDeps): Promise<number> {
  let count = 0;
  for (const column of ['sealed_secret', 'previous_sealed_secret', 'sealed_headers']) {
    const { rows } = await pool.query<{ id: string; sealed: string }>(
      `select id, ${column} as sealed from webhook_endpoint where ${column} is not null`,
    );
    for (const { id, sealed } of rows.filter((row) => !secrets.isCurrent(row.sealed))) {
      const resealed = secrets.seal(secrets.open(sealed, Number(id)), Number(id));
      await pool.query(`update webhook_endpoint set ${column} = $2 where id = $1 and ${column} = $3`, [
        id,
        resealed,
        sealed,
      ]);
      count += 1;
    }
  }
  return count;
}

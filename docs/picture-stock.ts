import pg from 'pg';
import { readInstance } from '../src/dev/instance.ts';

type Call = (method: string, path: string, body?: object) => Promise<unknown>;

const [store, workshop, van] = ['Almacén Central', 'Taller Norte', 'Camioneta de Alice'];
const dayMs = 86_400_000;
const days = 28;

/** Of each part: where its stock comes in, how much with each order, and how much a job takes at most. */
const parts = [
  { sku: 'FLT-1042', name: 'Filtro de aceite, roscado', category: 'Filtros', unit: 'ea', at: store, order: 24, job: 3 },
  {
    sku: 'BRG-6204',
    name: 'Rodamiento de bolas 6204-2RS',
    category: 'Rodamientos',
    unit: 'ea',
    at: workshop,
    order: 12,
    job: 2,
  },
  {
    sku: 'OIL-15W40',
    name: 'Aceite de motor 15W-40',
    category: 'Lubricantes',
    unit: 'L',
    at: store,
    order: 60,
    job: 9,
  },
  { sku: 'BLT-A42', name: 'Banda en V A-42', category: 'Transmisión', unit: 'ea', at: workshop, order: 10, job: 2 },
  {
    sku: 'GRS-EP2',
    name: 'Grasa de litio EP2, cartucho de 400 g',
    category: 'Lubricantes',
    unit: 'ea',
    at: store,
    order: 20,
    job: 4,
  },
  {
    sku: 'VAL-SOL-24',
    name: 'Válvula solenoide 24 V CC, normalmente cerrada',
    category: 'Neumática',
    unit: 'ea',
    at: van,
    order: 6,
    job: 1,
  },
];
const reorderPoints: Record<string, number> = { 'OIL-15W40': 20, 'VAL-SOL-24': 5 };

/** Four weeks of a workshop for the pictures: jobs that take, orders that come in when little is left. */
export async function seedStock(call: Call, dataDir: string): Promise<void> {
  const described = parts.map(({ sku, name, category, unit }) => ({
    sku,
    name,
    category,
    unit,
    reorderPoint: reorderPoints[sku] ?? 6,
    unitCost: 1850,
    supplier: 'Suministros del Norte',
  }));
  await call('PUT', '/parts/batch', { parts: described });
  await call('POST', '/movements/batch', { movements: fourWeeks() });
  await spreadOverTime(dataDir);
  await call('POST', '/movements', {
    kind: 'transfer',
    sku: 'FLT-1042',
    from: store,
    to: van,
    qty: 2,
    reference: 'TR-18',
  });
}

function fourWeeks(): object[] {
  const movements: object[] = [];
  const onHand = new Map<string, number>();
  for (let day = 0; day < days; day++) {
    for (const [n, { sku, at: location, order, job }] of parts.entries()) {
      const left = onHand.get(sku) ?? 0;
      const taken = 1 + ((day * 7 + n * 5) % job);
      const isLow = left < taken + (n === 3 ? 0 : job);
      if (!isLow && (day + n) % 2 === 0) continue;
      const change = isLow ? order : -taken;
      onHand.set(sku, left + change);
      movements.push(
        isLow
          ? {
              kind: 'receive',
              sku,
              location,
              qty: order,
              unitCost: 1790 + 10 * (day % 9),
              reference: `OC-${4100 + day}`,
            }
          : { kind: 'consume', sku, location, qty: taken, workOrder: `OT-${7300 + day}` },
      );
    }
  }
  return movements;
}

/** The ledger keeps when each row was written, and lets nobody change it: for a picture of weeks its guard is off for once. */
async function spreadOverTime(dataDir: string): Promise<void> {
  const client = new pg.Client({ connectionString: (await readInstance(dataDir))?.databaseUrl });
  await client.connect();
  try {
    await client.query('set session_replication_role = replica');
    await client.query(
      `update movement set created_at = moved.at, occurred_at = moved.at from (
         select id, (now() - make_interval(secs => $1 * (1 + max(id) over () - id) / count(*) over ()))::timestamptz(3) as at
         from movement) moved where moved.id = movement.id`,
      [(days * dayMs) / 1000],
    );
  } finally {
    await client.end();
  }
}

import { Pool } from 'undici';
import { openDatabase } from '../src/db/database.ts';
import { createApiKey } from '../src/organizations/api-key.ts';
import { createOrganization } from '../src/organizations/organization.ts';
import type { Measured } from './neighbours.ts';
import type { BenchServers } from './servers.ts';
import { startService } from './service.ts';
import { median, rounded } from './statistics.ts';

const parts = 100;
const locations = 4;
const connections = 16;
const batchSize = 1_000;
/** Of each contestant in a round; a batch's worth of each before, which is not counted. */
const singles = 3_000;
const batches = 5;

const contestants = ['single', 'batch'] as const;
type Contestant = (typeof contestants)[number];

/**
 * How many movements a second the API records: single posts on 16 connections against batches of 1,000, one after the other on
 * one connection. Both post the same mix (receive, receive with a price, consume) on the same parts of the same database,
 * in turn.
 */
export async function batch(
  servers: BenchServers,
  { rounds, say }: { rounds: number; say: (line: string) => void },
): Promise<Measured> {
  const place = await servers.freshPlace();
  const db = await openDatabase(place.databaseUrl);
  const api = await startService('server.ts', place);
  const shop = await openShop(db.pool, api.origin);
  const run = { single: (count: number) => shop.postSingles(count), batch: (count: number) => shop.postBatches(count) };
  const counts = { single: singles, batch: batches * batchSize };
  const rates: Record<Contestant, number[]> = { single: [], batch: [] };
  try {
    await run.batch(batchSize * 2); // brings stock into every place
    await run.single(batchSize);
    for (let n = 1; n <= rounds; n++) {
      for (const contestant of n % 2 === 0 ? contestants.toReversed() : contestants) {
        const startedAt = performance.now();
        await run[contestant](counts[contestant]);
        const rate = counts[contestant] / ((performance.now() - startedAt) / 1000);
        rates[contestant].push(rate);
        say(`round ${n} of ${rounds}, ${contestant.padEnd(6)}: ${rate.toFixed(0)} movements a second`);
      }
    }
  } finally {
    await shop.close();
    await api.kill();
    await db.close();
  }
  const summaries = { single: summaryOf(rates.single), batch: summaryOf(rates.batch) };
  for (const contestant of contestants) say(`${contestant.padEnd(6)} ${JSON.stringify(summaries[contestant])}`);
  const ratio = rounded(median(rates.batch) / median(rates.single));
  say(`movements a second in batches / in single posts: ${ratio}`);
  return {
    ratios: { batch: ratio },
    details: { rounds, parts, locations, connections, batchSize, singles, batches, summaries },
  };
}

function summaryOf(rates: number[]) {
  const perSecond = { least: Math.min(...rates), median: median(rates), most: Math.max(...rates) };
  return {
    perSecond: Object.fromEntries(Object.entries(perSecond).map(([name, rate]) => [name, rounded(rate, 0)])),
    msEach: rounded(1000 / median(rates), 3),
  };
}

/** An organization with parts, locations and a key, and clients that post movements to it. */
async function openShop(pool: Parameters<typeof createOrganization>[0]['pool'], origin: string) {
  const { id: organizationId } = await createOrganization({ pool }, 'Bench');
  const { key } = await createApiKey({ pool }, { organizationId, scope: 'write' });
  const clients = new Pool(origin, { connections });
  const post = async (path: string, body: object) => {
    const response = await clients.request({
      method: 'POST',
      path: `/api/v1${path}`,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await response.body.text();
    if (response.statusCode !== 201) throw new Error(`POST ${path} answered ${response.statusCode}: ${text}`);
  };
  for (let n = 0; n < parts; n++) await post('/parts', { sku: `PART-${n}`, name: `Part ${n}`, reorderPoint: 5 });
  for (let n = 0; n < locations; n++) await post('/locations', { name: `Store ${n}` });

  let posted = 0;
  /** Of three at one place, two bring 3 each and one takes 2: stock never runs out, whatever order they come in. */
  const next = () => {
    const n = posted++;
    const where = { sku: `PART-${n % parts}`, location: `Store ${Math.floor(n / parts) % locations}` };
    const turn = Math.floor(n / (parts * locations)) % 3;
    if (turn === 2) return { kind: 'consume', ...where, qty: 2, reference: `WO-${n}` };
    return { kind: 'receive', ...where, qty: 3, ...(turn === 1 ? { unitCost: 18_500 } : {}), reference: `PO-${n}` };
  };

  return {
    async postSingles(count: number) {
      const client = async (share: number) => {
        for (let n = 0; n < share; n++) await post('/movements', next());
      };
      const shareOf = (n: number) => Math.floor((count + n) / connections);
      await Promise.all(Array.from({ length: connections }, (_, n) => client(shareOf(n))));
    },
    async postBatches(count: number) {
      for (let n = 0; n < count; n += batchSize) {
        await post('/movements/batch', { movements: Array.from({ length: batchSize }, next) });
      }
    },
    close: () => clients.close(),
  };
}

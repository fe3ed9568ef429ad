import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from 'pg';
import { openDatabase } from '../src/db/database.ts';
import { createApiKey } from '../src/organizations/api-key.ts';
import { createOrganization } from '../src/organizations/organization.ts';
import { createEndpoint } from '../src/webhooks/endpoints/create-endpoint.ts';
import { type Arrival, type Receiver, startReceiver } from './receiver.ts';
import type { BenchServers } from './servers.ts';
import { secrets, startService } from './service.ts';
import { median, quantile, rounded } from './statistics.ts';

export interface Measured {
  ratios: Record<string, number>;
  details: object;
}

const endpoints = 20;
/** One in ten hangs: it accepts the request and never answers. */
const hangs = (endpoint: number) => endpoint % 10 === 0;
const perSecond = 10;
const warmUpMs = 1_500;
const measureMs = 8_000;
/** Of each endpoint that hangs, due while it is measured. */
const retriesDue = 15;
/** From the worker's start; its process needs up to four seconds of it. */
const retriesFromMs = 6_000;
const arriveWithinMs = 30_000;

/**
 * none: all answer. first: those that hang have never been tried before. retries: they have failed before, are known to, and
 * hang in retries that are due all the while (which the others are spared), and at new events.
 */
const contestants = ['none', 'first', 'retries'] as const;
type Contestant = (typeof contestants)[number];

interface Round {
  p99Ms: number;
  latenciesMs: number[];
  hanging: number;
}

/**
 * What endpoints that hang cost the others: how long a healthy endpoint's event takes from its recording to the first byte at
 * the receiver, with one endpoint in ten hanging against none. The contestants take turns, each round on a database, a
 * namespace and processes of its own.
 */
export async function neighbours(
  servers: BenchServers,
  { rounds, say }: { rounds: number; say: (line: string) => void },
): Promise<Measured> {
  const results: Record<Contestant, Round[]> = { none: [], first: [], retries: [] };
  for (let n = 1; n <= rounds; n++) {
    for (const contestant of n % 2 === 0 ? contestants.toReversed() : contestants) {
      const round = await runRound(servers, contestant);
      results[contestant].push(round);
      say(`round ${n} of ${rounds}, ${contestant.padEnd(7)}: ${inWords(round)}`);
    }
  }
  const summaries = Object.fromEntries(contestants.map((contestant) => [contestant, summaryOf(results[contestant])]));
  for (const [contestant, summary] of Object.entries(summaries))
    say(`${contestant.padEnd(7)} ${JSON.stringify(summary)}`);
  const ratioOf = (contestant: Contestant) =>
    rounded(quantile(pooled(results[contestant]), 0.99) / quantile(pooled(results.none), 0.99));
  const [first, retries] = [ratioOf('first'), ratioOf('retries')];
  say(`p99 of the healthy with one in ten hanging / none hanging: ${first} at first attempts, ${retries} at retries`);
  return {
    ratios: { neighbours: Math.max(first, retries), 'neighbours.first': first, 'neighbours.retries': retries },
    details: { rounds, endpoints, perSecond, measureMs, summaries },
  };
}

const pooled = (rounds: Round[]) => rounds.flatMap(({ latenciesMs }) => latenciesMs);

function summaryOf(rounds: Round[]) {
  const all = pooled(rounds);
  const p99s = rounds.map(({ p99Ms }) => p99Ms);
  return {
    deliveries: all.length,
    medianMs: rounded(median(all), 1),
    p99Ms: rounded(quantile(all, 0.99), 1),
    maxMs: rounded(Math.max(...all), 1),
    p99MsOfRounds: {
      least: rounded(Math.min(...p99s), 1),
      median: rounded(median(p99s), 1),
      most: rounded(Math.max(...p99s), 1),
    },
    hanging: rounds.map(({ hanging }) => hanging),
  };
}

const inWords = ({ latenciesMs, p99Ms, hanging }: Round) =>
  `median ${median(latenciesMs).toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms, ${latenciesMs.length} deliveries, ${hanging} hanging`;

async function runRound(servers: BenchServers, contestant: Contestant): Promise<Round> {
  const place = await servers.freshPlace();
  let isWarm = false;
  let hanging = 0;
  const receiver = await startReceiver((endpoint, response) => {
    if (!hangs(endpoint) || contestant === 'none') return void response.writeHead(204).end();
    if (contestant === 'retries' && !isWarm) return void response.writeHead(503).end();
    hanging += 1;
  });
  const db = await openDatabase(place.databaseUrl);
  const api = await startService('server.ts', place);
  try {
    const shops = await openShops(db.pool, api.origin, receiver);
    if (contestant === 'retries') await leaveRetries(db.pool, shops);
    const workerStartedAt = performance.now();
    const worker = await startService('worker.ts', place);
    try {
      await post(shops, warmUpMs);
      await delay(Math.max(workerStartedAt + retriesFromMs - performance.now(), 500));
      isWarm = true;
      const fromMs = Date.now();
      const posted = await post(shops, measureMs);
      const healthy = ({ endpoint, createdAtMs }: Arrival) => !hangs(endpoint) && createdAtMs >= fromMs;
      const arrivals = await allArrived(() => receiver.arrivals.filter(healthy), posted.healthy);
      const latenciesMs = arrivals.map(({ atMs, createdAtMs }) => atMs - createdAtMs);
      return { latenciesMs, p99Ms: quantile(latenciesMs, 0.99), hanging };
    } finally {
      await worker.kill();
    }
  } finally {
    await api.kill();
    await receiver.close();
    await db.close();
  }
}

interface Shop {
  endpoint: number;
  endpointId: number;
  /** Records one movement, whose event goes to this shop's endpoint only. */
  move(): Promise<void>;
}

/** One organization for each endpoint, with a part and a location. */
async function openShops(pool: Pool, origin: string, receiver: Receiver): Promise<Shop[]> {
  const shops: Shop[] = [];
  for (let endpoint = 0; endpoint < endpoints; endpoint++) {
    const { id: organizationId } = await createOrganization({ pool }, `Shop ${endpoint}`);
    const { key } = await createApiKey({ pool }, { organizationId, scope: 'write' });
    const send = async (path: string, body: object) => {
      const response = await fetch(`${origin}/api/v1${path}`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`POST ${path} answered ${response.status}: ${text}`);
    };
    await send('/parts', { sku: 'OIL', name: 'Oil' });
    await send('/locations', { name: 'Store' });
    const { id: endpointId } = await createEndpoint(
      { pool, secrets },
      { organizationId, url: receiver.urlOf(endpoint), events: ['stock.movement.created'] },
    );
    const move = () => send('/movements', { kind: 'receive', sku: 'OIL', location: 'Store', qty: 1 });
    shops.push({ endpoint, endpointId, move });
  }
  return shops;
}

/** Deliveries that have failed once, and whose next attempts are spread over the time that is measured. */
async function leaveRetries(pool: Pool, shops: Shop[]): Promise<void> {
  for (const { endpointId, move } of shops.filter(({ endpoint }) => hangs(endpoint))) {
    for (let n = 0; n < retriesDue; n++) await move();
    await pool.query(
      `update delivery d set status = 'retrying', attempts_made = 1, attempts_logged = 1,
         due_at = clock_timestamp() + make_interval(secs => $2 + $3 * q.n / $4)
       from (select id, row_number() over (order by id) - 1 as n from delivery where endpoint_id = $1) q where q.id = d.id`,
      [endpointId, retriesFromMs / 1000, measureMs / 1000, retriesDue],
    );
  }
}

/** Movements at a steady rate, whatever the answers take; each shop in turn. Resolves when all are recorded. */
async function post(shops: Shop[], forMs: number): Promise<{ healthy: number }> {
  const startedAt = performance.now();
  const count = Math.round((forMs / 1000) * perSecond);
  const moves: Promise<void>[] = [];
  let healthy = 0;
  for (let n = 0; n < count; n++) {
    await delay(Math.max(startedAt + (n * 1000) / perSecond - performance.now(), 0));
    const shop = shops[n % shops.length];
    if (shop === undefined) continue;
    if (!hangs(shop.endpoint)) healthy += 1;
    moves.push(shop.move());
  }
  await Promise.all(moves);
  return { healthy };
}

async function allArrived(read: () => Arrival[], count: number): Promise<Arrival[]> {
  for (const giveUpAt = Date.now() + arriveWithinMs; read().length < count; await delay(20)) {
    if (Date.now() > giveUpAt) throw new Error(`${read().length} of ${count} arrived within ${arriveWithinMs} ms`);
  }
  return read();
}

import { setTimeout as delay } from 'node:timers/promises';

/**
 * Keeps endpoints out of each other's way, in this process: how many attempts of one endpoint are under way, and whether it
 * answers well enough for the instant lane.
 */
export interface EndpointLanes {
  /** Takes a permit for one attempt; for an endpoint with a limit of its own also one that comes free within a moment. */
  take(endpointId: number): Promise<Permit | undefined>;
  /** A permit for an endpoint that answers well, also when it comes free within a moment. */
  takeQuick(endpointId: number): Promise<Permit | undefined>;
  /** A permit as for an endpoint that has no limit of its own. */
  takeByHand(endpointId: number): Permit | undefined;
  /** How an attempt went. */
  note(endpointId: number, attempt: { delivered: boolean; durationMs: number }): void;
  /** How many attempts the endpoint may have at once over all workers; null: no limit of its own. */
  noteLimit(endpointId: number, maxConcurrency: number | null): void;
  isLimited(endpointId: number): boolean;
  /** How long one that found no permit waits before it asks again: turns are handed out in a row. */
  nextTurnInMs(endpointId: number): number;
  /** What a turn is reckoned by where PostgreSQL hands them out: as fast as attempts come and go. */
  pace(endpointId: number): Pace;
}

export interface Permit {
  release(): void;
}

export interface Pace {
  minWaitMs: number;
  spacingMs: number;
}

/** An endpoint that never answered yet may hang: few attempts find that out. */
const maxUnderWay = { unproven: 10, proven: 50 };
const slowMs = 2_000;
const maxMinWaitMs = 1_000;
const momentMs = 1_000;

interface Lane {
  underWay: number;
  /** unproven: no attempt has come back yet; poor: the last one failed or was slow. */
  health: 'unproven' | 'proven' | 'poor';
  lastMs: number;
  maxConcurrency: number | null;
  /** Where the queue of those who were sent away ends. */
  nextTurnAt: number;
  /** Called one by one as permits come free. */
  waiting: Set<() => void>;
}

export function createEndpointLanes(now: () => number = Date.now): EndpointLanes {
  const lanes = new Map<number, Lane>();

  const laneOf = (endpointId: number): Lane => {
    const known = lanes.get(endpointId);
    if (known !== undefined) return known;
    const lane: Lane = {
      underWay: 0,
      health: 'unproven',
      lastMs: 0,
      maxConcurrency: null,
      nextTurnAt: 0,
      waiting: new Set(),
    };
    lanes.set(endpointId, lane);
    return lane;
  };

  return {
    async take(endpointId) {
      const lane = laneOf(endpointId);
      // No more wait here than can be let through in their moment; the others wait in Temporal.
      const mayWait = () => lane.maxConcurrency !== null && lane.waiting.size < lane.maxConcurrency;
      return tryTake(lane, limitOf(lane)) ?? (mayWait() ? waitForPermit(lane, () => true) : undefined);
    },

    async takeQuick(endpointId) {
      const lane = laneOf(endpointId);
      return waitForPermit(lane, () => lane.health !== 'poor');
    },

    takeByHand(endpointId) {
      const lane = laneOf(endpointId);
      return tryTake(lane, limitOf({ ...lane, maxConcurrency: null }));
    },

    note(endpointId, { delivered, durationMs }) {
      const lane = laneOf(endpointId);
      lane.health = delivered && durationMs < slowMs ? 'proven' : 'poor';
      lane.lastMs = durationMs;
    },

    noteLimit(endpointId, maxConcurrency) {
      laneOf(endpointId).maxConcurrency = maxConcurrency;
    },

    isLimited: (endpointId) => laneOf(endpointId).maxConcurrency !== null,

    nextTurnInMs(endpointId) {
      const lane = laneOf(endpointId);
      const { minWaitMs, spacingMs } = paceOf(lane);
      lane.nextTurnAt = Math.max(now() + minWaitMs, lane.nextTurnAt + spacingMs);
      return Math.round(lane.nextTurnAt - now());
    },

    pace: (endpointId) => paceOf(laneOf(endpointId)),
  };
}

async function waitForPermit(lane: Lane, mayGoOn: () => boolean): Promise<Permit | undefined> {
  const giveUp = delay(momentMs, 'late', { ref: false });
  while (mayGoOn()) {
    const permit = tryTake(lane, limitOf(lane));
    if (permit !== undefined) {
      callNext(lane); // there may be room for more: the endpoint has just been found to answer well
      return permit;
    }
    const place = Promise.withResolvers<'free'>();
    const call = () => place.resolve('free');
    lane.waiting.add(call);
    if ((await Promise.race([place.promise, giveUp])) === 'free') continue;
    // One that was called in the same moment passes the permit on.
    if (!lane.waiting.delete(call)) callNext(lane);
    return undefined;
  }
  callNext(lane);
  return undefined;
}

function tryTake(lane: Lane, limit: number): Permit | undefined {
  if (lane.underWay >= limit) return undefined;
  lane.underWay += 1;
  return {
    release() {
      lane.underWay -= 1;
      callNext(lane);
    },
  };
}

function callNext(lane: Lane): void {
  const [next] = lane.waiting;
  if (next === undefined || lane.underWay >= limitOf(lane)) return;
  lane.waiting.delete(next);
  next();
}

/** A limit above the usual one counts once the endpoint answers well. */
function limitOf({ health, maxConcurrency }: Lane): number {
  if (health === 'proven') return maxConcurrency ?? maxUnderWay.proven;
  return Math.min(maxConcurrency ?? maxUnderWay.unproven, maxUnderWay.unproven);
}

function paceOf(lane: Lane): Pace {
  return {
    minWaitMs: Math.max(100, Math.min(lane.lastMs, maxMinWaitMs)),
    spacingMs: lane.lastMs / limitOf(lane),
  };
}

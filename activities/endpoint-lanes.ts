import { setTimeout as delay } from 'node:timers/promises';

/**
 * Keeps endpoints out of each other's way, in this process: how many attempts of one endpoint are under way, and whether it
 * answers well enough for the instant lane.
 */
export interface EndpointLanes {
  /** Takes a permit for one attempt; without one, how long to wait before asking again. */
  take(endpointId: number): Permit | { retryInMs: number };
  /** A permit for an endpoint that answers well, also when it comes free within a moment. */
  takeQuick(endpointId: number): Promise<Permit | undefined>;
  /** How an attempt went. */
  note(endpointId: number, attempt: { delivered: boolean; durationMs: number }): void;
}

export interface Permit {
  release(): void;
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
    const lane: Lane = { underWay: 0, health: 'unproven', lastMs: 0, nextTurnAt: 0, waiting: new Set() };
    lanes.set(endpointId, lane);
    return lane;
  };

  return {
    take(endpointId) {
      const lane = laneOf(endpointId);
      return tryTake(lane) ?? { retryInMs: nextTurn(lane, now()) };
    },

    async takeQuick(endpointId) {
      const lane = laneOf(endpointId);
      const giveUp = delay(momentMs, 'late', { ref: false });
      while (lane.health !== 'poor') {
        const permit = tryTake(lane);
        if (permit !== undefined) return permit;
        if ((await Promise.race([nextRelease(lane), giveUp])) === 'late') return undefined;
      }
      return undefined;
    },

    note(endpointId, { delivered, durationMs }) {
      const lane = laneOf(endpointId);
      lane.health = delivered && durationMs < slowMs ? 'proven' : 'poor';
      lane.lastMs = durationMs;
    },
  };
}

function tryTake(lane: Lane): Permit | undefined {
  if (lane.underWay >= limitOf(lane)) return undefined;
  lane.underWay += 1;
  return {
    release() {
      lane.underWay -= 1;
      const [next] = lane.waiting;
      if (next === undefined) return;
      lane.waiting.delete(next);
      next();
    },
  };
}

const limitOf = ({ health }: Lane) => (health === 'proven' ? maxUnderWay.proven : maxUnderWay.unproven);

const nextRelease = (lane: Lane) => new Promise<'free'>((resolve) => lane.waiting.add(() => resolve('free')));

/** Turns are handed out as fast as permits come free, so that a long queue does not ask again all at once. */
function nextTurn(lane: Lane, nowMs: number): number {
  const minWaitMs = Math.max(100, Math.min(lane.lastMs, maxMinWaitMs));
  lane.nextTurnAt = Math.max(nowMs + minWaitMs, lane.nextTurnAt + lane.lastMs / limitOf(lane));
  return Math.round(lane.nextTurnAt - nowMs);
}

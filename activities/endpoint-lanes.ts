/**
 * Keeps endpoints out of each other's way, in this process: how many attempts of one endpoint are under way, and whether it
 * answers well enough for the instant lane.
 */
export interface EndpointLanes {
  /** Takes a permit for one attempt; without one, how long to wait before asking again. */
  take(endpointId: number): { release(): void } | { retryInMs: number };
  /** False once its last attempt failed or was slow. */
  isQuick(endpointId: number): boolean;
  /** How an attempt went. */
  note(endpointId: number, attempt: { delivered: boolean; durationMs: number }): void;
}

const maxUnderWay = 10;
const slowMs = 2_000;
const minWaitMs = 1_000;

interface Lane {
  underWay: number;
  isQuick: boolean;
  lastMs: number;
  /** Where the queue of those who found no permit ends. */
  nextTurnAt: number;
}

export function createEndpointLanes(now: () => number = Date.now): EndpointLanes {
  const lanes = new Map<number, Lane>();

  const laneOf = (endpointId: number): Lane => {
    const known = lanes.get(endpointId);
    if (known !== undefined) return known;
    const lane = { underWay: 0, isQuick: true, lastMs: 0, nextTurnAt: 0 };
    lanes.set(endpointId, lane);
    return lane;
  };

  return {
    isQuick: (endpointId) => lanes.get(endpointId)?.isQuick ?? true,

    take(endpointId) {
      const lane = laneOf(endpointId);
      if (lane.underWay >= maxUnderWay) return { retryInMs: nextTurn(lane, now()) };
      lane.underWay += 1;
      return {
        release() {
          lane.underWay -= 1;
          // A lane that is as good as new need not be remembered.
          if (lane.underWay === 0 && lane.isQuick) lanes.delete(endpointId);
        },
      };
    },

    note(endpointId, { delivered, durationMs }) {
      const lane = laneOf(endpointId);
      lane.isQuick = delivered && durationMs < slowMs;
      lane.lastMs = durationMs;
    },
  };
}

/** Turns are handed out as fast as permits come free, so that a long queue does not ask again all at once. */
function nextTurn(lane: Lane, nowMs: number): number {
  const turnMs = Math.max(lane.lastMs, minWaitMs);
  lane.nextTurnAt = Math.max(nowMs + minWaitMs, lane.nextTurnAt + turnMs / maxUnderWay);
  return Math.round(lane.nextTurnAt - nowMs);
}

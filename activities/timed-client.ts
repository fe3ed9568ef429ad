import { type LookupFunction, Socket } from 'node:net';
import { buildConnector, Client } from 'undici';

/** How long each part of a request took, ms; absent where it was not reached or not needed (no DNS for an address). */
export interface Timings {
  dnsMs?: number;
  connectMs?: number;
  tlsMs?: number;
  firstByteMs?: number;
}

/**
 * An HTTP client for one request on a connection of its own, which fills in `timings` as it goes. No connection is used
 * twice: one that the receiver closes just then would fail a healthy delivery.
 */
export function createTimedClient(
  origin: string,
  { lookup, timeoutMs, timings }: { lookup: LookupFunction; timeoutMs: number; timings: Timings },
): Client {
  let since = performance.now();
  const mark = (part: keyof Timings) => {
    const now = performance.now();
    timings[part] = Math.round(now - since);
    since = now;
  };

  const timedLookup: LookupFunction = (hostname, options, callback) => {
    lookup(hostname, options, (...answer) => {
      mark('dnsMs');
      callback(...answer);
    });
  };
  // Said, lest NODE_TLS_REJECT_UNAUTHORIZED, set for something else, undo it.
  const connector = buildConnector({ lookup: timedLookup, timeout: timeoutMs, rejectUnauthorized: true });
  const connect: buildConnector.connector = (target, callback) => {
    since = performance.now();
    const socket: unknown = connector(target, callback);
    if (!(socket instanceof Socket)) return;
    socket.once('connect', () => mark('connectMs'));
    socket.once('secureConnect', () => mark('tlsMs'));
  };
  return new Client(origin, { connect, pipelining: 0 });
}

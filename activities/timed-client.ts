import { type LookupFunction, Socket } from 'node:net';
import { buildConnector, Client } from 'undici';

/** How long each part of a request took, ms; absent where it was not reached or not needed (no DNS for an address). */
export interface Timings {
  dnsMs?: number;
  connectMs?: number;
  tlsMs?: number;
  firstByteMs?: number;
}

export interface TimedClient {
  client: Client;
  timings: Timings;
  /** Call it when the response's head is there. */
  markFirstByte(): void;
}

/**
 * An HTTP client for one request on a connection of its own. No connection is used twice: one that the receiver closes just
 * then would fail a healthy delivery.
 */
export function createTimedClient(origin: string, options: { lookup: LookupFunction; timeoutMs: number }): TimedClient {
  const timings: Timings = {};
  let since = performance.now();
  const mark = (part: keyof Timings) => {
    const now = performance.now();
    timings[part] = Math.round(now - since);
    since = now;
  };

  const lookup: LookupFunction = (hostname, lookupOptions, callback) => {
    since = performance.now();
    options.lookup(hostname, lookupOptions, (...answer) => {
      mark('dnsMs');
      callback(...answer);
    });
  };
  const connector = buildConnector({ lookup, timeout: options.timeoutMs });
  const connect: buildConnector.connector = (target, callback) => {
    since = performance.now();
    const socket: unknown = connector(target, callback);
    if (!(socket instanceof Socket)) return;
    socket.once('connect', () => mark('connectMs'));
    socket.once('secureConnect', () => mark('tlsMs'));
  };
  return {
    client: new Client(origin, { connect, pipelining: 0 }),
    timings,
    markFirstByte: () => mark('firstByteMs'),
  };
}

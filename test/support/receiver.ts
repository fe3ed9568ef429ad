import { createServer, type IncomingHttpHeaders, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface Received {
  /** Of the request's arrival. */
  atMs: number;
  path: string;
  headers: IncomingHttpHeaders;
  rawBody: string;
  // biome-ignore lint/suspicious/noExplicitAny: a receiver reads JSON without types
  body: any;
}

/** Answers one request; `count` is 1 for the first. */
export type Script = (response: ServerResponse, received: Received, count: number) => void | Promise<void>;

export interface Receiver {
  url: string;
  received: Received[];
  /** Resolves once `count` requests have arrived; rejects after `timeoutMs`. */
  waitFor(count: number, timeoutMs?: number): Promise<Received[]>;
  close(): Promise<void>;
}

const answerOk: Script = (response) => void response.writeHead(204).end();

/** A webhook receiver on a real socket that does as its script says; over https with a certificate. */
export async function startReceiver(
  script: Script = answerOk,
  certificate?: { key: string; cert: string },
): Promise<Receiver> {
  const received: Received[] = [];
  const listener: RequestListener = async (request, response) => {
    const atMs = Date.now();
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const rawBody = Buffer.concat(chunks).toString('utf8');
    const entry = { atMs, path: request.url ?? '', headers: request.headers, rawBody, body: JSON.parse(rawBody) };
    received.push(entry);
    await script(response, entry, received.length);
  };
  const server = certificate ? createTlsServer(certificate, listener) : createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${certificate ? 'https' : 'http'}://127.0.0.1:${port}/hook`,
    received,
    async waitFor(count, timeoutMs = 20_000) {
      const giveUpAt = Date.now() + timeoutMs;
      while (received.length < count) {
        if (Date.now() > giveUpAt) throw new Error(`${received.length} of ${count} requests after ${timeoutMs} ms`);
        await delay(10);
      }
      return received;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

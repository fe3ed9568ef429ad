import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Arrival {
  /** Which endpoint's: the path. */
  endpoint: number;
  atMs: number;
  /** When the event was recorded. */
  createdAtMs: number;
}

export interface Receiver {
  urlOf(endpoint: number): string;
  arrivals: Arrival[];
  close(): Promise<void>;
}

/** Receives for every endpoint and notes when each request began; `answer` may leave one without an answer. */
export async function startReceiver(answer: (endpoint: number, response: ServerResponse) => void): Promise<Receiver> {
  const arrivals: Arrival[] = [];
  const server = createServer(async (request, response) => {
    const atMs = performance.timeOrigin + performance.now();
    const endpoint = Number(request.url?.slice(1));
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { createdAt } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    arrivals.push({ endpoint, atMs, createdAtMs: createdAt });
    answer(endpoint, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    urlOf: (endpoint) => `http://127.0.0.1:${port}/${endpoint}`,
    arrivals,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

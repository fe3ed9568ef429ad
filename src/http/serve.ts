import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerUnreadable } from './unreadable.ts';

export interface Serving {
  port: number;
  /** Takes no new connection, lets requests under way finish, at most 10 s. */
  stop(): Promise<void>;
}

const drainMs = 10_000;

/** The media type of server-sent events. */
export const eventStream = 'text/event-stream';

/** Listens on all interfaces. Rejects with the listen error (`EADDRINUSE`, `EACCES`). */
export async function serve(listener: RequestListener, port: number): Promise<Serving> {
  const server = createServer(
    { requestTimeout: 60_000, headersTimeout: 20_000, keepAliveTimeout: 65_000, requireHostHeader: false },
    listener,
  );
  answerUnreadable(server);
  const underWay = new Set<ServerResponse>();
  server.on('request', (_request, response) => {
    underWay.add(response);
    response.once('close', () => underWay.delete(response));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, () => resolve());
  });
  const address: AddressInfo | string | null = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    stop: () => drain(server, underWay),
  };
}

async function drain(server: Server, underWay: Iterable<ServerResponse>): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  // Streams of events have no end to wait for: their readers come back by themselves.
  for (const response of underWay) if (response.getHeader('Content-Type') === eventStream) response.destroy();
  const timer = setTimeout(() => server.closeAllConnections(), drainMs);
  await closed;
  clearTimeout(timer);
}

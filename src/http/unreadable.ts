import { randomUUID } from 'node:crypto';
import { type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

/** Gives the answers that Node gives by itself, to what never becomes a request, the shape of ours. */
export function answerUnreadable(server: Server): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => refuse(socket, statusOf(error)));
  server.on('checkExpectation', (_request, response) => {
    response.writeHead(417, headersOf(bodyOf(417))).end(bodyOf(417));
  });
}

const codes: Record<number, string> = { 408: 'request_timeout', 417: 'expectation_failed', 431: 'headers_too_large' };
const messages: Record<number, string> = {
  400: 'This is not a well-formed HTTP request.',
  408: 'The request did not arrive in time.',
  417: 'Only `Expect: 100-continue` is understood.',
  431: 'The URL and headers together are too large.',
};

function statusOf({ code }: NodeJS.ErrnoException): number {
  if (code === 'HPE_HEADER_OVERFLOW') return 431;
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
}

const bodyOf = (status: number) =>
  JSON.stringify({ error: { code: codes[status] ?? 'bad_request', message: messages[status] } });

const headersOf = (body: string) => ({
  'Content-Type': 'application/json; charset=utf-8',
  'Content-Length': String(Buffer.byteLength(body)),
  'X-Request-Id': randomUUID(),
  Connection: 'close',
});

function refuse(socket: Duplex & { _httpMessage?: ServerResponse | null }, status: number): void {
  const underWay = socket._httpMessage; // Node keeps it where its own handler looks, too
  // A whole request stood before the nonsense: it gets its answer whole, and the nonsense none.
  if (underWay?.req.complete) return void underWay.once('close', () => socket.destroy());
  if (!socket.writable || underWay?.headersSent) return void socket.destroy();
  const body = bodyOf(status);
  const headers = Object.entries(headersOf(body)).map(([name, value]) => `${name}: ${value}`);
  socket.end([`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...headers, '', body].join('\r\n'));
}

import { randomUUID } from 'node:crypto';
import { type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

/** Gives the answers that Node gives by itself, to what never becomes a request, the shape of ours. */
export function answerUnreadable(server: Server): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => refuse(socket, statusOf(error)));
  server.on('checkExpectation', (request) => refuse(request.socket, 417));
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

function refuse(socket: Duplex, status: number): void {
  if (!socket.writable) return void socket.destroy();
  const body = JSON.stringify({ error: { code: codes[status] ?? 'bad_request', message: messages[status] } });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${randomUUID()}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

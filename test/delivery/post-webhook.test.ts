import { createServer, type Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { createAddressGuard } from '../../activities/address-guard.ts';
import { faultOf } from '../../activities/post-fault.ts';
import { createPostWebhook, parseRetryAfter } from '../../activities/post-webhook.ts';
import { issueSelfSigned } from '../support/certificates.ts';
import { closing } from '../support/database.ts';
import { startReceiver } from '../support/receiver.ts';
import { webhookTo } from '../support/webhook-message.ts';

const sixHoursMs = 6 * 60 * 60 * 1000;
const nowMs = Date.parse('2026-11-25T12:00:00Z');

describe('Retry-After', () => {
  it.each([
    ['0', 0],
    ['1', 1_000],
    [' 120 ', 120_000],
    ['00120', 120_000],
    ['21600', sixHoursMs],
    ['21601', sixHoursMs],
    ['9'.repeat(30), sixHoursMs],
    ['9'.repeat(400), sixHoursMs],
    ['Wed, 25 Nov 2026 12:01:00 GMT', 60_000],
    ['Wednesday, 25-Nov-26 12:01:00 GMT', 60_000],
    ['Wed Nov 25 12:01:00 2026', 60_000],
    ['Wed, 25 Nov 2026 11:00:00 GMT', 0],
    ['Fri, 31 Dec 9999 23:59:59 GMT', sixHoursMs],
  ])('%j is %i ms', (value, waitMs) => {
    expect(parseRetryAfter(value, nowMs)).toBe(waitMs);
  });

  it.each([
    '',
    '-5',
    '+5',
    '1.5',
    '1e9',
    '0x10',
    '５',
    '5, 10',
    'NaN',
    'Infinity',
    'soon',
    '2026-11-25T13:00:00Z',
    'Wed, 99 Foo 2026 12:01:00 GMT',
    'Wed, 25 Nov 2026 12:01:00 +0100',
    'Wed, 25 Nov 99999999 12:01:00 GMT',
    'Wed Nov 25 99:01:00 2026',
  ])('%j asks for nothing', (value) => {
    expect(parseRetryAfter(value, nowMs)).toBe(0);
  });
});

const postTo = (url: string, body = '{}') =>
  createPostWebhook(createAddressGuard(['127.0.0.0/8']))(webhookTo(url, body));

it('verifies certificates although NODE_TLS_REJECT_UNAUTHORIZED=0 is set', async () => {
  const receiver = closing(await startReceiver(undefined, await issueSelfSigned(['127.0.0.1'])));
  vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
  try {
    expect(await postTo(receiver.url)).toMatchObject({ delivered: false, errorClass: 'tls' });
    expect(receiver.received).toHaveLength(0);
  } finally {
    vi.unstubAllEnvs();
  }
});

describe('a request larger than what the connection holds', () => {
  async function post(onSocket: (socket: Socket) => void) {
    const server = createServer((socket) => onSocket(socket.on('error', () => undefined)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing(server);
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    return postTo(`http://127.0.0.1:${port}/`, JSON.stringify('x'.repeat(20_000_000)));
  }
  const answer = (status: string) => `HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`;

  it.each([
    ['200 OK', { delivered: true }],
    ['413 Content Too Large', { delivered: false, errorClass: 'http_4xx', final: false }],
    ['410 Gone', { delivered: false, errorClass: 'http_4xx', final: true, endpointGone: true }],
  ])('answered %s before all of it was read', async (status, outcome) => {
    const sockets: Socket[] = [];
    const answered = await post((socket) => {
      sockets.push(socket);
      socket.once('data', () => {
        socket.pause();
        socket.write(answer(status));
      });
    });
    for (const socket of sockets) socket.destroy();
    expect(answered).toMatchObject(outcome);
  });

  it('cut off without an answer', async () => {
    const outcome = await post((socket) => socket.once('data', () => socket.destroy()));
    expect(outcome).toMatchObject({ delivered: false, errorClass: 'reset', final: false });
  });

  it('answered and cut off at once: the answer, or that it was cut off, within moments', async () => {
    const outcome = await post((socket) =>
      socket.once('data', () => socket.write(answer('500 Error'), () => socket.resetAndDestroy())),
    );
    expect(outcome).toMatchObject({ delivered: false, final: false });
    expect(outcome.durationMs).toBeLessThan(5_000);
  });
});

describe('a fault that no test can bring about here', () => {
  const coded = (code: string) => Object.assign(new Error('x'), { code });

  it.each([
    ['dns', 'The host name does not resolve (EAI_AGAIN)', coded('EAI_AGAIN')],
    ['dns', 'The host name does not resolve (EAI_FAIL)', coded('EAI_FAIL')],
    ['network', 'The host cannot be reached (EHOSTUNREACH)', coded('EHOSTUNREACH')],
    ['network', 'The host cannot be reached (ENETUNREACH)', coded('ENETUNREACH')],
    [
      'network',
      'The host cannot be reached (ETIMEDOUT)',
      new AggregateError([coded('ETIMEDOUT'), coded('ECONNREFUSED')]),
    ],
    ['tls', 'TLS failed (EPROTO)', coded('EPROTO')],
    ['tls', 'TLS failed (ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION)', coded('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION')],
    ['tls', 'TLS failed (CERT_REVOKED)', coded('CERT_REVOKED')],
    [
      'tls',
      'The certificate is for another host, not this host (ERR_TLS_CERT_ALTNAME_INVALID)',
      coded('ERR_TLS_CERT_ALTNAME_INVALID'),
    ],
    ['network', 'The request failed (EMFILE)', coded('EMFILE')],
    ['network', 'The request failed (TypeError)', new TypeError('x')],
    ['network', 'The request failed (unknown)', undefined],
    ['network', 'The request failed (unknown)', new AggregateError([])],
  ])('%s: %s', (errorClass, words, error) => {
    expect(faultOf(error, { deadlineMs: 15_000, isInHandshake: false })).toEqual({ errorClass, words });
  });
});

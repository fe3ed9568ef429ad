import { createServer, type Server } from 'node:net';
import { hostname } from 'node:os';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAddressGuard } from '../../activities/address-guard.ts';
import { createPostWebhook } from '../../activities/post-webhook.ts';

/** Listens on every address of this machine, so that whatever gets through is counted. */
let connections = 0;
let server: Server;
let port = 0;

beforeAll(async () => {
  server = createServer((socket) => {
    connections += 1;
    socket.on('error', () => undefined);
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
  });
  // Dual stack where the machine has IPv6, else IPv4 alone.
  await new Promise<void>((resolve) => {
    server.once('error', () => server.listen(0, '0.0.0.0', resolve));
    server.listen(0, '::', resolve);
  });
  const address = server.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
});
afterAll(() => void server.close());
beforeEach(() => {
  connections = 0;
});

const post = (url: string, allowCidrs: string[] = []) =>
  createPostWebhook(createAddressGuard(allowCidrs))({
    endpointId: 1,
    url,
    secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    previousSecret: undefined,
    headers: {},
    eventId: 'e',
    eventType: 'part.created',
    movementId: null,
    apiKeyId: null,
    body: '{}',
  });

const loopbackV4 = [
  '127.0.0.1',
  '127.0.0.2',
  '127.255.255.254',
  '127.1',
  '127.0.1',
  '2130706433',
  '0x7f000001',
  '0x7F.0x0.0x0.0x1',
  '0x7f.1',
  '017700000001',
  '0177.0.0.1',
  '0177.0.0.01',
  '00000177.0.0.1',
  '127.0.0.1.',
  '①②⑦.⓪.⓪.①',
  '127。0。0。1',
  '%31%32%37.0.0.1',
  '１２７.0.0.1',
];
const mappedLoopback = ['[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[0:0:0:0:0:ffff:7f00:0001]'];
const loopbackV6 = ['[::1]', '[0:0:0:0:0:0:0:1]', '[0000::0001]'];
const embeddingLoopback = [
  '[64:ff9b::127.0.0.1]',
  '[64:ff9b::7f00:1]',
  '[64:ff9b:1::7f00:1]',
  '[2002:7f00:1::]',
  '[2002:a00:1::1]',
  '[2001:0:7f00:1::1]',
  '[::127.0.0.1]',
  '[::7f00:1]',
  '[::ffff:0:127.0.0.1]',
];
const names = ['localhost', 'LOCALHOST', hostname()];
const unspecified = ['0.0.0.0', '0', '0x0', '0.1.2.3', '[::]', '[::ffff:0.0.0.0]'];
const otherV4 = [
  '10.0.0.1',
  '10.255.255.255',
  '167772161',
  '012.0.0.1',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.0.1',
  '0xc0a80001',
  '100.64.0.1',
  '100.127.255.255',
  '169.254.169.254',
  '0xa9fea9fe',
  '2852039166',
  '0251.0376.0251.0376',
  '169.254.1.1',
  '192.0.0.1',
  '192.0.0.170',
  '192.0.2.1',
  '192.88.99.1',
  '198.18.0.1',
  '198.19.255.255',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
];
const otherV6 = [
  '[::ffff:10.0.0.1]',
  '[::ffff:169.254.169.254]',
  '[64:ff9b::169.254.169.254]',
  '[::169.254.169.254]',
  '[fc00::1]',
  '[fd00:ec2::254]',
  '[fe80::1]',
  '[febf::1]',
  '[fec0::1]',
  '[ff02::1]',
  '[ff0e::1]',
  '[2001:db8::1]',
  '[3fff::1]',
  '[100::1]',
  '[5f00::1]',
  '[2001::1]',
  '[2001:2::1]',
  '[2001:20::1]',
];
const everything = [
  ...loopbackV4,
  ...mappedLoopback,
  ...loopbackV6,
  ...embeddingLoopback,
  ...names,
  ...unspecified,
  ...otherV4,
  ...otherV6,
];

describe.each(['http', 'https'])('over %s, without WEBHOOK_ALLOW_CIDRS', (scheme) => {
  it.each(everything)('%s is refused for good, before any connection', async (host) => {
    expect(await post(`${scheme}://${host}:${port}/`)).toMatchObject({
      delivered: false,
      errorClass: 'blocked_address',
      final: true,
      endpointGone: false,
    });
    expect(connections).toBe(0);
  });
});

it('names of public hosts and public addresses are refused over plain http, with the reason', async () => {
  for (const host of ['93.184.216.34', '8.8.8.8', '[2606:4700:4700::1111]']) {
    const outcome = await post(`http://${host}:${port}/`);
    expect(outcome).toMatchObject({ delivered: false, errorClass: 'blocked_address', final: true });
    expect(outcome).toMatchObject({ failure: expect.stringMatching(/[Pp]lain http is not allowed.*https/) });
  }
});

it.each(['ftp://127.0.0.1/', 'file:///etc/passwd', 'gopher://127.0.0.1/', 'ws://127.0.0.1/'])(
  '%s is no webhook address',
  async (url) => {
    const outcome = await post(url, ['127.0.0.0/8']).catch((error: unknown) => error);
    expect(outcome).toMatchObject({ delivered: false, errorClass: 'blocked_address', final: true });
  },
);

describe('with WEBHOOK_ALLOW_CIDRS=127.0.0.0/8', () => {
  const allow = ['127.0.0.0/8'];

  it.each([...loopbackV4.filter((host) => host !== '127.255.255.254'), 'localhost'])(
    '%s is reached, plain http included',
    async (host) => {
      expect(await post(`http://${host}:${port}/`, allow)).toMatchObject({ delivered: true });
      expect(connections).toBe(1);
    },
  );

  it.each([...loopbackV6, ...embeddingLoopback, ...unspecified, ...otherV4, ...otherV6])(
    '%s stays refused',
    async (host) => {
      expect(await post(`http://${host}:${port}/`, allow)).toMatchObject({
        delivered: false,
        errorClass: 'blocked_address',
      });
      expect(connections).toBe(0);
    },
  );
});

it.each([['10.0.0.0/8'], ['192.168.0.0/16'], ['fd00::/8'], ['128.0.0.0/8'], ['126.0.0.0/8'], ['127.0.0.8/29']])(
  'WEBHOOK_ALLOW_CIDRS=%s lets nobody reach the loopback address',
  async (cidr) => {
    for (const host of ['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '2130706433']) {
      expect(await post(`http://${host}:${port}/`, [cidr])).toMatchObject({ delivered: false, final: true });
    }
    expect(connections).toBe(0);
  },
);

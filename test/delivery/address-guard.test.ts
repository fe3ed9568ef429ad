import { createHook } from 'node:async_hooks';
import type { LookupAddress } from 'node:dns';
import { createServer, type Server } from 'node:net';
import { hostname } from 'node:os';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAddressGuard, type Resolve } from '../../activities/address-guard.ts';
import { createPostWebhook } from '../../activities/post-webhook.ts';
import { webhookTo } from '../support/webhook-message.ts';

/** Listens on every address of this machine, so that whatever gets through is counted, by the address it came to. */
let connections = 0;
let reached: string[] = [];
let server: Server;
let port = 0;

beforeAll(async () => {
  server = createServer((socket) => {
    connections += 1;
    reached.push((socket.localAddress ?? '').replace(/^::ffff:/, ''));
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
  reached = [];
});

/** What this process asks the kernel to connect to, whoever listens there. */
let connectsAsked = 0;
const watch = createHook({
  init(_id, type) {
    if (type === 'TCPCONNECTWRAP') connectsAsked += 1;
  },
});
beforeAll(() => void watch.enable());
afterAll(() => void watch.disable());
beforeEach(() => {
  connectsAsked = 0;
});

function expectNoConnection(): void {
  expect(connections).toBe(0);
  expect(connectsAsked).toBe(0);
}

const post = (url: string, allowCidrs: string[] = [], resolve?: Resolve) =>
  createPostWebhook(createAddressGuard(allowCidrs, resolve))(webhookTo(url));

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
  '[64:ff9b:1:ffff:ffff:ffff:7f00:1]',
  '[2002:7f00:1:1::1]',
  '[2001:0:0:0:0:0:80ff:fffe]',
];
const names = ['localhost', 'LOCALHOST', 'ⓛⓞⓒⓐⓛⓗⓞⓢⓣ', 'user:password@localhost', 'example.com@localhost', hostname()];
const unspecified = ['0.0.0.0', '0', '0x0', '0.1.2.3', '0.255.255.255', '[::]', '[::ffff:0.0.0.0]'];
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
  '192.0.0.255',
  '192.31.196.1',
  '192.52.193.1',
  '192.175.48.1',
  '192.0.2.1',
  '192.88.99.1',
  '198.18.0.1',
  '198.19.255.255',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.254',
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
  '[2001:1::1]',
  '[2001:4:112::1]',
  '[2001:10::1]',
  '[2001:1ff:ffff::1]',
  '[2620:4f:8000::1]',
  '[2001:0:808:808::1]',
  '[2002:808:808::1]',
  '[64:ff9b::8.8.8.8]',
  '[::8.8.8.8]',
  '[::2]',
  '[100:0:0:1::1]',
  '[feff::1]',
  '[fe00::1]',
  '[4000::1]',
  '[8000::1]',
  '[ffff::1]',
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
    expectNoConnection();
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

it.each([
  'HTTPS://127.0.0.1:PORT/',
  'hTTp://127.0.0.1:PORT/',
  'https:127.0.0.1:PORT/',
  'https:\\\\127.0.0.1:PORT\\',
  'https:///127.0.0.1:PORT/',
  'ht\ntps://127.0.0.1:PORT/',
  'https://127.0.\t0.1:PORT/',
  '  https://127.0.0.1:PORT/  ',
  'https://93.184.216.34@127.0.0.1:PORT/',
  'https://127.0.0.1:PORT\\@93.184.216.34/',
  'https://127.0.0.1:PORT?@93.184.216.34/',
  'https://127.0.0.1:PORT#@93.184.216.34/',
  'https://127.0.0.1:0PORT/',
])('%j is seen for what it is', async (url) => {
  const outcome = await post(url.replace('PORT', String(port)));
  expect(outcome).toMatchObject({ delivered: false, errorClass: 'blocked_address', final: true });
  expectNoConnection();
});

it.each(['', 'not a URL', 'https://', 'https://127.0.0.1:65536/', 'https://[fe80::1%25lo]/', 'https://[::1%lo]/'])(
  '%j is no URL: it fails for good, and nothing is thrown',
  async (url) => {
    expect(await post(url)).toMatchObject({ delivered: false, errorClass: 'invalid_url', final: true });
    expectNoConnection();
  },
);

describe('with WEBHOOK_ALLOW_CIDRS=127.0.0.0/8', () => {
  const allow = ['127.0.0.0/8'];

  it.each([...loopbackV4.filter((host) => host !== '127.255.255.254'), 'localhost'])(
    '%s is reached, plain http included',
    async (host) => {
      expect(await post(`http://${host}:${port}/`, allow)).toMatchObject({ delivered: true });
      expect(connections).toBe(1);
      expect(connectsAsked).toBe(1);
    },
  );

  it.each([...loopbackV6, ...embeddingLoopback, ...unspecified, ...otherV4, ...otherV6])(
    '%s stays refused',
    async (host) => {
      expect(await post(`http://${host}:${port}/`, allow)).toMatchObject({
        delivered: false,
        errorClass: 'blocked_address',
      });
      expectNoConnection();
    },
  );
});

it.each([['10.0.0.0/8'], ['192.168.0.0/16'], ['fd00::/8'], ['128.0.0.0/8'], ['126.0.0.0/8'], ['127.0.0.8/29']])(
  'WEBHOOK_ALLOW_CIDRS=%s lets nobody reach the loopback address',
  async (cidr) => {
    for (const host of ['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '2130706433']) {
      expect(await post(`http://${host}:${port}/`, [cidr])).toMatchObject({ delivered: false, final: true });
    }
    expectNoConnection();
  },
);

it('an allowed IPv6 address is not refused', async () => {
  const outcome = await post(`http://[::1]:${port}/`, ['::1/128']);
  expect(outcome).not.toMatchObject({ errorClass: 'blocked_address' });
});

/** In the place of the system's resolver: the next list of addresses for each question, the last one for all after it. */
function scriptedResolver(...answers: string[][]) {
  const asked: string[] = [];
  const resolve: Resolve = (name, _options, callback) => {
    const addresses = answers[Math.min(asked.length, answers.length - 1)] ?? [];
    asked.push(name);
    setImmediate(() => callback(null, addresses.map(withFamily)));
  };
  return { asked, resolve };
}

const withFamily = (address: string): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 });

/**
 * Two addresses of this machine stand for the network inside and the one outside: 127.0.0.1 is forbidden, 127.0.0.2 is
 * allowed, and connections to both are counted.
 */
describe('a name that resolves differently the second time', () => {
  const inside = '127.0.0.1';
  const outside = '127.0.0.2';
  const allow = [`${outside}/32`, '127.0.0.3/32'];
  const rebind = (scheme: string) => `${scheme}://rebind.example:${port}/`;
  const refused = { delivered: false, errorClass: 'blocked_address', final: true };

  it.each(['http', 'https'])(
    'is asked once for each %s attempt, and what was judged is connected to',
    async (scheme) => {
      const { resolve, asked } = scriptedResolver([outside], [inside]);
      const first = await post(rebind(scheme), allow, resolve);
      expect(first).not.toMatchObject(refused);
      expect(asked).toEqual(['rebind.example']);
      expect(reached).toEqual([outside]);
      expect(connectsAsked).toBe(1);

      expect(await post(rebind(scheme), allow, resolve)).toMatchObject(refused);
      expect(asked).toHaveLength(2);
      expect(reached).toEqual([outside]);
      expect(connectsAsked).toBe(1);
    },
  );

  it.each(['http', 'https'])('inside first, then outside: judged anew over %s', async (scheme) => {
    const { resolve } = scriptedResolver([inside], [outside]);
    expect(await post(rebind(scheme), allow, resolve)).toMatchObject(refused);
    expectNoConnection();
    expect(await post(rebind(scheme), allow, resolve)).not.toMatchObject(refused);
    expect(reached).toEqual([outside]);
  });

  it.each([
    [[inside, outside]],
    [[outside, inside]],
    [['::1', inside, outside]],
    [['::ffff:127.0.0.1', outside, '10.0.0.1']],
    [['169.254.169.254', '::1', outside, inside, 'fe80::1']],
  ])('of %j only the allowed one is connected to', async (addresses) => {
    const { resolve } = scriptedResolver(addresses, [inside]);
    expect(await post(rebind('http'), allow, resolve)).toMatchObject({ delivered: true });
    expect(reached).toEqual([outside]);
    expect(connectsAsked).toBe(1);
  });

  it('when the allowed one does not answer, the forbidden one beside it is not tried instead', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, inside, resolve));
    const address = silent.address();
    const onlyInside = typeof address === 'object' && address !== null ? address.port : 0;
    let insideConnections = 0;
    silent.on('connection', () => {
      insideConnections += 1;
    });
    try {
      const { resolve } = scriptedResolver([inside, outside, '127.0.0.3'], [inside]);
      const outcome = await post(`http://rebind.example:${onlyInside}/`, allow, resolve);
      expect(outcome).toMatchObject({ delivered: false, errorClass: 'refused', final: false });
      expect(connectsAsked).toBe(2);
      expect(insideConnections).toBe(0);
    } finally {
      silent.close();
    }
  });

  it('a redirect to it is not even looked up', async () => {
    const { resolve, asked } = scriptedResolver([outside]);
    const redirecting = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.end(`HTTP/1.1 307 Temporary Redirect\r\nLocation: ${rebind('http')}\r\nContent-Length: 0\r\n\r\n`);
    });
    await new Promise<void>((resolve) => redirecting.listen(0, outside, resolve));
    const address = redirecting.address();
    const redirectPort = typeof address === 'object' && address !== null ? address.port : 0;
    try {
      const outcome = await post(`http://first.example:${redirectPort}/`, allow, resolve);
      expect(outcome).toMatchObject({ delivered: false, errorClass: 'http_3xx' });
      expect(asked).toEqual(['first.example']);
      expect(connections).toBe(0);
      expect(connectsAsked).toBe(1);
    } finally {
      redirecting.close();
    }
  });

  it.each([
    ['127.0.0.1'],
    ['::1'],
    ['::ffff:127.0.0.1'],
    ['::ffff:7f00:1'],
    ['::7f00:1'],
    ['64:ff9b::7f00:1'],
    ['2002:7f00:1::'],
    ['0.0.0.0'],
    ['169.254.169.254'],
    ['fe80::1'],
    ['fe80::1%lo'],
    ['fe80::1%br-lan.1'],
    ['localhost'],
    [''],
  ])('an answer of %j is refused over both schemes, before any connection', async (address) => {
    for (const scheme of ['http', 'https']) {
      const { resolve } = scriptedResolver([address]);
      expect(await post(rebind(scheme), [], resolve)).toMatchObject(refused);
    }
    expectNoConnection();
  });

  it('an empty answer is refused too', async () => {
    const { resolve } = scriptedResolver([]);
    expect(await post(rebind('https'), [], resolve)).toMatchObject({ delivered: false });
    expectNoConnection();
  });

  it('public addresses are let through to https alone, exactly as they were judged', async () => {
    const mixed = ['93.184.216.34', '127.0.0.1', '2606:4700:4700::1111', '::1'];
    const judge = (scheme: 'http:' | 'https:', resolve: Resolve) =>
      new Promise((settle) => {
        const lookup = createAddressGuard([], resolve).lookupFor(scheme);
        lookup('rebind.example', { all: true }, (error, addresses) => settle(error ?? addresses));
      });
    const { resolve } = scriptedResolver(mixed, [inside]);
    expect(await judge('https:', resolve)).toEqual([withFamily('93.184.216.34'), withFamily('2606:4700:4700::1111')]);
    expect(await judge('https:', resolve)).toBeInstanceOf(Error);
    expect(await judge('http:', scriptedResolver(mixed).resolve)).toMatchObject({
      message: 'Plain http is not allowed to rebind.example; use https',
    });
  });
});

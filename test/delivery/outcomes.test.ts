import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deliveryWorkflowId } from '../../workflows/contract.ts';
import { startTestApi, type TestApi } from '../support/api.ts';
import {
  type Certificate,
  type CertificateAuthority,
  createAuthority,
  expiredYesterday,
  issueSelfSigned,
  notBeforeTomorrow,
  trust,
} from '../support/certificates.ts';
import { closing } from '../support/database.ts';
import {
  type AttemptLine,
  attempted,
  attemptsOf,
  type DeliveryState,
  deliveriesOf,
  ended,
  eventually,
  type Subscriber,
  subscribe,
} from '../support/deliveries.ts';
import { type Received, type Script, startReceiver } from '../support/receiver.ts';
import { startTestWorker, type TestWorker } from '../support/worker.ts';
import { startWorkerProcess } from '../support/worker-process.ts';

let api: TestApi;
let worker: TestWorker;
const toClose: { close(): unknown }[] = [];

beforeAll(async () => {
  api = await startTestApi();
  worker = await startTestWorker(api.db);
});
afterAll(async () => {
  for (const resource of toClose) await resource.close();
  await worker?.close();
  await api?.close();
});

interface Outcome {
  subscriber: Subscriber;
  delivery: DeliveryState;
  attempt: AttemptLine;
  host: string;
}

async function firstOutcome(url: string): Promise<Outcome> {
  const subscriber = await subscribe(api, url, ['part.created']);
  await subscriber.createPart();
  const delivery = await attempted(api.db, subscriber.endpointId, 1, 40_000);
  const [attempt] = await attemptsOf(api.db, delivery.id);
  if (attempt === undefined) throw new Error('no line in the attempt log');
  return { subscriber, delivery, attempt, host: new URL(url).host };
}

async function receiving(script?: Script, certificate?: Certificate) {
  const receiver = await startReceiver(script, certificate);
  toClose.push(receiver);
  return receiver;
}

/** Against a receiver that sends these bytes once the request comes, and ends. */
async function againstBytes(answer: string): Promise<Outcome> {
  const port = await socketServer((socket) => socket.once('data', () => socket.end(answer, 'latin1')));
  return firstOutcome(`http://127.0.0.1:${port}/`);
}

async function againstScript(script: Script): Promise<Outcome & { received: Received[] }> {
  const receiver = await receiving(script);
  return { ...(await firstOutcome(receiver.url)), received: receiver.received };
}

/** A TCP server that does as told with each connection. */
async function socketServer(onSocket: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  toClose.push({
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';

/** 30 s after the failure, which came with the attempt's end: the row's due time says it to the millisecond. */
function expectRetryInHalfAMinute({ delivery, attempt }: Outcome): void {
  expect(delivery).toMatchObject({ status: 'retrying', attemptsMade: 1, isEnded: false });
  const waitMs = delivery.dueAtMs - attempt.startedAtMs - attempt.durationMs;
  expect(waitMs).toBeGreaterThanOrEqual(29_990);
  expect(waitMs).toBeLessThan(31_000);
}

describe('an answer', () => {
  it.each([200, 201, 202, 204, 206, 299])('%i delivers', async (status) => {
    const { delivery, attempt, received } = await againstScript((response) => void response.writeHead(status).end());
    expect(delivery).toMatchObject({ status: 'delivered', attemptsMade: 1, isEnded: true, lastFailure: null });
    expect(attempt).toMatchObject({
      number: 1,
      trigger: 'instant',
      statusCode: status,
      errorClass: null,
      failure: null,
    });
    expect(received).toHaveLength(1);
  });

  it.each([301, 302, 303, 307, 308])('%i is a failure, and its Location is never asked', async (status) => {
    const target = await receiving((response) => void response.writeHead(200).end());
    const outcome = await againstScript((response) => void response.writeHead(status, { Location: target.url }).end());
    expectRetryInHalfAMinute(outcome);
    expect(outcome.attempt).toMatchObject({ statusCode: status, errorClass: 'http_3xx' });
    expect(target.received).toHaveLength(0);
  });

  it.each([304, 400, 401, 404, 422, 429, 500, 502, 503, 504, 599])(
    '%i is a failure, tried again after 30 s',
    async (status) => {
      const outcome = await againstScript((response) => void response.writeHead(status).end('no'));
      expectRetryInHalfAMinute(outcome);
      expect(outcome.attempt).toMatchObject({ statusCode: status, errorClass: `http_${Math.floor(status / 100)}xx` });
      expect(outcome.delivery.lastFailure).toMatch(new RegExp(`^HTTP ${status} from ${outcome.host} in \\d+ ms`));
    },
  );

  it.each([600, 999])('%i, which HTTP does not know, is a failure like any other', async (status) => {
    const outcome = await againstBytes(`HTTP/1.1 ${status} Odd\r\nContent-Length: 0\r\n\r\n`);
    expectRetryInHalfAMinute(outcome);
    expect(outcome.attempt).toMatchObject({ statusCode: status });
  });

  const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';
  it.each([
    ['of HTTP/1.0 that ends with its connection', 'HTTP/1.0 200 OK\r\n\r\nhello'],
    ['of HTTP/1.0 without a body', 'HTTP/1.0 200 OK\r\n\r\n'],
    ['without a reason phrase', 'HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n'],
    ['after 102 Processing', `HTTP/1.1 102 Processing\r\n\r\n${ok}`],
    ['after 103 Early Hints', `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n${ok}`],
    ['that offers an upgrade', 'HTTP/1.1 200 OK\r\nUpgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n'],
    ['with garbage after its body', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokGARBAGE'],
    ['with garbage after its last chunk', `${chunked}2\r\nok\r\n0\r\n\r\nGARBAGE`],
    ['with a trailer', `${chunked}2\r\nok\r\n0\r\nX-After: 1\r\n\r\n`],
    ['with a second answer behind it', `${ok}HTTP/1.1 500 Error\r\nContent-Length: 0\r\n\r\n`],
    ['of 204 with a body', 'HTTP/1.1 204 No Content\r\n\r\nnone of this'],
    ['whose body is not what it says', 'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\0\xff'],
    ['with a head of 15 KiB', `HTTP/1.1 200 OK\r\nX-Big: ${'x'.repeat(15 * 1_024)}\r\nContent-Length: 0\r\n\r\n`],
  ])('%s delivers', async (_what, bytes) => {
    const { delivery, attempt } = await againstBytes(bytes);
    expect(delivery).toMatchObject({ status: 'delivered', attemptsMade: 1 });
    expect(attempt).toMatchObject({ errorClass: null });
  });

  it('has its headers kept as they came: names of JavaScript, Latin-1, repeats, but no cookies', async () => {
    const { subscriber, delivery } = await againstBytes(
      'HTTP/1.1 200 OK\r\n__proto__: a\r\n__proto__: b\r\nconstructor: c\r\nX-Latin: \xfc\x80\r\nSet-Cookie: secret=1\r\nContent-Length: 0\r\n\r\n',
    );
    const { body } = await api.request('GET', `/deliveries/${delivery.id}`, { key: subscriber.key });
    expect(Object.entries(body.data.attempts[0].responseHeaders).toSorted()).toEqual([
      ['__proto__', 'a, b'],
      ['constructor', 'c'],
      ['content-length', '0'],
      ['x-latin', '\xfc\x80'],
    ]);
  });

  it('410 fails the delivery at once, disables the endpoint, and no new delivery is made for it', async () => {
    const { subscriber, delivery, received } = await againstScript((response) => void response.writeHead(410).end());
    expect(delivery).toMatchObject({ status: 'failed', attemptsMade: 1, isEnded: true });
    expect(delivery.lastFailure).toMatch(/^HTTP 410 from /);
    const { rows } = await api.db.pool.query(
      'select disabled_at, disabled_reason from webhook_endpoint where id = $1',
      [subscriber.endpointId],
    );
    expect(rows[0].disabled_at).not.toBeNull();
    expect(rows[0].disabled_reason).toContain('410');
    const handle = worker.client.workflow.getHandle(deliveryWorkflowId(subscriber.endpointId, delivery.eventId));
    await eventually(async () => (await handle.describe()).status.name === 'FAILED', 'the workflow failed');

    await subscriber.createPart();
    await delay(500);
    expect(await deliveriesOf(api.db, subscriber.endpointId)).toHaveLength(1);
    expect(received).toHaveLength(1);
  });

  it('whose body never ends delivers by its status, and is read little further than 16 KiB', async () => {
    let sent = 0;
    const { delivery, attempt } = await againstScript((response) => {
      response.writeHead(200);
      const chunk = Buffer.alloc(1_024, 'x');
      const timer = setInterval(() => {
        sent += chunk.length;
        response.write(chunk);
      }, 2);
      response.on('close', () => clearInterval(timer));
    });
    expect(delivery).toMatchObject({ status: 'delivered', attemptsMade: 1 });
    expect(attempt.durationMs).toBeLessThan(10_000);
    const sentThen = sent;
    await delay(300);
    expect(sent).toBe(sentThen);
    expect(sent).toBeLessThan(256 * 1_024);
  });

  it('503 whose body never ends is a failure of its status', async () => {
    const outcome = await againstScript((response) => {
      response.writeHead(503);
      const timer = setInterval(() => response.write(Buffer.alloc(4_096)), 2);
      response.on('close', () => clearInterval(timer));
    });
    expectRetryInHalfAMinute(outcome);
    expect(outcome.attempt).toMatchObject({ statusCode: 503, errorClass: 'http_5xx' });
  });
});

describe('a fault', () => {
  it('refused connection', async () => {
    const port = await socketServer(() => undefined);
    await toClose.at(-1)?.close();
    const outcome = await firstOutcome(`http://127.0.0.1:${port}/`);
    expectRetryInHalfAMinute(outcome);
    expect(outcome.attempt).toMatchObject({ statusCode: null, errorClass: 'refused' });
    expect(outcome.delivery.lastFailure).toContain('Connection refused');
  });

  it.each([
    ['before an answer', ''],
    ['in mid-head', 'HTTP/1.1 200 OK\r\nContent-Le'],
    ['in mid-body', 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf'],
    ['in mid-chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n100\r\nhalf'],
  ])('connection reset %s', async (_when, sent) => {
    const port = await socketServer((socket) =>
      socket.once('data', () => {
        if (sent === '') return socket.resetAndDestroy();
        socket.write(sent, () => setTimeout(() => socket.resetAndDestroy(), 50));
      }),
    );
    const outcome = await firstOutcome(`http://127.0.0.1:${port}/`);
    expectRetryInHalfAMinute(outcome);
    expect(outcome.attempt.errorClass).toBe('reset');
  });

  it('connection closed in mid-body', async () => {
    const port = await socketServer((socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf')),
    );
    const outcome = await firstOutcome(`http://127.0.0.1:${port}/`);
    expectRetryInHalfAMinute(outcome);
    expect(outcome.attempt.errorClass).toBe('reset');
  });

  const notHttp = /^The answer is not valid HTTP/;
  it.each([
    ['no HTTP at all', 'SSH-2.0-OpenSSH_9.2\r\n', notHttp],
    ['a body without a head', 'hello', notHttp],
    ['HTTP/2', 'HTTP/2 200\r\n\r\n', notHttp],
    ['status 000', 'HTTP/1.1 000 Odd\r\nContent-Length: 0\r\n\r\n', notHttp],
    ['status 2000', 'HTTP/1.1 2000 Odd\r\nContent-Length: 0\r\n\r\n', notHttp],
    ['a control character in a header', 'HTTP/1.1 200 OK\r\nX-A: a\x1b[31m\r\n\r\n', notHttp],
    ['NUL in a header', 'HTTP/1.1 200 OK\r\nX-A: a\0b\r\n\r\n', notHttp],
    ['a bare CR in a header', 'HTTP/1.1 200 OK\r\nX-A: a\rX-B: b\r\n\r\n', notHttp],
    ['a header name with a space', 'HTTP/1.1 200 OK\r\nX A: a\r\n\r\n', notHttp],
    ['a folded header', 'HTTP/1.1 200 OK\r\nX-A: a\r\n b\r\n\r\n', notHttp],
    ['a negative length', 'HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok', notHttp],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok', notHttp],
    ['a length beyond numbers', `HTTP/1.1 200 OK\r\nContent-Length: ${'9'.repeat(30)}\r\n\r\nok`, notHttp],
    ['a length beside chunks', `${chunked.replace('\r\n', '\r\nContent-Length: 2\r\n')}0\r\n\r\n`, notHttp],
    ['a broken chunk', `${chunked}zz\r\nok\r\n0\r\n\r\n`, notHttp],
    [
      'a head above 16 KiB',
      `HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(17 * 1_024)}\r\n\r\n`,
      /^The head .* larger than 16 KiB/,
    ],
    ['many small headers', `HTTP/1.1 200 OK\r\n${'X-A: a\r\n'.repeat(5_000)}\r\n`, /^The head .* larger than 16 KiB/],
    ['100 Continue, unasked for', 'HTTP/1.1 100 Continue\r\n\r\n', /^The receiver answered 100 Continue/],
    [
      '101 Switching Protocols',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
      /101 Switching Protocols, which nobody asked for/,
    ],
    ['101 without an upgrade', 'HTTP/1.1 101 Switching Protocols\r\n\r\n', notHttp],
  ])('an answer of %s', async (_what, bytes, words) => {
    const outcome = await againstBytes(bytes);
    expectRetryInHalfAMinute(outcome);
    expect(outcome.attempt).toMatchObject({ statusCode: null, errorClass: 'protocol' });
    expect(outcome.delivery.lastFailure).toMatch(words);
    expect(outcome.delivery.lastFailure).toContain(outcome.host);
  });

  it('only informational answers, then the end', async () => {
    const outcome = await againstBytes('HTTP/1.1 103 Early Hints\r\n\r\n');
    expectRetryInHalfAMinute(outcome);
    expect(outcome.attempt.errorClass).toBe('reset');
  });

  it('a host name that does not resolve', async () => {
    const outcome = await firstOutcome('https://no-such-host.invalid/hook');
    expectRetryInHalfAMinute(outcome);
    expect(outcome.attempt.errorClass).toBe('dns');
    expect(outcome.delivery.lastFailure).toContain('no-such-host.invalid');
  });

  describe('of TLS', () => {
    let authority: CertificateAuthority;
    let distrust: () => void;
    beforeAll(async () => {
      authority = await createAuthority('Test authority');
      distrust = trust(authority);
    });
    afterAll(() => distrust());

    it('none with a certificate of a trusted authority, for this address, valid now', async () => {
      const receiver = await receiving(undefined, await authority.issue(['127.0.0.1']));
      expect((await firstOutcome(receiver.url)).delivery).toMatchObject({ status: 'delivered', attemptsMade: 1 });
      expect(receiver.received).toHaveLength(1);
    });

    const certificates: [string, () => Promise<Certificate>, RegExp][] = [
      ['self-signed', () => issueSelfSigned(['127.0.0.1']), /^The certificate is self-signed \(DEPTH_ZERO_/],
      [
        'expired',
        () => authority.issue(['127.0.0.1'], expiredYesterday),
        /^The certificate has expired \(CERT_HAS_EXPIRED\)/,
      ],
      [
        'not valid before tomorrow',
        () => authority.issue(['127.0.0.1'], notBeforeTomorrow),
        /^The certificate is not valid yet \(CERT_NOT_YET_VALID\)/,
      ],
      [
        'for another name',
        () => authority.issue(['other.example']),
        /^The certificate is for other\.example, not 127\.0\.0\.1 \(ERR_TLS_CERT_ALTNAME_INVALID\)/,
      ],
      [
        'for another address',
        () => authority.issue(['192.0.2.1']),
        /^The certificate is for 192\.0\.2\.1, not 127\.0\.0\.1 /,
      ],
      [
        'for many other names',
        () => authority.issue(Array.from({ length: 50 }, (_, i) => `${i}.other.example`)),
        /^The certificate is for 0\.other\.example, 1\.other\.example, 2\.other\.example and 47 more, not /,
      ],
      [
        'for names that are no names',
        () => authority.issue(['a, b', 'c"\r\n\x1b[31m', 'd'.repeat(5_000)]),
        /^The certificate is for [\x20-\x7e]{1,400}, not 127\.0\.0\.1 /,
      ],
      [
        'of an unknown authority',
        async () => (await createAuthority('Another authority')).issue(['127.0.0.1']),
        /^The certificate comes from an unknown authority, or an intermediate certificate is not sent along \(UNABLE_TO_/,
      ],
      [
        'of an unknown authority, which is sent along',
        async () => {
          const another = await createAuthority('Another authority');
          const { key, cert } = await another.issue(['127.0.0.1']);
          return { key, cert: `${cert}\n${another.cert}` };
        },
        /^The certificate comes from an authority that is not trusted here \(SELF_SIGNED_CERT_IN_CHAIN\)/,
      ],
      [
        'of an unknown authority with the name of a trusted one',
        async () => (await createAuthority('Test authority')).issue(['127.0.0.1']),
        /^The certificate comes from an authority that is not trusted here \(CERT_SIGNATURE_FAILURE\)/,
      ],
    ];
    it.each(certificates)('a certificate that is %s: nothing is sent, tried again', async (_what, issue, words) => {
      const receiver = await receiving(undefined, await issue());
      const outcome = await firstOutcome(receiver.url);
      expectRetryInHalfAMinute(outcome);
      expect(outcome.attempt).toMatchObject({ statusCode: null, errorClass: 'tls' });
      expect(outcome.delivery.lastFailure).toMatch(words);
      expect(receiver.received).toHaveLength(0);
    });

    it('a plain port', async () => {
      const receiver = await receiving();
      const outcome = await firstOutcome(receiver.url.replace('http:', 'https:'));
      expectRetryInHalfAMinute(outcome);
      expect(outcome.attempt.errorClass).toBe('tls');
      expect(outcome.delivery.lastFailure).toContain('What listens there does not speak TLS');
      expect(receiver.received).toHaveLength(0);
    });

    it.each([
      ['ended', (socket: Socket) => socket.end()],
      ['reset', (socket: Socket) => socket.resetAndDestroy()],
    ])('a handshake that is %s', async (_how, leave) => {
      const port = await socketServer((socket) => socket.once('data', () => leave(socket)));
      const outcome = await firstOutcome(`https://127.0.0.1:${port}/`);
      expectRetryInHalfAMinute(outcome);
      expect(outcome.attempt.errorClass).toBe('tls');
      expect(outcome.delivery.lastFailure).toContain('The connection was closed in the TLS handshake');
    });
  });

  describe('lasting longer than the one deadline of 15 s', () => {
    const scenarios: [string, () => Promise<Outcome>][] = [
      ['no answer at all', () => againstScript(() => undefined)],
      [
        'a 200 whose body drips on',
        () =>
          againstScript((response) => {
            response.writeHead(200);
            const timer = setInterval(() => response.write('.'), 500);
            response.on('close', () => clearInterval(timer));
          }),
      ],
      [
        'a head that drips on',
        async () => {
          const port = await socketServer((socket) => {
            socket.write('HTTP/1.1 200 OK\r\n');
            const timer = setInterval(() => socket.write('X-Drip: 1\r\n'), 500);
            socket.on('close', () => clearInterval(timer));
          });
          return firstOutcome(`http://127.0.0.1:${port}/`);
        },
      ],
      [
        'informational answers without end',
        async () => {
          const port = await socketServer((socket) => {
            const timer = setInterval(() => socket.write('HTTP/1.1 103 Early Hints\r\n\r\n'), 500);
            socket.on('close', () => clearInterval(timer));
          });
          return firstOutcome(`http://127.0.0.1:${port}/`);
        },
      ],
      [
        'a TLS handshake that hangs',
        async () => firstOutcome(`https://127.0.0.1:${await socketServer(() => undefined)}/`),
      ],
      [
        'a 200 after 14 s, its body later',
        () =>
          againstScript(async (response) => {
            await delay(14_000);
            response.writeHead(200).write('first');
            await delay(3_000);
            response.end('second');
          }),
      ],
    ];
    let outcomes: Map<string, Promise<Outcome>>;
    beforeAll(() => {
      outcomes = new Map(scenarios.map(([name, run]) => [name, run()]));
      for (const outcome of outcomes.values()) outcome.catch(() => undefined);
    });

    it.each(scenarios.map(([name]) => name))('%s', async (name) => {
      const outcome = await outcomes.get(name);
      if (outcome === undefined) throw new Error('not run');
      expectRetryInHalfAMinute(outcome);
      expect(outcome.attempt).toMatchObject({ errorClass: 'timeout' });
      expect(outcome.attempt.durationMs).toBeGreaterThanOrEqual(14_990);
      expect(outcome.attempt.durationMs).toBeLessThan(16_500);
      expect(outcome.delivery.lastFailure).toContain('No answer within 15 s');
    });
  });
});

describe('an endpoint that must not be reached', () => {
  it.each([
    'https://10.0.0.1/hook',
    'https://169.254.169.254/latest/meta-data/',
    'https://[::1]/hook',
    'http://93.184.216.34/hook',
  ])('%s fails at once, with a plain reason', async (url) => {
    const { delivery, attempt } = await firstOutcome(url);
    expect(delivery).toMatchObject({ status: 'failed', attemptsMade: 1, isEnded: true });
    expect(attempt).toMatchObject({ statusCode: null, errorClass: 'blocked_address' });
    expect(delivery.lastFailure).toContain(new URL(url).hostname.replace(/[[\]]/g, ''));
  });
});

it('a worker started with NODE_EXTRA_CA_CERTS delivers to receivers of a private authority', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'maintainkit-ca-'));
  closing({ close: () => rm(directory, { recursive: true }) });
  const authority = await createAuthority('Private authority');
  const file = join(directory, 'private-ca.pem');
  await writeFile(file, authority.cert);
  const receiver = closing(await startReceiver(undefined, await authority.issue(['127.0.0.1'])));
  const apart = closing(await startTestApi());
  const { namespace, close } = await startTestWorker(apart.db);
  await close(); // it made the namespace
  const trusting = await startWorkerProcess(apart.db, { namespace, env: { NODE_EXTRA_CA_CERTS: file } });
  closing({ close: () => trusting.kill() });
  const { endpointId, createPart } = await subscribe(apart, receiver.url, ['part.created']);
  await createPart();
  expect(await ended(apart.db, endpointId)).toMatchObject({ status: 'delivered', attemptsMade: 1, lastFailure: null });
  expect(receiver.received).toHaveLength(1);
});

it('a delivery whose workflow cannot be started does not hold up the others', async () => {
  const longHost = `${Array(30).fill('a'.repeat(60)).join('.')}.invalid`;
  const stuck = await subscribe(api, `https://${longHost}/`, ['part.created']);
  await stuck.createPart();
  await delay(1_500);
  const receiver = await receiving((response) => void response.writeHead(200).end());
  const healthy = await subscribe(api, receiver.url, ['part.created']);
  for (let i = 0; i < 3; i++) await healthy.createPart();
  await receiver.waitFor(3, 15_000);
});

import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deliveryWorkflowId } from '../../workflows/contract.ts';
import { startTestApi, type TestApi } from '../support/api.ts';
import {
  type AttemptLine,
  attempted,
  attemptsOf,
  type DeliveryState,
  deliveriesOf,
  eventually,
  type Subscriber,
  subscribe,
} from '../support/deliveries.ts';
import { type Received, type Script, startReceiver } from '../support/receiver.ts';
import { startTestWorker, type TestWorker } from '../support/worker.ts';

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

async function receiving(script: Script) {
  const receiver = await startReceiver(script);
  toClose.push(receiver);
  return receiver;
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

  it('an answer that is no HTTP', async () => {
    const port = await socketServer((socket) => socket.once('data', () => socket.end('SSH-2.0-OpenSSH_9.2\r\n')));
    const outcome = await firstOutcome(`http://127.0.0.1:${port}/`);
    expectRetryInHalfAMinute(outcome);
  });

  it('a host name that does not resolve', async () => {
    const outcome = await firstOutcome('https://no-such-host.invalid/hook');
    expectRetryInHalfAMinute(outcome);
    expect(outcome.attempt.errorClass).toBe('dns');
    expect(outcome.delivery.lastFailure).toContain('no-such-host.invalid');
  });

  it('TLS to a plain port', async () => {
    const receiver = await receiving((response) => void response.writeHead(200).end());
    const outcome = await firstOutcome(receiver.url.replace('http:', 'https:'));
    expectRetryInHalfAMinute(outcome);
    expect(outcome.attempt.errorClass).toBe('tls');
    expect(receiver.received).toHaveLength(0);
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

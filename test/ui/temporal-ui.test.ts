import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startTestApi, type TestApi } from '../support/api.ts';
import { chromiumPath, installTimeoutMs } from '../support/chromium.ts';
import { closing } from '../support/database.ts';
import { eventually } from '../support/deliveries.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { createNamespace, startTestWorker, type TestWorker } from '../support/worker.ts';

/** An operator with a browser: everything is read from what the Temporal UI shows, as it shows it. */

const pageTimeoutMs = 30_000; // the machine may be busy
const testTimeoutMs = 120_000;
const anHourSeconds = 3_600;

let browser: Browser;
let api: TestApi;
let worker: TestWorker;
const receivers: Receiver[] = [];
let failingId: number;
/** Of the failing endpoint: the first was tried at once, the second held back because the first had failed. */
let first: ShownDelivery;
let second: ShownDelivery;

beforeAll(async () => {
  browser = await chromium.launch({ executablePath: await chromiumPath() });
}, 2 * installTimeoutMs);

beforeAll(async () => {
  const connection = await Connection.connect({ address: inject('temporalAddress') });
  const namespace = await createNamespace(connection);
  await connection.close();
  api = await startTestApi({ namespace });
  worker = await startTestWorker(api.db, { namespace });

  await endpointAnswering(() => ({ status: 204 }));
  const otherFailingId = await endpointAnswering(() => ({ status: 500 }));
  // From its second answer on it asks for an hour: what is failing then stays as it is while it is looked at.
  failingId = await endpointAnswering((count) => ({ status: 503, retryAfterSeconds: count === 1 ? 0 : anHourSeconds }));
  await createPart('FLT-1042');
  first = await attempted(failingId, 0);
  await attempted(otherFailingId, 0);
  await createPart('BRG-6204');
  second = await attempted(failingId, 1);
  await attempted(otherFailingId, 1);
});

afterAll(async () => {
  await browser?.close();
  await worker?.close();
  await api?.close();
  for (const receiver of receivers) await receiver.close();
});

describe('an operator in the Temporal UI', () => {
  it('sees on a delivery why its first attempt failed, and when the next one comes', async () => {
    const { page } = await open(first.temporalUrl);
    const line = page.getByText(/^HTTP 503 from 127\.0\.0\.1:\d+ in \d+ ms, attempt 1 of 11, next at /).first();
    expect(await textOf(line)).toContain(`next at ${timeOf(first.nextAttemptAt)} UTC`);
  }, 60_000);

  it(
    'finds the failing deliveries of an endpoint by its link, and why and until when they wait in two clicks',
    async () => {
      const { body } = await api.request('GET', `/webhook-endpoints/${failingId}`);
      const { page, click, clicks } = await open(body.data.temporalUrl);
      await expectList(page, [second, first]);

      await click(page.getByRole('link', { name: workflowId(second) }));
      await click(page.getByRole('tab', { name: 'Pending Activities' }));
      await expectFailing(page, second, 1);
      expect(clicks()).toBe(2);
    },
    testTimeoutMs,
  );

  it(
    'finds them with the documented query for today as well, in three',
    async () => {
      const again = await attempted(failingId, 0, 2);
      const { page, click, clicks } = await open(`${inject('temporalUiUrl')}/namespaces/${worker.namespace}/workflows`);
      await page.getByRole('link', { name: workflowId(first) }).waitFor();

      await click(page.getByTestId('toggle-manual-query'));
      await page.keyboard.press('Tab');
      await page.keyboard.insertText(documentedQuery('failing deliveries of endpoint 7, begun today'));
      await page.keyboard.press('Enter');
      await expectList(page, [second, first]);

      await click(page.getByRole('link', { name: workflowId(first) }));
      await click(page.getByRole('tab', { name: 'Pending Activities' }));
      await expectFailing(page, again, 2);
      expect(clicks()).toBe(3);
    },
    testTimeoutMs,
  );

  it('finds with every other documented query what it says', async () => {
    const counted: Record<string, number> = {};
    for (const question of documentedQueries().keys()) {
      counted[question] = (await worker.client.workflow.count(documentedQuery(question))).count;
    }
    expect(counted).toEqual({
      'what is failing now': 4,
      'failing deliveries of endpoint 7': 2,
      'failing deliveries of endpoint 7, begun today': 2,
      'deliveries of endpoint 7 that were given up after all attempts, or told "gone" (410)': 0,
      'everything about one event': 3,
      'one organization’s': 6,
      'one kind of event': 6,
    });
  });
});

interface ShownDelivery {
  id: number;
  endpointId: number;
  eventId: string;
  attemptsMade: number;
  attemptUnderWay: boolean;
  nextAttemptAt: string;
  createdAt: string;
  temporalUrl: string;
}

const workflowId = ({ endpointId, eventId }: ShownDelivery) => `webhook/${endpointId}/${eventId}`;

/** A page of the UI, and the hand that clicks in it. */
async function open(url: string) {
  const context = closing(await browser.newContext({ viewport: { width: 1440, height: 900 } }));
  context.setDefaultTimeout(pageTimeoutMs);
  const page = await context.newPage();
  await page.goto(url);
  let count = 0;
  const click = async (target: Locator) => {
    count += 1;
    await target.click();
  };
  return { page, click, clicks: () => count };
}

async function textOf(locator: Locator): Promise<string> {
  await locator.waitFor({ state: 'visible' });
  return (await locator.textContent()) ?? '';
}

/** The list shows these and no other, the newest first. */
async function expectList(page: Page, deliveries: ShownDelivery[]): Promise<void> {
  const links = page.getByRole('row').getByRole('link', { name: /^webhook\// });
  const expected = deliveries.map(workflowId);
  await eventually(
    async () => JSON.stringify(await links.allInnerTexts()) === JSON.stringify(expected),
    `the list shows ${expected.join(', ')}`,
    pageTimeoutMs,
  );
}

/** The failure in words and the next attempt's time, as the page shows them: they are those of the delivery itself. */
async function expectFailing(page: Page, { nextAttemptAt }: ShownDelivery, attempt: number): Promise<void> {
  const panel = (label: string) => page.getByText(label, { exact: true }).locator('..');
  const words = await textOf(panel('Last Failure').filter({ hasText: 'HTTP 503' }));
  expect(words).toMatch(
    new RegExp(`HTTP 503 from 127\\.0\\.0\\.1:\\d+ in \\d+ ms, attempt ${attempt} of 11, next at `),
  );
  expect(words).toContain(`next at ${timeOf(nextAttemptAt)} UTC`);

  const nextRetry = await textOf(panel('Next Retry'));
  const [, day, time] = /(\d{4}-\d\d-\d\d) UTC (\d\d:\d\d:\d\d)/.exec(nextRetry) ?? [];
  const laterMs = Date.parse(`${day}T${time}Z`) - Date.parse(nextAttemptAt.replace(/\.\d+/, ''));
  // Temporal counts the wait from when it has heard of the failure.
  expect(laterMs).toBeGreaterThanOrEqual(0);
  expect(laterMs).toBeLessThanOrEqual(5_000);
}

const timeOf = (instant: string) => instant.slice(11, 19);

async function endpointAnswering(answer: (count: number) => { status: number; retryAfterSeconds?: number }) {
  const receiver = await startReceiver((response, _received, count) => {
    const { status, retryAfterSeconds } = answer(count);
    response.writeHead(status, retryAfterSeconds ? { 'Retry-After': retryAfterSeconds } : {}).end();
  });
  receivers.push(receiver);
  const { body } = await api.request('POST', '/webhook-endpoints', { body: { url: receiver.url } });
  return body.data.id as number;
}

async function createPart(sku: string): Promise<void> {
  const { status } = await api.request('POST', '/parts', { body: { sku, name: 'Part' } });
  expect(status).toBe(201);
}

/** An endpoint's delivery (0: the oldest) once it was attempted so often, and Temporal knows how that went. */
async function attempted(endpointId: number, index: number, count = 1): Promise<ShownDelivery> {
  return eventually(
    async () => {
      const listed = (await api.request('GET', `/deliveries?endpointId=${endpointId}`)).body.data.toReversed();
      const shown: ShownDelivery = (await api.request('GET', `/deliveries/${listed[index].id}`)).body.data;
      if (shown.attemptsMade < count || shown.attemptUnderWay) return false;
      const { raw } = await worker.client.workflow.getHandle(workflowId(shown)).describe();
      const isInstant = index === 0 && count === 1; // it waits in a timer, which needs no activity
      return (isInstant || raw.pendingActivities?.some(({ lastFailure }) => lastFailure)) && shown;
    },
    `${count} attempts of delivery ${index} to endpoint ${endpointId}`,
    60_000,
  );
}

/** The questions and queries in the table of docs/operations.md. */
function documentedQueries(): Map<string, string> {
  const text = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');
  const rows = text.matchAll(/^\| ([^|`]+) \| `([^`]+)` \|$/gm);
  return new Map(
    [...rows].filter(([, , query]) => /=/.test(query ?? '')).map(([, question = '', query = '']) => [question, query]),
  );
}

/** A documented query with our ids, and the day of our deliveries as today. */
function documentedQuery(question: string): string {
  const query = documentedQueries().get(question);
  if (query === undefined) throw new Error(`docs/operations.md has no query for "${question}"`);
  return query
    .replace("MkEndpointId='7'", `MkEndpointId='${failingId}'`)
    .replace(/MkEventId='[^']+'/, `MkEventId='${first.eventId}'`)
    .replace("MkOrgId='1'", `MkOrgId='${api.organizationId}'`)
    .replace('stock.low', 'part.created')
    .replace(/\d{4}-\d\d-\d\d(?=T00:00:00Z)/, first.createdAt.slice(0, 10));
}

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Connection } from '@temporalio/client';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, onTestFinished } from 'vitest';
import { chromiumPath, installTimeoutMs } from './chromium.ts';
import { startTestPages, type TestPages, type TestPerson } from './pages.ts';
import { createNamespace, startTestWorker, type TestWorker } from './worker.ts';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What pages are looked at in. */
export const views = [
  { width: 1440, theme: 'light' },
  { width: 1440, theme: 'dark' },
  { width: 390, theme: 'light' },
  { width: 390, theme: 'dark' },
] as const;
export type View = (typeof views)[number];

const heights = { 1440: 900, 390: 844 };

interface Visitor {
  as?: TestPerson | undefined;
  view?: View;
  /** False: as with a browser that runs no script. */
  javaScript?: boolean;
  language?: string;
  timezone?: string;
}

export interface PagesInBrowser {
  /** The running service; a getter, for it starts before the first test. */
  readonly service: TestPages;
  /** A browser of its own. What it must not do (ask another host, break the CSP, log an error) fails the test at its end. */
  visit(visitor?: Visitor): Promise<Page>;
}

/** One service and one browser for a test file; `delivers`: with dispatcher and worker. */
export function pagesInBrowser({ delivers = false } = {}): PagesInBrowser {
  let browser: Browser | undefined;
  let service: TestPages | undefined;
  let worker: TestWorker | undefined;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: await chromiumPath() });
  }, 2 * installTimeoutMs);
  beforeAll(async () => {
    const namespace = delivers ? await newNamespace() : undefined;
    service = await startTestPages(namespace === undefined ? {} : { namespace });
    if (namespace !== undefined) worker = await startTestWorker(service.db, { namespace });
  });
  afterAll(async () => {
    await browser?.close();
    await worker?.close();
    await service?.close();
  });
  return {
    get service() {
      if (service === undefined) throw new Error('The service has not started.');
      return service;
    },
    async visit({ as, view = views[0], javaScript = true, language = 'en', timezone } = {}) {
      if (browser === undefined) throw new Error('The browser has not started.');
      const context = await browser.newContext({
        baseURL: this.service.origin,
        viewport: { width: view.width, height: heights[view.width] },
        colorScheme: view.theme,
        javaScriptEnabled: javaScript,
        locale: language,
        ...(timezone && { timezoneId: timezone }),
        permissions: javaScript ? ['clipboard-read', 'clipboard-write'] : [],
      });
      if (as) await context.addCookies(cookiesOf(as, this.service.origin));
      const page = await context.newPage();
      page.setDefaultTimeout(20_000);
      watch(context, page, this.service.origin);
      return page;
    },
  };
}

async function newNamespace(): Promise<string> {
  const connection = await Connection.connect({ address: inject('temporalAddress') });
  try {
    return await createNamespace(connection);
  } finally {
    await connection.close();
  }
}

/**
 * A page as we want each to be: no violation that axe knows of, nothing wider than the screen, everything that is pressed at least
 * 24 px high (WCAG 2.2) in all directions, and a heading.
 */
export async function expectGoodPage(page: Page): Promise<void> {
  await expectNoAxeViolations(page);
  const tooWide = await page.evaluate<string[]>(`(${beyondTheScreen})()`);
  const headings = await page.locator('main h1').count();
  expect(tooWide, 'what makes the page wider than the screen').toEqual([]);
  expect(headings, 'headings of the first level').toBe(1);
}

/** Runs in the page. */
const beyondTheScreen = `() => {
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return [];
  const beyond = [...document.querySelectorAll('body *')].filter((element) => element.getBoundingClientRect().right > clientWidth + 1);
  return beyond.map((element) => element.cloneNode().outerHTML.slice(0, 150));
}`;

/** Every rule of axe's that speaks of WCAG up to 2.2 AA, and its best practices. */
export async function expectNoAxeViolations(page: Page): Promise<void> {
  await page.waitForLoadState('networkidle');
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate<AxeResults>('axe.run(document)');
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 200)).join(' | ')}`);
  expect(found).toEqual([]);
}

interface AxeResults {
  violations: { id: string; nodes: { html: string }[] }[];
}

function watch(context: BrowserContext, page: Page, origin: string): void {
  const faults: string[] = [];
  context.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !url.startsWith('data:')) faults.push(`asked ${url}`);
  });
  // A refused form is answered with 4xx, which Chromium logs as an error.
  page.on('console', (message) => {
    const isRefusal = /status of (403|404|422|429)/.test(message.text());
    if (message.type() === 'error' && !isRefusal) faults.push(`logged ${message.text()}`);
  });
  page.on('pageerror', (error) => faults.push(`threw ${error.message}`));
  onTestFinished(async () => {
    await context.close();
    expect(faults).toEqual([]);
  });
}

const cookiesOf = ({ cookie }: TestPerson, url: string) =>
  cookie.split('; ').map((pair) => {
    const [name = '', value = ''] = pair.split('=');
    return { name, value, url };
  });

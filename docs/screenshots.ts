import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { chromium, type Page } from 'playwright-core';
import { freePort } from '../src/dev/ports.ts';
import { chromiumPath } from '../test/support/chromium.ts';
import { takePages } from './page-screenshots.ts';
import { seedStock } from './picture-stock.ts';

/**
 * `npm run screenshots`: takes the pictures of the pages and of docs/operations.md anew, from a service with seven endpoints whose
 * last one answers 503. Takes a minute, for the second attempt comes after 30 s.
 */
const images = join(import.meta.dirname, 'images');
const [failingPort, healthyPort] = [4000, await freePort()];
const receivers = [await listen(failingPort, 503), await listen(healthyPort, 204)];
const dataDir = mkdtempSync(join(tmpdir(), 'maintainkit-screenshots-'));
const browser = await chromium.launch({ executablePath: await chromiumPath() });
const service = await startService(dataDir);
try {
  await seedStock(service.call, dataDir);
  for (let n = 1; n <= 7; n++) {
    await service.call('POST', '/webhook-endpoints', {
      url: `http://127.0.0.1:${n === 7 ? failingPort : healthyPort}/hook`,
    });
  }
  const deliveries = () => service.call('GET', '/deliveries?endpointId=7');
  for (const qty of [20, 5, 8]) {
    await service.call('POST', '/movements', { kind: 'receive', sku: 'OIL-15W40', location: 'Almacén Central', qty });
    await until(async () => (await deliveries())[0].attemptsMade > 0);
  }
  await until(async () =>
    (await deliveries()).every(({ attemptsMade }: { attemptsMade: number }) => attemptsMade === 2),
  );

  const page = await browser.newPage({ viewport: { width: 1280, height: 520 } });
  await page.goto((await service.call('GET', '/webhook-endpoints/7')).temporalUrl);
  const links = page.getByRole('row').getByRole('link', { name: /^webhook\/7\// });
  await until(async () => (await links.count()) === 3);
  await take(page, 'temporal-failing-deliveries');
  await page.setViewportSize({ width: 1280, height: 660 });
  await links.last().click();
  await page.getByRole('tab', { name: 'Pending Activities' }).click();
  await page.getByText(/attempt 2 of 11/).waitFor();
  await take(page, 'temporal-failing-delivery');
  await takePages(browser, service, (page, name) => take(page, `pages/${name}`));
} finally {
  await service.stop();
  await browser.close();
  for (const receiver of receivers) receiver.close();
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
}

async function take(page: Page, name: string): Promise<void> {
  await page.mouse.move(0, 0);
  await page.waitForLoadState('networkidle');
  const path = join(images, `${name}.png`);
  mkdirSync(dirname(path), { recursive: true });
  await page.screenshot({ path, animations: 'disabled' });
}

async function listen(port: number, status: number) {
  const server = createServer((request, response) => {
    request.resume().once('end', () => response.writeHead(status).end());
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** `npm start` with data of its own. */
async function startService(dataDir: string) {
  const port = await freePort();
  // The UI shows each worker's process and host: the pictures name no real one.
  const anyHost = 'data:text/javascript,import os from "node:os"; os.hostname = () => "worker-1"';
  const child: ChildProcess = spawn(
    process.execPath,
    ['--import', anyHost, join(import.meta.dirname, '../src/dev/start.ts')],
    {
      env: {
        ...process.env,
        DATA_DIR: dataDir,
        PORT: String(port),
        TEMPORAL_UI_PORT: String(await freePort()),
        LOG_LEVEL: 'error',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const exited = once(child, 'exit');
  let output = '';
  child.stdout?.on('data', (text) => (output += text));
  await until(async () => output.includes('Ctrl-C') || child.exitCode !== null, 300_000);
  const key = /mk_live_\w+/.exec(output)?.[0];
  const firstAccountUrl = /http:\S+\/welcome\/\S+/.exec(output)?.[0];
  if (key === undefined || firstAccountUrl === undefined) throw new Error('The service did not start.');
  return {
    origin: `http://localhost:${port}`,
    firstAccountUrl,
    // biome-ignore lint/suspicious/noExplicitAny: an answer's JSON, as a client without types reads it
    async call(method: string, path: string, body?: object): Promise<any> {
      const response = await fetch(`http://127.0.0.1:${port}/api/v1${path}`, {
        method,
        headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      });
      if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
      return ((await response.json()) as { data: unknown }).data;
    },
    async stop() {
      child.kill('SIGINT');
      await exited;
    },
  };
}

async function until(check: () => Promise<boolean>, timeoutMs = 90_000): Promise<void> {
  for (const giveUpAt = Date.now() + timeoutMs; !(await check()); await delay(100)) {
    if (Date.now() > giveUpAt) throw new Error(`not so within ${timeoutMs} ms: ${check}`);
  }
}

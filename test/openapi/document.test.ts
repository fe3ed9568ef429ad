import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../support/api.ts';
import { chromiumPath, installTimeoutMs } from '../support/chromium.ts';
import { closing } from '../support/database.ts';

const run = promisify(execFile);

let api: TestApi;
let folder: string;
let file: string;
beforeAll(async () => {
  api = await startTestApi();
  folder = mkdtempSync(join(tmpdir(), 'maintainkit-openapi-'));
  file = join(folder, 'openapi.json');
  const response = await fetch(`${api.origin}/api/v1/openapi.json`);
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
  writeFileSync(file, await response.text());
});
afterAll(async () => {
  await api?.close();
  rmSync(folder, { recursive: true, force: true });
});

const tool = (name: string, args: string[]) =>
  run(join('node_modules', '.bin', name), args, { env: { ...process.env, REDOCLY_TELEMETRY: 'off', NO_COLOR: '1' } });

it('has nothing that Redocly would mend', async () => {
  const { stdout, stderr } = await tool('redocly', ['lint', '--max-problems=50', file]);
  expect(stdout + stderr).not.toMatch(/Warning|Error was/);
});

it('has nothing that Spectral would mend', async () => {
  const ruleset = join(import.meta.dirname, 'spectral.yaml');
  const { stdout } = await tool('spectral', ['lint', '--fail-severity=hint', '--ruleset', ruleset, file]);
  expect(stdout).toMatch(/No results/);
});

it('names every operation that the API has, and no other', async () => {
  const { paths } = JSON.parse(readFileSync(file, 'utf8'));
  const documented = Object.entries<object>(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(documented.sort()).toEqual(api.operations().sort());
});

it(
  'shows the explorer without a key and without asking anyone else',
  async () => {
    const browser = closing(await chromium.launch({ executablePath: await chromiumPath() }));
    const page = await browser.newPage();
    const asked: string[] = [];
    const complaints: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(`${api.origin}/docs`);
    await page.getByRole('heading', { name: /^maintainkit/ }).waitFor();
    await page.getByText('Record a movement', { exact: true }).waitFor();
    expect(complaints).toEqual([]);
    expect(asked.filter((url) => !url.startsWith(`${api.origin}/`) && !url.startsWith('data:'))).toEqual([]);
  },
  installTimeoutMs,
);

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runTool } from '../../src/dev/run-tool.ts';
import type { Scope } from '../../src/organizations/api-key.ts';
import { move, newLocation, newPart } from '../api/support.ts';
import { startTestApi, type TestApi } from '../support/api.ts';
import { pythonWith, whyNoPython } from '../support/python.ts';
import { startServerProcess } from '../support/server-process.ts';
import type { ServiceProcess } from '../support/service-process.ts';

/** A few, the same each time; `npm run schemathesis` takes many, and others each time. */
const examples = process.env.SCHEMATHESIS_EXAMPLES;
const maxExamples = Number(examples ?? 5);
const seed = examples === undefined ? ['--seed', '1'] : [];
const timeoutMs = 120_000 + maxExamples * 20_000;
const why = await whyNoPython('3.11');

describe.skipIf(why)(`Schemathesis${why ? ` (skipped: ${why})` : ''}`, () => {
  let api: TestApi;
  let server: ServiceProcess;
  let python: string;
  let folder: string;

  beforeAll(async () => {
    python = await pythonWith('schemathesis.txt');
    api = await startTestApi();
    // No worker runs: nothing is sent to the addresses that are made up here.
    server = await startServerProcess(api.db.url);
    folder = mkdtempSync(join(tmpdir(), 'maintainkit-schemathesis-'));
    const [part, location] = [await newPart(api), await newLocation(api)];
    await api.request('POST', '/webhook-endpoints', { body: { url: 'https://example.com/' } });
    await move(api, { kind: 'receive', partId: part.id, locationId: location.id, qty: 10 });
  }, 300_000);
  afterAll(async () => {
    await server?.kill();
    await api?.close();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  it.each<Scope>(['write', 'read'])(
    'finds no 5xx, no undocumented answer and no accepted invalid input with a %s key',
    async (scope) => {
      const key = await api.createKey(scope);
      const { ok, stdout, stderr } = await runTool(
        python,
        [
          ...['-m', 'schemathesis.cli', '--config-file', join(import.meta.dirname, 'schemathesis.toml')],
          ...['run', `${server.origin}/api/v1/openapi.json`, '--header', `Authorization: Bearer ${key}`],
          ...['--max-examples', String(maxExamples), '--no-color', '--generation-database', 'none', ...seed],
        ],
        { cwd: folder, env: { ...process.env, PYTHONPATH: import.meta.dirname }, timeoutMs },
      );
      expect(ok, `${stdout}\n${stderr}`).toBe(true);
    },
    timeoutMs + 10_000,
  );
});

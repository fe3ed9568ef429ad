import { createHash } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runTool } from '../../src/dev/run-tool.ts';
import { openApiDocument } from '../../src/openapi/document.ts';
import { startTestApi, type TestApi } from '../support/api.ts';
import { cachedFolder } from '../support/cached-folder.ts';
import { expectErpFlow } from './erp-flow.ts';

const root = resolve(import.meta.dirname, '../..');
const tool = join(root, 'tools/openapi-typescript');
const installTimeoutMs = 240_000;

let api: TestApi;
let folder: string;
beforeAll(async () => {
  api = await startTestApi();
  folder = mkdtempSync(join(tmpdir(), 'maintainkit-client-'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  copyFileSync(join(root, 'test/clients/typescript/erp-flow.ts'), join(folder, 'erp-flow.ts'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ extends: join(root, 'tsconfig.json'), include: ['*.ts'] }),
  );
  writeFileSync(join(folder, 'openapi.json'), JSON.stringify(openApiDocument));
  await run(await generator(), [join(folder, 'openapi.json'), '--output', join(folder, 'api.ts')]);
});
afterAll(async () => {
  await api?.close();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

/** openapi-typescript with the compiler that it needs, apart from ours, installed once into the user's cache. */
async function generator(): Promise<string> {
  const lock = join(tool, 'package-lock.json');
  const version = createHash('sha256').update(readFileSync(lock)).digest('hex').slice(0, 12);
  const program = 'node_modules/.bin/openapi-typescript';
  const directory = await cachedFolder({ name: `openapi-typescript-${version}`, proof: program }, async (aside) => {
    for (const file of ['package.json', 'package-lock.json']) copyFileSync(join(tool, file), join(aside, file));
    await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: aside, timeoutMs: installTimeoutMs });
  });
  return join(directory, program);
}

async function run(program: string, args: string[], options = {}): Promise<string> {
  const { ok, stdout, stderr } = await runTool(program, args, options);
  if (!ok) throw new Error(`${program} ${args.join(' ')} failed:\n${stdout}${stderr}`);
  return stdout;
}

const typeCheck = () => runTool(join(root, 'node_modules/.bin/tsc'), ['--project', folder]);

it('has types, generated from the document, under which a whole ERP flow compiles and runs', async () => {
  expect((await typeCheck()).stdout).toBe('');
  const env = { ...process.env, API_ORIGIN: api.origin, API_KEY: api.key };
  const printed = await run(process.execPath, [join(folder, 'erp-flow.ts')], { env });
  await expectErpFlow(api, JSON.parse(printed));
});

it('has types that refuse what the API would refuse', async () => {
  const wrong = {
    'an unknown field': `export const part: components['schemas']['NewPart'] = { sku: 'A', name: 'A', reorderpoint: 4 };`,
    'a missing field': `client.POST('/api/v1/movements', { body: { kind: 'receive', sku: 'A', location: 'B' } });`,
    'a field of another kind': `client.POST('/api/v1/movements', { body: { kind: 'count', sku: 'A', location: 'B', qty: 1 } });`,
    'a text for a number': `client.PUT('/api/v1/parts/batch', { body: { parts: [{ sku: 'A', unitCost: '1.50' }] } });`,
    'an unknown filter': `client.GET('/api/v1/stock', { params: { query: { place: 'B' } } });`,
    'an unknown path': `client.GET('/api/v1/part/{id}', { params: { path: { id: 'A' } } });`,
    'a null that clears nothing': `client.PATCH('/api/v1/parts/{id}', { params: { path: { id: 'A' } }, body: { name: null } });`,
    'a field that answers lack': `(await client.GET('/api/v1/parts/{id}', { params: { path: { id: 'A' } } })).data?.data.quantity;`,
  };
  const head = [
    `import createClient from 'openapi-fetch';`,
    `import type { components, paths } from './api.ts';`,
    `const client = createClient<paths, 'application/json'>();`,
  ];
  writeFileSync(join(folder, 'wrong.ts'), [...head, ...Object.values(wrong)].join('\n'));
  const { stdout } = await typeCheck();
  rmSync(join(folder, 'wrong.ts'));
  const refused = new Set(
    [...stdout.matchAll(/wrong\.ts[:(](\d+)/g)].map(([, line]) => Number(line) - head.length - 1),
  );
  expect(
    Object.keys(wrong).filter((_, index) => !refused.has(index)),
    stdout,
  ).toEqual([]);
  expect(refused.size).toBe(Object.keys(wrong).length);
});

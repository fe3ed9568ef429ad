import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  bundleWorkflowCode,
  DefaultLogger,
  makeTelemetryFilterString,
  Runtime,
  Worker,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { beforeAll, describe, expect, it } from 'vitest';
import { historyFromJson, historyNames, saveHistories } from '../support/save-histories.ts';

const directory = fileURLToPath(new URL('../histories', import.meta.url));
if (process.env.SAVE_HISTORIES === '1') await saveHistories(directory);
const files = readdirSync(directory).filter((file) => file.endsWith('.json'));
const textOf = (file: string) => readFileSync(join(directory, file), 'utf8');

let bundle: WorkflowBundleWithSourceMap;

beforeAll(async () => {
  Runtime.install({
    shutdownSignals: [],
    logger: new DefaultLogger('ERROR', () => undefined), // what is to fail below need not be told
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR' }) } },
  });
  bundle = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)),
    logger: new DefaultLogger('ERROR'),
  });
});

/** `change` makes the workflows' code another. */
async function replay(file: string, change: (code: string) => string = (code) => code): Promise<void> {
  const code = change(bundle.code);
  await Worker.runReplayHistory(
    { workflowBundle: { code }, replayName: file },
    historyFromJson(JSON.parse(textOf(file))),
  );
}

describe('workflows that began with earlier code', () => {
  it('are saved for every path', () => {
    expect(files).toEqual(expect.arrayContaining(historyNames.map((name) => `${name}.json`)));
  });

  it.each(files)('go on with the present code: %s', (file) => replay(file));
});

describe('code that a running workflow could not go on with is noticed', () => {
  const leftOut = /await \(0, ?[\w$.]+\.sleep\)\(first\.retryInMs[^;]*/;
  const patch = /\(0, ?[\w$.]+\.patched\)\(['"]deferred-is-retrying['"]\)/;
  it.each([
    ['the first wait is left out', 'failed-once-then-delivered.json', leftOut, 'undefined'],
    ['another activity attempts', 'failed-once-then-delivered.json', '.attemptOnSchedule(', '.attemptOtherwise('],
    ['the first attempt is another', 'delivered-at-once.json', '.attemptInstantly(', '.attemptOtherwise('],
    ['a deferred one is marked, unpatched', 'deferred-then-delivered.json', patch, 'true'],
    ['a recovery does not wait', 'recover-deliveries.json', /await \(0, ?[\w$.]+\.sleep\)\(waiting[^;]*/, 'undefined'],
  ])('%s', async (_change, file, old, replacement) => {
    const changed = (code: string) => {
      const other = code.replace(old, replacement);
      expect(other).not.toBe(code);
      return other;
    };
    await expect(replay(file, changed)).rejects.toThrow(DeterminismViolationError);
  });
});

it.each(files)('names no machine, no folder and no secret: %s', (file) => {
  const payloads = [...textOf(file).matchAll(/"data": "([^"]*)"/g)];
  const readable = [textOf(file), ...payloads.map(([, data]) => Buffer.from(data ?? '', 'base64').toString())].join(
    '\n',
  );
  expect(readable).not.toMatch(/\d+@|whsec_|mk_live_|\/(?:home|root|tmp|work|Users)\/|file:|\.ts:\d/);
});

import { constants } from 'node:fs';
import { access, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { tryClaim } from '../../src/dev/claim.ts';
import { findOnPath, runTool } from '../../src/dev/run-tool.ts';
import { userCache } from '../../src/dev/user-cache.ts';

const pom = fileURLToPath(new URL('../../tools/temporal-test-server/pom.xml', import.meta.url));
const installTimeoutMs = 300_000;
const claimPollMs = 250;
const startAttempts = 3;
const keywordType = 2; // temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD

/** A running time-skipping server with these Keyword search attributes; the caller ends it with `teardown()`. */
export async function createTimeSkippingEnvironment(searchAttributes: string[]): Promise<TestWorkflowEnvironment> {
  const env = await startServer(await timeSkippingServerPath());
  try {
    await env.connection.operatorService.addSearchAttributes({
      namespace: env.namespace ?? 'default',
      searchAttributes: Object.fromEntries(searchAttributes.map((name) => [name, keywordType])),
    });
    return env;
  } catch (error) {
    await env.teardown();
    throw error;
  }
}

/**
 * An executable for `createTimeSkipping`: the pinned Maven artifact, fetched once into the user's cache. `undefined`
 * without Java and Maven: then the SDK's own download is left to try. Maven comes first because that version is pinned.
 */
export async function timeSkippingServerPath(): Promise<string | undefined> {
  if (!findOnPath('java')) return undefined;
  const directory = join(userCache(), `temporal-test-server-${await pinnedVersion()}`);
  const executable = join(directory, 'temporal-test-server');
  if (await isExecutable(executable)) return executable;
  if (!findOnPath('mvn')) return undefined;

  await mkdir(dirname(directory), { recursive: true });
  for (;;) {
    const attempt = await tryClaim(`${directory}.lock`);
    if (await isExecutable(executable)) {
      if ('claim' in attempt) attempt.claim.release();
      return executable;
    }
    if ('claim' in attempt) {
      try {
        await install(directory);
        return executable;
      } finally {
        attempt.claim.release();
      }
    }
    await sleep(claimPollMs);
  }
}

async function install(directory: string): Promise<void> {
  console.error('Fetching the time-skipping Temporal server with Maven (once, about 30 s) …');
  const aside = await mkdtemp(`${directory}.new-`);
  try {
    const goal = ['-B', '-q', '-f', pom, 'dependency:copy-dependencies', '-DincludeScope=runtime'];
    const maven = await runTool('mvn', [...goal, `-DoutputDirectory=${join(aside, 'lib')}`], {
      timeoutMs: installTimeoutMs,
    });
    if (!maven.ok) {
      const reason = /\[ERROR\].*/.exec(maven.stdout)?.[0] ?? maven.stderr.trim().split('\n').at(-1);
      throw new Error(`Maven could not fetch the time-skipping Temporal server: ${reason || 'no answer in time'}`);
    }
    await writeFile(join(aside, 'temporal-test-server'), wrapper, { mode: 0o755 });
    // A folder without its executable can only be a damaged one, and a rename onto it would fail.
    await rm(directory, { recursive: true, force: true });
    await rename(aside, directory);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

// The SDK waits only about five seconds for the port: the two options bring the JVM up sooner.
const wrapper = `#!/bin/sh
exec java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$(dirname "$0")/lib/*" io.temporal.testserver.TestServer "$@"
`;

async function startServer(path: string | undefined): Promise<TestWorkflowEnvironment> {
  const options = path ? { server: { executable: { type: 'existing-path', path } as const } } : {};
  for (let attempt = 1; ; attempt++) {
    try {
      return await TestWorkflowEnvironment.createTimeSkipping(options);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (!path) throw new Error(`Time-skipping tests need Java 17 and Maven, or the SDK's download: ${message}`);
      if (attempt === startAttempts || !message.includes('did not start within')) throw error;
    }
  }
}

async function pinnedVersion(): Promise<string> {
  const version = /<version>([^<]+)<\/version>/.exec(await readFile(pom, 'utf8'))?.[1];
  if (!version) throw new Error(`no <version> in ${pom}`);
  return version;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

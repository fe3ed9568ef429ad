import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { findOnPath, runTool } from '../../src/dev/run-tool.ts';
import { userCache } from '../../src/dev/user-cache.ts';
import { cachedFolder } from './cached-folder.ts';

const pom = fileURLToPath(new URL('../../tools/temporal-test-server/pom.xml', import.meta.url));
const installTimeoutMs = 300_000;
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
  const version = await pinnedVersion();
  const proof = 'temporal-test-server';
  const name = `temporal-test-server-${version}`;
  if (!findOnPath('mvn') && !existsSync(join(userCache(), name, proof))) return undefined;
  return join(await cachedFolder({ name, proof }, install), proof);
}

async function install(aside: string): Promise<void> {
  console.error('Fetching the time-skipping Temporal server with Maven (once, about 30 s) …');
  const goal = ['-B', '-q', '-f', pom, 'dependency:copy-dependencies', '-DincludeScope=runtime'];
  const maven = await runTool('mvn', [...goal, `-DoutputDirectory=${join(aside, 'lib')}`], {
    timeoutMs: installTimeoutMs,
  });
  if (!maven.ok) {
    const reason = /\[ERROR\].*/.exec(maven.stdout)?.[0] ?? maven.stderr.trim().split('\n').at(-1);
    throw new Error(`Maven could not fetch the time-skipping Temporal server: ${reason || 'no answer in time'}`);
  }
  await writeFile(join(aside, 'temporal-test-server'), wrapper, { mode: 0o755 });
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

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Claim, tryClaim } from './claim.ts';
import { findOnPath, runTool } from './run-tool.ts';
import { StartupError } from './startup-error.ts';
import { buildTemporal } from './temporal-build.ts';
import { downloadTemporal } from './temporal-download.ts';
import { userCache } from './user-cache.ts';

export interface ObtainOptions {
  progress: (line: string) => void;
  signal: AbortSignal;
}

export interface PinnedTemporal {
  /** "v1.5.1" */
  version: string;
  /** Where the module that pins it lies. */
  moduleDir: string;
}

const toolsDir = join(import.meta.dirname, '..', '..', 'tools', 'temporal');

/**
 * A Temporal CLI that can run the server: one on the PATH, one that a former start kept in the user's cache, the
 * official download, or one built from source with Go.
 */
export async function findTemporalBinary(options: ObtainOptions): Promise<string> {
  const onPath = findOnPath('temporal');
  if (onPath && (await worksAsServer(onPath))) return onPath;

  const pinned = readPinned();
  const cacheDir = cacheDirFor(pinned);
  const cached = join(cacheDir, 'temporal');
  if (await worksAsServer(cached)) return cached;

  const claim = await claimCache(cacheDir, cached, options);
  if (claim === 'filled meanwhile') return cached;
  try {
    if (await worksAsServer(cached)) return cached;
    if (await downloadTemporal(pinned, cached, options)) return cached;
    const go = findOnPath('go');
    if (!go) throw nothingToRun();
    await buildTemporal(go, pinned, cached, options);
    return cached;
  } finally {
    claim.release();
  }
}

/** Old or foreign programs of that name lack the flags that the embedded server is started with. */
async function worksAsServer(path: string): Promise<boolean> {
  const help = await runTool(path, ['server', 'start-dev', '--help'], { timeoutMs: 20_000 });
  return help.ok && ['--db-filename', '--sqlite-pragma', '--search-attribute'].every((f) => help.stdout.includes(f));
}

function readPinned(): PinnedTemporal {
  const version = /github\.com\/temporalio\/cli (v\S+)/.exec(readFileSync(join(toolsDir, 'go.mod'), 'utf8'))?.[1];
  if (version === undefined)
    throw new StartupError(`${toolsDir}/go.mod names no version of the Temporal CLI: restore it.`);
  return { version, moduleDir: toolsDir };
}

function cacheDirFor({ version, moduleDir }: PinnedTemporal): string {
  const sums = createHash('sha256')
    .update(readFileSync(join(moduleDir, 'go.sum')))
    .digest('hex');
  return join(userCache(), `temporal-cli-${version}-${sums.slice(0, 12)}`);
}

/** One instance fills the cache, the others wait for it. */
async function claimCache(
  cacheDir: string,
  cached: string,
  { progress, signal }: ObtainOptions,
): Promise<Claim | 'filled meanwhile'> {
  makeCacheDir(cacheDir);
  for (let waitedSeconds = 0; ; waitedSeconds++) {
    const result = await tryClaim(join(cacheDir, 'lock'));
    if ('claim' in result) {
      rmSync(`${cached}.new`, { recursive: true, force: true });
      return result.claim;
    }
    if (waitedSeconds % 15 === 0) {
      progress(`Waiting for process ${result.heldBy}, which is fetching the Temporal server (${waitedSeconds} s) …`);
    }
    await sleep(1_000);
    signal.throwIfAborted();
    if (await worksAsServer(cached)) return 'filled meanwhile';
  }
}

function makeCacheDir(cacheDir: string): void {
  try {
    mkdirSync(cacheDir, { recursive: true });
  } catch (error) {
    throw new StartupError(
      `The cache ${cacheDir} can't be created (${(error as NodeJS.ErrnoException).code}): set XDG_CACHE_HOME to a directory this user may write to.`,
      { cause: error },
    );
  }
}

function nothingToRun(): StartupError {
  return new StartupError(
    'There is no Temporal server to run and its download is out of reach: install Go (https://go.dev/dl) or the Temporal CLI (https://docs.temporal.io/cli), or set TEMPORAL_ADDRESS to a server of your own.',
  );
}

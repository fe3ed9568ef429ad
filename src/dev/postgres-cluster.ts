import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readFileIfPresent, syncDirectory, writeFileAtomically } from './files.ts';
import type { PostgresBinaries, PostgresRunner } from './postgres-runner.ts';
import { runTool } from './run-tool.ts';
import { StartupError } from './startup-error.ts';

export const superuser = 'maintainkit';

export interface Cluster {
  password: string;
  created: boolean;
}

export interface ClusterOptions {
  dataDir: string;
  clusterDir: string;
  binaries: PostgresBinaries;
  runner: PostgresRunner;
  progress: (line: string) => void;
  signal: AbortSignal;
}

/** Makes the database files on the first start; on a later one checks that this PostgreSQL can read them. */
export async function ensureCluster(options: ClusterOptions): Promise<Cluster> {
  const passwordFile = join(options.dataDir, 'postgres-password');
  removeUnfinished(options.dataDir);
  if (existsSync(options.clusterDir)) {
    checkVersion(options);
    // A copied directory comes with wider rights, which PostgreSQL refuses.
    chmodSync(options.clusterDir, 0o700);
    return { password: readPassword(passwordFile), created: false };
  }

  options.progress(`Creating the PostgreSQL ${options.runner.version} database (first start only) …`);
  const password = readFileIfPresent(passwordFile)?.trim() || randomBytes(24).toString('base64url');
  writeFileAtomically(passwordFile, password);
  options.runner.handOver(passwordFile);
  await initialize(options, passwordFile);
  return { password, created: true };
}

/** In a directory of its own, renamed when complete: whatever interrupts it, `clusterDir` is whole or absent. */
async function initialize(options: ClusterOptions, passwordFile: string): Promise<void> {
  const unfinished = join(options.dataDir, `postgres.new-${randomBytes(4).toString('hex')}`);
  mkdirSync(unfinished, { mode: 0o700 });
  options.runner.handOver(unfinished);
  const { command, args, ...user } = options.runner.invocation(options.binaries.initdb, [
    `--pgdata=${unfinished}`,
    `--username=${superuser}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // PostgreSQL's own C.UTF-8: the same on every machine, whatever locales it has.
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    '--no-instructions',
  ]);
  const env = { ...process.env, LC_ALL: 'C' };
  const result = await runTool(command, args, { ...user, env, signal: options.signal });
  if (!result.ok) {
    rmSync(unfinished, { recursive: true, force: true, maxRetries: 5 });
    throw initdbFailed(options.dataDir, result.stderr);
  }
  renameSync(unfinished, options.clusterDir);
  syncDirectory(options.dataDir);
}

function initdbFailed(dataDir: string, stderr: string): StartupError {
  if (/No space left on device|Disk quota exceeded/i.test(stderr)) {
    return new StartupError(
      `The disk is full: free some space below ${dataDir} (about 100 MB), or set DATA_DIR elsewhere.`,
    );
  }
  const reason = /(?:error|fatal): .*/i.exec(stderr)?.[0] ?? (stderr.trim().split('\n').at(-1) || 'initdb failed');
  return new StartupError(`The database can't be created in ${dataDir} (${reason}): fix that, or set DATABASE_URL.`);
}

function checkVersion({ clusterDir, runner }: ClusterOptions): void {
  const major = runner.version.split('.')[0];
  const written = readFileIfPresent(join(clusterDir, 'PG_VERSION'))?.trim();
  if (written === major) return;
  if (written === undefined) {
    throw new StartupError(
      `${clusterDir} is not a PostgreSQL data directory: move it away, or set DATA_DIR elsewhere.`,
    );
  }
  throw new StartupError(
    `${clusterDir} was written by PostgreSQL ${written}, this is PostgreSQL ${major}: dump it with the old version (pg_dump), move the directory away and restore, or set DATA_DIR to another one.`,
  );
}

function readPassword(passwordFile: string): string {
  const password = readFileIfPresent(passwordFile)?.trim();
  if (password) return password;
  throw new StartupError(`${passwordFile} is missing: put it back (it belongs to the database beside it).`);
}

/** What an interrupted first start left; its initdb may even still be writing there for a moment. */
function removeUnfinished(dataDir: string): void {
  for (const name of readdirSync(dataDir).filter((entry) => entry.startsWith('postgres.new-'))) {
    try {
      rmSync(join(dataDir, name), { recursive: true, force: true, maxRetries: 3 });
    } catch {
      // Harmless beside the real one; the next start removes it.
    }
  }
}

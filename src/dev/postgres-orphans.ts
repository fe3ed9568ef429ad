import { rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { endProcess, postgresStopSteps } from './end-process.ts';
import { readFileIfPresent } from './files.ts';
import { identifyProcess, isRunning, type ProcessIdentity } from './process-identity.ts';
import { commandMentions, type ListedProcess, listProcessesIn } from './process-list.ts';
import { readOrphan } from './server-process.ts';

/** Stops the PostgreSQL of a main process that was killed, gently: it may hold unflushed work. */
export async function endOrphanPostgres(
  clusterDir: string,
  pidFile: string,
  progress: (line: string) => void,
): Promise<void> {
  for (const orphan of findOrphans(clusterDir, pidFile)) {
    if (!isRunning(orphan)) continue;
    progress(`Stopping the PostgreSQL that a killed start left running (process ${orphan.pid}) …`);
    await endProcess(orphan, postgresStopSteps);
  }
  forgetReusedPid(clusterDir);
}

/** Ends backends whose postmaster is dead but which did not notice, for instance because they are stopped (SIGSTOP). */
export async function endLeftoverBackends(clusterDir: string): Promise<void> {
  for (const { pid } of listProcessesIn(clusterDir).filter(isPostgres)) {
    const identity = identifyProcess(pid);
    if (identity) await endProcess(identity, [{ signal: 'SIGKILL', waitMs: 2_000 }]);
  }
}

function findOrphans(clusterDir: string, pidFile: string): ProcessIdentity[] {
  // PostgreSQL moves into its directory a moment after its start.
  const listed = [clusterDir, dirname(clusterDir)]
    .flatMap(listProcessesIn)
    .filter(isPostmaster)
    .map(({ pid }) => identifyProcess(pid));
  const pid = postmasterPid(clusterDir);
  const noted = pid !== undefined && commandMentions(pid, clusterDir) ? identifyProcess(pid) : undefined;
  return [readOrphan(pidFile), ...listed, noted].filter((identity) => identity !== undefined);
}

/**
 * PostgreSQL refuses to start while the pid in postmaster.pid is alive, although another program may have got it since.
 * All of ours are gone by now, so whoever has it is a stranger.
 */
function forgetReusedPid(clusterDir: string): void {
  const pid = postmasterPid(clusterDir);
  if (pid !== undefined && identifyProcess(pid)) rmSync(postmasterFile(clusterDir), { force: true });
}

function postmasterPid(clusterDir: string): number | undefined {
  const pid = Number.parseInt(readFileIfPresent(postmasterFile(clusterDir)) ?? '', 10);
  return pid > 0 ? pid : undefined;
}

function postmasterFile(clusterDir: string): string {
  return join(clusterDir, 'postmaster.pid');
}

function isPostmaster({ args }: ListedProcess): boolean {
  return basename(args[0] ?? '') === 'postgres' && args.includes('-D');
}

/** Backends rename themselves: "postgres: maintainkit maintainkit 127.0.0.1(50000) idle". */
function isPostgres({ args }: ListedProcess): boolean {
  return /(^|\/)postgres(:|$)/.test(args[0] ?? '');
}

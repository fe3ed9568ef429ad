import { spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import { readFileIfPresent, writeFileAtomically } from './files.ts';
import { identifyProcess, isRunning, type ProcessIdentity } from './process-identity.ts';
import { StartupError } from './startup-error.ts';

export interface ServerCommand {
  command: string;
  args: string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  uid?: number;
  gid?: number;
  logFile: string;
  /** Written right after the start, so that a later start finds what a killed one left running. */
  pidFile: string;
}

export interface ServerProcess {
  identity: ProcessIdentity;
  logFile: string;
  /** Resolves to how it ended: "exit code 1", "signal SIGKILL". */
  exited: Promise<string>;
  hasExited(): boolean;
  /** What it has logged since it started (the first 64 KB). */
  output(): string;
}

const keptLogBytes = 10_000_000;

/** Starts a server in a process group of its own (Ctrl-C does not reach it), its output appended to its log file. */
export function spawnServer({ command, args, logFile, pidFile, ...options }: ServerCommand): ServerProcess {
  rotateLog(logFile);
  const log = openSync(logFile, 'a+', 0o600);
  const logStart = fstatSync(log).size;
  const child = spawn(command, args, { ...options, detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  let ending: string | undefined;
  const exited = new Promise<string>((resolve) => {
    const end = (how: string) => {
      ending = how;
      resolve(how);
    };
    child.once('error', (error) => end(error.message));
    child.once('exit', (code, signal) => end(signal ? `signal ${signal}` : `exit code ${code}`));
  });
  if (child.pid === undefined)
    throw new StartupError(`${command} can't be run: check that it is there and executable.`);

  const identity = identifyProcess(child.pid) ?? { pid: child.pid, startedAt: 'ended' };
  writeFileAtomically(pidFile, JSON.stringify(identity));
  return {
    identity,
    logFile,
    exited,
    hasExited: () => ending !== undefined,
    output: () => readFrom(logFile, logStart),
  };
}

/** The server that a former start left running, if its pid file still names a live process. */
export function readOrphan(pidFile: string): ProcessIdentity | undefined {
  try {
    const { pid, startedAt } = JSON.parse(readFileIfPresent(pidFile) ?? '{}') as Partial<ProcessIdentity>;
    if (!Number.isInteger(pid) || typeof startedAt !== 'string') return undefined;
    const identity = { pid: pid as number, startedAt };
    return isRunning(identity) ? identity : undefined;
  } catch {
    return undefined;
  }
}

function rotateLog(logFile: string): void {
  const size = statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
  if (size > keptLogBytes) renameSync(logFile, `${logFile}.1`);
}

function readFrom(file: string, start: number): string {
  const fd = openSync(file, 'r');
  try {
    const buffer = Buffer.alloc(65_536);
    return buffer.toString('utf8', 0, readSync(fd, buffer, 0, buffer.length, start));
  } finally {
    closeSync(fd);
  }
}

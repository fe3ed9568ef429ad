import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** One process for good: pids are reused, a pid together with its start time (and the boot it belongs to) is not. */
export interface ProcessIdentity {
  pid: number;
  startedAt: string;
}

/** undefined when no such process runs; a zombie (dead, not yet reaped by its parent) does not run. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  const startedAt = process.platform === 'linux' ? startedAtFromProc(pid) : startedAtFromPs(pid);
  return startedAt === undefined ? undefined : { pid, startedAt };
}

export function isRunning(identity: ProcessIdentity): boolean {
  return identifyProcess(identity.pid)?.startedAt === identity.startedAt;
}

function startedAtFromProc(pid: number): string | undefined {
  const stat = readIfPresent(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The command name (field 2) may itself hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startTicks] = [fields[0], fields[19]];
  if (startTicks === undefined || state === 'Z' || state === 'X') return undefined;
  return `${bootId()}-${startTicks}`;
}

function startedAtFromPs(pid: number): string | undefined {
  try {
    const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    if (line === '' || line.startsWith('Z')) return undefined;
    return line.replace(/^\S+\s+/, '').replaceAll(/[^A-Za-z0-9]+/g, '-');
  } catch {
    return undefined;
  }
}

function bootId(): string {
  return readIfPresent('/proc/sys/kernel/random/boot_id')?.slice(0, 8) ?? 'boot';
}

function readIfPresent(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

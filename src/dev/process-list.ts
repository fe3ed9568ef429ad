import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface ListedProcess {
  pid: number;
  args: string[];
  cwd: string;
}

/**
 * Every process whose working directory is `cwd`. Linux only (elsewhere empty): there it also finds what was killed
 * between starting a server and noting its pid.
 */
export function listProcessesIn(cwd: string): ListedProcess[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readProcess(Number(name)))
    .filter((listed) => listed !== undefined)
    .filter((listed) => listed.cwd === cwd);
}

/** Whether the process was started with this text among its arguments. */
export function commandMentions(pid: number, text: string): boolean {
  if (process.platform === 'linux') return readProcess(pid)?.args.some((arg) => arg.includes(text)) ?? false;
  try {
    return execFileSync('ps', ['-ww', '-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }).includes(text);
  } catch {
    return false;
  }
}

/** undefined: gone meanwhile, or not ours to look at. */
function readProcess(pid: number): ListedProcess | undefined {
  try {
    const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return { pid, args, cwd: readlinkSync(`/proc/${pid}/cwd`) };
  } catch {
    return undefined;
  }
}

import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface ToolOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  uid?: number;
  gid?: number;
  timeoutMs?: number;
  signal?: AbortSignal;
}

export interface ToolResult {
  ok: boolean;
  stdout: string;
  stderr: string;
}

const keptOutputChars = 100_000;

/** Runs a program to its end. Never throws for its failure (`ok` is false); throws the signal's reason when aborted. */
export async function runTool(command: string, args: string[], options: ToolOptions = {}): Promise<ToolResult> {
  options.signal?.throwIfAborted();
  const { timeoutMs, signal, ...spawnOptions } = options;
  // A group of its own: Ctrl-C reaches it only through us, and all of it can be ended at once.
  const child = spawn(command, args, { ...spawnOptions, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const result: ToolResult = { ok: false, stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    result.stdout = (result.stdout + text).slice(-keptOutputChars);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    result.stderr = (result.stderr + text).slice(-keptOutputChars);
  });

  const end = () => endGroup(child.pid);
  const timer = timeoutMs === undefined ? undefined : setTimeout(end, timeoutMs);
  signal?.addEventListener('abort', end, { once: true });
  try {
    await new Promise<void>((resolve) => {
      child.once('error', (error) => {
        result.stderr += error.message;
        resolve();
      });
      child.once('close', (code) => {
        result.ok = code === 0;
        resolve();
      });
    });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', end);
  }
  signal?.throwIfAborted();
  return result;
}

export function findOnPath(name: string): string | undefined {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, name))
    .find(isExecutableFile);
}

function isExecutableFile(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Ended by itself meanwhile.
  }
}

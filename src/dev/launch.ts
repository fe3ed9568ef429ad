import { endProcess, type StopStep } from './end-process.ts';
import type { ServerProcess } from './server-process.ts';
import { StartupError } from './startup-error.ts';
import { waitUntil } from './wait.ts';

/** Another program took a port between our check and the server's start: worth another try. */
export class PortTakenError extends Error {}

export interface LaunchOptions {
  name: string;
  probe: () => Promise<boolean>;
  /** Turns what a server that ended by itself had logged into an error; undefined: nothing known to it. */
  explain: (output: string) => Error | undefined;
  timeoutMs: number;
  stopSteps: StopStep[];
  signal: AbortSignal;
}

const maxPortAttempts = 5;

/** Waits until the server answers; when it doesn't, ends it and says why. */
export async function awaitReady(server: ServerProcess, options: LaunchOptions): Promise<ServerProcess> {
  try {
    const settled = await waitUntil(async () => server.hasExited() || (await options.probe()), {
      timeoutMs: options.timeoutMs,
      signal: options.signal,
    });
    if (settled && !server.hasExited()) return server;
    throw await failure(server, options);
  } catch (error) {
    await endProcess(server.identity, options.stopSteps);
    throw error;
  }
}

export async function withFreshPorts<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof PortTakenError) || tries >= maxPortAttempts) throw error;
    }
  }
}

async function failure(server: ServerProcess, options: LaunchOptions): Promise<Error> {
  if (!server.hasExited()) {
    return new StartupError(
      `${options.name} did not answer within ${options.timeoutMs / 1000} s: see ${server.logFile}, then start again.`,
    );
  }
  const output = server.output();
  const known = options.explain(output);
  if (known) return known;
  if (/No space left on device|database or disk is full/i.test(output)) {
    return new StartupError(`${options.name} can't write, the disk is full: free some space and start again.`);
  }
  const reason = lastTellingLine(output) ?? (await server.exited);
  return new StartupError(`${options.name} did not start (${reason}): see ${server.logFile}.`);
}

function lastTellingLine(output: string): string | undefined {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  return (lines.findLast((line) => /FATAL|PANIC|error/i.test(line)) ?? lines.at(-1))?.slice(0, 300);
}

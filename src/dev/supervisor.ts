import { setTimeout as sleep } from 'node:timers/promises';
import { endProcess, type StopStep } from './end-process.ts';
import type { ServerProcess } from './server-process.ts';

export interface SupervisedServer {
  name: string;
  /** Starts it again on the same port and waits until it answers; leaves no process behind when it throws. */
  relaunch(signal: AbortSignal): Promise<ServerProcess>;
  stopSteps: StopStep[];
  progress: (line: string) => void;
  onFatal: (error: Error) => void;
}

export interface Supervised {
  /** Idempotent; resolves when the process is gone. */
  stop(): Promise<void>;
}

const [maxDeaths, deathWindowMs, relaunchPauseMs] = [5, 60_000, 500];

/** Keeps a server running until `stop`; gives up after five unexpected deaths within a minute. */
export function supervise(first: ServerProcess, server: SupervisedServer): Supervised {
  const stopping = new AbortController();
  let current = first;
  const watched = watch();

  async function watch(): Promise<void> {
    let deaths: number[] = [];
    let ending = await first.exited;
    while (!stopping.signal.aborted) {
      const now = Date.now();
      deaths = [...deaths.filter((at) => now - at < deathWindowMs), now];
      if (deaths.length >= maxDeaths) {
        server.onFatal(
          new Error(`${server.name} ended ${maxDeaths} times within a minute (${ending}); see ${current.logFile}`),
        );
        return;
      }
      server.progress(`${server.name} ended unexpectedly (${ending}): starting it again on the same port …`);
      ending = await relaunchUntilExit();
    }
  }

  async function relaunchUntilExit(): Promise<string> {
    try {
      current = await server.relaunch(stopping.signal);
      if (stopping.signal.aborted) await endProcess(current.identity, server.stopSteps);
      else server.progress(`${server.name} answers again.`);
      return await current.exited;
    } catch (error) {
      if (!stopping.signal.aborted) await sleep(relaunchPauseMs);
      return (error as Error).message;
    }
  }

  async function stop(): Promise<void> {
    stopping.abort();
    await endProcess(current.identity, server.stopSteps);
    await watched;
  }

  let stopped: Promise<void> | undefined;
  return {
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

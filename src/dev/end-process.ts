import { isRunning, type ProcessIdentity } from './process-identity.ts';
import { waitUntil } from './wait.ts';

export interface StopStep {
  signal: NodeJS.Signals;
  waitMs: number;
}

/** SIGINT is PostgreSQL's fast shutdown; on SIGQUIT it kills even stuck backends after 5 s, which SIGKILL would leave. */
export const postgresStopSteps: StopStep[] = [
  { signal: 'SIGINT', waitMs: 8_000 },
  { signal: 'SIGQUIT', waitMs: 7_000 },
  { signal: 'SIGKILL', waitMs: 5_000 },
];

export const temporalStopSteps: StopStep[] = [
  { signal: 'SIGTERM', waitMs: 15_000 },
  { signal: 'SIGKILL', waitMs: 5_000 },
];

/** Asks ever more firmly until the process is gone. Safe against pid reuse: only this very process is signalled. */
export async function endProcess(identity: ProcessIdentity, steps: StopStep[]): Promise<void> {
  for (const { signal, waitMs } of steps) {
    if (!isRunning(identity)) return;
    send(identity.pid, signal);
    // A stopped process (Ctrl-Z, SIGSTOP) would not hear the polite signals.
    send(identity.pid, 'SIGCONT');
    if (await waitUntil(() => !isRunning(identity), { timeoutMs: waitMs })) return;
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

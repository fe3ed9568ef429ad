import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { type EmbeddedContext, startPostgres } from './postgres.ts';
import type { Supervised } from './supervisor.ts';
import { startTemporal } from './temporal.ts';

export interface EmbeddedOptions {
  /** Held by this process (`acquireDataDir`): two processes must not work in it. */
  dataDir: string;
  /** undefined: 8233, or another free one. */
  temporalUiPort: number | undefined;
  namespace: string;
  /** Registered in the namespace as Keyword. */
  searchAttributes: string[];
  needPostgres: boolean;
  needTemporal: boolean;
  progress: (line: string) => void;
  /** Aborting ends a start under way: everything started so far is stopped, then the signal's reason is thrown. */
  signal?: AbortSignal;
}

export interface Embedded {
  databaseUrl?: string;
  /** host:port */
  temporalAddress?: string;
  temporalUiUrl?: string;
  /** The data did not exist before. */
  firstStart: boolean;
  /** Temporal first, then PostgreSQL, each killed when it takes over 15 s; idempotent. */
  stop(): Promise<void>;
  /** Called once when a server keeps dying: nothing restarts it any more. */
  onFatal(listener: (error: Error) => void): void;
}

/** Starts PostgreSQL and Temporal with their data in `dataDir`; throws StartupError with nothing left running. */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const fatal = fatalChannel();
  const failing = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, failing.signal]) : failing.signal;
  const dataDir = realpathSync(resolve(options.dataDir));
  const context: EmbeddedContext = { dataDir, progress: options.progress, signal, onFatal: fatal.report };

  const abortBoth = (error: unknown): never => {
    failing.abort(error);
    throw error;
  };
  const [postgres, temporal] = await Promise.allSettled([
    options.needPostgres ? startPostgres(context).catch(abortBoth) : undefined,
    options.needTemporal
      ? startTemporal(context, { ...options, uiPort: options.temporalUiPort }).catch(abortBoth)
      : undefined,
  ]);
  if (postgres.status === 'rejected' || temporal.status === 'rejected' || signal.aborted) {
    await stopAll(fulfilledValue(temporal), fulfilledValue(postgres));
    throw signal.reason;
  }
  return {
    ...(postgres.value && { databaseUrl: postgres.value.databaseUrl }),
    ...(temporal.value && { temporalAddress: temporal.value.address, temporalUiUrl: temporal.value.uiUrl }),
    firstStart: postgres.value?.created ?? temporal.value?.created ?? false,
    stop: () => stopAll(temporal.value, postgres.value),
    onFatal: fatal.listen,
  };
}

async function stopAll(temporal: Supervised | undefined, postgres: Supervised | undefined): Promise<void> {
  await temporal?.stop();
  await postgres?.stop();
}

function fulfilledValue<T>(result: PromiseSettledResult<T>): T | undefined {
  return result.status === 'fulfilled' ? result.value : undefined;
}

/** A server may give up before anyone listens: the error waits. */
function fatalChannel() {
  let reported: Error | undefined;
  let listener: ((error: Error) => void) | undefined;
  return {
    report: (error: Error) => {
      if (reported) return;
      reported = error;
      listener?.(error);
    },
    listen: (next: (error: Error) => void) => {
      listener = next;
      if (reported) next(reported);
    },
  };
}

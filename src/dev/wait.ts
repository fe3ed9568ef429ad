import { setTimeout as sleep } from 'node:timers/promises';

export interface WaitOptions {
  timeoutMs: number;
  everyMs?: number;
  signal?: AbortSignal;
}

/** Polls until the condition holds; false after `timeoutMs`. Throws the signal's reason when aborted. */
export async function waitUntil(condition: () => boolean | Promise<boolean>, options: WaitOptions): Promise<boolean> {
  const deadline = Date.now() + options.timeoutMs;
  for (;;) {
    options.signal?.throwIfAborted();
    if (await condition()) return true;
    if (Date.now() >= deadline) return false;
    await sleep(options.everyMs ?? 50);
  }
}

/** Runs `work` and says every `everyMs` how many seconds have passed, so that no wait looks like a hang. */
export async function withHeartbeat<T>(
  say: (elapsedSeconds: number) => void,
  everyMs: number,
  work: () => Promise<T>,
): Promise<T> {
  const startedAt = Date.now();
  const timer = setInterval(() => say(Math.round((Date.now() - startedAt) / 1000)), everyMs);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

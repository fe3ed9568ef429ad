import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tryClaim } from '../../src/dev/claim.ts';
import { userCache } from '../../src/dev/user-cache.ts';

const claimPollMs = 250;

/**
 * A folder in the user's cache, filled by `fill` once for all processes: aside, and renamed when it is whole. `proof` is a
 * file in it; a folder without that one is filled anew.
 */
export async function cachedFolder(
  { name, proof }: { name: string; proof: string },
  fill: (aside: string) => Promise<void>,
): Promise<string> {
  const directory = join(userCache(), name);
  const isReady = () => existsSync(join(directory, proof));
  await mkdir(dirname(directory), { recursive: true });
  while (!isReady()) {
    const attempt = await tryClaim(`${directory}.lock`);
    if (!('claim' in attempt)) {
      await sleep(claimPollMs);
      continue;
    }
    try {
      if (!isReady()) await fillAside(directory, fill);
    } finally {
      attempt.claim.release();
    }
  }
  return directory;
}

async function fillAside(directory: string, fill: (aside: string) => Promise<void>): Promise<void> {
  const aside = await mkdtemp(`${directory}.new-`);
  try {
    await fill(aside);
    // A folder without its proof can only be a damaged one, and a rename onto it would fail.
    await rm(directory, { recursive: true, force: true });
    await rename(aside, directory);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

import { randomInt } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identifyProcess, isRunning, type ProcessIdentity } from './process-identity.ts';

export interface Claim {
  release(): void;
}

export type ClaimResult = { claim: Claim } | { heldBy: number };

const settleMs = 5_000;

/**
 * An exclusive lock for this process, gone with it however it dies: a folder of empty files named after pid and start
 * time. Each contender first creates its own file, then looks at all others, so two can't both find themselves alone,
 * and a name is never reused, so that removing a dead one's file is always safe.
 */
export async function tryClaim(lockDir: string): Promise<ClaimResult> {
  mkdirSync(lockDir, { recursive: true, mode: 0o700 });
  const own = claimFile(ownIdentity());
  const deadline = Date.now() + settleMs;
  for (;;) {
    if (!createExclusively(join(lockDir, own))) return { heldBy: process.pid };
    const rivals = liveClaims(lockDir).filter((rival) => rival.name !== own);
    if (rivals.length === 0) return { claim: hold(lockDir, own) };

    rmSync(join(lockDir, own), { force: true });
    const holder = rivals.find((rival) => rival.held) ?? (Date.now() > deadline ? rivals[0] : undefined);
    if (holder) return { heldBy: holder.pid };
    await sleep(randomInt(5, 80));
  }
}

function hold(lockDir: string, own: string): Claim {
  const [claimPath, heldPath] = [join(lockDir, own), join(lockDir, heldFile(own))];
  writeFileSync(heldPath, '');
  return {
    release: () => {
      rmSync(heldPath, { force: true });
      rmSync(claimPath, { force: true });
    },
  };
}

function liveClaims(lockDir: string): { name: string; pid: number; held: boolean }[] {
  const names = readdirSync(lockDir);
  const live = [];
  for (const name of names) {
    const identity = parseClaimFile(name);
    if (!identity) continue;
    if (isRunning(identity)) {
      live.push({ name, pid: identity.pid, held: names.includes(heldFile(name)) });
    } else {
      rmSync(join(lockDir, heldFile(name)), { force: true });
      rmSync(join(lockDir, name), { force: true });
    }
  }
  return live;
}

function ownIdentity(): ProcessIdentity {
  return identifyProcess(process.pid) ?? { pid: process.pid, startedAt: 'unknown' };
}

function claimFile(identity: ProcessIdentity): string {
  return `${identity.pid}.${identity.startedAt}.claim`;
}

function heldFile(claim: string): string {
  return claim.replace(/claim$/, 'held');
}

function parseClaimFile(name: string): ProcessIdentity | undefined {
  const match = /^(\d+)\.(.+)\.claim$/.exec(name);
  return match?.[1] && match[2] ? { pid: Number(match[1]), startedAt: match[2] } : undefined;
}

function createExclusively(file: string): boolean {
  try {
    writeFileSync(file, '', { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

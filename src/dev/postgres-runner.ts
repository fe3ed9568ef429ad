import { chmodSync, chownSync, statSync } from 'node:fs';
import { findOnPath, runTool } from './run-tool.ts';
import { StartupError } from './startup-error.ts';

export interface PostgresBinaries {
  initdb: string;
  postgres: string;
}

export interface Invocation {
  command: string;
  args: string[];
  uid?: number;
  gid?: number;
}

/** How to run PostgreSQL's programs here: as this user, or (as root, which PostgreSQL refuses) as an unprivileged one. */
export interface PostgresRunner {
  /** "18.4" */
  version: string;
  invocation(command: string, args: string[]): Invocation;
  /** Gives a file or directory to the user that PostgreSQL runs as. */
  handOver(path: string): void;
}

interface User {
  uid: number;
  gid: number;
}

const systemUser = 'postgres';

export async function choosePostgresRunner(
  binaries: PostgresBinaries,
  { clusterDir, dataDir }: { clusterDir: string; dataDir: string },
): Promise<PostgresRunner> {
  const owner = statSync(clusterDir, { throwIfNoEntry: false });
  const ownUid = process.getuid?.();
  if (ownUid !== 0) {
    if (owner && ownUid !== undefined && owner.uid !== ownUid) throw ownedByAnother(clusterDir, owner.uid);
    return runAsSelf(binaries);
  }

  const user = owner && owner.uid !== 0 ? owner : await findOrCreateUser();
  // A backup put back by root belongs to root.
  if (owner?.uid === 0) await runTool('chown', ['-R', `${user.uid}:${user.gid}`, clusterDir]);
  return runAsUser(binaries, user, dataDir);
}

async function runAsSelf(binaries: PostgresBinaries): Promise<PostgresRunner> {
  const invocation = (command: string, args: string[]): Invocation => ({ command, args });
  const { version, problem } = await tryVersion(binaries, invocation);
  if (version === undefined) throw cannotRun(problem);
  return { version, invocation, handOver: () => undefined };
}

async function runAsUser(binaries: PostgresBinaries, user: User, dataDir: string): Promise<PostgresRunner> {
  const handOver = (path: string) => chownSync(path, user.uid, user.gid);
  const setpriv = findOnPath('setpriv');
  if (setpriv) {
    const invocation = (command: string, args: string[]): Invocation => ({
      command: setpriv,
      args: [...setprivOptions(user), '--', command, ...args],
    });
    const { version } = await tryVersion(binaries, invocation);
    if (version !== undefined) return { version, invocation, handOver };
  }

  const invocation = (command: string, args: string[]): Invocation => ({ command, args, ...pick(user) });
  const { version, problem } = await tryVersion(binaries, invocation);
  if (version === undefined) {
    throw new StartupError(
      `PostgreSQL refuses to run as root and can't run as user ${user.uid} either (${problem}): start as an unprivileged user, install setpriv (util-linux), or set DATABASE_URL.`,
    );
  }
  // Without setpriv's capability the other user needs a way through to its own directory.
  chmodSync(dataDir, 0o711);
  return { version, invocation, handOver };
}

/** dac_override: the repository and the data directory may lie below directories that only root may enter. */
function setprivOptions(user: User): string[] {
  return [
    `--reuid=${user.uid}`,
    `--regid=${user.gid}`,
    '--clear-groups',
    '--inh-caps=+dac_override',
    '--ambient-caps=+dac_override',
    '--securebits=+no_setuid_fixup',
  ];
}

async function tryVersion(
  binaries: PostgresBinaries,
  invocation: PostgresRunner['invocation'],
): Promise<{ version?: string; problem: string }> {
  const { command, args, ...user } = invocation(binaries.postgres, ['--version']);
  const result = await runTool(command, args, { ...user, timeoutMs: 20_000 });
  const version = /PostgreSQL\) (\S+)/.exec(result.stdout)?.[1];
  return version === undefined ? { problem: result.stderr.trim() || 'no answer' } : { version, problem: '' };
}

async function findOrCreateUser(): Promise<User> {
  const existing = await findUser();
  if (existing) return existing;
  await runTool('useradd', ['--system', '--user-group', '--no-create-home', systemUser]);
  const created = await findUser();
  if (created) return created;
  throw new StartupError(
    `PostgreSQL refuses to run as root and the system user "${systemUser}" could not be created: start as an unprivileged user, or set DATABASE_URL.`,
  );
}

async function findUser(): Promise<User | undefined> {
  const [uid, gid] = [await runTool('id', ['-u', systemUser]), await runTool('id', ['-g', systemUser])];
  return uid.ok && gid.ok ? { uid: Number(uid.stdout), gid: Number(gid.stdout) } : undefined;
}

function pick({ uid, gid }: User): User {
  return { uid, gid };
}

function ownedByAnother(clusterDir: string, uid: number): StartupError {
  return new StartupError(
    `${clusterDir} belongs to another user (uid ${uid}): start as that user, or set DATA_DIR to another directory.`,
  );
}

function cannotRun(problem: string): StartupError {
  return new StartupError(
    `The embedded PostgreSQL does not run on this machine (${problem}): set DATABASE_URL to a PostgreSQL of your own.`,
  );
}

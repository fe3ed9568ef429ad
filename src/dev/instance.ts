import { accessSync, constants, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { tryClaim } from './claim.ts';
import { readFileIfPresent, writeFileAtomically } from './files.ts';
import { identifyProcess, isRunning } from './process-identity.ts';
import { StartupError } from './startup-error.ts';

const Instance = z.object({
  pid: z.int(),
  startedAt: z.string(),
  apiUrl: z.string().optional(),
  databaseUrl: z.string().optional(),
  temporalAddress: z.string().optional(),
  temporalUiUrl: z.string().optional(),
});

export type InstanceInfo = Omit<z.infer<typeof Instance>, 'startedAt'>;

export interface DataDir {
  /** Publishes where this process can be reached (file mode 0600: the database URL holds a password). */
  write(info: Omit<InstanceInfo, 'pid'>): void;
  /** This process is about to end: it can't be reached any more, though it still holds the directory. */
  unpublish(): void;
  release(): void;
}

/** Creates the data directory and locks it for this process; throws StartupError when another one runs in it. */
export async function acquireDataDir(dataDir: string): Promise<DataDir> {
  const directory = resolve(dataDir);
  makeUsable(directory);
  const result = await tryClaim(join(directory, 'lock'));
  if ('heldBy' in result) throw alreadyRunning(directory, result.heldBy);

  const file = instanceFile(directory);
  rmSync(file, { force: true });
  return {
    write: (info) => {
      const { startedAt } = identifyProcess(process.pid) ?? { startedAt: 'unknown' };
      writeFileAtomically(file, `${JSON.stringify({ ...info, pid: process.pid, startedAt }, null, 2)}\n`);
    },
    unpublish: () => rmSync(file, { force: true }),
    release: () => {
      rmSync(file, { force: true });
      result.claim.release();
    },
  };
}

/** Where the service running in this data directory is reached; undefined when none runs there. */
export async function readInstance(dataDir: string): Promise<InstanceInfo | undefined> {
  const text = readFileIfPresent(instanceFile(resolve(dataDir)));
  const parsed = Instance.safeParse(parseJson(text));
  if (!parsed.success) return undefined;
  const { startedAt, ...info } = parsed.data;
  return isRunning({ pid: info.pid, startedAt }) ? info : undefined;
}

function makeUsable(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
    mkdirSync(join(directory, 'lock'), { recursive: true, mode: 0o700 });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new StartupError(
      `The data directory ${directory} can't be used (${code}): make it a directory this user may write to, or set DATA_DIR to another one.`,
      { cause: error },
    );
  }
}

function alreadyRunning(directory: string, pid: number): StartupError {
  const apiUrl = Instance.safeParse(parseJson(readFileIfPresent(instanceFile(directory)))).data?.apiUrl;
  const where = apiUrl ? `, API at ${apiUrl}` : '';
  return new StartupError(
    `maintainkit is already running in ${directory} (process ${pid}${where}): stop it first, or set DATA_DIR and PORT to start another one.`,
  );
}

function instanceFile(directory: string): string {
  return join(directory, 'instance.json');
}

function parseJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

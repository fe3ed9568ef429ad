import { createHash } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { tryClaim } from '../../src/dev/claim.ts';
import { runTool } from '../../src/dev/run-tool.ts';
import { userCache } from '../../src/dev/user-cache.ts';

const requirementsDir = fileURLToPath(new URL('../../tools/python/', import.meta.url));
const installTimeoutMs = 280_000; // below the limit of a test's hook
const claimPollMs = 250;

/** Why nothing can run in Python on this machine, for the title of the tests that are skipped then; else `undefined`. */
export async function whyNoPython(minimum = '3.9'): Promise<string | undefined> {
  const version = minimum.replace('.', ', ');
  const { ok } = await runTool('python3', ['-c', `import sys; sys.exit(sys.version_info < (${version}))`]);
  if (!ok) return `no python3 of ${minimum} or newer on the PATH`;
  // Debian ships these two apart from Python itself.
  const { ok: canMakeVenvs } = await runTool('python3', ['-c', 'import venv, ensurepip']);
  return canMakeVenvs ? undefined : 'python3 has no venv with pip: install python3-venv';
}

/**
 * The python of a virtual environment with what a file of `tools/python/` pins, installed once into the user's cache. Call it
 * where `whyNoPython` has nothing to say. Throws pip's last line when something cannot be installed.
 */
export async function pythonWith(requirements: string): Promise<string> {
  const file = join(requirementsDir, requirements);
  const directory = join(userCache(), `python-${basename(requirements, '.txt')}-${await keyOf(file)}`);
  const python = join(directory, 'current', 'bin', 'python');
  if (await works(python)) return python;

  mkdirSync(directory, { recursive: true });
  for (;;) {
    const attempt = await tryClaim(join(directory, 'lock'));
    try {
      if (await works(python)) return python;
      if ('claim' in attempt) {
        await install(file, directory);
        return python;
      }
    } finally {
      if ('claim' in attempt) attempt.claim.release();
    }
    await sleep(claimPollMs);
  }
}

/** What is installed depends on the pins and on the Python that it is installed for. */
async function keyOf(file: string): Promise<string> {
  const { stdout } = await runTool('python3', ['-c', 'import sys; print(sys.version, sys.base_prefix)']);
  return createHash('sha256').update(readFileSync(file)).update(stdout).digest('hex').slice(0, 12);
}

/** Not so where nothing is, and where the Python below it is gone. */
const works = async (python: string) => (await runTool(python, ['-c', ''])).ok;

/**
 * Installs into a folder of its own, for environments cannot be moved, and then points `current` at it: interrupted
 * anywhere, there is the whole environment or none.
 */
async function install(file: string, directory: string): Promise<void> {
  console.error(`Installing tools/python/${basename(file)} into a Python environment (once, a few seconds) …`);
  for (const name of readdirSync(directory).filter((name) => name !== 'lock')) {
    rmSync(join(directory, name), { recursive: true, force: true, maxRetries: 5 });
  }
  const environment = realpathSync(mkdtempSync(join(directory, 'venv-')));
  const python = join(environment, 'bin', 'python');
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input'];
  const steps: [string, string[]][] = [
    ['python3', ['-m', 'venv', environment]],
    [python, [...pip, '--require-hashes', '--only-binary', ':all:', '-r', file]],
  ];
  for (const [program, args] of steps) {
    const step = await runTool(program, args, { env: withoutPythonSettings(), timeoutMs: installTimeoutMs });
    if (step.ok) continue;
    rmSync(environment, { recursive: true, force: true, maxRetries: 5 });
    const reason = `${step.stdout}\n${step.stderr}`.trim().split('\n').at(-1) || 'no answer in time';
    throw new Error(`tools/python/${basename(file)} could not be installed: ${reason}`);
  }
  symlinkSync(basename(environment), join(directory, 'current.new'));
  renameSync(join(directory, 'current.new'), join(directory, 'current'));
}

/** A developer's own PYTHONPATH or PIP_USER must not decide where things go. */
function withoutPythonSettings(): NodeJS.ProcessEnv {
  const { PYTHONPATH, PYTHONHOME, PIP_USER, PIP_TARGET, PIP_PREFIX, ...env } = process.env;
  return env;
}

import { renameSync, rmSync } from 'node:fs';
import { runTool } from './run-tool.ts';
import { StartupError } from './startup-error.ts';
import type { ObtainOptions, PinnedTemporal } from './temporal-binary.ts';
import { withHeartbeat } from './wait.ts';

const cliPackage = 'github.com/temporalio/cli/cmd/temporal';

/** Builds the pinned Temporal CLI with Go; `target` appears only when it is complete. */
export async function buildTemporal(
  go: string,
  pinned: PinnedTemporal,
  target: string,
  { progress, signal }: ObtainOptions,
): Promise<void> {
  const unfinished = `${target}.new`;
  progress(`Building the Temporal server ${pinned.version} with Go, once: about 5 minutes on 2 cores …`);
  const result = await withHeartbeat(
    (seconds) => progress(`Building the Temporal server: ${seconds} s so far …`),
    15_000,
    () => runTool(go, ['build', '-mod=readonly', '-o', unfinished, cliPackage], { cwd: pinned.moduleDir, signal }),
  );
  if (!result.ok) {
    rmSync(unfinished, { force: true });
    throw buildFailed(result.stderr);
  }
  renameSync(unfinished, target);
  progress(`The Temporal server is built and kept in ${target}.`);
}

function buildFailed(stderr: string): StartupError {
  if (/No space left on device/i.test(stderr)) {
    return new StartupError('Building the Temporal server needs about 3 GB of disk space: free some and start again.');
  }
  const lines = stderr.split('\n').filter((line) => line.trim() !== '' && !/^go: downloading /.test(line));
  const reason = lines.at(-1)?.slice(0, 300) ?? 'no message';
  return new StartupError(
    `The Temporal server could not be built (${reason}): check the internet connection and "go version" (1.25 or newer), install the Temporal CLI (https://docs.temporal.io/cli), or set TEMPORAL_ADDRESS.`,
  );
}

import { createWriteStream, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Dispatcher, EnvHttpProxyAgent, fetch } from 'undici';
import { z } from 'zod';
import { runTool } from './run-tool.ts';
import type { ObtainOptions, PinnedTemporal } from './temporal-binary.ts';
import { withHeartbeat } from './wait.ts';

const DownloadInfo = z.object({
  archiveUrl: z.url({ protocol: /^https$/ }),
  fileToExtract: z.string().regex(/^\w[\w.-]*$/),
});

const [infoTimeoutMs, archiveTimeoutMs] = [4_000, 300_000];

/**
 * Fetches the pinned CLI from where Temporal's SDKs fetch it; false when that can't be reached. `target` appears only
 * when it is complete and runs.
 */
export async function downloadTemporal(
  { version }: PinnedTemporal,
  target: string,
  { progress, signal }: ObtainOptions,
): Promise<boolean> {
  const aside = join(dirname(target), 'download');
  const dispatcher = proxyFromEnvironment();
  try {
    const info = await fetchInfo(version, dispatcher, signal);
    rmSync(aside, { recursive: true, force: true });
    mkdirSync(aside);
    progress(`Downloading the Temporal server ${version} (once) …`);
    await withHeartbeat(
      (seconds) => progress(`Downloading the Temporal server: ${seconds} s so far …`),
      15_000,
      () => fetchArchive(info.archiveUrl, join(aside, 'archive.tar.gz'), dispatcher, signal),
    );
    await runTool('tar', ['-xzf', join(aside, 'archive.tar.gz'), '-C', aside, info.fileToExtract], { signal });
    const extracted = join(aside, info.fileToExtract);
    if (!(await runTool(extracted, ['--version'], { signal, timeoutMs: 20_000 })).ok) return false;
    renameSync(extracted, target);
    return true;
  } catch {
    // Offline or behind a filter: the caller has another way. An abort is not a failed download.
    signal.throwIfAborted();
    return false;
  } finally {
    rmSync(aside, { recursive: true, force: true });
    // Not close(): that would wait for a proxy that never answers.
    await dispatcher?.destroy();
  }
}

async function fetchInfo(version: string, dispatcher: Dispatcher | undefined, signal: AbortSignal) {
  const url = new URL(`https://temporal.download/cli/${version}`);
  url.searchParams.set('arch', process.arch === 'x64' ? 'amd64' : process.arch);
  url.searchParams.set('platform', process.platform);
  url.searchParams.set('format', 'tar.gz');
  const response = await fetch(url, {
    signal: AbortSignal.any([signal, AbortSignal.timeout(infoTimeoutMs)]),
    ...(dispatcher && { dispatcher }),
  });
  return DownloadInfo.parse(await response.json());
}

async function fetchArchive(url: string, file: string, dispatcher: Dispatcher | undefined, signal: AbortSignal) {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(archiveTimeoutMs)]);
  const response = await fetch(url, { signal: limit, ...(dispatcher && { dispatcher }) });
  if (!response.ok || !response.body) throw new Error(`HTTP ${response.status}`);
  await pipeline(Readable.fromWeb(response.body), createWriteStream(file), { signal: limit });
}

function proxyFromEnvironment(): Dispatcher | undefined {
  const { HTTPS_PROXY, https_proxy } = process.env;
  return HTTPS_PROXY || https_proxy ? new EnvHttpProxyAgent() : undefined;
}

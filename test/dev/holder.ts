import { startEmbedded } from '../../src/dev/embedded.ts';
import { acquireDataDir } from '../../src/dev/instance.ts';

/** Holds the embedded servers as the main process does: `node holder.ts DATA_DIR`, SIGTERM stops it in order. */
const dataDir = process.argv[2] ?? '';
const say = (event: object) => process.stdout.write(`${JSON.stringify(event)}\n`);

const interrupted = new AbortController();
process.once('SIGTERM', () => interrupted.abort(new Error('interrupted')));
try {
  const lock = await acquireDataDir(dataDir);
  const embedded = await startEmbedded({
    dataDir,
    temporalUiPort: undefined,
    namespace: 'default',
    searchAttributes: ['MkOrgId'],
    needPostgres: true,
    needTemporal: true,
    progress: (line) => say({ progress: line }),
    signal: interrupted.signal,
  });
  const { databaseUrl, temporalAddress, temporalUiUrl, firstStart } = embedded;
  lock.write({ apiUrl: 'http://127.0.0.1:3000' });
  say({ ready: { databaseUrl, temporalAddress, temporalUiUrl, firstStart } });
  const stop = async () => {
    await embedded.stop();
    lock.release();
    say({ stopped: true });
  };
  if (interrupted.signal.aborted) await stop();
  else interrupted.signal.addEventListener('abort', stop);
} catch (error) {
  say({ failed: (error as Error).message });
  process.exitCode = 1;
}

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { findOnPath, runTool } from '../../src/dev/run-tool.ts';
import { openApiDocument } from '../../src/openapi/document.ts';
import { startTestApi } from '../support/api.ts';
import { closing } from '../support/database.ts';
import { expectErpFlow } from './erp-flow.ts';

const pom = resolve(import.meta.dirname, '../../tools/openapi-java/pom.xml');
/** The first build ever fetches generator and libraries into Maven's own cache. */
const buildTimeoutMs = 400_000;

/** Whatever the machine's locale is; what Java 19 and later ask is the second. */
const encoding = ['-Dfile.encoding=UTF-8', '-Dstdout.encoding=UTF-8'];

const noJava = await whyNoJava();

it.skipIf(noJava)(
  `a Java client, generated from the document, does a whole ERP flow${noJava ? ` (skipped: ${noJava})` : ''}`,
  async () => {
    const api = closing(await startTestApi());
    const folder = mkdtempSync(join(tmpdir(), 'maintainkit-java-'));
    closing({ close: () => rmSync(folder, { recursive: true, force: true }) });
    writeFileSync(join(folder, 'openapi.json'), JSON.stringify(openApiDocument));
    const lib = join(folder, 'lib');
    const built = await runTool(
      'mvn',
      [
        ...['-B', '-q', '-f', pom, `-Dopenapi.document=${join(folder, 'openapi.json')}`, `-Dbuild.folder=${folder}`],
        ...['compile', 'dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${lib}`],
      ],
      { timeoutMs: buildTimeoutMs },
    );
    expect(built.ok, `${built.stdout}${built.stderr}`).toBe(true);
    const env = { ...process.env, API_ORIGIN: api.origin, API_KEY: api.key };
    const ran = await runTool('java', [...encoding, '-cp', `${join(folder, 'classes')}:${lib}/*`, 'ErpFlow'], { env });
    expect(ran.ok, ran.stderr).toBe(true);
    await expectErpFlow(api, JSON.parse(ran.stdout));
  },
  buildTimeoutMs + 60_000,
);

/** Why no Java can be built on this machine, for the title of the test that is skipped then; else `undefined`. */
async function whyNoJava(): Promise<string | undefined> {
  if (!findOnPath('mvn')) return 'no mvn on the PATH';
  const { ok, stdout } = await runTool('javac', ['-version']);
  const version = Number(/javac (\d+)/.exec(stdout)?.[1]);
  return ok && version >= 11 ? undefined : 'no JDK of 11 or newer on the PATH';
}

import { existsSync, readFileSync } from 'node:fs';
import { findOnPath, runTool, type ToolResult } from '../../src/dev/run-tool.ts';

const commands = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const macApps = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
export const installTimeoutMs = 600_000;

/** The system's own browser; as root on Debian it is installed when there is none. Throws one sentence that says what to do. */
export async function chromiumPath(): Promise<string> {
  const found = process.env.CHROMIUM || findChromium();
  if (found !== undefined) return found;
  if (!canInstall()) throw new Error(`The tests of the Temporal UI need Chromium: ${advice}.`);
  console.error('Installing Chromium with apt-get (once, about a minute) …');
  const installation = await install();
  const installed = findChromium();
  if (installed !== undefined) return installed;
  throw new Error(`apt-get could not install Chromium (${lastLine(installation)}): ${advice}.`);
}

const advice = 'install it (Debian: apt-get install chromium), or name a browser of its kind in CHROMIUM';

const findChromium = () => commands.map(findOnPath).find(Boolean) ?? macApps.find((path) => existsSync(path));

/** Debian and those made from it; not Ubuntu, where the package is an empty one that asks for snap. */
function canInstall(): boolean {
  if (process.getuid?.() !== 0 || !findOnPath('apt-get') || !existsSync('/etc/os-release')) return false;
  const values = /^(?:ID|ID_LIKE)=(.*)$/gm;
  const names = [...readFileSync('/etc/os-release', 'utf8').matchAll(values)].map(([, value]) => value ?? '').join(' ');
  return /\bdebian\b/.test(names) && !/\bubuntu\b/.test(names);
}

/** The lists of packages are fetched only when those that are there do not serve. */
async function install(): Promise<ToolResult> {
  const first = await aptGet('install', '-y', '--no-install-recommends', 'chromium');
  if (first.ok) return first;
  const update = await aptGet('update');
  return update.ok ? aptGet('install', '-y', '--no-install-recommends', 'chromium') : update;
}

const aptGet = (...args: string[]) =>
  runTool('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=300', ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    timeoutMs: installTimeoutMs,
  });

const lastLine = ({ stdout, stderr }: ToolResult) => (stderr.trim() || stdout.trim()).split('\n').at(-1);

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const compose = [['docker', 'compose'], ['docker-compose']].find((command) => run([...command, 'version']).ok);

const title = compose ? 'docker-compose.yml' : 'docker-compose.yml (skipped: no docker compose on the PATH)';

describe.skipIf(!compose)(title, { timeout: 60_000 }, () => {
  it('is valid and has the six services', () => {
    expect(config('--services').trim().split('\n').sort()).toEqual([
      'api',
      'migrate',
      'postgres',
      'temporal',
      'temporal-ui',
      'worker',
    ]);
  });

  it('watches the health of every service that stays', () => {
    const text = config();
    for (const name of ['api', 'postgres', 'temporal', 'temporal-ui', 'worker']) {
      expect(section(text, name), name).toMatch(/^ {4}healthcheck:\n(?: {6}.*\n)* {6}test:/m);
      expect(section(text, name), name).toMatch(/^ {4}restart: unless-stopped$/m);
    }
  });

  it('publishes ports on the loopback address alone', () => {
    const text = config();
    expect(section(text, 'api')).toMatch(/127\.0\.0\.1/);
    expect(section(text, 'temporal-ui')).toMatch(/127\.0\.0\.1/);
    for (const name of ['postgres', 'temporal', 'worker', 'migrate']) {
      expect(section(text, name), name).not.toMatch(/^ {4}ports:/m);
    }
  });

  it('refuses to start without a database password, in one line', () => {
    const result = run([...(compose ?? []), 'config'], { POSTGRES_PASSWORD: '', SECRETS_KEY: 'for-the-test' });
    expect(result.ok).toBe(false);
    expect(result.output).toMatch(/set POSTGRES_PASSWORD/);
  });
});

function config(...options: string[]): string {
  const result = run([...(compose ?? []), 'config', ...options], {
    POSTGRES_PASSWORD: 'for-the-test',
    SECRETS_KEY: 'for-the-test',
  });
  expect(result.ok, result.output).toBe(true);
  return result.output;
}

/** The lines of one service in what `config` prints. */
function section(text: string, service: string): string {
  return new RegExp(`^  ${service}:\\n((?: {4}.*\\n)+)`, 'm').exec(text)?.[1] ?? '';
}

function run([program = '', ...args]: string[], env: NodeJS.ProcessEnv = {}): { ok: boolean; output: string } {
  try {
    const output = execFileSync(program, args, {
      cwd: root,
      env: { ...withoutOurSettings(), ...env },
      encoding: 'utf8',
      stdio: 'pipe',
    });
    return { ok: true, output };
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    return { ok: false, output: `${stdout}${stderr}` };
  }
}

/** A developer's own PORT or BIND_ADDRESS must not decide what the file is checked against. */
function withoutOurSettings(): NodeJS.ProcessEnv {
  const { PATH, HOME, DOCKER_CONFIG, DOCKER_HOST } = process.env;
  return { PATH, HOME, DOCKER_CONFIG, DOCKER_HOST };
}

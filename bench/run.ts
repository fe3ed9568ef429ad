import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';
import { batch } from './batch.ts';
import { type Measured, neighbours } from './neighbours.ts';
import { type BenchServers, startBenchServers } from './servers.ts';

/** `npm run bench -- SCENARIO`: measures on servers of its own, on 127.0.0.1 only, and keeps the result as JSON. */
const scenarios: Record<string, { about: string; run: Scenario }> = {
  neighbours: {
    about: 'what endpoints that hang cost the others: 20 endpoints, of which two hang, against none (about 5 minutes)',
    run: neighbours,
  },
  batch: {
    about: 'movements a second: single posts on 16 connections against batches of 1,000 (about one minute)',
    run: batch,
  },
};

type Scenario = (servers: BenchServers, options: { rounds: number; say: (line: string) => void }) => Promise<Measured>;

const results = fileURLToPath(new URL('results/', import.meta.url));
const say = (line: string) => void process.stdout.write(`${line}\n`);

async function measure(name: string, rounds: number): Promise<void> {
  const scenario = scenarios[name];
  if (scenario === undefined) {
    throw new InvalidArgumentError(`There is no scenario "${name}"; there are: ${Object.keys(scenarios).join(', ')}.`);
  }
  const servers = await startBenchServers(say);
  const stop = () => void servers.stop().finally(() => process.exit(130));
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    say(`${name}: ${scenario.about}`);
    const { ratios, details } = await scenario.run(servers, { rounds, say });
    say(`Kept in ${keep(name, ratios, details)}`);
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
    await servers.stop();
  }
}

/** One file a day: later runs of the same scenario replace earlier ones. */
function keep(name: string, ratios: Record<string, number>, details: object): string {
  const file = `${results}${new Date().toISOString().slice(0, 10)}.json`;
  mkdirSync(results, { recursive: true });
  const machine = { node: process.version, cores: availableParallelism() };
  const known = read(file);
  const result = {
    ratios: { ...known.ratios, ...ratios },
    scenarios: { ...known.scenarios, [name]: { at: new Date().toISOString(), machine, ...details } },
  };
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
  return file;
}

function read(file: string): { ratios?: object; scenarios?: object } {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
}

function toRounds(text: string): number {
  if (!/^([1-9]|1\d|20)$/.test(text)) throw new InvalidArgumentError('It must be 1 to 20.');
  return Number(text);
}

const list = Object.entries(scenarios).map(([name, { about }]) => `  ${name.padEnd(12)}${about}`);
await new Command('bench')
  .argument('<scenario>')
  .option('--rounds <n>', 'of each contestant, in turn', toRounds, 5)
  .addHelpText('after', `\nScenarios:\n${list.join('\n')}`)
  .action((name: string, options: { rounds: number }) => measure(name, options.rounds))
  .parseAsync()
  .catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  });

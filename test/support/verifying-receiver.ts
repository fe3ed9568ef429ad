import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('verifying_receiver.py', import.meta.url));

export interface VerifyingReceiver {
  url: string;
  /** Verifies what comes from now on with this secret. */
  verifyWith(secret: string): Promise<void>;
  /** What the library said of the next delivery: its parsed body, or why it was refused. */
  nextVerdict(): Promise<{ verified: unknown } | { refused: string }>;
  close(): Promise<void>;
}

/** A webhook receiver in Python, a process of its own. */
export async function startVerifyingReceiver(python: string): Promise<VerifyingReceiver> {
  const child = spawn(python, ['-I', program], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const line = await lines.next();
    if (line.done) throw new Error('the Python receiver has ended');
    return JSON.parse(line.value);
  };
  const { port } = await next();
  return {
    url: `http://127.0.0.1:${port}/hook`,
    async verifyWith(secret) {
      child.stdin.write(`${secret}\n`);
      await next();
    },
    nextVerdict: next,
    async close() {
      child.stdin.end();
      await exited;
    },
  };
}

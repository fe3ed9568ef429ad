import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';

interface ListenOptions {
  port: number;
  secret?: string | undefined;
  /** Answer 503 to the first `fail` deliveries. */
  fail: number;
}

const maxBodyBytes = 1024 * 1024;

/** A receiver for trying things out. Rejects when the port cannot be had; otherwise runs until SIGINT or SIGTERM. */
export async function listen({ port, secret, fail }: ListenOptions): Promise<void> {
  let received = 0;
  const server = createServer(async (request, response) => {
    const body = await readBody(request);
    if (body === undefined) return response.writeHead(413).end();
    received += 1;
    const signature = verify(request.headers['x-mk-signature'], body, secret);
    const status = signature === 'invalid' ? 401 : received <= fail ? 503 : 200;
    response.writeHead(status).end();
    process.stdout.write(
      `${JSON.stringify({ receivedAt: new Date().toISOString(), status, signature, ...describe(request, body) })}\n`,
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? new Error(`Port ${port} is in use: choose another with --port.`) : error),
    );
    server.listen(port, () => resolve());
  });
  process.stderr.write(`Listening for webhooks on http://127.0.0.1:${port} — Ctrl-C ends it.\n`);
  await new Promise((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  server.closeAllConnections();
  server.close();
}

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function verify(
  header: string | string[] | undefined,
  body: Buffer,
  secret: string | undefined,
): 'valid' | 'invalid' | 'unchecked' {
  if (secret === undefined) return 'unchecked';
  const expected = Buffer.from(`sha256=${createHmac('sha256', secret).update(body).digest('hex')}`);
  const given = Buffer.from(typeof header === 'string' ? header : '');
  return given.length === expected.length && timingSafeEqual(given, expected) ? 'valid' : 'invalid';
}

function describe({ headers }: IncomingMessage, body: Buffer) {
  const named = ['x-mk-event', 'x-mk-movement', 'x-mk-key', 'webhook-id'].map((name) => [name, headers[name]]);
  return { headers: Object.fromEntries(named), body: parseOrText(body.toString('utf8')) };
}

function parseOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

import { type DestinationStream, pino } from 'pino';

export type Logger = ReturnType<typeof createLogger>;

/** JSON lines, on stderr unless told otherwise. Headers and bodies are never given to it; what could still carry a secret is redacted. */
export function createLogger(level: string, destination: DestinationStream = process.stderr) {
  return pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      redact: { paths: ['*.secret', '*.key', '*.password', '*.authorization', 'secret', 'key', 'password'] },
    },
    destination,
  );
}

import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** What a gate lets through once its word has been said on a connection. */
export type Cut = 'answer' | 'request';

export interface Gate {
  port: number;
  /**
   * From the first request that holds `word`, after one on the same connection that held `after`: `answer` lets the request pass and
   * keeps back every answer, `request` keeps back the request too. Resolves when that moment has come.
   */
  shut(cut: Cut, word: string, after?: string): Promise<void>;
  close(): Promise<void>;
}

/** A TCP proxy that can keep a request or its answer back for ever, as a machine that dies at that moment does. */
export async function startGate(host: string, port: number): Promise<Gate> {
  const sockets = new Set<Socket>();
  let rule: { cut: Cut; word: string; after: string; reached: () => void } | undefined;
  const server = createServer((near) => {
    const far = connect(port, host);
    let said = '';
    let shut: Cut | undefined;
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    near.on('data', (chunk) => {
      said += chunk.toString('latin1').toLowerCase();
      if (rule && said.includes(rule.after) && chunk.toString('latin1').toLowerCase().includes(rule.word)) {
        shut = rule.cut;
        rule.reached();
      }
      if (shut !== 'request') far.write(chunk);
    });
    far.on('data', (chunk) => {
      if (shut === undefined) near.write(chunk);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    shut(cut, word, after = '') {
      return new Promise((reached) => {
        rule = { cut, word: word.toLowerCase(), after: after.toLowerCase(), reached };
      });
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

import { startProxy, type TcpProxy } from './proxy.ts';

/** What a gate lets through once its word has been said on a connection. */
export type Cut = 'answer' | 'request';

export interface Gate extends TcpProxy {
  /**
   * From the first request that holds `word`, after one on the same connection that held `after`: `answer` lets the request pass and
   * keeps back every answer, `request` keeps back the request too. Resolves when that moment has come.
   */
  shut(cut: Cut, word: string, after?: string): Promise<void>;
}

/** A TCP proxy that can keep a request or its answer back for ever, as a machine that dies at that moment does. */
export async function startGate(host: string, port: number): Promise<Gate> {
  let rule: { cut: Cut; word: string; after: string; reached: () => void } | undefined;
  const proxy = await startProxy(
    () => ({ host, port }),
    (near, far) => {
      let said = '';
      let shut: Cut | undefined;
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
    },
  );
  return {
    ...proxy,
    shut(cut, word, after = '') {
      return new Promise((reached) => {
        rule = { cut, word: word.toLowerCase(), after: after.toLowerCase(), reached };
      });
    },
  };
}

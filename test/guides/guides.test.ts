import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const docs = fileURLToPath(new URL('../../docs/', import.meta.url));
const read = (name: string) => readFileSync(docs + name, 'utf8');

const guides = ['connect-your-erp.md', 'receive-webhooks.md'];
const examples = globSync('examples/*/*', { cwd: docs });

/** Each block of code under the link to its file, as [path, code]. */
const quotes = guides.flatMap((guide) =>
  [...read(guide).matchAll(/\[examples\/.+?\]\((.+?)\):?\n\n```\w+\n(.*?)^```$/gms)].map(([, path = '', code = '']) => [
    path,
    code,
  ]),
);

describe('the guides', () => {
  it('quote each example, and every one as it is', () => {
    expect(quotes.map(([path]) => path).sort()).toEqual(examples.sort());
    for (const [path = '', code] of quotes) expect(code, path).toBe(read(path));
  });

  it('have no code in a programming language that is not an example', () => {
    const blocks = guides.flatMap((guide) => [...read(guide).matchAll(/^```(js|python|php)$/gm)]);
    expect(blocks).toHaveLength(quotes.length);
  });
});

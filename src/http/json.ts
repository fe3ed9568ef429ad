/** A JSON number as it was written: `1.50` stays `1.50`, so that decimals are judged on the literal and never rounded. */
export class NumberLiteral {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }
}

/**
 * Parses JSON with every number as a `NumberLiteral`.
 * Throws `SyntaxError` for malformed JSON and for a key that appears twice in one object (`JSON.parse` keeps the last
 * and says nothing), `RangeError` for nesting beyond the stack.
 */
export function parseJson(text: string): unknown {
  let keyCount = 0;
  const value: unknown = JSON.parse(text, function (this: unknown, key, value: unknown, context?: { source: string }) {
    if (!Array.isArray(this)) keyCount += 1;
    if (typeof value !== 'number') return value;
    if (context === undefined) throw new SyntaxError(`The number at "${key}" has no source text.`);
    return new NumberLiteral(context.source);
  });
  const withoutRoot = keyCount - 1;
  if (countColonsOutsideStrings(text) !== withoutRoot) throw new SyntaxError('A key appears twice in one object.');
  return value;
}

/** In valid JSON, exactly one such colon stands behind each key. */
function countColonsOutsideStrings(text: string): number {
  let count = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (inString) {
      if (char === '\\') i += 1;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === ':') count += 1;
  }
  return count;
}

import type { Messages } from './index.ts';

/**
 * What is wrong with a field, from the predicate that `src/http/fields.ts` gives ("must be at most 100 characters") to a sentence
 * in the catalogue's language. The schemas thus stay the API's own.
 */
export function refusalIn(t: Messages, predicate: string): string {
  for (const { pattern, say } of patterns) {
    const match = pattern.exec(predicate);
    if (match) return say(t, match.slice(1));
  }
  return t.refusals.other(predicate);
}

const patterns: { pattern: RegExp; say(t: Messages, holes: string[]): string }[] = [
  { pattern: /^must be at most (\d+) characters$/, say: (t, [max = '']) => t.refusals.tooLong(max) },
  { pattern: /^must be at least (\d+) characters$/, say: (t, [min = '']) => t.refusals.tooShort(min) },
  { pattern: /^must be an e-mail address$/, say: (t) => t.refusals.notAnEmail },
  { pattern: /^must not contain control characters/, say: (t) => t.refusals.controlCharacters },
  { pattern: /^must not be blank$/, say: (t) => t.form.required },
  { pattern: /^must be valid Unicode$/, say: (t) => t.refusals.notUnicode },
  { pattern: /^must be a number$/, say: (t) => t.refusals.notNumber },
  { pattern: /^must be at most ([\d.]+)$/, say: (t, [max = '']) => t.refusals.tooLarge(max) },
  { pattern: /^must have at most (\d+) decimals$/, say: (t, [max = '']) => t.refusals.tooManyDecimals(max) },
  { pattern: /^must be greater than 0$/, say: (t) => t.refusals.notPositive },
  { pattern: /^must not be less than 0$/, say: (t) => t.refusals.negative },
  { pattern: /^must not be 0$/, say: (t) => t.refusals.zero },
  {
    pattern: /^must be a whole number from (\d+) to (\d+)$/,
    say: (t, [min = '', max = '']) => t.refusals.notBetween(min, max),
  },
  { pattern: /^must not be in the future$/, say: (t) => t.refusals.future },
  { pattern: /^must be a whole number of cents/, say: (t) => t.refusals.notMoney },
  { pattern: /^must be an ISO 8601 instant/, say: (t) => t.refusals.notInstant },
  { pattern: /^must be one of /, say: (t) => t.refusals.notAChoice },
];

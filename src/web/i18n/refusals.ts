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

interface Pattern {
  pattern: RegExp;
  say(t: Messages, holes: string[]): string;
}

const patterns: Pattern[] = [
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
  { pattern: /^must be a whole number of cents/, say: (t) => t.refusals.notMoney },
  { pattern: /^must be an ISO 8601 instant/, say: (t) => t.refusals.notInstant },
  { pattern: /^must not be in the future$/, say: (t) => t.refusals.future },
  ...ofEndpoints(),
  { pattern: /^must be one of /, say: (t) => t.refusals.notAChoice },
];

function ofEndpoints(): Pattern[] {
  return [
    { pattern: /^must be an http or https URL$/, say: (t) => t.endpoints.refusals.url },
    { pattern: /^must not carry a user name/, say: (t) => t.endpoints.refusals.credentials },
    { pattern: /^must be a list of at least one event$/, say: (t) => t.endpoints.refusals.noEvent },
    { pattern: /^must be a list of /, say: (t) => t.endpoints.refusals.status },
    { pattern: /^must be an ISO 8601 instant/, say: (t) => t.endpoints.refusals.instant },
    {
      pattern: /^has a name that HTTP does not allow: "(.*)"$/,
      say: (t, [name = '']) => t.endpoints.refusals.headerName(name),
    },
    { pattern: /^may not set "(.*)"$/, say: (t, [name = '']) => t.endpoints.refusals.headerReserved(name) },
    {
      pattern: /^must have printable ASCII .* as "(.*)"$/,
      say: (t, [name = '']) => t.endpoints.refusals.headerValue(name),
    },
    {
      pattern: /^must be a number from ([\d.]+) to ([\d.]+)$/,
      say: (t, [min = '', max = '']) => t.endpoints.refusals.notBetween(min, max),
    },
  ];
}

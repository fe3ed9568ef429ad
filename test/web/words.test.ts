import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import {
  cents,
  instant,
  label,
  line,
  oneOf,
  pastInstant,
  positiveQuantity,
  text,
  wholeNumber,
} from '../../src/http/fields.ts';
import { NumberLiteral } from '../../src/http/json.ts';
import { formatsOf } from '../../src/web/i18n/formats.ts';
import { catalogues } from '../../src/web/i18n/index.ts';
import { refusalIn } from '../../src/web/i18n/refusals.ts';
import { NewEndpoint, Recover } from '../../src/webhooks/endpoints/schema.ts';

/** Each sentence of a catalogue by its path; those with holes are filled with 2. */
function sentences(part: object, path = ''): [string, string][] {
  return Object.entries(part).flatMap(([key, value]): [string, string][] => {
    if (typeof value === 'object') return sentences(value, `${path}${key}.`);
    return [[path + key, String(typeof value === 'function' ? value(2, 2) : value)]];
  });
}

describe('the Spanish catalogue', () => {
  const [english, spanish] = [new Map(sentences(catalogues.en)), sentences(catalogues.es)];

  it('translates every sentence', () => {
    const sameInBoth = new Set([
      'common.appName',
      'navigation.endpoints',
      'account.languages.en',
      'account.languages.es',
      'endpoints.title',
      'endpoints.url',
      'parts.sku',
      'parts.id',
      'imports.columns.sku',
      'deliveries.endpoint',
      'deliveries.statusCode',
      'deliveries.phases.dns',
      'deliveries.phases.tls',
      'deliveries.failure',
    ]);
    const untranslated = spanish.filter(([path, sentence]) => english.get(path) === sentence && !sameInBoth.has(path));
    expect(untranslated).toEqual([]);
  });

  it('opens what it closes, in questions too, and mixes no ways of address', () => {
    for (const [path, sentence] of spanish) {
      expect(sentence.includes('?'), path).toBe(sentence.includes('¿'));
      expect(sentence, path).not.toMatch(/\b(usted|ustedes|vosotros|su clave|sus claves)\b/i);
      expect(sentence, path).not.toMatch(/"|“/);
    }
  });
});

it('every predicate of a field is said in Spanish', () => {
  const number = (source: string) => new NumberLiteral(source);
  const refused: [z.ZodType, unknown][] = [
    [label(3), 'four'],
    [label(30), 'a\u0007b'],
    [line(3), ' '],
    [text(30), 'a\u0007b'],
    [positiveQuantity, number('0')],
    [positiveQuantity, number('0.1234567')],
    [positiveQuantity, number('9999999999')],
    [positiveQuantity, 'twelve'],
    [cents, number('0.5')],
    [wholeNumber({ min: 1, max: 9 }), number('10')],
    [oneOf(['a', 'b']), 'c'],
    [instant, 'yesterday'],
    [pastInstant, '2999-01-01T00:00:00Z'],
    [NewEndpoint.shape.url, 'ftp://example.com'],
    [NewEndpoint.shape.url, 'https://a:b@example.com'],
    [NewEndpoint.shape.events, []],
    [NewEndpoint.shape.headers, { 'no colon': '' }],
    [NewEndpoint.shape.headers, { Host: 'x' }],
    [NewEndpoint.shape.headers, { 'X-A': 'ñ' }],
    [NewEndpoint.shape.maxPerSecond, number('0')],
    [Recover.shape.statuses, []],
  ];
  for (const [schema, value] of refused) {
    const issue = schema.safeParse(value).error?.issues[0];
    const said = refusalIn(catalogues.es, issue?.message ?? '');
    expect(said, issue?.message).not.toContain(issue?.message);
  }
});

describe('formats', () => {
  const at = new Date('2026-11-25T08:05:00Z');
  it.each([
    ['en', ['12,345.5', '−2', '98.7%', '$185.00', 'Nov 25, 2026', '3 minutes ago', '412 ms', '3.1 s', '5 min']],
    ['es', ['12,345.5', '−2', '98.7%', '$185.00', '25 nov 2026', 'hace 3 minutos', '412 ms', '3.1 s', '5 min']],
  ] as const)('of %s', (language, expected) => {
    const format = formatsOf[language];
    expect(
      [
        format.number('12345.500000'),
        format.signed('-2'),
        format.percent(0.987),
        format.money(18500),
        format.date(at),
        format.relative(at, new Date(at.getTime() + 180_000)),
        format.duration(412),
        format.duration(3_140),
        format.duration(300_000),
      ].map((said) => said.replace(/\u00a0/g, ' ')),
    ).toEqual(expected);
  });
});

it('every failure of an attempt is said in Spanish', () => {
  const failures = [
    'HTTP 503 from erp.example.com in 412 ms',
    'Connection refused (erp.example.com, 3 ms)',
    'No answer within 15 s (erp.example.com, 15001 ms)',
    'The certificate is for a.example, not b.example (ERR_TLS_CERT_ALTNAME_INVALID) (b.example, 20 ms)',
    'The certificate has expired (CERT_HAS_EXPIRED) (erp.example.com, 20 ms)',
    '10.0.0.1 is not a public address, and WEBHOOK_ALLOW_CIDRS does not allow it (10.0.0.1, 1 ms)',
    'interrupted: its worker stopped',
    'cancelled by hand',
  ];
  const { failure } = catalogues.es.deliveries;
  for (const sentence of failures) expect(failure(sentence)).not.toBe(sentence);
  expect(failure('Connection refused (erp.example.com, 3 ms)')).toBe('Conexión rechazada (erp.example.com, 3 ms)');
  expect(failure('What nobody knows yet')).toBe('What nobody knows yet');
});

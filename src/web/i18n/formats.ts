import type { Language } from '../../people/person.ts';

/** Numbers, money and times as people read them in their language. Made once for each language: Intl objects are dear. */
export interface Formats {
  /** A quantity, of which the database's text loses no digit. */
  number(value: number | string): string;
  /** A quantity with its sign: +5, −2. */
  signed(value: number | string): string;
  /** 0.987 as 98.7 %. */
  percent(share: number): string;
  /** From integer cents. */
  money(cents: number): string;
  date(at: Date): string;
  /** To the minute, with the zone that it is told in. */
  dateTime(at: Date): string;
  dateTimeToSecond(at: Date): string;
  /** "3 minutes ago", "in 2 days". */
  relative(at: Date, now?: Date): string;
  /** 412 ms, 3.1 s, 2 min. */
  duration(ms: number): string;
}

/** In Spanish as Latin America writes numbers: the decimal point is the one that the API and its users know. */
const locales: Record<Language, string> = { en: 'en', es: 'es-419' };

export const formatsOf: Record<Language, Formats> = { en: createFormats('en'), es: createFormats('es') };

function createFormats(language: Language): Formats {
  const locale = locales[language];
  const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 6 });
  const signed = new Intl.NumberFormat(locale, { maximumFractionDigits: 6, signDisplay: 'exceptZero' });
  const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 });
  const money = new Intl.NumberFormat(locale, { style: 'currency', currency: 'USD', currencyDisplay: 'narrowSymbol' });
  const day = { day: 'numeric', month: 'short', year: 'numeric' } as const;
  const minute = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
  const date = new Intl.DateTimeFormat(locale, day);
  const dateTime = new Intl.DateTimeFormat(locale, { ...day, ...minute, timeZoneName: 'short' });
  const second = { ...minute, second: '2-digit' } as const;
  const dateTimeToSecond = new Intl.DateTimeFormat(locale, { ...day, ...second, timeZoneName: 'short' });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  return {
    number: (value) => number.format(Number(value)),
    signed: (value) => signed.format(Number(value)).replace('-', '−'),
    percent: (share) => percent.format(share),
    money: (cents) => money.format(cents / 100),
    date: (at) => date.format(at),
    dateTime: (at) => dateTime.format(at),
    dateTimeToSecond: (at) => dateTimeToSecond.format(at),
    relative: (at, now = new Date()) => relative.format(...distance(at.getTime() - now.getTime())),
    duration: (ms) => {
      if (ms < 1_000) return `${number.format(Math.round(ms))} ms`;
      return ms < 120_000
        ? `${number.format(Math.round(ms / 100) / 10)} s`
        : `${number.format(Math.round(ms / 60_000))} min`;
    },
  };
}

const unitsMs: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 365 * 86_400_000],
  ['month', 30 * 86_400_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
];

function distance(ms: number): [number, Intl.RelativeTimeFormatUnit] {
  for (const [unit, unitMs] of unitsMs) if (Math.abs(ms) >= unitMs) return [Math.round(ms / unitMs), unit];
  return [Math.round(ms / 1_000), 'second'];
}

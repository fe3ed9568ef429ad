import { type Language, languages } from '../../people/person.ts';
import { en, type Messages } from './en.ts';
import { es } from './es.ts';

export type { Messages } from './en.ts';

export const catalogues: Record<Language, Messages> = { en, es };

/** The first of these that we speak, for example an account's choice, a cookie, what the browser asks for. */
export const firstLanguage = (...wishes: (string | null | undefined | false)[]): Language =>
  wishes.map(asLanguage).find((language) => language !== undefined) ?? 'en';

export const asLanguage = (text: unknown): Language | undefined => languages.find((language) => language === text);

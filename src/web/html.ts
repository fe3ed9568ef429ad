import { html, raw } from 'hono/html';

export { html };

/** Markup that is escaped already. What is put into an `html` template is escaped unless it is one of these. */
export type Html = ReturnType<typeof html>;

/** What may stand inside an element: nothing is written for false, null and undefined. */
export type Content = Html | string | number | false | null | undefined | Content[];

/** Attributes, each with a space before it: true writes its name alone; false, null and undefined write nothing. */
export function attributes(given: Record<string, string | number | boolean | null | undefined>): Html[] {
  return Object.entries(given).flatMap(([name, value]) => {
    if (value === undefined || value === null || value === false) return [];
    return value === true ? html` ${raw(name)}` : html` ${raw(name)}="${value}"`;
  });
}

/** Our own markup as it is written in this repository: never anything that came from outside. */
export const ownMarkup = (markup: string): Html => raw(markup);

import { Decimal } from 'decimal.js';
import { NumberLiteral } from '../../http/json.ts';
import type { Delimiter } from './csv-table.ts';

/**
 * How a file writes numbers: which mark stands before the decimals, the other one then groups thousands. `unclear`: nothing tells,
 * and a number that could be read in two ways is refused.
 */
export type NumberStyle = 'point' | 'comma' | 'unclear';

/** Told from the numbers that can be read in one way only. Without any, a file with commas between its cells has points. */
export function numberStyleOf(texts: string[], delimiter: Delimiter): NumberStyle {
  const styles = new Set(texts.map(styleOf));
  const [hasPoint, hasComma] = [styles.has('point'), styles.has('comma')];
  if (hasPoint !== hasComma) return hasPoint ? 'point' : 'comma';
  return !hasPoint && delimiter === ',' ? 'point' : 'unclear';
}

/** The style that a number must be of; undefined when it could be of either. */
function styleOf(text: string): 'point' | 'comma' | undefined {
  const marks = text.replace(/[^.,]/g, '');
  if (marks === '') return undefined;
  const last = marks.at(-1);
  const isRepeated = marks.length > 1 && new Set(marks).size === 1;
  if (isRepeated) return last === '.' ? 'comma' : 'point';
  const couldGroup = marks.length === 1 && /^\D*[1-9]\d{0,2}[.,]\d{3}$/.test(text.trim());
  if (couldGroup) return undefined;
  return last === '.' ? 'point' : 'comma';
}

/** Reads a number of such a file; what is none in its style stays text. */
export function readStyled(style: NumberStyle, text: string): NumberLiteral | string {
  const tidy = text.trim().replace(/^[−–]/, '-').replace(/^\+/, '').replaceAll(/[\s ]/g, '');
  const own = style === 'unclear' ? styleOf(tidy) : style;
  if (own === undefined) return /^-?\d+$/.test(tidy) ? new NumberLiteral(new Decimal(tidy).toFixed()) : text;
  const [decimal, group] = own === 'point' ? ['\\.', ','] : [',', '\\.'];
  const pattern = new RegExp(`^-?(\\d+|\\d{1,3}(${group}\\d{3})+)?(${decimal}\\d*)?$`);
  if (!pattern.test(tidy) || !/\d/.test(tidy)) return text;
  const plain = own === 'point' ? tidy.replaceAll(',', '') : tidy.replaceAll('.', '').replace(',', '.');
  return new NumberLiteral(new Decimal(plain).toFixed());
}

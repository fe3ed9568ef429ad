import { Decimal } from 'decimal.js';
import { NumberLiteral } from '../http/json.ts';

/**
 * What people type as a number: with a point or a comma before the decimals, − for a minus. What is none, or could be read in two
 * ways (`1,500`), stays text, and the schema refuses it.
 */
export function readNumber(text: string): NumberLiteral | string {
  const tidy = text.trim().replace(/^[−–]/, '-').replace(/^\+/, '');
  const isPlain = /^-?(\d+(\.\d*)?|\.\d+)$/.test(tidy);
  const hasDecimalComma = /^-?\d*,\d+$/.test(tidy) && !/^-?[1-9]\d{0,2},\d{3}$/.test(tidy);
  if (!isPlain && !hasDecimalComma) return text;
  return new NumberLiteral(new Decimal(tidy.replace(',', '.')).toFixed());
}

/** An amount of money as people type it, in cents. */
export function readMoney(text: string): NumberLiteral | string {
  const amount = readNumber(text.trim().replace(/^\$\s*/, ''));
  return amount instanceof NumberLiteral ? new NumberLiteral(new Decimal(amount.source).times(100).toFixed()) : amount;
}

/** Cents as they stand in a field: 18.50. */
export const typedMoney = (cents: number): string => new Decimal(cents).div(100).toFixed(2);

/** A quantity as it stands in a field: without the zeros behind it. */
export const typedQuantity = (quantity: string | number): string => new Decimal(quantity).toFixed();

/** What the specification says of one part's stock and value, in whole numbers: millionths of a unit, and cents. */
export interface PartModel {
  /** By place. */
  levels: bigint[];
  value: bigint;
  unitCost: bigint | undefined;
  /** The part's ledger, as far as a model can say it. */
  rows: { place: number; delta: bigint; total: bigint; value: bigint; totalValue: bigint }[];
  done: Recorded[];
}

interface Recorded {
  movementId: number;
  legs: { place: number; delta: bigint; value: bigint }[];
  isReversed: boolean;
}

export type Kind = 'receive' | 'consume' | 'adjust' | 'count' | 'transfer' | 'reverse';

export interface Step {
  kind: Kind;
  at: number;
  to: number;
  quantity: bigint;
  unitCost?: number | undefined;
  /** Of `reverse`: which of what was recorded before. */
  which: number;
}

const max = 999_999_999_999_999n;
const maxCents = BigInt(Number.MAX_SAFE_INTEGER);
const micro = 1_000_000n;

export const newModel = (places: number, unitCost?: number): PartModel => ({
  levels: Array(places).fill(0n),
  value: 0n,
  unitCost: unitCost === undefined ? undefined : BigInt(unitCost),
  rows: [],
  done: [],
});

const sum = (numbers: bigint[]) => numbers.reduce((total, each) => total + each, 0n);
export const totalOf = (part: PartModel) => sum(part.levels);
const abs = (number: bigint) => (number < 0n ? -number : number);

/** The quotient as a whole number, halves to the even one. */
export function halfEven(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator;
  const twiceRest = 2n * abs(numerator - quotient * denominator);
  const isUp = twiceRest > denominator || (twiceRest === denominator && quotient % 2n !== 0n);
  return isUp ? quotient + (numerator < 0n ? -1n : 1n) : quotient;
}

/** A moving average: what comes in is worth its price, what goes out the average, the last of it all that is left. */
function worthOf(part: PartModel, delta: bigint, unitCost: number | undefined): bigint {
  const total = totalOf(part);
  if (delta > 0n && unitCost !== undefined) return halfEven(delta * BigInt(unitCost), micro);
  if (delta > 0n && total === 0n) return halfEven(delta * (part.unitCost ?? 0n), micro);
  if (total + delta === 0n) return -part.value;
  return total === 0n ? 0n : halfEven(delta * part.value, total);
}

function deltaOf(part: PartModel, { kind, at, quantity }: Step): bigint {
  if (kind === 'count') return quantity - (part.levels[at] ?? 0n);
  return kind === 'consume' || kind === 'transfer' ? -quantity : quantity;
}

function legsOf(part: PartModel, step: Step): Recorded['legs'] | string {
  if (step.kind === 'reverse') {
    const original = part.done[step.which];
    if (original === undefined) throw new Error('there is nothing to reverse');
    if (original.isReversed) return 'conflict';
    const legs = original.legs.map(({ place, delta, value }) => ({ place, delta: -delta, value: -value }));
    const [leg] = legs;
    if (legs.length === 1 && leg) {
      const isLast = totalOf(part) + leg.delta === 0n;
      leg.value = isLast || leg.value < -part.value ? -part.value : leg.value;
    }
    return legs;
  }
  const delta = deltaOf(part, step);
  if (step.kind !== 'transfer') return [{ place: step.at, delta, value: worthOf(part, delta, step.unitCost) }];
  const total = totalOf(part);
  const value = total < step.quantity ? 0n : halfEven(step.quantity * part.value, total);
  return [
    { place: step.at, delta, value: -value },
    { place: step.to, delta: -delta, value },
  ];
}

/** Does the step to the part; answers undefined, or the code of the refusal, which changes nothing. */
export function apply(part: PartModel, step: Step, movementId: number): string | undefined {
  const legs = legsOf(part, step);
  if (typeof legs === 'string') return legs;
  const levels = [...part.levels];
  for (const { place, delta } of legs) levels[place] = (levels[place] ?? 0n) + delta;
  if (levels.some((level) => level < 0n)) return 'insufficient_stock';
  if (levels.some((level) => level > max) || sum(levels) > max) return 'unprocessable';
  const value = part.value + sum(legs.map((leg) => leg.value));
  if (value > maxCents || legs.some((leg) => abs(leg.value) > maxCents)) return 'unprocessable';
  part.levels = levels;
  part.value = value;
  for (const { place, delta, value: own } of legs) {
    part.rows.push({ place, delta, total: sum(levels), value: own, totalValue: value });
  }
  const original = step.kind === 'reverse' ? part.done[step.which] : undefined;
  if (original) original.isReversed = true;
  part.done.push({ movementId, legs, isReversed: false });
  return undefined;
}

/** Millionths as a number's literal. */
export function literal(quantity: bigint): string {
  const digits = abs(quantity).toString().padStart(7, '0');
  return `${quantity < 0n ? '-' : ''}${digits.slice(0, -6)}.${digits.slice(-6)}`;
}

/** The step as the API takes it. */
export function bodyOf(sku: string, places: { name: string }[], part: PartModel, step: Step): string {
  if (step.kind === 'reverse') return `{"kind":"adjust","reverses":${part.done[step.which]?.movementId}}`;
  const field = { receive: 'qty', consume: 'qty', adjust: 'qtyDelta', count: 'target', transfer: 'qty' }[step.kind];
  const place = (index: number) => JSON.stringify(places[index]?.name);
  const where =
    step.kind === 'transfer' ? `"from":${place(step.at)},"to":${place(step.to)}` : `"location":${place(step.at)}`;
  const cost = step.unitCost === undefined ? '' : `,"unitCost":${step.unitCost}`;
  return `{"kind":"${step.kind}","sku":"${sku}",${where},"${field}":${literal(step.quantity)}${cost}}`;
}

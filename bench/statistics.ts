/** The smallest value that at least `share` (0 to 1) of all do not exceed. */
export function quantile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(Math.ceil(sorted.length * share) - 1, 0)] ?? Number.NaN;
}

export const median = (values: number[]) => quantile(values, 0.5);

export const rounded = (value: number, decimals = 2) => Number(value.toFixed(decimals));

/**
 * Instants in forms. A browser's `datetime-local` has no zone: JavaScript sends the instant itself (`…Z`), without it what was
 * typed is of the service's zone (`TZ`), in which pages then show every time.
 */
export const instantIn = (value: unknown): unknown =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?$/.test(value)
    ? asIso(new Date(value))
    : value;

/** As a `datetime-local` field shows it, to the minute; what is no instant stays as it was typed. */
export function localInput(value: string | undefined): string | undefined {
  const at = new Date(value ?? '');
  if (Number.isNaN(at.getTime())) return value;
  const two = (number: number) => String(number).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** The zone in which the service tells times. */
export const serviceZone = (): string => new Intl.DateTimeFormat().resolvedOptions().timeZone;

const asIso = (at: Date): string => (Number.isNaN(at.getTime()) ? '' : at.toISOString());

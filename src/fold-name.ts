/** A sku or name as it is shown: trimmed and NFC-normalized. */
export function tidyName(text: string): string {
  return text.normalize('NFC').trim();
}

/**
 * A sku or name as it is matched: two that differ only in case or in Unicode composition fold to the same key.
 * Lower, upper and lower again make "straße", "STRAẞE" and "STRASSE", and the two small sigmas, one.
 */
export function foldName(text: string): string {
  return tidyName(text).toLowerCase().toUpperCase().toLowerCase().normalize('NFC');
}

/** A sku or name as it is shown: trimmed and NFC-normalized. */
export function tidyName(text: string): string {
  return text.normalize('NFC').trim();
}

/**
 * A sku or name as it is matched: two that differ only in case or in Unicode composition fold to the same key.
 * Upper case first makes "straße" and "STRASSE", and the two small sigmas, one.
 */
export function foldName(text: string): string {
  return tidyName(text).toUpperCase().toLowerCase().normalize('NFC');
}

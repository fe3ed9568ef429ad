import { attributes, type Html, html, ownMarkup } from '../html.ts';

/** Drawn on a grid of 20, in strokes of 1.6: few lines, as on a workshop's signs. */
const strokes = {
  parts: '<path d="M10 2.5 16.5 6v8L10 17.5 3.5 14V6z"/><path d="M3.5 6 10 9.6 16.5 6M10 9.6v7.9"/>',
  movements: '<path d="M3 7h12M12 4l3 3-3 3M17 13H5M8 10l-3 3 3 3"/>',
  keys: '<circle cx="6.5" cy="10" r="3.5"/><path d="M10 10h7.5M14.5 10v3M17.5 10v2"/>',
  endpoints:
    '<circle cx="5" cy="10" r="2"/><circle cx="15" cy="5" r="2"/><circle cx="15" cy="15" r="2"/><path d="m6.8 9.1 6.4-3.2M6.8 10.9l6.4 3.2"/>',
  deliveries: '<path d="M17.5 2.5 2.5 9l5.5 2.5L17.5 2.5zM17.5 2.5 11 17.5 8 11.5"/>',
  person: '<circle cx="10" cy="6.5" r="3.5"/><path d="M3.5 17.5c.6-3.6 3.2-5.5 6.5-5.5s5.9 1.9 6.5 5.5"/>',
  signOut: '<path d="M8 3H3.5v14H8M8 10h9M13.5 6.5 17 10l-3.5 3.5"/>',
  settings: '<path d="M3 6h7M14 6h3M3 14h3M10 14h7"/><circle cx="12" cy="6" r="2"/><circle cx="8" cy="14" r="2"/>',
  add: '<path d="M10 4v12M4 10h12"/>',
  copy: '<rect x="7" y="7" width="9.5" height="9.5" rx="1"/><path d="M13 7V3.5H3.5V13H7"/>',
  check: '<path d="m4 10.5 4 4 8-9"/>',
  cross: '<path d="m5 5 10 10M15 5 5 15"/>',
  warning: '<path d="M10 3 17.5 16.5h-15zM10 8.5v3.5M10 14.2v.1"/>',
  info: '<circle cx="10" cy="10" r="7.5"/><path d="M10 9v5M10 6.3v.1"/>',
  clock: '<circle cx="10" cy="10" r="7.5"/><path d="M10 5.5V10l3 2"/>',
  pause: '<path d="M7 4.5v11M13 4.5v11"/>',
  retry: '<path d="M16 6.5A7 7 0 1 0 17 10M16.5 2.5v4h-4"/>',
  search: '<circle cx="8.5" cy="8.5" r="5"/><path d="m12.5 12.5 4.5 4.5"/>',
  filter: '<path d="M3 4.5h14L12 11v5l-4-1.5V11z"/>',
  left: '<path d="M12 4.5 6.5 10l5.5 5.5"/>',
  right: '<path d="M8 4.5 13.5 10 8 15.5"/>',
  chevron: '<path d="m5.5 8 4.5 4.5L14.5 8"/>',
  outside: '<path d="M8 4H4v12h12v-4M11 3.5h5.5V9M16 4l-7 7"/>',
  upload: '<path d="M10 13V3.5M6.5 7 10 3.5 13.5 7M3.5 13v3.5h13V13"/>',
  download: '<path d="M10 3.5V13M6.5 9.5 10 13l3.5-3.5M3.5 13v3.5h13V13"/>',
  scan: '<path d="M3 6.5V3.5h3M14 3.5h3v3M17 13.5v3h-3M6 16.5H3v-3M6.5 7v6M9 7v6M11.5 7v6M13.5 7v6"/>',
  lock: '<rect x="4" y="9" width="12" height="8" rx="1"/><path d="M6.5 9V6.5a3.5 3.5 0 0 1 7 0V9"/>',
  trash: '<path d="M3.5 5.5h13M8 5.5V3h4v2.5M5.5 5.5l.7 11.5h7.6l.7-11.5"/>',
  building: '<path d="M3 17V8l4.5 3V8l4.5 3V3h5v14zM2 17h16"/>',
} as const;

export type IconName = keyof typeof strokes;

/** Stands beside words, so it is hidden from those who listen; alone it needs a `label`. */
export function icon(name: IconName, { label }: { label?: string } = {}): Html {
  const naming = label === undefined ? { 'aria-hidden': 'true' } : { role: 'img', 'aria-label': label };
  return html`<svg class="icon" viewBox="0 0 20 20" width="20" height="20" focusable="false"${attributes(naming)}>${ownMarkup(strokes[name])}</svg>`;
}

/** The mark: a hexagonal nut that holds a stack of stock, its top lit. */
export const mark = (): Html =>
  html`<svg class="mark" viewBox="0 0 32 32" width="32" height="32" aria-hidden="true" focusable="false">${ownMarkup(
    '<path class="mark-nut" d="M16 1.5 28.6 8.750v14.5L16 30.5 3.4 23.250V8.750z"/><path class="mark-low" d="M9.5 20.5h13M9.5 16h13"/><path class="mark-top" d="M9.5 11.5h13"/>',
  )}</svg>`;

import { type Content, type Html, html } from '../html.ts';
import type { LivePart } from '../live.ts';

/**
 * What changes while it is looked at: with JavaScript from the stream of events at `source`, without by the link that loads the
 * page again.
 */
export function liveRegion({ part, source, reload }: { part: LivePart; source: string; reload: Content }): Html {
  if (part.state === 'done') return html`${part.html}`;
  return html`
    <noscript><p class="reload">${reload}</p></noscript>
    <p class="visually-hidden" role="status" data-live-said></p>
    <div class="live" data-live="${source}">${part.html}</div>`;
}

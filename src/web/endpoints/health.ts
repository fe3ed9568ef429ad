import {
  type Health,
  type HealthOver,
  type HealthSpan,
  healthSpans,
  type Outcomes,
} from '../../webhooks/endpoints/endpoint-health.ts';
import { section } from '../components/details.ts';
import { type PlotPoint, plot } from '../components/plot.ts';
import { type Content, type Html, html } from '../html.ts';
import type { Visit } from '../visit.ts';

/** How an endpoint does, as four small plots: what got through, and how fast, in a day and in a week. */
export const healthSection = (visit: Visit, health: Record<HealthSpan, HealthOver>): Html =>
  section({
    id: 'health',
    title: visit.t.endpoints.health,
    lead: visit.t.endpoints.healthLead,
    body: html`<div class="tiles">${(['day', 'week'] as const).map((span) => [
      successTile(visit, span, health[span]),
      latencyTile(visit, span, health[span]),
    ])}</div>`,
  });

export const shareIn = ({ format }: Visit, { attempts, delivered }: Outcomes): string =>
  format.percent(attempts === delivered ? 1 : Math.min(delivered / attempts, 0.999));

function successTile(visit: Visit, span: HealthSpan, { total, parts }: HealthOver): Html {
  const { t } = visit;
  const made = t.endpoints.attempts(total.attempts, total.attempts - total.delivered);
  if (total.attempts === 0) return tile(visit, span, t.endpoints.success, emptyTile(t.endpoints.noDeliveries));
  const share = shareIn(visit, total);
  return tile(visit, span, t.endpoints.success, [
    html`<p class="tile-value">${share}</p><p class="tile-note">${made}</p>`,
    plot({
      label: t.endpoints.successPlot(t.endpoints.spans[span], share, made),
      kind: 'bars',
      size: 'tile',
      points: slots(span, parts),
      ends: endsOf(visit, span),
    }),
  ]);
}

function latencyTile(visit: Visit, span: HealthSpan, { total, parts }: HealthOver): Html {
  const { t, format } = visit;
  if (total.p50Ms === null || total.p95Ms === null)
    return tile(visit, span, t.endpoints.latency, emptyTile(t.endpoints.noAnswers));
  const [p50, p95] = [format.duration(total.p50Ms), format.duration(total.p95Ms)];
  return tile(visit, span, t.endpoints.latency, [
    html`<p class="tile-value">${p50}</p>
      <p class="tile-note">${t.endpoints.latencyLead} · <span class="plot-second-key">${t.endpoints.latencyMore(p95)}</span></p>`,
    plot({
      label: t.endpoints.latencyPlot(t.endpoints.spans[span], p50, p95),
      size: 'tile',
      points: line(parts, ({ p50Ms }) => p50Ms),
      second: line(parts, ({ p95Ms }) => p95Ms),
      from: 1 - slotCount(span),
      until: 0,
      ends: endsOf(visit, span),
    }),
  ]);
}

const tile = ({ t }: Visit, span: HealthSpan, title: string, body: Content): Html =>
  html`<div class="tile"><h3>${title} <span class="muted">${t.endpoints.spans[span]}</span></h3>${body}</div>`;

const emptyTile = (text: string): Html => html`<p class="tile-empty">${text}</p>`;

const slotCount = (span: HealthSpan) => healthSpans[span].hours / healthSpans[span].partHours;

/** A bar for each part of the time, also for those without an attempt. */
function slots(span: HealthSpan, parts: HealthOver['parts']): PlotPoint[] {
  const count = slotCount(span);
  return Array.from({ length: count }, (_, index) => {
    const part = parts.find(({ ago }) => ago === count - 1 - index);
    return { x: index, y: part?.attempts ?? 0, bad: part ? part.attempts - part.delivered : 0 };
  });
}

const line = (parts: HealthOver['parts'], pick: (health: Health) => number | null): PlotPoint[] =>
  parts.flatMap((part) => {
    const y = pick(part);
    return y === null ? [] : [{ x: -part.ago, y }];
  });

const endsOf = ({ t }: Visit, span: HealthSpan): [string, string] => [t.endpoints.spanStarts[span], t.endpoints.now];

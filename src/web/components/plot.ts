import { type Content, type Html, html } from '../html.ts';

export interface PlotPoint {
  /** Time or position, in any unit. */
  x: number;
  y: number;
}

interface Plot {
  /** What it shows, in words: for those who do not see it. */
  label: string;
  points: PlotPoint[];
  /** steps: the value holds until the next point, as stock does. bars: one for each point. */
  kind?: 'line' | 'steps' | 'bars';
  /** A level to compare with, for example the reorder point. */
  reference?: { y: number; label: string } | undefined;
  /** The range of x; by default that of the points. */
  from?: number | undefined;
  until?: number | undefined;
  /** Words under the left and right end. */
  ends?: [string, string];
  /** Shows y values at the top and the bottom. */
  formatY?: (y: number) => string;
  size?: 'sparkline' | 'wide';
}

const sizes = { sparkline: { width: 120, height: 28 }, wide: { width: 720, height: 180 } };

/** Drawn by the service as SVG, so it needs no JavaScript. Lines keep their width when it is stretched. */
export function plot({
  label,
  points,
  kind = 'line',
  reference,
  ends,
  formatY,
  size = 'wide',
  from,
  until,
}: Plot): Html {
  const { width, height } = sizes[size];
  const xs = points.map(({ x }) => x);
  const ys = [...points.map(({ y }) => y), 0, ...(reference === undefined ? [] : [reference.y])];
  const [low, high] = [Math.min(...ys), Math.max(...ys)];
  const scale = {
    x: linear(from ?? Math.min(...xs), until ?? Math.max(...xs), 0, width),
    y: linear(low, high === low ? low + 1 : high, height - 1, 2),
  };
  return html`<figure class="plot plot-${size}">
    ${formatY && html`<div class="plot-y" aria-hidden="true"><span>${formatY(high)}</span><span>${formatY(low)}</span></div>`}
    <svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="${label}" focusable="false">
      ${kind === 'bars' ? bars(points, scale, width) : curve(points, scale, kind, height)}
      ${reference && html`<line class="plot-reference" x1="0" x2="${width}" y1="${round(scale.y(reference.y))}" y2="${round(scale.y(reference.y))}"/>`}
    </svg>
    ${(ends || reference) && html`<figcaption aria-hidden="true"><span>${ends?.[0]}</span>${reference && html`<span class="plot-key">${reference.label}</span>`}<span>${ends?.[1]}</span></figcaption>`}
  </figure>`;
}

type Scale = Record<'x' | 'y', (value: number) => number>;

function curve(points: PlotPoint[], scale: Scale, kind: 'line' | 'steps', height: number): Content {
  const [first, ...others] = points.map(({ x, y }) => ({ x: round(scale.x(x)), y: round(scale.y(y)) }));
  if (first === undefined) return undefined;
  const step = kind === 'steps' ? ({ x, y }: PlotPoint) => `H${x}V${y}` : ({ x, y }: PlotPoint) => `L${x} ${y}`;
  const line = `M${first.x} ${first.y}${others.map(step).join('')}`;
  const lastX = others.at(-1)?.x ?? first.x;
  return html`<path class="plot-area" d="${line}V${height}H${first.x}Z"/><path class="plot-line" d="${line}"/><line class="plot-end" x1="${lastX}" x2="${lastX}" y1="${(others.at(-1) ?? first).y}" y2="${(others.at(-1) ?? first).y}"/>`;
}

function bars(points: PlotPoint[], scale: Scale, width: number): Content {
  const slot = width / Math.max(points.length, 1);
  const base = scale.y(0);
  return points.map(({ y }, index) => {
    const top = scale.y(y);
    return html`<rect class="plot-bar" x="${round(index * slot + slot * 0.15)}" width="${round(slot * 0.7)}" y="${round(Math.min(top, base))}" height="${round(Math.max(Math.abs(base - top), y === 0 ? 0 : 1))}"/>`;
  });
}

const linear = (from: number, to: number, low: number, high: number) => (value: number) =>
  from === to ? (low + high) / 2 : low + ((value - from) / (to - from)) * (high - low);

const round = (value: number) => Math.round(value * 100) / 100;

import { type Content, type Html, html } from '../html.ts';

export interface PlotPoint {
  /** Time or position, in any unit. */
  x: number;
  y: number;
  /** Of a bar: the part of y at its top that went wrong. */
  bad?: number;
}

interface Plot {
  /** What it shows, in words: for those who do not see it. */
  label: string;
  points: PlotPoint[];
  /** Another line to compare with. */
  second?: PlotPoint[] | undefined;
  /** steps: the value holds until the next point, as stock does. bars: one for each point. */
  kind?: 'line' | 'steps' | 'bars';
  /** A level to compare with, for example the reorder point. */
  reference?: { y: number; label: string } | undefined;
  /** The range of x; by default that of the points. Steps hold their last value until its end. */
  from?: number | undefined;
  until?: number | undefined;
  /** Words under the left and right end. */
  ends?: [string, string];
  /** Shows y values at the top and the bottom. */
  formatY?: (y: number) => string;
  size?: keyof typeof sizes;
}

const sizes = {
  sparkline: { width: 120, height: 28 },
  tile: { width: 360, height: 64 },
  wide: { width: 720, height: 180 },
};

/** Drawn by the service as SVG, so it needs no JavaScript. Lines keep their width when it is stretched. */
export function plot({
  label,
  points,
  second = [],
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
  const ys = [...[...points, ...second].map(({ y }) => y), 0, ...(reference === undefined ? [] : [reference.y])];
  const [low, high] = [Math.min(...ys), Math.max(...ys)];
  const scale = {
    x: linear(from ?? Math.min(...xs), until ?? Math.max(...xs), 0, width),
    y: linear(low, high === low ? low + 1 : high, height - 1, 2),
  };
  return html`<figure class="plot plot-${size}">
    ${formatY && html`<div class="plot-y" aria-hidden="true"><span>${formatY(high)}</span><span>${formatY(low)}</span></div>`}
    <svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="${label}" focusable="false">
      ${kind === 'bars' ? bars(points, scale, width) : curve(points, scale, kind, height)}
      ${second.length > 0 && html`<path class="plot-second" d="${lineThrough(second, scale)}"/>`}
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

const lineThrough = (points: PlotPoint[], scale: Scale) =>
  points.map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${round(scale.x(x))} ${round(scale.y(y))}`).join('');

function bars(points: PlotPoint[], scale: Scale, width: number): Content {
  const slot = width / Math.max(points.length, 1);
  const bar = (kind: string, index: number, from: number, to: number) =>
    from !== to &&
    html`<rect class="${kind}" x="${round(index * slot + slot * 0.15)}" width="${round(slot * 0.7)}" y="${round(Math.min(scale.y(from), scale.y(to)))}" height="${round(Math.max(Math.abs(scale.y(from) - scale.y(to)), 1))}"/>`;
  return points.map(({ y, bad = 0 }, index) => [
    bar('plot-bar', index, 0, y - bad),
    bar('plot-bar plot-bar-bad', index, y - bad, y),
  ]);
}

const linear = (from: number, to: number, low: number, high: number) => (value: number) =>
  from === to ? (low + high) / 2 : low + ((value - from) / (to - from)) * (high - low);

const round = (value: number) => Math.round(value * 100) / 100;

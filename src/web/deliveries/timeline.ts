import type { ComingAttempt } from '../../webhooks/deliveries/attempt-schedule.ts';
import type { Attempt } from '../../webhooks/deliveries/list-deliveries.ts';
import { badge } from '../components/badge.ts';
import { icon } from '../components/icon.ts';
import { timeToSecond } from '../components/time.ts';
import { type Content, type Html, html } from '../html.ts';
import type { Visit } from '../visit.ts';

/** Each attempt that was made: when, how long what took, and what came back. */
export const timeline = (visit: Visit, attempts: Attempt[]): Html =>
  html`<ol class="timeline">${attempts.map((attempt, index) => attemptItem(visit, attempt, index))}</ol>`;

function attemptItem(visit: Visit, attempt: Attempt, index: number): Html {
  const { t, format } = visit;
  const isDelivered = attempt.errorClass === null;
  return html`<li class="timeline-item ${isDelivered ? 'timeline-good' : 'timeline-bad'}">
    <span class="timeline-mark">${icon(isDelivered ? 'check' : 'cross')}</span>
    <div class="timeline-body">
      <p class="timeline-head">
        <strong>${t.deliveries.attempt(attempt.number)}</strong>
        <span class="muted">${t.deliveries.triggers[triggerOf(attempt)]}</span>
        ${timeToSecond(visit, new Date(attempt.startedAt))}
        ${attempt.statusCode !== null && badge({ tone: isDelivered ? 'good' : 'bad', label: t.deliveries.statusCode(attempt.statusCode) })}
      </p>
      <p>${isDelivered ? html`${t.deliveries.delivered} <span class="muted">${t.deliveries.took(format.duration(attempt.durationMs))}</span>` : t.deliveries.failure(attempt.failure ?? '')}</p>
      ${phases(visit, attempt)}
      ${answer(visit, attempt, index)}
    </div>
  </li>`;
}

const triggerOf = ({ trigger }: Attempt): 'instant' | 'scheduled' | 'manual' =>
  trigger === 'instant' || trigger === 'manual' ? trigger : 'scheduled';

/** Where the time went, as a bar with its legend. */
function phases({ t, format }: Visit, { timings, durationMs }: Attempt): Content {
  const { dnsMs, connectMs, tlsMs, firstByteMs } = timings;
  const known = [
    { name: 'dns', ms: dnsMs },
    { name: 'connect', ms: connectMs },
    { name: 'tls', ms: tlsMs },
    { name: 'firstByte', ms: firstByteMs },
  ] as const;
  const spent = known.reduce((sum, { ms }) => sum + (ms ?? 0), 0);
  const all = [...known, { name: 'rest' as const, ms: Math.max(durationMs - spent, 0) || null }];
  const shown = all.flatMap(({ name, ms }) => (ms === null ? [] : [{ name, ms }]));
  if (known.every(({ ms }) => ms === null)) return undefined;
  const total = Math.max(durationMs, spent, 1);
  let x = 0;
  const rects = shown.map(({ name, ms }) => {
    const at = x;
    const width = (ms / total) * 100;
    x += width;
    return html`<rect class="phase-${name}" x="${at.toFixed(2)}" width="${width.toFixed(2)}" y="0" height="8"/>`;
  });
  return html`<div class="phases">
    <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" focusable="false">${rects}</svg>
    <ul>${shown.map(({ name, ms }) => html`<li class="phase-key phase-key-${name}">${t.deliveries.phases[name]} <span class="code">${format.duration(ms)}</span></li>`)}</ul>
  </div>`;
}

function answer({ t }: Visit, { responseHeaders, responseBody }: Attempt, index: number): Content {
  if (responseHeaders === null) return undefined;
  const headers = Object.entries(responseHeaders);
  return html`<details class="answer" id="answer-${index}"><summary>${t.deliveries.showAnswer}</summary>
    <h4>${t.deliveries.answerHeaders}</h4>
    <pre class="code-block">${headers.map(([name, value]) => `${name}: ${value}`).join('\n')}</pre>
    <h4>${t.deliveries.answerBody}</h4>
    ${responseBody ? html`<pre class="code-block">${responseBody}</pre>` : html`<p class="muted">${t.deliveries.emptyBody}</p>`}
  </details>`;
}

/** The attempts to come, if none succeeds. */
export const schedule = (visit: Visit, coming: ComingAttempt[]): Html =>
  html`<ol class="timeline timeline-coming">${coming.map(
    ({ number, at }) => html`<li class="timeline-item">
      <span class="timeline-mark">${icon('clock')}</span>
      <p class="timeline-head"><strong>${visit.t.deliveries.attempt(number)}</strong> ${timeToSecond(visit, at)}
        <span class="muted">${visit.t.deliveries.planned}</span></p>
    </li>`,
  )}</ol>`;

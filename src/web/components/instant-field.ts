import type { FormState } from '../forms.ts';
import { attributes, type Html, html } from '../html.ts';
import { localInput, serviceZone } from '../instants.ts';
import type { Visitor } from '../visit.ts';
import { icon } from './icon.ts';

interface InstantField<Field extends string> {
  name: Field;
  label: string;
  hint?: string;
  isOptional?: boolean;
  /** Before anybody has chosen; an ISO instant. */
  value?: string;
}

/** A day and a time. With JavaScript in the reader's zone, without it in the service's, which is then named. */
export function instantField<Field extends string>(
  { t }: Visitor,
  { values, errors }: FormState<Field>,
  { name, label, hint, isOptional = true, value }: InstantField<Field>,
): Html {
  const id = `field-${name}`;
  const error = errors[name];
  const given = values[name] ?? value;
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ') || undefined;
  return html`<div class="field${error === undefined ? '' : ' field-refused'}">
    <label for="${id}">${label}</label>
    ${hint && html`<p class="hint" id="${id}-hint">${hint}</p>`}
    <input class="input" type="datetime-local"${attributes({
      id,
      name,
      value: localInput(given),
      'data-instant': given,
      required: !isOptional,
      'aria-invalid': error === undefined ? undefined : 'true',
      'aria-describedby': described,
    })}>
    <noscript><p class="hint">${t.deliveries.zone(serviceZone())}</p></noscript>
    ${error !== undefined && html`<p class="error" id="${id}-error">${icon('warning')}<span>${error}</span></p>`}
  </div>`;
}

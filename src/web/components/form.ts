import type { FormState } from '../forms.ts';
import { attributes, type Content, type Html, html } from '../html.ts';
import type { Visitor } from '../visit.ts';
import { icon } from './icon.ts';

interface FieldBasics<Field extends string> {
  name: Field;
  label: string;
  hint?: string | undefined;
  isOptional?: boolean;
}

interface TextField<Field extends string> extends FieldBasics<Field> {
  type?: 'text' | 'email' | 'password' | 'url' | 'search' | 'number' | 'datetime-local';
  /** What it holds before anybody has typed. */
  value?: string | null | undefined;
  autocomplete?: string;
  maxLength?: number;
  inputMode?: 'decimal' | 'numeric';
  /** Ids, skus, quantities and the like: in the mono face. */
  isCode?: boolean;
  /** The one that the page begins with. */
  isFocused?: boolean;
  /** The id of a `datalist` of suggestions. */
  list?: string;
}

export interface Choice {
  value: string;
  label: string;
  hint?: string;
  /** As the API calls it. */
  code?: string;
}

/** The fields of one form, each with what was typed and what is wrong with it. */
export function fieldsOf<Field extends string>({ t }: Visitor, { values, errors }: FormState<Field>) {
  const shownIn = (name: Field, value: string | null | undefined) => values[name] ?? value ?? undefined;
  const frame = (field: FieldBasics<Field>, control: (described: string | undefined) => Html): Html =>
    fieldFrame({ ...field, id: idOf(field.name), error: errors[field.name], optional: t.common.optional }, control);
  return {
    text: (field: TextField<Field>): Html =>
      frame(
        field,
        (described) =>
          html`<input class="${field.isCode ? 'input code' : 'input'}"${attributes({
            id: idOf(field.name),
            name: field.name,
            type: field.type ?? 'text',
            value: field.type === 'password' ? undefined : shownIn(field.name, field.value),
            autocomplete: field.autocomplete ?? 'off',
            maxlength: field.maxLength,
            inputmode: field.inputMode,
            list: field.list,
            required: !field.isOptional,
            autofocus: field.isFocused && Object.keys(errors).length === 0,
            spellcheck: field.isCode ? 'false' : undefined,
            step: field.type === 'number' ? 'any' : undefined,
            'aria-invalid': errors[field.name] === undefined ? undefined : 'true',
            'aria-describedby': described,
          })}>`,
      ),
    textArea: (field: FieldBasics<Field> & { value?: string | null; rows?: number; maxLength?: number }): Html =>
      frame(
        field,
        (described) =>
          html`<textarea class="input"${attributes({
            id: idOf(field.name),
            name: field.name,
            rows: field.rows ?? 3,
            maxlength: field.maxLength,
            required: !field.isOptional,
            'aria-invalid': errors[field.name] === undefined ? undefined : 'true',
            'aria-describedby': described,
          })}>${shownIn(field.name, field.value)}</textarea>`,
      ),
    select: (field: FieldBasics<Field> & { value?: string | null; choices: Choice[] }): Html =>
      frame(
        field,
        (described) =>
          html`<span class="select"><select class="input"${attributes({
            id: idOf(field.name),
            name: field.name,
            'aria-invalid': errors[field.name] === undefined ? undefined : 'true',
            'aria-describedby': described,
          })}>${field.choices.map(
            ({ value, label }) =>
              html`<option${attributes({ value, selected: value === (shownIn(field.name, field.value) ?? '') })}>${label}</option>`,
          )}</select>${icon('chevron')}</span>`,
      ),
    /** A few choices, all in sight; `type` checkbox lets several be taken. */
    choices: (
      field: FieldBasics<Field> & { type?: 'radio' | 'checkbox'; chosen: readonly string[]; choices: Choice[] },
    ): Html => choiceGroup({ ...field, error: errors[field.name], chosen: chosenOf(values[field.name], field.chosen) }),
  };
}

const chosenOf = (typed: string | undefined, chosen: readonly string[]) =>
  typed === undefined ? chosen : typed.split('\n');

const idOf = (name: string) => `field-${name}`;

interface Frame {
  id: string;
  label: string;
  hint?: string | undefined;
  error: string | undefined;
  isOptional?: boolean;
  optional: string;
}

function fieldFrame(
  { id, label, hint, error, isOptional, optional }: Frame,
  control: (described: string | undefined) => Html,
): Html {
  const described =
    [hint !== undefined && `${id}-hint`, error !== undefined && `${id}-error`].filter(Boolean).join(' ') || undefined;
  return html`<div class="field${error === undefined ? '' : ' field-refused'}">
    <label for="${id}">${label}${isOptional && html` <span class="optional">${optional}</span>`}</label>
    ${hint !== undefined && html`<p class="hint" id="${id}-hint">${hint}</p>`}
    ${control(described)}
    ${error !== undefined && errorLine(id, error)}
  </div>`;
}

const errorLine = (id: string, error: string) =>
  html`<p class="error" id="${id}-error">${icon('warning')}<span>${error}</span></p>`;

function choiceGroup({
  name,
  label,
  hint,
  error,
  type = 'radio',
  chosen,
  choices,
}: Omit<FieldBasics<string>, 'isOptional'> & {
  error: string | undefined;
  type?: 'radio' | 'checkbox';
  chosen: readonly string[];
  choices: Choice[];
}): Html {
  const id = idOf(name);
  const described = [hint !== undefined && `${id}-hint`, error !== undefined && `${id}-error`]
    .filter(Boolean)
    .join(' ');
  return html`<fieldset class="field choices${error === undefined ? '' : ' field-refused'}"${attributes({ id, 'aria-describedby': described || undefined })}>
    <legend>${label}</legend>
    ${hint !== undefined && html`<p class="hint" id="${id}-hint">${hint}</p>`}
    <div class="choice-list">${choices.map(
      (choice) => html`<label class="choice">
        <input${attributes({ type, name, value: choice.value, checked: chosen.includes(choice.value), 'aria-invalid': error === undefined ? undefined : 'true' })}>
        <span class="choice-label">${choice.label}${choice.code !== undefined && html` <code class="hint">${choice.code}</code>`}${choice.hint !== undefined && html`<span class="hint">${choice.hint}</span>`}</span>
      </label>`,
    )}</div>
    ${error !== undefined && errorLine(id, error)}
  </fieldset>`;
}

/** Above a form that was refused: what is to be looked at, each a link to its field. It takes the focus. */
export function errorSummary({ t }: Visitor, { errors }: FormState, labels: Record<string, string>): Content {
  const refused = Object.entries(errors);
  if (refused.length === 0) return undefined;
  return html`<div class="notice notice-bad error-summary" role="alert" tabindex="-1" data-focus>${icon('warning')}<div>
    <strong>${t.form.summary(refused.length)}</strong>
    <ul>${refused.map(([name, message]) => html`<li><a href="#${idOf(name)}">${labels[name] ?? name}</a>: ${message}</li>`)}</ul>
  </div></div>`;
}

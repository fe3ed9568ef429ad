import { attributes, type Content, type Html, html } from '../html.ts';
import type { Visitor } from '../visit.ts';
import { button } from './button.ts';
import type { Choice } from './form.ts';
import { icon } from './icon.ts';

/** What a list is narrowed to: a form that changes the page's address, so it can be kept and sent. */
export const filters = (
  { t }: Visitor,
  { action, fields, clear, sort }: { action: string; fields: Content; clear: string | undefined; sort?: string },
): Html => html`
  <form method="get" action="${action}" class="filters" role="search" aria-label="${t.lists.filter}">
    ${sort && html`<input type="hidden" name="sort" value="${sort}">`}
    ${fields}
    <div class="filter-actions">
      ${button({ label: t.lists.apply, icon: 'filter' })}
      ${clear !== undefined && html`<a class="button button-quiet" href="${clear}">${t.lists.clear}</a>`}
    </div>
  </form>`;

interface Basics {
  name: string;
  label: string;
  value: string | undefined;
}

export const filterText = ({
  name,
  label,
  value,
  type = 'text',
  isWide = false,
}: Basics & { type?: 'text' | 'search' | 'date'; isWide?: boolean }): Html => html`
  <div class="filter${isWide ? ' filter-wide' : ''}">
    <label for="filter-${name}">${label}</label>
    <span class="filter-input">${type === 'search' && icon('search')}<input class="input"${attributes({ id: `filter-${name}`, name, type, value, autocomplete: 'off', maxlength: type === 'date' ? undefined : 255 })}></span>
  </div>`;

export const filterSelect = ({ name, label, value = '', choices }: Basics & { choices: Choice[] }): Html => html`
  <div class="filter">
    <label for="filter-${name}">${label}</label>
    <span class="select"><select class="input" id="filter-${name}" name="${name}">${choices.map(
      (choice) =>
        html`<option${attributes({ value: choice.value, selected: choice.value === value })}>${choice.label}</option>`,
    )}</select>${icon('chevron')}</span>
  </div>`;

export const filterFlag = ({ name, label, isSet }: { name: string; label: string; isSet: boolean }): Html => html`
  <label class="choice filter-flag"><input${attributes({ type: 'checkbox', name, value: 'true', checked: isSet })}><span class="choice-label">${label}</span></label>`;

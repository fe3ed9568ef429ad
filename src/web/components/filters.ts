import { attributes, type Content, type Html, html } from '../html.ts';
import type { Visitor } from '../visit.ts';
import { button } from './button.ts';
import type { Choice } from './form.ts';
import { icon } from './icon.ts';

interface Filters {
  action: string;
  /** What is always in sight: the text to search for. */
  search?: Html;
  /** On phones folded away, for the list is what people come for. */
  more?: Content;
  /** How many of `more` are set: said where they are folded. */
  setCount?: number;
  /** Shows `more` on phones too: something is wrong with it. */
  isOpen?: boolean;
  /** The list without filters, when there are any. */
  clear: string | undefined;
  sort?: string;
}

/** What a list is narrowed to: a form that changes the page's address, so it can be kept and sent. */
export const filters = (
  { t }: Visitor,
  { action, search, more, setCount = 0, isOpen = false, clear, sort }: Filters,
): Html => html`
  <form method="get" action="${action}" class="filters${search ? ' filters-search' : ''}" role="search" aria-label="${t.lists.filter}">
    ${sort && html`<input type="hidden" name="sort" value="${sort}">`}
    ${search}
    ${
      more &&
      html`<details class="filter-fold"${isOpen && html` open`}>
      <summary>${icon('filter')}<span>${t.lists.filters}</span>${setCount > 0 && html` <span class="count">${setCount}</span>`}${icon('chevron')}</summary>
      <div class="filter-folded">${more}${search && html`<div class="filter-fold-apply">${button({ label: t.lists.apply, icon: 'filter' })}</div>`}</div>
    </details>`
    }
    <div class="filter-actions">
      ${button({ label: t.lists.apply, icon: search ? 'search' : 'filter' })}
      ${clear !== undefined && html`<a class="button button-quiet" href="${clear}">${t.lists.clear}</a>`}
    </div>
  </form>`;

/** How many of these are set. */
export const countSet = (values: unknown[]): number =>
  values.filter((value) => value !== undefined && value !== false && value !== '').length;

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

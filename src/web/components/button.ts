import { attributes, type Html, html } from '../html.ts';
import { type IconName, icon } from './icon.ts';

/** One primary action on a page; danger for what cannot be undone; quiet inside rows. */
export type ButtonKind = 'primary' | 'secondary' | 'danger' | 'quiet';

interface Look {
  label: string;
  kind?: ButtonKind;
  icon?: IconName;
  /** What is read out where several buttons have the same label: "Revoke ERP production". */
  describedAs?: string;
}

/** Sends the form that it stands in. */
export const button = ({
  label,
  kind = 'secondary',
  icon: name,
  describedAs,
  ...rest
}: Look & { name?: string; value?: string }): Html =>
  html`<button class="button button-${kind}"${attributes({ 'aria-label': describedAs, ...rest })}>${name && icon(name)}<span>${label}</span></button>`;

/** Leads somewhere, and looks like a button. `confirm`: its page asks before anything is done, with JavaScript in a dialog. */
export const linkButton = ({
  label,
  href,
  kind = 'secondary',
  icon: name,
  describedAs,
  confirm = false,
}: Look & { href: string; confirm?: boolean }): Html =>
  html`<a class="button button-${kind}" href="${href}"${attributes({ 'aria-label': describedAs, 'data-confirm': confirm })}>${name && icon(name)}<span>${label}</span></a>`;

/** Leads to another service, in a new tab. */
export const outsideLink = ({
  label,
  href,
  newTab,
  kind = 'secondary',
}: Look & { href: string; newTab: string }): Html =>
  html`<a class="button button-${kind}" href="${href}" target="_blank" rel="noopener">${icon('outside')}<span>${label} <span class="visually-hidden">${newTab}</span></span></a>`;

/** A whole form that is one button: what it sends stands in its address. */
export const buttonForm = ({ action, ...look }: Look & { action: string }): Html =>
  html`<form method="post" action="${action}" class="inline-form">${button(look)}</form>`;

import type { ApiKeyInList } from '../../organizations/api-key.ts';
import { badge, type Tone } from '../components/badge.ts';
import { button, linkButton } from '../components/button.ts';
import { confirm } from '../components/confirm.ts';
import { emptyState } from '../components/empty-state.ts';
import { errorSummary, fieldsOf } from '../components/form.ts';
import { pageHeader } from '../components/page-header.ts';
import { secretOnce } from '../components/secret.ts';
import { table } from '../components/table.ts';
import { ago, day } from '../components/time.ts';
import type { FormState } from '../forms.ts';
import { type Content, type Html, html } from '../html.ts';
import { page } from '../layout.ts';
import { paths } from '../paths.ts';
import type { Visit } from '../visit.ts';
import { expiries, maxKeyNameLength, overlaps } from './schema.ts';

/** A key that was just made, the only time that it can be shown. */
export interface MadeKey {
  name: string | null;
  key: string;
}

export function keysPage(visit: Visit, keys: ApiKeyInList[], made: MadeKey | undefined): Html {
  const { t, canWrite, organizationId } = visit;
  const create = linkButton({ label: t.keys.create, href: paths.newKey(organizationId), kind: 'primary', icon: 'add' });
  const reference = linkButton({ label: t.keys.reference, href: paths.apiReference });
  return page(visit, {
    title: t.keys.title,
    place: 'keys',
    body: html`
      ${pageHeader(visit, { title: t.keys.title, lead: t.keys.lead, actions: html`${reference}${canWrite && keys.length > 0 && create}` })}
      ${made && madeKey(visit, made)}
      ${
        keys.length === 0
          ? emptyState({ icon: 'keys', title: t.keys.emptyTitle, text: t.keys.emptyText, action: canWrite && create })
          : keyTable(visit, keys)
      }`,
  });
}

const madeKey = (visit: Visit, { name, key }: MadeKey): Html =>
  secretOnce(visit, {
    title: visit.t.keys.madeTitle(name ?? visit.t.keys.unnamed),
    secret: key,
    more: html`<p>${visit.t.keys.howToUse} <code>Authorization: Bearer mk_live_…</code></p>`,
  });

const keyTable = (visit: Visit, keys: ApiKeyInList[]): Html => {
  const { t } = visit;
  return table({
    caption: t.keys.title,
    rows: keys,
    columns: [
      { label: t.keys.name, kind: 'title', cell: (key) => nameOf(visit, key) },
      { label: t.keys.key, cell: (key) => html`<code class="nowrap">${key.prefix}…${key.lastFour}</code>` },
      { label: t.keys.scope, cell: (key) => t.keys.scopes[key.scope] },
      { label: t.keys.lastUsed, cell: (key) => ago(visit, key.lastUsedAt, t.common.never) },
      { label: t.keys.created, cell: (key) => day(visit, key.createdAt) },
      { label: t.keys.expires, cell: (key) => ago(visit, key.expiresAt, t.common.never) },
      { label: t.keys.state, cell: (key) => stateBadge(visit, key) },
      ...(visit.canWrite
        ? [{ label: t.keys.actions, kind: 'actions' as const, cell: (key: ApiKeyInList) => keyActions(visit, key) }]
        : []),
    ],
  });
};

const nameOf = ({ t }: Visit, { name }: ApiKeyInList): Content =>
  name ?? html`<span class="muted">${t.keys.unnamed}</span>`;

const soonMs = 7 * 86_400_000;

function stateBadge({ t }: Visit, { state, expiresAt }: ApiKeyInList): Html {
  const endsSoon = state === 'live' && expiresAt !== null && expiresAt.getTime() - Date.now() < soonMs;
  const tones: Record<typeof state, Tone> = { live: 'good', expired: 'neutral', revoked: 'neutral' };
  return endsSoon
    ? badge({ tone: 'warning', icon: 'clock', label: t.keys.states.endsSoon })
    : badge({ tone: tones[state], label: t.keys.states[state] });
}

function keyActions({ t, organizationId }: Visit, { id, name, state }: ApiKeyInList): Content {
  if (state !== 'live') return undefined;
  const shown = name ?? t.keys.unnamed;
  return html`<div class="actions">
    ${linkButton({ label: t.keys.rotate, describedAs: t.keys.rotateOf(shown), href: paths.rotateKey(organizationId, id), kind: 'quiet', icon: 'retry', confirm: true })}
    ${linkButton({ label: t.keys.revoke, describedAs: t.keys.revokeOf(shown), href: paths.revokeKey(organizationId, id), kind: 'quiet', icon: 'cross', confirm: true })}
  </div>`;
}

export function newKeyPage(visit: Visit, form: FormState<'name' | 'scope' | 'expiry'>): Html {
  const { t, organizationId } = visit;
  const fields = fieldsOf(visit, form);
  return page(visit, {
    title: t.keys.createTitle,
    place: 'keys',
    body: html`
      ${pageHeader(visit, { title: t.keys.createTitle, crumbs: [{ label: t.keys.title, href: paths.keys(organizationId) }] })}
      <form method="post" action="${paths.keys(organizationId)}" class="form" novalidate>
        ${errorSummary(visit, form, { name: t.keys.name, scope: t.keys.scope, expiry: t.keys.expiry })}
        ${fields.text({ name: 'name', label: t.keys.name, hint: t.keys.nameHint, maxLength: maxKeyNameLength, isFocused: true })}
        ${fields.choices({
          name: 'scope',
          label: t.keys.scope,
          chosen: ['read'],
          choices: (['read', 'write'] as const).map((scope) => ({
            value: scope,
            label: t.keys.scopes[scope],
            hint: t.keys.scopeHints[scope],
          })),
        })}
        ${fields.select({
          name: 'expiry',
          label: t.keys.expiry,
          value: 'never',
          choices: expiries.map((value) => ({
            value,
            label: value === 'never' ? t.keys.expiries.never : t.keys.expiries.days(Number(value)),
          })),
        })}
        <div class="actions">
          ${linkButton({ label: t.common.cancel, href: paths.keys(organizationId) })}
          ${button({ label: t.keys.submit, kind: 'primary' })}
        </div>
      </form>`,
  });
}

export function rotateKeyPage(visit: Visit, key: ApiKeyInList, form: FormState<'overlap'>): Html {
  const { t, organizationId } = visit;
  const shown = key.name ?? t.keys.unnamed;
  return page(visit, {
    title: t.keys.rotateTitle(shown),
    place: 'keys',
    body: confirm(visit, {
      title: t.keys.rotateTitle(shown),
      text: html`<p>${t.keys.rotateLead}</p>`,
      fields: fieldsOf(visit, form).select({
        name: 'overlap',
        label: t.keys.overlap,
        value: '24',
        choices: overlaps.map((value) => ({ value, label: t.keys.overlaps(Number(value)) })),
      }),
      action: paths.rotateKey(organizationId, key.id),
      submit: t.keys.rotateSubmit,
      back: paths.keys(organizationId),
      isDanger: false,
    }),
  });
}

export function revokeKeyPage(visit: Visit, key: ApiKeyInList): Html {
  const { t, format, organizationId } = visit;
  const shown = key.name ?? t.keys.unnamed;
  const use = key.lastUsedAt === null ? t.keys.revokeUnused : t.keys.revokeUsed(format.relative(key.lastUsedAt));
  return page(visit, {
    title: t.keys.revokeTitle(shown),
    place: 'keys',
    body: confirm(visit, {
      title: t.keys.revokeTitle(shown),
      text: html`<p>${t.keys.revokeLead}</p><p>${use}</p>`,
      action: paths.revokeKey(organizationId, key.id),
      submit: t.keys.revokeSubmit,
      back: paths.keys(organizationId),
    }),
  });
}

import { assetUrl } from './assets.ts';
import { icon, mark } from './components/icon.ts';
import { notice } from './components/notice.ts';
import { tabs } from './components/tabs.ts';
import { reasonIn, shortUrl } from './endpoints/state.ts';
import { attributes, type Content, type Html, html } from './html.ts';
import { type Entry, navigation, type Place } from './navigation.ts';
import { paths } from './paths.ts';
import type { SignedIn, Visit, Visitor } from './visit.ts';

interface Page {
  /** In the browser's tab, before the name of the service. */
  title: string;
  body: Content;
}

/** A page of an organization: navigation, notices, and the page itself. */
export function page(visit: Visit, { title, place, body }: Page & { place: Place }): Html {
  const { t } = visit;
  const entries = navigation(visit);
  return document(visit, {
    title: `${title} · ${visit.organization}`,
    body: html`
      <div class="shell">
        ${rail(visit, entries, place)}
        <div class="stage">
          ${topBar(visit)}
          <main id="content" class="content" tabindex="-1">
            ${groupTabs(visit, entries, place)}
            ${exposure(visit)}
            ${standing(visit)}
            ${answer(visit)}
            ${body}
          </main>
        </div>
        ${bottomBar(visit, entries, place)}
      </div>`,
    skip: t.common.skipToContent,
  });
}

/** A person's own page, within the organization that they come from; a card for those who have none. */
export const personalPage = (visitor: SignedIn | Visit, content: Page): Html =>
  'organizationId' in visitor
    ? page(visitor, { ...content, place: 'account' })
    : cardPage(visitor, { ...content, isWide: true });

/** A page without an organization: one card in the middle. */
export function cardPage(visitor: Visitor, { title, body, isWide = false }: Page & { isWide?: boolean }): Html {
  return document(visitor, {
    title,
    body: html`
      <div class="card-stage">
        <header class="card-header"><a class="wordmark" href="${paths.start}">${mark()}<span>maintainkit</span></a></header>
        <main id="content" class="card${isWide ? ' card-wide' : ''}" tabindex="-1">${exposure(visitor)}${answer(visitor)}${body}</main>
        <footer class="card-footer">${languageForm(visitor)}</footer>
      </div>`,
  });
}

function document(visitor: Visitor, { title, body, skip }: Page & { skip?: string }): Html {
  return html`<html lang="${visitor.language}"${attributes({ 'data-theme': visitor.theme })}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="color-scheme" content="light dark">
<title>${title} · maintainkit</title>
<link rel="icon" href="${assetUrl('favicon.svg')}" type="image/svg+xml">
<link rel="preload" href="${assetUrl('fonts/plex-sans-latin-400.woff2')}" as="font" type="font/woff2" crossorigin>
<link rel="stylesheet" href="${assetUrl('app.css')}">
<script src="${assetUrl('app.js')}" defer></script>
</head>
<body>
${skip && html`<a class="skip-link" href="#content">${skip}</a>`}
${body}
</body>
</html>
`;
}

function rail(visit: Visit, entries: Entry[], place: Place): Html {
  const { t } = visit;
  const group = (name: Entry['group']) => {
    const own = entries.filter((entry) => entry.group === name);
    return (
      own.length > 0 && html`<h2>${t.navigation[name]}</h2><ul>${own.map((entry) => railEntry(entry, place))}</ul>`
    );
  };
  return html`<header class="rail">
    <a class="wordmark" href="${paths.organization(visit.organizationId)}">${mark()}<span>maintainkit</span></a>
    ${organizationSwitch(visit)}
    <nav aria-label="${t.navigation.label}">${group('stock')}${group('settings')}</nav>
    <div class="rail-foot">
      <a class="rail-person" href="${paths.account}"${attributes({ 'aria-current': place === 'account' && 'page' })}>${icon('person')}<span><strong>${visit.session.person.name}</strong><small>${t.navigation.roles[visit.role]}</small></span></a>
      <form method="post" action="${paths.signOut}"><button class="rail-sign-out">${icon('signOut')}<span>${t.navigation.signOut}</span></button></form>
    </div>
  </header>`;
}

const railEntry = ({ label, href, icon: name, attention, ...entry }: Entry, place: Place): Html =>
  html`<li><a href="${href}"${attributes({ 'aria-current': entry.place === place && 'page' })}>${icon(name)}<span>${label}</span>${attentionCount(attention)}</a></li>`;

const attentionCount = (attention: Entry['attention']): Content =>
  attention !== undefined &&
  attention.count > 0 &&
  html`<span class="count" title="${attention.label}"><span aria-hidden="true">${attention.count}</span><span class="visually-hidden">${attention.label}</span></span>`;

/** Where we are; with several organizations a menu that leads to the others. */
function organizationSwitch({ t, memberships, organization, organizationId }: Visit): Html {
  const others = memberships.filter((membership) => membership.organizationId !== organizationId);
  if (others.length === 0) return html`<p class="organization">${icon('building')}<span>${organization}</span></p>`;
  return html`<details class="organization-switch">
    <summary class="organization"><span class="visually-hidden">${t.navigation.switchOrganization}: </span>${icon('building')}<span>${organization}</span>${icon('chevron')}</summary>
    <ul>${others.map((other) => html`<li><a href="${paths.organization(other.organizationId)}">${other.organization}</a></li>`)}</ul>
  </details>`;
}

/** On phones instead of the rail's head and foot. */
const topBar = (visit: Visit): Html => html`<header class="top-bar">
  <a class="wordmark" href="${paths.organization(visit.organizationId)}" aria-label="maintainkit">${mark()}</a>
  ${organizationSwitch(visit)}
  <a class="top-account" href="${paths.account}">${icon('person', { label: visit.t.navigation.account })}</a>
</header>`;

/** On phones: one entry for each group leads to its first page; the group's other pages are its tabs. */
function bottomBar(visit: Visit, entries: Entry[], place: Place): Content {
  const { t } = visit;
  const current = entries.find((entry) => entry.place === place)?.group;
  const stock = entries.filter(({ group }) => group === 'stock');
  const settings = entries.filter(({ group }) => group === 'settings');
  const items = [
    ...stock.map((entry) => ({ ...entry, isCurrent: entry.place === place })),
    ...settings.slice(0, 1).map((entry) => ({
      ...entry,
      label: t.navigation.settings,
      icon: 'settings' as const,
      isCurrent: current === 'settings',
      attention: settings.find(({ attention }) => (attention?.count ?? 0) > 0)?.attention,
    })),
  ];
  return html`<nav class="bottom-bar" aria-label="${t.navigation.label}"><ul>${items.map(
    (item) =>
      html`<li><a href="${item.href}"${attributes({ 'aria-current': item.isCurrent && 'true' })}>${icon(item.icon)}<span>${item.label}</span>${attentionCount(item.attention)}</a></li>`,
  )}</ul></nav>`;
}

/** On phones: the pages of the settings, which the bottom bar has one entry for. */
function groupTabs({ t }: Visit, entries: Entry[], place: Place): Content {
  const settings = entries.filter(({ group }) => group === 'settings');
  const isThere = settings.some((entry) => entry.place === place);
  if (!isThere || settings.length < 2) return undefined;
  return html`<div class="group-tabs">${tabs(
    t.navigation.settings,
    settings.map((entry) => ({
      label: entry.label,
      href: entry.href,
      isCurrent: entry.place === place,
      ...(entry.attention && { count: entry.attention.count }),
    })),
  )}</div>`;
}

const exposure = ({ t, isExposed }: Visitor): Content =>
  isExposed && notice({ tone: 'warning', content: t.common.notEncrypted });

/** What stays so until somebody looks after it. Low parts are daily business: the navigation counts them. */
function standing(visit: Visit): Content {
  const { t, organizationId, notices } = visit;
  const { disabledEndpoint: endpoint, endpointsDisabled } = notices;
  if (endpoint === undefined) return undefined;
  return notice({
    tone: 'bad',
    content: html`
      <p>${t.endpoints.disabledNotice(shortUrl(endpoint.url))} ${reasonIn(visit, endpoint.reason)} <a href="${paths.endpoint(organizationId, endpoint.id)}">${t.endpoints.look}</a></p>
      ${endpointsDisabled > 1 && html`<p>${t.endpoints.disabledNoticeMore(endpointsDisabled - 1)} <a href="${paths.endpoints(organizationId)}">${t.endpoints.lookAtAll}</a></p>`}`,
  });
}

const answer = ({ flash }: Visitor): Content =>
  flash &&
  flash.message !== '' &&
  notice({ tone: flash.kind === 'done' ? 'good' : 'bad', content: flash.message, isAnswer: true });

/** For those who have no account yet to keep their choice in. */
const languageForm = ({ t, language, url }: Visitor): Html => html`
  <form method="post" action="${paths.preferences}" class="language-form" aria-label="${t.signIn.language}">
    <input type="hidden" name="next" value="${url}">
    ${(['en', 'es'] as const).map(
      (code) =>
        html`<button name="language" value="${code}" lang="${code}"${attributes({ 'aria-pressed': String(code === language) })}>${t.account.languages[code]}</button>`,
    )}
  </form>`;

import { minPasswordLength } from '../../people/password.ts';
import type { SessionInList } from '../../people/session.ts';
import { badge } from '../components/badge.ts';
import { button, buttonForm } from '../components/button.ts';
import { details, section } from '../components/details.ts';
import { errorSummary, fieldsOf } from '../components/form.ts';
import { icon } from '../components/icon.ts';
import { pageHeader } from '../components/page-header.ts';
import { table } from '../components/table.ts';
import { ago, day } from '../components/time.ts';
import type { FormState } from '../forms.ts';
import { type Html, html } from '../html.ts';
import { personalPage } from '../layout.ts';
import { paths } from '../paths.ts';
import type { SignedIn, Visit } from '../visit.ts';
import { maxNameLength } from './schema.ts';
import { describeBrowser } from './user-agent.ts';

interface Account {
  profile: FormState;
  password: FormState;
  sessions: SessionInList[];
}

export function accountPage(visitor: SignedIn | Visit, account: Account): Html {
  const { t, session } = visitor;
  return personalPage(visitor, {
    title: t.account.title,
    body: html`
      ${pageHeader(visitor, {
        title: t.account.title,
        lead: session.person.email,
        actions: buttonForm({ label: t.navigation.signOut, action: paths.signOut, icon: 'signOut' }),
      })}
      ${section({ id: 'profile', title: t.account.profile, body: profileForm(visitor, account.profile) })}
      ${section({ id: 'password', title: t.account.passwordTitle, body: passwordForm(visitor, account.password) })}
      ${section({
        id: 'sessions',
        title: t.account.sessions,
        lead: t.account.sessionsLead,
        actions: buttonForm({
          label: t.account.endEverywhere,
          icon: 'signOut',
          action: paths.signOutEverywhere,
        }),
        body: sessionTable(visitor, account.sessions),
      })}
      ${section({ id: 'organizations', title: t.account.organizations, body: organizations(visitor) })}`,
  });
}

function profileForm(visitor: SignedIn, form: FormState): Html {
  const { t, session, language } = visitor;
  const fields = fieldsOf(visitor, form);
  return html`<form method="post" action="${paths.account}" class="form" novalidate>
    ${errorSummary(visitor, form, { name: t.account.name, language: t.account.language, theme: t.account.theme })}
    ${fields.text({ name: 'name', label: t.account.name, value: session.person.name, autocomplete: 'name', maxLength: maxNameLength })}
    ${fields.choices({
      name: 'language',
      label: t.account.language,
      chosen: [language],
      choices: (['es', 'en'] as const).map((value) => ({ value, label: t.account.languages[value] })),
    })}
    ${fields.choices({
      name: 'theme',
      label: t.account.theme,
      chosen: [session.person.theme ?? 'system'],
      choices: (['system', 'light', 'dark'] as const).map((value) => ({ value, label: t.account.themes[value] })),
    })}
    <div class="actions">${button({ label: t.common.save, kind: 'primary' })}</div>
  </form>`;
}

function passwordForm(visitor: SignedIn, form: FormState): Html {
  const { t, session } = visitor;
  const fields = fieldsOf(visitor, form);
  return html`<form method="post" action="${paths.accountPassword}" class="form" novalidate>
    ${errorSummary(visitor, form, { current: t.account.currentPassword, password: t.account.newPassword })}
    <input type="hidden" name="username" value="${session.person.email}" autocomplete="username">
    ${fields.text({ name: 'current', label: t.account.currentPassword, type: 'password', autocomplete: 'current-password' })}
    ${fields.text({
      name: 'password',
      label: t.account.newPassword,
      hint: t.welcome.passwordHint(minPasswordLength),
      type: 'password',
      autocomplete: 'new-password',
    })}
    <div class="actions">${button({ label: t.account.changePassword })}</div>
  </form>`;
}

function sessionTable(visitor: SignedIn, sessions: SessionInList[]): Html {
  const { t, session } = visitor;
  const browser = ({ userAgent }: SessionInList) => describeBrowser(visitor, userAgent);
  return table({
    caption: t.account.sessions,
    rows: sessions,
    columns: [
      { label: t.account.browser, kind: 'title', cell: browser },
      { label: t.account.signedInAt, cell: ({ createdAt }) => day(visitor, createdAt) },
      { label: t.account.lastSeen, cell: ({ seenAt }) => ago(visitor, seenAt, t.common.never) },
      {
        label: t.keys.actions,
        kind: 'actions',
        cell: (one) =>
          one.id === session.id
            ? badge({ tone: 'good', label: t.account.thisBrowser })
            : buttonForm({
                label: t.account.endSession,
                describedAs: t.account.endSessionOf(browser(one)),
                action: paths.accountSession(one.id),
                kind: 'quiet',
                icon: 'signOut',
              }),
      },
    ],
  });
}

const organizations = ({ t, session }: SignedIn): Html =>
  details(
    session.memberships.map(({ organization, organizationId, role }) => [
      t.navigation.roles[role],
      html`<a href="${paths.organization(organizationId)}">${icon('building')} ${organization}</a>`,
    ]),
  );

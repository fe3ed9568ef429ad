import { foldName } from '../../fold-name.ts';
import type { Invitation } from '../../people/invitation.ts';
import { minPasswordLength } from '../../people/password.ts';
import { button, buttonForm, linkButton } from '../components/button.ts';
import { details } from '../components/details.ts';
import { errorSummary, fieldsOf } from '../components/form.ts';
import { notice } from '../components/notice.ts';
import type { FormState } from '../forms.ts';
import { type Html, html } from '../html.ts';
import { cardPage } from '../layout.ts';
import { paths } from '../paths.ts';
import type { SignedIn, Visitor } from '../visit.ts';

/** For somebody without an account. `isKnown`: the invited address has one, so that only signing in helps. */
export function welcomePage(
  visitor: Visitor,
  { organization, role, email }: Invitation,
  form: FormState<'name' | 'email' | 'password'>,
  isKnown = false,
): Html {
  const { t, url } = visitor;
  const fields = fieldsOf(visitor, form);
  const title = t.welcome.title(organization);
  const signInFirst = linkButton({
    label: t.welcome.signInFirst,
    href: `${paths.signIn}?${new URLSearchParams({ next: url })}`,
    kind: 'primary',
  });
  if (isKnown) {
    return cardPage(visitor, {
      title,
      body: html`<h1>${title}</h1><p>${t.welcome.hasAccount}</p><p>${signInFirst}</p>`,
    });
  }
  return cardPage(visitor, {
    title,
    body: html`
      <h1>${title}</h1>
      <p class="lead">${t.welcome.lead[role]}</p>
      <form method="post" action="${url}" class="form" novalidate>
        ${errorSummary(visitor, form, { name: t.welcome.name, email: t.signIn.email, password: t.signIn.password })}
        ${fields.text({ name: 'name', label: t.welcome.name, hint: t.welcome.nameHint, autocomplete: 'name', isFocused: true })}
        ${
          email === null
            ? fields.text({ name: 'email', label: t.signIn.email, type: 'email', autocomplete: 'username' })
            : html`${details([[t.signIn.email, email]])}<input type="hidden" name="email" value="${email}" autocomplete="username">`
        }
        ${fields.text({
          name: 'password',
          label: t.signIn.password,
          hint: t.welcome.passwordHint(minPasswordLength),
          type: 'password',
          autocomplete: 'new-password',
        })}
        ${button({ label: t.welcome.submit, kind: 'primary' })}
      </form>`,
  });
}

/** For somebody who is signed in. */
export function joinPage(visitor: SignedIn, { organization, email }: Invitation): Html {
  const { t, session, url } = visitor;
  const isForAnother = email !== null && foldName(email) !== foldName(session.person.email);
  const title = t.welcome.join(organization);
  return cardPage(visitor, {
    title,
    body: html`
      <h1>${title}</h1>
      <p>${t.welcome.joinAs(session.person.email)}</p>
      ${
        isForAnother
          ? html`${notice({ tone: 'warning', content: t.welcome.forAnother(email) })}${buttonForm({ label: t.navigation.signOut, action: paths.signOut })}`
          : buttonForm({ label: title, action: url, kind: 'primary' })
      }`,
  });
}

export const spentLinkPage = (visitor: Visitor): Html =>
  cardPage(visitor, {
    title: visitor.t.welcome.spentTitle,
    body: html`
      <h1>${visitor.t.welcome.spentTitle}</h1>
      <p>${visitor.t.welcome.spentText}</p>
      <p>${linkButton({ label: visitor.t.signIn.title, href: paths.signIn })}</p>`,
  });

import { button, buttonForm } from '../components/button.ts';
import { fieldsOf } from '../components/form.ts';
import { notice } from '../components/notice.ts';
import { emptyForm } from '../forms.ts';
import { type Html, html } from '../html.ts';
import { cardPage } from '../layout.ts';
import { paths } from '../paths.ts';
import type { Visitor } from '../visit.ts';

interface SignInForm {
  next: string | undefined;
  email?: string;
  /** Of the whole form: it does not tell which of the two is wrong. */
  problem?: string;
  /** What was just done. */
  said?: string | undefined;
}

export function signInPage(visitor: Visitor, { next, email, problem, said }: SignInForm): Html {
  const { t } = visitor;
  const fields = fieldsOf(visitor, emptyForm);
  return cardPage(visitor, {
    title: t.signIn.title,
    body: html`
      <h1>${t.signIn.title}</h1>
      <p class="lead">${t.signIn.tagline}</p>
      ${said !== undefined && notice({ tone: 'good', content: said, isAnswer: true })}
      ${problem !== undefined && html`<div role="alert" tabindex="-1" data-focus>${notice({ tone: 'bad', content: problem })}</div>`}
      <form method="post" action="${paths.signIn}" class="form">
        ${next !== undefined && html`<input type="hidden" name="next" value="${next}">`}
        ${fields.text({ name: 'email', label: t.signIn.email, type: 'email', autocomplete: 'username', value: email, isFocused: problem === undefined })}
        ${fields.text({ name: 'password', label: t.signIn.password, type: 'password', autocomplete: 'current-password' })}
        ${button({ label: t.signIn.submit, kind: 'primary' })}
      </form>
      ${problem !== undefined && html`<p class="hint">${t.signIn.forgotten}</p>`}
      ${visitor.isPlainHttp && !visitor.isExposed && html`<p class="hint">${t.signIn.plainHttp}</p>`}`,
  });
}

export const noMembershipPage = (visitor: Visitor): Html =>
  cardPage(visitor, {
    title: visitor.t.signIn.title,
    body: html`<p>${visitor.t.signIn.noMembership}</p>${buttonForm({ label: visitor.t.navigation.signOut, action: paths.signOut })}`,
  });

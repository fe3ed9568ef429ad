import { minPasswordLength } from '../../people/password.ts';
import { button } from '../components/button.ts';
import { errorSummary, fieldsOf } from '../components/form.ts';
import type { FormState } from '../forms.ts';
import { type Html, html } from '../html.ts';
import { cardPage } from '../layout.ts';
import type { Visitor } from '../visit.ts';

export function resetPage(visitor: Visitor, email: string, form: FormState<'password'>): Html {
  const { t, url } = visitor;
  return cardPage(visitor, {
    title: t.reset.title,
    body: html`
      <h1>${t.reset.title}</h1>
      <p class="lead">${t.reset.lead(email)}</p>
      <form method="post" action="${url}" class="form" novalidate>
        ${errorSummary(visitor, form, { password: t.signIn.password })}
        <input type="hidden" name="username" value="${email}" autocomplete="username">
        ${fieldsOf(visitor, form).text({
          name: 'password',
          label: t.account.newPassword,
          hint: t.welcome.passwordHint(minPasswordLength),
          type: 'password',
          autocomplete: 'new-password',
          isFocused: true,
        })}
        ${button({ label: t.reset.submit, kind: 'primary' })}
      </form>`,
  });
}

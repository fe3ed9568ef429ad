import { describe, expect, it } from 'vitest';
import { createInvitation, welcomePath } from '../../src/people/invitation.ts';
import { expectGoodPage, pagesInBrowser, views } from '../support/browser.ts';
import { password } from '../support/pages.ts';

const browser = pagesInBrowser();

const invite = async (email?: string) =>
  welcomePath(
    await createInvitation(browser.service.db, {
      organizationId: browser.service.organizationId,
      role: 'administrator',
      ...(email && { email }),
    }),
  );

describe.each([true, false])('with JavaScript %s, a person', (javaScript) => {
  it('makes an account by a link, signs out, and signs in again to the page that was asked for', async () => {
    const page = await browser.visit({ javaScript, language: 'es' });
    await page.goto(await invite());
    await page.getByLabel('Tu nombre').fill('Marta Quiñones');
    await page.getByLabel('Correo electrónico').fill(`marta.${javaScript}@taller.example`);
    await page.getByLabel('Contraseña').fill('corta');
    await page.getByRole('button', { name: 'Crear cuenta' }).click();
    await page.getByText('Usa al menos 12 caracteres.').first().waitFor();
    expect(await page.getByLabel('Tu nombre').inputValue()).toBe('Marta Quiñones');
    await page.getByLabel('Contraseña').fill(password);
    await page.getByRole('button', { name: 'Crear cuenta' }).click();
    await page.getByRole('heading', { name: 'Repuestos', exact: true }).waitFor();

    await page.getByRole('button', { name: 'Cerrar sesión' }).click();
    await page.getByText('Se cerró la sesión.').waitFor();
    await page.goto('/account');
    await page.getByLabel('Correo electrónico').fill(`marta.${javaScript}@taller.example`);
    await page.getByLabel('Contraseña').fill('no es esta frase');
    await page.getByRole('button', { name: 'Entrar' }).click();
    await page.getByText('El correo o la contraseña no son correctos.').waitFor();
    await page.getByLabel('Contraseña').fill(password);
    await page.getByRole('button', { name: 'Entrar' }).click();
    await page.getByRole('heading', { name: 'Tu cuenta' }).waitFor();
  });

  it('chooses language and appearance, which stay', async () => {
    const page = await browser.visit({ as: await browser.service.person(), javaScript });
    await page.goto('/account');
    await page.getByLabel('Español').check();
    await page.getByLabel('Dark').check();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Guardado.').waitFor();
    await page.reload();
    expect(await page.locator('html').getAttribute('lang')).toBe('es');
    expect(await page.locator('html').getAttribute('data-theme')).toBe('dark');
    const background = await page.evaluate('getComputedStyle(document.body).backgroundColor');
    expect(background).toBe('rgb(11, 23, 27)');
  });

  it('moves between organizations by the menu', async () => {
    const { service } = browser;
    const person = await service.person();
    const { rows } = await service.db.pool.query(
      `with o as (insert into organization (name) values ('Minera Los Andes') returning id)
       insert into membership (person_id, organization_id, role) select $1, id, 'viewer' from o returning organization_id`,
      [person.id],
    );
    const page = await browser.visit({ as: person, javaScript });
    await page.goto(`/o/${service.organizationId}`);
    await page.locator('summary', { hasText: 'Switch organization' }).filter({ visible: true }).click();
    await page.getByRole('link', { name: 'Minera Los Andes' }).click();
    await page.waitForURL(`**/o/${rows[0].organization_id}/**`);
    await page.goto('/');
    await page.waitForURL(`**/o/${rows[0].organization_id}/**`);
  });
});

it('is led by the keyboard alone: first to the content, then through the form to its end', async () => {
  const page = await browser.visit({ as: await browser.service.person() });
  await page.goto(`/o/${browser.service.organizationId}/settings/keys`);
  await page.keyboard.press('Tab');
  await expect.poll(() => page.evaluate('document.activeElement.textContent')).toBe('Skip to content');
  await page.keyboard.press('Enter');
  for (let n = 0; n < 2; n++) await page.keyboard.press('Tab');
  await expect.poll(() => page.evaluate('document.activeElement.textContent.trim()')).toBe('New key');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'New API key' }).waitFor();
  await page.keyboard.type('By keyboard');
  for (const key of ['Tab', 'ArrowDown', 'Tab', 'Tab', 'Tab', 'Enter']) await page.keyboard.press(key);
  await page.getByRole('heading', { name: 'The key “By keyboard”' }).waitFor();
  await page.getByText('Read & write').first().waitFor();
});

it('a refused form takes the focus to what is wrong', async () => {
  const page = await browser.visit({ as: await browser.service.person() });
  await page.goto(`/o/${browser.service.organizationId}/settings/keys/new`);
  await page.getByRole('button', { name: 'Create key' }).click();
  await page.getByRole('alert').waitFor();
  await expect.poll(() => page.evaluate('document.activeElement.getAttribute("role")')).toBe('alert');
  await page.getByRole('alert').getByRole('link', { name: 'Name' }).click();
  await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('field-name');
});

it('says on each page that endpoints were disabled', async () => {
  const { service } = browser;
  const organizationId = await service.createOrganization();
  await service.db.pool.query(
    `insert into webhook_endpoint (organization_id, url, events, sealed_secret, disabled_at, disabled_reason) values
       ($1, 'https://a.example/', '{stock.low}', '', now(), 'HTTP 410 from a.example'),
       ($1, 'https://b.example/', '{stock.low}', '', now(), 'disabled by hand')`,
    [organizationId],
  );
  const page = await browser.visit({ as: await service.person('viewer', organizationId) });
  await page.goto('/account');
  await page.getByText(/a\.example\S* is disabled and gets no events\./).waitFor();
  await expectGoodPage(page);
});

describe.each(views)('at $width px, $theme', (view) => {
  it.each(['/sign-in', '/welcome/spent', '/nothing-here'])('%s is good', async (path) => {
    const page = await browser.visit({ view });
    await page.goto(path);
    await expectGoodPage(page);
  });

  it('an invitation is good, refused too', async () => {
    const page = await browser.visit({ view, language: 'es' });
    await page.goto(await invite('una.direccion.bastante.larga.para.un.telefono@mantenimiento-industrial.example'));
    await expectGoodPage(page);
    await page.getByRole('button', { name: 'Crear cuenta' }).click();
    await page.getByRole('alert').waitFor();
    await expectGoodPage(page);
  });

  it('the account is good', async () => {
    const page = await browser.visit({ as: await browser.service.person(), view, language: 'es' });
    await page.goto('/account');
    await expectGoodPage(page);
  });
});

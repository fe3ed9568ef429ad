import { beforeAll, describe, expect, it } from 'vitest';
import { createInvitation, welcomePath } from '../../src/people/invitation.ts';
import { createPasswordReset, resetPath } from '../../src/people/password-reset.ts';
import { move, newLocation, newPart } from '../api/support.ts';
import { expectGoodPage, pagesInBrowser } from '../support/browser.ts';
import type { TestPerson } from '../support/pages.ts';

const browser = pagesInBrowser();

/** One of each thing, by the folder that its pages lie in. */
const made: Record<string, number | string> = {};
let person: TestPerson;
let welcome: string;
let reset: string;

beforeAll(async () => {
  const { service } = browser;
  person = await service.person();
  const created = async (path: string, body: unknown) => (await service.request('POST', path, { body })).body.data;
  const [part, location] = [await newPart(service, { reorderPoint: 5 }), await newLocation(service)];
  const endpoint = await created('/webhook-endpoints', { url: 'https://erp.example.com/hook' });
  await move(service, { kind: 'receive', partId: part.id, locationId: location.id, qty: 4, unitCost: 100 });
  const { data: movements } = (await service.request('GET', '/movements')).body;
  const { data: deliveries } = (await service.request('GET', '/deliveries')).body;
  const recovery = await created(`/webhook-endpoints/${endpoint.id}/recover`, { since: '2026-01-01T00:00:00Z' });
  // Ended, so that their pages wait for nothing.
  await service.db.pool.query(`update recovery set ended_at = now() where id = $1`, [recovery.id]);
  await service.db.pool.query(`update delivery set status = 'failed', ended_at = now()`);
  Object.assign(made, { parts: part.id, locations: location.id, movements: movements[0].id, endpoints: endpoint.id });
  Object.assign(made, { deliveries: deliveries[0].id, recoveries: recovery.id, keys: 1, import: await upload() });
  const who = { organizationId: service.organizationId, role: 'viewer' as const };
  welcome = welcomePath(await createInvitation(service.db, { ...who, email: 'nuevo@taller.example' }));
  reset = resetPath(await createPasswordReset(service.db, person.email));
});

async function upload(): Promise<string> {
  const form = new FormData();
  form.set('kind', 'parts');
  form.set('file', new Blob(['sku,name,reorderPoint\nFAJA-8,Faja,2\nMAL,,x\n'], { type: 'text/csv' }), 'repuestos.csv');
  const { location } = await browser.service.page('POST', own('/import'), { as: person, upload: form });
  return location?.split('/').at(-1) ?? '';
}

const own = (path: string) => `/o/${browser.service.organizationId}${path}`;

/** The address of a routed page that is markup, with what there is in the place of its parameters; else undefined. */
function addressOf(path: string): string | undefined {
  if (/\.csv$|\/live$/.test(path)) return undefined;
  if (path.startsWith('/welcome/')) return welcome;
  if (path.startsWith('/reset/')) return reset;
  return path
    .replace(':org', String(browser.service.organizationId))
    .replace(/(\w+)\/:id/, (_, noun: string) => `${noun}/${made[noun]}`);
}

describe.each([
  { view: { width: 1440, theme: 'light' }, language: 'en' },
  { view: { width: 390, theme: 'dark' }, language: 'es' },
] as const)('in $language, at $view.width px, $view.theme', ({ view, language }) => {
  it('every page that the router knows is good', async () => {
    const page = await browser.visit({ as: person, view, language });
    const routed = browser.service.pages().filter(({ method }) => method === 'GET');
    const addresses = [...new Set(routed.flatMap(({ path }) => addressOf(path) ?? []))];
    expect(addresses.length).toBeGreaterThan(30);
    const faults: string[] = [];
    for (const address of addresses) {
      const answer = await page.goto(address);
      if (answer?.status() !== 200) faults.push(`${address}: ${answer?.status()}`);
      await expectGoodPage(page).catch((error: unknown) => faults.push(`${address}: ${error}`));
    }
    expect(faults).toEqual([]);
  }, 300_000);
});

import type { Browser, Page } from 'playwright-core';

/** Each page that has its picture, in the order of the navigation: a new page's goes here. */
const pictures: Picture[] = [
  { name: 'parts', path: '/o/1/parts', isBrief: true },
  { name: 'part', path: '/o/1/parts/3', isBrief: true },
  { name: 'movements', path: '/o/1/movements', isBrief: true },
  { name: 'record-movement', path: '/o/1/movements/new?kind=consume&partId=3', isBrief: true },
  { name: 'locations', path: '/o/1/locations', isBrief: true },
  { name: 'keys', path: '/o/1/settings/keys' },
  { name: 'new-key', path: '/o/1/settings/keys/new' },
  { name: 'endpoints', path: '/o/1/settings/endpoints' },
  { name: 'endpoint', path: '/o/1/settings/endpoints/7' },
  { name: 'new-endpoint', path: '/o/1/settings/endpoints/new' },
  { name: 'deliveries', path: '/o/1/settings/deliveries' },
  { name: 'delivery', path: '/o/1/settings/deliveries?endpoint=7&status=retrying', follow: 'tbody th a' },
  { name: 'account', path: '/account' },
];

interface Picture {
  name: string;
  path: string;
  /** Of the page that the first such link there leads to. */
  follow?: string;
  /** Two views of it are enough: wide and light, narrow and dark. */
  isBrief?: boolean;
}

/** Two of its rows are good. */
const importedFile = `SKU;Nombre;Unidad;Categoría;Punto de pedido;Costo unitario
FLT-1042;Filtro de aceite, roscado;ea;Filtros;8;19,20
MNG-3/8;"Manguera hidráulica 3/8""";m;Hidráulica;15;12,75
BRG-6205;;ea;Rodamientos;6;24,00
OIL-15W40;Aceite de motor 15W-40;gal;Lubricantes;20;18,50
SEL-40;Sello mecánico 40 mm;ea;Sellos;dos;310,00
`;

const views = [
  { width: 1440, height: 900, colorScheme: 'light' },
  { width: 1440, height: 900, colorScheme: 'dark' },
  { width: 390, height: 844, colorScheme: 'light' },
  { width: 390, height: 844, colorScheme: 'dark' },
] as const;

interface Service {
  origin: string;
  /** The one-time link of the first account. */
  firstAccountUrl: string;
}

/** Pictures of the pages in Spanish, as `<name>-<width>-<theme>`, with the first account made on the way. */
export async function takePages(
  browser: Browser,
  { origin, firstAccountUrl }: Service,
  take: (page: Page, name: string) => Promise<void>,
): Promise<void> {
  const first = await browser.newContext({ locale: 'es', baseURL: origin });
  const entry = await first.newPage();
  await entry.goto(firstAccountUrl);
  await entry.getByLabel('Tu nombre').fill('Marta Quiñones');
  await entry.getByLabel('Correo electrónico').fill('marta@taller.example');
  await entry.getByLabel('Contraseña').fill('un taller bien ordenado');
  await entry.getByRole('button', { name: 'Crear cuenta' }).click();
  await entry.waitForURL('**/o/1/**');
  for (const [name, scope] of [
    ['ERP producción', 'Lectura y escritura'],
    ['Tablero de planta', 'Lectura'],
  ] as const) {
    await entry.goto('/o/1/settings/keys/new');
    await entry.getByLabel('Nombre').fill(name);
    await entry.getByLabel(scope, { exact: false }).first().check();
    await entry.getByRole('button', { name: 'Crear clave' }).click();
    await entry.getByRole('heading', { name: `La clave «${name}»` }).waitFor();
  }
  await entry.goto('/o/1/import');
  const buffer = Buffer.from(importedFile);
  await entry.getByLabel('Archivo CSV').setInputFiles({ name: 'repuestos.csv', mimeType: 'text/csv', buffer });
  await entry.getByRole('button', { name: 'Ver vista previa' }).click();
  await entry.getByRole('heading', { name: 'Vista previa' }).waitFor();
  const all = [...pictures, { name: 'import-preview', path: new URL(entry.url()).pathname, isBrief: true }];
  const cookies = await first.storageState();
  await first.close();

  for (const { width, height, colorScheme } of views) {
    const own = { locale: 'es', baseURL: origin, viewport: { width, height }, colorScheme };
    const stranger = await browser.newContext(own);
    await picture(await stranger.newPage(), '/sign-in', `sign-in-${width}-${colorScheme}`);
    await stranger.close();
    const member = await browser.newContext({ ...own, storageState: cookies });
    const page = await member.newPage();
    const isOfBoth = (width === 1440) === (colorScheme === 'light');
    for (const { name, path, follow, isBrief } of all) {
      if (isOfBoth || !isBrief) await picture(page, path, `${name}-${width}-${colorScheme}`, follow);
    }
    await member.close();
  }

  /** Of the page at `path`, or of the one that its first link `follow` leads to. */
  async function picture(page: Page, path: string, name: string, follow?: string): Promise<void> {
    await page.goto(path);
    if (follow !== undefined) await page.locator(follow).first().click();
    await take(page, name);
  }
}

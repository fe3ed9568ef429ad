interface Started {
  apiUrl: string;
  /** Only on the first start, when it was created. */
  firstKey: string | undefined;
  temporalUiUrl: string | undefined;
  /** Where people reach the pages. */
  publicUrl: string;
  /** The one-time link of the first account; undefined when somebody has one. */
  firstAccountUrl: string | undefined;
}

/** What a person sees once everything runs. */
export function startedText({ apiUrl, publicUrl, firstKey, firstAccountUrl, temporalUiUrl }: Started): string {
  return [
    '',
    'maintainkit is running.',
    '',
    `  Pages        ${publicUrl}/`,
    `  API          ${apiUrl}/api/v1`,
    ...(temporalUiUrl === undefined ? [] : [`  Temporal UI  ${temporalUiUrl}`]),
    ...(firstKey === undefined ? keyAdvice : firstKeyLines(firstKey, apiUrl)),
    ...(firstAccountUrl === undefined
      ? []
      : ['', 'Nobody can sign in yet. Make the first account, once, within 7 days:', '', firstAccountUrl]),
    '',
    'Ctrl-C stops everything; the data stays.',
    '',
  ].join('\n');
}

const keyAdvice = ['', 'Another API key: npm run -s mk -- key create --org 1 --scope write'];

const firstKeyLines = (key: string, apiUrl: string) => [
  `  API key      ${key}`,
  '',
  'The key is shown this once: keep it. Try it:',
  '',
  `curl -s -X POST ${apiUrl}/api/v1/movements \\`,
  `  -H 'Authorization: Bearer ${key}' \\`,
  `  -H 'Content-Type: application/json' \\`,
  `  -d '{ "kind": "receive", "sku": "OIL-15W40", "location": "Almacén Central", "qty": 20, "unitCost": 18500 }'`,
];

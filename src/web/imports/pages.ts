import type { ImportKind } from '../../stock/imports/columns.ts';
import { importKinds } from '../../stock/imports/columns.ts';
import type { Fault, ImportCounts } from '../../stock/imports/fault.ts';
import type { ImportPreview } from '../../stock/imports/import-file.ts';
import { badge } from '../components/badge.ts';
import { button, buttonForm, linkButton } from '../components/button.ts';
import { details, section } from '../components/details.ts';
import { fieldsOf } from '../components/form.ts';
import { icon } from '../components/icon.ts';
import { notice } from '../components/notice.ts';
import { pageHeader } from '../components/page-header.ts';
import { table } from '../components/table.ts';
import { emptyForm } from '../forms.ts';
import { attributes, type Content, type Html, html } from '../html.ts';
import { page } from '../layout.ts';
import { paths } from '../paths.ts';
import type { Visit } from '../visit.ts';
import { reasonOf } from './reasons.ts';

const crumbs = ({ t, organizationId }: Visit) => [{ label: t.parts.title, href: paths.parts(organizationId) }];

/** `problem`: why the file that was sent cannot be taken. */
export function uploadPage(visit: Visit, { kind, problem }: { kind: ImportKind; problem?: string }): Html {
  const { t, organizationId } = visit;
  return page(visit, {
    title: t.imports.title,
    place: 'parts',
    body: html`
      ${pageHeader(visit, { title: t.imports.title, lead: t.imports.lead, crumbs: crumbs(visit) })}
      <form method="post" action="${paths.import(organizationId)}" enctype="multipart/form-data" class="form" novalidate>
        ${fieldsOf(visit, emptyForm).choices({
          name: 'kind',
          label: t.imports.kind,
          chosen: [kind],
          choices: importKinds.map((value) => ({
            value,
            label: t.imports.kinds[value],
            hint: t.imports.kindHints[value],
          })),
        })}
        <div class="field${problem === undefined ? '' : ' field-refused'}">
          <label for="field-file">${t.imports.file}</label>
          <p class="hint" id="field-file-hint">${t.imports.fileHint}</p>
          <input class="input file" id="field-file" type="file" name="file" accept=".csv,.txt,text/csv"${attributes({
            'aria-describedby': problem === undefined ? 'field-file-hint' : 'field-file-hint field-file-error',
            'aria-invalid': problem === undefined ? undefined : 'true',
          })}>
          ${problem !== undefined && html`<p class="error" id="field-file-error" role="alert">${icon('warning')}<span>${problem}</span></p>`}
        </div>
        <div class="actions">
          ${linkButton({ label: t.common.cancel, href: paths.parts(organizationId) })}
          ${button({ label: t.imports.preview, kind: 'primary', icon: 'upload' })}
        </div>
      </form>
      ${section({
        id: 'how',
        title: t.imports.howTitle,
        body: html`
          <ul class="prose-list">${t.imports.how.map((text) => html`<li>${text}</li>`)}</ul>
          <div class="actions">${importKinds.map((value) =>
            linkButton({
              label: t.imports.templates[value],
              href: paths.importTemplate(organizationId, value),
              icon: 'download',
            }),
          )}</div>`,
      })}`,
  });
}

interface PreviewView {
  id: string;
  kind: ImportKind;
  fileName: string;
  preview: ImportPreview;
}

/** So many bad rows are listed. */
const maxListed = 100;

export function previewPage(visit: Visit, { id, kind, fileName, preview }: PreviewView): Html {
  const { t, organizationId } = visit;
  const { counts, faults, found } = preview;
  const isGood = faults.length === 0;
  const toWrite = counts.created + counts.updated;
  const title = t.imports.previewTitle(fileName);
  const another = buttonForm({ label: t.imports.another, action: paths.discardImport(organizationId, id) });
  return page(visit, {
    title,
    place: 'parts',
    body: html`
      ${pageHeader(visit, {
        title,
        lead: t.imports.kinds[kind],
        crumbs: [...crumbs(visit), { label: t.imports.title, href: paths.import(organizationId) }],
      })}
      ${countTiles(visit, counts, faults.length)}
      ${!isGood && notice({ tone: 'bad', content: t.imports.hasFaults(faults.length) })}
      ${isGood && toWrite === 0 && notice({ tone: 'info', content: t.imports.nothingToDo })}
      ${found.unknown.length > 0 && notice({ tone: 'warning', content: t.imports.unknownColumns(found.unknown.join(', ')) })}
      <div class="actions">
        ${another}
        ${isGood && toWrite > 0 && html`<form method="post" action="${paths.importUpload(organizationId, id)}" class="inline-form">${button({ label: t.imports.confirm(toWrite), kind: 'primary', icon: 'check' })}</form>`}
      </div>
      ${!isGood && faultTable(visit, faults)}
      ${readAs(visit, preview)}`,
  });
}

function countTiles({ t, format }: Visit, { created, updated, unchanged }: ImportCounts, faults?: number): Html {
  const tile = (label: string, count: number) =>
    html`<div class="figure"><dt>${label}</dt><dd><strong class="figure-main">${format.number(count)}</strong></dd></div>`;
  return html`<dl class="figures">
    ${tile(t.imports.counts.created, created)}
    ${tile(t.imports.counts.updated, updated)}
    ${tile(t.imports.counts.unchanged, unchanged)}
    ${faults !== undefined && tile(t.imports.counts.bad, faults)}
  </dl>`;
}

function faultTable(visit: Visit, faults: Fault[]): Html {
  const { t, format } = visit;
  const shown = faults.slice(0, maxListed);
  return section({
    id: 'faults',
    title: t.imports.faults,
    body: html`
      ${table<Fault>({
        caption: t.imports.faults,
        rows: shown,
        columns: [
          { label: t.imports.line, kind: 'title', cell: ({ line }) => t.imports.lineOf(format.number(line)) },
          {
            label: t.imports.column,
            cell: ({ field }) => (field === undefined ? undefined : (t.imports.columns[field] ?? field)),
          },
          {
            label: t.imports.value,
            cell: ({ value }) =>
              value === undefined || value === '' ? undefined : html`<code class="clamp">${value}</code>`,
          },
          { label: t.imports.reason, cell: (fault) => reasonOf(visit, fault) },
        ],
      })}
      ${faults.length > shown.length && html`<p class="muted">${t.imports.moreFaults(faults.length - shown.length)}</p>`}`,
  });
}

/** How the file was understood. */
function readAs({ t, format }: Visit, { table: file, found, numbers }: ImportPreview): Html {
  const column = ({ heading, field }: (typeof found.columns)[number]): Content => {
    const isCents = field === 'unitCost' && heading === 'unitCost';
    return html`<li><code>${heading}</code> ${icon('right')} ${t.imports.columns[field] ?? field}${isCents && ` (${t.imports.inCents})`}</li>`;
  };
  return section({
    id: 'read-as',
    title: t.imports.readAs,
    body: html`
      ${details([
        [t.imports.rows, format.number(file.rows.length)],
        [t.imports.delimiter, t.imports.delimiters[file.delimiter]],
        [t.imports.encoding, file.encoding],
        [t.imports.numbers, t.imports.numberStyles[numbers]],
      ])}
      <ul class="mapping">${found.columns.map(column)}</ul>
      ${found.readOnly.length > 0 && html`<p class="muted">${t.imports.readOnlyColumns(found.readOnly.join(', '))}</p>`}`,
  });
}

export function resultPage(
  visit: Visit,
  { kind, fileName, counts }: { kind: ImportKind; fileName: string; counts: ImportCounts | null },
): Html {
  const { t, organizationId } = visit;
  const leadsTo =
    kind === 'parts'
      ? linkButton({ label: t.imports.toParts, href: paths.parts(organizationId), kind: 'primary' })
      : linkButton({ label: t.imports.toMovements, href: paths.movements(organizationId), kind: 'primary' });
  return page(visit, {
    title: t.imports.doneTitle,
    place: 'parts',
    body: html`
      ${pageHeader(visit, {
        title: t.imports.doneTitle,
        lead: fileName,
        crumbs: [...crumbs(visit), { label: t.imports.title, href: paths.import(organizationId) }],
      })}
      <p>${badge({ tone: 'good', label: t.imports.done })}</p>
      ${counts && countTiles(visit, counts)}
      <div class="actions">
        ${linkButton({ label: t.imports.next, href: paths.import(organizationId), icon: 'upload' })}
        ${leadsTo}
      </div>`,
  });
}

import { etagOf } from '../../http/etag.ts';
import type { LocationName } from '../../stock/locations/all-locations.ts';
import type { findPart } from '../../stock/parts/list-parts.ts';
import { button, linkButton } from '../components/button.ts';
import { confirm } from '../components/confirm.ts';
import { errorSummary, fieldsOf } from '../components/form.ts';
import { icon } from '../components/icon.ts';
import { pageHeader } from '../components/page-header.ts';
import { attributes, type Content, type Html, html } from '../html.ts';
import { page } from '../layout.ts';
import { paths } from '../paths.ts';
import type { Visit } from '../visit.ts';
import { baseOf, type Change, labelsOf, type PartForm, typedPart } from './form.ts';

type Part = NonNullable<Awaited<ReturnType<typeof findPart>>>;

interface PartFormView {
  /** undefined: a new part. `version`: the one that the form was opened with, when not the newest. */
  part: (Part & { version?: string | undefined }) | undefined;
  form: PartForm;
  /** What the form began with; by default what is stored. */
  base?: string | undefined;
  /** What somebody else changed while the form was open. */
  changes?: Change[] | undefined;
  locations: LocationName[];
  categories: string[];
}

export function partFormPage(visit: Visit, view: PartFormView): Html {
  const { t, organizationId } = visit;
  const { part, form, changes = [] } = view;
  const title = part === undefined ? t.parts.createTitle : t.parts.editTitle(part.sku);
  const back = part === undefined ? paths.parts(organizationId) : paths.part(organizationId, part.id);
  return page(visit, {
    title,
    place: 'parts',
    body: html`
      ${pageHeader(visit, {
        title,
        crumbs: [
          { label: t.parts.title, href: paths.parts(organizationId) },
          ...(part === undefined ? [] : [{ label: part.sku, href: back }]),
        ],
      })}
      <form method="post" action="${back}" class="form form-wide" novalidate>
        ${part && html`<input type="hidden" name="version" value="${part.version ?? etagOf(part)}"><input type="hidden" name="base" value="${view.base ?? baseOf(typedPart(part))}">`}
        ${changes.length > 0 && conflictNotice(visit, changes)}
        ${errorSummary(visit, form.state, labelsOf(t))}
        ${fieldGroups(visit, view)}
        <div class="actions">
          ${linkButton({ label: t.common.cancel, href: back })}
          ${button({ label: part === undefined ? t.parts.submit : t.common.save, kind: 'primary' })}
        </div>
      </form>`,
  });
}

function fieldGroups(visit: Visit, { part, form, locations, categories }: PartFormView): Html {
  const { t } = visit;
  const fields = fieldsOf(visit, form.state);
  const group = (title: string, content: Content) =>
    html`<fieldset class="field-group"><legend>${title}</legend><div class="field-grid">${content}</div></fieldset>`;
  return html`
    ${group(t.parts.groups.what, [
      fields.text({
        name: 'sku',
        label: t.parts.sku,
        hint: t.parts.skuHint,
        maxLength: 255,
        isCode: true,
        isFocused: part === undefined,
      }),
      fields.text({ name: 'name', label: t.parts.name, maxLength: 255 }),
      fields.text({ name: 'category', label: t.parts.category, maxLength: 255, isOptional: true, list: 'categories' }),
      html`<datalist id="categories">${categories.map((value) => html`<option value="${value}"></option>`)}</datalist>`,
      fields.text({
        name: 'unit',
        label: t.parts.unit,
        hint: t.parts.unitHint,
        value: 'ea',
        maxLength: 32,
        isCode: true,
      }),
      html`<div class="field-whole">${fields.textArea({ name: 'description', label: t.parts.description, isOptional: true, maxLength: 10_000 })}</div>`,
    ])}
    ${group(t.parts.groups.stock, [
      fields.text({
        name: 'reorderPoint',
        label: t.parts.reorderPoint,
        hint: t.parts.reorderPointHint,
        isOptional: true,
        inputMode: 'decimal',
        isCode: true,
      }),
      fields.text({
        name: 'unitCost',
        label: t.parts.unitCost,
        hint: t.parts.unitCostHint,
        isOptional: true,
        inputMode: 'decimal',
        isCode: true,
      }),
      locations.length > 0 && html`<div class="field-whole">${minimumRows(visit, form, locations)}</div>`,
    ])}
    ${group(t.parts.groups.supply, [
      fields.text({
        name: 'barcode',
        label: t.parts.barcode,
        hint: t.parts.barcodeHint,
        isOptional: true,
        maxLength: 255,
        isCode: true,
      }),
      fields.text({
        name: 'manufacturerPartNumber',
        label: t.parts.manufacturerPartNumber,
        isOptional: true,
        maxLength: 255,
        isCode: true,
      }),
      fields.text({ name: 'supplier', label: t.parts.supplier, isOptional: true, maxLength: 255 }),
      fields.text({
        name: 'leadTimeDays',
        label: t.parts.leadTimeDays,
        hint: t.parts.leadTimeHint,
        isOptional: true,
        inputMode: 'numeric',
        isCode: true,
      }),
      fields.text({
        name: 'externalId',
        label: t.parts.externalId,
        hint: t.parts.externalIdHint,
        isOptional: true,
        maxLength: 255,
        isCode: true,
      }),
    ])}`;
}

/** Rows to fill in: those that there are, and two more. */
const spareRows = 2;

function minimumRows({ t }: Visit, { minimums, state }: PartForm, locations: LocationName[]): Html {
  const error = state.errors.locationMinimums;
  const rows = [...minimums, ...Array.from({ length: spareRows }, () => ({ locationId: '', minimum: '' }))];
  return html`<fieldset class="field${error === undefined ? '' : ' field-refused'}" id="field-locationMinimums">
    <legend>${t.parts.locationMinimums} <span class="optional">${t.common.optional}</span></legend>
    <p class="hint">${t.parts.locationMinimumsHint}</p>
    ${rows.map(
      ({ locationId, minimum }, n) => html`<div class="minimum-row">
        <span class="select"><select class="input" name="minimumLocation" aria-label="${t.parts.minimumLocation(n + 1)}">
          <option value=""></option>${locations.map(
            ({ id, name }) =>
              html`<option${attributes({ value: id, selected: String(id) === locationId })}>${name}</option>`,
          )}</select>${icon('chevron')}</span>
        <input class="input code" name="minimum" inputmode="decimal" autocomplete="off" aria-label="${t.parts.minimumAt(n + 1)}" value="${minimum}">
      </div>`,
    )}
    ${error !== undefined && html`<p class="error">${icon('warning')}<span>${error}</span></p>`}
  </fieldset>`;
}

function conflictNotice({ t }: Visit, changes: Change[]): Html {
  const shown = (text: string) => (text === '' ? t.parts.blank : text);
  return html`<div class="notice notice-warning" role="alert" tabindex="-1" data-focus>${icon('warning')}<div>
    <strong>${t.parts.conflictTitle}</strong>
    <p>${t.parts.conflictText}</p>
    <ul>${changes.map(({ field, before, now }) =>
      field === 'locationMinimums'
        ? html`<li>${t.parts.locationMinimums}</li>`
        : html`<li>${t.parts[field]}: <del>${shown(before)}</del> → <ins>${shown(now)}</ins></li>`,
    )}</ul>
  </div></div>`;
}

export function archivePage(visit: Visit, part: Part): Html {
  const { t, format, organizationId } = visit;
  const back = paths.part(organizationId, part.id);
  const onHand = Number(part.onHand);
  const title = t.parts.archiveTitle(part.sku);
  const refusal = html`
    <div class="confirm" data-confirm-panel>
      <h1>${title}</h1>
      <p>${t.parts.archiveHasStock(`${format.number(onHand)} ${part.unit}`)}</p>
      <div class="actions">${linkButton({ label: t.common.cancel, href: back })}</div>
    </div>`;
  return page(visit, {
    title,
    place: 'parts',
    body:
      onHand > 0
        ? refusal
        : confirm(visit, {
            title,
            text: html`<p>${t.parts.archiveText}</p>`,
            action: paths.archivePart(organizationId, part.id),
            submit: t.parts.archive,
            back,
          }),
  });
}

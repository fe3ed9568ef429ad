// @ts-check
/** What JavaScript adds to pages that work without it. It hangs on data attributes; nothing here knows a single page. */

/** A button beside a text that copies it. */
for (const button of document.querySelectorAll('[data-copy]')) {
  if (!(button instanceof HTMLButtonElement) || !navigator.clipboard) continue;
  const label = button.querySelector('span');
  const source = button.parentElement?.querySelector('[data-copy-source]');
  button.hidden = false;
  button.addEventListener('click', async () => {
    const before = label?.textContent ?? '';
    await navigator.clipboard.writeText(source?.textContent ?? '');
    if (label) label.textContent = button.dataset.copied ?? before;
    setTimeout(() => {
      if (label) label.textContent = before;
    }, 2_000);
  });
}

/** A text to copy is selected whole by a click. */
for (const source of document.querySelectorAll('[data-copy-source]')) {
  source.addEventListener('click', () => getSelection()?.selectAllChildren(source));
}

/** Times in the reader's own zone: to the minute, or to the second. */
const language = document.documentElement.lang === 'es' ? 'es-419' : 'en';
/** @type {Intl.DateTimeFormatOptions} */
const toMinute = {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
};
const minutes = new Intl.DateTimeFormat(language, toMinute);
const seconds = new Intl.DateTimeFormat(language, { ...toMinute, second: '2-digit' });

/** @param {ParentNode} root */
function localize(root) {
  for (const time of root.querySelectorAll('time[data-local]')) {
    if (!(time instanceof HTMLTimeElement)) continue;
    time.textContent = (time.dataset.local === 'second' ? seconds : minutes).format(new Date(time.dateTime));
  }
}
localize(document);

/** What went wrong takes the focus. */
const answer = document.querySelector('[data-focus]');
if (answer instanceof HTMLElement) answer.focus();

/** A form is sent once, however fast its button is pressed again. */
const sentAt = new WeakMap();
const sendAgainMs = 5_000;
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.method !== 'post') return;
  if (Date.now() - (sentAt.get(form) ?? 0) < sendAgainMs) return event.preventDefault();
  sentAt.set(form, Date.now());
});

/** A link that leads to a question shows it over the page. Whenever that fails, the link just leads there. */
document.addEventListener('click', async (event) => {
  const link = event.target instanceof Element ? event.target.closest('a[data-confirm]') : null;
  const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (!(link instanceof HTMLAnchorElement) || !isPlain) return;
  event.preventDefault();
  const panel = await fetchPanel(link.href);
  if (panel === null) return location.assign(link.href);
  ask(panel);
});

/** @param {string} url */
async function fetchPanel(url) {
  try {
    const response = await fetch(url, { headers: { Accept: 'text/html' } });
    const page = new DOMParser().parseFromString(await response.text(), 'text/html');
    return page.querySelector('[data-confirm-panel]');
  } catch {
    return null;
  }
}

/** @param {Element} panel */
function ask(panel) {
  const dialog = document.createElement('dialog');
  dialog.className = 'dialog';
  dialog.append(document.importNode(panel, true));
  const title = dialog.querySelector('h1');
  if (title) {
    title.id = 'dialog-title';
    dialog.setAttribute('aria-labelledby', title.id);
  }
  const cancel = dialog.querySelector('a.button');
  cancel?.addEventListener('click', (event) => {
    event.preventDefault();
    dialog.close();
  });
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/** A menu closes when something else is chosen. */
document.addEventListener('click', (event) => {
  for (const menu of document.querySelectorAll('details.organization-switch[open]')) {
    if (event.target instanceof Node && !menu.contains(event.target)) menu.removeAttribute('open');
  }
});
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape') return;
  for (const menu of document.querySelectorAll('details.organization-switch[open]')) {
    menu.removeAttribute('open');
    menu.querySelector('summary')?.focus();
  }
});

/** Days and times that are typed are of the reader's zone too: the form sends the instant. */
for (const input of document.querySelectorAll('input[type="datetime-local"]')) {
  if (!(input instanceof HTMLInputElement)) continue;
  const given = new Date(input.dataset.instant ?? '');
  if (!Number.isNaN(given.getTime())) {
    input.value = new Date(given.getTime() - given.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  }
  input.form?.addEventListener('formdata', ({ formData }) => {
    const typed = new Date(input.value);
    if (!Number.isNaN(typed.getTime())) formData.set(input.name, typed.toISOString());
  });
}

/** A part of the page that the service sends anew while something is under way. Nobody looks: nothing is asked for. */
for (const region of document.querySelectorAll('[data-live]')) {
  if (region instanceof HTMLElement) keepLive(region);
}

/** @param {HTMLElement} region */
function keepLive(region) {
  /** @type {EventSource | undefined} */
  let source;
  let isDone = false;
  const said = document.querySelector('[data-live-said]');

  function close() {
    source?.close();
    source = undefined;
  }
  function open() {
    if (source || isDone || document.hidden) return;
    source = new EventSource(region.dataset.live ?? '');
    source.addEventListener('message', ({ data }) => {
      const part = JSON.parse(data);
      replace(region, part.html);
      if (said && said.textContent !== part.said) said.textContent = part.said;
    });
    source.addEventListener('done', () => {
      isDone = true;
      close();
    });
    source.addEventListener('error', () => {
      if (source?.readyState !== EventSource.CLOSED) return; // it comes back by itself
      close();
      setTimeout(open, 10_000);
    });
  }
  document.addEventListener('visibilitychange', () => (document.hidden ? close() : open()));
  open();
}

/**
 * What was unfolded stays so, and what had the focus keeps it.
 * @param {HTMLElement} region
 * @param {string} markup our own service's
 */
function replace(region, markup) {
  const pressable = () => [...region.querySelectorAll('a, button, summary')];
  const focused = document.activeElement ? pressable().indexOf(document.activeElement) : -1;
  const unfolded = [...region.querySelectorAll('details[open][id]')].map(({ id }) => id);
  region.innerHTML = markup;
  localize(region);
  for (const id of unfolded) document.getElementById(id)?.setAttribute('open', '');
  const next = pressable()[focused];
  if (next instanceof HTMLElement) next.focus();
}

/** Where the browser reads barcodes itself, a button beside the field opens the camera. */
for (const button of document.querySelectorAll('[data-scan]')) {
  if (!('BarcodeDetector' in globalThis) || !navigator.mediaDevices || !(button instanceof HTMLButtonElement)) continue;
  button.hidden = false;
  button.addEventListener('click', () => scan(button));
}

/** @param {HTMLButtonElement} button */
async function scan(button) {
  const field = button.parentElement?.querySelector('input');
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } }).catch(() => null);
  if (!field) return;
  if (stream === null) {
    const label = button.querySelector('span');
    if (label) label.textContent = button.dataset.scanFailed ?? '';
    button.disabled = true;
    return field.focus();
  }
  const video = Object.assign(document.createElement('video'), { srcObject: stream, muted: true, playsInline: true });
  const dialog = cameraDialog(button, video);
  dialog.addEventListener('close', () => {
    for (const track of stream.getTracks()) track.stop();
    dialog.remove();
  });
  await video.play();
  const code = await readBarcode(video, () => dialog.open);
  dialog.close();
  if (code === undefined) return field.focus();
  field.value = code;
  field.form?.requestSubmit();
}

/**
 * @param {HTMLButtonElement} button
 * @param {HTMLVideoElement} video
 */
function cameraDialog({ dataset }, video) {
  const dialog = document.createElement('dialog');
  dialog.className = 'dialog';
  dialog.setAttribute('aria-label', dataset.scanTitle ?? '');
  const panel = Object.assign(document.createElement('div'), { className: 'scan-dialog' });
  const title = Object.assign(document.createElement('p'), { textContent: dataset.scanTitle ?? '' });
  const close = Object.assign(document.createElement('button'), {
    type: 'button',
    className: 'button button-secondary',
    textContent: dataset.scanClose ?? '',
  });
  close.addEventListener('click', () => dialog.close());
  panel.append(title, video, close);
  dialog.append(panel);
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/**
 * @param {HTMLVideoElement} video
 * @param {() => boolean} isWanted
 */
async function readBarcode(video, isWanted) {
  const detector = new /** @type {any} */ (globalThis).BarcodeDetector();
  while (isWanted()) {
    const [found] = await detector.detect(video).catch(() => []);
    if (found) return found.rawValue;
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  return undefined;
}

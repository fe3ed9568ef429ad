// MK_URL=https://maintenance.example.com MK_KEY=mk_live_… node connect-erp.mjs load parts.json
import { randomUUID } from 'node:crypto';
import { rename as moveFile, readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const api = `${process.env.MK_URL}/api/v1`;
const ownKeyId = Number(process.env.OWN_KEY_ID); // what you wrote yourself, you need not be told
const maxAttempts = 6;
const batchSize = 1_000;
const pageSize = 500;

/** Creates or changes parts by their sku, a thousand at a time, each thousand whole or not at all. */
async function load(file) {
  const parts = await readJson(file);
  for (let from = 0; from < parts.length; from += batchSize) {
    const body = { parts: parts.slice(from, from + batchSize) };
    const { data } = await succeed('PUT', '/parts/batch', { body, key: randomUUID() });
    console.log(`${data.length} parts, ${data.filter(({ status }) => status !== 'unchanged').length} written`);
  }
}

/** Posts movements in order. Each has an `externalId`, so the same file may be posted again at any time. */
async function post(file) {
  for (const movement of await readJson(file)) {
    const id = movement.externalId;
    const { status, body } = await call('POST', '/movements', { body: movement, key: id });
    if (status === 201) console.log(`${id} recorded, ${body.data.onHand} on hand`);
    else if (status === 409 && (await isRecorded(id))) console.log(`${id} was recorded before`);
    else console.log(`${id} refused: ${body.error.code}: ${body.error.message}`);
  }
}

async function isRecorded(externalId) {
  const { data } = await succeed('GET', `/movements?${new URLSearchParams({ externalId })}`);
  return data.length > 0;
}

/** Prints what is new since the last call; run it from cron. Your own work goes where it prints. */
async function follow(path, parameter, cursorFile) {
  let cursor = await readFile(cursorFile, 'utf8').catch(() => '');
  for (;;) {
    const query = new URLSearchParams({ limit: pageSize, ...(cursor === '' ? {} : { [parameter]: cursor }) });
    const { data, nextCursor } = await succeed('GET', `${path}${query}`);
    for (const row of data.filter(({ apiKeyId }) => apiKeyId !== ownKeyId)) console.log(JSON.stringify(row));
    // Kept after the work: after a crash a page comes again. In a database both go into one transaction.
    cursor = nextCursor;
    await writeFile(`${cursorFile}.new`, cursor);
    await moveFile(`${cursorFile}.new`, cursorFile);
    if (data.length < pageSize) return;
  }
}

/** Prints where your books ([{ sku, location, onHand }]) and maintainkit differ. */
async function reconcile(file) {
  const keyOf = ({ sku, location }) => JSON.stringify([sku, location]);
  const books = new Map((await readJson(file)).map((row) => [keyOf(row), row]));
  const { data: stock } = await succeed('GET', '/stock');
  const here = new Map(stock.map((row) => [keyOf(row), row]));
  for (const [key, { sku, location }] of new Map([...here, ...books])) {
    const [mine, theirs] = [books.get(key)?.onHand ?? 0, here.get(key)?.onHand ?? 0];
    if (mine !== theirs) console.log(`${sku} at ${location}: ${mine} in the books, ${theirs} in maintainkit`);
  }
}

/** Changes a part only as you saw it: when somebody else was quicker, looks again. */
async function rename(sku, name) {
  const path = `/parts/${encodeURIComponent(sku)}?by=sku`;
  for (;;) {
    const shown = await call('GET', path);
    const headers = { 'If-Match': shown.headers.get('ETag') };
    const { status, body } = await call('PATCH', path, { body: { name }, key: randomUUID(), headers });
    if (status !== 412) return console.log(status === 200 ? body.data.name : body.error.message);
  }
}

/** One request, sent again under the same key as long as that can help. */
async function call(method, path, { body, key, headers } = {}) {
  const request = {
    method,
    headers: {
      Authorization: `Bearer ${process.env.MK_KEY}`,
      ...(body && { 'Content-Type': 'application/json' }),
      ...(key && { 'Idempotency-Key': key }),
      ...headers,
    },
    body: body && JSON.stringify(body),
  };
  for (let attempt = 1; ; attempt++) {
    const answer = await send(`${api}${path}`, request);
    const retryAfter = answer.headers.get('Retry-After');
    const mayHelp = answer.status === 0 || answer.status === 429 || answer.status >= 500;
    // 409 with Retry-After: the same request is still running.
    if (!(mayHelp || (answer.status === 409 && retryAfter)) || attempt === maxAttempts) return answer;
    await sleep(1_000 * Number(retryAfter ?? 2 ** (attempt - 1)));
  }
}

/** Status 0: no answer came, so nobody knows whether the work was done. */
async function send(url, request) {
  try {
    const response = await fetch(url, { ...request, signal: AbortSignal.timeout(60_000) });
    return { status: response.status, headers: response.headers, body: await response.json() };
  } catch (error) {
    return { status: 0, headers: new Headers(), body: { error: { code: 'no_answer', message: String(error) } } };
  }
}

/** What an answer must hold for the rest to make sense. */
async function succeed(method, path, options) {
  const { status, body } = await call(method, path, options);
  if (body.error) throw new Error(`${method} ${path}: ${status} ${body.error.code}: ${body.error.message}`);
  return body;
}

const readJson = async (file) => JSON.parse(await readFile(file, 'utf8'));

const commands = {
  load,
  post,
  events: () => follow('/events?', 'after', 'events.cursor'),
  ledger: () => follow('/movements?sort=sequence&', 'cursor', 'ledger.cursor'),
  reconcile,
  rename,
};
const [command, ...args] = process.argv.slice(2);
await commands[command](...args);

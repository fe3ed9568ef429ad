// PORT=4000 WEBHOOK_SECRETS=whsec_… OWN_KEY_ID=1 node receive-webhooks.mjs
import { createHmac, timingSafeEqual } from 'node:crypto';
import { link, mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';

const secrets = process.env.WEBHOOK_SECRETS.split(','); // while one is being rotated: new,old
const ownKeyId = process.env.OWN_KEY_ID; // the id of the API key that you write with
const inbox = process.env.INBOX ?? 'inbox';
const toleranceSeconds = 300;

await mkdir(inbox, { recursive: true });
createServer(async (request, response) => {
  const status = await receive(request).catch((error) => {
    console.error(error);
    return 500; // the delivery comes again
  });
  response.writeHead(status).end();
}).listen(Number(process.env.PORT ?? 4000));

async function receive(request) {
  const rawBody = await buffer(request); // the bytes as they came: parsed and written again, they could differ
  if (!isStandardSigned(request.headers, rawBody) || !isPublishedSigned(request.headers, rawBody)) return 401;
  if (request.headers['x-mk-key'] === ownKeyId) return 204; // the echo of your own write
  await keep(request.headers['webhook-id'], rawBody);
  return 204; // well within 15 seconds: the work is done later, from the inbox
}

/** By Standard Webhooks: over id, time and body, under the decoded secret; one signature for each secret in use. */
function isStandardSigned(headers, rawBody) {
  const { 'webhook-id': id = '', 'webhook-timestamp': timestamp = '', 'webhook-signature': given = '' } = headers;
  const isRecent = Math.abs(Date.now() / 1000 - Number(timestamp)) <= toleranceSeconds;
  return (
    isRecent &&
    secrets.some((secret) => {
      const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
      const digest = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(rawBody).digest('base64');
      return given.split(' ').some((signature) => areEqual(signature, `v1,${digest}`));
    })
  );
}

/** By `X-MK-Signature`: over the body alone, under the whole secret as it is shown. */
function isPublishedSigned(headers, rawBody) {
  return secrets.some((secret) => {
    const digest = createHmac('sha256', secret).update(rawBody).digest('hex');
    return areEqual(headers['x-mk-signature'] ?? '', `sha256=${digest}`);
  });
}

/** Takes equally long whatever differs, so that nobody can guess a signature piece by piece. */
function areEqual(given, expected) {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Whole or not at all, and once for each id: a repeat finds the file there. In a database: a unique column. */
async function keep(id, rawBody) {
  const draft = join(inbox, `${id}.${crypto.randomUUID()}.draft`);
  await writeFile(draft, rawBody, { flush: true });
  try {
    await link(draft, join(inbox, `${id}.json`));
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  } finally {
    await rm(draft);
  }
}

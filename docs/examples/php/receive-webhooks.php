<?php
// To try it: WEBHOOK_SECRETS=whsec_… OWN_KEY_ID=1 php -S 127.0.0.1:4000 receive-webhooks.php
declare(strict_types=1);

const TOLERANCE_SECONDS = 300;
$secrets = explode(',', getenv('WEBHOOK_SECRETS')); // while one is being rotated: new,old
$ownKeyId = getenv('OWN_KEY_ID'); // the id of the API key that you write with
$inbox = getenv('INBOX') ?: 'inbox';

try {
    http_response_code(receive($secrets, $ownKeyId, $inbox));
} catch (Throwable $error) {
    error_log((string) $error);
    http_response_code(500); // the delivery comes again
}

function receive(array $secrets, string|false $ownKeyId, string $inbox): int
{
    $rawBody = file_get_contents('php://input'); // the bytes as they came: parsed and written again, they could differ
    if (!isStandardSigned($secrets, $rawBody) || !isPublishedSigned($secrets, $rawBody)) {
        return 401;
    }
    if ($ownKeyId !== false && headerOf('X-MK-Key') === $ownKeyId) {
        return 204; // the echo of your own write
    }
    keep($inbox, headerOf('webhook-id'), $rawBody);
    return 204; // well within 15 seconds: the work is done later, from the inbox
}

/** By Standard Webhooks: over id, time and body, under the decoded secret; one signature for each secret in use. */
function isStandardSigned(array $secrets, string $rawBody): bool
{
    $timestamp = headerOf('webhook-timestamp');
    if (!ctype_digit($timestamp) || abs(time() - (int) $timestamp) > TOLERANCE_SECONDS) {
        return false;
    }
    $signed = headerOf('webhook-id') . ".$timestamp.$rawBody";
    foreach ($secrets as $secret) {
        $key = base64_decode(str_replace('whsec_', '', $secret));
        $expected = 'v1,' . base64_encode(hash_hmac('sha256', $signed, $key, true));
        foreach (explode(' ', headerOf('webhook-signature')) as $signature) {
            if (hash_equals($expected, $signature)) {
                return true;
            }
        }
    }
    return false;
}

/** By `X-MK-Signature`: over the body alone, under the whole secret as it is shown. */
function isPublishedSigned(array $secrets, string $rawBody): bool
{
    foreach ($secrets as $secret) {
        // Takes equally long whatever differs, so that nobody can guess a signature piece by piece.
        if (hash_equals('sha256=' . hash_hmac('sha256', $rawBody, $secret), headerOf('X-MK-Signature'))) {
            return true;
        }
    }
    return false;
}

/** Whole or not at all, and once for each id: a repeat finds the file there. In a database: a unique column. */
function keep(string $inbox, string $id, string $rawBody): void
{
    if (!is_dir($inbox) && !mkdir($inbox, 0700, true) && !is_dir($inbox)) {
        throw new RuntimeException("$inbox cannot be made");
    }
    $draft = tempnam($inbox, 'draft');
    if (file_put_contents($draft, $rawBody) !== strlen($rawBody)) {
        throw new RuntimeException("$draft cannot be written");
    }
    $isNew = @link($draft, "$inbox/$id.json");
    unlink($draft);
    if (!$isNew && !file_exists("$inbox/$id.json")) {
        throw new RuntimeException("$id cannot be kept");
    }
}

function headerOf(string $name): string
{
    return $_SERVER['HTTP_' . strtoupper(str_replace('-', '_', $name))] ?? '';
}

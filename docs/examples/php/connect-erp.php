<?php
// MK_URL=https://maintenance.example.com MK_KEY=mk_live_… php connect-erp.php load parts.json
declare(strict_types=1);

const MAX_ATTEMPTS = 6;
const BATCH_SIZE = 1_000;
const PAGE_SIZE = 500;

$arguments = array_slice($argv, 2);
match ($argv[1]) {
    'load' => load(...$arguments),
    'post' => post(...$arguments),
    'events' => follow('/events?', 'after', 'events.cursor'),
    'ledger' => follow('/movements?sort=sequence&', 'cursor', 'ledger.cursor'),
    'reconcile' => reconcile(...$arguments),
    'rename' => renamePart(...$arguments),
};

/** Creates or changes parts by their sku, a thousand at a time, each thousand whole or not at all. */
function load(string $file): void
{
    foreach (array_chunk(readJson($file), BATCH_SIZE) as $parts) {
        $data = succeed('PUT', '/parts/batch', ['parts' => $parts], newKey())['data'];
        $written = array_filter($data, fn ($part) => $part['status'] !== 'unchanged');
        say(count($data) . ' parts, ' . count($written) . ' written');
    }
}

/** Posts movements in order. Each has an `externalId`, so the same file may be posted again at any time. */
function post(string $file): void
{
    foreach (readJson($file) as $movement) {
        $id = $movement['externalId'];
        ['status' => $status, 'body' => $body] = call('POST', '/movements', $movement, $id);
        if ($status === 201) {
            say("$id recorded, {$body['data']['onHand']} on hand");
        } elseif ($status === 409 && isRecorded($id)) {
            say("$id was recorded before");
        } else {
            say("$id refused: {$body['error']['code']}: {$body['error']['message']}");
        }
    }
}

function isRecorded(string $externalId): bool
{
    return count(succeed('GET', '/movements?' . http_build_query(['externalId' => $externalId]))['data']) > 0;
}

/** Prints what is new since the last call; run it from cron. Your own work goes where it prints. */
function follow(string $path, string $parameter, string $cursorFile): void
{
    $ownKeyId = (int) getenv('OWN_KEY_ID'); // what you wrote yourself, you need not be told
    $cursor = is_file($cursorFile) ? file_get_contents($cursorFile) : null;
    do {
        $query = ['limit' => PAGE_SIZE] + ($cursor === null ? [] : [$parameter => $cursor]);
        ['data' => $data, 'nextCursor' => $cursor] = succeed('GET', $path . http_build_query($query));
        foreach ($data as $row) {
            if (($row['apiKeyId'] ?? null) !== $ownKeyId) {
                say(toJson($row));
            }
        }
        // Kept after the work: after a crash a page comes again. In a database both go into one transaction.
        file_put_contents("$cursorFile.new", $cursor);
        rename("$cursorFile.new", $cursorFile);
    } while (count($data) === PAGE_SIZE);
}

/** Prints where your books ([{ sku, location, onHand }]) and maintainkit differ. */
function reconcile(string $file): void
{
    $keyOf = fn (array $row) => toJson([$row['sku'], $row['location']]);
    $books = array_column(array_map(fn ($row) => [$keyOf($row), $row], readJson($file)), 1, 0);
    $here = array_column(array_map(fn ($row) => [$keyOf($row), $row], succeed('GET', '/stock')['data']), 1, 0);
    foreach ($here + $books as $key => ['sku' => $sku, 'location' => $location]) {
        $mine = $books[$key]['onHand'] ?? 0;
        $theirs = $here[$key]['onHand'] ?? 0;
        if ($mine != $theirs) {
            say("$sku at $location: $mine in the books, $theirs in maintainkit");
        }
    }
}

/** Changes a part only as you saw it: when somebody else was quicker, looks again. */
function renamePart(string $sku, string $name): void
{
    $path = '/parts/' . rawurlencode($sku) . '?by=sku';
    do {
        $etag = call('GET', $path)['headers']['etag'];
        ['status' => $status, 'body' => $body] = call('PATCH', $path, ['name' => $name], newKey(), ["If-Match: $etag"]);
    } while ($status === 412);
    say($status === 200 ? $body['data']['name'] : $body['error']['message']);
}

/** One request, sent again under the same key as long as that can help. Answers status, headers and body. */
function call(string $method, string $path, ?array $body = null, ?string $key = null, array $headers = []): array
{
    $headers[] = 'Authorization: Bearer ' . getenv('MK_KEY');
    if ($body !== null) {
        $headers[] = 'Content-Type: application/json';
    }
    if ($key !== null) {
        $headers[] = "Idempotency-Key: $key";
    }
    for ($attempt = 1; ; $attempt++) {
        $answer = send($method, $path, $headers, $body === null ? '' : toJson($body));
        $retryAfter = $answer['headers']['retry-after'] ?? null;
        $mayHelp = $answer['status'] === 0 || $answer['status'] === 429 || $answer['status'] >= 500;
        // 409 with Retry-After: the same request is still running.
        if (!($mayHelp || ($answer['status'] === 409 && $retryAfter !== null)) || $attempt === MAX_ATTEMPTS) {
            return $answer;
        }
        sleep((int) ($retryAfter ?? 2 ** ($attempt - 1)));
    }
}

/** Status 0: no answer came, so nobody knows whether the work was done. */
function send(string $method, string $path, array $headers, string $content): array
{
    $http = ['method' => $method, 'header' => $headers, 'content' => $content, 'timeout' => 60, 'ignore_errors' => true];
    $text = @file_get_contents(getenv('MK_URL') . "/api/v1$path", false, stream_context_create(['http' => $http]));
    $body = $text === false ? null : json_decode($text, true);
    if ($body === null) {
        return ['status' => 0, 'headers' => [], 'body' => ['error' => ['code' => 'no_answer', 'message' => 'No answer.']]];
    }
    $answer = [];
    foreach (array_slice($http_response_header, 1) as $line) {
        [$name, $value] = explode(':', $line, 2);
        $answer[strtolower($name)] = trim($value);
    }
    return ['status' => (int) explode(' ', $http_response_header[0])[1], 'headers' => $answer, 'body' => $body];
}

/** What an answer must hold for the rest to make sense. */
function succeed(string $method, string $path, ?array $body = null, ?string $key = null): array
{
    ['status' => $status, 'body' => $answer] = call($method, $path, $body, $key);
    if (isset($answer['error'])) {
        throw new RuntimeException("$method $path: $status {$answer['error']['code']}: {$answer['error']['message']}");
    }
    return $answer;
}

function readJson(string $file): array
{
    return json_decode(file_get_contents($file), true, flags: JSON_THROW_ON_ERROR);
}

function toJson(array $value): string
{
    return json_encode($value, JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES);
}

function newKey(): string
{
    return bin2hex(random_bytes(16));
}

function say(string $line): void
{
    echo $line, "\n";
}

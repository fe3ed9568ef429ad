# MK_URL=https://maintenance.example.com MK_KEY=mk_live_… python3 connect_erp.py load parts.json
import http.client
import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid
from urllib.parse import quote, urlencode

API = os.environ["MK_URL"] + "/api/v1"
OWN_KEY_ID = int(os.environ.get("OWN_KEY_ID", "0"))  # what you wrote yourself, you need not be told
MAX_ATTEMPTS = 6
BATCH_SIZE = 1_000
PAGE_SIZE = 500


def load(file):
    """Creates or changes parts by their sku, a thousand at a time, each thousand whole or not at all."""
    parts = read_json(file)
    for start in range(0, len(parts), BATCH_SIZE):
        body = {"parts": parts[start : start + BATCH_SIZE]}
        data = succeed("PUT", "/parts/batch", body, key=str(uuid.uuid4()))["data"]
        print(f"{len(data)} parts, {sum(part['status'] != 'unchanged' for part in data)} written")


def post(file):
    """Posts movements in order. Each has an `externalId`, so the same file may be posted again at any time."""
    for movement in read_json(file):
        external_id = movement["externalId"]
        status, _, body = call("POST", "/movements", movement, key=external_id)
        if status == 201:
            print(f"{external_id} recorded, {body['data']['onHand']} on hand")
        elif status == 409 and is_recorded(external_id):
            print(f"{external_id} was recorded before")
        else:
            print(f"{external_id} refused: {body['error']['code']}: {body['error']['message']}")


def is_recorded(external_id):
    return len(succeed("GET", f"/movements?{urlencode({'externalId': external_id})}")["data"]) > 0


def follow(path, parameter, cursor_file):
    """Prints what is new since the last call; run it from cron. Your own work goes where it prints."""
    cursor = None
    if os.path.exists(cursor_file):
        with open(cursor_file, encoding="utf-8") as file:
            cursor = file.read()
    while True:
        query = {"limit": PAGE_SIZE} if cursor is None else {"limit": PAGE_SIZE, parameter: cursor}
        page = succeed("GET", path + urlencode(query))
        for row in page["data"]:
            if row.get("apiKeyId") != OWN_KEY_ID:
                print(json.dumps(row, ensure_ascii=False, separators=(",", ":")))
        # Kept after the work: after a crash a page comes again. In a database both go into one transaction.
        cursor = page["nextCursor"]
        with open(f"{cursor_file}.new", "w", encoding="utf-8") as file:
            file.write(cursor)
        os.replace(f"{cursor_file}.new", cursor_file)
        if len(page["data"]) < PAGE_SIZE:
            return


def reconcile(file):
    """Prints where your books ([{ sku, location, onHand }]) and maintainkit differ."""
    books = {(row["sku"], row["location"]): row["onHand"] for row in read_json(file)}
    here = {(row["sku"], row["location"]): row["onHand"] for row in succeed("GET", "/stock")["data"]}
    for sku, location in here | books:
        mine, theirs = books.get((sku, location), 0), here.get((sku, location), 0)
        if mine != theirs:
            print(f"{sku} at {location}: {mine} in the books, {theirs} in maintainkit")


def rename(sku, name):
    """Changes a part only as you saw it: when somebody else was quicker, looks again."""
    path = f"/parts/{quote(sku, safe='')}?by=sku"
    while True:
        _, shown, _ = call("GET", path)
        headers = {"If-Match": shown["ETag"]}
        status, _, body = call("PATCH", path, {"name": name}, key=str(uuid.uuid4()), headers=headers)
        if status != 412:
            print(body["data"]["name"] if status == 200 else body["error"]["message"])
            return


def call(method, path, body=None, key=None, headers=None):
    """One request, sent again under the same key as long as that can help. Answers status, headers and body."""
    request = urllib.request.Request(API + path, method=method, headers=headers or {})
    request.add_header("Authorization", f"Bearer {os.environ['MK_KEY']}")
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    if key is not None:
        request.add_header("Idempotency-Key", key)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        status, answer_headers, answer = send(request)
        retry_after = answer_headers.get("Retry-After")
        may_help = status == 0 or status == 429 or status >= 500
        # 409 with Retry-After: the same request is still running.
        if not (may_help or (status == 409 and retry_after)) or attempt == MAX_ATTEMPTS:
            return status, answer_headers, answer
        time.sleep(float(retry_after or 2 ** (attempt - 1)))


def send(request):
    """Status 0: no answer came, so nobody knows whether the work was done."""
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, response.headers, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, error.headers, json.load(error)
    except (OSError, http.client.HTTPException) as error:
        return 0, {}, {"error": {"code": "no_answer", "message": str(error)}}


def succeed(method, path, body=None, key=None):
    """What an answer must hold for the rest to make sense."""
    status, _, answer = call(method, path, body, key)
    if "error" in answer:
        raise RuntimeError(f"{method} {path}: {status} {answer['error']['code']}: {answer['error']['message']}")
    return answer


def read_json(file):
    with open(file, encoding="utf-8") as opened:
        return json.load(opened)


COMMANDS = {
    "load": load,
    "post": post,
    "events": lambda: follow("/events?", "after", "events.cursor"),
    "ledger": lambda: follow("/movements?sort=sequence&", "cursor", "ledger.cursor"),
    "reconcile": reconcile,
    "rename": rename,
}
COMMANDS[sys.argv[1]](*sys.argv[2:])

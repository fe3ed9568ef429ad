# PORT=4000 WEBHOOK_SECRETS=whsec_… OWN_KEY_ID=1 python3 receive_webhooks.py
import base64
import hashlib
import hmac
import os
import tempfile
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRETS = os.environ["WEBHOOK_SECRETS"].split(",")  # while one is being rotated: new,old
OWN_KEY_ID = os.environ.get("OWN_KEY_ID")  # the id of the API key that you write with
INBOX = os.environ.get("INBOX", "inbox")
TOLERANCE_SECONDS = 300


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        try:
            status = self.receive()
        except Exception as error:
            self.log_error("%r", error)
            status = 500  # the delivery comes again
        self.send_response(status)
        self.end_headers()

    def receive(self):
        # The bytes as they came: parsed and written again, they could differ.
        raw_body = self.rfile.read(int(self.headers["Content-Length"]))
        if not is_standard_signed(self.headers, raw_body) or not is_published_signed(self.headers, raw_body):
            return 401
        if OWN_KEY_ID is not None and self.headers.get("X-MK-Key") == OWN_KEY_ID:
            return 204  # the echo of your own write
        keep(self.headers["webhook-id"], raw_body)
        return 204  # well within 15 seconds: the work is done later, from the inbox

    def log_request(self, *args):
        pass


def is_standard_signed(headers, raw_body):
    """By Standard Webhooks: over id, time and body, under the decoded secret; one signature for each secret in use."""
    timestamp = headers.get("webhook-timestamp", "")
    if not timestamp.isdecimal() or abs(time.time() - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    signed = f"{headers.get('webhook-id', '')}.{timestamp}.".encode() + raw_body
    for secret in SECRETS:
        key = base64.b64decode(secret.replace("whsec_", "", 1))
        expected = b"v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256))
        for signature in headers.get("webhook-signature", "").split(" "):
            if hmac.compare_digest(signature.encode(), expected):
                return True
    return False


def is_published_signed(headers, raw_body):
    """By `X-MK-Signature`: over the body alone, under the whole secret as it is shown."""
    given = headers.get("X-MK-Signature", "").encode()
    return any(
        # Takes equally long whatever differs, so that nobody can guess a signature piece by piece.
        hmac.compare_digest(given, b"sha256=" + hmac.digest(secret.encode(), raw_body, hashlib.sha256).hex().encode())
        for secret in SECRETS
    )


def keep(event_id, raw_body):
    """Whole or not at all, and once for each id: a repeat finds the file there. In a database: a unique column."""
    with tempfile.NamedTemporaryFile(dir=INBOX, suffix=".draft") as draft:
        draft.write(raw_body)
        draft.flush()
        os.fsync(draft.fileno())
        try:
            os.link(draft.name, os.path.join(INBOX, f"{event_id}.json"))
        except FileExistsError:
            pass


os.makedirs(INBOX, exist_ok=True)
ThreadingHTTPServer(("", int(os.environ.get("PORT", "4000"))), Receiver).serve_forever()

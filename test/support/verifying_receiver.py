"""A consumer as its author would write it: verifies each delivery with the standardwebhooks library, answers 204 or 401.

Reads the secret to verify with as a line on stdin, a new one whenever it changes. Writes one JSON line for its port, for
each secret taken, and for each delivery: what the library gave back or why it refused.
"""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

webhook = None


def say(**line):
    print(json.dumps(line), flush=True)


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        raw_body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            verdict = {"verified": webhook.verify(raw_body, dict(self.headers))}
        except WebhookVerificationError as error:
            verdict = {"refused": str(error)}
        self.send_response(204 if "verified" in verdict else 401)
        self.end_headers()
        say(**verdict)

    def log_message(self, *args):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
threading.Thread(target=server.serve_forever, daemon=True).start()
say(port=server.server_port)
for secret in sys.stdin:
    webhook = Webhook(secret.strip())
    say(secretTaken=True)

"""Receive webhooks and believe only those that X-Magnet signed: verify_webhook.py <port>. Needs XMAGNET_WEBHOOK_SECRET.

The signature is Standard Webhooks': HMAC-SHA-256 over "<id>.<timestamp>.<body>"; during a rotation there are two.
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

SECRET = base64.b64decode(os.environ["XMAGNET_WEBHOOK_SECRET"].removeprefix("whsec_"))
TOLERANCE_SECONDS = 300
seen = set()  # message ids; a real receiver keeps them for a few days


def is_genuine(headers, body):
    """Whether the message is ours and fresh. Compare in constant time, over the bytes as they came."""
    message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not timestamp.isdigit() or abs(time.time() - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    signed = f"{message_id}.{timestamp}.".encode() + body
    expected = base64.b64encode(hmac.digest(SECRET, signed, hashlib.sha256)).decode()
    given = [part.removeprefix("v1,") for part in headers.get("webhook-signature", "").split()]
    return any(hmac.compare_digest(expected, signature) for signature in given)


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not is_genuine(self.headers, body):
            self.send_response(401)
        else:
            self.send_response(204)  # answer at once, work afterwards; what is not 2xx is sent again
            if self.headers["webhook-id"] not in seen:
                seen.add(self.headers["webhook-id"])
                message = json.loads(body)
                print(message["type"], json.dumps(message["data"]), flush=True)
        self.end_headers()

    def log_message(self, *arguments):
        """Only messages are printed."""


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()

#!/usr/bin/env python3
"""Receives what a webhook is told of changes, and keeps the rows in a SQLite file.

用法 usage: JIXIAO_WEBHOOK_SECRET=whsec_… receive.py COPY.db [PORT]

Signatures are checked by the library `standardwebhooks` (pip install standardwebhooks); the rest is Python's standard
library. Rows and the number of the last event are kept in one transaction: a message that comes twice changes nothing,
and if one is missing it is seen at once.
"""

import json
import os
import sqlite3
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

SCHEMA = """
CREATE TABLE IF NOT EXISTS row (
    resource TEXT, id TEXT, unit TEXT, revision INTEGER NOT NULL, facts TEXT NOT NULL, PRIMARY KEY (resource, id)
);
CREATE TABLE IF NOT EXISTS place (only INTEGER PRIMARY KEY CHECK (only = 1), last TEXT NOT NULL);
"""


class Missing(Exception):
    """An event does not follow the last one that came."""


def take(copy, events):
    """Takes events, each once; how many were new."""
    new = 0
    with copy:
        # The first event that ever comes follows whatever was there before the webhook.
        (last,) = copy.execute("SELECT last FROM place").fetchone() or (events[0]["previous"],)
        for event in events:
            if event["sequence"] <= last:
                continue  # It came before.
            if event["previous"] > last:
                raise Missing(f"{event['previous']} 未收到 is missing, 最后 the last is {last}")
            change = event["data"]
            copy.execute("DELETE FROM row WHERE resource = ? AND id = ?", (change["resource"], change["id"]))
            if change["operation"] != "deleted":
                facts = json.dumps(change["facts"], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
                values = (change["resource"], change["id"], change["unit"], change["sequence"], facts)
                copy.execute("INSERT INTO row VALUES (?, ?, ?, ?, ?)", values)
            last, new = event["sequence"], new + 1
        copy.execute("INSERT OR REPLACE INTO place VALUES (1, ?)", (last,))
    return new


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        try:
            # The library reads the body, too: it must not be changed before.
            self.server.verifier.verify(body, dict(self.headers.items()))
        except WebhookVerificationError as error:
            return self.answer(401, str(error))
        message = json.loads(body)
        try:
            new = take(self.server.copy, message if isinstance(message, list) else [message])
        except Missing as error:
            # Not kept, and sent again; meanwhile somebody asks for a recovery (POST /v1/webhooks/{id}/recovery).
            return self.answer(409, str(error))
        self.answer(200, f"{new} 条新变更 new")

    def answer(self, status, text):
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())
        print(status, self.headers.get("webhook-id"), text, flush=True)

    def log_message(self, *_):
        pass


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    server = HTTPServer(("127.0.0.1", int(sys.argv[2]) if len(sys.argv) > 2 else 8090), Receiver)
    server.verifier = Webhook(os.environ["JIXIAO_WEBHOOK_SECRET"])
    server.copy = sqlite3.connect(sys.argv[1])
    server.copy.executescript(SCHEMA)
    server.serve_forever()


if __name__ == "__main__":
    main()

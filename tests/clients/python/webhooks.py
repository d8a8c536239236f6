"""Runs the example of a receiver as it stands, with the published verifier, beside a running service."""

import json
import os
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from standardwebhooks import Webhook

SERVER, WORK = os.environ["JIXIAO_URL"], Path(os.environ["JIXIAO_WORK"])
EXAMPLE, PORT = os.environ["JIXIAO_EXAMPLE"], os.environ["JIXIAO_RECEIVER_PORT"]
HERE = f"http://127.0.0.1:{PORT}/"


def ask(method: str, path: str, body: Any = None) -> Any:
    headers = {"Authorization": f"Bearer {os.environ['JIXIAO_TOKEN']}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(SERVER + path, data, headers, method=method)) as answer:
        return json.loads(answer.read() or b"null")


def start(secret: str) -> "subprocess.Popen[bytes]":
    environment = os.environ | {"JIXIAO_WEBHOOK_SECRET": secret}
    receiver = subprocess.Popen([sys.executable, EXAMPLE, str(WORK / "copy.db"), PORT], env=environment)
    for _ in range(100):
        try:
            urllib.request.urlopen(urllib.request.Request(HERE, b"{}", method="POST"))
        except urllib.error.HTTPError as error:
            assert error.code == 401, "what is not signed is not taken"
            return receiver
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the receiver does not start")


def everything() -> "dict[tuple[str, str], str]":
    rows: "dict[tuple[str, str], str]" = {}
    at = after = None
    while True:
        query = f"?limit=1000&at={at}&after={after}" if after else "?limit=1000"
        page = ask("GET", "/v1/snapshots" + query)
        for row in page["items"]:
            facts = json.dumps(row["facts"], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
            rows[row["resource"], row["id"]] = facts
        at, after = page["at"], page["next"]
        if after is None:
            return rows


def until_up_to_date() -> None:
    for _ in range(600):
        status = ask("GET", "/v1/webhooks/example/status")
        if status["state"] == "up_to_date":
            return
        time.sleep(0.1)
    raise AssertionError(status)


def main() -> None:
    ask("PUT", "/v1/webhooks/example", {"url": HERE, "most_events": 50})
    secret = ask("POST", "/v1/webhooks/example/secrets")["secret"]
    receiver = start(secret)
    ask("POST", "/v1/webhooks/example/recovery?after=0")
    for number in range(20):
        ask("PUT", f"/v1/units/hook{number}", {"name": f"推送{number}", "kind": "other", "parent": "430922"})
        if number == 10:
            # Gone for a moment, in the middle of it.
            receiver.kill()
            receiver.wait()
            receiver = start(secret)
    until_up_to_date()
    copy = sqlite3.connect(WORK / "copy.db")
    kept = {(resource, key): facts for resource, key, facts in copy.execute("SELECT resource, id, facts FROM row")}
    assert kept == everything(), "the copy is not what the service holds"

    # Somebody else's message, and a message that leaves something out.
    def send(signed_with: str, last: str) -> int:
        event = {"sequence": "9" * 16, "previous": last, "data": {}}
        body, now = json.dumps([event]), datetime.now(timezone.utc)
        headers = {
            "webhook-id": "x", "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(signed_with).sign("x", now, body),
        }
        try:
            with urllib.request.urlopen(urllib.request.Request(HERE, body.encode(), headers)) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    assert send("whsec_" + "A" * 32, "0" * 16) == 401
    assert send(secret, "9" * 15 + "8") == 409
    receiver.kill()
    receiver.wait()
    print(f"webhooks: a receiver with a published verifier keeps all {len(kept)} rows")


main()

#!/usr/bin/env python3
"""Sends a file to Jixiao with nothing but the standard library, and says what is wrong in it, cell by cell.

用法 usage: JIXIAO_SERVER=… JIXIAO_TOKEN=… upload.py KIND FILE [parameter=value …]
"""

import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

MEDIA = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ndjson": "application/x-ndjson",
    "json": "application/json",
}
TRIES = 8


def send(server, token, kind, path, options):
    """Sends a file until there is an answer; its status and its body."""
    ending = path.rsplit(".", 1)[-1].lower()
    format = ending if ending in MEDIA else "csv"
    query = urllib.parse.urlencode({"kind": kind, "file_name": os.path.basename(path), **options})
    with open(path, "rb") as file:
        body = file.read()
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": MEDIA[format],
        # The same key for every try: whatever the line does, the file is taken once.
        "Idempotency-Key": str(uuid.uuid4()),
    }
    for attempt in range(TRIES):
        request = urllib.request.Request(f"{server}/v1/uploads/{format}?{query}", body, headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=300) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code not in (408, 409, 429) and error.code < 500:
                return error.code, json.load(error)
            why, wait = error, float(error.headers.get("Retry-After") or 2**attempt)
        except OSError as error:
            why, wait = error, 2**attempt
        print(f"第 {attempt + 1} 次未成功（{why}），{wait} 秒后重试", file=sys.stderr)
        time.sleep(wait)
    return 0, {"detail": "没有连上服务器"}


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    server = os.environ.get("JIXIAO_SERVER", "http://127.0.0.1:8080").rstrip("/")
    kind, path, options = sys.argv[1], sys.argv[2], dict(option.split("=", 1) for option in sys.argv[3:])
    status, answer = send(server, os.environ["JIXIAO_TOKEN"], kind, path, options)
    receipt = answer.get("receipt", {})
    if receipt:
        counts = ("received", "created", "updated", "unchanged", "rejected")
        print("回执", answer["id"], receipt["state"], *(f"{name}={receipt[name]}" for name in counts))
    else:
        print(answer.get("detail"), answer.get("upload") or "")
    for error in receipt.get("errors") or answer.get("errors") or []:
        print(f"  {error.get('column') or ''}{error.get('row') or ''} {error.get('header') or ''}: {error['detail_zh']}")
    for warning in receipt.get("warnings", []):
        print(f"  提醒 {warning.get('column') or ''}{warning.get('row') or ''}: {warning['detail_zh']}")
    return 2 if not receipt else 0 if receipt["outcome"] == "accepted" else 1


if __name__ == "__main__":
    sys.exit(main())

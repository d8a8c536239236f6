#!/usr/bin/env python3
"""Keeps a copy of a county's rows in a SQLite file, and keeps in step with the service, with the standard library only.

用法 usage: JIXIAO_SERVER=… JIXIAO_TOKEN=… sync.py COPY.db [--once]

The copy begins with a snapshot and goes on with the changes after it. The place reached is kept in the same transaction
as the rows, so that it may be stopped at any moment and started again: nothing is missed, nothing is taken twice.
"""

import json
import os
import sqlite3
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

SERVER = os.environ.get("JIXIAO_SERVER", "http://127.0.0.1:8080").rstrip("/")
PAGE = 1000
WAIT = 20
SCHEMA = """
CREATE TABLE IF NOT EXISTS row (
    resource TEXT, id TEXT, unit TEXT, revision INTEGER NOT NULL, facts TEXT NOT NULL, PRIMARY KEY (resource, id)
);
-- `at` is the number the copy stands at, `digest` that of its entry; while a snapshot is being read, `after` is how far it is read.
CREATE TABLE IF NOT EXISTS place (only INTEGER PRIMARY KEY CHECK (only = 1), at INTEGER, digest TEXT, after INTEGER);
"""


class StartAgain(Exception):
    """The service has not come as far as the copy, or went on otherwise: it was put back to an earlier day."""


def ask(path, **parameters):
    """Asks the service until it answers."""
    query = urllib.parse.urlencode({name: value for name, value in parameters.items() if value is not None})
    headers = {"Authorization": f"Bearer {os.environ['JIXIAO_TOKEN']}"}
    wait = 1
    while True:
        try:
            request = urllib.request.Request(f"{SERVER}{path}?{query}", headers=headers)
            with urllib.request.urlopen(request, timeout=WAIT + 30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code == 400 and any(one["code"] in ("not_reached", "other_journal") for one in json.load(error)["errors"]):
                raise StartAgain from error
            if error.code < 500 and error.code != 429:
                raise
            why = error
        except (OSError, ValueError) as error:  # a line that breaks, an answer that is cut off
            why = error
        print(f"{why}; 将在 {wait} 秒后重试", file=sys.stderr)
        time.sleep(wait)
        wait = min(wait * 2, 60)


def keep(copy, row, revision):
    facts = json.dumps(row["facts"], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    values = (row["resource"], row["id"], row["unit"], revision, facts)
    copy.execute("INSERT OR REPLACE INTO row VALUES (?, ?, ?, ?, ?)", values)


def snapshot(copy, at, after):
    """Reads the rest of a snapshot; the number it stands at, and its digest."""
    while True:
        page = ask("/v1/snapshots", at=at, after=after, limit=PAGE)
        at, after = page["at"], page["next"]
        with copy:
            for row in page["items"]:
                keep(copy, row, row["revision"])
            copy.execute("INSERT OR REPLACE INTO place VALUES (1, ?, ?, ?)", (at, page["digest"], after))
        if after is None:
            return at, page["digest"]


def follow(copy, at, digest, wait):
    """Takes the next changes; the number they reach, its digest, and how many they were."""
    page = ask("/v1/changes", after=at, digest=digest, limit=PAGE, wait=wait)
    with copy:
        for change in page["items"]:
            if change["operation"] == "deleted":
                copy.execute("DELETE FROM row WHERE resource = ? AND id = ?", (change["resource"], change["id"]))
            else:
                keep(copy, change, change["sequence"])
        copy.execute("INSERT OR REPLACE INTO place VALUES (1, ?, ?, NULL)", (page["next"], page["digest"]))
    return page["next"], page["digest"], len(page["items"])


def run(copy, once):
    at, digest, after = copy.execute("SELECT at, digest, after FROM place").fetchone() or (None, None, None)
    if at is None or after is not None:
        at, digest = snapshot(copy, at, after)
        print(f"快照 snapshot: {at}", flush=True)
    while True:
        at, digest, count = follow(copy, at, digest, 0 if once else WAIT)
        if count:
            print(f"变更 changes: {count} → {at}", flush=True)
        elif once:
            return


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    copy = sqlite3.connect(sys.argv[1])
    copy.executescript(SCHEMA)
    while True:
        try:
            return run(copy, "--once" in sys.argv)
        except StartAgain:
            print("服务已恢复到较早的数据，重新建立副本（the service was put back; beginning again）", file=sys.stderr)
            with copy:
                copy.execute("DELETE FROM row")
                copy.execute("DELETE FROM place")


if __name__ == "__main__":
    sys.exit(main())

"""Tells schemathesis how files are sent, as the bytes they are, and not to wait for changes that will not come."""

import schemathesis


@schemathesis.serializer(
    "text/csv", "application/x-ndjson", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)
def file(_context, value):
    if isinstance(value, bytes):
        return value
    return getattr(value, "data", None) or str(value).encode()


@schemathesis.hook
def before_call(_context, case, **_kwargs):
    # A wait that is allowed is a wait; one that is not is refused at once.
    wait = (case.query or {}).get("wait")
    if str(wait).isdecimal() and int(wait) <= 30:
        case.query["wait"] = 0

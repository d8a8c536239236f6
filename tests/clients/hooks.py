"""Tells schemathesis how files are sent: as the bytes they are."""

import schemathesis


@schemathesis.serializer(
    "text/csv", "application/x-ndjson", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)
def file(_context, value):
    if isinstance(value, bytes):
        return value
    return getattr(value, "data", None) or str(value).encode()

"""A file as a download: saved under its name, whatever the name holds, and never shown or run by the browser."""

from __future__ import annotations

from urllib.parse import quote

from fastapi.responses import Response


def send_file(body: bytes, name: str) -> Response:
    """The answer that a browser saves as `name`."""
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}
    return Response(body, media_type="application/octet-stream", headers=headers)

"""Uploads: pictures and files that a message may name for seven days ("Upload hình ảnh, ảnh GIF, file")."""

import zipfile
from collections.abc import Callable
from datetime import timedelta
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from io import BytesIO
from typing import Any

from tests.simulators.zalo_call import Call
from tests.simulators.zalo_errors import Refused, invalid, too_much
from tests.simulators.zalo_state import Upload

LIVES, A_MONTH = timedelta(days=7), 5000
MIB = 1024 * 1024


def upload(kind: str) -> Callable[[Call], dict[str, Any]]:
    """`POST /v2.0/oa/upload/<kind>`, the multipart field `file`."""

    def handle(call: Call) -> dict[str, Any]:
        name, content = _file_of(call.request.headers.get("content-type", ""), call.request.body)
        {"image": _check_image, "gif": _check_gif, "file": _check_file}[kind](name, content)
        month = (call.oa.oa_id, f"{call.state.clock():%Y%m}")
        if call.state.uploads_of_month[month] >= A_MONTH:
            raise Refused(-211)
        call.state.uploads_of_month[month] += 1
        token = call.state.new_id() + call.state.new_id()
        call.state.uploads[token] = Upload(call.oa.oa_id, kind, content, call.state.clock() + LIVES, name)
        return {"token" if kind == "file" else "attachment_id": token}

    return handle


def _check_image(name: str, content: bytes) -> None:
    if not content.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")):
        raise Refused(-201, "file is invalid. We only support png and jpeg")
    if len(content) > MIB:
        raise too_much("file")


def _check_gif(name: str, content: bytes) -> None:
    if not content.startswith((b"GIF87a", b"GIF89a")):
        raise Refused(-201, "file is invalid. We only support gif")
    if len(content) > 5 * MIB:
        raise too_much("file")


def _check_file(name: str, content: bytes) -> None:
    ending = name.rsplit(".", 1)[-1].lower()
    right = {
        "pdf": content.startswith(b"%PDF-"),
        "doc": content.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
        "docx": zipfile.is_zipfile(BytesIO(content)),
        "csv": bool(content) and b"\0" not in content,
    }
    if not right.get(ending, False):
        raise Refused(-201, "file is invalid. We only support pdf, doc, docx and csv")
    if len(content) > 5 * MIB:
        raise too_much("file")


def _file_of(content_type: str, body: bytes) -> tuple[str, bytes]:
    """Name and content of the field `file`. Raises Refused."""
    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    for part in message.iter_parts() if message.is_multipart() else ():
        if isinstance(part, Message) and part.get_param("name", header="content-disposition") == "file":
            content = part.get_payload(decode=True)
            return part.get_filename() or "", content if isinstance(content, bytes) else b""
    raise invalid("file")

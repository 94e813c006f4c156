"""A reply with a sheet behind its words, for the couriers."""

from sqlalchemy.exc import OperationalError

from bot.reply import Bubble, Button, Paper

PDF = b"%PDF-1.7\r\n" + bytes(range(256)) * 8 + b"\r\n--x\r\n%%EOF\n"
LINK = "https://cho.example/s/k7Qm2v"
SHEET = Paper("tem-cam-100.pdf", "/sheets/12", LINK, "Tải tờ tem ở đây, dùng một lần:", "Tờ tem này không còn nữa ạ.")
BY_LINK = f"Tải tờ tem ở đây, dùng một lần: {LINK}"
WORDS = "Dạ tờ tem đây ạ."
REPLY = Bubble(WORDS, (Button("7:yes:", "In thêm"),), file=SHEET)


def documents(path: str) -> bytes | None:
    return {SHEET.path: PDF}.get(path)


def without_a_database(path: str) -> bytes | None:
    raise OperationalError("SELECT", {}, Exception("gone"))

"""The same webhooks twice, each with a database of its own: before Flask, as the product has them, and as plain views.

`python -m tests.channels.hatch_twins PORT DATABASE_URL hatch|view` serves one of them as `bot.run.web` does.
"""

import hashlib
import hmac
import multiprocessing
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Flask
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server.mp import MPServer
from sqlalchemy import select

from bot.inbox import Door, InboxRow
from bot.run.hatch import Hatch, Take
from bot.run.kin import die_with
from catalog.account import ensure_account
from catalog.db import Database
from catalog.organisation import Organisation, OrganisationKind
from catalog.tables import METADATA
from catalog.vault import Vault
from handlers.channels.messenger import routes as messenger
from handlers.channels.zalo import routes as zalo

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
SECRET, PAGE, APP, OA = "twins' secret", "1001", "2002", "3003"

Answer = tuple[str, list[tuple[str, str]], bytes]
"""Status line, headers and body."""


class Twin:
    """One of them. on: whether the channels are set up. broken: what the door raises, if anything."""

    def __init__(self, url: str, *, hatch: bool, on: bool = True) -> None:
        self.database = Database(url, Vault(["s"]))
        METADATA.create_all(self.database.engine)
        with self.database.writing() as db:
            coop = Organisation(kind=OrganisationKind.COOP, code="SM", name="HTX", short_name="HTX")
            db.add(coop)
            db.flush()
            ensure_account(db, "messenger", PAGE, coop.id, "t")
            ensure_account(db, "zalo", OA, coop.id, "t")
        self.refusals: list[str] = []
        self.firsts = 0
        self.broken: Exception | None = None
        self.door = Door(self.database, self._ring, lambda: NOW)
        self.app = Flask("twin")
        self.app.before_request(self._first)
        takes: dict[str, Take] = {}
        secrets = [SECRET] if on else []
        self.app.register_blueprint(
            messenger.blueprint(
                self.door, secrets, "hello", self._clock, lambda: self.refusals.append("messenger"), takes=takes
            )
        )
        self.app.register_blueprint(
            zalo.blueprint(
                self.door,
                secrets=secrets,
                app_ids=[APP],
                variant="auto",
                verifier="",
                now=self._clock,
                matched=lambda _variant: None,
                refused=lambda: self.refusals.append("zalo"),
                takes=takes,
            )
        )
        self.takes = takes
        self.hatch = Hatch(self.app.wsgi_app, takes, self._first)
        if hatch:
            self.app.wsgi_app = self.hatch  # type: ignore[method-assign]

    def _first(self) -> None:
        self.firsts += 1

    def _ring(self) -> None:
        pass

    def _clock(self) -> datetime:
        if self.broken is not None:
            raise self.broken
        return NOW

    def rows(self) -> list[tuple[Any, ...]]:
        with self.database.reading() as db:
            found = db.scalars(select(InboxRow).order_by(InboxRow.id)).all()
            return [
                (row.account_id, row.sender, row.key, row.kind, row.at, row.received_at, row.done_at, self._body(row))
                for row in found
            ]

    def _body(self, row: InboxRow) -> bytes:
        return self.database.vault.open(row.body or b"")

    def ask(self, environ: Mapping[str, Any]) -> Answer:
        """Call the application as a server does."""
        heard: list[tuple[str, list[tuple[str, str]]]] = []

        def start(status: str, headers: list[tuple[str, str]], _error: object = None) -> Any:
            heard.append((status, headers))

        chunks = self.app.wsgi_app(dict(environ), start)
        body = b"".join(chunks)
        if hasattr(chunks, "close"):
            chunks.close()
        (answer,) = heard
        return (*answer, body)


def message(mid: str, words: str = "chào") -> bytes:
    item = (
        f'{{"sender":{{"id":"5"}},"recipient":{{"id":"{PAGE}"}},"timestamp":1,'
        f'"message":{{"mid":"{mid}","text":"{words}"}}}}'
    )
    return f'{{"object":"page","entry":[{{"id":"{PAGE}","time":1,"messaging":[{item}]}}]}}'.encode()


def signature(body: bytes, secret: str = SECRET) -> str:
    return f"sha256={hmac.digest(secret.encode(), body, 'sha256').hex()}"


def zalo_message(mid: str) -> bytes:
    return (
        f'{{"app_id":"{APP}","event_name":"user_send_text","timestamp":"1","sender":{{"id":"7"}},'
        f'"recipient":{{"id":"{OA}"}},"message":{{"msg_id":"{mid}","text":"alo"}}}}'
    ).encode()


def zalo_signature(body: bytes) -> str:
    return f"mac={hashlib.sha256(APP.encode() + body + b'1' + SECRET.encode()).hexdigest()}"


def serve(port: int, url: str, *, hatch: bool) -> None:
    multiprocessing.set_start_method("fork", force=True)
    server = MPServer(
        "twin",
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        workers=1,
        blocking_threads=8,
        workers_kill_timeout=3,
        log_level=LogLevels.error,
    )
    head = os.getpid()

    def load() -> Flask:
        die_with(head)
        return Twin(url, hatch=hatch).app

    server.serve(target_loader=load, wrap_loader=False)


if __name__ == "__main__":
    serve(int(sys.argv[1]), sys.argv[2], hatch=sys.argv[3] == "hatch")

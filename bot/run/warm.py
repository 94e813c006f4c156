"""What every process would make for itself on its first day, made once before they are forked.

A page that all of them share counts once. Measured on the idle family: OpenSSL's first key derivation dirties 5 MB in
each process, SQLAlchemy's putting its mappers together another 5: 33 MB of 242 less in all.
"""

import gc
import ssl
from typing import get_args

import certifi
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import configure_mappers

import catalog.tables
from bot import attachment, conversation, inbox, outbox, upload
from bot.i18n import LANGUAGES, sentence
from bot.understand import intent
from catalog.vault import Vault

TABLES = (catalog.tables, attachment, conversation, inbox, outbox, upload)
"""Whose import makes the tables known, so that the mappers can be put together."""
DRIVERS = (sqlite.dialect, postgresql.dialect)


def warm() -> None:
    """Leaves no connection, no thread and no secret behind."""
    configure_mappers()
    for dialect in DRIVERS:
        dialect()
    vault = Vault(["nobody's secret, only to have the keys of a vault derived once"])
    vault.open(vault.seal_message(vault.seal(b"")))
    ssl.create_default_context(cafile=certifi.where())
    for language in LANGUAGES:
        sentence("Cash on delivery", language)
    learn_words()
    gc.collect()


def learn_words() -> None:
    """Read the lists of words that understanding needs, 0.3 s and 14 MB, before somebody waits for an answer."""
    roles: tuple[intent.Role, ...] = get_args(intent.Role)
    for role in roles:
        intent.read("mai giao 2kg cam về 12 Nguyễn Huệ, Huế", role)

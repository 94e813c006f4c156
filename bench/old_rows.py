"""A past of a year, written straight into the tables: events and replies that were finished long ago."""

import time

from sqlalchemy import text

from catalog.db import Database

DAY = 86_400

_MOMENT = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f000', {}, 'unixepoch')",
    "postgresql": "to_timestamp({})",
}
_NUMBERS = {
    "sqlite": "WITH RECURSIVE g(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM g WHERE n + 1 < :rows)",
    "postgresql": "WITH g AS (SELECT generate_series(0, CAST(:rows AS bigint) - 1) AS n)",
}
_BODY = {"sqlite": "randomblob(350)", "postgresql": "decode(repeat(md5(CAST(n AS text)), 22), 'hex')"}


def fill(
    database: Database,
    account_id: int,
    events: int,
    replies: int,
    *,
    oldest_days: float,
    newest_days: float,
    first: int = 0,
) -> float:
    """Insert so many of each, spread evenly over that stretch of the past, the oldest first. Seconds it took.

    first: how many events are there already. A reply in a thousand is dead and an event in ten thousand was given up,
    as in a year that went well.
    """
    kind = database.engine.dialect.name
    now = time.time()
    began = time.monotonic()
    for table, rows in (("inbox", events), ("outbox", replies)):
        if not rows:
            continue
        at = _MOMENT[kind].format(f"{now - oldest_days * DAY:.0f} + n * {(oldest_days - newest_days) * DAY / rows:.6f}")
        with database.writing() as db:
            db.execute(
                text(f"{_NUMBERS[kind]} {_insert(table, at, _BODY[kind])}"),
                {"rows": rows, "account": account_id, "first": first},
            )
    if kind == "postgresql":
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE"))
    return time.monotonic() - began


def _insert(table: str, at: str, body: str) -> str:
    if table == "inbox":
        return (
            "INSERT INTO inbox (account_id, sender, key, kind, at, received_at, body, tries, done_at, error)"
            " SELECT :account, 'p' || (n % 50000), 'old:' || (CAST(:first AS bigint) + n), 'Text',"
            f" {at}, {at}, {body}, 0, {at},"
            " CASE WHEN n % 10000 = 7 THEN 'ValueError' END FROM g"
        )
    return (
        "INSERT INTO outbox (account_id, channel, address, conversation_id, inbox_id, body, created_at, sent_at,"
        " dead_at, tries, error, reason, by_person, notice, reclaims, again, way)"
        f" SELECT :account, 'messenger', 'p' || (n % 50000), 900000000 + n % 50000, n, {body}, {at},"
        f" CASE WHEN n % 1000 <> 7 THEN {at} END, CASE WHEN n % 1000 = 7 THEN {at} END, 0,"
        " CASE WHEN n % 1000 = 7 THEN '#10' END, CASE WHEN n % 1000 = 7 THEN 'window' ELSE '' END,"
        " false, false, false, false, '' FROM g"
    )

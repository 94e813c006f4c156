"""What is well and what is not: one finding a line, each that is not well says how to mend it."""

import os
import shutil
import stat
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from sqlalchemy.exc import SQLAlchemyError

from bot.run.doctor_finding import Finding
from bot.run.doctor_messenger import messenger
from bot.run.doctor_waiting import waiting
from bot.run.doctor_web import read_metrics, web, wrong_signatures
from bot.run.doctor_zalo import zalo
from bot.run.doctor_zalobot import zalobot
from bot.run.press import is_sample
from bot.run.settings import KEY_FILE, Settings
from catalog.db import Database
from catalog.migrate import is_at_head

GIB = 1024**3
MIB = 1024**2
SHORT_HOST = 19
"""Characters: up to here a stamp's address fits a QR code of version 3 at level M."""


def examine(settings: Settings, database: Database, now: datetime) -> Iterator[Finding]:
    """All findings, each as soon as it is known. Wrong signatures come first: a wrong secret loses every event."""
    metrics, reachable = read_metrics(settings.port), _database(database)
    yield from wrong_signatures(settings, metrics, database if reachable.state == "fine" else None)
    yield reachable
    yield _redis(settings, now)
    yield web(settings, metrics)
    for check in (_clock, _disk, _fsync, _secret_key, _public_url):
        yield check(settings, now)
    if reachable.state == "broken":
        return
    yield from messenger(settings, database)
    yield from zalo(settings, database, metrics, now)
    yield from zalobot(settings, database)
    yield from waiting(settings, database, now)


def _database(database: Database) -> Finding:
    try:
        with database.engine.connect() as connection:
            current = is_at_head(connection)
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", error)).strip().partition("\n")[0]
        return Finding("broken", "database", f"does not answer: {reason}", "start it, or correct DATABASE_URL")
    if not current:
        return Finding("broken", "database", "its tables are not those of this version", "chophien migrate")
    return Finding("fine", "database", f"{database.engine.dialect.name}, answers, tables are current")


def _redis(settings: Settings, now: datetime) -> Finding:
    with Redis.from_url(
        settings.redis_url, socket_timeout=1, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0)
    ) as client:
        try:
            seconds, _ = client.time()
        except (RedisError, OSError) as error:
            if settings.embedded_redis:
                return Finding("look", "Redis", "the embedded Valkey is not running", "chophien up starts it")
            return Finding("broken", "Redis", f"does not answer: {error}", "start it, or correct REDIS_URL")
    apart = abs(now.timestamp() - seconds)
    if apart > 60:
        return Finding("broken", "Redis", f"its clock is {apart:.0f} s apart from ours", "set both by NTP")
    return Finding("fine", "Redis", "the embedded Valkey answers" if settings.embedded_redis else "answers")


def _clock(settings: Settings, now: datetime) -> Finding:
    newest = max((path.stat().st_mtime for path in settings.var_dir.glob("*")), default=0.0)
    behind = newest - now.timestamp()
    if behind > 60:
        return Finding("broken", "clock", f"it is {behind:.0f} s behind our own newest file", "set it by NTP")
    here = now.astimezone().strftime("%Y-%m-%d %H:%M")
    return Finding("fine", "clock", f"{here} on this machine, people see the time of {settings.timezone}")


def _disk(settings: Settings, _now: datetime) -> Finding:
    free = shutil.disk_usage(settings.var_dir).free
    words = f"{free / GIB:.1f} GiB free"
    if free < 200 * MIB:
        return Finding("broken", "disk", words, f"make room under {settings.var_dir}, or move VAR_DIR")
    if free < GIB:
        return Finding("look", "disk", words, "make room soon")
    return Finding("fine", "disk", words)


def _fsync(settings: Settings, _now: datetime) -> Finding:
    """How many small writes a second the disk really keeps: every message that we answer waits for one."""
    probe = settings.var_dir / f".fsync-{os.getpid()}"
    count, began = 0, time.monotonic()
    with probe.open("wb", buffering=0) as stream:
        while count < 200 and time.monotonic() - began < 1:
            stream.write(bytes(4096))
            os.fsync(stream.fileno())
            count += 1
    rate = count / (time.monotonic() - began)
    probe.unlink()
    if rate < 30:
        return Finding("look", "disk writes", f"{rate:.0f} kept a second: slow", "a faster disk for VAR_DIR")
    return Finding("fine", "disk writes", f"{rate:.0f} kept a second")


def _secret_key(settings: Settings, _now: datetime) -> Finding:
    if len(settings.secret_key) < 32:
        return Finding(
            "look", "SECRET_KEY", "shorter than 32 characters", "choose a longer one, the old into SECRET_KEY_OLD"
        )
    kept = settings.var_dir / KEY_FILE
    if _readable_by_others(kept):
        return Finding("broken", "SECRET_KEY", f"others can read {kept}", f"chmod 600 {kept}")
    return Finding("fine", "SECRET_KEY", f"kept in {kept}" if kept.is_file() else "from the environment")


def _readable_by_others(path: Path) -> bool:
    return path.is_file() and bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


def _public_url(settings: Settings, _now: datetime) -> Finding:
    if is_sample(settings.public_url):
        return Finding(
            "look",
            "PUBLIC_URL",
            f"{settings.public_url} cannot be reached by phones and platforms; printed stamps say MẪU",
            "set PUBLIC_URL to the https address that leads here",
        )
    host = urlsplit(settings.public_url).netloc
    if len(host) > SHORT_HOST:
        return Finding(
            "look",
            "PUBLIC_URL",
            f"{host} has {len(host)} characters: QR codes on stamps get dense",
            f"a host name of at most {SHORT_HOST}",
        )
    return Finding("fine", "PUBLIC_URL", settings.public_url)

"""Backup and restore: one tar file with the database, the pictures and the secret key, taken while all is running.

The last member is the manifest: what is inside, with its SHA-256. Sealed columns are worth nothing without the key, so
the key that is kept in VAR_DIR travels along, and the file is for its owner's eyes only (mode 0600).
"""

import fcntl
import hashlib
import io
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO

import msgspec
from psycopg.conninfo import make_conninfo
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from bot.run.kin import WORKER_LOCK, held
from bot.run.settings import KEY_FILE, Settings, sqlite_file
from bot.run.trouble import Trouble
from catalog.vault import Vault

MANIFEST = "manifest.json"
DATABASE = {"sqlite": "database.sqlite", "postgresql": "database.pgdump"}
MEDIA = "media"
SKIPPED = 1_000_000  # ids of replies that are left out after a restore
KEY_MARK = "chophien backup"  # its keyed hash tells whether a key fits, and nothing else


class Manifest(msgspec.Struct, frozen=True):
    """What a backup says of itself. files: name inside → SHA-256 in hex. key_hash: of `KEY_MARK`."""

    version: int
    made_at: datetime
    database: str
    key_hash: str
    files: dict[str, str]


@dataclass(frozen=True, slots=True)
class Kept:
    """What a backup took, or a restore put back. set_aside: the folder that now holds what was there before."""

    made_at: datetime
    files: int
    bytes: int
    with_key: bool
    set_aside: Path | None = None


def backup(settings: Settings, file: Path, now: datetime) -> Kept:
    """Write the backup; an older `file` is replaced only by a whole one. Raises `Trouble`."""
    kind = _kind(settings)
    key_file = settings.var_dir / KEY_FILE
    key_kept = key_file.is_file() and key_file.read_text(encoding="ascii").strip() == settings.secret_key
    with _workshop(file.absolute().parent) as workshop:
        copy = workshop / DATABASE[kind]
        _copy_sqlite(settings, copy) if kind == "sqlite" else _dump_postgresql(settings, copy)
        members = {copy.name: copy} | ({KEY_FILE: key_file} if key_kept else {}) | _media(settings)
        whole = workshop / "whole.tar"
        hashes: dict[str, str] = {}
        with whole.open("xb") as stream:
            whole.chmod(0o600)
            with tarfile.open(fileobj=stream, mode="w") as tar:
                for name, path in members.items():
                    digest = _add(tar, name, path)
                    if digest:
                        hashes[name] = digest
                key_hash = Vault(settings.secret_keys).index(KEY_MARK)
                manifest = msgspec.json.encode(Manifest(1, now, kind, key_hash, hashes))
                tar.addfile(_member(MANIFEST, len(manifest)), io.BytesIO(manifest))
            stream.flush()
            os.fsync(stream.fileno())
        size = whole.stat().st_size
        whole.replace(file)
    return Kept(now, len(hashes), size, key_kept)


def restore(settings: Settings, file: Path, now: datetime, *, force: bool) -> Kept:
    """Put a backup back, everything checked before anything is touched. Raises `Trouble`.

    Nothing may be running on the folder. With `force` what is there is set aside (PostgreSQL: replaced).
    """
    kind = _kind(settings)
    with held(settings.var_dir, patience_s=0), _workshop(settings.var_dir) as workshop:
        manifest = _unpack(file, workshop)
        if manifest.database != kind:
            raise Trouble(f"{file} holds a {manifest.database} database, DATABASE_URL names {kind}")
        has_key = KEY_FILE in manifest.files
        keys = [(workshop / KEY_FILE).read_text(encoding="ascii").strip()] if has_key else settings.secret_keys
        if manifest.key_hash not in Vault(keys).indexes(KEY_MARK):
            raise Trouble(f"{file} was sealed with another SECRET_KEY: set the one that it was made with")
        if kind == "sqlite":
            _check_sqlite(workshop / DATABASE[kind])
            _refuse_worker(settings)
        if not force and _in_use(settings):
            raise Trouble("there is data already: --force sets it aside and restores over it")
        set_aside = _set_aside(settings, now, with_key=has_key)
        for name in (KEY_FILE, MEDIA):
            if (workshop / name).exists():
                (workshop / name).rename(settings.var_dir / name)
        database = sqlite_file(settings.database_url)
        if database is None:
            _load_postgresql(settings, workshop / DATABASE[kind])
            _skip_reply_ids(settings.database_url)
        else:
            _skip_reply_ids(f"sqlite:///{workshop / DATABASE[kind]}")
            shutil.move(workshop / DATABASE[kind], database)  # last: it is there only when all is
    return Kept(manifest.made_at, len(manifest.files), file.stat().st_size, has_key, set_aside)


def _refuse_worker(settings: Settings) -> None:
    """A worker that was started by itself holds only its own lock, and would go on writing into what is set aside."""
    lock = settings.var_dir / WORKER_LOCK
    if not lock.exists():
        return
    with lock.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Trouble("a worker is running on this folder: stop it first") from error


def _skip_reply_ids(database_url: str) -> None:
    """Browsers remember the newest reply that they have: after an older backup new ones must still be newer."""
    engine = create_engine(database_url)
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.execute(text("UPDATE sqlite_sequence SET seq = seq + :n WHERE name = 'outbox'"), {"n": SKIPPED})
        else:
            connection.execute(
                text("SELECT setval(s, nextval(s) + :n) FROM pg_get_serial_sequence('outbox', 'id') AS s"),
                {"n": SKIPPED},
            )
    engine.dispose()


def _kind(settings: Settings) -> str:
    return "postgresql" if sqlite_file(settings.database_url) is None else "sqlite"


@contextmanager
def _workshop(beside: Path) -> Iterator[Path]:
    """A private folder on the same disk, gone afterwards."""
    try:
        folder = Path(tempfile.mkdtemp(prefix=".chophien-", dir=beside))
    except OSError as error:
        raise Trouble(f"cannot write in {beside}: {error.strerror}") from error
    try:
        yield folder
    except OSError as error:
        raise Trouble(f"{error.filename or beside}: {error.strerror}") from error
    finally:
        shutil.rmtree(folder)


def _copy_sqlite(settings: Settings, copy: Path) -> None:
    """One read transaction, so it is whole however much is written meanwhile, and nobody waits for it."""
    source = sqlite_file(settings.database_url)
    if source is None or not source.is_file():
        raise Trouble(f"there is no database yet at {source}")
    try:
        with closing(sqlite3.connect(source, timeout=5)) as connection:
            connection.execute("VACUUM INTO ?", (str(copy),))
    except sqlite3.Error as error:
        raise Trouble(f"{source} cannot be copied: {error}") from error
    copy.chmod(0o600)
    _check_sqlite(copy)


def _check_sqlite(path: Path) -> None:
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            found = [row[0] for row in connection.execute("PRAGMA integrity_check")]
    except sqlite3.Error as error:
        raise Trouble(f"the database in the backup cannot be read: {error}") from error
    if found != ["ok"]:
        raise Trouble(f"the database in the backup is damaged: {found[0]}")


def _dump_postgresql(settings: Settings, copy: Path) -> None:
    _postgresql_tool(settings, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={copy}")


def _load_postgresql(settings: Settings, dump: Path) -> None:
    _postgresql_tool(
        settings, "pg_restore", "--clean", "--if-exists", "--no-owner", "--no-privileges", "--single-transaction", dump
    )


def _postgresql_tool(settings: Settings, tool: str, *arguments: str | Path) -> None:
    """Run it against our database; the password goes through the environment, where `ps` does not show it."""
    found = shutil.which(tool)
    if found is None:
        raise Trouble(f"{tool} is not installed: it comes with PostgreSQL's client programs, of the server's version")
    url = make_url(settings.database_url)
    parts = {"host": url.host, "port": url.port, "user": url.username, "dbname": url.database, **url.query}
    address = make_conninfo(**{name: str(value) for name, value in parts.items() if value is not None})
    environ = dict(os.environ) | ({"PGPASSWORD": str(url.password)} if url.password else {})
    done = subprocess.run(
        [found, f"--dbname={address}", *arguments], env=environ, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["it did not say why"]
        raise Trouble(f"{tool} failed: {said[0]}")


def _media(settings: Settings) -> dict[str, Path]:
    """Taken after the database: whatever a row names is there by now."""
    root = settings.var_dir / MEDIA
    return {f"{MEDIA}/{path.relative_to(root).as_posix()}": path for path in sorted(root.rglob("*")) if path.is_file()}


def _add(tar: tarfile.TarFile, name: str, path: Path) -> str:
    """The file's hash; empty if it was deleted meanwhile."""
    try:
        stream = path.open("rb")
    except FileNotFoundError:
        return ""
    with stream:
        size = os.fstat(stream.fileno()).st_size
        reader = _Hashing(stream)
        tar.addfile(_member(name, size), reader)
    return reader.digest.hexdigest()


class _Hashing(io.RawIOBase):
    """Reads on from a file and keeps the hash of what was read."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self.digest.update(data)
        return data


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    return member


def _unpack(file: Path, folder: Path) -> Manifest:
    """Everything in `file` under `folder`, each hash compared. Names that lead elsewhere are refused."""
    hashes: dict[str, str] = {}
    manifest = b""
    try:
        with tarfile.open(file, "r:") as tar:
            for member in tar:
                content = tar.extractfile(member) if member.isfile() else None
                if content is None or not _expected(member.name):
                    raise Trouble(f"{file} is not a backup of chophien: it holds {member.name!r}")
                if member.name == MANIFEST:
                    manifest = content.read(member.size)
                    continue
                target = folder / member.name
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                reader = _Hashing(content)
                with target.open("xb") as out:
                    target.chmod(0o600)
                    shutil.copyfileobj(reader, out)
                    out.flush()
                    os.fsync(out.fileno())
                hashes[member.name] = reader.digest.hexdigest()
        known = msgspec.json.decode(manifest, type=Manifest)
    except (tarfile.TarError, msgspec.MsgspecError, EOFError) as error:
        raise Trouble(f"{file} is not a whole backup of chophien: {error}") from error
    if known.version != 1 or hashes != known.files or DATABASE.get(known.database) not in hashes:
        raise Trouble(f"{file} is damaged: what it holds is not what its manifest says")
    return known


def _expected(name: str) -> bool:
    path = PurePosixPath(name)
    inside_media = path.parts[:1] == (MEDIA,) and len(path.parts) > 1 and ".." not in path.parts
    return inside_media or name in {MANIFEST, KEY_FILE, *DATABASE.values()}


def _in_use(settings: Settings) -> bool:
    database = sqlite_file(settings.database_url)
    if database is not None:
        return database.exists() or (settings.var_dir / MEDIA).exists()
    from alembic.runtime.migration import MigrationContext

    from catalog.db import make_engine

    engine = make_engine(settings.database_url)
    try:
        with engine.connect() as connection:
            return bool(MigrationContext.configure(connection).get_current_heads())
    finally:
        engine.dispose()


def _set_aside(settings: Settings, now: datetime, *, with_key: bool) -> Path | None:
    """Move what is there into a folder of its own, which is returned; None if there was nothing."""
    paths = [settings.var_dir / MEDIA] + ([settings.var_dir / KEY_FILE] if with_key else [])
    database = sqlite_file(settings.database_url)
    if database is not None:
        paths += [database, database.with_name(f"{database.name}-wal"), database.with_name(f"{database.name}-shm")]
    there = [path for path in paths if path.exists()]
    if not there:
        return None
    aside = settings.var_dir / f"before-restore-{now:%Y%m%dT%H%M%S}"
    aside.mkdir(mode=0o700)
    for path in there:
        shutil.move(path, aside / path.name)
    return aside

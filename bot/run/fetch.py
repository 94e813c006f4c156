"""Fetches a file that a person sent from where the platform keeps it. Everything about it is taken for hostile.

The address that was checked is the one that is connected to, so that DNS cannot change its mind in between. Time and
size are counted where the bytes come in, so that nothing above – TLS, headers, chunks – gets round them.
"""

import io
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse
from typing import cast

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from bot.run.link import Link, Refused, is_public, read_link
from bot.run.magic import media_type_of

MOST_BYTES = 8 * 1024 * 1024
SECONDS = 10.0
ROOM = 64 * 1024  # for headers
LATER = frozenset({408, 425, 429, 500, 502, 503, 504})

Resolve = Callable[[str, int], Sequence[str]]


class Unfetchable(Exception):
    """`why`: a few words for a log, without the link. `again`: whether another try may go better."""

    def __init__(self, why: str, *, again: bool) -> None:
        super().__init__(why)
        self.why = why
        self.again = again


@dataclass(frozen=True, slots=True)
class Fetched:
    """media_type: by the first bytes of `content`, whatever the server called it."""

    content: bytes = field(repr=False)
    media_type: str


class Fetcher:
    """hosts, private_hosts: as in `bot.run.link.read_link`; a private host may be at any address. Threads may share it.

    most_bytes: of one file. seconds: for all of a fetch, DNS included. trust: the certificates to believe.
    """

    def __init__(
        self,
        hosts: Collection[str],
        *,
        private_hosts: Collection[str] = (),
        most_bytes: int = MOST_BYTES,
        seconds: float = SECONDS,
        resolve: Resolve | None = None,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._hosts = hosts
        self._private_hosts = frozenset(host.lower() for host in private_hosts)
        self._most = most_bytes
        self._seconds = seconds
        self._resolve = resolve or look_up
        self._trust = trust or ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)

    def fetch(self, url: str) -> Fetched:
        """Raises `Unfetchable`."""
        failure = ""
        try:
            return self._fetch(read_link(url, self._hosts, self._private_hosts))
        except Refused as refused:
            raise Unfetchable(str(refused), again=False) from None
        except TimeoutError:
            failure = "too slow"
        except socket.gaierror:
            failure = "no such host"
        except (OSError, HTTPException, ValueError) as error:
            failure = type(error).__name__
        raise Unfetchable(failure, again=True)  # outside of the handler: some libraries' words hold the link

    def _fetch(self, link: Link) -> Fetched:
        until = time.monotonic() + self._seconds
        addresses = _within(until, lambda: self._resolve(link.host, link.port))
        allowed = [address for address in addresses if link.private or is_public(address)]
        if not allowed:
            raise Refused("an address that is not public")
        with _connected(link, allowed, until, self._trust) as connection:
            connection.settimeout(_left(until))
            connection.sendall(_request(link))
            wire = _Wire(connection, until, ROOM + self._most + self._most // 8)  # an eighth: what chunks may add
            with HTTPResponse(cast("socket.socket", wire), method="GET") as response:
                response.begin()
                content = self._body(response)
        media_type = media_type_of(content)
        if not media_type:
            raise Refused("neither a picture nor sound")
        return Fetched(content, media_type)

    def _body(self, response: HTTPResponse) -> bytes:
        if response.status != 200:
            raise Unfetchable(f"answered {response.status}", again=response.status in LATER)
        if response.getheader("Content-Encoding", "identity").strip().lower() not in {"", "identity"}:
            raise Refused("packed")  # we asked for it as it is; a few bytes could become gigabytes
        if response.length is not None and response.length > self._most:
            raise Refused("too large")
        content = response.read(self._most + 1)
        if len(content) > self._most:
            raise Refused("too large")
        if response.length:
            raise Unfetchable("broke off", again=True)
        return content


class _Wire(io.RawIOBase):
    """The bytes that come in: none after the time is up (TimeoutError), nor after too many have come (`Refused`)."""

    def __init__(self, connection: socket.socket, until: float, most: int) -> None:
        self._connection = connection
        self._until = until
        self._room = most

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # typeshed: any buffer; it is this one
        self._connection.settimeout(_left(self._until))
        count = self._connection.recv_into(buffer)
        self._room -= count
        if self._room < 0:
            raise Refused("too large")
        return count

    def makefile(self, _mode: str) -> io.BufferedReader:
        """All that HTTPResponse asks of a socket."""
        return io.BufferedReader(self)


def look_up(host: str, port: int) -> list[str]:
    """The addresses of a host, best first. Raises OSError."""
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _within(until: float, work: Callable[[], Sequence[str]]) -> Sequence[str]:
    """In a thread that is left behind when the time is up: getaddrinfo(3) knows no limit. Raises OSError."""
    done: queue.SimpleQueue[Sequence[str] | OSError] = queue.SimpleQueue()

    def run() -> None:
        try:
            done.put(work())
        except OSError as error:
            done.put(error)

    threading.Thread(target=run, name="look-up", daemon=True).start()
    try:
        found = done.get(timeout=_left(until))
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(found, OSError):
        raise found
    return found


@contextmanager
def _connected(link: Link, addresses: Sequence[str], until: float, trust: ssl.SSLContext) -> Iterator[socket.socket]:
    """To the first address that answers: some networks have names in IPv6 and no way there. Raises OSError."""
    connection: socket.socket | None = None
    failure: OSError = OSError("no address")
    for number, address in enumerate(addresses):
        share = _left(until) / (len(addresses) - number)
        try:
            connection = socket.create_connection((address, link.port), timeout=share)
            break
        except OSError as error:
            failure = error
    if connection is None:
        raise failure
    try:
        if link.scheme == "https":
            connection.settimeout(_left(until))
            connection = trust.wrap_socket(connection, server_hostname=link.host)
        yield connection
    finally:
        connection.close()


def _request(link: Link) -> bytes:
    return (
        f"GET {link.target} HTTP/1.1\r\nHost: {link.authority}\r\nUser-Agent: chophien\r\n"
        "Accept: image/*, audio/*\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n"
    ).encode("ascii")

"""Many calls at once from one thread, by libcurl: for the one call that a busy evening makes thousands of times.

As careful as `calling`: a time to connect and a time for all of it, no redirects, proxies or cookies, and no URL in any
exception. A call through `requests` costs 0.6 ms of CPU and a thread while it lasts; here it is 0.03 ms, and four
hundred that wait for a silent platform cost nothing.

libcurl sends a request once more by itself where a kept connection ended before any answer. The platform may have it by
then, so the body is handed over by a function that cannot begin anew: libcurl gives up, and whoever called is told that
nobody knows.
"""

import contextlib
import io
import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

import certifi
import pycurl  # type: ignore[import-untyped]

from bot.reply import Reason, SendError
from handlers.calling import CONNECT_SECONDS, MAX_ANSWER, READ_SECONDS, Answered, Call

WHOLE_SECONDS = CONNECT_SECONDS + READ_SECONDS
KEPT = 800  # connections; idle ones are closed when there are more
HEADERS = ["Content-Type: application/json", "Accept-Encoding: identity", "Expect:"]
READABLE = select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR
NAMES = {code: name[2:] for name, code in vars(pycurl).items() if name.startswith("E_") and "MULTI" not in name}
NOT_SENT = {
    pycurl.E_UNSUPPORTED_PROTOCOL,
    pycurl.E_URL_MALFORMAT,
    pycurl.E_COULDNT_RESOLVE_HOST,
    pycurl.E_COULDNT_CONNECT,
    pycurl.E_SSL_CONNECT_ERROR,
    pycurl.E_PEER_FAILED_VERIFICATION,
    pycurl.E_OPERATION_TIMEDOUT,
}
"""What may end a call before its request begins. Some may as well end one later (an answer in no form of HTTP is an
unsupported protocol), so no byte of the request may have gone out either."""

Done = Callable[[Answered | SendError], None]


@dataclass(slots=True)
class _Trip:
    """A call on its way, and what has come of its answer."""

    on_done: Done
    head: bytearray = field(default_factory=bytearray)
    content: bytearray = field(default_factory=bytearray)


class Curls:
    """`run` in a thread of its own, `submit` and `soon` from any, `stop`. How many go at once is the caller's affair.

    timeouts: seconds to connect, and for the whole call. trusted: a file of the issuers that are believed.
    """

    def __init__(
        self, timeouts: tuple[float, float] = (CONNECT_SECONDS, WHOLE_SECONDS), trusted: str | None = None
    ) -> None:
        self._timeouts = [round(seconds * 1000) for seconds in timeouts]
        self._trusted = trusted if trusted is not None else certifi.where()
        self._poll = select.epoll()
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._poll.register(self._bell, select.EPOLLIN)
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._remind)
        self._multi.setopt(pycurl.M_MAXCONNECTS, KEPT)
        self._watched: set[int] = set()  # libcurl's sockets
        self._due: float | None = None  # when libcurl wants to be called, in seconds of `time.monotonic`
        self._trips: dict[pycurl.Curl, _Trip] = {}
        self._idle: list[pycurl.Curl] = []
        self._jobs: deque[Callable[[], None]] = deque()
        self._rung = False
        self._ends_at: float | None = None
        self._over = False
        self._lock = threading.Lock()  # around the bell: nobody may ring it when its number is another file's

    def submit(self, call: Call, on_done: Done) -> None:
        """Make the call. on_done: is told in the thread of `run`, where it must not wait for anything.

        Of a failure: `unknown` unless it is sure that nothing has arrived.
        """
        self.soon(partial(self._begin, call, on_done))

    def soon(self, job: Callable[[], None]) -> None:
        """Do it in the thread of `run`, after what was asked before."""
        self._jobs.append(job)
        if not self._rung:
            self._ring()

    def run(self) -> None:
        """Until `stop`. What a job or an `on_done` raises ends it."""
        try:
            while not self._ended():
                self._turn()
        finally:
            self._close()

    def stop(self, seconds: float) -> None:
        """Let what is on its way arrive, for so long. Returns at once; `run` does when it is over."""
        self._ends_at = time.monotonic() + seconds
        self._ring()

    def _ended(self) -> bool:
        if self._ends_at is None:
            return False
        return not (self._trips or self._jobs) or time.monotonic() >= self._ends_at

    def _turn(self) -> None:
        for file, found in self._poll.poll(self._pause()):
            if file == self._bell:
                os.eventfd_read(file)
            else:
                can = pycurl.CSELECT_IN if found & READABLE else 0
                self._multi.socket_action(file, can | (pycurl.CSELECT_OUT if found & select.EPOLLOUT else 0))
        if self._due is not None and time.monotonic() >= self._due:
            self._due = None
            self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
        self._collect()
        self._rung = False  # before looking: who adds a job now rings again
        for _ in range(len(self._jobs)):
            self._jobs.popleft()()

    def _pause(self) -> float | None:
        if self._jobs:
            return 0.0
        ends = [at for at in (self._due, self._ends_at) if at is not None]
        return max(0.0, min(ends) - time.monotonic()) if ends else None

    def _ring(self) -> None:
        with self._lock:
            if not self._over:
                self._rung = True
                os.eventfd_write(self._bell, 1)

    def _begin(self, call: Call, on_done: Done) -> None:
        handle = self._idle.pop() if self._idle else self._handle()
        trip = _Trip(on_done)
        try:
            handle.setopt(pycurl.URL, call.url)
            handle.setopt(pycurl.POSTFIELDSIZE, len(call.body))
            handle.setopt(pycurl.READFUNCTION, io.BytesIO(call.body).read)
            handle.setopt(pycurl.HEADERFUNCTION, trip.head.extend)
            handle.setopt(pycurl.WRITEFUNCTION, trip.content.extend)
        except (pycurl.error, ValueError):  # their words hold the URL
            self._idle.append(handle)
            trip.on_done(_failure(pycurl.E_URL_MALFORMAT, unknown=False))
            return
        self._trips[handle] = trip
        self._multi.add_handle(handle)

    def _handle(self) -> pycurl.Curl:
        handle = pycurl.Curl()
        connect_ms, whole_ms = self._timeouts
        for option, value in (
            (pycurl.POST, 1),
            (pycurl.HTTPHEADER, HEADERS),
            (pycurl.USERAGENT, "chophien"),
            (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1),  # with HTTP/2 one torn connection tears many calls
            (pycurl.CONNECTTIMEOUT_MS, connect_ms),
            (pycurl.TIMEOUT_MS, whole_ms),
            (pycurl.NOSIGNAL, 1),
            (pycurl.FOLLOWLOCATION, 0),
            (pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS),
            (pycurl.PROXY, ""),  # nor one from the environment
            (pycurl.MAXFILESIZE, MAX_ANSWER),
            (pycurl.CAINFO, self._trusted),
            (pycurl.SSL_VERIFYPEER, 1),
            (pycurl.SSL_VERIFYHOST, 2),
        ):
            handle.setopt(option, value)
        return handle

    def _collect(self) -> None:
        left = 1
        while left:
            left, arrived, failed = self._multi.info_read()
            for handle in arrived:
                trip = self._take(handle)
                self._idle.append(handle)
                trip.on_done(_answer(handle.getinfo(pycurl.RESPONSE_CODE), trip))
            for handle, code, _words in failed:
                trip = self._take(handle)
                self._idle.append(handle)
                never_left = code in NOT_SENT and handle.getinfo(pycurl.REQUEST_SIZE) == 0
                trip.on_done(_failure(code, unknown=not never_left))

    def _take(self, handle: pycurl.Curl) -> _Trip:
        self._multi.remove_handle(handle)
        return self._trips.pop(handle)

    def _watch(self, what: int, file: int, _multi: pycurl.CurlMulti, _data: object) -> None:
        """libcurl's word on which of its sockets to wait for, and for what."""
        if what == pycurl.POLL_REMOVE:
            self._watched.discard(file)
            with contextlib.suppress(OSError):  # it is closed already, and so forgotten by the kernel
                self._poll.unregister(file)
            return
        wanted = (select.EPOLLIN if what & pycurl.POLL_IN else 0) | (select.EPOLLOUT if what & pycurl.POLL_OUT else 0)
        if file in self._watched:
            with contextlib.suppress(FileNotFoundError):  # the number is another socket's by now
                self._poll.modify(file, wanted)
                return
        self._watched.add(file)
        self._poll.register(file, wanted)

    def _remind(self, milliseconds: int) -> None:
        self._due = None if milliseconds < 0 else time.monotonic() + milliseconds / 1000

    def _close(self) -> None:
        with self._lock:
            self._over = True
        for handle in list(self._trips):
            self._take(handle).head.clear()
            handle.close()
        for handle in self._idle:
            handle.close()
        self._multi.close()
        self._poll.close()
        os.close(self._bell)


def _answer(status: int, trip: _Trip) -> Answered | SendError:
    """An answer that is packed is none: what is packed may be a thousand times as long."""
    headers = Headers(bytes(trip.head))
    if b"content-encoding" in trip.head.lower() and headers.get("Content-Encoding", "").strip().lower() not in {
        "",
        "identity",
    }:
        return _failure(pycurl.E_BAD_CONTENT_ENCODING, unknown=True)
    return Answered(status, headers, bytes(trip.content))


def _failure(code: int, *, unknown: bool) -> SendError:
    return SendError(f"curl {NAMES.get(code, code)}", reason=Reason.UNREACHABLE, unknown=unknown)


class Headers(Mapping[str, str]):
    """The headers of an answer, read when somebody asks: of a good answer nobody does. Names in any case."""

    def __init__(self, head: bytes) -> None:
        self._head = head
        self._found: dict[str, str] | None = None

    def __getitem__(self, name: str) -> str:
        return self._read()[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def _read(self) -> dict[str, str]:
        """Those of the last answer: one that says "go on" may have come before it. Several of a name are joined."""
        if self._found is None:
            self._found = {}
            for line in self._head.decode("latin-1").split("\r\n"):
                if line.startswith("HTTP/"):
                    self._found = {}
                name, colon, value = line.partition(":")
                if colon:
                    known = self._found.get(name.strip().lower())
                    self._found[name.strip().lower()] = value.strip() if known is None else f"{known}, {value.strip()}"
        return self._found

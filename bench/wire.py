"""The load: requests over kept connections, as fast as they are answered or at a steady pace."""

import asyncio
import time
from collections.abc import Sequence

from bench.people import Message

PATIENCE_S = 20.0


class _Answers(asyncio.Protocol):
    """One connection, one request at a time; an answer is read whole by its Content-Length."""

    def __init__(self) -> None:
        self._read = b""
        self._waiting: asyncio.Future[int] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        head, end, body = self._read.partition(b"\r\n\r\n")
        if not end:
            return
        _, found, length = head.lower().partition(b"content-length:")
        if found and len(body) < int(length.split(b"\r\n", 1)[0]):
            return
        self._read = b""
        self._settle(int(head[9:12]))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._transport = None
        self._settle(0)

    def _settle(self, status: int) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(status)

    @property
    def open(self) -> bool:
        return self._transport is not None

    async def ask(self, request: bytes) -> int:
        """The HTTP status, 0 if the connection broke. Raises TimeoutError."""
        assert self._transport is not None
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        async with asyncio.timeout(PATIENCE_S):
            return await self._waiting

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()


class _Line:
    """A connection that is opened when it is needed, and anew when it broke."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._answers: _Answers | None = None

    async def deliver(self, message: Message) -> None:
        """Send once. A status other than 200 stays in the message for the tally; nothing is sent again."""
        if self._answers is None or not self._answers.open:
            loop = asyncio.get_running_loop()
            _, self._answers = await loop.create_connection(_Answers, "127.0.0.1", self._port)
        message.left = time.monotonic_ns()
        try:
            message.status = await self._answers.ask(message.request)
        except TimeoutError:
            self.close()
        message.answered = time.monotonic_ns()

    def close(self) -> None:
        if self._answers is not None:
            self._answers.close()


async def _closed(messages: Sequence[Message], port: int, connections: int) -> None:
    """All of a person's messages go down one connection, so that they arrive in the order in which she wrote them."""
    lanes: list[list[Message]] = [[] for _ in range(connections)]
    for message in messages:
        lanes[int(message.psid) % connections].append(message)

    async def go(lane: list[Message]) -> None:
        line = _Line(port)
        for message in lane:
            await line.deliver(message)
            message.due = message.left
        line.close()

    await asyncio.gather(*map(go, lanes))


async def _steady(messages: Sequence[Message], port: int, per_second: float) -> None:
    idle: list[_Line] = []
    start = time.monotonic_ns() + 50_000_000

    async def go(message: Message) -> None:
        line = idle.pop() if idle else _Line(port)
        await line.deliver(message)
        idle.append(line)

    async with asyncio.TaskGroup() as group:
        for number, message in enumerate(messages):
            message.due = start + int(number / per_second * 1e9)
            await asyncio.sleep(max(0.0, (message.due - time.monotonic_ns()) / 1e9))
            group.create_task(go(message))
    for line in idle:
        line.close()


def as_fast_as_answered(messages: Sequence[Message], port: int, connections: int) -> None:
    """Each connection sends its next message when the one before is answered."""
    asyncio.run(_closed(messages, port, connections))


def at_a_pace(messages: Sequence[Message], port: int, per_second: float) -> None:
    """One message every 1/`per_second` s, whether the ones before are answered or not."""
    asyncio.run(_steady(messages, port, per_second))

"""A Send API that costs next to nothing: it keeps what it got, and answers at once or after a while.

    python -m bench.graph PORT

`POST /bench/pace` with {"seconds": 0.1, "spread": 0.05} sets how long an answer takes, `GET /bench/count` says how many
messages came, `GET /bench/received` gives them and forgets them.
"""

import asyncio
import json
import random
import sys
import time
from dataclasses import dataclass, field
from typing import Any

ANSWER = b'{"recipient_id":"1","message_id":"m_1"}'


@dataclass(slots=True)
class _Desk:
    """What all connections share."""

    calls: list[tuple[int, bytes]] = field(default_factory=list)  # monotonic ns, body
    seconds: float = 0.0
    spread: float = 0.0

    def pause(self) -> float:
        return max(0.0, self.seconds + random.uniform(-self.spread, self.spread))

    def control(self, path: bytes, body: bytes) -> bytes:
        match path:
            case b"/bench/pace":
                pace = json.loads(body)
                self.seconds, self.spread = pace["seconds"], pace["spread"]
                return b"{}"
            case b"/bench/count":
                return str(len(self.calls)).encode()
            case _:
                calls, self.calls = self.calls, []
                return json.dumps([[at, *_shown(json.loads(call))] for at, call in calls]).encode()


class _Caller(asyncio.Protocol):
    def __init__(self, desk: _Desk) -> None:
        self._desk = desk
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        while True:
            head, end, rest = self._read.partition(b"\r\n\r\n")
            if not end:
                return
            _, _, length = head.lower().partition(b"content-length:")
            size = int(length.split(b"\r\n", 1)[0] or 0)
            if len(rest) < size:
                return
            self._read = rest[size:]
            self._hear(head.split(b" ", 2)[1], rest[:size])

    def _hear(self, path: bytes, body: bytes) -> None:
        if path.startswith(b"/bench/"):
            self._answer(self._desk.control(path, body))
            return
        if b'"message":' in body:  # what else there is: a page that is looked after, "seen", "typing"
            self._desk.calls.append((time.monotonic_ns(), body))
        if self._desk.seconds:
            asyncio.get_running_loop().call_later(self._desk.pause(), self._answer, ANSWER)
        else:
            self._answer(ANSWER)

    def _answer(self, body: bytes) -> None:
        if not self._transport.is_closing():
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            self._transport.write(head.encode() + body)


def _shown(call: dict[str, Any]) -> tuple[str, str, str]:
    """To whom, our own name of the reply (the same when it is sent again), its words and what its buttons carry."""
    message = call["message"]
    held = [message.get("text"), message.get("attachment"), message.get("quick_replies")]
    return call["recipient"]["id"], message["metadata"], json.dumps(held, ensure_ascii=False)


async def _serve(port: int) -> None:
    desk = _Desk()
    server = await asyncio.get_running_loop().create_server(lambda: _Caller(desk), "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))

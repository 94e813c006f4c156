"""Files are fetched from servers that are taken for hostile: each test is one of their tricks."""

import gzip
import socket
import ssl
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.run.fetch import Fetched, Fetcher, Unfetchable
from bot.run.link import MESSENGER_HOSTS, ZALO_HOSTS, Refused, is_public, read_link
from bot.run.magic import media_type_of
from tests.simulators.server import Answer, Fault, Loopback, Request

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
KEY = "oh=00_a-key-to-the-file"
HOSTS = (*MESSENGER_HOSTS, *ZALO_HOSTS)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n"
TRUST = ssl.create_default_context()  # made once: reading all those certificates takes longer than a test
HTML = b"<!doctype html><script>alert(1)</script>"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script/></svg>'


class Raw:
    """A server that speaks no HTTP of its own: `play` gets each connection. Everything is over at the end."""

    def __init__(self, play: Callable[[socket.socket, threading.Event], None]) -> None:
        self._play = play
        self._stopping = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)

    def _serve(self) -> None:
        while not self._stopping.is_set():
            connection, _ = self._listener.accept()
            with connection:
                connection.settimeout(5)
                try:
                    self._play(connection, self._stopping)
                except OSError:
                    continue  # the other side has had enough, as it should

    def __enter__(self) -> "Raw":
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stopping.set()
        socket.create_connection(("127.0.0.1", self.port)).close()  # wakes `accept`
        self._thread.join()
        self._listener.close()


def saying(*pieces: bytes, then_silent: bool = False, pause: float = 0.0) -> Callable[..., None]:
    """Reads the request, sends the pieces with pauses between them, and closes or says no more."""

    def play(connection: socket.socket, stopping: threading.Event) -> None:
        connection.recv(4096)
        for piece in pieces:
            connection.sendall(piece)
            stopping.wait(pause)
        if then_silent:
            stopping.wait(5)

    return play


def endless(head: bytes, piece: bytes) -> Callable[..., None]:
    def play(connection: socket.socket, stopping: threading.Event) -> None:
        connection.recv(4096)
        connection.sendall(head)
        while not stopping.is_set():
            connection.sendall(piece)

    return play


@contextmanager
def answering(answer: Answer) -> Iterator[tuple[str, list[Request]]]:
    """A server that always answers like that: its address, and what it was asked."""
    asked: list[Request] = []

    def answers(request: Request) -> Answer:
        asked.append(request)
        return answer

    with Loopback(answers) as server:
        yield f"{server.url}/picture?{KEY}", asked


def image(body: bytes = PNG, **kind: str) -> Answer:
    return Answer(body=body, **kind)  # type: ignore[arg-type] # only content_type


def fetcher(most_bytes: int = 100_000, seconds: float = 5.0, **more: object) -> Fetcher:
    return Fetcher(
        HOSTS,
        private_hosts=("127.0.0.1", "cdn.test"),
        most_bytes=most_bytes,
        seconds=seconds,
        **{"trust": TRUST} | more,  # type: ignore[arg-type] # as Fetcher has them
    )


def failure(fetching: Fetcher, url: str) -> tuple[str, bool]:
    """Why it could not be fetched, and whether to try again. Nothing that is shown of it holds the link."""
    with pytest.raises(Unfetchable) as caught:
        fetching.fetch(url)
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert KEY not in shown
    return caught.value.why, caught.value.again


def play_to(play: Callable[..., None], **limits: float) -> tuple[str, bool]:
    with Raw(play) as server:
        return failure(fetcher(**limits), f"http://127.0.0.1:{server.port}/?{KEY}")  # type: ignore[arg-type]


# What is a link


@pytest.mark.parametrize(
    ("url", "host", "port", "target"),
    [
        ("https://scontent.xx.fbcdn.net/v/t1.15752-9/1_n.jpg?oh=a%2Fb&oe=1", "scontent.xx.fbcdn.net", 443, None),
        ("https://cdn.fbsbx.com/v/audioclip-1.mp4", "cdn.fbsbx.com", 443, None),
        ("http://f6.photo.talk.zdn.vn/1/2.jpg", "f6.photo.talk.zdn.vn", 80, None),
        ("HTTP://ZDN.VN", "zdn.vn", 80, "/"),
        ("https://s120-ava-talk.zadn.vn.:443/ảnh.jpg#top", "s120-ava-talk.zadn.vn", 443, "/%E1%BA%A3nh.jpg"),
        ("https://ｃｄｎ．fbsbx。com/1", "cdn.fbsbx.com", 443, "/1"),  # what DNS would be asked is what is compared
    ],
)
def test_the_platforms_own_links_are_read(url: str, host: str, port: int, target: str | None) -> None:
    link = read_link(url, HOSTS)
    assert (link.host, link.port, link.private) == (host, port, False)
    assert link.target == (target or url.split(host)[1])


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "not a link"),
        ("zdn.vn/1.jpg", "not a link"),
        ("file:///etc/passwd", "not a link"),
        ("ftp://zdn.vn/1.jpg", "not a link"),
        ("gopher://zdn.vn:80/1", "not a link"),
        ("https:///1.jpg", "not a link"),
        ("https://zdn.vn:a/1", "not a link"),
        ("https://zdn.vn:99999/1", "not a link"),
        ("https://[::1/1", "not a link"),
        ("https://a..zdn.vn/1", "not a link"),
        ("https://-a.zdn.vn/1", "not a link"),
        ("https://" + "a" * 64 + ".zdn.vn/1", "not a link"),
        ("https://" + "a." * 130 + "zdn.vn/1", "not a link"),
        ("https://zdn.vn/" + "a" * 4096, "not a link"),
        ("https://zdn.vn/1 HTTP/1.1", "not a link"),
        ("https://zdn.vn/1\r\nX: y", "not a link"),
        ("https://zdn.vn/\x00", "not a link"),
        ("https://evil.example\\.zdn.vn/1", "not a link"),
        ("https://evil.example\\@zdn.vn/1", "not a link"),
        ("https://name:word@zdn.vn/1", "a name or password in the link"),
        ("https://zdn.vn@evil.example/1", "a name or password in the link"),
        ("https://evil.example/zdn.vn", "a host that is not the platform's"),
        ("https://evilzdn.vn/1", "a host that is not the platform's"),
        ("https://zdn.vn.evil.example/1", "a host that is not the platform's"),
        ("https://facebook.com/l.php?u=http://zdn.vn", "a host that is not the platform's"),
        ("https://127.0.0.1/1", "a host that is not the platform's"),
        ("https://2130706433/1", "a host that is not the platform's"),
        ("https://0177.0.0.1/1", "a host that is not the platform's"),
        ("https://0x7f.1/1", "a host that is not the platform's"),
        ("https://[::1]/1", "a host that is not the platform's"),
        ("https://[::ffff:127.0.0.1]/1", "a host that is not the platform's"),
        ("https://localhost/1", "a host that is not the platform's"),
        ("https://169.254.169.254/latest/meta-data", "a host that is not the platform's"),
        ("https://zdn.vn:8443/1", "an odd port"),
        ("http://zdn.vn:22/1", "an odd port"),
        ("http://scontent.fbcdn.net/1", "not over https"),
        ("http://cdn.fbsbx.com:443/1", "not over https"),
        ("https://[2606:4700::1%25eth0]/1", "not a link"),
        ("https://[2606:4700::1%1]/1", "not a link"),
        ("http://zdn.vn:0/1", "an odd port"),
    ],
)
def test_other_links_are_refused(url: str, why: str) -> None:
    with pytest.raises(Refused) as refused:
        read_link(url, HOSTS)
    assert str(refused.value) == why
    assert failure(Fetcher(HOSTS, trust=TRUST), url) == (why, False)


def test_a_link_does_not_show_its_key() -> None:
    assert KEY not in repr(read_link(f"https://cdn.fbsbx.com/1?{KEY}", HOSTS))


@pytest.mark.parametrize("address", ["1.1.1.1", "157.240.7.1", "123.30.1.1", "2606:4700::1111", "2a03:2880:f10c::1"])
def test_addresses_of_the_open_internet_are_public(address: str) -> None:
    assert is_public(address)


INWARD = [
    "0.0.0.0",
    "0177.0.0.1",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "203.0.113.9",
    "2130706433",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:1.1.1.1",
    "64:ff9b::7f00:1",
    "64:ff9b::101:101",
    "64:ff9b:1::1",
    "100::1",
    "2001::7f00:1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "3fff::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%lo",
    "2606:4700::1%1",
    "fec0::1",
    "ff02::1",
    "localhost",
    "",
]


@pytest.mark.parametrize("address", INWARD)
def test_a_name_of_the_platform_that_leads_inward_is_not_followed(address: str) -> None:
    assert not is_public(address)
    fetching = fetcher(resolve=lambda host, port: [address])
    assert failure(fetching, f"https://scontent.fbcdn.net/?{KEY}") == ("an address that is not public", False)


def test_a_host_is_looked_up_once_and_reached_where_that_said() -> None:
    asked: list[tuple[str, int]] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    with answering(image()) as (url, requests):
        port = int(url.split(":")[2].split("/")[0])
        assert fetcher(resolve=resolve).fetch(f"http://CDN.test:{port}/a?{KEY}") == Fetched(PNG, "image/png")
    assert asked == [("cdn.test", port)]
    assert [(one.method, one.path, one.query["oh"], one.headers["host"]) for one in requests] == [
        ("GET", "/a", KEY.removeprefix("oh="), f"cdn.test:{port}")
    ]


def test_a_host_with_an_address_that_nobody_answers_at_is_reached_at_the_next() -> None:
    with answering(image()) as (url, _):
        port = url.split(":")[2]
        fetching = fetcher(resolve=lambda host, port: ["::1", "127.0.0.1"])
        assert fetching.fetch(f"http://cdn.test:{port}").content == PNG


def test_nothing_of_ours_is_told_and_no_proxy_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    cookie = Answer(body=PNG, headers={"Set-Cookie": "seen=1"})
    fetching = fetcher()
    with answering(cookie) as (url, requests):
        fetching.fetch(url)
        fetching.fetch(url)
    headers = {
        "host": url.split("/")[2],
        "user-agent": "chophien",
        "accept": "image/*, audio/*",
        "accept-encoding": "identity",
        "connection": "close",
    }
    assert [request.headers for request in requests] == [headers, headers]


# What comes back


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(90), "image/jpeg"),
        (PNG, "image/png"),
        (b"GIF89a" + bytes(90), "image/gif"),
        (b"GIF87a" + bytes(90), "image/gif"),
        (b"RIFF\x24\x00\x00\x00WEBPVP8 " + bytes(90), "image/webp"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(90), "audio/wav"),
        (b"#!AMR\n" + bytes(90), "audio/amr"),
        (b"#!AMR-WB\n" + bytes(90), "audio/amr-wb"),
        (b"OggS\x00\x02" + bytes(90), "audio/ogg"),
        (b"ID3\x04\x00" + bytes(90), "audio/mpeg"),
        (b"\xff\xfb\x90\x64" + bytes(90), "audio/mpeg"),
        (b"\xff\xf3\x40\xc4" + bytes(90), "audio/mpeg"),
        (b"\xff\xf1\x50\x80" + bytes(90), "audio/aac"),
        (b"\xff\xf9\x5c\x80" + bytes(90), "audio/aac"),
        (b"\x00\x00\x00\x20ftypM4A \x00\x00\x02\x00" + bytes(90), "audio/mp4"),
        (b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00" + bytes(90), "audio/mp4"),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00" + bytes(90), "audio/mp4"),
    ],
)
def test_a_picture_or_sound_is_what_its_first_bytes_say(body: bytes, media_type: str) -> None:
    with answering(image(body, content_type="text/html")) as (url, _):
        assert fetcher().fetch(url) == Fetched(body, media_type)


@pytest.mark.parametrize(
    "body",
    [
        HTML,
        SVG,
        b" \n" + PNG,
        b"PK\x03\x04" + bytes(90),
        b"%PDF-1.7\n",
        b"\x7fELF" + bytes(90),
        b"MZ" + bytes(90),
        b"RIFF\x24\x00\x00\x00AVI " + bytes(90),
        b"\x00\x00\x00\x18ftypheic" + bytes(90),
        b"\x00\x00\x00\x18ftypqt  " + bytes(90),
        b"\xff\xfe<\x00h\x00",
        b"\xff\xff\xff\xff",
        b"\xff\xfb\x00\x64",
        b"\xff\xf1\xff\x80",
        b"\xff",
        b"RIFF",
        b"",
    ],
)
def test_anything_else_that_says_it_is_a_picture_is_refused(body: bytes) -> None:
    assert media_type_of(body) == ""
    with answering(image(body, content_type="image/jpeg")) as (url, _):
        assert failure(fetcher(), url) == ("neither a picture nor sound", False)


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    with answering(image()) as (inside, asked_inside):
        moved = Answer(status=status, body=PNG, headers={"Location": inside})
        with answering(moved) as (url, asked):
            assert failure(fetcher(), url) == (f"answered {status}", False)
    assert (len(asked), asked_inside) == (1, [])


@pytest.mark.parametrize("status", [204, 206, 400, 401, 403, 404, 410])
def test_a_link_that_has_died_is_not_tried_again(status: int) -> None:
    with answering(Answer(status=status, body=PNG)) as (url, _):
        assert failure(fetcher(), url) == (f"answered {status}", False)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_server_in_trouble_is_tried_again(status: int) -> None:
    with answering(Answer(status=status, body=PNG)) as (url, _):
        assert failure(fetcher(), url) == (f"answered {status}", True)


def test_a_file_may_be_just_as_large_as_allowed() -> None:
    with answering(image()) as (url, _):
        assert fetcher(most_bytes=len(PNG)).fetch(url).content == PNG
        assert failure(fetcher(most_bytes=len(PNG) - 1), url) == ("too large", False)


def test_a_file_that_says_it_is_too_large_is_not_waited_for() -> None:
    play = saying(HEAD + b"Content-Length: 9000000000000000000000\r\n\r\n", then_silent=True)
    assert play_to(play) == ("too large", False)


@pytest.mark.parametrize(
    "play",
    [
        endless(HEAD + b"\r\n" + PNG, bytes(65536)),
        endless(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + bytes(65536) + b"\r\n"),
        endless(HEAD + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n", bytes(65536)),  # int() takes it, and read() too
        endless(HEAD + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\n", bytes(65536)),
        endless(HEAD + b"Content-Length: -1\r\n\r\n" + PNG, bytes(65536)),
        endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
    ],
    ids=["no length", "chunks", "chunk of -1", "vast chunk", "negative length", "only 100 Continue"],
)
def test_a_file_that_never_ends_is_cut_off(play: Callable[..., None]) -> None:
    assert play_to(play) == ("too large", False)


def test_headers_that_never_end_are_cut_off() -> None:
    assert play_to(endless(HEAD, b"X-More: 1\r\n")) == ("HTTPException", True)
    assert play_to(endless(HEAD, b"x" * 65536)) == ("LineTooLong", True)


def test_a_packed_file_is_not_unpacked() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    assert len(bomb) < 100_000
    answer = Answer(body=bomb, content_type="image/png", headers={"Content-Encoding": "gzip"})
    with answering(answer) as (url, _):
        assert failure(fetcher(), url) == ("packed", False)


def test_packed_chunks_are_not_unpacked_either() -> None:
    packed = gzip.compress(PNG)
    play = saying(
        HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + b"%x\r\n" % len(packed) + packed + b"\r\n0\r\n\r\n"
    )
    assert play_to(play) == ("neither a picture nor sound", False)


def test_a_file_that_breaks_off_is_tried_again() -> None:
    with answering(Answer(body=PNG, fault=Fault.HALF)) as (url, _):
        assert failure(fetcher(), url) == ("broke off", True)
    assert play_to(saying(HEAD + b"Content-Length: 9\r\n\r\n")) == ("broke off", True)
    chunk = b"%x\r\n" % len(PNG) + PNG
    assert play_to(saying(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunk[:-1])) == ("IncompleteRead", True)
    assert play_to(saying(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunk + b"\r\nzz\r\n")) == (
        "IncompleteRead",
        True,
    )


def test_a_file_in_chunks_is_whole() -> None:
    middle = len(PNG) // 2
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (PNG[:middle], PNG[middle:]))
    with Raw(saying(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")) as server:
        assert fetcher().fetch(f"http://127.0.0.1:{server.port}/") == Fetched(PNG, "image/png")


def test_more_than_was_announced_is_not_read() -> None:
    with Raw(saying(HEAD + b"Content-Length: %d\r\n\r\n" % len(PNG) + PNG + HTML)) as server:
        assert fetcher().fetch(f"http://127.0.0.1:{server.port}/") == Fetched(PNG, "image/png")


@pytest.mark.parametrize("said", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 abc OK\r\n\r\n", b"\x00" * 100])
def test_what_is_no_http_is_tried_again(said: bytes) -> None:
    why, again = play_to(saying(said))
    assert (why in {"RemoteDisconnected", "BadStatusLine", "ConnectionResetError"}, again) == (True, True)


def test_a_connection_that_is_torn_or_refused_is_tried_again() -> None:
    with answering(Answer(fault=Fault.RESET)) as (url, _):
        assert failure(fetcher(), url) == ("ConnectionResetError", True)
    assert failure(fetcher(), url) == ("ConnectionRefusedError", True)


# Time


LIMIT = 0.4


def timed(work: Callable[[], tuple[str, bool]]) -> tuple[str, bool]:
    began = time.monotonic()
    outcome = work()
    assert LIMIT <= time.monotonic() - began < LIMIT + 2
    return outcome


@pytest.mark.parametrize(
    "play",
    [
        saying(then_silent=True),
        saying(HEAD + b"Content-Length: 90\r\n\r\n" + PNG[:8], then_silent=True),
        saying(HEAD + b"Content-Length: 90\r\n\r\n", *[PNG[:1]] * 90, pause=0.05),
        saying(*[bytes([letter]) for letter in HEAD * 3], pause=0.05),
        saying(HEAD, *[b"X-More: 1\r\n"] * 90, pause=0.05),
    ],
    ids=["silent", "silent half-way", "drips", "drips headers", "drips lines"],
)
def test_a_slow_server_is_left_when_the_time_is_up(play: Callable[..., None]) -> None:
    assert timed(lambda: play_to(play, seconds=LIMIT)) == ("too slow", True)


def test_a_server_that_drips_or_is_silent_before_it_speaks_tls_is_left_too() -> None:
    for play in (saying(then_silent=True), saying(*[b"\x16\x03\x03\x40\x00"] + [b"\x02"] * 90, pause=0.05)):
        with Raw(play) as server:
            url = f"https://127.0.0.1:{server.port}/?{KEY}"
            assert timed(lambda url=url: failure(fetcher(seconds=LIMIT), url)) == ("too slow", True)  # type: ignore[misc]


def test_a_host_without_an_address_is_tried_again() -> None:
    def nowhere(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, f"{host} is not known")

    assert failure(fetcher(resolve=nowhere), f"https://cdn.fbsbx.com/?{KEY}") == ("no such host", True)


def test_a_look_up_that_takes_too_long_is_left() -> None:
    answered = threading.Event()

    def late(host: str, port: int) -> list[str]:
        answered.wait(5)
        return ["127.0.0.1"]

    fetching = fetcher(resolve=late, seconds=LIMIT)
    assert timed(lambda: failure(fetching, f"http://cdn.test/?{KEY}")) == ("too slow", True)
    answered.set()


# TLS


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Of cdn.test, signed by itself; with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cdn.test")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("cdn.test")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "certificate.pem"
    file.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return file


def test_the_certificate_must_be_of_the_name_and_not_only_of_the_address(certificate: Path) -> None:
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(certificate)
    trust = ssl.create_default_context(cafile=str(certificate))

    def play(connection: socket.socket, stopping: threading.Event) -> None:
        with server_side.wrap_socket(connection, server_side=True) as tls:
            saying(HEAD + b"Content-Length: %d\r\n\r\n" % len(PNG) + PNG)(tls, stopping)

    limits: Mapping[str, object] = {"trust": trust, "resolve": lambda host, port: ["127.0.0.1"]}
    with Raw(play) as server:
        end = f":{server.port}/?{KEY}"
        assert fetcher(**limits).fetch(f"https://cdn.test{end}").content == PNG  # type: ignore[arg-type]
        other = fetcher(**limits)  # type: ignore[arg-type]
        assert failure(other, f"https://127.0.0.1{end}") == ("SSLCertVerificationError", True)
        stranger = Fetcher((), private_hosts=("cdn.test",), resolve=lambda host, port: ["127.0.0.1"])
        assert failure(stranger, f"https://cdn.test{end}") == ("SSLCertVerificationError", True)

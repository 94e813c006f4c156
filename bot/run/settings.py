"""The environment, read once: one frozen `Settings`. A malformed value stops the start with one line that names it."""

import difflib
import hashlib
import os
import re
import secrets
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dotenv.parser import parse_stream

from bot.run.trouble import Trouble

# fmt: off
NAMES = frozenset({
    "VAR_DIR", "PORT", "PUBLIC_URL", "DATABASE_URL", "REDIS_URL", "SECRET_KEY", "SECRET_KEY_OLD", "DEFAULT_LOCALE",
    "TIMEZONE", "LOG_LEVEL", "WEB_WORKERS", "WEB_THREADS",
    "MESSENGER_APP_ID", "MESSENGER_APP_SECRET", "MESSENGER_APP_SECRET_OLD", "MESSENGER_VERIFY_TOKEN",
    "MESSENGER_PAGE_ID", "MESSENGER_PAGE_TOKEN", "MESSENGER_API_URL", "MESSENGER_API_VERSION",
    "MESSENGER_WINDOW_HOURS", "MESSENGER_HUMAN_AGENT", "MESSENGER_TYPING",
    "ZALO_APP_ID", "ZALO_APP_SECRET", "ZALO_OA_ID", "ZALO_OA_SECRET", "ZALO_ACCESS_TOKEN", "ZALO_REFRESH_TOKEN",
    "ZALO_API_URL", "ZALO_OAUTH_URL", "ZALO_ZBS_URL", "ZALO_APP_SECRET_OLD", "ZALO_OA_SECRET_OLD", "ZALO_SIGNATURE",
    "ZALO_PKCE_VERIFIER", "ZALO_APPSECRET_PROOF", "ZALO_BUTTONS", "ZALO_PAID", "ZALO_CALLS_A_MINUTE", "ZALO_VERIFIER",
    "ZALOBOT_TOKEN", "ZALOBOT_SECRET", "ZALOBOT_API_URL", "TAKEOVER_HOURS", "MEDIA_HOSTS",
})
# fmt: on
SIGNATURES = ("auto", "app-body", "app-header", "oa-body", "oa-header")
"""What Zalo's signature begins with (the app's id or the OA's) and which time it ends with. auto: any of these."""
TYPING = ("auto", "always", "never")
LOG_LEVELS = ("debug", "info", "warning", "error")
KEY_FILE = "secret_key"
SOCKET_PATH_BYTES = 107  # unix(7): sun_path has 108, with the NUL at the end


class BadSetting(Trouble):
    """A setting that cannot be used. `name` is the variable, `why` a sentence that never repeats a secret."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name}: {why}")
        self.name = name
        self.why = why


@dataclass(frozen=True, slots=True)
class Settings:
    """All that the environment decides. Secrets are left out of its repr."""

    var_dir: Path  # absolute; it need not exist yet
    port: int
    public_url: str  # without a slash at the end
    database_url: str = field(repr=False)  # may carry a password
    redis_url: str = field(repr=False)  # always an address: the embedded server's own where REDIS_URL is empty
    embedded_redis: bool
    secret_key: str = field(repr=False)
    secret_key_old: tuple[str, ...] = field(repr=False)
    default_locale: str
    timezone: str  # a name that ZoneInfo knows
    log_level: str
    web_workers: int
    web_threads: int
    messenger_app_id: str
    messenger_app_secret: str = field(repr=False)
    messenger_app_secret_old: tuple[str, ...] = field(repr=False)
    messenger_verify_token: str = field(repr=False)
    messenger_page_id: str
    messenger_page_token: str = field(repr=False)
    messenger_api_url: str
    messenger_api_version: str
    messenger_window_hours: int  # how long after her last action we may write
    messenger_human_agent: bool  # Meta has granted the app "Human Agent"
    messenger_typing: str  # of TYPING; auto: only where she has to wait
    zalo_app_id: str
    zalo_app_secret: str = field(repr=False)
    zalo_app_secret_old: tuple[str, ...] = field(repr=False)
    zalo_oa_id: str
    zalo_oa_secret: str = field(repr=False)
    zalo_oa_secret_old: tuple[str, ...] = field(repr=False)
    zalo_access_token: str = field(repr=False)
    zalo_refresh_token: str = field(repr=False)
    zalo_api_url: str
    zalo_oauth_url: str
    zalo_zbs_url: str
    zalo_signature: str  # of SIGNATURES
    zalo_pkce_verifier: str = field(repr=False)  # the one of the console; empty: a fresh one for each consent
    zalo_appsecret_proof: bool
    zalo_buttons: bool  # no: numbers only, where the package refuses buttons
    zalo_paid: bool  # the co-op pays for messages from 48 hours to 7 days after her last one
    zalo_calls_a_minute: int
    zalo_verifier: str  # the code of the file by which Zalo proves the domain
    zalobot_token: str = field(repr=False)
    zalobot_secret: str = field(repr=False)
    zalobot_api_url: str
    takeover_hours: int  # how long after a colleague's last words the bot stays silent
    media_hosts: tuple[str, ...]  # further hosts from which attachments may be fetched

    @classmethod
    def read(cls, environ: Mapping[str, str], dotenv: Path | None = None) -> Self:
        """The settings of `environ`, over those of the file `dotenv` if there is one. Raises `BadSetting`.

        Makes and keeps a secret key in VAR_DIR where the database is SQLite and none is given.
        """
        source = _Source({**_read_dotenv(dotenv), **{name: environ[name] for name in NAMES if environ.get(name)}})
        var_dir = Path(source.text("VAR_DIR", "var")).absolute()
        port = source.number("PORT", 8000, 1, 65535)
        database_url = source.database(f"sqlite:///{var_dir / 'chophien.db'}")
        redis_url = source.redis()
        settings = cls(
            var_dir=var_dir,
            port=port,
            public_url=source.address("PUBLIC_URL", f"http://127.0.0.1:{port}"),
            database_url=database_url,
            redis_url=redis_url or f"unix://{quote(str(valkey_socket(var_dir)))}",
            embedded_redis=not redis_url,
            secret_key=source.text("SECRET_KEY"),
            secret_key_old=source.several("SECRET_KEY_OLD"),
            default_locale=source.matching("DEFAULT_LOCALE", "vi", r"[a-z]{2,3}", "a language code such as vi"),
            timezone=source.zone(),
            log_level=source.one_of("LOG_LEVEL", "info", LOG_LEVELS),
            web_workers=source.number("WEB_WORKERS", 1, 1, 64),
            web_threads=source.number("WEB_THREADS", 64, 1, 512),
            messenger_app_id=source.text("MESSENGER_APP_ID"),
            messenger_app_secret=source.text("MESSENGER_APP_SECRET"),
            messenger_app_secret_old=source.several("MESSENGER_APP_SECRET_OLD"),
            messenger_verify_token=source.text("MESSENGER_VERIFY_TOKEN"),
            messenger_page_id=source.text("MESSENGER_PAGE_ID"),
            messenger_page_token=source.text("MESSENGER_PAGE_TOKEN"),
            messenger_api_url=source.address("MESSENGER_API_URL", "https://graph.facebook.com"),
            messenger_api_version=source.matching(
                "MESSENGER_API_VERSION", "v25.0", r"v[0-9]{1,3}\.[0-9]", "a version such as v25.0"
            ),
            messenger_window_hours=source.number("MESSENGER_WINDOW_HOURS", 24, 1, 168),
            messenger_human_agent=source.yes("MESSENGER_HUMAN_AGENT", default=False),
            messenger_typing=source.one_of("MESSENGER_TYPING", "auto", TYPING),
            zalo_app_id=source.text("ZALO_APP_ID"),
            zalo_app_secret=source.text("ZALO_APP_SECRET"),
            zalo_app_secret_old=source.several("ZALO_APP_SECRET_OLD"),
            zalo_oa_id=source.text("ZALO_OA_ID"),
            zalo_oa_secret=source.text("ZALO_OA_SECRET"),
            zalo_oa_secret_old=source.several("ZALO_OA_SECRET_OLD"),
            zalo_access_token=source.text("ZALO_ACCESS_TOKEN"),
            zalo_refresh_token=source.text("ZALO_REFRESH_TOKEN"),
            zalo_api_url=source.address("ZALO_API_URL", "https://openapi.zalo.me"),
            zalo_oauth_url=source.address("ZALO_OAUTH_URL", "https://oauth.zaloapp.com"),
            zalo_zbs_url=source.address("ZALO_ZBS_URL", "https://business.openapi.zalo.me"),
            zalo_signature=source.one_of("ZALO_SIGNATURE", "auto", SIGNATURES),
            zalo_pkce_verifier=source.matching(
                "ZALO_PKCE_VERIFIER", "", r"|[A-Za-z0-9_-]{43}", "43 letters and digits, as the console shows them"
            ),
            zalo_appsecret_proof=source.yes("ZALO_APPSECRET_PROOF", default=False),
            zalo_buttons=source.yes("ZALO_BUTTONS", default=True),
            zalo_paid=source.yes("ZALO_PAID", default=False),
            zalo_calls_a_minute=source.number("ZALO_CALLS_A_MINUTE", 100, 1, 4000),
            zalo_verifier=source.matching("ZALO_VERIFIER", "", r"[A-Za-z0-9_-]*", "the code in the file's name"),
            zalobot_token=source.text("ZALOBOT_TOKEN"),
            zalobot_secret=source.matching("ZALOBOT_SECRET", "", r"|.{8,256}", "8 to 256 characters"),
            zalobot_api_url=source.address("ZALOBOT_API_URL", "https://bot-api.zaloplatforms.com"),
            takeover_hours=source.number("TAKEOVER_HOURS", 12, 1, 168),
            media_hosts=source.several("MEDIA_HOSTS"),
        )
        if settings.secret_key:
            return settings
        return replace(settings, secret_key=_kept_key(var_dir, database_url))  # last: a bad setting leaves no trace

    @property
    def secret_keys(self) -> list[str]:
        """The key that seals, then those that still open: what `catalog.vault.Vault` takes."""
        return [self.secret_key, *self.secret_key_old]

    @property
    def messenger_app_secrets(self) -> list[str]:
        """The secrets that a delivery may be signed with, the newest first; none where Messenger is off."""
        return [self.messenger_app_secret, *self.messenger_app_secret_old] if self.messenger_app_secret else []

    @property
    def zalo_secrets(self) -> list[str]:
        """The secrets that a delivery may be signed with: the OA's, or the app's where the OA's is not known."""
        own = [self.zalo_oa_secret, *self.zalo_oa_secret_old]
        return [one for one in own if one] or [one for one in (self.zalo_app_secret, *self.zalo_app_secret_old) if one]

    @property
    def zalobot_id(self) -> str:
        """The bot's own id: a token begins with it."""
        return self.zalobot_token.partition(":")[0]

    @property
    def zalo_missing(self) -> list[str]:
        """The variables that Zalo still needs; all of them where it is off."""
        needed = {
            "ZALO_APP_ID": self.zalo_app_id,
            "ZALO_APP_SECRET": self.zalo_app_secret,
            "ZALO_OA_SECRET": self.zalo_oa_secret,
        }
        return [name for name, value in needed.items() if not value]

    @property
    def messenger_missing(self) -> list[str]:
        """The variables that Messenger still needs; all of them where it is off."""
        needed = {
            "MESSENGER_APP_SECRET": self.messenger_app_secret,
            "MESSENGER_VERIFY_TOKEN": self.messenger_verify_token,
            "MESSENGER_PAGE_ID": self.messenger_page_id,
            "MESSENGER_PAGE_TOKEN": self.messenger_page_token,
        }
        return [name for name, value in needed.items() if not value]


class _Source:
    """The given values, each taken out as what it should be. An empty value is none."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def text(self, name: str, default: str = "") -> str:
        value = self._values.get(name, "").strip() or default
        if any(ord(char) < 32 for char in value):
            raise BadSetting(name, "has a line break or another control character in it")
        return value

    def several(self, name: str) -> tuple[str, ...]:
        return tuple(value.strip() for value in self.text(name).split(",") if value.strip())

    def number(self, name: str, default: int, least: int, most: int) -> int:
        value = self.text(name, str(default))
        if not re.fullmatch(r"[0-9]{1,9}", value) or not least <= int(value) <= most:
            raise BadSetting(name, f"should be a whole number from {least} to {most}")
        return int(value)

    def yes(self, name: str, *, default: bool) -> bool:
        value = self.text(name, "yes" if default else "no").lower()
        if value not in {"yes", "no", "1", "0", "true", "false"}:
            raise BadSetting(name, "should be yes or no")
        return value in {"yes", "1", "true"}

    def matching(self, name: str, default: str, pattern: str, example: str) -> str:
        value = self.text(name, default)
        if not re.fullmatch(pattern, value):
            raise BadSetting(name, f"should be {example}")
        return value

    def one_of(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        value = self.text(name, default).lower()
        if value not in allowed:
            raise BadSetting(name, f"should be one of {', '.join(allowed)}")
        return value

    def address(self, name: str, default: str) -> str:
        value = self.text(name, default).rstrip("/")
        try:
            parts = urlsplit(value)
            usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable or parts.username or parts.query or parts.fragment or re.search(r"\s", value):
            raise BadSetting(name, "should be an address such as https://example.org")
        return value

    def zone(self) -> str:
        value = self.text("TIMEZONE", "Asia/Ho_Chi_Minh")
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise BadSetting("TIMEZONE", "should be a time zone such as Asia/Ho_Chi_Minh") from error
        return value

    def database(self, default: str) -> str:
        value = re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", self.text("DATABASE_URL", default))
        if not re.match(r"sqlite:///.+|postgresql\+psycopg://.+", value):
            raise BadSetting("DATABASE_URL", "should start with sqlite:/// or postgresql+psycopg://")
        if value.startswith("sqlite") and ":memory:" in value:
            raise BadSetting("DATABASE_URL", "should name a file: several processes share it")
        return value

    def redis(self) -> str:
        value = self.text("REDIS_URL")
        if value and not re.match(r"(rediss?|unix)://.+", value):
            raise BadSetting("REDIS_URL", "should start with redis://, rediss:// or unix://")
        return value


def valkey_socket(var_dir: Path) -> Path:
    """Where the embedded server listens: in `var_dir`, or in a private temporary folder where that is too long."""
    inside = var_dir / "valkey.sock"
    if len(os.fsencode(inside)) <= SOCKET_PATH_BYTES:
        return inside
    short = hashlib.sha256(os.fsencode(var_dir)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"chophien-{os.getuid()}-{short}" / "valkey.sock"


def sqlite_file(database_url: str) -> Path | None:
    """The file of a SQLite database; None for PostgreSQL."""
    prefix, found, path = database_url.partition("sqlite:///")
    return Path(path.partition("?")[0]).absolute() if found and not prefix else None


def _read_dotenv(path: Path | None) -> dict[str, str]:
    """The names and values of a `.env` file, `$` taken as it stands. A line that is not understood is an error."""
    if path is None or not path.is_file():
        return {}
    values: dict[str, str] = {}
    try:
        with path.open(encoding="utf-8") as stream:
            bindings = list(parse_stream(stream))
    except UnicodeDecodeError as error:
        raise BadSetting(path.name, "is not UTF-8 text") from error
    for binding in bindings:
        line = f"{path.name} line {binding.original.line}"
        if binding.error:
            raise BadSetting(line, "is not NAME=value; is a quotation mark missing?")
        if binding.key is None:
            continue  # a comment or an empty line
        if binding.key not in NAMES:
            near = difflib.get_close_matches(binding.key, NAMES, 1)
            raise BadSetting(binding.key, f"{line} has an unknown name" + (f"; {near[0]}?" if near else ""))
        if binding.value is None:
            raise BadSetting(binding.key, f"{line} has no value; write {binding.key}=value")
        values[binding.key] = binding.value
    return values


def _kept_key(var_dir: Path, database_url: str) -> str:
    """The secret key kept in `var_dir`, made now if there is none yet. Two processes that start at once agree."""
    database = sqlite_file(database_url)
    if database is None:
        raise BadSetting("SECRET_KEY", "is required where DATABASE_URL is not SQLite; 32 random characters or more")
    kept = var_dir / KEY_FILE
    try:
        if not kept.exists():
            if database.exists() and database.stat().st_size:
                raise BadSetting("SECRET_KEY", f"is not set and {kept} is gone, but {database} is sealed with it")
            _keep_new_key(kept)
        key = kept.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting("VAR_DIR", f"the secret key in {kept} cannot be kept or read: {error}") from error
    if not key:
        raise BadSetting("SECRET_KEY", f"is not set and {kept} is empty")
    return key


def _keep_new_key(kept: Path) -> None:
    """Written beside and linked into place: whoever comes second finds the first one's key, whole."""
    kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = kept.with_name(f"{KEY_FILE}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as stream:
            stream.write(secrets.token_urlsafe(48) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        if not kept.exists():
            try:
                kept.hardlink_to(fresh)
            except FileExistsError:
                return  # somebody else was first: her key is the key
    finally:
        fresh.unlink()

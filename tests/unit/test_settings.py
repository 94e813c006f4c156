"""The environment becomes one object, or one line that names the variable."""

from multiprocessing import get_context
from pathlib import Path

import pytest

from bot.run.settings import BadSetting, Settings

KEY = "k" * 48


def read(tmp_path: Path, **environ: str) -> Settings:
    return Settings.read({"VAR_DIR": str(tmp_path / "var"), **environ})


def test_an_empty_environment_gives_the_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings.read({})
    var_dir = tmp_path / "var"
    key = (var_dir / "secret_key").read_text(encoding="ascii").strip()
    assert settings == Settings(
        var_dir=var_dir,
        port=8000,
        public_url="http://127.0.0.1:8000",
        database_url=f"sqlite:///{var_dir}/chophien.db",
        redis_url=f"unix://{var_dir}/valkey.sock",
        embedded_redis=True,
        secret_key=key,
        secret_key_old=(),
        default_locale="vi",
        timezone="Asia/Ho_Chi_Minh",
        log_level="info",
        web_workers=1,
        web_threads=64,
        messenger_app_id="",
        messenger_app_secret="",
        messenger_app_secret_old=(),
        messenger_verify_token="",
        messenger_page_id="",
        messenger_page_token="",
        messenger_api_url="https://graph.facebook.com",
        messenger_api_version="v25.0",
        messenger_window_hours=24,
        messenger_human_agent=False,
        messenger_typing="auto",
        zalo_app_id="",
        zalo_app_secret="",
        zalo_app_secret_old=(),
        zalo_oa_id="",
        zalo_oa_secret="",
        zalo_oa_secret_old=(),
        zalo_access_token="",
        zalo_refresh_token="",
        zalo_api_url="https://openapi.zalo.me",
        zalo_oauth_url="https://oauth.zaloapp.com",
        zalo_zbs_url="https://business.openapi.zalo.me",
        zalo_signature="auto",
        zalo_pkce_verifier="",
        zalo_appsecret_proof=False,
        zalo_buttons=True,
        zalo_paid=False,
        zalo_calls_a_minute=100,
        zalo_verifier="",
        zalobot_token="",
        zalobot_secret="",
        zalobot_api_url="https://bot-api.zaloplatforms.com",
        takeover_hours=12,
        media_hosts=(),
    )


def test_the_secret_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    first, second = read(tmp_path), read(tmp_path)
    assert first.secret_key == second.secret_key
    assert len(first.secret_key) == 64
    assert (tmp_path / "var" / "secret_key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["secret_key"]


def test_processes_that_start_at_once_agree_on_the_secret_key(tmp_path: Path) -> None:
    with get_context("spawn").Pool(4) as pool:
        keys = pool.map(_secret_key, [str(tmp_path / "var")] * 16)
    assert set(keys) == {read(tmp_path).secret_key}


def _secret_key(var_dir: str) -> str:
    return Settings.read({"VAR_DIR": var_dir}).secret_key


def test_a_lost_secret_key_is_not_replaced_under_a_database_that_needs_it(tmp_path: Path) -> None:
    database = tmp_path / "var" / "chophien.db"
    database.parent.mkdir()
    database.write_bytes(b"SQLite format 3\0")
    with pytest.raises(BadSetting) as refused:
        read(tmp_path)
    assert str(refused.value) == (
        f"SECRET_KEY: is not set and {tmp_path}/var/secret_key is gone, but {database} is sealed with it"
    )
    assert [path.name for path in database.parent.iterdir()] == ["chophien.db"]


def test_a_given_key_is_used_and_none_is_kept(tmp_path: Path) -> None:
    settings = read(tmp_path, SECRET_KEY=KEY, SECRET_KEY_OLD="older, oldest")
    assert settings.secret_keys == [KEY, "older", "oldest"]
    assert not (tmp_path / "var").exists()


def test_no_secret_shows_in_the_repr(tmp_path: Path) -> None:
    secrets = {
        name: f"hush-{name}"
        for name in (
            "SECRET_KEY",
            "SECRET_KEY_OLD",
            "MESSENGER_APP_SECRET",
            "MESSENGER_APP_SECRET_OLD",
            "MESSENGER_VERIFY_TOKEN",
            "MESSENGER_PAGE_TOKEN",
            "ZALO_APP_SECRET",
            "ZALO_OA_SECRET",
            "ZALO_ACCESS_TOKEN",
            "ZALO_REFRESH_TOKEN",
            "ZALO_APP_SECRET_OLD",
            "ZALO_OA_SECRET_OLD",
            "ZALOBOT_TOKEN",
            "ZALOBOT_SECRET",
        )
    }
    secrets["DATABASE_URL"] = "postgresql+psycopg://me:hush-db@localhost/x"
    secrets["REDIS_URL"] = "redis://:hush-redis@localhost"
    assert "hush" not in repr(read(tmp_path, **secrets))


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("PORT", "eighty", "should be a whole number from 1 to 65535"),
        ("PORT", "0", "should be a whole number from 1 to 65535"),
        ("PORT", "٨٠٠٠", "should be a whole number from 1 to 65535"),
        ("PORT", "9" * 400, "should be a whole number from 1 to 65535"),
        ("WEB_THREADS", "-4", "should be a whole number from 1 to 512"),
        ("PUBLIC_URL", "example.org", "should be an address such as https://example.org"),
        ("PUBLIC_URL", "https://[", "should be an address such as https://example.org"),
        ("PUBLIC_URL", "https://example.org:port", "should be an address such as https://example.org"),
        ("MESSENGER_API_URL", "ftp://graph", "should be an address such as https://example.org"),
        ("MESSENGER_API_VERSION", "25", "should be a version such as v25.0"),
        ("MESSENGER_PAGE_TOKEN", "two\nlines", "has a line break or another control character in it"),
        ("DEFAULT_LOCALE", "../vi", "should be a language code such as vi"),
        ("TIMEZONE", "Asia/Hanoi", "should be a time zone such as Asia/Ho_Chi_Minh"),
        ("TIMEZONE", "/etc/passwd", "should be a time zone such as Asia/Ho_Chi_Minh"),
        ("LOG_LEVEL", "loud", "should be one of debug, info, warning, error"),
        ("DATABASE_URL", "mysql://localhost/x", "should start with sqlite:/// or postgresql+psycopg://"),
        ("DATABASE_URL", "sqlite:///:memory:", "should name a file: several processes share it"),
        ("REDIS_URL", "localhost:6379", "should start with redis://, rediss:// or unix://"),
    ],
)
def test_a_malformed_value_is_one_line_that_names_the_variable(tmp_path: Path, name: str, value: str, why: str) -> None:
    with pytest.raises(BadSetting) as refused:
        read(tmp_path, **{name: value})
    assert (refused.value.name, str(refused.value)) == (name, f"{name}: {why}")
    assert not (tmp_path / "var").exists()


def test_postgresql_needs_a_given_key(tmp_path: Path) -> None:
    with pytest.raises(BadSetting) as refused:
        read(tmp_path, DATABASE_URL="postgresql+psycopg://h/x")
    assert str(refused.value) == (
        "SECRET_KEY: is required where DATABASE_URL is not SQLite; 32 random characters or more"
    )


def test_a_short_postgresql_address_gets_its_driver(tmp_path: Path) -> None:
    settings = read(tmp_path, DATABASE_URL="postgres://me@db/x", SECRET_KEY=KEY)
    assert settings.database_url == "postgresql+psycopg://me@db/x"


def test_an_empty_value_is_none(tmp_path: Path) -> None:
    assert read(tmp_path, PORT="", REDIS_URL=" ", PUBLIC_URL="").public_url == "http://127.0.0.1:8000"


def test_messenger_names_what_it_still_needs(tmp_path: Path) -> None:
    settings = read(tmp_path, MESSENGER_APP_SECRET="new", MESSENGER_APP_SECRET_OLD="old", MESSENGER_PAGE_ID="7")
    assert settings.messenger_missing == ["MESSENGER_VERIFY_TOKEN", "MESSENGER_PAGE_TOKEN"]
    assert settings.messenger_app_secrets == ["new", "old"]
    assert read(tmp_path, MESSENGER_APP_SECRET_OLD="old").messenger_app_secrets == []


def test_the_environment_wins_over_the_file_and_a_dollar_is_a_dollar(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("# ours\nexport PORT=9000\nLOG_LEVEL='debug'\nMESSENGER_PAGE_TOKEN=a$b${c}\n", encoding="utf-8")
    settings = Settings.read({"VAR_DIR": str(tmp_path), "PORT": "9001", "UNKNOWN": "fine"}, dotenv)
    assert (settings.port, settings.log_level, settings.messenger_page_token) == (9001, "debug", "a$b${c}")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "PORT=1\nMESSENGER_PAGE_TOKN=x\n",
            "MESSENGER_PAGE_TOKN: .env line 2 has an unknown name; MESSENGER_PAGE_TOKEN?",
        ),
        ("PATH=/bin\n", "PATH: .env line 1 has an unknown name"),
        ("COLOUR=red\n", "COLOUR: .env line 1 has an unknown name"),
        ("PORT\n", "PORT: .env line 1 has no value; write PORT=value"),
        ("SECRET_KEY='half\n", ".env line 1: is not NAME=value; is a quotation mark missing?"),
    ],
)
def test_a_file_that_is_not_understood_stops_the_start(tmp_path: Path, text: str, line: str) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text(text, encoding="utf-8")
    with pytest.raises(BadSetting) as refused:
        Settings.read({"VAR_DIR": str(tmp_path)}, dotenv)
    assert str(refused.value) == line


def test_a_file_in_another_encoding_stops_the_start(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_bytes("LOG_LEVEL=lỗi".encode("utf-16"))
    with pytest.raises(BadSetting, match=r"^\.env: is not UTF-8 text$"):
        Settings.read({"VAR_DIR": str(tmp_path)}, dotenv)


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("MESSENGER_WINDOW_HOURS", "0"),
        ("MESSENGER_HUMAN_AGENT", "maybe"),
        ("MESSENGER_TYPING", "sometimes"),
        ("ZALO_SIGNATURE", "hmac"),
        ("ZALO_PKCE_VERIFIER", "short"),
        ("ZALO_CALLS_A_MINUTE", "0"),
        ("ZALO_VERIFIER", "../etc"),
        ("ZALO_PAID", "2"),
        ("ZALOBOT_SECRET", "seven77"),
        ("ZALO_ZBS_URL", "openapi"),
        ("TAKEOVER_HOURS", "169"),
    ],
)
def test_a_bad_setting_of_a_platform_is_named(tmp_path: Path, name: str, bad: str) -> None:
    with pytest.raises(BadSetting) as refused:
        read(tmp_path, **{name: bad})
    assert refused.value.name == name


def test_without_the_oas_own_secret_the_apps_counts(tmp_path: Path) -> None:
    assert read(tmp_path, ZALO_APP_SECRET="a", ZALO_APP_SECRET_OLD="b").zalo_secrets == ["a", "b"]
    assert read(tmp_path, ZALO_APP_SECRET="a", ZALO_OA_SECRET="c", ZALO_OA_SECRET_OLD="d").zalo_secrets == ["c", "d"]
    assert read(tmp_path).zalo_secrets == []

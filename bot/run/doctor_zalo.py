"""Zalo: its settings, the proof that the domain is ours, and each OA as Zalo sees it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.reply import Reason, SendError
from bot.run.clients import zalo_client
from bot.run.doctor_account import ADD, Kept, before_asking, kept_accounts
from bot.run.doctor_finding import TIMEOUTS, Asker, Finding
from bot.run.doctor_web import Metrics, zalo_variants
from bot.run.settings import Settings
from bot.run.shell import plain
from catalog.db import Database
from handlers.calling import Caller
from handlers.channels.zalo.answers import Account as Oa

CHANNEL = "zalo"
SENDING = ("tăng trưởng", "toàn diện")
"""The packages whose API sends."""
LATE = timedelta(hours=4)  # the clock renews what has five hours left
SOON = timedelta(days=14)
CLOCK = "is a clock running? chophien up, or chophien clock"
WHERE = {
    "ZALO_APP_ID": "developers.zalo.me → your app",
    "ZALO_APP_SECRET": "developers.zalo.me → your app",
    "ZALO_OA_SECRET": "developers.zalo.me → your app → Webhook → OA Secret Key",
}


def zalo(settings: Settings, database: Database, metrics: Metrics | None, now: datetime) -> Iterator[Finding]:
    """Nothing where it is off."""
    oas, missing = kept_accounts(settings, database, CHANNEL), settings.zalo_missing
    if len(missing) == len(WHERE) and not oas:
        return
    yield from _settings(settings, oas, missing)
    yield from zalo_variants(settings, metrics)
    yield from _domain(settings)
    asker = Asker("Zalo")
    client = zalo_client(settings, timeouts=TIMEOUTS)
    try:
        for oa in oas:
            troubles = [*before_asking(oa), *_token(oa, now)]
            found = None
            if oa.token and (oa.expires_at is None or oa.expires_at > now):
                try:
                    found = asker.ask(lambda oa=oa: client.get_oa(oa.token))  # type: ignore[misc]
                    troubles += _account(settings, oa, found, now)
                except SendError as error:
                    troubles.append(_refused(asker, oa, error))
            yield from troubles
            if found is not None and not troubles:
                yield Finding("fine", oa.about, _well(oa, found))
    finally:
        client.close()


def _settings(settings: Settings, oas: list[Kept], missing: list[str]) -> Iterator[Finding]:
    if missing:
        mend = "; ".join(dict.fromkeys(WHERE[name] for name in missing))
        yield Finding("broken", "Zalo", f"incomplete: {', '.join(missing)} missing", f"set what is missing: {mend}")
    elif not oas and settings.zalo_oa_id:
        yield Finding("look", "Zalo", f"the OA {settings.zalo_oa_id} is not taken in yet", "chophien up")
    elif not oas:
        yield Finding("broken", "Zalo", "no OA is connected", ADD[CHANNEL])
    else:
        yield Finding("fine", "Zalo", "settings are complete")


def _domain(settings: Settings) -> Iterator[Finding]:
    """Whether the file by which Zalo proves the domain can be read where it looks for it."""
    about, code = "Zalo domain", settings.zalo_verifier
    if not code:
        words = "ZALO_VERIFIER is not set: Zalo takes no webhook on a domain that is not verified"
        yield Finding("look", about, words, "the code in the name of zalo_verifier….html, console → Xác thực domain")
        return
    if not settings.public_url.startswith("https://"):
        words = f"Zalo cannot read its file at {settings.public_url}"
        yield Finding("look", about, words, "set PUBLIC_URL to the https address that leads here")
        return
    yield verifier_at(f"{settings.public_url}/zalo_verifier{code}.html", code)


def verifier_at(url: str, code: str) -> Finding:
    about, caller = "Zalo domain", Caller(pool_size=1, timeouts=TIMEOUTS)
    mend = "does PUBLIC_URL lead to this chophien web? some routers only show it from outside: try on a phone"
    try:
        answered = Asker("PUBLIC_URL").ask(lambda: caller.call("GET", url))
    except SendError as error:
        return Finding("look", about, f"{url} cannot be read from here ({error})", mend)
    finally:
        caller.close()
    if answered.status != 200 or code.encode() not in answered.content:
        return Finding("look", about, f"{url} is not our file (HTTP {answered.status})", mend)
    return Finding("fine", about, "the file by which Zalo verifies it is there")


def _token(oa: Kept, now: datetime) -> Iterator[Finding]:
    """The pair, where there is one."""
    if not oa.token or oa.lost:
        return
    over = oa.expires_at is not None and oa.expires_at <= now
    told = f"its token: {oa.token_told}"
    if not oa.renewable:
        yield Finding("broken" if over else "look", oa.about, f"{told}; there is no refresh token", ADD[CHANNEL])
    elif over:
        yield Finding("broken", oa.about, f"{told}, but nobody renewed it", CLOCK)
    elif oa.expires_at is not None and oa.expires_at <= now + LATE:
        yield Finding("look", oa.about, f"{told}, but nobody has renewed it yet", CLOCK)


def _refused(asker: Asker, oa: Kept, error: SendError) -> Finding:
    if error.reason is Reason.EXPIRED:
        words = f"Zalo calls its token expired ({error})"
        if oa.renewable and not oa.lost:
            return Finding("look", oa.about, words, f"the next reply renews it, or the clock in half an hour; {CLOCK}")
        return Finding("broken", oa.about, words, ADD[CHANNEL])
    proof = "; if the app demands appsecret_proof: ZALO_APPSECRET_PROOF=yes, and is ZALO_APP_SECRET right?"
    mend = f"{ADD[CHANNEL]}{proof if error.reason is Reason.RIGHTS else ''}"
    return asker.refused(oa.about, "the OA", error, mend)


def _account(settings: Settings, oa: Kept, found: Oa, now: datetime) -> Iterator[Finding]:
    if found.oa_id and found.oa_id != oa.external_id:
        yield Finding("broken", oa.about, f"its token is for the OA {found.oa_id}", ADD[CHANNEL])
        return
    if not found.is_verified:
        mend = "oa.zalo.me → Cài đặt → Xác thực tài khoản"
        yield Finding("broken", oa.about, "the OA is not verified: nothing goes out", mend)
    yield from _package(settings, oa, found, now)
    if not found.linked_zca and (settings.zalo_paid or oa.templates):
        words = "no Zalo Cloud Account (ZCA) is linked: what costs money cannot go"
        yield Finding("look", oa.about, words, "link one on oa.zalo.me, or set ZALO_PAID=no and call people instead")


def _package(settings: Settings, oa: Kept, found: Oa, now: datetime) -> Iterator[Finding]:
    mend = "oa.zalo.me → service packages: Tăng trưởng or above"
    package, end = plain(found.package), _end(found.package_until, settings.timezone)
    if end is not None and end <= now:
        yield Finding("broken", oa.about, f"the package {package} ended on {plain(found.package_until)}", mend)
    elif not package.lower().startswith(SENDING):
        yield Finding("look", oa.about, f"the package is {package or 'not named'}: does its API send?", mend)
    elif end is not None and end <= now + SOON:
        yield Finding(
            "look", oa.about, f"the package {package} ends on {plain(found.package_until)}", "renew it in time"
        )


def _end(day: str, timezone: str) -> datetime | None:
    """The end of a day that Zalo writes as DD/MM/YYYY; None for anything else."""
    try:
        last = datetime.strptime(day, "%d/%m/%Y").replace(tzinfo=ZoneInfo(timezone))
    except ValueError:
        return None
    return (last + timedelta(days=1)).astimezone(UTC)


def _well(oa: Kept, found: Oa) -> str:
    until = f" until {plain(found.package_until)}" if found.package_until else ""
    purse = "a ZCA can pay" if found.linked_zca else "no ZCA"
    account = f"verified, package {plain(found.package)}{until}, {purse}"
    return f"{oa.state}; {account}; {oa.templates_told}; token {oa.token_told}"

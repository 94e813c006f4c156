"""What the web process shows of itself at /metrics, and what that says about the secrets of the channels."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import select

from bot.inbox import InboxRow
from bot.reply import SendError
from bot.run.doctor_finding import TIMEOUTS, Asker, Finding
from bot.run.settings import Settings
from catalog.account import Account
from catalog.db import Database
from handlers.calling import Caller

REFUSED, VARIANTS = "chophien_refused_signatures", "chophien_zalo_signatures"
"""Counters: deliveries with a wrong signature by channel, and Zalo's good ones by the variant that they fitted."""

NAMES = {"messenger": "Messenger", "zalo": "Zalo", "zalobot": "Zalo bot"}
SECRETS = {
    "messenger": "MESSENGER_APP_SECRET must be the App Secret of the app at Meta whose webhook leads here",
    "zalo": "ZALO_OA_SECRET must be the OA Secret Key of the console's Webhook page (not the app's secret), "
    "ZALO_APP_ID the app's number, ZALO_SIGNATURE auto",
    "zalobot": "chophien account add zalobot, with the ZALOBOT_SECRET of .env",
}
REPLACED = {
    "messenger": "if the secret was just replaced, keep the old one in MESSENGER_APP_SECRET_OLD; else somebody knocks",
    "zalo": "if the secret was just replaced, keep the old one in ZALO_OA_SECRET_OLD; else somebody knocks",
    "zalobot": "if the secret was just replaced, chophien account add zalobot; else somebody knocks",
}


@dataclass(frozen=True, slots=True)
class Metrics:
    """refused: by channel. variants: by the name of Zalo's variant. since: when the process began; None if unsaid."""

    refused: Mapping[str, int]
    variants: Mapping[str, int]
    since: datetime | None


def read_metrics(port: int) -> Metrics | None:
    """None where the web process does not answer, or not as ours does."""
    caller = Caller(pool_size=1, timeouts=TIMEOUTS)
    try:
        answered = Asker("web").ask(lambda: caller.call("GET", f"http://127.0.0.1:{port}/metrics"))
        samples = [
            sample for family in text_string_to_metric_families(answered.content.decode()) for sample in family.samples
        ]
    except (SendError, ValueError):
        return None
    finally:
        caller.close()
    refused = {one.labels["channel"]: int(one.value) for one in samples if one.name == f"{REFUSED}_total"}
    if answered.status != 200 or not refused:
        return None
    variants = {one.labels["variant"]: int(one.value) for one in samples if one.name == f"{VARIANTS}_total"}
    begun = [one.value for one in samples if one.name == f"{REFUSED}_created"]
    return Metrics(refused, variants, datetime.fromtimestamp(min(begun), UTC) if begun else None)


def wrong_signatures(settings: Settings, metrics: Metrics | None, database: Database | None) -> Iterator[Finding]:
    """Nothing where there are none. database: None where it does not answer.

    That nothing at all has come in since the process began is what a wrong secret looks like: it loses every event.
    """
    for channel, count in (metrics.refused if metrics else {}).items():
        if metrics is None or not count:
            continue
        about = f"{NAMES.get(channel, channel)} signatures"
        words = f"{count} refused for a wrong signature{_since(settings, metrics)}"
        newest = None if database is None else _newest(database, channel)
        if database is not None and metrics.since is not None and (newest is None or newest < metrics.since):
            lost = f"{words}, and not one came through: a wrong secret loses every message"
            yield Finding("broken", about, lost, SECRETS.get(channel, "is its secret right?"))
        else:
            yield Finding("look", about, words, REPLACED.get(channel, "somebody knocks"))


def web(settings: Settings, metrics: Metrics | None) -> Finding:
    if metrics is None:
        return Finding("look", "web", f"does not answer on port {settings.port}", "chophien up starts it")
    refused = sum(metrics.refused.values())
    return Finding(
        "fine", "web", "answers; see above for wrong signatures" if refused else "answers, no wrong signature"
    )


def zalo_variants(settings: Settings, metrics: Metrics | None) -> Iterator[Finding]:
    """Which of Zalo's ways to sign was seen; nothing where none was."""
    seen = {name: count for name, count in metrics.variants.items() if count} if metrics else {}
    if not seen or metrics is None:
        return
    words = ", ".join(f"{count} as {name}" for name, count in sorted(seen.items()))
    told = f"{words}{_since(settings, metrics)}; ZALO_SIGNATURE is {settings.zalo_signature}"
    yield Finding("fine", "Zalo deliveries", told)


def _since(settings: Settings, metrics: Metrics) -> str:
    if metrics.since is None:
        return ""
    return f" since {metrics.since.astimezone(ZoneInfo(settings.timezone)):%d/%m %H:%M}"


def _newest(database: Database, channel: str) -> datetime | None:
    """When the channel's newest event came in."""
    known = select(InboxRow.received_at).join(Account, Account.id == InboxRow.account_id)
    with database.reading() as db:
        return db.scalar(known.where(Account.channel == channel).order_by(InboxRow.id.desc()).limit(1))

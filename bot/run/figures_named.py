"""Every figure on the page at /metrics: its name, its kind, what it says, and by what it is told apart.

`docs/operations.md` says of each when to worry and what to do; a test holds the two together. No label names a person;
an account is its number in `chophien account list`.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["gauge", "counter", "histogram"]

SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500)
"""Upper bounds of the histograms of batch sizes."""


@dataclass(frozen=True, slots=True)
class Named:
    """kept: counted by the processes and added up in the table `figure`; else looked up when somebody asks."""

    kind: Kind
    about: str
    labels: tuple[str, ...] = ()
    kept: bool = False


def _gauge(about: str, *labels: str, kept: bool = False) -> Named:
    return Named("gauge", about, labels, kept)


def _counter(about: str, *labels: str) -> Named:
    return Named("counter", about, labels, kept=True)


def _histogram(about: str, *labels: str) -> Named:
    return Named("histogram", about, labels, kept=True)


NAMES = {
    # Is all of it there?
    "chophien_database_up": _gauge("Whether the database answers"),
    "chophien_redis_up": _gauge("Whether Redis answers"),
    "chophien_worker_alive": _gauge("Whether a worker owns the conversations"),
    "chophien_process_seconds": _gauge("Since a process of that kind was last heard of", "host", "process"),
    "chophien_clock_tick_seconds": _gauge("Since the clock last ticked"),
    "chophien_database_bytes": _gauge("Size of the database"),
    "chophien_disk_free_bytes": _gauge("Room that is left for VAR_DIR on this machine"),
    "chophien_backup_seconds": _gauge("Since the last backup on this machine; nothing before the first one"),
    # Coming in
    "chophien_deliveries": _counter("Webhook deliveries that were kept and answered with 200", "channel"),
    "chophien_deliveries_refused": _counter("Webhook deliveries that were answered with 503, to come again", "channel"),
    "chophien_ingest_failures": _counter("Why deliveries were answered with 503", "reason"),
    "chophien_refused_signatures": _counter("Deliveries with a wrong signature", "channel"),
    "chophien_zalo_signatures": _counter("Deliveries by the variant that they fitted", "variant"),
    "chophien_events": _counter("Events that were new and are kept", "channel"),
    "chophien_ingest_batch": _histogram("Events that were kept by one commit"),
    "chophien_inbox_pending": _gauge("Events that wait for their turn"),
    "chophien_inbox_oldest_seconds": _gauge("Age of the oldest pending event"),
    "chophien_inbox_retrying": _gauge("Pending events whose turn has failed before"),
    "chophien_inbox_dead": _gauge("Events that were given up after five failures"),
    # Turns
    "chophien_turns": _counter("Turns that were taken"),
    "chophien_turns_by_hand": _counter("Turns that were taken one by one, because they write or because a batch fell"),
    "chophien_turns_failed": _counter("Tries of a turn that broke"),
    "chophien_turns_dead": _counter("Turns that were given up"),
    "chophien_turn_batches": _counter("Batches of turns"),
    "chophien_turn_batches_undone": _counter("Batches that met another's writing and were taken one by one"),
    "chophien_turn_batch_biggest": _gauge("Most turns in one batch since the worker began", kept=True),
    "chophien_turn_seconds": _gauge("Since a turn was last taken; nothing before the first one"),
    # Going out
    "chophien_replies_sent": _counter("Replies that the platform has", "account"),
    "chophien_sends_failed": _counter("Tries to send that failed", "account", "reason"),
    "chophien_lanes": _gauge("Conversations whose replies the worker holds in memory", kept=True),
    "chophien_sends_in_flight": _gauge("Conversations that have a send under way", kept=True),
    "chophien_sends_ready": _gauge("Conversations whose reply could go, but too many others are under way", kept=True),
    "chophien_outbox_unsent": _gauge("Replies that were promised and not sent"),
    "chophien_outbox_oldest_seconds": _gauge("Age of the oldest unsent reply"),
    "chophien_outbox_account_unsent": _gauge("The same for each account", "account"),
    "chophien_outbox_failing": _gauge("Unsent replies whose last try failed", "account", "reason"),
    "chophien_outbox_held": _gauge("Replies that wait until somebody writes again"),
    "chophien_outbox_dead": _gauge("Replies that could never go", "account", "reason"),
    "chophien_account_paused_seconds": _gauge("For how long it waits to be mended", "account", "reason"),
    "chophien_account": _gauge(
        "1 for each page, OA and site: which channel an account's number is of", "channel", "account"
    ),
    "chophien_accounts_paused": _gauge("Pages and OAs that wait to be mended"),
    "chophien_token_days_left": _gauge("Days until an account's token ends, where it has an end", "account"),
    # People of the co-op, and the house itself
    "chophien_cases_open": _gauge("What waits for a person", "kind"),
    "chophien_cases_oldest_seconds": _gauge("Age of the oldest open case"),
    "chophien_media_waiting": _gauge("Pictures and voice notes that are not fetched yet"),
    "chophien_media_oldest_seconds": _gauge("Age of the oldest of them"),
    "chophien_tidied": _counter("Rows and files that were cleaned up", "what"),
}
"""Counters carry `_total` on the page."""

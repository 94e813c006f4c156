"""Which figure is whose count: what the turns and the sender count by themselves, brought to the worker's tally."""

from collections.abc import Mapping

from bot.run.lanes import Traffic
from bot.run.sender import Sender
from bot.run.tally import Tally
from bot.run.turns import Turns

TURNS = {
    "turns": "chophien_turns",
    "by_hand": "chophien_turns_by_hand",
    "failed": "chophien_turns_failed",
    "dead": "chophien_turns_dead",
    "batches": "chophien_turn_batches",
    "undone": "chophien_turn_batches_undone",
    "biggest": "chophien_turn_batch_biggest",
}
SENDER = {
    "lanes": "chophien_lanes",
    "under_way": "chophien_sends_in_flight",
    "ready": "chophien_sends_ready",
    "sent": "chophien_replies_sent",
    "failed": "chophien_sends_failed",
}


def follow_worker(tally: Tally, turns: Turns, sender: Sender) -> None:
    """Once it owns the conversations: a stand-by's idle lanes must not be told for the busy ones."""
    tally.follow(turns.snapshot, TURNS)
    tally.follow(lambda: counts(sender.snapshot()), SENDER)


def counts(traffic: Mapping[int, Traffic]) -> dict[str, int]:
    """By account, as a flat snapshot."""
    flat = {
        "lanes": sum(one.lanes for one in traffic.values()),
        "under_way": sum(one.under_way for one in traffic.values()),
        "ready": sum(one.ready for one in traffic.values()),
    }
    for account_id, one in traffic.items():
        flat[f"sent:{account_id}"] = one.sent
        flat |= {f"failed:{account_id}:{reason}": number for reason, number in one.failures.items()}
    return flat

"""Free questions about the lot that was looked at last, answered from what the co-op wrote down."""

from collections.abc import Callable

from bot.dialogues.stamps import dates, facts
from bot.effect import Day, Lines, Listed, Say, say
from bot.ports import Stamp


def about(topic: str, stamp: Stamp) -> Say:
    """Who grew it, where a question is none of those that we know."""
    return _ANSWERS.get(topic, _grower)(stamp)


def _spray(stamp: Stamp) -> Say:
    """Days between the last spraying and the harvest are counted from the diary, never typed."""
    sprays = [entry for entry in stamp.diary if entry.kind == "spray"]
    if not sprays:
        return say("The diary of this lot has no spraying in it.\n%(caution)s", caution=_CAUTION)
    last = max(sprays, key=lambda entry: entry.on)
    if stamp.harvested_on is None or stamp.harvested_on < last.on:
        return say("It was last sprayed on %(on)s. %(what)s.\n%(caution)s", on=Day(last.on), what=last.words,
                   caution=_CAUTION)  # fmt: skip
    return say(
        "It was last sprayed on %(on)s, %(days)s days before the harvest. %(what)s.\n%(caution)s",
        on=Day(last.on),
        days=(stamp.harvested_on - last.on).days,
        what=last.words,
        caution=_CAUTION,
    )


def _papers(stamp: Stamp) -> Say:
    if not stamp.certificates:
        return say("The co-op has no certificate on record for this lot.")
    return say(
        "Certificates of this lot: %(papers)s.",
        papers=Listed(
            tuple(
                say("%(name)s until %(until)s", name=paper.name, until=Day(paper.valid_until, "month"))
                for paper in stamp.certificates
            )
        ),
    )


def _when(stamp: Stamp) -> Say:
    return dates(stamp) or say("The co-op has not written down the dates of this lot yet.")


def _grower(stamp: Stamp) -> Say:
    return say("%(facts)s", facts=Lines(tuple(facts(stamp))))


_CAUTION = say("This is what the co-op wrote down, not a laboratory's result.")
_ANSWERS: dict[str, Callable[[Stamp], Say]] = {
    "spray": _spray,
    "certificate": _papers,
    "harvest": _when,
    "best_before": _when,
    "grower": _grower,
}

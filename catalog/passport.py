"""What a lot's passport must tell, what it still lacks, and which of its dates cannot be.

The rows are those that the law's lists ask for (Circular 02/2024/TT-BKHCN, Decree 37/2026/NĐ-CP "hộ chiếu số", Decision
25/QĐ-BNNMT). Plain functions on values; the words for each row belong to whoever shows them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

Row = Literal[
    "producer", "seller", "place", "harvested_on", "best_before", "stages", "price",
    "picture", "certificate", "storage", "policy",
]  # fmt: skip
NEEDED: tuple[Row, ...] = ("producer", "seller", "place", "harvested_on", "best_before", "stages", "price")
"""Without these a passport is not whole; the others make it better."""

Wrong = Literal["best_before", "spray_late", "wait", "future"]
"""best_before: not after the harvest. spray_late: sprayed after it. wait: harvested too early after a spraying.
future: a stage that has not happened yet."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A line of the diary as the check sees it. wait_days: of a spraying, how long its label says to wait."""

    on: date
    kind: str
    wait_days: int | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a lot, its product and its seller. Empty strings and None: not known."""

    producer: str
    seller_tax_code: str
    place: str
    harvested_on: date | None
    best_before: date | None
    stages: Sequence[Stage]
    price_vnd: int
    picture: str = ""
    certificates: int = 0
    storage: str = ""
    policy: str = ""


def lacks(facts: Facts) -> tuple[Row, ...]:
    """The rows that have nothing yet, the needed ones first."""
    known: dict[Row, object] = {
        "producer": facts.producer,
        "seller": facts.seller_tax_code,
        "place": facts.place,
        "harvested_on": facts.harvested_on,
        "best_before": facts.best_before,
        "stages": facts.stages,
        "price": facts.price_vnd,
        "picture": facts.picture,
        "certificate": facts.certificates,
        "storage": facts.storage,
        "policy": facts.policy,
    }
    return tuple(row for row, value in known.items() if not value)


def is_whole(missing: Sequence[Row]) -> bool:
    return not set(missing) & set(NEEDED)


def wrong_dates(facts: Facts, today: date) -> tuple[Wrong, ...]:
    """What cannot be, or should not have been sold, of a lot's dates."""
    found: list[Wrong] = []
    cut = facts.harvested_on
    if cut is not None and facts.best_before is not None and facts.best_before <= cut:
        found.append("best_before")
    sprays = [stage for stage in facts.stages if stage.kind == "spray"]
    if cut is not None and any(spray.on > cut for spray in sprays):
        found.append("spray_late")
    if cut is not None and any(
        spray.wait_days is not None and 0 <= (cut - spray.on).days < spray.wait_days for spray in sprays
    ):
        found.append("wait")
    if any(stage.on > today for stage in facts.stages):
        found.append("future")
    return tuple(found)


def days_before_harvest(facts: Facts) -> int | None:
    """From the last spraying to the harvest; None where either is not known. Counted, never typed."""
    sprays = [stage.on for stage in facts.stages if stage.kind == "spray"]
    if not sprays or facts.harvested_on is None or max(sprays) > facts.harvested_on:
        return None
    return (facts.harvested_on - max(sprays)).days

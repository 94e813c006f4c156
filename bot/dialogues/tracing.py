"""Where a customer is who looks up a stamp.

The dialogue `trace` is held here, because its steps fill several files: `trace` looks codes up, `reporting` hears where
something odd was bought.
"""

from dataclasses import dataclass

from bot.dialogue import Dialogue

trace = Dialogue("trace")


@dataclass(frozen=True, slots=True)
class Asked:
    """We asked for the twelve digits."""


@dataclass(frozen=True, slots=True)
class Slipped:
    """She typed a code that does not check, and one lot is a slip away from it: is that the one?"""

    meant: str


@dataclass(frozen=True, slots=True)
class Reporting:
    """Something is not right with this code, or it is in nobody's book: where did she buy it?

    known: it is a stamp of ours.
    """

    code: str
    known: bool = False


@dataclass(frozen=True, slots=True)
class Suspected:
    """Her stamp was looked at oddly often: where did she buy it? She may as well do something else."""

    code: str


@dataclass(frozen=True, slots=True)
class Locating:
    """She said what kind of place she bought it at: in which commune and province is that?"""

    code: str
    told: str

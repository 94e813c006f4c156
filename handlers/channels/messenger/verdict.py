"""What Graph's error codes mean for a reply that we tried to send.

Sources: "error-codes" of the Messenger Platform (25 June 2026), "guides/error-handling" and
"overview/rate-limiting" of the Graph API. The code decides, not the HTTP status.
"""

from enum import Enum


class Verdict(Enum):
    """Why a reply did not go out; `SENT`: it did, whatever the answer says."""

    SENT = "sent"
    LATER = "later"  # a passing failure
    THROTTLED = "throttled"  # too many calls: calling on makes the ban longer
    WINDOW = "window"  # she wrote more than a day ago
    PERSON = "person"  # she blocked the page, left, or was never here
    PAGE = "page"  # the page is restricted for breaking a policy
    HELD = "held"  # a colleague or another app has the thread
    OURS = "ours"  # a wrong request, or a right that the app does not have
    EXPIRED = "expired"  # the page's token is dead: nothing goes out until somebody renews it


TABLE: dict[tuple[int, int | None], Verdict] = {
    (1, None): Verdict.LATER,
    (1, 1357046): Verdict.SENT,  # "invalid JSON reply", though the message was delivered
    (2, None): Verdict.LATER,
    (1200, None): Verdict.LATER,
    (4, None): Verdict.THROTTLED,
    (17, None): Verdict.THROTTLED,
    (32, None): Verdict.THROTTLED,
    (341, None): Verdict.THROTTLED,
    (613, None): Verdict.THROTTLED,
    (80001, None): Verdict.THROTTLED,
    (80006, None): Verdict.THROTTLED,
    (613, 2018338): Verdict.PERSON,  # warned for flooding one person
    (3, None): Verdict.OURS,
    (10, None): Verdict.OURS,
    (200, None): Verdict.OURS,
    (230, None): Verdict.OURS,
    (100, None): Verdict.OURS,
    (10, 2018278): Verdict.WINDOW,
    (10, 2018065): Verdict.WINDOW,
    (10, 2534022): Verdict.WINDOW,
    (10, 2018108): Verdict.PERSON,
    (551, None): Verdict.PERSON,
    (200, 1545041): Verdict.PERSON,
    (100, 2018001): Verdict.PERSON,
    (10, 1893063): Verdict.PAGE,
    (10, 1404170): Verdict.PAGE,
    (368, None): Verdict.PAGE,
    (2022, None): Verdict.PAGE,
    (2018300, None): Verdict.HELD,
    (2018321, None): Verdict.HELD,
    (190, None): Verdict.EXPIRED,
    (102, None): Verdict.EXPIRED,
}
"""By code and subcode; None stands for every subcode without a line of its own."""


def verdict(code: int, subcode: int | None, *, passing: bool) -> Verdict:
    """`passing`: the answer itself calls the error transient, or its HTTP status is 5xx; decides for unlisted codes."""
    listed = TABLE.get((code, subcode)) or TABLE.get((code, None))
    return listed or (Verdict.LATER if passing else Verdict.OURS)

"""What Graph's error codes mean for what we asked.

Sources: "error-codes" of the Messenger Platform (25 June 2026), "guides/error-handling" and
"overview/rate-limiting" of the Graph API. The code decides, not the HTTP status.
"""

from dataclasses import dataclass

from bot.reply import Reason


@dataclass(frozen=True, slots=True)
class Verdict:
    """The flags are those of `SendError`. advice: what a person must do where the reason alone would mislead her."""

    reason: Reason
    permanent: bool = False
    waits: bool = False
    whole_account: bool = False
    pauses: bool = False
    advice: str = ""


LATER = Verdict(Reason.LATER)
THROTTLED = Verdict(Reason.THROTTLED, whole_account=True)
WINDOW = Verdict(Reason.WINDOW, waits=True)
GONE = Verdict(Reason.GONE, waits=True)
STRANGER = Verdict(Reason.STRANGER, waits=True)
FLOODED = Verdict(Reason.RESTRICTED, waits=True)  # a warning for writing too much to this one person
HELD = Verdict(Reason.HELD, waits=True)
RESTRICTED = Verdict(Reason.RESTRICTED, pauses=True)
UNABLE = Verdict(Reason.RIGHTS, pauses=True)  # the app may not write at all
FORBIDDEN = Verdict(Reason.RIGHTS, permanent=True)  # this one thing is not allowed, or not to her
UPLOAD_AGAIN = Verdict(Reason.MEDIA)  # the id is foreign or has lapsed, or the file could not be fetched
MEDIA = Verdict(Reason.MEDIA, permanent=True)
SHAPE = Verdict(Reason.SHAPE, permanent=True)
TOKEN = Verdict(Reason.TOKEN, pauses=True)


def _dead(advice: str) -> Verdict:
    return Verdict(Reason.TOKEN, pauses=True, advice=advice)


BARE = 0
"""In place of a subcode: the code came without one."""

TABLE: dict[tuple[int, int | None], Verdict | None] = {
    (1, None): LATER,
    (1, 1357046): None,  # "invalid JSON reply", though the message was delivered
    (2, None): LATER,
    (1200, None): LATER,
    (4, None): THROTTLED,
    (17, None): THROTTLED,
    (32, None): THROTTLED,
    (341, None): THROTTLED,
    (613, None): THROTTLED,
    (613, 2018338): FLOODED,
    (80001, None): THROTTLED,
    (80006, None): THROTTLED,
    (3, None): UNABLE,
    (10, BARE): UNABLE,
    (10, None): FORBIDDEN,
    (200, BARE): UNABLE,
    (200, None): FORBIDDEN,
    (200, 2018028): FORBIDDEN,  # the app is not live: only people with a role in it are reached
    (230, None): UNABLE,
    (10, 2018278): WINDOW,
    (10, 2018065): WINDOW,
    (10, 2534022): WINDOW,
    (10, 2018108): GONE,
    (551, None): GONE,
    (200, 1545041): GONE,
    (100, 2018001): STRANGER,
    (10, 1893063): RESTRICTED,
    (10, 1404170): RESTRICTED,
    (368, None): RESTRICTED,
    (2022, None): RESTRICTED,
    (100, None): SHAPE,
    (100, 33): FORBIDDEN,  # there is no such object, or not for us
    (100, 2018014): SHAPE,
    (100, 2018008): UPLOAD_AGAIN,
    (100, 2018074): UPLOAD_AGAIN,
    (100, 2018047): MEDIA,
    (100, 2018109): MEDIA,
    (100, 2018294): MEDIA,
    (10303, None): SHAPE,
    (190, None): TOKEN,
    (190, 458): _dead("the app was removed from the page"),
    (190, 459): _dead("the person behind the token must log in to Facebook and pass a check"),
    (190, 460): _dead("the person behind the token has a new password"),
    (190, 463): _dead("the token has expired"),
    (190, 464): _dead("the person behind the token has not confirmed the account"),
    (190, 467): _dead("the token is not valid any more"),
    (190, 492): _dead(
        "the person behind the token lost the role on the page: give it back, a new token alone fails too"
    ),
    (102, None): TOKEN,
}
"""By code and subcode; the subcode None stands for all without a line of their own. The verdict None: it was sent."""

HOLDERS = frozenset({2018300, 2018321})
"""Another app, or Meta's automated answers, has the thread. The table prints them as codes; taken as subcodes too."""

NAMELESS = frozenset({2018218, 2018247})
"""No name for people who signed up with a phone number, or not for this app. As codes or subcodes."""


def verdict(code: int, subcode: int | None, *, passing: bool, throttled: bool = False) -> Verdict | None:
    """None where the message went out, whatever the answer says.

    For codes that are not listed: `throttled` (HTTP 429), else `passing` (the answer calls itself transient, or is a
    5xx) decides.
    """
    if HOLDERS & {code, subcode}:
        return HELD
    for key in ((code, subcode or BARE), (code, None)):
        if key in TABLE:
            return TABLE[key]
    if throttled:
        return THROTTLED
    return LATER if passing else SHAPE

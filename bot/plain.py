"""What staff are told of a message that did not go: why, and what they can do, in one plain line."""

from bot.effect import Say, say
from bot.i18n import sentence
from bot.reply import Reason

WHY: dict[Reason, Say] = {
    Reason.UNREACHABLE: say("The platform does not answer. It goes out by itself when it does."),
    Reason.LATER: say("The platform asked us to try again later. It goes out by itself."),
    Reason.THROTTLED: say("Too many messages at once. They go out by themselves, a little later."),
    Reason.WINDOW: say(
        "The customer wrote too long ago, so the platform refuses it. It goes out when they write again; "
        "if it is urgent, please call."
    ),
    Reason.STRANGER: say("This person never wrote to us here, so the platform refuses it. Please call instead."),
    Reason.GONE: say("This person cannot be reached here (blocked us, or left). Please call instead."),
    Reason.HELD: say("A colleague or another app has this conversation, so the bot keeps silent."),
    Reason.RESTRICTED: say(
        "Facebook has restricted the page for breaking a rule. Please open the page's Support Inbox and follow it."
    ),
    Reason.BLOCKED: say(
        "Facebook has blocked the page for breaking a rule. Please open the page's Support Inbox and follow it; what "
        "waits goes out by itself when Facebook lifts it."
    ),
    Reason.RIGHTS: say(
        "The app lacks a permission on this account. Please grant it in the platform's console; what waits goes out by "
        "itself afterwards."
    ),
    Reason.PACKAGE: say(
        "The package of this Zalo OA does not allow messages by API. Please renew or upgrade it on oa.zalo.me; "
        "what waits goes out by itself afterwards."
    ),
    Reason.UNVERIFIED: say("The Zalo OA is not verified or is disabled. Please look at it on oa.zalo.me."),
    Reason.MONEY: say(
        "This message costs money and the Zalo Cloud Account is missing or empty. Please top it up, or call."
    ),
    Reason.QUOTA: say("The number of messages allowed is used up for now. Please call if it is urgent."),
    Reason.NIGHT: say("The platform takes no such message at night. It goes out in the morning."),
    Reason.TOKEN: say(
        "The connection to this account is lost. Please connect it again: chophien account add. "
        "What waits goes out by itself afterwards."
    ),
    Reason.EXPIRED: say("The connection is being renewed. It goes out by itself."),
    Reason.MEDIA: say("The platform refused the picture. Please send it by hand if it matters."),
    Reason.SHAPE: say("The platform refused the form of this message: a fault of ours. Please call, and tell us."),
    Reason.EMPTY: say("Nothing was left of this message."),
    Reason.TOO_LATE: say("It could not be sent for a whole day and is too old now. Please call."),
}


SUBSCRIPTION = "subscription"
"""The trouble of an account that is nobody's reason for not sending: the page's events do not reach us."""

TROUBLE: dict[tuple[str, str], Say] = {
    ("zalo", Reason.TOKEN): say(
        "Please connect the Zalo OA %(name)s again: Zalo no longer takes our key, so the bot can send nothing. "
        "Run: chophien account add zalo --consent"
    ),
    ("zalo", Reason.PACKAGE): say(
        "The package of the Zalo OA %(name)s does not let the bot send: it needs “Tăng trưởng” or more "
        "(oa.zalo.me, service packages)."
    ),
    ("zalo", Reason.UNVERIFIED): say(
        "The Zalo OA %(name)s is not verified or is locked: oa.zalo.me, settings, verification."
    ),
    ("messenger", Reason.TOKEN): say(
        "The Facebook page %(name)s needs a new token: the old one is dead, so the bot can send nothing. Who gets it "
        "must still manage the page. Run: chophien account add messenger"
    ),
    ("messenger", SUBSCRIPTION): say(
        "The Facebook page %(name)s does not pass messages on to the bot, and the bot cannot subscribe it: look at the "
        "permission pages_manage_metadata, then run: chophien account add messenger"
    ),
}
"""What an officer is told of a whole account, where it can be said better than by the reason alone."""


def plain(reason: Reason, language: str) -> str:
    """One or two sentences in this language."""
    why = WHY[reason]
    return sentence(why.msgid, language)


def troubled(channel: str, trouble: str, name: str, language: str) -> str:
    """What an officer reads about an account. trouble: a `Reason`, or `SUBSCRIPTION`. name: what she knows it by."""
    known = TROUBLE.get((channel, trouble))
    if known is not None:
        return sentence(known.msgid, language, name=name)
    return f"{channel} {name}: {plain(Reason(trouble), language)}"

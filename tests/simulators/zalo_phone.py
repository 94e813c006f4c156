"""One person in Zalo with her phone in her hand: what she does goes to the webhook, what she sees we have sent."""

import unicodedata
from collections.abc import Callable
from urllib.parse import quote

from tests.simulators import zalo_relations
from tests.simulators.zalo_events import Event, Events
from tests.simulators.zalo_rules import Button, Shown
from tests.simulators.zalo_state import State
from tests.simulators.zalo_world import Line, Oa, Person, ZaloUser

Tell = Callable[[Oa, Event], int | None]


class Phone:
    """She and one OA. Every act returns the webhook's last status; None where nothing was delivered.

    decomposed: her keyboard writes marks as characters of their own (NFD), as on some iPhones.
    """

    def __init__(self, state: State, tell: Tell, oa: Oa, person: Person, *, decomposed: bool = False) -> None:
        self.oa, self.person, self.decomposed = oa, person, decomposed
        self._state, self._tell = state, tell
        with state.changed:
            self.user: ZaloUser = oa.meet(person)

    @property
    def user_id(self) -> str:
        return self.user.user_id

    @property
    def events(self) -> Events:
        return self._state.events(self.oa)

    @property
    def bubbles(self) -> list[Shown]:
        """What she received from this OA, oldest first."""
        with self._state.changed:
            return [one.bubble for one in self._state.delivered if self._hers(one.oa_id, one.user_id)]

    @property
    def window(self) -> list[Line]:
        """Both sides of the chat as she sees them: without the words of hidden queries."""
        with self._state.changed:
            return [line for line in self._state.history(self.oa.oa_id, self.user_id) if not line.hidden]

    def wait_for(self, count: int, seconds: float = 10.0) -> list[Shown]:
        """Her bubbles once there are that many; raises TimeoutError with those that came."""
        with self._state.changed:
            if self._state.changed.wait_for(lambda: len(self.bubbles) >= count, seconds):
                return self.bubbles
        raise TimeoutError(f"{count} bubbles wanted, came: {self.bubbles}")

    def type(self, words: str, *, quote: str = "") -> int | None:
        """quote: the id of the message that she answers."""
        written = unicodedata.normalize("NFD", words) if self.decomposed else words
        return self._say(self.events.text(self.user, written, quote=quote))

    def tap(self, title: str, bubble: int | None = None) -> int | None:
        """Press the newest button of that title, or the one in that bubble of hers, however old it is.

        A query comes back as typed text; addresses, calls and SMS tell us nothing. Raises LookupError if she sees none.
        """
        bubbles = self.bubbles
        for shown in reversed(bubbles) if bubble is None else [bubbles[bubble]]:
            for button in shown.buttons:
                if button.title == title:
                    return self._press(button)
        raise LookupError(f"no button {title!r}; the last bubble has {bubbles[-1].titles if bubbles else ()}")

    def send_sticker(self, sticker_id: str = "bfe458bf64fa8da4d4eb") -> int | None:
        return self._say(
            self.events.sticker(self.user, sticker_id, f"https://zalo-api.zadn.vn/sticker/{sticker_id}.png")
        )

    def send_photo(self, *urls: str, text: str = "", together: bool = False) -> int | None:
        """An event for each photo, or all in one."""
        if together:
            return self._say(self.events.image(self.user, *urls, text=text))
        return [self._say(self.events.image(self.user, url, text=text)) for url in urls][-1]

    def send_gif(self, url: str) -> int | None:
        return self._say(self.events.gif(self.user, url))

    def send_voice(self, url: str = "https://voice-talk.zdn.vn/1.amr") -> int | None:
        return self._say(self.events.audio(self.user, url))

    def send_video(self, url: str) -> int | None:
        return self._say(self.events.video(self.user, url))

    def send_location(self, latitude: str, longitude: str) -> int | None:
        return self._say(self.events.location(self.user, latitude, longitude))

    def send_link(self, url: str, description: str = "") -> int | None:
        return self._say(self.events.link(self.user, url, description))

    def send_file(self, name: str, content: bytes, url: str = "") -> int | None:
        address = url or f"https://file-talk.zdn.vn/{quote(name)}"
        return self._say(self.events.file(self.user, name, content, address))

    def send_business_card(self, name: str, phone: str) -> int | None:
        return self._say(self.events.business_card(self.user, name, phone))

    def submit_info(
        self, *, name: str, phone: str, city: str, ward: str, address: str, old: bool = False
    ) -> int | None:
        """Fill in the form that was sent to her. old: the event has the shape of before 2025."""
        fields = {"name": name, "phone": phone, "city": city, "ward": ward, "address": address}
        with self._state.changed:
            self.user.shared = {key: value for key, value in fields.items() if key != "ward"}
            self._interact()
        build = zalo_relations.info_before_2025 if old else zalo_relations.info
        return self._tell(self.oa, build(self.events, self.user, **fields))

    def follow(self, source: str = "oa_profile") -> int | None:
        with self._state.changed:
            self.user.following, self.user.blocked = True, False
            self._interact()
        return self._tell(self.oa, zalo_relations.follow(self.events, self.user, source))

    def unfollow(self) -> int | None:
        with self._state.changed:
            self.user.following = False
        return self._tell(self.oa, zalo_relations.unfollow(self.events, self.user))

    def block(self) -> None:
        """Refuse messages of this OA; Zalo says nothing about it until we write."""
        with self._state.changed:
            self.user.blocked = True

    def unblock(self) -> None:
        with self._state.changed:
            self.user.blocked = False

    def press_chat(self) -> int | None:
        """Press "Nhắn tin": tells us once, and only where she never wrote."""
        with self._state.changed:
            first = not (self.user.pressed_chat or self.user.wrote)
            self.user.pressed_chat = True
            self._interact()
        return self._tell(self.oa, zalo_relations.chat_pressed(self.events, self.user)) if first else None

    def withdraw(self) -> int | None:
        """Take back her consent to everything."""
        return self._tell(self.oa, zalo_relations.withdrawn(self.events, self.user))

    def read(self) -> int | None:
        """Open the chat: all that was sent is seen."""
        with self._state.changed:
            ids = [one.message_id for one in self._state.delivered if self._hers(one.oa_id, one.user_id)]
        return self._tell(self.oa, self.events.seen(self.user, *ids)) if ids else None

    def react(self, message_id: str, icon: str = "/-heart") -> int | None:
        with self._state.changed:
            self._interact()
        return self._tell(self.oa, self.events.reacted(self.user, message_id, icon))

    def _press(self, button: Button) -> int | None:
        if not button.answers:
            return None
        return self._say(self.events.text(self.user, button.payload), hidden=button.type == "oa.query.hide")

    def _say(self, event: Event, *, hidden: bool = False) -> int | None:
        with self._state.changed:
            self._state.heard(self.oa, self.user, event, hidden=hidden)
        return self._tell(self.oa, event)

    def _interact(self) -> None:
        self.user.last_interaction = self._state.clock()

    def _hers(self, oa_id: str, user_id: str) -> bool:
        return (oa_id, user_id) == (self.oa.oa_id, self.user_id)

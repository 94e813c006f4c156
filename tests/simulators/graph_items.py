"""Events that a person causes: everything that she can type, send, press, follow, mark and change.

Shapes: "webhooks/webhook-events/messages", "…/messaging_postbacks", "…/messaging_referrals", "…/message-edits" and the
pages beside them.
"""

from enum import Enum

from tests.simulators.graph_notices import Item, Notices
from tests.simulators.graph_shown import Button

THUMB = 369239263222822
"""The like; 369239343222814 and 369239383222810 are its larger sizes."""


class Share(Enum):
    """A link that she shares arrives in one of three shapes."""

    INSIDE = "title and url in payload"  # from v6.0 on
    BESIDE = "title and url beside a payload of null"
    BARE = "nothing at all"


class Items(Notices):
    def text(self, psid: str, words: str, **more: object) -> Item:
        return self.item(psid, message={"mid": self.mid(), "text": words, **more})

    def quick_reply(self, psid: str, button: Button) -> Item:
        return self.text(psid, button.title, quick_reply={"payload": button.payload})

    def reply(self, psid: str, words: str, to: str, *, own: bool = False) -> Item:
        """An answer to one bubble. to: its message id. own: to one of her own."""
        return self.text(psid, words, reply_to={"mid": to, "is_self_reply": own})

    def command(self, psid: str, words: str, name: str) -> Item:
        return self.text(psid, words, commands=[{"name": name}])

    def unshown(self, psid: str, **more: object) -> Item:
        """What Messenger does not show to apps: an id and nothing else. more: `is_unsupported`, `is_deleted`."""
        return self.item(psid, message={"mid": self.mid(), **more})

    def attached(self, psid: str, *attachments: Item, **more: object) -> Item:
        return self.item(psid, message={"mid": self.mid(), "attachments": list(attachments), **more})

    def photo(self, psid: str, *urls: str) -> Item:
        return self.media(psid, "image", *urls)

    def media(self, psid: str, kind: str, *urls: str) -> Item:
        """kind: image (also GIF), audio, video, file."""
        return self.attached(psid, *({"type": kind, "payload": {"url": url}} for url in urls))

    def sticker(self, psid: str, sticker_id: int | str = THUMB, *, old: bool = False) -> Item:
        """old: as it came until 30 August 2026, an image with a `sticker_id`. The id is a number or a string."""
        payload = {"url": f"https://cdn.example/{sticker_id}.png", "sticker_id": sticker_id}
        return self.attached(psid, {"type": "image" if old else "sticker", "payload": payload})

    def share(self, psid: str, url: str, title: str = "Một liên kết", shape: Share = Share.INSIDE) -> Item:
        """The link stands in the text too, but for a share that cannot be shown."""
        match shape:
            case Share.INSIDE:
                return self.attached(psid, {"type": "fallback", "payload": {"url": url, "title": title}}, text=url)
            case Share.BESIDE:
                beside = {"type": "fallback", "payload": None, "title": title, "url": url}
                return self.attached(psid, beside, text=url)
            case Share.BARE:
                return self.attached(psid, {"type": "fallback"})

    def reel(self, psid: str, url: str, kind: str = "reel") -> Item:
        """kind: reel, ig_reel, post, ig_post."""
        name = "reel_video_id" if kind.endswith("reel") else "id"
        return self.attached(psid, {"type": kind, "payload": {"url": url, "title": "Video", name: 1180000000000001}})

    def product(self, psid: str, product_id: str, title: str) -> Item:
        """A product of the page's catalogue at Meta."""
        element = {"id": product_id, "retailer_id": "r1", "image_url": "https://cdn.example/p.jpg", "title": title}
        return self.attached(psid, {"type": "template", "payload": {"product": {"elements": [element]}}})

    def appointment(self, psid: str) -> Item:
        payload = {"booking_id": "b1", "status": "CONFIRMED", "start_time": 1795258800, "end_time": 1795262400}
        zone = {"timezone": "Asia/Ho_Chi_Minh"}
        return self.attached(psid, {"type": "appointment_booking", "payload": payload | zone})

    def location(self, psid: str, lat: float, long: float) -> Item:
        """Not in the reference any more; phones of 2020 sent it."""
        place = {"type": "location", "title": "Vị trí", "url": "https://maps.example/?x", "payload": {}}
        return self.attached(psid, place | {"payload": {"coordinates": {"lat": lat, "long": long}}})

    def postback(self, psid: str, title: str, payload: str, ref: str = "") -> Item:
        referral = {"referral": _link(ref)} if ref else {}
        return self.item(psid, postback={"mid": self.mid(), "title": title, "payload": payload, **referral})

    def get_started(self, psid: str, ref: str = "", payload: str = "GET_STARTED") -> Item:
        return self.postback(psid, "Bắt đầu", payload, ref)

    def referral(self, psid: str, ref: str) -> Item:
        return self.item(psid, referral=_link(ref))

    def ad_referral(self, psid: str, ad_id: str = "6200000000001", ref: str = "") -> Item:
        """She came by an advertisement, which as a rule carries no ref."""
        return self.item(psid, referral=_advertisement(ad_id, ref))

    def ad_text(self, psid: str, words: str, ad_id: str = "6200000000001") -> Item:
        """Her first message after an advertisement: the referral is inside of the message."""
        return self.text(psid, words, referral=_advertisement(ad_id, ""))

    def lead(self, psid: str, question: str, answer: str) -> Item:
        """A form under an advertisement, filled in; its moments are seconds."""
        came = {"type": "LEAD_COMPLETE", "source": "ADS", "ad_id": "6200000000001"}
        answers = {"data": [{"question": question, "answer": answer}]}
        return self.item(psid, referral=came, lead=answers) | {"timestamp": self._millis() // 1000}

    def reaction(
        self, psid: str, mid: str, emoji: str = "❤️", reaction: str = "love", *, taken_back: bool = False
    ) -> Item:
        said = {} if taken_back else {"reaction": reaction, "emoji": emoji}
        return self.item(psid, reaction={**said, "action": "unreact" if taken_back else "react", "mid": mid})

    def edit(self, psid: str, mid: str, words: str, number: int = 1, *, quoted: bool = False) -> Item:
        """quoted: the number as a string, as the sample shows it; the table says integer."""
        edited = {"mid": mid, "text": words, "num_edit": str(number) if quoted else number}
        return self.item(psid, message_edit=edited)

    def optin(self, psid: str, **more: object) -> Item:
        return self.item(psid, optin={"type": "notification_messages", "payload": "NEWS", **more})

    def optin_by_plugin(self, user_ref: str, ref: str) -> Item:
        """From a web page's checkbox: nobody's PSID yet."""
        return self.item("", optin={"ref": ref, "user_ref": user_ref}) | {"sender": {"user_ref": user_ref}}

    def account_linking(self, psid: str, code: str = "") -> Item:
        linked = {"status": "linked", "authorization_code": code} if code else {"status": "unlinked"}
        return self.item(psid, account_linking=linked)

    def cart(self, psid: str, product_id: str, quantity: int) -> Item:
        """Goods that she put into a cart at Meta."""
        line = {"id": product_id, "retailer_id": "r1", "name": "x", "unit_price": 1, "currency": "VND"}
        return self.item(psid, order={"products": [line | {"quantity": quantity}], "note": ""})


def _link(ref: str) -> dict[str, str]:
    return {"ref": ref, "source": "SHORTLINK", "type": "OPEN_THREAD"}


def _advertisement(ad_id: str, ref: str) -> Item:
    context = {"ad_title": "Cà phê Ea Tu", "photo_url": "https://cdn.example/ad.jpg", "post_id": "900"}
    named = {"ref": ref} if ref else {}
    return {**named, "source": "ADS", "type": "OPEN_THREAD", "ad_id": ad_id, "ads_context_data": context}

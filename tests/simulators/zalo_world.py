"""Apps, official accounts and people as a stand-in for Zalo knows them; plain state, no HTTP and no threads.

A person has another id at every OA ("Official Account API / Quản lý người dùng").
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from tests.simulators.zalo_zbs_template import Template


class Package(Enum):
    """What an OA bought; without a package, nearly every call is refused with -224."""

    FREE = "Dùng thử"
    GROWTH = "Tăng trưởng"
    WHOLE = "Toàn diện"

    @property
    def rate(self) -> int:
        """Requests a minute."""
        return 2000 if self is Package.WHOLE else 100


@dataclass(slots=True)
class App:
    """callback: the only address that a consent may lead back to.

    fixed_challenge: the console's one PKCE challenge; empty, if each request brings its own.
    demand_proof: calls need the header `appsecret_proof`. domains: verified ones.
    """

    app_id: str
    secret: str
    callback: str = ""
    active: bool = True
    fixed_challenge: str = ""
    demand_proof: bool = False
    rate: int = 4000
    domains: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Person:
    """A human with a Zalo account (`on_zalo`) and a telephone number, 84…; whatever she does elsewhere is not here."""

    name: str
    phone: str = ""
    is_sensitive: bool = False
    banned: bool = False
    on_zalo: bool = True
    takes_notices: bool = True

    @property
    def key(self) -> str:
        return self.phone or self.name


@dataclass(slots=True)
class ZaloUser:
    """A person as one OA knows her. by_app: the same person for the app."""

    user_id: str
    by_app: str
    person: Person
    following: bool = False
    wrote: bool = False
    pressed_chat: bool = False
    blocked: bool = False
    last_interaction: datetime | None = None
    alias: str = ""
    tags: list[str] = field(default_factory=list)
    shared: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Oa:
    """An official account.

    secret: the OA Secret Key of the console's webhook page; OAs of one app have the same one.
    money: đồng in its Zalo Cloud Account; `charged` counts what messages took out of it. sub_quota: free messages left
    for people who wrote 2 to 7 days ago.
    """

    oa_id: str
    app_id: str
    secret: str
    name: str = "HTX Chợ Phiên"
    package: Package = Package.GROWTH
    package_until: datetime | None = None
    verified: bool = True
    enabled: bool = True
    zca_linked: bool = True
    money: int = 1_000_000
    charged: int = 0
    sub_quota: int = 0
    daily_notices: int = 500
    low_quality: bool = False
    tags: list[str] = field(default_factory=list)
    users: dict[str, ZaloUser] = field(default_factory=dict)
    templates: dict[str, Template] = field(default_factory=dict)
    admins: list[str] = field(default_factory=list)  # telephone numbers, for test templates

    def pay(self, price: int) -> bool:
        """Take the price; False, and nothing taken, if there is not enough."""
        if self.money < price:
            return False
        self.money -= price
        self.charged += price
        return True

    def paid_package(self, now: datetime) -> bool:
        return self.package is not Package.FREE and (self.package_until is None or now < self.package_until)

    def meet(self, person: Person) -> ZaloUser:
        """The person as this OA knows her; made where they are strangers, which opens no window."""
        user_id = digits(self.oa_id, person.key)
        if user_id not in self.users:
            self.users[user_id] = ZaloUser(user_id, digits(self.app_id, person.key), person)
        return self.users[user_id]


@dataclass(frozen=True, slots=True)
class Line:
    """One message in a conversation's history. src: 1 from the person, 0 from the OA. hidden: she does not see it."""

    oa_id: str
    user_id: str
    message_id: str
    src: int
    kind: str
    text: str
    at: datetime
    url: str = ""
    hidden: bool = False
    by_officer: bool = False


class Echo(Enum):
    """When the event about our own message is delivered."""

    SOON = "soon"  # by a thread of its own, so before or after the answer
    BEFORE = "before"  # before the answer of the call
    OFF = "off"


@dataclass(slots=True)
class Switches:
    """What sources disagree on, or what differs from package to package.

    buttons, lists: 0, or the code that refuses them (-233, -224). stale: the code after seven days (-230, -232).
    rotated: the code for an access token that a refresh has replaced (-220, -216). token_status: 401 makes token errors
    HTTP errors. receipts: `user_received_message` after each echo; receipts_first: before it. night: -133 is in force.
    oa_field: how `getoa` calls the id, `oaid` or `oa_id`. price: đồng for a message after 48 hours.
    """

    buttons: int = 0
    lists: int = -233
    stale: int = -230
    rotated: int = -220
    token_status: int = 200
    echo: Echo = Echo.SOON
    receipts: bool = False
    receipts_first: bool = False
    night: bool = False
    oa_field: str = "oaid"
    price: int = 55


def digits(*parts: str) -> str:
    """An id of 18 digits that belongs to these parts for ever."""
    number = int.from_bytes(hashlib.sha256("\0".join(parts).encode()).digest()[:12], "big")
    return str(10**17 + number % (9 * 10**17))

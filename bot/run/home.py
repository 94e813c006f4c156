"""What the public pages read from the database."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot.i18n import sentence
from bot.inbox import Down
from bot.ports import Goods
from bot.run.brief import Brief
from bot.run.looks import Looks
from bot.run.reading import Readings
from bot.run.reading.passport import read_passport
from bot.run.roof import utc_now
from bot.run.settings import Settings
from catalog.account import Account
from catalog.case import open_case
from catalog.db import Database
from catalog.erasure import ask_erasure, erasure_by
from catalog.organisation import Organisation, sellers_shown_by
from catalog.pin import check_pin
from catalog.scan import Look
from handlers.channels.web import routes as web
from handlers.pages.privacy import Asked
from handlers.pages.views import Coop, Doors, Passport, PinAnswer

ON_A_CHANNEL = ("messenger", "zalo")
LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Home:
    """What the public pages read: the organisation of the first web account, its goods, and every stamp."""

    database: Database
    settings: Settings
    looks: Looks
    brief: Brief = field(default_factory=Brief)

    def coop(self, language: str) -> Coop:
        return self.brief.get(("coop", language), lambda: self._coop(language))

    def _coop(self, language: str) -> Coop:
        with self.database.reading() as db:
            _, home = self._organisation(db)
            return Coop(
                name=home.name,
                short_name=home.short_name,
                tax_code=home.tax_code,
                address=home.address,
                phone=home.phone,
                complaints=sentence(
                    "Complaints: type 9 in the chat, or call %(clerk)s, %(phone)s.",
                    language,
                    clerk=home.clerk or home.short_name,
                    phone=home.clerk_phone or home.phone,
                ),
                shop=home.shop,
                demo=self._demo(home),
            )

    def goods(self, language: str) -> Sequence[Goods]:
        with self.database.reading() as db:
            account, _ = self._organisation(db)
            return self._readings().shelf(db, account.organisation_id, language, utc_now()).on_sale()

    def passport(self, code: str, language: str) -> Passport | None:
        with self.database.reading() as db:
            found = read_passport(db, code, language, self._here_and_now())
            if found is None:
                return None
            home_id, sellers = self.brief.get("sellers", lambda: self._sellers(db))
            seller_id = found.stamp.goods.seller_id
            here = seller_id in sellers
            whose = (seller_id, home_id) if here else (seller_id,)
            page, oa = self.brief.get(("doors", whose), lambda: _accounts(db, whose))
            doors = Doors(
                messenger=f"https://m.me/{page}?ref=t-{code}" if page else "",
                zalo=f"https://zalo.me/{oa}" if oa else "",
            )
            return replace(found, stamp=replace(found.stamp, here=here), doors=doors)

    def looked(self, passport: Passport, address: str) -> None:
        """All behind an address are one person: who is shown the page again and again by a program is one as well."""
        stamp = passport.stamp
        look = Look(stamp.code, "page", address, self._here_and_now())
        self.looks.add(look, stamp.odd.sign if stamp.odd is not None else "")

    def check_pin(self, code: str, pin: str) -> PinAnswer:
        with self.database.writing() as db:
            return check_pin(db, code, pin, utc_now())

    def _sellers(self, db: Session) -> tuple[int, frozenset[int]]:
        """Whose site this is, and whose goods it shows."""
        account, _ = self._organisation(db)
        return account.organisation_id, frozenset(sellers_shown_by(db, account.organisation_id))

    def _here_and_now(self) -> datetime:
        return utc_now().astimezone(ZoneInfo(self.settings.timezone))

    def site(self) -> web.Site:
        with self.database.reading() as db:
            account, home = self._organisation(db)
            return web.Site(account.external_id, account.id, self._demo(home))

    def _organisation(self, db: Session) -> tuple[Account, Organisation]:
        found = db.execute(
            select(Account, Organisation)
            .join(Organisation, Organisation.id == Account.organisation_id)
            .where(Account.channel == "web")
            .order_by(Account.id)
            .limit(1)
        ).one()
        return found[0], found[1]

    def _demo(self, home: Organisation) -> bool:
        return home.demo and urlsplit(self.settings.public_url).hostname in LOCAL

    def _readings(self) -> Readings:
        return Readings(self.settings.timezone, self.settings.default_locale, self.settings.public_url)

    # Being forgotten

    def ask_to_forget(self, app_scoped_id: str) -> tuple[str, str]:
        """Meta's own request for somebody whom we know by another id: kept, told to staff; its address and code.

        Nobody can tell at which page she wrote, so there is a case for each. Raises `Down`, also where there is no page
        and so nobody who would see to it: Meta, or she, tries again.
        """
        now = utc_now()
        try:
            with self.database.writing() as db:
                request = ask_erasure(db, "messenger", app_scoped_id, now)
                pages = db.scalars(select(Account.id).where(Account.channel == "messenger").order_by(Account.id)).all()
                if not pages:
                    raise Down("no page")
                if request.asked_at == now:
                    for page in pages:
                        open_case(db, page, None, "data request", subject=request.code, note="", at=now)
                return f"{self.settings.public_url}/privacy/erasure/{request.code}", request.code
        except SQLAlchemyError as error:
            raise Down(type(error).__name__) from error

    def asked(self, code: str) -> Asked | None:
        zone = ZoneInfo(self.settings.timezone)
        with self.database.reading() as db:
            request = erasure_by(db, code)
            if request is None:
                return None
            done_on = request.done_at.astimezone(zone).date() if request.done_at else None
            return Asked(request.state.value, request.asked_at.astimezone(zone).date(), done_on)


def _accounts(db: Session, whose: Sequence[int]) -> tuple[str | None, str | None]:
    """The first page and the first OA of these organisations, of the first that has one."""
    theirs = select(Account.channel, Account.external_id, Account.organisation_id).where(
        Account.organisation_id.in_(whose), Account.channel.in_(ON_A_CHANNEL)
    )
    found: dict[str, str] = {}
    for account in sorted(db.execute(theirs.order_by(Account.id)), key=lambda one: whose.index(one.organisation_id)):
        found.setdefault(account.channel, account.external_id)
    return found.get("messenger"), found.get("zalo")

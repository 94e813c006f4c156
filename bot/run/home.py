"""What the public pages read from the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot.i18n import sentence
from bot.inbox import Down
from bot.ports import Goods, Stamp
from bot.run.reading import Readings
from bot.run.roof import utc_now
from bot.run.settings import Settings
from catalog.account import Account
from catalog.case import open_case
from catalog.db import Database
from catalog.erasure import ask_erasure, erasure_by
from catalog.organisation import Organisation
from handlers.channels.web import routes as web
from handlers.pages.privacy import Asked
from handlers.pages.views import Coop

LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Home:
    """What the public pages read: the organisation of the first web account, its goods, and every stamp."""

    database: Database
    settings: Settings

    def coop(self, language: str) -> Coop:
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

    def stamp(self, code: str, language: str) -> Stamp | None:
        with self.database.reading() as db:
            return self._readings().stamp(db, code, language, utc_now())

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
        return Readings(self.settings.timezone, self.settings.default_locale)

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

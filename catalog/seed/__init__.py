"""The demo: an Alliance, the co-op Suối Mây with its goods, producers and lots, and some fifty goods of further co-ops.

People, prices and stock in it are invented. It was written as of Saturday 2026-11-21; its dates are moved by whole
days, so that on any day the oranges were cut three days ago.
"""

from datetime import datetime

from catalog.account import ensure_account
from catalog.db import Database
from catalog.organisation import organisation_by_code
from catalog.seed.calendar import Calendar
from catalog.seed.further import add_further_coops
from catalog.seed.organisations import add_alliance
from catalog.seed.records import read_demo
from catalog.seed.suoi_may import add_suoi_may


def seed(database: Database, now: datetime) -> bool:
    """Load the demo, all of it or nothing; False, and nothing changed, where it was loaded before."""
    demo, calendar = read_demo(), Calendar(now)
    with database.writing() as db:
        if organisation_by_code(db, demo.alliance.code) is not None:
            return False
        alliance = add_alliance(db, demo.alliance)
        add_suoi_may(db, demo, alliance, calendar)
        add_further_coops(db, demo, alliance, calendar)
        ensure_account(db, "web", alliance.code, alliance.id, None)
    return True

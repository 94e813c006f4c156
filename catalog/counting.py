"""How often a stamp was looked at, day by day: what is left of the scans when the looks themselves are forgotten."""

from collections import Counter
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Insert, String, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalog.db import Base
from catalog.scan import Scan


class ScanCount(Base):
    """day: as it was for the people, see `count_scans`. Nobody can be told apart in it any more."""

    __tablename__ = "scan_count"

    day: Mapped[date] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(12), primary_key=True)
    channel: Mapped[str] = mapped_column(String(20), primary_key=True)
    count: Mapped[int]


def count_scans(db: Session, before: datetime, zone: ZoneInfo, most: int) -> int:
    """Turn the oldest looks, at most so many, that are older than that into counts. How many there were.

    zone: whose midnight parts the days. To be called in a transaction that writes; a day may come in several portions.
    """
    oldest = select(Scan.id, Scan.scanned_at).order_by(Scan.id).limit(most)
    due = [look.id for look in db.execute(oldest) if look.scanned_at < before]
    gone = delete(Scan).where(Scan.id.in_(due)).returning(Scan.code, Scan.channel, Scan.scanned_at)
    looks = db.execute(gone.execution_options(synchronize_session=False)).all() if due else []
    if not looks:  # or another clock was faster: what it counts we do not
        return 0
    counted = Counter((at.astimezone(zone).date(), code, channel) for code, channel, at in looks)
    rows = [
        {"day": day, "code": code, "channel": channel, "count": count}
        for (day, code, channel), count in sorted(counted.items())
    ]
    db.execute(_adding(db), rows)
    return len(looks)


def _adding(db: Session) -> Insert:
    """In the words of this session's database."""
    columns = [ScanCount.day, ScanCount.code, ScanCount.channel]
    if db.get_bind().dialect.name == "sqlite":
        lite = sqlite.insert(ScanCount)
        return lite.on_conflict_do_update(
            index_elements=columns, set_={"count": ScanCount.count + lite.excluded["count"]}
        )
    new = postgresql.insert(ScanCount)
    return new.on_conflict_do_update(index_elements=columns, set_={"count": ScanCount.count + new.excluded["count"]})

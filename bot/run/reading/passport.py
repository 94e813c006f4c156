"""All that the page behind a stamp shows, of what was read for the stamp itself and little more."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from bot.run.reading.book import Found, find
from catalog.passport import Facts, Stage, days_before_harvest, lacks, wrong_dates
from handlers.pages.views import Doors, Paper, Passport, Place, Recorded, Seller, Stars

NO_DOORS = Doors(messenger="", zalo="")


def read_passport(db: Session, code: str, language: str, now: datetime) -> Passport | None:
    """`code`: 12 digits. now: in the co-op's zone. Three SELECTs; one more for a package.

    Without doors, and as if everything were sold here: that depends on whose site it is.
    """
    found = find(db, code, language, now)
    if found is None:
        return None
    stamp, row, today = found.stamp, found.row, now.date()
    papers = tuple(Paper(paper.name, paper.number, paper.issuer, paper.valid_until) for paper in found.papers)
    facts = _facts(found, papers)
    return Passport(
        stamp=stamp,
        seller=Seller(
            row.seller_name,
            stamp.goods.seller,
            row.seller_tax_code,
            row.seller_address,
            row.seller_phone,
            row.seller_sales_policy,
            row.seller_clerk,
            row.seller_clerk_phone,
        ),
        place=_place(row),
        stages=tuple(_recorded(line, row, now) for line in found.lines),
        papers=papers,
        stars=_stars(row, today),
        declared=tuple(row.goods_declared),
        brand=row.goods_brand,
        story=row.goods_story,
        warnings=row.goods_warnings,
        storage=row.goods_storage,
        pack=row.goods_pack,
        amount=row.lot_amount or "",
        shelf_life_days=row.goods_shelf_life_days,
        price_since=_day(row.price_since, now),
        last_spray_days=days_before_harvest(facts),
        sold_on=_day(row.stamp_sold_at, now),
        asks_pin=bool(row.asks_pin),
        pin_right_at=None if row.stamp_pin_right_at is None else row.stamp_pin_right_at.astimezone(now.tzinfo),
        doors=NO_DOORS,
        lacks=lacks(facts),
        wrong=wrong_dates(facts, today),
    )


def _facts(found: Found, papers: tuple[Paper, ...]) -> Facts:
    stamp, row = found.stamp, found.row
    return Facts(
        producer=stamp.producer,
        seller_tax_code=row.seller_tax_code,
        place=stamp.place,
        harvested_on=stamp.harvested_on,
        best_before=stamp.best_before,
        stages=[Stage(line.happened_on, line.kind, line.wait_days) for line in found.lines],
        price_vnd=stamp.goods.price_vnd,
        picture=stamp.goods.image,
        certificates=len(papers),
        storage=row.goods_storage,
        policy=row.seller_sales_policy,
    )


def _place(row: Row[Any]) -> Place:
    point = None if row.lot_latitude is None or row.lot_longitude is None else (row.lot_latitude, row.lot_longitude)
    return Place(row.lot_place or "", row.seller_province, row.seller_province_before, row.lot_plot or "", point)


def _recorded(line: Row[Any], row: Row[Any], now: datetime) -> Recorded:
    """Who is neither the lot's producer nor nobody works for the co-op."""
    who = "" if line.person_id is None else ("producer" if line.person_id == row.lot_person_id else "staff")
    return Recorded(line.happened_on, line.kind, line.words, who, line.channel, line.recorded_at.astimezone(now.tzinfo))


def _stars(row: Row[Any], today: date) -> Stars | None:
    until = row.goods_ocop_valid_until
    if not row.goods_ocop_stars or (until is not None and until < today):
        return None
    return Stars(row.goods_ocop_stars, row.goods_ocop_number, until)


def _day(moment: datetime | None, now: datetime) -> date | None:
    return None if moment is None else moment.astimezone(now.tzinfo).date()

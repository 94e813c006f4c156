"""What a stamp says to machines: the short record, and the whole passport (docs/passport.md). Plain data."""

from datetime import date, datetime
from typing import Any

from handlers.pages.telling import has_facts, on_sale
from handlers.pages.views import Paper, Passport, Recorded

VERSION = 1
"""Of `passport`. It goes up when a field is taken away or means something else; a new field changes nothing."""


def record(passport: Passport) -> dict[str, Any]:
    """Dates are ISO 8601, what is not known is null. Only a lot that is on sale has a price."""
    stamp, facts = passport.stamp, has_facts(passport)
    return {
        "code": stamp.code,
        "kind": stamp.kind,
        "state": stamp.state,
        "warning": _warning(passport),
        "recall": _recall(passport),
        "product": stamp.goods.name,
        "lot": _known(stamp.number) if facts else None,
        "producer": _known(stamp.producer) if facts else None,
        "place": _known(stamp.place) if facts else None,
        "harvested_on": _iso(stamp.harvested_on) if facts else None,
        "best_before": _iso(stamp.best_before) if facts else None,
        "certificates": [_paper(paper) for paper in passport.papers] if facts else [],
        "stages": [_stage(stage) for stage in passport.stages] if facts else [],
        "price_vnd": stamp.goods.price_vnd if on_sale(passport) else None,
        "seller": stamp.seller,
    }


def passport_record(passport: Passport, complaints: str, url: str) -> dict[str, Any]:
    """Every row of the page. complaints: how to complain, in words. url: of the page."""
    stamp, seller, place, facts = passport.stamp, passport.seller, passport.place, has_facts(passport)
    short = record(passport)
    return {
        "version": VERSION,
        "url": url,
        **{key: short[key] for key in ("code", "kind", "state", "warning", "recall")},
        "product": {
            "name": stamp.goods.name,
            "picture": _known(stamp.goods.image),
            "brand": _known(passport.brand),
            "pack": _known(passport.pack),
            "unit": stamp.goods.unit,
            "shelf_life_days": passport.shelf_life_days,
            "warnings": _known(passport.warnings),
            "storage": _known(passport.storage),
            "story": _known(passport.story),
        },
        "lot": {
            "number": short["lot"],
            "amount": _known(passport.amount) if facts else None,
            "harvested_on": short["harvested_on"],
            "best_before": short["best_before"],
            "last_spray_days": passport.last_spray_days if facts else None,
            "sold_on": _iso(passport.sold_on) if facts else None,
        },
        "producer": short["producer"],
        "seller": {
            "name": seller.name,
            "tax_code": _known(seller.tax_code),
            "address": _known(seller.address),
            "phone": _known(seller.phone),
            "policy": _known(seller.policy),
            "complaints": _known(complaints),
        },
        "place": {
            "words": _known(place.words),
            "province": _known(place.province),
            "province_before": _known(place.before),
            "plot": _known(place.plot),
            "point": list(place.point) if place.point else None,
        }
        if facts
        else None,
        "stages": short["stages"],
        "certificates": short["certificates"],
        "ocop": _ocop(passport) if facts else None,
        "declared": list(passport.declared) if facts else [],
        "price": {"vnd": short["price_vnd"], "unit": stamp.goods.unit, "since": _iso(passport.price_since)}
        if on_sale(passport)
        else None,
        "doubts": list(passport.wrong) if facts else [],
        "missing": list(missing(passport, complaints)),
    }


def missing(passport: Passport, complaints: str) -> tuple[str, ...]:
    """The rows that are shown and have no data, in the order of the page. None of a stamp that stands for no lot."""
    stamp, seller, place = passport.stamp, passport.seller, passport.place
    if not has_facts(passport):
        return ()
    unsprayed = bool(passport.stages) and all(stage.kind != "spray" for stage in passport.stages)
    rows: dict[str, object] = {
        "picture": stamp.goods.image,
        "producer": stamp.producer,
        "lot": stamp.number,
        "harvested_on": stamp.harvested_on,
        "best_before": stamp.best_before,
        "amount": passport.amount,
        "place": place.words or place.province,
        "plot": place.plot,
        "stages": passport.stages,
        "last_spray": unsprayed or passport.last_spray_days is not None,
        "certificates": passport.papers,
        "ocop": passport.stars,
        "declared": passport.declared,
        "brand": passport.brand,
        "pack": passport.pack,
        "shelf_life": passport.shelf_life_days,
        "warnings": passport.warnings,
        "storage": passport.storage,
        "price": stamp.goods.price_vnd or not on_sale(passport),
        "policy": seller.policy,
        "seller": seller.name,
        "tax_code": seller.tax_code,
        "address": seller.address,
        "phone": seller.phone,
        "complaints": complaints,
    }
    return tuple(row for row, value in rows.items() if not value)


def _stage(stage: Recorded) -> dict[str, Any]:
    return {
        "on": stage.on.isoformat(),
        "kind": stage.kind,
        "words": stage.words,
        "recorded_by": _known(stage.who),
        "channel": _known(stage.channel),
        "recorded_at": stage.recorded_at.isoformat(),
    }


def _paper(paper: Paper) -> dict[str, Any]:
    return {
        "name": paper.name,
        "number": _known(paper.number),
        "issuer": _known(paper.issuer),
        "valid_until": paper.valid_until.isoformat(),
    }


def _ocop(passport: Passport) -> dict[str, Any] | None:
    stars = passport.stars
    if stars is None:
        return None
    return {"stars": stars.stars, "number": _known(stars.number), "valid_until": _iso(stars.valid_until)}


def _warning(passport: Passport) -> dict[str, Any] | None:
    odd = passport.stamp.odd
    if odd is None:
        return None
    return {"sign": odd.sign, "people": odd.people, "days": odd.days, "first_on": odd.first_on.isoformat()}


def _recall(passport: Passport) -> dict[str, Any] | None:
    stamp = passport.stamp
    if stamp.state != "recalled":
        return None
    return {"reason": _known(stamp.recall_reason), "advice": _known(stamp.recall_advice)}


def _known(words: str) -> str | None:
    return words or None


def _iso(on: date | datetime | None) -> str | None:
    return None if on is None else on.isoformat()

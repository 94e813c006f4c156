"""What a stamp's page knows: the code as people type it, and its record for machines."""

import re
from typing import Any

from bot.ports import Stamp

_CODE = re.compile(r"[0-9]{12}", re.ASCII)


def code_of(typed: str) -> str | None:
    """The 12 digits of a code written with any spaces, dots or dashes; None for anything else."""
    digits = re.sub(r"[\s.\-–_]", "", typed[:40])
    return digits if _CODE.fullmatch(digits) else None


def grouped(code: str) -> str:
    """`4839 2017 6504`"""
    return " ".join(re.findall(".{1,4}", code))


def record(stamp: Stamp) -> dict[str, Any]:
    """The JSON of a stamp: dates are ISO 8601, what is not known is null. A lot that is not sold has no price."""
    return {
        "code": stamp.code,
        "state": stamp.state,
        "product": stamp.goods.name,
        "lot": stamp.number,
        "producer": stamp.producer,
        "place": stamp.place,
        "harvested_on": stamp.harvested_on.isoformat() if stamp.harvested_on else None,
        "best_before": stamp.best_before.isoformat() if stamp.best_before else None,
        "certificates": [
            {"name": certificate.name, "valid_until": certificate.valid_until.isoformat()}
            for certificate in stamp.certificates
        ],
        "stages": [{"on": entry.on.isoformat(), "kind": entry.kind, "words": entry.words} for entry in stamp.diary],
        "price_vnd": stamp.goods.price_vnd if stamp.state == "active" else None,
        "seller": stamp.seller,
    }

"""Templates of ZBS messages (once ZNS), and what their parameters may hold ("ZBS Template Message / Tham số")."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tests.simulators.zalo_errors import business

MAX_LENGTHS = {
    "NAME": 30,
    "PHONE": 15,
    "ADDRESS": 200,
    "CODE": 30,
    "STATUS": 30,
    "AMOUNT": 20,
    "DATE": 20,
    "CURRENCY": 12,
    "URL": 200,
    "NOTE": 90,
}
CURRENCY = re.compile(r"[1-9][0-9]*")


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    type: str
    require: bool = True

    @property
    def most(self) -> int:
        return MAX_LENGTHS[self.type]


@dataclass(frozen=True, slots=True)
class Template:
    """text: the words with `<name>` where a parameter goes. status: ENABLE, PENDING_REVIEW, REJECT or DISABLE.

    price, price_uid: đồng for a message by phone and by user id. by_uid: whether it can go by user id at all.
    """

    template_id: str
    name: str
    text: str
    parameters: tuple[Parameter, ...]
    status: str = "ENABLE"
    quality: str = "HIGH"
    price: int = 300
    price_uid: int = 200
    by_uid: bool = True

    def filled(self, data: object) -> str:
        """What the person reads. Raises Refused: -111, -1122 missing, -1121 too long, -1124 wrong form."""
        if not isinstance(data, Mapping) or (self.parameters and not data):
            raise business(-111)
        text = self.text
        for parameter in self.parameters:
            value = data.get(parameter.name)
            if value is None or not str(value).strip():
                if parameter.require:
                    raise business(-1122, f"Template data is missing a parameter: {parameter.name}")
                value = ""
            words = str(value)
            if len(words) > parameter.most:
                raise business(-1121, f"Template parameter is too long: {parameter.name}")
            if parameter.type == "CURRENCY" and words and not CURRENCY.fullmatch(words):
                raise business(-1124, f"Template parameter has a wrong format: {parameter.name}")
            text = text.replace(f"<{parameter.name}>", words)
        return text

    @property
    def details(self) -> dict[str, object]:
        """As `template/info/v2` gives it."""
        return {
            "templateId": self.template_id,
            "templateName": self.name,
            "status": self.status,
            "templateQuality": self.quality,
            "listParams": [
                {
                    "name": one.name,
                    "require": one.require,
                    "type": one.type,
                    "maxLength": one.most,
                    "minLength": 0,
                    "acceptNull": not one.require,
                }
                for one in self.parameters
            ],
            "price": self.price,
            "price_sdt": self.price,
            "price_uid": self.price_uid,
        }

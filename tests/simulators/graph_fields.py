"""Reading the fields of a request as strictly as Graph does.

Characters are counted as UTF-16 units, the strictest reading of a reference that does not say.
"""

from typing import Any


class Refused(Exception):
    """An answer with `error`: code, subcode and words as Graph gives them. transient: as `is_transient` says."""

    def __init__(
        self, code: int, text: str, subcode: int | None = None, status: int = 400, *, transient: bool = False
    ) -> None:
        super().__init__(text)
        self.code, self.text, self.subcode, self.status, self.transient = code, text, subcode, status, transient


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def words(holder: dict[str, Any], name: str, most: int, *, required: bool = True) -> str:
    value = holder.get(name, "" if not required else None)
    if not isinstance(value, str) or (required and not value.strip()):
        raise Refused(100, f"(#100) Param {name} must be a non-empty string")
    if units(value) > most:
        raise Refused(100, f"(#100) Length of param {name} must be less than or equal to {most}")
    return value


def listed(holder: dict[str, Any], name: str, most: int, *, least: int = 0) -> list[Any]:
    value = holder.get(name, [])
    if not isinstance(value, list):
        raise Refused(100, f"(#100) Param {name} must be an array")
    if len(value) > most:
        raise Refused(100, f"(#100) Param {name} has too many elements")
    if len(value) < least:
        raise Refused(100, f"(#100) Param {name} must not be empty")
    return value


def record(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Refused(100, f"(#100) Param {name} must be an object")
    return value


def link(holder: dict[str, Any], name: str, most: int = 2000, *, required: bool = True) -> str:
    value = words(holder, name, most, required=required)
    if value and not value.startswith(("https://", "http://")):
        raise Refused(100, f"(#100) Param {name} should represent a valid URL")
    return value

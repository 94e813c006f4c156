"""What Zalo answers when it refuses: numbers and words, a table for each of its hosts.

Almost every refusal comes with HTTP 200. One number means different things on openapi.zalo.me and on
business.openapi.zalo.me ("error-code" of the two sections of the documentation).
"""

from collections.abc import Mapping
from typing import Any

OPENAPI = {
    -32: "Your application reached limit call api, try again in the next minute",
    -100: "attachment_id was expired",
    -200: "Send message failed",
    -201: "Params is invalid!",
    -202: "invalid mac",
    -204: "Offical Account is disable",
    -205: "OA is not exist",
    -209: "Not supported this api",
    -210: "Parameter exceeds allowable limit",
    -211: "Out of quota",
    -213: "User has not followed OA",
    -216: "Access token is invalid",
    -217: "User has blocked invitation from OA",
    -218: "Out of quota receive",
    -219: "App is removed or disabled",
    -220: "access_token is expired or removed",
    -221: "OA needs to be verified to use this feature",
    -223: "OA has not authorized this API",
    -224: "OA needs to upgrade OA Tier Package to use this feature",
    -227: "User is banned or has been inactive for more than 45 days",
    -230: "User has not interacted with the OA in the past 7 days",
    -232: "User has not interacted with the OA, or the interaction has expired",
    -233: "Message type is invalid or not support",
    -240: "MessageV2 API has been shut down",
    -242: "Invalid appsecret_proof provided in the API argument",
    -244: "User has restricted this message type",
    -249: "Template cannot be sent by UID",
    -320: "Your app needs to connect to a Zalo Cloud Account to use paid features",
    -321: "The Zalo Cloud Account connected to your app is out of money or inactive",
}
OA_LIMIT = "The OA reached limit call api, try again in the next minute"

BUSINESS = {
    -32: OPENAPI[-32],
    -100: "Unknown error",
    -102: "Application does not exist",
    -108: "Phone number is invalid",
    -109: "Template is invalid",
    -111: "Template data is empty or invalid",
    -114: "User cannot receive the message",
    -115: "Out of money",
    -118: "Zalo account does not exist",
    -1121: "Template parameter is too long",
    -1122: "Template data is missing a parameter",
    -1124: "Template parameter has a wrong format",
    -124: "Access token is invalid",
    -1241: "appsecret_proof is invalid",
    -127: "Test template can be sent to admins only",
    -131: "Template has not been approved",
    -133: "Messages cannot be sent at night (22:00-06:00)",
    -135: "OA does not have permission to send",
    -136: "OA is not connected to a Zalo Cloud Account",
    -144: "OA has exceeded its daily quota",
    -146: "Template is disabled for low quality",
}


class Refused(Exception):
    """An answer with `error`. fields: what stands beside error and message (OAuth names its errors)."""

    def __init__(
        self, code: int, text: str = "", *, status: int = 200, fields: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(text or OPENAPI.get(code, "Unknown error"))
        self.code, self.status, self.fields = code, status, dict(fields or {})

    @property
    def body(self) -> dict[str, Any]:
        return {"error": self.code, **(self.fields or {"message": str(self)})}


def invalid(field: str) -> Refused:
    """-201, the words name the field."""
    return Refused(-201, f"{field} is invalid!")


def too_much(field: str) -> Refused:
    """-210, for what is too long or too many."""
    return Refused(-210, f"Parameter {field} exceeds allowable limit")


def business(code: int, text: str = "") -> Refused:
    """A refusal of business.openapi.zalo.me."""
    return Refused(code, text or BUSINESS[code])


def oauth(code: int, name: str, description: str) -> Refused:
    """A refusal of oauth.zaloapp.com."""
    fields = {
        "error_name": name,
        "error_reason": description,
        "error_description": description,
        "ref_doc": "https://developers.zalo.me/docs/api/official-account-api/phu-luc/ma-loi",
    }
    return Refused(code, description, fields=fields)

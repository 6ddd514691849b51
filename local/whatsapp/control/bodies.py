"""What requests of the control interface may say."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Literal, TypeVar

from aiohttp import web
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from local.whatsapp.control.problems import ProblemError
from local.whatsapp.world.world import NUMBER

TEXT_MAX = 65_536


def read_number(value: str) -> str:
    """A phone number's digits; one `+` in front is allowed. Raises ValueError."""
    digits = value.removeprefix("+")
    if not NUMBER.fullmatch(digits):
        raise ValueError("not a phone number in E.164: 5 to 15 digits, with or without +")
    return digits


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Number = Annotated[str, AfterValidator(read_number)]
Reason = Annotated[str, Field(pattern="^([1-9][0-9]{2}|none)$")]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Scan(Body):
    qr: str = Field(min_length=1, max_length=4_096)


class Pair(Body):
    code: str = Field(min_length=8, max_length=16)


class Write(Body):
    to: Number
    text: str = Field(min_length=1, max_length=TEXT_MAX)


class Blast(Body):
    """`rate` is a second, 0 as fast as it goes; `senders` are numbers, or how many made-up ones."""

    to: list[Number] = Field(min_length=1, max_length=10_000)
    count: int = Field(ge=0, le=1_000_000)
    rate: float = Field(default=0, ge=0)
    senders: Annotated[int, Field(ge=1, le=10_000)] | Annotated[list[Number], Field(min_length=1)] = 50


class Behave(Body):
    """Only what is given changes; `reply: null` ends the automatic reply."""

    reply: str | None = Field(default=None, max_length=TEXT_MAX)
    read: bool = False
    registered: bool = True


class Kick(Body):
    kind: Literal["replaced", "device_removed", "close", "abort", "unavailable"]


class Refuse(Body):
    """`reason` is the code of the failure, null or `none` ends the refusal; `count` how many logins it is for."""

    reason: Annotated[Reason | None, BeforeValidator(_as_text)]
    count: int | None = Field(default=None, ge=1)
    code: Annotated[str | None, BeforeValidator(_as_text)] = None
    expire: Annotated[str | None, BeforeValidator(_as_text)] = None


SomeBody = TypeVar("SomeBody", bound=Body)


async def read_body(request: web.Request, kind: type[SomeBody]) -> SomeBody:
    """The request's body. Raises ProblemError."""
    try:
        return kind.model_validate_json(await request.read())
    except ValidationError as error:
        wrong = "; ".join(f"{'/'.join(map(str, each['loc'])) or 'body'}: {each['msg']}" for each in error.errors())
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, wrong) from error


def number_of(request: web.Request) -> str:
    """The number in the request's path. Raises ProblemError."""
    try:
        return read_number(request.match_info["number"])
    except ValueError as error:
        raise ProblemError(HTTPStatus.BAD_REQUEST, str(error)) from error

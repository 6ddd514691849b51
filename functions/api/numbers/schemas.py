"""What number checks look like in requests and answers."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from functions.api.numbers.national import NoNumber, forms_of
from functions.api.schemas import Body, View, example

MOST = 100


def _checked(text: str) -> str:
    try:
        forms_of(text)
    except NoNumber as error:
        raise PydanticCustomError("no_phone_number", "{reason}", {"reason": str(error)}) from error
    return text


Number = Annotated[str, Field(max_length=64), AfterValidator(_checked)]


class NumbersCheck(Body):
    """Numbers to look up."""

    model_config = example({"numbers": ["+351912345678", "+55 11 98765-4321"]})

    numbers: list[Number] = Field(
        min_length=1,
        max_length=MOST,
        description="In E.164, with or without +; spaces, dashes, dots and brackets may be in between.",
    )


class NumberView(View):
    """Whether a number is on WhatsApp."""

    number: str = Field(description="As it was asked for.")
    exists: bool
    jid: str | None = Field(
        description="WhatsApp's own name for it, which may have other digits; null where it is not."
    )
    cached: bool = Field(description="Whether the answer was known: for 4 hours where it is yes, 2 where it is no.")


class NumbersView(View):
    """The answers, in the order of the question."""

    model_config = example(
        {
            "results": [
                {"number": "+351912345678", "exists": False, "jid": None, "cached": True},
                {
                    "number": "+55 11 98765-4321",
                    "exists": True,
                    "jid": "551187654321@s.whatsapp.net",
                    "cached": False,
                },
            ]
        }
    )

    results: list[NumberView]

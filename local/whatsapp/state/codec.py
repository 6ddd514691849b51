"""Records as JSON; bytes are base64 in it."""

from typing import Any, Generic, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

CONFIG = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

Record = TypeVar("Record")


class BrokenRecordError(Exception):
    """A stored record is not what was stored."""


class Codec(Generic[Record]):
    """Turns records of one type into bytes and back."""

    def __init__(self, kind: type[Record]) -> None:
        # pydantic takes a configuration for a plain dataclass only from what surrounds it: here, a list of one.
        self._adapter: TypeAdapter[Any] = TypeAdapter(list[kind], config=CONFIG)  # type: ignore[valid-type]

    def dump(self, record: Record) -> bytes:
        return self._adapter.dump_json([record])

    def load(self, data: bytes) -> Record:
        """Raises BrokenRecordError."""
        try:
            records: list[Record] = self._adapter.validate_json(data)
        except ValidationError as error:
            raise BrokenRecordError(str(error)) from error
        return records[0]

"""The few protobuf wire rules that Signal's messages need; neonize ships no generated code for them."""

from collections.abc import Iterator

VARINT, BYTES = 0, 2
VARINT_MAX_BYTES = 10

Fields = dict[int, int | bytes]


class FieldError(Exception):
    """The bytes are no message of varint and bytes fields."""


def number(field: int, value: int) -> bytes:
    return _varint(field << 3 | VARINT) + _varint(value)


def blob(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | BYTES) + _varint(len(value)) + value


def parse(data: bytes) -> Fields:
    """Field number -> its last value. Raises FieldError."""
    return dict(_fields(data))


def get_number(fields: Fields, field: int, default: int = 0) -> int:
    value = fields.get(field, default)
    if not isinstance(value, int):
        raise FieldError(f"field {field} is not a number")
    return value


def get_blob(fields: Fields, field: int) -> bytes:
    value = fields.get(field)
    if not isinstance(value, bytes):
        raise FieldError(f"field {field} is missing")
    return value


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    position = 0
    while position < len(data):
        key, position = _read_varint(data, position)
        if key & 7 == VARINT:
            value, position = _read_varint(data, position)
            yield key >> 3, value
        elif key & 7 == BYTES:
            size, position = _read_varint(data, position)
            if position + size > len(data):
                raise FieldError("message ends too early")
            yield key >> 3, data[position : position + size]
            position += size
        else:
            raise FieldError(f"field of wire type {key & 7}")


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _read_varint(data: bytes, position: int) -> tuple[int, int]:
    value = 0
    for index, byte in enumerate(data[position : position + VARINT_MAX_BYTES]):
        value |= (byte & 127) << 7 * index
        if byte < 128:
            return value, position + index + 1
    raise FieldError("broken number")

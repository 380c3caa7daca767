"""How a record is declared once and its Arrow schema derived from it.

A record is a dataclass whose fields are ``Annotated[python type, Column("meaning", unit="…")]``.

>>> from dataclasses import dataclass
>>> @dataclass
... class Sample:
...     id: Annotated[str, Column("who it is")]
...     mass: Annotated[float | None, Column("how heavy", unit="kg")]
>>> schema = arrow_schema(Sample)
>>> schema.field("mass").type, schema.field("mass").nullable
(DataType(double), True)
>>> schema.field("mass").metadata[b"unit"]
b'kg'
"""

from __future__ import annotations

import types
from dataclasses import dataclass, fields
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import pyarrow as pa

__all__ = ["Column", "arrow_field", "arrow_schema"]

_ARROW = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_(), bytes: pa.binary()}


@dataclass(frozen=True)
class Column:
    """What a field of a record means.

    Attributes:
        doc: One clause that says what the value is.
        unit: The unit of a number; empty for none.
        type: The Arrow type where the Python type does not tell it.
    """

    doc: str
    unit: str = ""
    type: pa.DataType | None = None

    def metadata(self) -> dict[str, str]:
        """The column's meaning as Arrow field metadata."""
        return {"description": self.doc, **({"unit": self.unit} if self.unit else {})}


def arrow_field(name: str, hint: Any) -> pa.Field:
    """The Arrow field of one annotated attribute.

    Raises:
        TypeError: The attribute has no ``Column`` or a Python type without an Arrow counterpart.
    """
    if get_origin(hint) is not Annotated:
        raise TypeError(f"{name} has no Column annotation")
    python, *notes = get_args(hint)
    column = next(note for note in notes if isinstance(note, Column))
    nullable = False
    if get_origin(python) in (Union, types.UnionType):
        options = [option for option in get_args(python) if option is not type(None)]
        nullable = len(options) < len(get_args(python))
        python = options[0]
    arrow = column.type
    if arrow is None:
        if get_origin(python) is list:
            arrow = pa.list_(_ARROW[get_args(python)[0]])
        elif python in _ARROW:
            arrow = _ARROW[python]
        else:
            raise TypeError(f"{name}: {python!r} has no Arrow type; name one in Column(type=…)")
    if pa.types.is_list(arrow):  # a list's values are called as Parquet calls them when it gives them back
        arrow = pa.list_(arrow.value_field.with_name("element"))
    return pa.field(name, arrow, nullable=nullable, metadata=column.metadata())


@cache
def arrow_schema(record: type) -> pa.Schema:
    """The Arrow schema of a record class, fields in the order of their declaration."""
    hints = get_type_hints(record, include_extras=True)
    return pa.schema([arrow_field(field.name, hints[field.name]) for field in fields(record)])

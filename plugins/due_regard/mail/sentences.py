"""What a sentence of a wording file may be: words with the placeholders that the program fills in, and no others.

Which sentences there are is in wording.py.
"""

from __future__ import annotations

from string import Formatter
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict


def require_placeholders(*names: str) -> AfterValidator:
    """What a sentence is checked by: it holds each of `names` in braces, and no other."""

    def check_sentence(sentence: str) -> str:
        if not sentence.strip():
            raise ValueError("is empty")
        held = _list_placeholders(sentence)
        if set(held) != set(names):
            raise ValueError(f"must hold {_list_in_braces(names)}; it holds {_list_in_braces(held)}")
        return sentence

    return AfterValidator(check_sentence)


def _list_placeholders(sentence: str) -> list[str]:
    try:
        parts = list(Formatter().parse(sentence))
    except ValueError:
        raise ValueError("must close every brace it opens; write a brace that is meant as {{ or }}") from None
    # A format or an attribute would let a sentence print what no mail may say.
    return [
        name + (f"!{conversion}" if conversion else "") + (f":{form}" if form else "")
        for _, name, form, conversion in parts
        if name is not None
    ]


def _list_in_braces(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in sorted(set(names))) or "no placeholder"


Plain = Annotated[str, require_placeholders()]
OfDay = Annotated[str, require_placeholders("day")]
OfNumber = Annotated[str, require_placeholders("n")]
OfPost = Annotated[str, require_placeholders("post")]
OfReason = Annotated[str, require_placeholders("why")]


class Sentences(BaseModel):
    """A section of the wording file: every field must be there, and no other."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Counted(Sentences):
    """A phrase with a number, for one and for any other number."""

    one: OfNumber
    many: OfNumber

    def format_number(self, n: int) -> str:
        """The phrase for `n`."""
        return (self.one if n == 1 else self.many).format(n=n)

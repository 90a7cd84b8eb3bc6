"""What a source mapping may say: how one vendor's files become canonical columns (`include/sources/<name>.yaml`).

Add a word here only when a vendor's export cannot be said otherwise; what a single vendor does stays in its YAML file.
Nothing here opens an export: text_tables.py finds headers, column_mapping.py applies a mapping.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from due_regard.codes.code_files import FileWithCodes, load_neighbouring_lists
from due_regard.config.landlord import Identifier
from due_regard.config.layered_folders import Folder
from due_regard.config.yaml_files import read_named_yaml
from due_regard.errors import SourceError
from due_regard.intake.text_cleaning import fold_text
from due_regard.records.canonical import ENTITY, ColumnKind, Entity

DateOrder = Literal["iso", "dmy", "mdy"]
CANONICAL = "canonical"
"""In place of a list of columns: every canonical column, under its own name, where the file has it."""


def _as_tuple(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]


class _MappingPart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ColumnMap(_MappingPart):
    """Where a canonical column comes from: a header (with aliases), several joined, three date parts, a constant."""

    header: Names = Field(default=(), description="the column's header, or its aliases over the years")
    join: Names = Field(default=(), description="headers whose cells are joined; a blank cell is left out")
    joined_by: str = "-"
    day_month_year: tuple[str, str, str] | None = Field(default=None, description="headers of a three-column date")
    constant: str | None = Field(default=None, description="the same canonical value in every row")
    codes: dict[str, str] | str | None = Field(default=None, description="word -> canonical code, or a list of `codes`")
    date_order: DateOrder | None = Field(default=None, description="where it differs from the source's")
    separator: str = Field(default=";", description="between the codes of a list")

    @model_validator(mode="after")
    def _one_origin(self) -> ColumnMap:
        if sum(bool(part) for part in (self.header, self.join, self.day_month_year, self.constant)) != 1:
            raise ValueError("say exactly one of header, join, day_month_year, constant")
        return self

    @property
    def headers(self) -> tuple[str, ...]:
        """Every header this column may be read from."""
        return self.header + self.join + (self.day_month_year or ())


def _as_column_map(value: Any) -> Any:
    return {"header": value} if isinstance(value, str | list | tuple) else value


Columns = dict[str, Annotated[ColumnMap, BeforeValidator(_as_column_map)]]


class SourcePart(_MappingPart):
    """One kind of file, or of sheet, and the entities that its rows hold."""

    files: Names = Field(description="patterns of file names, such as NOTIFICATIONS_*.csv; case is ignored")
    sheets: Names = Field(default=("*",), description="patterns of sheet names, for workbooks")
    header_rows: int = Field(default=1, ge=1, le=3, description="rows that make up the header, merged titles included")
    entities: dict[str, Columns | Literal["canonical"]]
    ignore: tuple[str, ...] = Field(default=(), description="headers that are never loaded, by name")

    @model_validator(mode="after")
    def _known_columns(self) -> SourcePart:
        for entity, columns in self.entities.items():
            if entity not in ENTITY:
                raise ValueError(f"no entity {entity!r}; known: {', '.join(ENTITY)}")
            self._check_columns(ENTITY[entity], self.list_columns(entity))
            if unknown := set(columns) - set(ENTITY[entity].by_name) if columns != CANONICAL else set():
                raise ValueError(f"{entity} has no column {', '.join(sorted(unknown))}")
        return self

    @staticmethod
    def _check_columns(entity: Entity, columns: dict[str, ColumnMap]) -> None:
        lacking = [column.name for column in entity.columns if column.required and column.name not in columns]
        if lacking:
            raise ValueError(f"{entity.name}: {', '.join(lacking)} must be mapped")
        for name, column in columns.items():
            if column.day_month_year and name in entity.by_name and entity.by_name[name].kind is not ColumnKind.DATE:
                raise ValueError(f"{entity.name}.{name} is not a date")

    def list_columns(self, entity: str) -> dict[str, ColumnMap]:
        """The column maps of `entity`, spelt out where the mapping says `canonical`."""
        columns = self.entities[entity]
        if isinstance(columns, str):
            return {column.name: ColumnMap(header=(column.name,)) for column in ENTITY[entity].columns}
        return columns

    def list_column_maps(self) -> Iterator[tuple[str, str, ColumnMap]]:
        """Entity, canonical column and column map of everything that this part maps."""
        for entity in self.entities:
            for name, column in self.list_columns(entity).items():
                yield entity, name, column

    def list_headers(self) -> Iterator[str]:
        """Every header that this part maps or ignores."""
        for _, _, column in self.list_column_maps():
            yield from column.headers
        yield from self.ignore

    def matches_name(self, file: str, sheet: str | None = None) -> bool:
        """Whether a file of this name, and a sheet of this name, belongs to this part.

        Rows of `x.csv` are handed back in a workbook `x.csv.xlsx`, and come back so.
        """
        names = (fold_text(file), fold_text(file).removesuffix(".xlsx"))
        named = any(fnmatchcase(name, fold_text(pattern)) for name in names for pattern in self.files)
        return named and (sheet is None or any(fnmatchcase(fold_text(sheet), fold_text(name)) for name in self.sheets))


class SourceMapping(FileWithCodes):
    """One source mapping; it knows the canonical words that it maps to (the shipped ones unless told others)."""

    name: Identifier
    title: str
    delivery: Literal["snapshot", "changes"] = "snapshot"
    max_shrink: float = Field(default=0.25, ge=0, le=1, description="share of rows a snapshot may lose unasked")
    stable_minutes: int = Field(default=15, ge=0, description="age of the newest file before an unmarked drop is taken")
    date_order: DateOrder = "dmy"
    encoding: Literal["utf-8", "cp1252", "utf-16"] | None = None
    delimiter: Literal[",", ";", "\t", "|"] | None = None
    yes_words: tuple[str, ...] = Field(default=(), description="words for yes beside yes, y, true and 1")
    no_words: tuple[str, ...] = Field(default=(), description="words for no beside no, n, false and 0")
    codes: dict[str, dict[str, str]] = Field(default_factory=dict, description="named lists: the source's word -> code")
    files: tuple[SourcePart, ...] = Field(min_length=1)
    ignore_sheets: tuple[str, ...] = Field(default=(), description="sheets that hold no records, by name")

    @model_validator(mode="after")
    def _known_codes(self) -> SourceMapping:
        for part in self.files:
            for entity, name, column in part.list_column_maps():
                codes = self.code_lists.list_codes(ENTITY[entity].by_name[name])
                self._check_codes(f"{entity}.{name}", column, codes)
        return self

    def _check_codes(self, place: str, column: ColumnMap, allowed: tuple[str, ...]) -> None:
        if isinstance(column.codes, str) and column.codes not in self.codes:
            raise ValueError(f"{place}: no list {column.codes!r} under codes")
        wrong = sorted(set(self.list_words(column).values()) - set(allowed))
        if wrong and column.codes is not None:
            raise ValueError(f"{place}: {', '.join(wrong)} is not a canonical code")
        if column.constant is not None and allowed and column.constant not in allowed:
            raise ValueError(f"{place}: the constant is not a canonical code")

    def list_words(self, column: ColumnMap) -> dict[str, str]:
        """The source's words for a column's codes, folded for comparison."""
        listed = self.codes.get(column.codes, {}) if isinstance(column.codes, str) else column.codes or {}
        return {fold_text(word): code for word, code in listed.items()}

    def list_sheet_names(self) -> frozenset[str]:
        """The sheets that are named in full, folded: any other sheet's name may be a person's, and is never told."""
        names = {name for part in self.files for name in part.sheets} | set(self.ignore_sheets)
        return frozenset(fold_text(name) for name in names if not set("*?[") & set(name))

    def parts_of(self, file: str) -> tuple[SourcePart, ...]:
        """The parts that a file of this name may hold."""
        return tuple(part for part in self.files if part.matches_name(file))


def load_source_mapping(folder: Folder, name: str) -> SourceMapping:
    """The mapping `name`, from `<folder>/<name>.yaml`, with the code lists that lie beside `folder`.

    Raises:
        SourceError: there is no such file, it is wrong, or its name is not the file's.
        CodeListError: a code list is wrong.
    """
    lists = load_neighbouring_lists(folder)
    return read_named_yaml(folder, name, SourceMapping, SourceError, kind="source mapping", context=lists)

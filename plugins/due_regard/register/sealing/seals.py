"""Sealing: the digests of groups of rows, read back from the register, as `append_audit` takes them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from sqlalchemy import ColumnElement, Connection, text

from due_regard.register.engines import match_linked
from due_regard.register.sealing.group_digests import GroupDigest, take_seal_key
from due_regard.register.sealing.row_text import hash_row_texts, stream_rows
from due_regard.register.sealing.seal_rules import LEAF, RULES, SealRule

Seals = dict[str, dict[str, dict[str, Any]]]
"""Rule -> link -> rows and sha256."""

WHOLE = "*"
"""The link of a rule that seals all of a landlord's rows together."""


@dataclass(frozen=True)
class SealedRows:
    """Some rows of a rule, as columns.

    Attributes:
        landlords: whose. links: what they are sealed together by.
        leaves: what counts in the group's digest: the digest that the row keeps, or else its own.
        own: the digest of each row as it is.
        cells: as text, by column.
    """

    landlords: list[str]
    links: list[str]
    leaves: list[str]
    own: list[str]
    cells: dict[str, pa.Array]


def seal_groups(connection: Connection, landlord: str, groups: Mapping[str, Any]) -> Seals:
    """The seals of groups of rows as they stand in the register.

    Args:
        connection: the transaction that wrote the rows.
        landlord: whose rows.
        groups: a rule's name -> the link's value, or a list of values; None for a rule that has no link.
    """
    key = take_seal_key(connection, landlord)
    found: Seals = {}
    for name, links in groups.items():
        rule = RULES[name]
        asked = _list_links(rule, links)
        digests = {_format_link(link): GroupDigest(key) for link in asked}
        for start in range(0, len(asked), 500):
            _add_rows(connection, landlord, rule, asked[start : start + 500], digests)
        found[name] = {link: digest.describe() for link, digest in digests.items()}
    return found


def leave_out_empty_groups(seals: Seals) -> Seals:
    """The seals of groups that have a row: where there never was one, nothing needs to be said."""
    return {name: {link: one for link, one in groups.items() if one["rows"]} for name, groups in seals.items()}


def _list_links(rule: SealRule, links: Any) -> list[Any]:
    if rule.link is None:
        return [WHOLE]
    is_list = isinstance(links, Collection) and not isinstance(links, str)
    return list(dict.fromkeys(links)) if is_list else [links]


def _format_link(link: Any) -> str:
    return "" if link is None else str(link)


def _add_rows(
    connection: Connection, landlord: str, rule: SealRule, links: list[Any], digests: Mapping[str, GroupDigest]
) -> None:
    for found in read_leaves(connection, rule, *_match_rows(connection, landlord, rule, links)):
        for link, leaf in zip(found.links, found.leaves, strict=True):
            digests[link].add((leaf,))


def _match_rows(connection: Connection, landlord: str, rule: SealRule, links: list[Any]) -> list[ColumnElement[bool]]:
    table = rule.find_table()
    if rule.link is None:
        return [table.c.landlord == landlord]
    link = table.c[rule.link]
    if links == [None]:
        return [table.c.landlord == landlord, link.is_(None)]
    indexed = (table.primary_key.columns, *(index.columns for index in table.indexes))
    leading = [next(iter(columns)).name for columns in indexed]
    if rule.link in leading:
        return [match_linked(connection, table.c.landlord, landlord, link, links)]
    return [table.c.landlord == landlord, link.in_(links)]


def read_leaves(connection: Connection, rule: SealRule, *conditions: ColumnElement[bool]) -> Iterator[SealedRows]:
    """A rule's rows in order of their key, some thousand at a time."""
    table, names = rule.find_table(), rule.list_columns()
    about = [*conditions, text(f"({rule.where})")] if rule.where else list(conditions)
    needed = {"landlord", rule.link or "landlord", *(column.name for column in table.primary_key.columns)}
    more = sorted((needed | ({LEAF} & set(table.c.keys()))) - set(names))
    for part in stream_rows(connection, table, [*names, *more], *about):
        cells = dict(zip(part.schema.names, part.columns, strict=True))
        own = hash_row_texts({name: cells[name] for name in names})
        links = [WHOLE] * len(own) if rule.link is None else _list_texts(cells[rule.link])
        stored = _list_texts(cells[LEAF]) if LEAF in cells else own
        leaves = [one or other for one, other in zip(stored, own, strict=True)]
        yield SealedRows(_list_texts(cells["landlord"]), links, leaves, own, cells)


def _list_texts(values: pa.Array) -> list[str]:
    return [str(value) for value in values.fill_null("").to_pylist()]

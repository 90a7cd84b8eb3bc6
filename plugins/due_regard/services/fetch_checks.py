"""Whether a landlord's export can be fetched: for `landlord check` its queries fit, for `doctor` its place answers.

Nothing is fetched, and a file that is written to try is removed again. The folder it needed stays, empty: a fetch may
be about to write there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import uuid4

from due_regard.config.connections import FindConnection
from due_regard.config.landlord import Landlord, load_landlord
from due_regard.config.settings import Settings
from due_regard.config.yaml_errors import Place
from due_regard.config.yaml_files import suggest_word
from due_regard.errors import DueRegardError, FetchError, SettingsError
from due_regard.services.check_result import CheckResult
from due_regard.services.fetch_drop import list_export_files
from due_regard.services.fetch_place import find_place_connection, name_failures

if TYPE_CHECKING:
    from due_regard.config.connections import Connection


def check_fetch_place(settings: Settings, landlord: str, *, find_connection: FindConnection) -> Iterator[CheckResult]:
    """One answer of a landlord whose settings have `fetch`; none of the others."""
    found = load_landlord(settings.landlords_dir, landlord)
    if found.fetch is None:
        return
    what = f"{landlord} fetch"
    try:
        connection = find_place_connection(found, find_connection)
    except (SettingsError, FetchError) as reason:
        # Airflow may hold it in its own database, which this command does not read.
        yield CheckResult(what, True, f"{reason}; not tried here, where Airflow's own connections are not read", True)
        return
    try:
        with name_failures(found):
            yield CheckResult(what, True, _try_place(found, connection))
    except FetchError as reason:
        yield CheckResult(what, False, str(reason))


def _try_place(landlord: Landlord, connection: Connection | None) -> str:
    from due_regard.delivery.export_sources import RECEIPTS, TAKEN, open_export_source

    place = landlord.fetch
    if place is None:
        raise FetchError("its settings file has no `fetch`")
    if place.kind == "sql":
        from due_regard.delivery.sql_export import check_queries

        if connection is None:
            raise FetchError("sql needs a connection")
        check_queries(connection, place.queries)
        return f"logs in, and begins {len(place.queries)} quer{'y' if len(place.queries) == 1 else 'ies'}"
    with open_export_source(place, connection) as source:
        listed = list_export_files(source)
        if place.acknowledge != "leave":
            folder, name = TAKEN if place.acknowledge == "move" else RECEIPTS, f"due-regard-{uuid4().hex}"
            source.write_note(folder, name, b"")
            source.remove_note(folder, name)
    written = "" if place.acknowledge == "leave" else f"; {place.acknowledge} can be written"
    return f"answers, and lists {len(listed.files)} files{written}"


def find_query_faults(settings: Settings, landlord: Landlord) -> Iterator[tuple[Place, str, bool]]:
    """Queries of a database that the source mapping does not read, and what it maps that no query brings.

    Returns:
        where in the landlord's file, what, and whether it is wrong (else it may be meant).
    """
    from due_regard.intake.source_mapping import load_source_mapping

    queries = landlord.fetch.queries if landlord.fetch else {}
    if not queries:
        return
    try:
        mapping = load_source_mapping(settings.sources_dir, landlord.source)
    except DueRegardError:
        return  # said where the landlord's other names are checked
    mapped = {entity for part in mapping.files for entity in part.entities}
    for entity in queries:
        brought = {each for part in mapping.parts_of(f"{entity}.csv") for each in part.entities}
        if not brought:
            words = f"source {mapping.name} reads no {entity}.csv, so that nothing is fetched"
            yield ("fetch", "queries", entity), f"fetch: {words}{suggest_word(entity, sorted(mapped))}", True
        mapped -= brought
    if mapped:
        words = f"no query for {', '.join(sorted(mapped))}, which source {mapping.name} maps: nothing of it comes"
        yield ("fetch", "queries"), f"fetch: {words}", False

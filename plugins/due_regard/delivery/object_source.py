"""An export in a bucket (S3 and what speaks its protocol) or in a container of Azure Blob Storage, through fsspec.

Object storage has no folders: a path below which nothing lies cannot be told from one that is mistyped. The connections
are Airflow's of the kinds `aws` and `wasb`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fsspec import AbstractFileSystem

from due_regard.config.connections import Connection
from due_regard.config.export_place import ExportPlace
from due_regard.config.storage import is_storage_failure
from due_regard.delivery.export_sources import MOST_FILES, FoundFile, FoundFiles, check_name
from due_regard.errors import FetchError, FetchRefused

_SECONDS = 30
"""How long a store may take to answer."""

_REFUSALS = frozenset({"ClientAuthenticationError", "CredentialUnavailableError", "NoCredentialsError"})
"""What libraries call a login that is refused, beside Python's own word for it."""


def open_object_source(place: ExportPlace, connection: Connection | None) -> ObjectSource:
    """The bucket or container that a connection logs in to.

    Raises:
        FetchRefused: the connection's keys cannot be keys.
    """
    with _say_failures():
        if connection is None:
            raise FetchRefused("the connection is missing")
        opened = _open_bucket(connection) if place.kind == "s3" else _open_container(connection)
    return ObjectSource(opened, str(place.path).strip("/"))


def _open_bucket(connection: Connection) -> AbstractFileSystem:
    import s3fs

    extra = connection.extra_dejson
    return s3fs.S3FileSystem(
        key=connection.login or extra.get("aws_access_key_id"),
        secret=connection.password or extra.get("aws_secret_access_key"),
        token=extra.get("aws_session_token"),
        endpoint_url=extra.get("endpoint_url") or _find_service_endpoint(extra),
        client_kwargs={"region_name": extra["region_name"]} if extra.get("region_name") else {},
        config_kwargs={"connect_timeout": _SECONDS, "read_timeout": _SECONDS, "retries": {"max_attempts": 2}},
        use_listings_cache=False,
        skip_instance_cache=True,
    )


def _find_service_endpoint(extra: Mapping[str, Any]) -> Any:
    """Where Airflow's connection keeps an endpoint of S3 alone."""
    services = extra.get("service_config")
    return (services.get("s3") or {}).get("endpoint_url") if isinstance(services, dict) else None


def _open_container(connection: Connection) -> AbstractFileSystem:
    import adlfs

    extra = connection.extra_dejson
    tenant = extra.get("tenant_id")
    return adlfs.AzureBlobFileSystem(
        connection_string=extra.get("connection_string"),
        # With a tenant login and password are an application's, and the account stands in the host.
        account_name=_find_account(connection.host) if tenant or not connection.login else connection.login,
        account_key=None if tenant else connection.password,
        sas_token=extra.get("sas_token"),
        tenant_id=tenant,
        client_id=connection.login if tenant else None,
        client_secret=connection.password if tenant else None,
        # Without any key, what this machine is: a managed identity.
        anon=False,
        connection_timeout=_SECONDS,
        read_timeout=_SECONDS,
        use_listings_cache=False,
        skip_instance_cache=True,
    )


def _find_account(host: str | None) -> str | None:
    """The account of `https://account.blob.core.windows.net`."""
    return host.rpartition("//")[2].partition(".")[0] if host else None


class ObjectSource:
    """Objects directly below one prefix; what lies deeper is left alone."""

    def __init__(self, store: AbstractFileSystem, path: str) -> None:
        self._store, self._path = store, path

    def list_files(self) -> FoundFiles:
        """What lies below the prefix."""
        with _say_failures():
            entries = [each for each in self._store.ls(self._path, detail=True) if self._is_below(each["name"])]
        folders = sum(entry["type"] == "directory" for entry in entries)
        if len(entries) - folders > MOST_FILES:
            raise FetchRefused(f"more than {MOST_FILES} files lie there; name the folder of one export")
        files = sorted((entry for entry in entries if entry["type"] == "file"), key=lambda entry: str(entry["name"]))
        return FoundFiles(tuple(_describe(entry, at) for at, entry in enumerate(files, 1)), folders)

    def _is_below(self, name: str) -> bool:
        """Whether an object is of this prefix, and not what stands for the prefix itself."""
        return name.startswith(f"{self._path}/") and name.strip("/") != self._path

    def copy_file(self, file: FoundFile, target: Path) -> None:
        """Copy an object, in blocks."""
        with _say_failures():
            self._store.get_file(f"{self._path}/{file.name}", str(target))

    def move_file(self, file: FoundFile, folder: str) -> None:
        """Copy an object to below a prefix, and remove it then: object storage knows no renaming."""
        here = f"{self._path}/{file.name}"
        with _say_failures():
            try:
                known = _describe(self._store.info(here), 1)
            except FileNotFoundError:
                return
            if known.stamp == file.stamp:
                self._store.cp_file(here, f"{self._path}/{folder}/{file.name}")
                self._store.rm_file(here)

    def write_note(self, folder: str, name: str, content: bytes) -> None:
        """Write a small object."""
        with _say_failures():
            self._store.pipe_file(f"{self._path}/{folder}/{name}", content)

    def remove_note(self, folder: str, name: str) -> None:
        """Remove a small object."""
        with _say_failures():
            self._store.rm_file(f"{self._path}/{folder}/{name}")


def _describe(entry: Mapping[str, Any], position: int) -> FoundFile:
    changed_at = entry.get("LastModified") or entry.get("last_modified")
    tag = entry.get("ETag") or entry.get("etag")
    if not isinstance(changed_at, datetime) or tag is None:
        raise FetchError("the store lists no time or entity tag of its objects; it cannot be fetched from")
    name = check_name(str(entry["name"]).rpartition("/")[2], position)
    return FoundFile(name, int(entry["size"]), changed_at.astimezone(UTC), str(tag), is_sure=True)


@contextmanager
def _say_failures() -> Iterator[None]:
    """A failure in our words: the library's may hold an object's name, or part of a key."""
    try:
        yield
    except (FetchError, ImportError):
        raise
    except Exception as reason:
        if not is_storage_failure(reason):
            raise
        raise _describe_failure(reason) from None


def _describe_failure(reason: Exception) -> FetchError:
    kind = type(reason).__name__
    is_forbidden = getattr(reason, "status_code", None) in {401, 403}  # as Azure says of a wrong key
    if isinstance(reason, PermissionError) or kind in _REFUSALS or is_forbidden:
        return FetchRefused("the store refuses the login, or this right there; mend the keys in the connection")
    if isinstance(reason, FileNotFoundError) or kind == "ResourceNotFoundError":
        return FetchError(
            "the store has no such bucket or container, or nothing below this prefix; look at `path`, and whether an "
            "export was ever laid there"
        )
    if isinstance(reason, (ValueError, TypeError)) or kind == "AzureSigningError":
        return FetchRefused("a key or the address in the connection cannot be read; write them anew")
    return FetchError(
        f"the store does not answer, or broke off ({kind}); look at its address in the connection, and whether it runs"
    )

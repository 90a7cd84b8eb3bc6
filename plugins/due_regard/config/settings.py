"""Where things are and how mail leaves: settings read from `DUE_REGARD_…` variables or `.env`.

Add a setting when a place, key or switch differs between two installations; what one landlord decides belongs in its
own file (landlord.py), what its policy promises in the policy file.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from due_regard.config.landlord import Address, Identifier
from due_regard.config.layered_folders import LayeredFolder, find_shipped_folder, is_installed
from due_regard.config.setting_values import SettingsList, read_base_url
from due_regard.config.storage import StoredPath, open_folder
from due_regard.errors import SettingsError


class Settings(BaseSettings):
    """One installation's settings; every field can be set as `DUE_REGARD_<FIELD>`."""

    model_config = SettingsConfigDict(
        env_prefix="DUE_REGARD_", env_file=".env", extra="ignore", frozen=True, hide_input_in_errors=True
    )

    include_dir: Path = Field(
        default_factory=find_shipped_folder, description="Policies, landlords, sources, reports, calendars."
    )
    own_dir: Path | None = Field(
        default=None, description="This installation's own of these, laid over include_dir's file by file; and codes."
    )
    var_dir: Path = Field(default=Path("var"), description="What a run writes: register, quarantine, packs, mail.")
    files_url: str | None = Field(
        default=None,
        description="Folder or fsspec URL of packs, rejections, quarantine, data docs, mail; default <var_dir>.",
    )
    drops_dir: Path | str | None = Field(
        default=None, description="Folder or fsspec URL of drop folders; default <var_dir>/drops."
    )
    register_url: str | None = Field(
        default=None, description="SQLAlchemy URL, default SQLite in <var_dir>; {landlord} in it gives each its own."
    )
    heads_dir: Path | None = Field(
        default=None, description="Folder where audit heads are noted, best elsewhere; default <var_dir>/audit_heads."
    )
    machine: str | None = Field(
        default=None,
        pattern="^[A-Za-z0-9_-]{1,63}$",
        description="This machine's name, where tasks run on several with disks of their own: see `due-regard doctor`.",
    )
    backup_dir: Path | str | None = Field(
        default=None, description="Folder or fsspec URL of the nightly backups, best elsewhere; blank: none is made."
    )
    backup_keep_days: int = Field(default=35, ge=1, description="Days for which a nightly backup is kept.")
    landlords: SettingsList[Identifier] = Field(
        default=(), description="Landlord ids to run, a,b; default every settings file."
    )

    metrics: bool = Field(
        default=False, description="A DAG hands figures of each landlord to Airflow's own metrics, each quarter hour."
    )
    airflow_keep_days: int | None = Field(
        default=None, ge=7, description="A DAG removes runs older than this from Airflow's database; blank: none does."
    )
    airflow_db_url: SecretStr | None = Field(
        default=None,
        description="URL of Airflow's own database, for that DAG alone: no task reaches it otherwise.",
    )
    preload: bool = Field(
        default=False,
        description="Airflow's scheduler imports the heavy packages once, and its tasks (LocalExecutor) start at once.",
    )

    mail_mode: Literal["folder", "live"] = Field(default="folder", description="folder writes .eml files, live sends.")
    mail_allow: SettingsList[Address] = Field(
        default=(), description="Shadow running: only these addresses, a,b, are sent to."
    )
    mail_redirect: str | None = Field(
        default=None, description="Trial: one address gets every live mail, with a line that says whose it would be."
    )
    base_url: Annotated[str | None, BeforeValidator(read_base_url)] = Field(
        default=None, description="Public https address of Airflow: mails link to the pages below it."
    )
    mail_from: str = "due-regard@landlord.example"
    smtp_connection: str | None = Field(default=None, description="Airflow connection laid over the smtp_ settings.")
    smtp_host: str = "localhost"
    smtp_port: int = 587
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    smtp_starttls: bool = True
    smtp_oauth_tenant: str | None = Field(default=None, description="Microsoft 365 tenant: log in with OAuth2.")
    smtp_oauth_client_id: str | None = None
    smtp_oauth_client_secret: SecretStr | None = None

    @field_validator(
        "own_dir",
        "heads_dir",
        "machine",
        "backup_dir",
        "airflow_keep_days",
        "airflow_db_url",
        "mail_redirect",
        mode="before",
    )
    @classmethod
    def _read_blank_as_none(cls, value: object) -> object:
        return value or None

    @property
    def drops(self) -> StoredPath:
        """Folder that holds one drop folder a landlord."""
        return open_folder(self.drops_dir or self.var_dir / "drops")

    @property
    def files(self) -> StoredPath:
        """Folder of what runs write for people; on storage that they share where workers have disks of their own."""
        return open_folder(self.files_url or self.var_dir)

    @property
    def heads(self) -> Path:
        """Folder of the files in which audit heads are noted; of a disk, for object storage appends to no file."""
        return self.heads_dir or self.var_dir / "audit_heads"

    @property
    def backups(self) -> StoredPath | None:
        """Folder of nightly backups, one folder a register; None where none is set."""
        return open_folder(self.backup_dir) if self.backup_dir else None

    def register(self, landlord: str | None = None) -> str:
        """SQLAlchemy URL of the register, of `landlord` where each has one of its own.

        Raises:
            SettingsError: each landlord has one of its own, and none is named.
        """
        url = self.register_url or f"sqlite:///{(self.var_dir / 'register.db').resolve()}"
        if "{landlord}" in url and landlord is None:
            raise SettingsError("each landlord has a register of its own here: say --landlord, or --register URL")
        return url.replace("{landlord}", landlord or "")

    def registers(self, landlords: Iterable[str]) -> dict[str, list[str]]:
        """URL of each register -> those of `landlords` that it holds."""
        found: dict[str, list[str]] = {}
        for landlord in landlords:
            found.setdefault(self.register(landlord), []).append(landlord)
        return found

    @property
    def policies_dir(self) -> LayeredFolder:
        """Folder of `<landlord>/<effective_from>.yaml`."""
        return self._layers / "policies"

    @property
    def landlords_dir(self) -> LayeredFolder:
        """Folder of `<id>.yaml`."""
        return self._layers / "landlords"

    @property
    def sources_dir(self) -> LayeredFolder:
        """Folder of `<source>.yaml`."""
        return self._layers / "sources"

    @property
    def codes_dir(self) -> LayeredFolder:
        """Folder of `<list>.yaml`, the words that code columns hold; own ones add to the shipped."""
        return self._layers / "codes"

    @property
    def reports_dir(self) -> LayeredFolder:
        """Folder of pack definitions and of mail and paper templates."""
        return self._layers / "reports"

    @property
    def calendars_dir(self) -> LayeredFolder:
        """Folder of `<division>.yaml`, the stored bank holidays."""
        return self._layers / "calendars"

    @property
    def _layers(self) -> LayeredFolder:
        """Where files that people edit are looked for, the topmost first.

        Raises:
            SettingsError: the installation's own folder is not there; without it, others' files would count unnoticed.
        """
        if self.own_dir is None:
            return LayeredFolder((self.include_dir,))
        if not self.own_dir.is_dir():
            raise SettingsError(f"no folder {self.own_dir}; make it or set DUE_REGARD_OWN_DIR to where your files are")
        return LayeredFolder((self.own_dir, self.include_dir))

    @property
    def editable_dir(self) -> Path:
        """Where commands write files that people edit: the installation's own folder, else the repository's.

        Raises:
            SettingsError: there is neither (an upgrade replaces what is written into an installed package), or it may
                only be read.
        """
        if self.own_dir is None and self.include_dir == find_shipped_folder() and is_installed():
            raise SettingsError("set DUE_REGARD_OWN_DIR to a folder of yours; an upgrade replaces the package's files")
        folder = self.own_dir or self.include_dir
        parent = next(path for path in (folder, *folder.resolve().parents) if path.exists())
        if not os.access(parent, os.W_OK):
            raise SettingsError(f"cannot write to {parent}; set DUE_REGARD_OWN_DIR to a folder that may be written to")
        return folder

    @property
    def quarantine(self) -> StoredPath:
        """Folder of refused files, untouched, one folder a landlord and batch."""
        return self.files / "quarantine"

    @property
    def rejections(self) -> StoredPath:
        """Folder of rejected rows to mend and send again, one folder a landlord and batch."""
        return self.files / "rejections"

    @property
    def data_docs(self) -> StoredPath:
        """Folder of Great Expectations' pages without values, one folder a landlord."""
        return self.files / "data_docs"

    @property
    def validation_dir(self) -> Path:
        """Folder of Great Expectations' own projects, one folder a landlord; it opens folders of this disk alone."""
        return self.var_dir / "great_expectations"

    @property
    def packs(self) -> StoredPath:
        """Folder of built packs, one folder a landlord and quarter."""
        return self.files / "packs"

    @property
    def mail_dir(self) -> StoredPath:
        """Folder of .eml files while `mail_mode` is folder."""
        return self.files / "mail"

"""Where things are and how mail leaves: settings read from `DUE_REGARD_…` variables or `.env`.

Add a setting when a place, key or switch differs between two installations; what one landlord decides belongs in its
own file (landlords.py), what its policy promises in the policy file.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from due_regard.errors import SettingsError

_REPOSITORY = Path(__file__).resolve().parents[3]


class Settings(BaseSettings):
    """One installation's settings; every field can be set as `DUE_REGARD_<FIELD>`."""

    model_config = SettingsConfigDict(env_prefix="DUE_REGARD_", env_file=".env", extra="ignore", frozen=True)

    include_dir: Path = Field(
        default=_REPOSITORY / "include", description="Policies, landlords, sources, reports, SQL."
    )
    var_dir: Path = Field(default=Path("var"), description="What a run writes: register, quarantine, packs, mail.")
    drops_dir: Path | None = Field(default=None, description="Folder of drop folders; default <var_dir>/drops.")
    register_url: str | None = Field(
        default=None, description="SQLAlchemy URL, default SQLite in <var_dir>; {landlord} in it gives each its own."
    )
    landlords: tuple[str, ...] = Field(default=(), description="Landlord ids to run; default every settings file.")

    preload: bool = Field(
        default=False,
        description="Airflow's scheduler imports the heavy packages once, and its tasks (LocalExecutor) start at once.",
    )

    mail_mode: Literal["folder", "live"] = Field(default="folder", description="folder writes .eml files, live sends.")
    mail_allow: tuple[str, ...] = Field(default=(), description="Shadow running: only these addresses are sent to.")
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

    @property
    def drops(self) -> Path:
        """Folder that holds one drop folder a landlord."""
        return self.drops_dir or self.var_dir / "drops"

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
    def policies_dir(self) -> Path:
        """Folder of `<landlord>/<effective_from>.yaml`."""
        return self.include_dir / "policies"

    @property
    def landlords_dir(self) -> Path:
        """Folder of `<id>.yaml`."""
        return self.include_dir / "landlords"

    @property
    def sources_dir(self) -> Path:
        """Folder of `<source>.yaml`."""
        return self.include_dir / "sources"

    @property
    def reports_dir(self) -> Path:
        """Folder of pack definitions and of mail and paper templates."""
        return self.include_dir / "reports"

    @property
    def sql_dir(self) -> Path:
        """Folder of set-based reads, one statement a file."""
        return self.include_dir / "sql"

    @property
    def quarantine(self) -> Path:
        """Folder of refused files, untouched, one folder a landlord and batch."""
        return self.var_dir / "quarantine"

    @property
    def rejections(self) -> Path:
        """Folder of rejected rows to mend and send again, one folder a landlord and batch."""
        return self.var_dir / "rejections"

    @property
    def data_docs(self) -> Path:
        """Folder of Great Expectations' pages without values, one folder a landlord."""
        return self.var_dir / "data_docs"

    @property
    def packs(self) -> Path:
        """Folder of built packs, one folder a landlord and quarter."""
        return self.var_dir / "packs"

    @property
    def mail_dir(self) -> Path:
        """Folder of .eml files while `mail_mode` is folder."""
        return self.var_dir / "mail"

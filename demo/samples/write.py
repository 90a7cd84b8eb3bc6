"""Write the sample drops of every landlord in samples.yaml, each in the shape of its own source mapping.

Keep inventing and layout in their own modules; this one only brings settings, calendar and seed together.
"""

from __future__ import annotations

import random
import shutil
from pathlib import Path

from demo.errors import SamplesError
from demo.samples.profile import SampleFile
from demo.samples.sample_records import invent_records
from demo.samples.sample_world import SampleWorld
from demo.samples.shapes import write_sample_drop
from due_regard.calendars.working_days import load_calendar
from due_regard.config.landlord import load_landlord
from due_regard.config.layered_folders import LayeredFolder
from due_regard.config.yaml_files import read_yaml
from due_regard.intake.source_mapping import load_source_mapping


def write_samples(include: Path, out: Path) -> list[Path]:
    """Write one drop folder a landlord below `out`, replacing those there; returns the folders.

    Raises:
        SettingsError: samples.yaml, a landlord's settings or a source mapping is wrong.
    """
    samples = read_yaml(include / "samples" / "samples.yaml", SampleFile, SamplesError)
    return [_write_landlord_samples(samples, landlord, include, out) for landlord in samples.landlords]


def lay_sample_folders(include: Path) -> LayeredFolder:
    """Where the samples' landlords are found: the own folder among the samples, laid over what is shipped."""
    return LayeredFolder((include / "samples" / "own", include))


def _write_landlord_samples(samples: SampleFile, landlord: str, include: Path, out: Path) -> Path:
    folders = lay_sample_folders(include)
    settings = load_landlord(folders / "landlords", landlord)
    world = SampleWorld(
        profile=samples.landlords[landlord],
        calendar=load_calendar(settings.division, settings.closure_days, folder=include / "calendars"),
        begins=samples.begins,
        as_at=samples.as_at,
        # A seed of its own for each, so that changing one landlord's profile leaves the others' drops alone.
        chance=random.Random(f"{samples.seed} {landlord}"),  # noqa: S311 - not a secret, a sample
        domain=settings.alerts.fallback_mailbox.partition("@")[2],
    )
    invent_records(world)
    folder = out / settings.drop_folder
    shutil.rmtree(folder, ignore_errors=True)
    write_sample_drop(world, load_source_mapping(folders / "sources", settings.source), folder)
    return folder

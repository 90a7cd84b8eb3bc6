"""Runs expectations, and keeps suite, checkpoint and results in a project that Great Expectations' own tools open.

A project is a folder with `gx/` in it (`great_expectations.get_context(mode="file", project_root_dir=…)`). What is kept
says which expectations were met: no cell of a drop, no reference, no unknown word. Readable by its owner alone.
Import the library inside functions only: it takes seconds.
"""

from __future__ import annotations

import hashlib
import logging
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from due_regard.config.storage import make_folder
from due_regard.errors import DropError

KEPT_RESULTS = 20
"""Results of how many drops a project keeps."""


@cache
def load_great_expectations() -> Any:
    """The library, imported late, without telemetry and without the warnings of its own imports."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    logging.getLogger("great_expectations").setLevel(logging.WARNING)  # else it tells of folders it never makes
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # its use of sre_constants
        import great_expectations
        import great_expectations.expectations  # noqa: F401 - a submodule, reached through the library
    return great_expectations


@dataclass(frozen=True)
class ValidationRun:
    """The library, the distinct values of one drop, and what its expectations are told when they are asked.

    Attributes:
        library: Great Expectations.
        frame: a column for each expectation.
        parameters: values of what stands as `$PARAMETER` in an expectation.
    """

    library: Any
    frame: pd.DataFrame
    parameters: dict[str, Any]


def run_expectations(
    run: ValidationRun, expectations: Sequence[Any], result_format: str, *, project: Path | None = None
) -> list[Any]:
    """Results in the order of the expectations, each of which has a column of its own.

    Args:
        run: what they are asked about.
        expectations: what is asked.
        result_format: the library's word for how much it says; only BOOLEAN_ONLY says no value.
        project: folder of the project that keeps suite, checkpoint and results; None keeps nothing.

    Raises:
        DropError: an expectation could not be judged, or was not answered.
    """
    with warnings.catch_warnings():
        # A pattern with groups: they bind a text to what it was loaded as.
        warnings.filterwarnings("ignore", "This pattern is interpreted as a regular expression", UserWarning)
        if project is None:
            suite = run.library.ExpectationSuite(name="contract", expectations=[copy(one) for one in expectations])
            batch = _define_batch(_open_context(run.library, mode="ephemeral")).get_batch({"dataframe": run.frame})
            results = batch.validate(suite, result_format=result_format, expectation_parameters=run.parameters).results
        else:
            results = _run_kept_checkpoint(run, expectations, result_format, project)
    return _sort_answers(results, expectations)


def _open_context(library: Any, **how: Any) -> Any:
    context = library.get_context(**how)
    context.variables.progress_bars = {"globally": False}
    return context


def _define_batch(context: Any) -> Any:
    asset = context.data_sources.add_or_update_pandas("drop").add_dataframe_asset("distinct_values")
    return asset.add_batch_definition_whole_dataframe("all")


def _run_kept_checkpoint(run: ValidationRun, expectations: Sequence[Any], result_format: str, project: Path) -> Any:
    make_folder(project)
    with _write_privately():
        context = _open_context(run.library, mode="file", project_root_dir=str(project))
        name = _name_suite(expectations)
        if name not in {checkpoint.name for checkpoint in context.checkpoints.all()}:
            _add_checkpoint(run.library, context, name, expectations, result_format)
        checkpoint = context.checkpoints.get(name)
        outcome = checkpoint.run(batch_parameters={"dataframe": run.frame}, expectation_parameters=run.parameters)
    _remove_old_results(project)
    (found,) = outcome.run_results.values()
    return found.results


def _name_suite(expectations: Sequence[Any]) -> str:
    """One name for one set of checks: bringing a kept suite up to date takes the library seconds, finding it none."""
    asked = [(one.expectation_type, sorted(one.configuration.kwargs.items()), one.meta) for one in expectations]
    return f"contract-{hashlib.sha256(repr(asked).encode()).hexdigest()[:12]}"


def _add_checkpoint(library: Any, context: Any, name: str, expectations: Sequence[Any], result_format: str) -> None:
    for kept in (context.validation_definitions, context.suites):
        if name in {one.name for one in kept.all()}:  # left by a run that was killed here
            kept.delete(name)
    suite = context.suites.add(library.ExpectationSuite(name=name, expectations=[copy(one) for one in expectations]))
    definition = context.validation_definitions.add(
        library.ValidationDefinition(name=name, data=_define_batch(context), suite=suite)
    )
    context.checkpoints.add(
        library.Checkpoint(name=name, validation_definitions=[definition], result_format=result_format, actions=[])
    )


@contextmanager
def _write_privately() -> Iterator[None]:
    """The library writes its files as the process may; a task is alone in its process."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def _remove_old_results(project: Path) -> None:
    results = sorted((project / "gx").glob("uncommitted/validations/**/*.json"), key=lambda file: file.stat().st_mtime)
    for old in results[:-KEPT_RESULTS]:
        old.unlink()


def _sort_answers(results: Sequence[Any], expectations: Sequence[Any]) -> list[Any]:
    answered = {}
    for result in results:
        if _has_raised(result.exception_info):
            raise DropError("the validator could not judge a check; nothing is loaded. Keep the drop and report it")
        answered[result.expectation_config.kwargs["column"]] = result
    if missing := [one.meta["check"] for one in expectations if one.column not in answered]:
        raise DropError(f"the validator did not answer {missing[0]}; nothing is loaded. Keep the drop and report it")
    return [answered[one.column] for one in expectations]


def _has_raised(exception_info: dict[str, Any]) -> bool:
    """Whether judging failed; the library says so for the whole check, or for each metric under its name."""
    said = exception_info.get("raised_exception")
    return bool(said) if said is not None else any(info["raised_exception"] for info in exception_info.values())

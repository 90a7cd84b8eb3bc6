"""The words of pages for what the register keeps as codes: `include/reports/pages/words.yaml`."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from due_regard.config.layered_folders import Folder, find_file
from due_regard.config.yaml_files import read_yaml
from due_regard.errors import WordingError


class PageWords(BaseModel):
    """Code -> words, by kind of code; a code without words is its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    events: dict[str, str]
    states: dict[str, str]
    stages: dict[str, str]
    owners: dict[str, str]

    def name_event(self, event: str) -> str:
        """A step in a finding's life in words."""
        return self.events.get(event) or event.replace("_", " ").capitalize()

    def name_step(self, event: str, state: str) -> str:
        """A step with the state it led to: a finding is closed by a record, or because its own was withdrawn."""
        return self.name_event("withdrawn" if (event, state) == ("resolved", "withdrawn") else event)

    def name_state(self, state: str) -> str:
        """A state in words."""
        return self.states.get(state) or state.replace("_", " ")

    def name_stage(self, stage: str) -> str:
        """A stage of escalation in words."""
        return self.stages.get(stage) or stage.replace("_", " ")


def load_page_words(folder: Folder) -> PageWords:
    """The words in `folder`.

    Raises:
        WordingError: the file is missing or wrong; names the line.
    """
    return read_yaml(find_file(folder, "words.yaml"), PageWords, WordingError)

"""What pages need of one landlord's files, kept between requests for as long as no file changes.

Reading and checking a policy takes as long as every query of a page together. Whoever edits a file sees it at once: the
files are looked at with each request, and read again where one is another.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from due_regard.config.layered_folders import Folder, list_files
from due_regard.config.settings import Settings
from due_regard.mail.wording import MailWording, load_mail_wording
from due_regard.policy import LandlordContext
from due_regard.services.landlord_context import load_landlord_context
from due_regard.services.page_words import PageWords, load_page_words

_Signature = tuple[tuple[str, int, int], ...]
_MOST_KEPT = 256


@dataclass(frozen=True)
class PageContext:
    """A landlord's settings, calendar and policy with the duty to report (`known`), and the words of mails and pages.

    `plain` has the policy alone: what is judged by records, without the duty to report.
    """

    known: LandlordContext
    plain: LandlordContext
    wording: MailWording
    words: PageWords


_kept: dict[tuple[Settings, str], tuple[_Signature, PageContext]] = {}


def load_page_context(settings: Settings, landlord: str) -> PageContext:
    """What pages need of one landlord's files.

    Raises:
        SettingsError: one of the files is missing or wrong; names file and line.
    """
    from due_regard.packs import add_report_duty

    signature, key = _sign_files(settings, landlord), (settings, landlord)
    if key in _kept and _kept[key][0] == signature:
        return _kept[key][1]
    known = load_landlord_context(settings, landlord)
    history = add_report_duty(known.history, known.landlord, reports=settings.reports_dir)
    wording, words = load_mail_wording(settings.reports_dir / "mail"), load_page_words(settings.reports_dir / "pages")
    context = PageContext(replace(known, history=history), known, wording, words)
    if len(_kept) >= _MOST_KEPT:
        _kept.clear()
    _kept[key] = (signature, context)
    return context


def _sign_files(settings: Settings, landlord: str) -> _Signature:
    """Every file that the context rests on, with its size and when it was changed."""
    return tuple(
        (str(file), stat.st_mtime_ns, stat.st_size)
        for folder, pattern in _list_folders(settings, landlord)
        for file in list_files(folder, pattern)
        for stat in [file.stat()]
    )


def _list_folders(settings: Settings, landlord: str) -> Iterator[tuple[Folder, str]]:
    yield settings.landlords_dir, f"{landlord}.yaml"
    yield settings.policies_dir / landlord, "*.y*ml"
    for name in ("mail", "pages", "packs"):
        yield settings.reports_dir / name, "*.yaml"
    for folder in (settings.codes_dir, settings.calendars_dir):
        yield folder, "*.yaml"

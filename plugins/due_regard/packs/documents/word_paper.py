"""The paper as a Word file, of the same content as the PDF: for officers who put it into an agenda of their own."""

from __future__ import annotations

from due_regard.config.layered_folders import Folder
from due_regard.packs.content.paper_parts import PaperContent
from due_regard.packs.documents.paper import make_paper_data
from due_regard.packs.documents.word_file import build_word_file


def build_word_paper(paper: PaperContent, folder: Folder) -> bytes:
    """`paper` as .docx bytes, by the templates in `folder`/word; the same content gives the same bytes.

    Raises:
        PackError: a template is missing, or cannot be filled.
    """
    data = make_paper_data(paper)
    head = {name: data[name] for name in ("title", "subtitle", "landlord", "footer")}
    return build_word_file("document.xml.j2", {**head, "paper": data}, [paper.chart] if paper.chart else [], folder)

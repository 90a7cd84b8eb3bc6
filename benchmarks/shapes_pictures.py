"""What a person sees of each shape: Airflow's own grid and list of DAGs, in headless Chromium, as pictures."""

from __future__ import annotations

import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks.shapes_airflow import ShapeAirflow

_OPTIONS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
_DRAWN_MS, _PATIENCE_MS = 15_000, 600_000


def take_pictures(found: ShapeAirflow, landlord: str, folder: Path) -> list[Path]:
    """The list of DAGs, and the grid of the DAG with a landlord's day; none where there is no Chromium."""
    chromium = shutil.which("chromium")
    if chromium is None:
        return []
    url, dag = found.airflow.env["AIRFLOW__API__BASE_URL"], found.shape.name_dag(landlord, "daily")
    token = str(found.airflow.api._http.headers["Authorization"]).removeprefix("Bearer ")
    name, taken = f"{found.shape.name.replace(' ', '-')}-{len(found.landlords)}", []
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=[*_OPTIONS])
        context = browser.new_context(viewport={"width": 1280, "height": 720})
        context.add_cookies([{"name": "_token", "value": token, "url": url}])
        page = context.new_page()
        for part, path in (("grid", f"/dags/{dag}"), ("runs", f"/dags/{dag}/runs"), ("dags", "/dags")):
            page.goto(url + path, timeout=_PATIENCE_MS)
            page.wait_for_timeout(_DRAWN_MS)
            taken.append(folder / f"{name}-{part}.png")
            page.screenshot(path=taken[-1], timeout=_PATIENCE_MS)
        browser.close()
    return taken

"""Airflow behind compose's TLS proxy: a real nginx with the very file that compose mounts, a real server with FAB.

What compose would give the container (the server's name, the port, folders) is replaced here, and nothing else.
nginx comes from Debian's package; a machine without it skips these tests, and says so.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from http.cookiejar import Cookie
from pathlib import Path

import httpx
import pytest

from demo.place import REPOSITORY
from tests.alerts.mail_server import make_certificate
from tests.web.fab_airflow import LANDLORD, PASSWORD, FabAirflow

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin")
pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(NGINX is None, reason="no nginx on this machine: apt-get install nginx-light"),
]


@pytest.fixture(scope="module")
def proxy(fab_airflow: FabAirflow, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address that people type."""
    folder = tmp_path_factory.mktemp("proxy")
    pem = make_certificate(folder / "tls.crt")
    shutil.copyfile(pem, folder / "tls.key")
    text = (REPOSITORY / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    here = {
        "/tmp/": f"{folder}/",  # noqa: S108
        "api-server:8080": f"127.0.0.1:{fab_airflow.port}",
        "listen 8443": f"listen 127.0.0.1:{fab_airflow.tls_port}",
        "/etc/nginx/tls/": f"{folder}/",
    }
    for there, replacement in here.items():
        assert there in text
        text = text.replace(there, replacement)
    (folder / "nginx.conf").write_text(text, encoding="utf-8")
    command = [str(NGINX), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", "daemon off;"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    address = f"https://localhost:{fab_airflow.tls_port}"
    try:
        _wait_for_answer(address, folder / "log")
        yield address
    finally:
        process.terminate()
        process.wait(20)


def open_browser(address: str) -> httpx.Client:
    # The certificate is this test's own.
    return httpx.Client(base_url=address, verify=False, trust_env=False, timeout=60)  # noqa: S501


def _wait_for_answer(address: str, log: Path) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            with open_browser(address) as browser:
                browser.get("/api/v2/monitor/health")
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise AssertionError(log.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def manager(proxy: str, fab_airflow: FabAirflow) -> Iterator[tuple[httpx.Client, list[str]]]:
    """A browser signed in through the login page, and every address that it was sent to on the way."""
    user = fab_airflow.users[f"Due Regard: {LANDLORD}: Manager"]
    with open_browser(proxy) as browser:
        answer = _try_password(browser, user.username, PASSWORD)
        sent = []
        while answer.is_redirect:
            sent.append(str(answer.next_request.url) if answer.next_request else "")
            answer = browser.get(sent[-1])
        yield browser, [*sent, str(answer.status_code)]


def test_every_address_on_the_way_in_is_https(proxy: str, manager: tuple[httpx.Client, list[str]]) -> None:
    *sent, last = manager[1]
    assert sent and all(each.startswith(f"{proxy}/") for each in sent), sent
    assert last == "200"


def test_cookies_leave_over_https_alone_and_no_script_reads_them(manager: tuple[httpx.Client, list[str]]) -> None:
    cookies: dict[str, Cookie] = {cookie.name: cookie for cookie in manager[0].cookies.jar}
    assert {"_token", "session"} <= set(cookies)
    for name in ("_token", "session"):
        assert cookies[name].secure, name
        assert cookies[name].has_nonstandard_attr("HttpOnly"), name
        assert cookies[name].get_nonstandard_attr("SameSite") == "Lax", name


def test_the_pages_open_by_the_cookie(manager: tuple[httpx.Client, list[str]]) -> None:
    browser, _ = manager
    page = browser.get("/due-regard/")
    assert page.status_code == 200
    assert page.headers["strict-transport-security"].startswith("max-age=")
    there = browser.get("/due-regard")
    assert there.headers.get("location", f"{browser.base_url}").startswith("https://")


def test_a_stranger_is_sent_to_the_login_over_https(proxy: str) -> None:
    with open_browser(proxy) as stranger:
        answer = stranger.get("/due-regard/", headers={"accept": "text/html"})
        assert answer.is_redirect
        assert answer.headers["location"].startswith(f"{proxy}/auth/login/")
        assert stranger.get("/due-regard/", headers={"accept": "application/json"}).status_code == 401


def test_what_tasks_ask_is_not_reached_from_outside(proxy: str) -> None:
    with open_browser(proxy) as stranger:
        assert stranger.get("/execution/health").status_code == 404
        assert stranger.get("/execution/").status_code == 404


def test_plain_http_is_refused(fab_airflow: FabAirflow, proxy: str) -> None:
    answer = httpx.get(proxy.replace("https", "http"), trust_env=False)
    assert answer.status_code == 400


def test_a_client_cannot_name_another_address(fab_airflow: FabAirflow, proxy: str) -> None:
    """Failed logins are counted by address: five in forty seconds, whatever a client says of itself."""
    codes = []
    with open_browser(proxy) as stranger:
        for number in range(8):
            codes.append(_try_password(stranger, "somebody", "a guess", f"203.0.113.{number}").status_code)
    assert codes[-1] == 429, codes


def _try_password(
    browser: httpx.Client, username: str, password: str, said_address: str | None = None
) -> httpx.Response:
    """Fill the login page in; the answer to the form."""
    headers = {"x-forwarded-for": said_address} if said_address else {}
    page = browser.get("/auth/login/", params={"next": f"{browser.base_url}/due-regard/"}, headers=headers)
    if page.status_code != 200:
        return page
    token = page.text.partition('name="csrf_token" type="hidden" value="')[2].partition('"')[0]
    form = {"username": username, "password": password, "csrf_token": token}
    return browser.post(str(page.url), data=form, headers={**headers, "referer": str(page.url)})

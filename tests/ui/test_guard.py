"""Who gets in, and to which files."""

import http.client
import json
import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sedpool.ui.library import Library
from tests.listening.conftest import write_clip
from tests.miniatures.runs import write_run
from tests.ui.conftest import TOKEN, Served


def ask(
    served: Served, path: str, method: str = "GET", body: bytes | None = None, **headers: str
) -> tuple[int, str, dict[str, str]]:
    """Ask for exactly this path; return status, text and headers."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    length = {"Content-Length": str(len(body))} if body is not None else {}
    with closing(http.client.HTTPConnection("127.0.0.1", served.port, timeout=30)) as connection:
        connection.putrequest(method, path, skip_host="Host" in named)
        for name, value in (length | named).items():
            connection.putheader(name, value)
        connection.endheaders(body)
        with closing(connection.getresponse()) as answer:
            text = answer.read().decode(errors="replace")
            return answer.status, text, {key.lower(): value for key, value in answer.getheaders()}


def test_the_address_lets_in(served: Served) -> None:
    status, text, headers = ask(served, f"/{TOKEN}/")
    assert status == 200
    assert "Runs and recordings" in text
    assert "script-src 'self'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert ask(served, f"/{TOKEN}/", Host=f"localhost:{served.port}")[0] == 200
    assert ask(served, f"/{TOKEN}/", Origin=f"http://127.0.0.1:{served.port}")[0] == 200
    assert ask(served, f"/{TOKEN}/", Sec_Fetch_Site="cross-site", Sec_Fetch_Dest="document")[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1"},
        {"Host": "127.0.0.1:1"},
        {"Host": ""},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://127.0.0.1"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site", "Sec_Fetch_Dest": "image"},
        {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Dest": "iframe"},
    ],
)
def test_other_hosts_origins_and_sites_are_refused(served: Served, headers: dict[str, str]) -> None:
    status, text, _ = ask(served, f"/{TOKEN}/", **headers)
    assert status == 403
    assert text.startswith("Refused")


@pytest.mark.parametrize(
    "path", ["/", "/x/", f"/{TOKEN[:-1]}/", f"/{TOKEN}x/", f"//{TOKEN}/", "/static/ui.js", "/%00/", "/ä/"]
)
def test_without_the_token_nothing_is_shown(served: Served, path: str) -> None:
    assert ask(served, quote(path, safe="/%"))[0] == 403


@pytest.mark.parametrize("headers", [{}, {"Origin": "http://evil.example"}, {"Origin": "null"}])
def test_only_these_pages_may_begin_a_trial(served: Served, headers: dict[str, str]) -> None:
    assert ask(served, f"/{TOKEN}/try?detector=demo&name=a.wav", "POST", b"x", **headers)[0] == 403
    assert served.site.trials.all == {}


@pytest.mark.parametrize(
    "path",
    [
        "static/../site.py",
        "static/..%2fsite.py",
        "static/%2e%2e/site.py",
        "static//etc/passwd",
        "report/..%2f..%2fetc%2fpasswd",
        "report/../../etc/passwd",
        "listen/../../../etc/passwd/",
        "listen/x/0/..%2f..%2f..%2fetc%2fpasswd",
        "listen/x/-1/sound.wav",
        "listen/x/99999999999999999999/sound.wav",
        "trial/../../x",
        "%2e%2e/%2e%2e/etc/passwd",
    ],
)
def test_no_path_leads_out(served: Served, path: str) -> None:
    status, text, _ = ask(served, f"/{TOKEN}/{path}")
    assert status in (400, 403, 404)
    assert "root:" not in text
    assert "import " not in text


@given(st.text(st.sampled_from("./\\%25ef0aéx\0 "), max_size=30))
@settings(max_examples=100)
def test_whatever_is_asked_for_is_answered(served: Served, text: str) -> None:
    for place in ("report/", "listen/", "static/", "trial/", "listen/a/0/", "compare?run="):
        assert ask(served, f"/{TOKEN}/{place}{quote(text, safe='/%.')}")[0] in (200, 307, 400, 403, 404)


def test_links_that_lead_out_of_the_folders_are_not_followed(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    write_run(outside, "cap")
    write_clip(outside / "secret.wav", 0)
    write_run(inside / "runs", "max")
    (inside / "link").symlink_to(outside)
    (inside / "b.wav").symlink_to(outside / "secret.wav")
    linked = write_run(inside / "runs", "mean")
    os.replace(linked.file("metrics.json"), outside / "metrics.json")
    linked.file("metrics.json").symlink_to(outside / "metrics.json")
    library = Library((inside,))
    assert [run.method for run in library.runs().values()] == ["max"]
    assert library.recordings() == {}
    assert list(library.detectors()) == ["demo"]
    assert not library.holds(outside)
    assert not library.holds(inside / "../outside")
    assert library.holds(inside / "runs/..")
    assert len(Library((inside, outside)).recordings()) >= 1


def test_a_run_whose_corpus_lies_elsewhere_is_not_listened_to(serve: Callable[..., Served], tmp_path: Path) -> None:
    run = write_run(tmp_path / "runs", "cap")
    text = run.file("config.yaml").read_text(encoding="utf-8")
    elsewhere = "dataset:\n  _target_: sedpool.load_folder\n  root: /etc\n  labels: ../../etc/passwd\n"
    run.file("config.yaml").write_text(text + elsewhere, encoding="utf-8")
    served = serve(tmp_path)
    (key,) = served.site.library.runs()
    status, said, _ = ask(served, f"/{TOKEN}/listen/{key}/")
    assert status == 400
    assert "/etc, which is in no folder given" in said
    assert "root:" not in said


def test_uploads_are_named_by_number(served: Served) -> None:
    origin = {"Origin": f"http://127.0.0.1:{served.port}"}
    name = quote("../../../etc/x.txt", safe="")
    status, text, _ = ask(served, f"/{TOKEN}/try?detector=demo&name={name}", "POST", b"x", **origin)
    assert status == 400
    assert json.loads(text)["message"].startswith("x.txt: no audio by its name")
    assert ask(served, f"/{TOKEN}/try?detector=/etc&name=a.wav", "POST", b"x", **origin)[0] == 404
    assert ask(served, f"/{TOKEN}/try?detector=demo&recording=/etc/passwd", "POST", b"", **origin)[0] == 404
    assert list(served.site.uploads.iterdir()) == []

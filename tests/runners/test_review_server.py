"""The server of a review: for this machine alone, reading alone."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from urllib.parse import quote

import pytest
from texts import prose

from colophon.runners.cli import main
from colophon.runners.review.search import PAGE, search
from colophon.runners.review.server import make_server

HOSTILE = "<script>alert(1)</script>\u202e"


@pytest.fixture(scope="module")
def folder(curate_once, tmp_path_factory):
    source = tmp_path_factory.mktemp("in") / "notes"
    source.mkdir()
    (source / "river.txt").write_text(prose(1))
    (source / "river copy.txt").write_text(prose(1))
    (source / "<b>.txt").write_text("Short.")
    records = [{"text": "Too short.", "title": f"Note {n}"} for n in range(PAGE + 5)]
    records.append({"text": prose(9), "title": "On Peat and Moss"})
    (source / "records.jsonl").write_text("".join(json.dumps(one) + "\n" for one in records))
    return curate_once(source).folder


@pytest.fixture(scope="module")
def server(folder):
    with make_server(folder, 0) as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.05,))
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def ask(server, path: str, method: str = "GET", host: str | None = None) -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    connection.request(method, path, headers={"Host": host or f"127.0.0.1:{server.server_port}"})
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body


def test_the_report_is_the_file(server, folder):
    status, headers, body = ask(server, "/")
    assert status == 200
    assert body == (folder / "review" / "report.html").read_text()
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in headers


def test_head_has_no_body(server):
    status, headers, body = ask(server, "/", "HEAD")
    assert (status, body) == (200, "")
    assert int(headers["content-length"]) > 1000


def test_it_listens_on_loopback_alone(server):
    assert server.server_address[0] == "127.0.0.1"


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example"]
)
def test_a_name_that_was_pointed_here_is_refused(server, host):
    status, _, body = ask(server, "/search?q=river", host=host)
    assert status == 421
    assert "river" not in body


def test_localhost_is_this_machine(server):
    assert ask(server, "/", host=f"localhost:{server.server_port}")[0] == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_nothing_but_reading(server, method):
    assert ask(server, "/", method)[0] == 501


@pytest.mark.parametrize(
    "path", ["/../manifest.json", "/manifest.json", "/%2e%2e/x", "/data/", "//etc/passwd"]
)
def test_there_is_nothing_else(server, path):
    assert ask(server, path)[0] == 404


@pytest.mark.parametrize(
    ("words", "field", "n"),
    [
        ("RIVER", "path", 2),
        ("too_few_words", "reason", PAGE + 6),
        ("peat", "title", 1),
        ("peat", "path", 0),
        ("", "anything", PAGE + 9),
    ],
)
def test_what_is_found(folder, words, field, n):
    found = search(folder, words, field)
    assert (found.total, found.more, len(found.rows)) == (n, False, min(n, PAGE))


def test_an_id_finds_the_document_and_its_copies(folder):
    copy = next(row for row in search(folder, "exact", "reason").rows)
    assert {row["id"] for row in search(folder, copy["duplicate_of"], "id").rows} == {
        copy["id"],
        copy["duplicate_of"],
    }


def test_pages_hold_each_document_once(folder):
    pages = [search(folder, "", "anything", page).rows for page in (1, 2, 3)]
    assert [len(page) for page in pages] == [PAGE, 9, 0]
    assert len({row["id"] for page in pages for row in page}) == PAGE + 9


def test_the_search_page_pages(server):
    status, _, body = ask(server, "/search?q=too_few_words&in=reason")
    assert status == 200
    assert f"{PAGE + 6} documents; page 1 of 2." in body
    assert "page=2" in body
    assert "page=3" not in ask(server, "/search?q=too_few_words&in=reason&page=2")[2]


@pytest.mark.parametrize("page", ["0", "-1", "x", "99999999999999", "\u0663"])
def test_a_page_that_is_none_is_the_first_or_empty(server, page):
    assert ask(server, f"/search?page={quote(page)}")[0] == 200


def test_hostile_words_are_harmless(server):
    _, _, body = ask(server, f"/search?q={quote(HOSTILE)}&in={quote(HOSTILE)}")
    assert "<script" not in body
    assert "\u202e" not in body
    assert "&lt;script&gt;" in body
    assert "&lt;b&gt;.txt" in ask(server, "/search?q=%3Cb%3E&in=path")[2]
    assert ask(server, "/search?q=%ff%00")[0] == 200
    assert ask(server, f"/search?q={'x' * 5000}")[0] == 414


def test_a_port_that_is_taken_is_said(folder, server, capsys):
    assert main(["review", str(folder), "--serve", "--no-open", "--port", str(server.server_port)]) == 2
    assert "name another with --port" in capsys.readouterr().err


def test_ctrl_c_ends_it(folder):
    command = [sys.executable, "-m", "colophon.runners.cli", "review", str(folder), "--serve", "--no-open"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ, text=True
    ) as process:
        watch = threading.Timer(60, process.kill)
        watch.start()
        line = ""
        while "Ctrl-C" not in line:
            line = process.stdout.readline()
            assert line, process.stderr.read()
        process.send_signal(signal.SIGINT)
        out, error = process.communicate()
        watch.cancel()
    assert (process.returncode, out, error) == (0, "", "")

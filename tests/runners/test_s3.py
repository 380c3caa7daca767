"""An S3-compatible server on this machine: inputs, staging and output there, uploads and runs that are broken off."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sites import COLOPHON, content, finish, free_port, make_site, start, wait_until
from texts import prose

from colophon.pipelines.places import RemotePath, at_hand, below, locate, reach_with
from colophon.pipelines.storage import aside, write_whole
from colophon.runners import cli
from colophon.runners.remote_place import RemotePlace
from colophon.schemas import RunFailed

pytestmark = pytest.mark.slow

_PUT = """
import sys
from pathlib import Path
from colophon.pipelines.places import locate
from colophon.pipelines.storage import aside
with aside(locate(sys.argv[1])) as temporary:
    temporary.write_bytes(Path(sys.argv[2]).read_bytes())
"""


class Server:
    """moto's server, which keeps everything in memory."""

    def __init__(self, log: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = log
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        from botocore.exceptions import BotoCoreError

        client, until = self.client(), time.monotonic() + 120
        while True:
            try:
                client.create_bucket(Bucket="bucket")
            except BotoCoreError:
                assert self.process.poll() is None, self.log.read_text()
                assert time.monotonic() < until
                time.sleep(0.1)
            else:
                return

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

    def client(self):
        import boto3

        return boto3.client("s3", endpoint_url=self.url)

    def names(self) -> set[str]:
        """Of all objects."""
        pages = self.client().get_paginator("list_objects_v2").paginate(Bucket="bucket")
        return {each["Key"] for page in pages for each in page.get("Contents", ())}

    def uploads(self) -> list[str]:
        """Keys of what is being uploaded, or was and is not complete."""
        return [
            each["Key"] for each in self.client().list_multipart_uploads(Bucket="bucket").get("Uploads", ())
        ]

    def parts(self, key: str) -> list[dict]:
        """What has arrived of an upload."""
        client = self.client()
        found = client.list_multipart_uploads(Bucket="bucket").get("Uploads", ())
        uploads = [each["UploadId"] for each in found if each["Key"] == key]
        return [
            part
            for one in uploads
            for part in client.list_parts(Bucket="bucket", Key=key, UploadId=one).get("Parts", ())
        ]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server, and an environment in which this process and its children find it."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ACCESS_KEY_ID": "one",
            "AWS_SECRET_ACCESS_KEY": "two",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_MAX_ATTEMPTS": "1",
        }.items():
            patch.setenv(name, value)
        server = Server(tmp_path_factory.mktemp("server") / "log.txt")
        patch.setenv("AWS_ENDPOINT_URL", server.url)
        yield server
        server.stop()


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """A recipe with papers, and one file of JSON Lines that is read in parts."""
    recipe = make_site(tmp_path_factory.mktemp("site"), 40)
    lines = [json.dumps({"text": prose(500 + n, 1200)}) for n in range(60)]
    (recipe.parent / "texts" / "many.jsonl").write_text("\n".join(lines))
    return recipe


@pytest.fixture(scope="module")
def far_site(server, site) -> Path:
    """The same recipe, its inputs on the server."""
    for path in (site.parent / "texts").iterdir():
        server.client().upload_file(str(path), "bucket", f"inputs/texts/{path.name}")
    recipe = site.with_name("far.yaml")
    recipe.write_text(site.read_text().replace("path: texts", "path: s3://bucket/inputs/texts/"))
    return recipe


@pytest.fixture(scope="module")
def reference(site, tmp_path_factory) -> dict[str, bytes]:
    """What the run over the files of this machine makes."""
    output = tmp_path_factory.mktemp("reference") / "out"
    return finish(start(site, output, "--workers", "1", "--quiet"), output)


def run(recipe: Path, output: str | Path, *options: str, code: int = 0) -> tuple[dict, str]:
    """A run to its end: its answer and what it said."""
    process = start(recipe, output, "--json", "--quiet", *options)
    out, error = process.communicate(timeout=600)
    assert process.returncode == code, error
    return json.loads(out), error


@pytest.fixture
def colophon(server, capsys):
    """A command in this process, where Beam is loaded once: its code, and all that it said."""

    def call(*words: str) -> tuple[int, str]:
        capsys.readouterr()
        code = cli.main(words)
        return code, "".join(capsys.readouterr())

    yield call
    reach_with(())


def test_inputs_staging_and_output_on_the_server_give_the_bytes_of_a_run_on_this_machine(
    server, far_site, reference, tmp_path
):
    answer, _ = run(far_site, "s3://bucket/one", "--workers", "2")
    assert content(locate("s3://bucket/one")) == reference
    assert answer["run"]["input_bytes_read"] == answer["run"]["input_bytes"]
    assert answer["run"]["units"] > 5
    assert not [key for key in server.names() if ".partial" in key or ".aside" in key]
    assert not server.uploads()
    answer, _ = run(far_site, "s3://bucket/one")
    assert not answer["made"]
    # Another output of the same staged units; and the server named by Beam's own option.
    environment = {name: value for name, value in os.environ.items() if name != "AWS_ENDPOINT_URL"}
    words = [
        "run",
        str(far_site),
        "--output",
        str(tmp_path / "near"),
        "--staging",
        "s3://bucket/one-staging",
        "--json",
    ]
    told = subprocess.run(
        [*COLOPHON, *words, "--workers", "2", "--", f"--s3_endpoint_url={server.url}"],
        capture_output=True, env=environment, timeout=300, check=True,
    )  # fmt: skip
    assert json.loads(told.stdout)["run"]["input_bytes_read"] == 0
    assert content(tmp_path / "near") == reference


def test_a_run_that_is_killed_is_taken_over_and_while_it_lives_the_second_is_refused(server, site, reference):
    output = "s3://bucket/two"
    with RemotePlace(RemotePath(output)).alone():
        answer, _ = run(site, output, code=2)
    assert f"another run (process {os.getpid()}) is writing to {output}" in answer["error"]
    first = start(site, output, "--workers", "1", "--quiet")
    wait_until(lambda: any("two-staging/units" in key for key in server.names()), first)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    assert not [key for key in server.names() if key.startswith("two/")]
    answer, _ = run(site, output, "--workers", "1")
    assert content(locate(output)) == reference
    assert answer["run"]["input_bytes_read"] < answer["run"]["input_bytes"], "what was staged is used"
    assert not [key for key in server.names() if ".two.partial" in key]


def test_verify_and_explain_read_from_the_server(colophon, reference):
    folder = locate("s3://bucket/three")
    for name, one in reference.items():
        write_whole(folder / name, one)
    code, told = colophon("verify", str(folder))
    assert code == 0, told
    assert "all is as the manifest says" in told
    code, told = colophon("explain", str(folder), "many.jsonl", "--most", "1")
    assert code == 0, told
    assert "many.jsonl" in told
    part = next(name for name in reference if name.startswith("data/"))
    spoilt = bytearray(reference[part])
    spoilt[len(spoilt) // 2] ^= 1
    write_whole(folder / part, bytes(spoilt))
    code, told = colophon("verify", str(folder))
    assert code == 1
    assert f"{part}: has sha256" in told
    write_whole(folder / "data" / "extra.parquet", b"extra")
    assert "data/extra.parquet: is not in the manifest" in colophon("verify", str(folder), "--quick")[1]


def test_commands_that_read_no_addresses_say_so(colophon, capsys):
    with pytest.raises(SystemExit):
        colophon("prove", "s3://bucket/three", "0" * 32)
    assert "is an address" in capsys.readouterr().err


@pytest.fixture
def large(tmp_path) -> Path:
    path = tmp_path / "large"
    path.write_bytes(os.urandom(2**20) * 60)
    return path


def test_of_an_upload_whose_process_is_killed_nothing_appears(server, large):
    url = "s3://bucket/broken"
    process = subprocess.Popen([sys.executable, "-c", _PUT, url, str(large)], stderr=subprocess.PIPE)
    wait_until(lambda: any(key.startswith("broken") for key in server.uploads()), process)
    process.kill()
    process.communicate()
    assert process.returncode != 0
    assert not locate(url).exists()
    RemotePath(url).put(large)
    with at_hand(RemotePath(url)) as copy:
        assert copy.read_bytes() == large.read_bytes()


def test_of_an_upload_that_is_interrupted_nothing_appears_though_its_process_lives_on(server, large):
    """Python completes what it collects unless it is given up: then a part stands under the final name."""

    def interrupt():
        while not server.parts("interrupted"):
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGALRM)

    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    watching = threading.Thread(target=interrupt, daemon=True)
    watching.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            RemotePath("s3://bucket/interrupted").put(large)
    finally:
        signal.signal(signal.SIGALRM, before)
    gc.collect()
    assert "interrupted" not in server.names()


def test_a_server_that_dies_in_an_upload_ends_it_with_a_sentence(tmp_path, large, colophon):
    other = Server(tmp_path / "log.txt")
    reach_with([f"--s3_endpoint_url={other.url}"])

    def stop():
        while not other.parts("one"):
            time.sleep(0.01)
        other.stop()

    watching = threading.Thread(target=stop, daemon=True)
    watching.start()
    with (
        pytest.raises(RunFailed, match=r"cannot write s3://bucket/one: .*onnect"),
        aside(locate("s3://bucket/one")) as temporary,
    ):
        temporary.write_bytes(large.read_bytes())
    watching.join()
    # Whoever asks a server that does not answer is told so, and not left to wait.
    code, told = colophon("verify", "s3://bucket/one", "--", f"--s3_endpoint_url={other.url}")
    assert code == 3
    assert "s3://bucket/one: Could not connect" in told


def test_a_connection_that_breaks_off_is_said(tmp_path, large, server):
    """The server takes the request and closes without an answer."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        reach_with([f"--s3_endpoint_url=http://127.0.0.1:{listener.getsockname()[1]}"])

        def hang_up():
            with contextlib.suppress(OSError):  # once the test has ended
                while True:
                    connection, _ = listener.accept()
                    connection.recv(2**16)
                    connection.close()

        threading.Thread(target=hang_up, daemon=True).start()
        try:
            with pytest.raises(RunFailed, match=r"cannot write s3://bucket/one: .*onnection"):
                write_whole(RemotePath("s3://bucket/one"), b"one")
        finally:
            reach_with(())


def test_clients_are_shared(server):
    from apache_beam.io.aws.clients.s3 import boto3_client

    write_whole(RemotePath("s3://bucket/shared"), b"one")
    assert boto3_client.Client({}).client is boto3_client.Client({}).client
    assert boto3_client.Client({"s3_region_name": "x"}).client is not boto3_client.Client({}).client


def test_what_is_not_there_is_named(server, tmp_path):
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("sources: [{path: 's3://bucket/nothing'}]")
    answer, _ = run(recipe, tmp_path / "out", code=2)
    assert "sources[0].path" in answer["error"]
    with pytest.raises(RunFailed, match=r"cannot write s3://nobody/one: .*does not exist"):
        write_whole(RemotePath("s3://nobody/one"), b"one")
    assert list(below(RemotePath("s3://bucket/nothing"))) == []

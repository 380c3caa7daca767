"""Paths that are addresses, over Beam's local file system under two addresses of its own."""

import hashlib
import pickle

import pytest
from trees import Store, Tree

from colophon.pipelines.places import RemotePath, at_hand, locate
from colophon.pipelines.storage import aside, sha256_of, write_whole
from colophon.schemas import RunFailed, UsageError


@pytest.fixture(params=[Tree, Store])
def place(request, tmp_path):
    """An empty place, as an address."""
    request.param.root = str(tmp_path)
    yield locate(f"{request.param.scheme()}://bucket/deep/")
    request.param.root = "/nowhere"


def test_what_is_written_is_read(place):
    path = place / "data" / "one.bin"
    assert not path.exists()
    write_whole(path, b"one")
    assert path.read_bytes() == b"one"
    assert path.is_file()
    assert not path.is_dir()
    assert (place / "data").is_dir()
    assert not (place / "data").is_file()
    assert not (place / "nothing").exists()
    assert path.stat().st_size == 3
    assert sha256_of(path) == hashlib.sha256(b"one").hexdigest()
    write_whole(path, b"another")
    assert path.read_text() == "another", "the later of two replaces the earlier"
    path.unlink()
    assert not path.exists()
    assert not (place / "data").exists(), "a folder without a file is as good as none"
    path.unlink(missing_ok=True)


def test_a_listing_is_of_all_below_and_of_nothing_beside(place):
    names = ["a.xml", "b/c/d.xml", "b/e.txt", "f[1]*.xml"]
    for name in names:
        write_whole(place / name, name.encode())
    write_whole(place.with_name("deeper") / "g.xml", b"beside")
    found = {str(path).removeprefix(f"{place}/"): status.st_size for path, status in place.files()}
    assert found == {name: len(name) for name in names}
    assert {path.name for path in place.rglob("*.xml")} == {"a.xml", "d.xml", "f[1]*.xml"}
    assert [path.name for path in place.glob("*.xml") if path.name != "f[1]*.xml"] == ["a.xml"]
    odd = place / "f[1]*.xml"
    assert (odd.read_bytes(), odd.stat().st_size) == (b"f[1]*.xml", 9)


def test_a_part_of_a_file_is_read_alone(place):
    content = bytes(range(256)) * 1000
    write_whole(place / "large", content)
    with (place / "large").open() as stream:
        stream.seek(100_000)
        assert stream.read(10) == content[100_000:100_010]
        stream.seek(-3, 2)
        assert stream.read() == content[-3:]
    with at_hand(place / "large") as copy:
        assert copy.read_bytes() == content
    assert not copy.exists()


def test_nothing_appears_of_what_was_not_completed(place):
    write_whole(place / "there", b"before")

    def fail():
        with aside(place / "there") as temporary:
            temporary.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert {path.name: path.read_bytes() for path, _ in place.files()} == {"there": b"before"}


def test_an_upload_that_fails_leaves_nothing(place, tmp_path):
    path = place / "new"
    with pytest.raises(RunFailed, match=r"cannot write .*/new: "), aside(path):
        pass  # nothing was written, so there is nothing to send
    assert not place.exists()


def test_errors_have_a_number_and_name_the_address(place):
    with pytest.raises(FileNotFoundError):
        (place / "absent").read_bytes()
    with pytest.raises(UsageError, match="nosuch://"):
        locate("nosuch://a/b").exists()


def test_what_is_missing_is_named_with_what_installs_it():
    with pytest.raises(UsageError, match=r"pip install 'colophon-data\[hdfs\]'"):
        locate("hdfs://server/papers").exists()


def test_an_address_is_a_value():
    one = RemotePath("s3://bucket/a/b.xml")
    assert pickle.loads(pickle.dumps(one)) == one  # noqa: S301 - our own bytes
    assert [str(each) for each in one.parents] == ["s3://bucket/a", "s3://bucket"]
    assert locate("s3://bucket").parent == locate("s3://bucket/")
    assert sorted([one, RemotePath("s3://bucket/a/a.xml")])[1] == one

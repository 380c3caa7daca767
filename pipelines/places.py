"""Files of other file systems, by their addresses: what Beam opens, with the part of `pathlib.Path` that is used here.

A path of this machine stays a `pathlib.Path`; `locate` tells which of the two a text is. An address is reached with the
options that Beam was given, which each process is told once (`reach_with`).
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import shutil
import tempfile
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple, TypeAlias

from colophon.pipelines.extras import require
from colophon.schemas import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np

__all__ = [
    "READ_AHEAD",
    "AnyPath",
    "RemotePath",
    "Status",
    "at_hand",
    "below",
    "is_address",
    "locate",
    "numbers_in",
    "reach_with",
    "seekable",
    "sizes_below",
]

_BLOCK: Final = 2**24  # what is sent at once; a store that counts the parts of an upload takes 10,000
READ_AHEAD: Final = 2**20
"""Bytes that are read ahead of whoever reads a file bit by bit."""
_FEW_SECONDS: Final = 2.0
_A_PAGE: Final = 1000  # of a listing

_NEEDED: Final = {
    "s3": ("boto3", "s3", "aws.s3filesystem"),
    "gs": ("google.cloud.storage", "gcp", "gcp.gcsfilesystem"),
    "hdfs": ("hdfs", "hdfs", "hadoopfilesystem"),
}
"""A package that each file system needs, what of Colophon brings it, and where Beam has it."""

_NUMBERS: Final = {403: errno.EACCES, 404: errno.ENOENT}
_options: tuple[str, ...] = ()


def reach_with(options: Sequence[str]) -> None:
    """Reach addresses from now on, in this process, with these options of Beam's: ``--s3_endpoint_url=…``."""
    global _options  # noqa: PLW0603 - as Beam's own are: of a process, not of a path
    _options = tuple(options)


def is_address(text: str) -> bool:
    """Whether a text is an address and no path of this machine.

    >>> is_address("s3://bucket/papers"), is_address("/papers")
    (True, False)
    """
    return "://" in text


class Status(NamedTuple):
    """What is told of a file without opening it, under the names that `os.stat` uses."""

    st_size: int
    st_mtime_ns: int
    st_ctime_ns: int = 0


@dataclass(frozen=True, order=True)
class RemotePath:
    """An address, as a path.

    >>> one = RemotePath("s3://bucket/papers") / "2024/one.xml"
    >>> str(one), one.name, one.suffix, str(one.parent), str(one.with_name("two.xml"))
    ('s3://bucket/papers/2024/one.xml', 'one.xml', '.xml', 's3://bucket/papers/2024', 's3://bucket/papers/2024/two.xml')

    All methods raise `OSError` with a number and a sentence for whatever a file system says.

    Attributes:
        url: The address, without a stroke at its end.
    """

    url: str

    def __str__(self) -> str:
        return self.url

    def __truediv__(self, name: str) -> RemotePath:
        return RemotePath(f"{self.url}/{name}")

    @property
    def name(self) -> str:
        """The last part."""
        return self.url.rpartition("/")[2]

    @property
    def stem(self) -> str:
        """The last part without its suffix."""
        return PurePosixPath(self.name).stem

    @property
    def suffix(self) -> str:
        """From the last dot of the last part on."""
        return PurePosixPath(self.name).suffix

    @property
    def is_root(self) -> bool:
        """Whether it names a bucket or a server and nothing in it."""
        return "/" not in self.url.partition("://")[2]

    @property
    def parent(self) -> RemotePath:
        """Without the last part; a root is its own."""
        return self if self.is_root else RemotePath(self.url.rpartition("/")[0])

    @property
    def parents(self) -> tuple[RemotePath, ...]:
        """All that it lies in, the nearest first."""
        found: list[RemotePath] = []
        one = self
        while not one.is_root:
            one = one.parent
            found.append(one)
        return tuple(found)

    def with_name(self, name: str) -> RemotePath:
        """Another file beside it."""
        return self.parent / name

    def with_suffix(self, suffix: str) -> RemotePath:
        """Beside it, with another suffix."""
        return self.with_name(self.stem + suffix)

    def resolve(self) -> RemotePath:
        """Itself: there are no links."""
        return self

    def is_symlink(self) -> bool:
        """No: there are none."""
        return False

    @property
    def _system(self) -> Any:
        with _in_words(self):
            return _system(self.url.partition("://")[0], _options)

    @property
    def appears_whole(self) -> bool:
        """Whether a file is not to be seen here before it is complete, as in a store of objects."""
        return not self._system.has_dirs()

    def stat(self) -> Status:
        """Of a file."""
        with _in_words(self):
            return _status(self._system.metadata(self.url))

    def exists(self) -> bool:
        """Whether it is a file or folder."""
        return self.is_file() or self.is_dir()

    def is_file(self) -> bool:
        """Whether there is a file of that name."""
        if self.is_root:
            return False
        with _in_words(self):
            return bool(self._system.exists(self.url)) and (self.appears_whole or not self._is_listed())

    def is_dir(self) -> bool:
        """Whether there is any file below: a folder without one is none, for where there are no folders it cannot be."""
        return self._is_listed() and next(self.files(most=_A_PAGE), None) is not None

    def _is_listed(self) -> bool:
        """Whether it can be listed, which a file cannot; where there are no folders, everything can."""
        if self.appears_whole:
            return True
        try:
            next(self.files(most=1), None)
        except OSError:
            return False
        return True

    def files(self, most: int | None = None) -> Iterator[tuple[RemotePath, Status]]:
        """All files below, at any depth, by one listing.

        Args:
            most: No more than about so many are asked for.
        """
        system = self._system
        with _in_words(self):
            if system.has_dirs() and not system.exists(self.url):
                return
        # There is no way to quote what means something in a pattern, so it stands for any character here.
        plain = "".join("?" if letter in "*?[" else letter for letter in self.url)
        with _in_words(self):
            (found,) = system.match([f"{plain}/*" if system.has_dirs() else f"{plain}/**"], [most])
        for each in found.metadata_list:
            if not each.path.startswith(self.url + "/") or each.path.endswith("/"):
                continue
            path = RemotePath(each.path)
            below = None
            if each.size_in_bytes == 0 and system.has_dirs():
                with contextlib.suppress(OSError):  # it is a file
                    below = list(path.files(most))
            if below is None:
                yield path, _status(each)
            else:
                yield from below

    def rglob(self, pattern: str) -> Iterator[RemotePath]:
        """The files below whose names fit, at any depth."""
        return (path for path, _ in self.files() if PurePosixPath(path.name).match(pattern))

    def iterdir(self) -> Iterator[RemotePath]:
        """The files right here."""
        return self.glob("*")

    def glob(self, pattern: str) -> Iterator[RemotePath]:
        """The files right here whose names fit."""
        return (path for path in self.rglob(pattern) if path.parent == self)

    def open(self, mode: str = "rb", buffering: int = READ_AHEAD) -> BinaryIO:
        """The file as a stream that can seek; what lies between is not fetched.

        Args:
            mode: ``rb``, and no other.
            buffering: Bytes that are read ahead.
        """
        if mode != "rb":
            raise ValueError(f"{self}: is opened to be read only; see `put`")
        raw = _Reading(self, self._opened())
        return io.BufferedReader(raw, max(buffering, 1)) if buffering else raw  # type: ignore[return-value]

    def _opened(self) -> Any:
        with _in_words(self):
            stream = self._system.open(self.url, compression_type=_as_it_is())
        # Beam reads 16 MiB ahead, also for the end of a file that is asked for alone.
        return stream.detach() if isinstance(stream, io.BufferedReader) else stream

    def read_bytes(self) -> bytes:
        """All of it."""
        with self.open(buffering=0) as stream:
            return stream.read()

    def read_text(self) -> str:
        """All of it, as UTF-8."""
        return self.read_bytes().decode()

    def fetch(self, target: Path) -> None:
        """Copy it to a file of this machine."""
        with self.open(buffering=0) as stream, target.open("wb") as file:
            shutil.copyfileobj(stream, file, _BLOCK)

    def put(self, content: Path) -> None:
        """Make it what a file of this machine is, whole or not at all.

        Where a file is to be seen while it is written, it is written aside and renamed; elsewhere the upload is completed,
        or it was none.
        """
        size = content.stat().st_size
        if size == 0:
            raise ValueError(f"{self}: would be empty, which not every store can hold")
        target = self if self.appears_whole else self._aside()
        with _in_words(self):
            stream = self._system.create(target.url, compression_type=_as_it_is())
            try:
                with content.open("rb") as source:
                    shutil.copyfileobj(source, stream, _BLOCK)
                stream.close()
            except BaseException:
                _give_up(stream)
                raise
        if target.stat().st_size != size:
            target.unlink(missing_ok=True)
            raise OSError(errno.EIO, "what arrived there has not the size of what was sent", self.url)
        if target is not self:
            target.rename(self)

    def _aside(self) -> RemotePath:
        return self.with_name(f".aside-{uuid.uuid4().hex}-{self.name}")

    def rename(self, target: RemotePath) -> None:
        """Move it in the place of a file that is there, or of none."""
        system = self._system
        with _in_words(target):
            if system.has_dirs() and not system.exists(target.parent.url):
                with contextlib.suppress(OSError):  # another was faster
                    system.mkdirs(target.parent.url)
            try:
                system.rename([self.url], [target.url])
            except OSError:
                if not (system.has_dirs() and system.exists(target.url)):
                    raise
                system.delete([target.url])
                system.rename([self.url], [target.url])

    def unlink(self, missing_ok: bool = False) -> None:  # noqa: FBT001, FBT002 - as pathlib has it
        """Remove the file."""
        try:
            with _in_words(self):
                self._system.delete([self.url])
        except OSError:
            if not missing_ok or self.is_file():
                raise


AnyPath: TypeAlias = Path | RemotePath


def locate(text: str) -> AnyPath:
    """A path of this machine, or an address.

    >>> locate("papers/"), locate("s3://bucket/papers/")
    (PosixPath('papers'), RemotePath(url='s3://bucket/papers'))
    """
    return RemotePath(text.rstrip("/")) if is_address(text) else Path(text)


def below(folder: AnyPath) -> Iterator[tuple[str, str]]:
    """All that lies below a folder, at any depth: its name there, and ``file``, ``folder`` or ``other``."""
    if isinstance(folder, RemotePath):
        for path, _ in folder.files():
            yield str(path).removeprefix(f"{folder}/"), "file"
        return
    for one in folder.rglob("*"):
        kind = (
            "other"
            if one.is_symlink()
            else "folder"
            if one.is_dir()
            else "file"
            if one.is_file()
            else "other"
        )
        yield one.relative_to(folder).as_posix(), kind


def sizes_below(folder: AnyPath) -> dict[str, int]:
    """Bytes of each file below a folder, by its name there."""
    if isinstance(folder, RemotePath):
        return {str(path).removeprefix(f"{folder}/"): status.st_size for path, status in folder.files()}
    return {name: (folder / name).stat().st_size for name, kind in below(folder) if kind == "file"}


@contextmanager
def at_hand(path: AnyPath) -> Iterator[Path]:
    """A file on this machine: the file itself, or a copy of it while the block lasts.

    Raises:
        OSError: It cannot be fetched.
    """
    if isinstance(path, Path):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="colophon-") as folder:
        copy = Path(folder) / "copy"
        path.fetch(copy)
        yield copy


@contextmanager
def seekable(path: AnyPath) -> Iterator[Path | BinaryIO]:
    """What Arrow reads: a path of this machine, or a stream of which only what is needed is fetched."""
    if isinstance(path, Path):
        yield path
        return
    with path.open() as stream:
        yield stream


def numbers_in(path: AnyPath, kind: str) -> np.ndarray | _FarNumbers:
    """A file of numbers of one kind, of which slices are read."""
    import numpy as np  # noqa: PLC0415 - the command line need not load it

    # As a plain array: slices of a memory map are slow to make.
    return (
        np.asarray(np.memmap(path, kind, "r"))
        if isinstance(path, Path)
        else _FarNumbers(path, np.dtype(kind))
    )


@dataclass(frozen=True)
class _FarNumbers:
    """A file of numbers at an address."""

    path: RemotePath
    kind: np.dtype[Any]

    @cached_property
    def _stream(self) -> BinaryIO:
        return self.path.open()

    def __getitem__(self, wanted: slice) -> np.ndarray:
        import numpy as np  # noqa: PLC0415

        self._stream.seek(wanted.start * self.kind.itemsize)
        return np.frombuffer(self._stream.read((wanted.stop - wanted.start) * self.kind.itemsize), self.kind)


class _Reading(io.RawIOBase):
    """A stream of Beam's whose errors are `OSError` with a number."""

    def __init__(self, path: RemotePath, stream: Any) -> None:
        self._path, self._stream = path, stream

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with _in_words(self._path):
            return int(self._stream.readinto(buffer))

    def readall(self) -> bytes:
        return b"".join(iter(lambda: self.read(_BLOCK) or b"", b""))

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        with _in_words(self._path):
            return int(self._stream.seek(offset, whence))

    def tell(self) -> int:
        return int(self._stream.tell())

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()


def _status(told: Any) -> Status:
    # In whole seconds: some stores tell parts of a second in listings alone.
    return Status(int(told.size_in_bytes), int(told.last_updated_in_seconds) * 10**9)


def _as_it_is() -> Any:
    """No compression: Beam's default is to guess it from the name."""
    from apache_beam.io.filesystem import CompressionTypes  # noqa: PLC0415 - takes seconds

    return CompressionTypes.UNCOMPRESSED


def _give_up(stream: Any) -> None:
    """Make sure that an upload is never completed, not when the stream is collected either."""
    raw = stream.raw if isinstance(stream, io.BufferedWriter) else stream
    with contextlib.suppress(Exception):
        io.IOBase.close(raw)


@lru_cache(maxsize=8)
def _system(scheme: str, options: tuple[str, ...]) -> Any:
    """Beam's file system for a kind of address.

    Raises:
        UsageError: Beam knows none, or its packages are not installed.
    """
    from apache_beam.io import filesystems as _  # noqa: F401, PLC0415 - those that it imports are known then

    if scheme in _NEEDED:
        package, extra, module = _NEEDED[scheme]
        require(package, f"{scheme}://", extra)
        import_module(f"apache_beam.io.{module}")  # a run on this machine may have spared Beam that
    from apache_beam.io.filesystem import FileSystem  # noqa: PLC0415
    from apache_beam.options.pipeline_options import PipelineOptions  # noqa: PLC0415

    if scheme == "s3":
        _share_clients()
    for kind in FileSystem.get_all_subclasses():
        if kind.scheme() == scheme:
            return kind(PipelineOptions(list(options)))
    known = ", ".join(f"{each}://" for each in _NEEDED)
    raise UsageError(f"Beam knows no file system for {scheme}://; it knows {known}")


@lru_cache(maxsize=1)
def _share_clients() -> None:
    """Let Beam use one S3 client for all calls, and not wait for minutes between two tries.

    It makes a client for each call, 0.15 CPU-seconds; boto3's are safe to share. Where no server answers, boto3 tries again by
    itself as often as ``AWS_MAX_ATTEMPTS`` says, and Beam seven times around that, up to ten minutes in all.
    """
    from types import SimpleNamespace  # noqa: PLC0415 - here alone

    import boto3  # noqa: PLC0415 - may not be there
    from apache_beam.io.aws.clients.s3 import boto3_client  # noqa: PLC0415
    from apache_beam.utils import retry  # noqa: PLC0415

    shared = lru_cache(maxsize=8)(boto3.session.Session().client)
    session = SimpleNamespace(client=shared)
    boto3_client.boto3 = SimpleNamespace(session=SimpleNamespace(Session=lambda: session))
    boto3_client.get_http_error_code = _http_code
    retry.Clock.sleep = lambda _, seconds: time.sleep(min(seconds, _FEW_SECONDS))


def _http_code(error: Exception) -> int | None:
    """The answer's code, if there was one: where a connection broke off, boto3 has None for the answer, and Beam trips over it."""
    answer = getattr(error, "response", None) or {}
    code: int | None = answer.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return code


def _forget() -> None:
    """A copy of a process makes connections of its own."""
    _system.cache_clear()
    _share_clients.cache_clear()


os.register_at_fork(after_in_child=_forget)


@contextmanager
def _in_words(path: RemotePath) -> Iterator[None]:
    """What a file system says, as an `OSError` with a number."""
    try:
        yield
    except Exception as error:
        if isinstance(error, OSError) and error.errno and error.filename:
            raise
        number, said = _number_and_words(error)
        if number is None:
            raise
        raise OSError(number, said, path.url) from error


def _number_and_words(error: Exception) -> tuple[int | None, str]:
    """The number and first line of an error that Beam may have packed into others; None for a fault that is ours."""
    inner: Any = error
    while True:
        details = getattr(inner, "exception_details", None)
        packed = list(details.values()) if isinstance(details, dict) else list(inner.args)
        if not packed or not isinstance(packed[0], Exception):
            break
        inner = packed[0]
    if isinstance(inner, OSError) and inner.errno:
        return inner.errno, inner.strerror or str(inner)
    code: Any = getattr(inner, "code", None)
    words = (str(getattr(inner, "message", "") or inner).splitlines() or [type(inner).__name__])[0]
    known = (
        isinstance(error, OSError) or hasattr(inner, "code") or type(inner).__module__.startswith("botocore")
    )
    return (_NUMBERS.get(code, errno.EIO) if known else None), words

"""A file system of Beam's under an address: its own local one, over a folder."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from apache_beam.io.filesystem import FileMetadata
from apache_beam.io.localfilesystem import LocalFileSystem

__all__ = ["Store", "Tree"]


def _metadata(system, path, url):
    status = Path(path).stat()
    return FileMetadata(url, 0 if Path(path).is_dir() else status.st_size, status.st_mtime)


class Tree(LocalFileSystem):
    """``tree://…`` is what hdfs:// is like: with folders, and listings of one level that do not tell them from files."""

    root = "/nowhere"

    @classmethod
    def scheme(cls):
        return "tree"

    def _inner(self, url):
        return self.root + "/" + url.partition("://")[2]

    def has_dirs(self):
        return True

    def mkdirs(self, path):
        super().mkdirs(self._inner(path))

    def _list(self, url):
        for path in Path(self._inner(url)).iterdir():
            with suppress(FileNotFoundError):  # gone since
                yield _metadata(self, path, f"{url.rstrip('/')}/{path.name}")

    def _url_dirname(self, url_or_path):
        return url_or_path.rpartition("/")[0]

    def create(self, path, *arguments, **options):
        Path(self._inner(path)).parent.mkdir(parents=True, exist_ok=True)
        return super().create(self._inner(path), *arguments, **options)

    def open(self, path, *arguments, **options):
        return super().open(self._inner(path), *arguments, **options)

    def rename(self, sources, destinations):
        for path in destinations:
            if Path(self._inner(path)).exists():
                raise OSError(f"{path} is there")
        super().rename([self._inner(one) for one in sources], [self._inner(one) for one in destinations])

    def exists(self, path):
        return super().exists(self._inner(path))

    def metadata(self, path):
        return _metadata(self, self._inner(path), path)

    def delete(self, paths):
        for path in paths:
            Path(self._inner(path)).unlink()


class Store(Tree):
    """``store://…`` is what s3:// is like: no folders, one listing of all below, and a later file replaces an earlier one."""

    @classmethod
    def scheme(cls):
        return "store"

    def has_dirs(self):
        return False

    def rename(self, sources, destinations):
        for source, destination in zip(sources, destinations, strict=True):
            Path(self._inner(destination)).parent.mkdir(parents=True, exist_ok=True)
            Path(self._inner(source)).replace(self._inner(destination))

    def _list(self, url):
        base = Path(self.root)
        for path in sorted(base.rglob("*")):
            name = f"store://{path.relative_to(base).as_posix()}"
            if path.is_file() and name.startswith(url):
                with suppress(FileNotFoundError):  # gone since
                    yield _metadata(self, path, name)

    def exists(self, path):
        return Path(self._inner(path)).is_file()

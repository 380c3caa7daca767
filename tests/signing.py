"""Keys of invented people, and a dataset to sign that costs nothing to copy."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path
from typing import Any

from colophon.pipelines.signing import SigningKey, make_signing_key, read_signing_key, sign_dataset

TODAY = dt.date(2026, 11, 22)
NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


class Members:
    """Keys that others trust, in a folder of public keys."""

    def __init__(self, folder: Path) -> None:
        self.private, self.public = folder / "private", folder / "keys"
        self.private.mkdir(parents=True)
        self.public.mkdir()

    def join(self, name: str, days: int = 365, *, trusted: bool = True) -> SigningKey:
        path = self.private / name
        make_signing_key(path, f"{name.title()}, Site of {name}", TODAY, TODAY + dt.timedelta(days))
        if trusted:
            shutil.copy(f"{path}.pub", self.public)
        return read_signing_key(path)


def sound(_folder: Path) -> list[str]:
    """A check that finds nothing, where the check is not what is tested."""
    return []


def sign(
    folder: Path, key: SigningKey, decision: str | None = "approve", minute: int = 0, **options: Any
) -> Path:
    """The envelope that this key's owner wrote so many minutes after `NOW`."""
    options.setdefault("who", f"{key.public.owner.partition(',')[0]}, data steward")
    options.setdefault("check", sound)
    now = NOW + dt.timedelta(minutes=minute)
    signed = sign_dataset(folder, key, decision=decision, now=now, **options)
    return folder / signed.files[-1]

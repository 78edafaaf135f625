from os import PathLike
from typing import SupportsIndex

__all__ = ["mkfifo"]

def mkfifo(
    path: str | bytes | PathLike[str] | PathLike[bytes],
    mode: SupportsIndex = 0o666,
    *,
    dir_fd: SupportsIndex | None = None,
) -> None: ...

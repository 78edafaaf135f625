"""mkfifo on libmkfifo, with the signature of os.mkfifo."""

from ._mkfifo import mkfifo

__all__ = ["mkfifo"]

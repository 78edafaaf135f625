"""mkfifo.mkfifo beside os.mkfifo: the same arguments have the same result, down to the message.

One difference is wanted: errors have a filename (README.md). fuzz_python does the same with generated
arguments.
"""

import collections
import os
import pathlib
import warnings

import mkfifo
import pytest

HUGE = 2**80


class Path:
    """A path-like object that notes each question. An answer that is an exception is raised."""

    def __init__(self, answer):
        self.answer, self.asked = answer, 0

    def __fspath__(self):
        self.asked += 1
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


class Index(Path):
    """The same as a number."""

    def __index__(self):
        return self.__fspath__()


class Both(str):
    """A str whose __fspath__ says something else and is not asked."""

    def __fspath__(self):
        return "other"


class WithoutPath:
    __fspath__ = None


class OnInstance:
    def __init__(self):
        self.__fspath__ = lambda: "a"


class OnClass:
    @classmethod
    def __fspath__(cls):
        return "a"


class Static:
    @staticmethod
    def __fspath__():
        return "a"


class Meta(type):
    """Neither is asked about the objects of its classes."""

    def __fspath__(cls):
        return "a"

    @property
    def __name__(cls):
        return "other"


class Named(metaclass=Meta):
    pass


def released_view():
    view = memoryview(b"a")
    view.release()
    return view


class Bytes(bytes):
    pass


class Int(int):
    pass


paths = {
    "str": lambda: "a",
    "bytes": lambda: b"a",
    "empty": lambda: "",
    "empty bytes": lambda: b"",
    "bytes of no encoding": lambda: b"\xff\x80",
    "surrogateescape": lambda: "\udcff",
    "lone surrogate": lambda: "a\ud800",
    "beyond the BMP": lambda: "\U0001f6b0",
    "NUL": lambda: "a\0b",
    "NUL in bytes": lambda: b"a\0b",
    "NUL in a path-like": lambda: Path("a\0b"),
    "NUL in a bytearray": lambda: bytearray(b"a\0b"),
    "NUL and a lone surrogate": lambda: "\0\ud800",
    "str subclass": lambda: Both("a"),
    "bytes subclass": lambda: Bytes(b"a"),
    "pathlib": lambda: pathlib.PurePosixPath("a"),
    "path-like str": lambda: Path("a"),
    "path-like bytes": lambda: Path(b"a"),
    "path-like subclass": lambda: Path(Both("a")),
    "path-like that raises": lambda: Path(KeyError("why")),
    "path-like that raises TypeError": lambda: Path(TypeError("why")),
    "path-like int": lambda: Path(3),
    "path-like None": lambda: Path(None),
    "path-like path-like": lambda: Path(Path("a")),
    "path-like bytearray": lambda: Path(bytearray(b"a")),
    "__fspath__ is None": WithoutPath,
    "__fspath__ of the instance": OnInstance,
    "__fspath__ of the class": OnClass,
    "static __fspath__": Static,
    "class with __fspath__": lambda: Path,
    "bytearray": lambda: bytearray(b"a"),
    "memoryview": lambda: memoryview(b"a"),
    "memoryview, released": released_view,
    "class whose metaclass has __fspath__": lambda: Named,
    "its object": lambda: Named(),
    "type with a dot in its name": lambda: type("a.b" * 100, (), {})(),
    "deque": collections.deque,
    "None": lambda: None,
    "int": lambda: 3,
    "bool": lambda: True,
    "float": lambda: 1.5,
    "tuple": lambda: ("a",),
    "list": lambda: ["a"],
    "object": object,
    "name that is too long": lambda: "a" * 256,
    "absent directory": lambda: "absent/a",
}
modes = {
    "0600": lambda: 0o600,
    "0": lambda: 0,
    "file type": lambda: 0o100600,
    "above 16 bits": lambda: 0x70000 | 0o600,
    "-1": lambda: -1,
    "INT_MAX": lambda: 2**31 - 1,
    "INT_MAX + 1": lambda: 2**31,
    "INT_MIN": lambda: -(2**31),
    "INT_MIN - 1": lambda: -(2**31) - 1,
    "32 bits": lambda: 2**32 - 1,
    "33 bits": lambda: 2**32 + 0o600,
    "64 bits": lambda: 2**64,
    "huge": lambda: HUGE,
    "minus huge": lambda: -HUGE,
    "bool": lambda: True,
    "int subclass": lambda: Int(0o640),
    "index": lambda: Index(0o640),
    "index of a subclass": lambda: Index(Int(0o640)),
    "index that raises": lambda: Index(KeyError("why")),
    "index str": lambda: Index("a"),
    "index float": lambda: Index(1.0),
    "index huge": lambda: Index(HUGE),
    "index -1": lambda: Index(-1),
    "float": lambda: 384.0,
    "str": lambda: "384",
    "None": lambda: None,
    "complex": lambda: 1j,
}
descriptors = {
    "None": lambda: None,
    "AT_FDCWD": lambda: -100,
    "-1": lambda: -1,
    "not open": lambda: 999,
    "bool": lambda: True,
    "INT_MAX": lambda: 2**31 - 1,
    "INT_MAX + 1": lambda: 2**31,
    "INT_MIN - 1": lambda: -(2**31) - 1,
    "64 bits": lambda: 2**64 + 3,
    "huge": lambda: HUGE,
    "minus huge": lambda: -HUGE,
    "index": lambda: Index(-100),
    "index that raises": lambda: Index(KeyError("why")),
    "index str": lambda: Index("a"),
    "index huge": lambda: Index(HUGE),
    "int subclass": lambda: Int(-100),
    "float": lambda: 3.0,
    "str": lambda: "3",
    "bytes": lambda: b"3",
    "path": lambda: Path("a"),
}
lists = {
    "nothing": lambda: ((), {}),
    "path by name": lambda: ((), {"path": "a"}),
    "path twice": lambda: (("a",), {"path": "a"}),
    "mode by name": lambda: (("a",), {"mode": 0o600}),
    "mode twice": lambda: (("a", 0o600), {"mode": 0o600}),
    "dir_fd by position": lambda: (("a", 0o600, None), {}),
    "four": lambda: (("a", 0o600, None, None), {}),
    "mode alone": lambda: ((), {"mode": 0o600}),
    "dir_fd alone": lambda: ((), {"dir_fd": None}),
    "unknown name": lambda: (("a",), {"dirfd": None}),
    "unknown name alone": lambda: ((), {"dirfd": None}),
    "empty name": lambda: (("a",), {"": None}),
    "name that is no UTF-8": lambda: (("a",), {"\ud800": None}),
    "name that is no str": lambda: (("a",), {1: None}),
    "all by name": lambda: ((), {"dir_fd": None, "mode": 0o600, "path": "a"}),
    "too many and wrong ones": lambda: ((Path(KeyError()), Index(KeyError()), 3), {}),
    "unknown name and a wrong path": lambda: ((Path(KeyError()),), {"other": 1}),
    "wrong from left to right": lambda: ((Path(KeyError("p")), Index(KeyError("m"))), {}),
    "mode before dir_fd": lambda: (("a", "b"), {"dir_fd": "c"}),
}


def cases():
    for name, make in lists.items():
        yield pytest.param(make, id=f"list: {name}")
    for name, path in paths.items():
        yield pytest.param(lambda path=path: ((path(),), {}), id=f"path: {name}")
    for name, mode in modes.items():
        yield pytest.param(lambda mode=mode: (("a", mode()), {}), id=f"mode: {name}")
    for name, descriptor in descriptors.items():
        yield pytest.param(
            lambda descriptor=descriptor: (("a",), {"dir_fd": descriptor()}), id=f"dir_fd: {name}"
        )


def told(error):
    """What a caller can see of an exception, but the filename."""
    return type(error), error.args[:2] if isinstance(error, OSError) else error.args


def outcome(function, make, at):
    """Everything that a call with fresh arguments shows, made in the new directory `at`."""
    os.mkdir(at)
    os.chdir(at)
    positional, named = make()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            result = ("returned", function(*positional, **named))
        except Exception as error:
            result = ("raised", *told(error))
    asked = [argument.asked for argument in (*positional, *named.values()) if hasattr(argument, "asked")]
    tree = [(name, os.lstat(name).st_mode) for name in sorted(os.listdir(b"."))]
    os.chdir("..")
    return result, [(w.category, str(w.message)) for w in warned], asked, tree


@pytest.mark.parametrize("make", cases())
def test_parity(make, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert outcome(mkfifo.mkfifo, make, "ours") == outcome(os.mkfifo, make, "theirs")


def test_warning_that_is_an_error(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for function in (os.mkfifo, mkfifo.mkfifo):
            with pytest.raises(DeprecationWarning):
                function(bytearray(b"a"))
    assert os.listdir() == []

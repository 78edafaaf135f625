"""What a call of mkfifo can be given: kinds of paths, modes, descriptors and forms of the call.

A kind is a way to write one argument. It is made anew for each call from the value that a scenario
asks for, so that all kinds of one category RIGHT mean the same call. Labels are what a report
prints; {0} stands for the value.
"""

import array
import collections

from objects import Bytes, Index, Int, LongName, Meta, OnlyInt, Path, PATTERN, Str
from objects import anew, exception, insert, text, trace, under_test

RIGHT = "right"  # means the value
WARNED = "warned"  # means the value, after a DeprecationWarning
OTHER = "other"  # allowed, but another value
WRONG = "wrong"  # must be refused before anything happens

INT_MAX = 2**31 - 1
INT_MIN = -(2**31)
CWD = -100  # AT_FDCWD

ABSENT = object()  # the argument is left out


class Kind:
    __slots__ = ("label", "category", "make")

    def __init__(self, label, category, make):
        self.label, self.category, self.make = label, category, make


def kind(table, label, category=RIGHT):
    """Adds a kind: category may be a function of the value; make gets the value and a salt."""

    def add(make):
        table.append(Kind(label, category, make))
        return make

    return add


# --- paths ----------------------------------------------------------------------------------------

PATHS = []
kind(PATHS, "{0!r}")(lambda value, salt: text(value))
kind(PATHS, "fsencode({0!r})")(lambda value, salt: value)
kind(PATHS, "Str({0!r})")(lambda value, salt: Str(text(value)))
kind(PATHS, "Bytes({0!r})")(lambda value, salt: Bytes(value))
kind(PATHS, "Path({0!r})")(lambda value, salt: Path(text(value)))
kind(PATHS, "Path(fsencode({0!r}))")(lambda value, salt: Path(value))
kind(PATHS, "Path(Str({0!r}))")(lambda value, salt: Path(Str(text(value))))
kind(PATHS, "Path(Bytes({0!r}))")(lambda value, salt: Path(Bytes(value)))
kind(PATHS, "Path({0!r}, then '')")(lambda value, salt: Path(text(value), ""))
kind(PATHS, "Path({0!r}, then an exception)")(lambda v, salt: Path(v, exception(salt)))
kind(PATHS, "bytearray({0!r})", WARNED)(lambda value, salt: bytearray(value))
kind(PATHS, "memoryview({0!r})", WARNED)(lambda value, salt: memoryview(value))
kind(PATHS, "array({0!r})", WARNED)(lambda value, salt: array.array("B", value))
kind(PATHS, "Path(an exception)", WRONG)(lambda value, salt: Path(exception(salt)))
kind(PATHS, "Path(7)", WRONG)(lambda value, salt: Path(7))
kind(PATHS, "Path(None)", WRONG)(lambda value, salt: Path(None))
kind(PATHS, "Path(bytearray({0!r}))", WRONG)(lambda value, salt: Path(bytearray(value)))
kind(PATHS, "Path(Path({0!r}))", WRONG)(lambda value, salt: Path(Path(text(value))))
kind(PATHS, "7", WRONG)(lambda value, salt: 7)
kind(PATHS, "Index(7)", WRONG)(lambda value, salt: Index(7))
kind(PATHS, "True", WRONG)(lambda value, salt: True)
kind(PATHS, "None", WRONG)(lambda value, salt: None)
kind(PATHS, "1.5", WRONG)(lambda value, salt: 1.5)
kind(PATHS, "({0!r},)", WRONG)(lambda value, salt: (text(value),))
kind(PATHS, "[{0!r}]", WRONG)(lambda value, salt: [text(value)])
kind(PATHS, "object()", WRONG)(lambda value, salt: object())
kind(PATHS, "deque()", WRONG)(lambda value, salt: collections.deque())
kind(PATHS, "re.compile('')", WRONG)(lambda value, salt: PATTERN)
kind(PATHS, "an object of a type with a dot and a long name", WRONG)(lambda v, s: LongName())
kind(PATHS, "str", WRONG)(lambda value, salt: str)
kind(PATHS, "Path", WRONG)(lambda value, salt: Path)
kind(PATHS, "{0!r} with a NUL", WRONG)(lambda v, salt: text(insert(v, salt, b"\0")))
kind(PATHS, "fsencode({0!r}) with a NUL", WRONG)(lambda v, salt: insert(v, salt, b"\0"))
kind(PATHS, "Str({0!r}) with a NUL", WRONG)(lambda v, salt: Str(text(insert(v, salt, b"\0"))))
kind(PATHS, "Bytes({0!r}) with a NUL", WRONG)(lambda v, salt: Bytes(insert(v, salt, b"\0")))
kind(PATHS, "Path({0!r} with a NUL)", WRONG)(lambda v, s: Path(text(insert(v, s, b"\0"))))
kind(PATHS, "Path(fsencode({0!r}) with a NUL)", WRONG)(lambda v, s: Path(insert(v, s, b"\0")))
kind(PATHS, "bytearray({0!r}) with a NUL", WRONG)(lambda v, s: bytearray(insert(v, s, b"\0")))
kind(PATHS, "{0!r} with a surrogate", WRONG)(lambda v, s: insert(text(v), s, "\ud800"))
kind(PATHS, "{0!r} with U+1F600 and a surrogate", WRONG)(
    lambda v, s: insert(text(v), s, "\U0001f600\udfff")
)
kind(PATHS, "{0!r} with U+1F600 and a NUL", WRONG)(lambda v, s: insert(text(v), s, "\U0001f600\0"))
kind(PATHS, "Path({0!r} with a surrogate)", WRONG)(
    lambda v, s: Path(insert(text(v), s, "\udcff\ud800"))
)
kind(PATHS, "''", OTHER)(lambda value, salt: "")
kind(PATHS, "'.'", OTHER)(lambda value, salt: ".")
kind(PATHS, "'x' * 5000", OTHER)(lambda value, salt: "x" * 5000)
kind(PATHS, "Path('/')", OTHER)(lambda value, salt: Path("/"))


@kind(PATHS, "memoryview({0!r}) of every second byte", WARNED)
def _strided(value, salt):
    doubled = bytearray(2 * len(value))
    doubled[::2] = value
    return memoryview(doubled)[::2]


@kind(PATHS, "memoryview({0!r}), released", WRONG)
def _released(value, salt):
    view = memoryview(value)
    view.release()
    return view


@kind(PATHS, "a str {0!r} with __fspath__")
def _str_and_path(value, salt):
    class Both(str):
        def __fspath__(self):
            trace.append("__fspath__")
            return "x"

    return Both(text(value))


def path_class(value, salt):
    """A class of its own, which what is made of it may change."""

    class Own:
        def __fspath__(self):
            trace.append("__fspath__")
            return text(value)

    return Own


@kind(PATHS, "an object with __fspath__ = None", WRONG)
def _none(value, salt):
    own = path_class(value, salt)
    own.__fspath__ = None
    return own()


@kind(PATHS, "an object with a static __fspath__ of {0!r}")
def _static(value, salt):
    own = path_class(value, salt)
    own.__fspath__ = staticmethod(lambda: text(value))
    return own()


@kind(PATHS, "an object with a class method __fspath__ of {0!r}")
def _classmethod(value, salt):
    own = path_class(value, salt)
    own.__fspath__ = classmethod(lambda cls: text(value))
    return own()


@kind(PATHS, "an object whose __fspath__ needs an argument", WRONG)
def _argument(value, salt):
    own = path_class(value, salt)
    own.__fspath__ = lambda self, more: text(value)
    return own()


@kind(PATHS, "an object with __fspath__ in the instance alone", WRONG)
def _instance(value, salt):
    class Own:
        pass

    own = Own()
    own.__fspath__ = lambda: text(value)
    return own


@kind(PATHS, "an object with __getattr__ alone", WRONG)
def _getattr(value, salt):
    class Own:
        def __getattr__(self, name):
            trace.append(name)
            return lambda: text(value)

    return Own()


@kind(PATHS, "an object with a property __fspath__ of {0!r}")
def _property(value, salt):
    own = path_class(value, salt)

    def get(self):
        trace.append("property")
        return lambda: text(value)

    own.__fspath__ = property(get)
    return own()


@kind(PATHS, "an object whose property __fspath__ raises", WRONG)
def _property_raises(value, salt):
    own = path_class(value, salt)
    error = exception(salt)

    def get(self):
        trace.append("property")
        raise anew(error)

    own.__fspath__ = property(get)
    return own()


@kind(PATHS, "an object {0!r} whose __fspath__ deletes __fspath__")
def _deletes(value, salt):
    class Own:
        def __fspath__(self):
            trace.append("__fspath__")
            if "__fspath__" in Own.__dict__ and salt % 2:
                del Own.__fspath__
                Own.__fspath__ = lambda self: ""
            self.__class__ = Later
            return text(value)

    class Later:
        def __fspath__(self):
            return ""

    return Own()


@kind(PATHS, "an object whose metaclass has __fspath__", WRONG)
def _meta_instance(value, salt):
    return Meta("Own", (), {"value": text(value)})()


@kind(PATHS, "a class {0!r} whose metaclass has __fspath__")
def _meta(value, salt):
    return Meta("Own", (), {"value": text(value)})


@kind(PATHS, "an object {0!r} that calls mkfifo again")
def _again(value, salt):
    class Own:
        def __fspath__(self):
            trace.append("__fspath__")
            try:
                under_test[0](Path("", exception(salt)))
            except OSError as error:
                trace.append(error.errno)
            return text(value)

    return Own()


# --- modes and descriptors: numbers ---------------------------------------------------------------


def if_is(number):
    return lambda value: RIGHT if value == number else OTHER


def numbers(table, wrong_ones, boundaries):
    """What both have in common."""
    kind(table, "{0}")(lambda value, salt: value)
    kind(table, "Int({0})")(lambda value, salt: Int(value))
    kind(table, "Index({0})")(lambda value, salt: Index(value))
    kind(table, "Index({0}, then 0)")(lambda value, salt: Index(value, 0))
    kind(table, "Index({0}, then an exception)")(lambda v, salt: Index(v, exception(salt)))
    kind(table, "Index(Int({0}))", WARNED)(lambda value, salt: Index(Int(value)))
    kind(table, "True", if_is(1))(lambda value, salt: True)
    kind(table, "False", if_is(0))(lambda value, salt: False)
    kind(table, "Index(True)", WRONG)(lambda value, salt: Index(True, exception(salt)))
    table[-1].category = lambda value: WARNED if value == 1 else OTHER
    for number in boundaries:
        kind(table, str(number), if_is(number))(lambda value, salt, n=number: n)
        kind(table, f"Index({number})", if_is(number))(lambda value, salt, n=number: Index(n))
    for number in wrong_ones:
        kind(table, str(number), WRONG)(lambda value, salt, n=number: n)
        kind(table, f"Index({number})", WRONG)(lambda value, salt, n=number: Index(n))
        kind(table, f"Int({number})", WRONG)(lambda value, salt, n=number: Int(n))
    kind(table, "Index(an exception)", WRONG)(lambda value, salt: Index(exception(salt)))
    kind(table, "Index('{0}')", WRONG)(lambda value, salt: Index(str(value)))
    kind(table, "Index(None)", WRONG)(lambda value, salt: Index(None))
    kind(table, "Index(Index({0}))", WRONG)(lambda value, salt: Index(Index(value)))
    kind(table, "OnlyInt({0})", WRONG)(lambda value, salt: OnlyInt(value))
    kind(table, "float({0})", WRONG)(lambda value, salt: float(value))
    kind(table, "'{0}'", WRONG)(lambda value, salt: str(value))
    kind(table, "b'{0}'", WRONG)(lambda value, salt: str(value).encode())
    kind(table, "complex({0})", WRONG)(lambda value, salt: complex(value))
    kind(table, "({0},)", WRONG)(lambda value, salt: (value,))
    kind(table, "object()", WRONG)(lambda value, salt: object())
    kind(table, "deque()", WRONG)(lambda value, salt: collections.deque())
    kind(table, "an object of a type with a dot and a long name", WRONG)(lambda v, s: LongName())
    kind(table, "int", WRONG)(lambda value, salt: int)
    kind(table, "an object with __index__ = None", WRONG)(_no_index)
    kind(table, "an object with __index__ in the instance alone", WRONG)(_instance_index)
    kind(table, "an object with a static __index__ of {0}")(_static_index)
    kind(table, "an object whose property __index__ raises", WRONG)(_property_index)
    kind(table, "an object whose metaclass has a name of its own", WRONG)(_meta_instance_of_number)


def _no_index(value, salt):
    class Own:
        __index__ = None

    return Own()


def _instance_index(value, salt):
    class Own:
        pass

    own = Own()
    own.__index__ = lambda: value
    return own


def _static_index(value, salt):
    class Own:
        __index__ = staticmethod(lambda: value)

    return Own()


def _property_index(value, salt):
    error = exception(salt)

    class Own:
        @property
        def __index__(self):
            trace.append("property")
            raise anew(error)

    return Own()


def _meta_instance_of_number(value, salt):
    return Meta("Own", (), {})()


HUGE = (
    *(INT_MAX + 1, INT_MIN - 1, 2**32 - 1, 2**32),
    *(2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64, 10**40),
)
MODES = []
numbers(MODES, HUGE, (INT_MAX, INT_MIN, -1))
kind(MODES, "None", WRONG)(lambda value, salt: None)
kind(MODES, "", if_is(0o666))(lambda value, salt: ABSENT)

DESCRIPTORS = []
kind(DESCRIPTORS, "{0}")(lambda value, salt: ABSENT if value == CWD else value)
numbers(DESCRIPTORS, HUGE, (INT_MAX, INT_MIN, -1, CWD))
kind(DESCRIPTORS, "", if_is(CWD))(lambda value, salt: ABSENT)
kind(DESCRIPTORS, "None", if_is(CWD))(lambda value, salt: None)

# --- forms of the call: which arguments go by position, which by name -----------------------------


def given(**arguments):
    return {name: value for name, value in arguments.items() if value is not ABSENT}


def by_position(path, mode, descriptor):
    return (path,) if mode is ABSENT else (path, mode)


FORMS = []


def form(label, category=RIGHT):
    return kind(FORMS, label, category)


form("mkfifo({0}, {1}, dir_fd={2})")(
    lambda p, m, d: (by_position(p, m, d), given(dir_fd=d))
)
form("mkfifo({0}, mode={1}, dir_fd={2})")(lambda p, m, d: ((p,), given(mode=m, dir_fd=d)))
form("mkfifo(path={0}, mode={1}, dir_fd={2})")(
    lambda p, m, d: ((), given(path=p, mode=m, dir_fd=d))
)
form("mkfifo(dir_fd={2}, mode={1}, path={0})")(
    lambda p, m, d: ((), given(dir_fd=d, mode=m, path=p))
)
form("mkfifo(**{{Str('path'): {0}, Str('mode'): {1}, Str('dir_fd'): {2}}})")(
    lambda p, m, d: (
        (),
        {Str(name): value for name, value in given(path=p, mode=m, dir_fd=d).items()},
    )
)
form("mkfifo()", WRONG)(lambda p, m, d: ((), {}))
form("mkfifo(mode={1})", WRONG)(lambda p, m, d: ((), {"mode": 0o600}))
form("mkfifo(dir_fd={2})", WRONG)(lambda p, m, d: ((), {"dir_fd": None}))
form("mkfifo({0}, {1}, {2})", WRONG)(lambda p, m, d: ((p, m, d), {}))
form("mkfifo({0}, {1}, {2}, dir_fd={2})", WRONG)(lambda p, m, d: ((p, m, d), {"dir_fd": d}))
form("mkfifo({0}, {1}, {2}, {2})", WRONG)(lambda p, m, d: ((p, m, d, d), {}))
form("mkfifo({0}, path={0})", WRONG)(lambda p, m, d: ((p,), {"path": p}))
form("mkfifo({0}, {1}, mode={1})", WRONG)(lambda p, m, d: ((p, m), {"mode": m}))
form("mkfifo({0}, {1}, mode={1}, dir_fd={2})", WRONG)(
    lambda p, m, d: ((p, m), {"mode": m, "dir_fd": d})
)
form("mkfifo({1}, path={0})", WRONG)(lambda p, m, d: ((m,), {"path": p}))
form("mkfifo({0}, {1}, flags=0)", WRONG)(lambda p, m, d: ((p, m), {"flags": 0}))
form("mkfifo({0}, flags=0, more=1)", WRONG)(lambda p, m, d: ((p,), {"flags": 0, "more": 1}))
form("mkfifo(flags=0)", WRONG)(lambda p, m, d: ((), {"flags": 0}))
form("mkfifo({0}, {1}, dir_fd={2}, flags=0)", WRONG)(
    lambda p, m, d: ((p, m), {"dir_fd": d, "flags": 0})
)
form("mkfifo({0}, **{{'': 0}})", WRONG)(lambda p, m, d: ((p,), {"": 0}))
form("mkfifo({0}, Mode={1})", WRONG)(lambda p, m, d: ((p,), {"Mode": m}))
form("mkfifo({0}, **{{'mode\\0': {1}}})", WRONG)(lambda p, m, d: ((p,), {"mode\0": m}))
form("mkfifo({0}, **{{'\\ud800': {1}}})", WRONG)(lambda p, m, d: ((p,), {"\ud800": m}))
form("mkfifo({0}, **{{7: {1}}})", WRONG)(lambda p, m, d: ((p,), {7: m}))
form("mkfifo({0}, **{{7: {1}, 'dir_fd': {2}}})", WRONG)(
    lambda p, m, d: ((p,), {7: m, "dir_fd": d})
)
form("mkfifo(*{0})", WRONG)(lambda p, m, d: (("a",) * 3, {}))

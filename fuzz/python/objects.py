"""Objects to call mkfifo with, which tell what is asked of them."""

import re

trace = []  # what was called back since the call began, in order
under_test = []  # the function that is called just now, for those that call it again


def told(name):
    def method(self, *arguments):
        trace.append(name)
        return getattr(super(type(self), self), name)(*arguments)

    return method


LOUD = ("__str__", "__repr__", "__format__", "__hash__", "__eq__", "__sizeof__", "__dir__")


def loud(cls):
    for name in LOUD:
        setattr(cls, name, told(name))
    return cls


class Answers:
    """Gives one answer after the other, the last one for ever; exceptions are raised."""

    __slots__ = ("answers", "next")

    def __init__(self, *answers):
        self.answers, self.next = answers, 0

    def answer(self, name):
        trace.append(name)
        answer = self.answers[self.next]
        self.next = min(self.next + 1, len(self.answers) - 1)
        if isinstance(answer, BaseException):
            raise anew(answer)
        return answer


@loud
class Path(Answers):
    __slots__ = ()

    def __fspath__(self):
        return self.answer("__fspath__")


@loud
class Index(Answers):
    __slots__ = ()

    def __index__(self):
        return self.answer("__index__")

    def __int__(self):
        return self.answer("__int__")


@loud
class OnlyInt(Answers):
    __slots__ = ()

    def __int__(self):
        return self.answer("__int__")

    __trunc__ = __float__ = __int__


@loud
class Str(str):
    pass


@loud
class Bytes(bytes):
    pass


@loud
class Int(int):
    def __index__(self):
        trace.append("__index__")
        return 0

    __int__ = __index__


LongName = type("dotted." + "Long" * 100, (), {})
PATTERN = re.compile("")


class OwnError(OSError):
    """An OSError that is not mkfifo's."""


def exceptions():
    return (ValueError("own"), TypeError("own"), OwnError(2, "own"), KeyboardInterrupt(),
            SystemExit(3), StopIteration(), AttributeError("own"), OverflowError("own"),
            MemoryError(), LookupError())  # fmt: skip


def exception(salt):
    every = exceptions()
    return every[salt % len(every)]


def anew(error):
    """A copy, for what was raised keeps frames and so their arguments."""
    return type(error)(*error.args)


def text(value):
    return value.decode("utf-8", "surrogateescape")


def insert(value, salt, piece):
    at = salt % (len(value) + 1)
    return value[:at] + piece + value[at:]


class Meta(type):
    def __fspath__(cls):
        trace.append("metaclass")
        return cls.value

    @property
    def __name__(cls):
        trace.append("__name__")
        return "renamed"

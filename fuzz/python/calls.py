"""Makes the calls of a plan, notes all that they show, and compares two functions' notes.

A plan is rows of five bytes: kind of path, mode, descriptor and form, and a salt. Each call of a
scenario is made by several rows. The first one that means the scenario's call is the one that is
judged; what comes before is refused, and what comes behind finds the FIFO there.
"""

import errno
import gc
import warnings
from operator import sub
from sys import getallocatedblocks, getrefcount

import kinds
from kinds import OTHER, RIGHT, WARNED, WRONG
from objects import OwnError, trace, under_test

ROW = 5
STRICT = 0x80  # in the salt: warnings are errors
SALT = 0x7F
GARBAGE = 20000  # objects in cycles, before they are collected
TRIALS = 32  # how often a call is repeated to see whether it leaks
PLAIN = bytes(ROW)
TABLES = (kinds.PATHS, kinds.MODES, kinds.DESCRIPTORS, kinds.FORMS)  # a column of a row each

functions = []  # the reference, then the one under test
logs = [[], []]
faults = []  # what is wrong whatever the other function does
state = bytearray(2)  # for the host: index of the row at hand; whether a call has met ELOOP
made = [0, 0]  # calls of each function in all
plan = {"rows": (PLAIN,), "per_call": 1, "trial": False}


# --- one list of arguments ------------------------------------------------------------------------


class List:
    """One row, made into arguments for the scenario's call."""

    __slots__ = ("index", "which", "category", "strict", "value", "path", "positional", "named")

    def __init__(self, index, row, value):
        salt = row[-1]
        which = [table[byte % len(table)] for table, byte in zip(TABLES, row)]
        self.index, self.which, self.value = index, which, value
        self.strict = salt & STRICT != 0
        self.category = categorize(which, value)
        salt &= SALT
        name = b"" if self.category == OTHER else value[0]
        self.path = which[0].make(name, salt)
        arguments = (self.path, which[1].make(value[1], salt), which[2].make(value[2], salt))
        self.positional, self.named = which[3].make(*arguments)

    def means_the_value(self):
        return self.category == RIGHT or (self.category == WARNED and not self.strict)


WORST = {RIGHT: 0, WARNED: 1, OTHER: 2, WRONG: 3}


def categorize(which, value):
    """The worst of the arguments' categories."""
    worst = RIGHT
    for one, of in zip(which, (*value, None)):
        category = one.category if type(one.category) is str else one.category(of)
        if WORST[category] > WORST[worst]:
            worst = category
    return worst


def show(which, value):
    """As it would be written: mkfifo(Path('a'), mode=Index(438))."""
    text = value[0].decode("utf-8", "surrogateescape")
    path = which[0].label.format(text)
    numbers = [one.label.format(of) for one, of in zip(which[1:3], value[1:])]
    return which[3].label.format(path, *numbers)


def labels():
    """For reports after a crash: a list of texts for each column of a row."""
    return [[one.label.encode() for one in table] for table in TABLES]


# --- one call -------------------------------------------------------------------------------------

strict = False


def warned(message, category, filename, lineno, file=None, line=None):
    trace.append(("warning", category.__name__, str(message)))
    if strict:
        raise category(message)


def names_the_path(error, path, is_reference):
    """The one difference that there is to be: os.mkfifo does not tell the path."""
    if isinstance(error, OwnError):
        return error.filename is None
    return error.filename is (None if is_reference else path)


def describe(error, path, is_reference):
    told = [type(error).__module__, type(error).__qualname__, repr(error.args)]
    for other in (error.__context__, error.__cause__):
        told.append(other and (type(other).__qualname__, repr(other.args)))
    if isinstance(error, OSError):
        told += [error.errno, error.strerror, error.filename2]
        if not names_the_path(error, path, is_reference):
            told.append(f"filename is {error.filename!r}")
    return tuple(told)


def is_shared(one):
    """Objects that the interpreter uses itself, all the time."""
    return one is None or type(one) is bool or (type(one) is int and -5 <= one <= 256)


def watched(arguments, path):
    """The arguments and their types."""
    names = [name for name in arguments.named if type(name) is not str]
    every = (*arguments.positional, *arguments.named.values(), *names, path)
    objects = [one for one in every if not is_shared(one)]
    return objects + [type(one) for one in objects]


def call(function, arguments, path, is_reference):
    """What came of it: a tuple of plain values, to be compared with another function's."""
    global strict
    objects = watched(arguments, path)
    trace.clear()
    strict = arguments.strict
    before = [getrefcount(one) for one in objects]
    try:
        outcome = function(*arguments.positional, **arguments.named)
    except BaseException as error:
        outcome = describe(error, path, is_reference)
    else:
        outcome = "returned" if outcome is None else f"returned {outcome!r}"
    seen = tuple(trace)
    after = [getrefcount(one) for one in objects]
    return outcome, seen, tuple(map(sub, after, before))


SHARED = (None, True, False, 0o666, int, str, bytes, TypeError, ValueError, OverflowError)
NAME_OF = type.__dict__["__name__"].__get__


def kept_by_each(function, arguments):
    """
    Blocks of memory, and references to what all share, that each of many calls leaves behind. Names
    of types are seen only so: the interpreter's caches take and drop a reference at any time.
    """
    names = [NAME_OF(type(one)) for one in (*arguments.positional, *arguments.named.values())]
    objects = (*SHARED, *names)
    blocks, before = getallocatedblocks(), [getrefcount(one) for one in objects]
    for _ in range(TRIALS):
        try:
            function(*arguments.positional, **arguments.named)
        except BaseException:
            pass
        trace.clear()
    after = [getrefcount(one) for one in objects]
    kept = (getallocatedblocks() - blocks, *map(sub, after, before))
    return [each // TRIALS if each > 0 else 0 for each in kept]


def growth(function, arguments):
    """What is kept each time; once in a while the interpreter itself keeps something."""
    kept = kept_by_each(function, arguments)
    for _ in range(10):
        if any(kept):
            kept = kept_by_each(function, arguments)
    return kept


def is_refused(outcome):
    return type(outcome) is tuple and (len(outcome) < 6 or outcome[1] == OwnError.__qualname__)


def check(arguments, outcome):
    """Our own judgement, where it needs no scenario."""
    if arguments.category == WRONG and not is_refused(outcome):
        faults.append(f"{show(arguments.which, arguments.value)}: must be refused: {outcome}")
    elif arguments.category != WRONG and not arguments.strict and is_refused(outcome):
        faults.append(f"{show(arguments.which, arguments.value)}: is allowed: {outcome}")


def make_list(which, arguments):
    """Makes the call and notes it; returns its outcome."""
    function = functions[which]
    under_test[:] = [function]
    record = call(function, arguments, arguments.path, which == 0)
    made[which] += 1
    check(arguments, record[0])
    state[1] |= number_of(record[0]) == errno.ELOOP
    logs[which].append((arguments.which, arguments.value, record))
    if plan["trial"] and arguments.category == WRONG:
        logs[which].append((arguments.which, arguments.value, growth(function, arguments)))
        made[which] += TRIALS
    return record[0]


# --- what the host calls --------------------------------------------------------------------------


def begin(rows, per_call, trial):
    """A new input; `rows` are bytes, and none means the plain call."""
    logs[0].clear()
    logs[1].clear()
    faults.clear()
    state[1] = False
    if gc.get_count()[0] > GARBAGE:
        gc.collect()
    split = [rows[at : at + ROW] for at in range(0, len(rows), ROW)]
    plan.update(rows=split or (PLAIN,), per_call=per_call, trial=trial, at=[0, 0])


def number_of(outcome):
    """0, an errno, or -1 for what neither is."""
    if outcome == "returned":
        return 0
    return outcome[5] if type(outcome) is tuple and len(outcome) >= 8 else -1


def make(which, path, mode, descriptor):
    """All lists of one call of the scenario; returns what the judged one came to (number_of)."""
    value = (path, mode, descriptor)
    rows, judged = plan["rows"], None
    for _ in range(plan["per_call"]):
        at = plan["at"][which] % len(rows)
        plan["at"][which] += 1
        state[0] = at
        arguments = List(at, rows[at], value)
        outcome = make_list(which, arguments)
        if judged is None and arguments.means_the_value():
            judged = number_of(outcome)
    if judged is None:
        judged = number_of(make_list(which, List(0, PLAIN, value)))
    return judged


PARTS = ("what came of it", "what was called back", "references kept to arguments and types")
OF_MANY = "blocks of memory and references to shared objects that each of many calls keeps"


def tell(one, other):
    """Notes of the two functions where they differ."""
    parts = zip((OF_MANY,), (one,), (other,)) if type(one) is list else zip(PARTS, one, other)
    return "".join(
        f"\n  {name}:\n    os.mkfifo:  {mine}\n    the module: {its}"
        for name, mine, its in parts
        if mine != its
    )


def compare():
    """None, or in words the first thing in which the functions differ or a fault of one."""
    if faults:
        return faults[0]
    for one, other in zip(*logs):
        if one != other:
            return show(other[0], other[1]) + tell(one[2], other[2])
    if len(logs[0]) != len(logs[1]):
        return f"{len(logs[0])} calls of os.mkfifo, {len(logs[1])} of the module"
    return None


def warm_up():
    """Whatever is loaded late is loaded now, by the reference: later there are no files."""
    gc.disable()  # or references would vanish while they are counted
    warnings.simplefilter("always")
    warnings.showwarning = warned
    for error in ("surrogateescape", "strict"):
        try:
            "\ud800".encode("utf-8", error)
        except UnicodeEncodeError as failed:
            str(failed)
    for at, table in enumerate(TABLES):
        for index in range(len(table)):
            row = bytearray(ROW)
            row[at] = index
            begin(bytes(row), 1, False)
            make(0, b"/nowhere/x", 0o666, kinds.CWD)
    made[:] = [0, 0]
    gc.collect()
    gc.freeze()

"""Signals and threads while the system call runs, with a call that is made for it.

testing/interrupted.c is in the module's place of libmkfifo; CMake builds it.
"""

import os
import signal
import sys
import threading

import pytest

interrupted = pytest.importorskip("_mkfifo", reason="only in the project's build folder")


@pytest.fixture
def handled():
    """The calls of a handler, and what it is to raise in which of them, counted from 1."""
    calls = []
    raising = {}

    def handler(number, frame):
        calls.append(number)
        if len(calls) in raising:
            raise raising[len(calls)]

    before = signal.signal(signal.SIGUSR1, handler)
    yield calls, raising
    signal.signal(signal.SIGUSR1, before)


@pytest.mark.parametrize("times", [0, 1, 5])
def test_interrupted_call_is_made_again_after_the_handler(handled, times):
    calls, _ = handled
    assert interrupted.mkfifo("fifo", times) is None
    assert calls == [signal.SIGUSR1] * times


def test_what_a_handler_raises_ends_the_call(handled):
    calls, raising = handled
    raising[2] = KeyError("enough")
    with pytest.raises(KeyError, match="enough"):
        interrupted.mkfifo("fifo", 5)
    assert len(calls) == 2
    interrupted.mkfifo("fifo", 2)  # which finds it where it was left
    assert len(calls) == 2


def test_other_threads_run_meanwhile():
    """Deadlocks if the call keeps the interpreter's lock: nothing else takes it from this thread."""
    reader, writer = os.pipe()
    calling = threading.Event()

    def answer():
        calling.wait()
        os.write(writer, b"x")

    other = threading.Thread(target=answer)
    other.start()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(3600)
    calling.set()
    interrupted.mkfifo("fifo", dir_fd=reader)
    sys.setswitchinterval(interval)
    other.join()
    os.close(reader)
    os.close(writer)

"""What a call of mkfifo.mkfifo costs beside one of os.mkfifo, in one run.

Usage: python3 src/python/testing/bench.py [FOLDER], with the package installed or on PYTHONPATH. The FIFOs
are made in a new directory below FOLDER, which had better be a tmpfs: /dev/shm if none is given.
The two take turns, so that what else the machine does hits both alike; medians are printed.
"""

import os
import statistics
import sys
import tempfile
import time

from mkfifo import mkfifo

CALLS, ROUNDS = 200, 500
names = [f"fifo{i}" for i in range(CALLS)]


def once(function, name):
    function(name)


def by_keywords(function, name):
    function(path=name, mode=0o600, dir_fd=None)


def failing(function, name):
    try:
        function("absent/fifo")
    except FileNotFoundError:
        pass


def nanoseconds(call, function):
    start = time.perf_counter_ns()
    for name in names:
        call(function, name)
    end = time.perf_counter_ns()
    for name in os.listdir():
        os.unlink(name)
    return (end - start) / CALLS


def compare(call):
    ours, theirs = [], []
    for turn in range(ROUNDS):
        for function, times in ((mkfifo, ours), (os.mkfifo, theirs))[:: 1 if turn % 2 else -1]:
            times.append(nanoseconds(call, function))
    ratios = [mine / other for mine, other in zip(ours, theirs)]
    return statistics.median(ours), statistics.median(theirs), statistics.median(ratios)


with tempfile.TemporaryDirectory(dir=(sys.argv + ["/dev/shm"])[1]) as folder:
    os.chdir(folder)
    print("call            mkfifo.mkfifo      os.mkfifo  ratio")
    for title, call in (("mkfifo(name)", once), ("by keywords", by_keywords), ("failing", failing)):
        mine, other, ratio = compare(call)
        print(f"{title:15} {mine:10.0f} ns  {other:10.0f} ns  {ratio:5.3f}")
    os.chdir("/")

"""CPython's own tests of mkfifo, with the module's function in the place of os.mkfifo.

They come with CPython, on Debian in libpython3.11-testsuite. Whatever test mentions mkfifo is run.
"""

import importlib
import inspect
import os
import posix
import unittest

import mkfifo
import pytest

MODULES = ["test.test_posix", "test.test_stat", "test.test_shutil", "test.test_pathlib", "test._test_eintr"]
REASON = "CPython's tests are not installed (libpython3.11-testsuite)"
pytest.importorskip("test.test_posix", reason=REASON)


def each_test(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from each_test(test)
        else:
            yield test


def mentions_mkfifo(test):
    method = getattr(test, test._testMethodName)
    return "mkfifo" in inspect.getsource(inspect.unwrap(method))


def is_of_another_system(test):
    """Weak linking is tested on macOS."""
    return type(test).__name__ == "TestPosixWeaklinking" or type(test).__name__.startswith("Windows")


def each_test_of_mkfifo():
    for name in MODULES:
        module = importlib.import_module(name)
        for test in each_test(unittest.defaultTestLoader.loadTestsFromModule(module)):
            if mentions_mkfifo(test) and not is_of_another_system(test):
                yield pytest.param(test, id=test.id())


@pytest.fixture
def calls(tmp_path, monkeypatch):
    made = []

    def counted(*positional, **named):
        made.append(positional)
        return mkfifo.mkfifo(*positional, **named)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "mkfifo", counted)
    monkeypatch.setattr(posix, "mkfifo", counted)
    return made


@pytest.mark.parametrize("test", each_test_of_mkfifo())
def test_of_cpython(test, calls):
    result = unittest.TestResult()
    test.run(result)
    assert result.testsRun == 1
    assert not result.failures + result.errors
    assert not result.skipped
    assert calls, "it never called mkfifo"

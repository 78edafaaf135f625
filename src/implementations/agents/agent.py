"""os.mkfifo as an agent of fifofuzz (see ../README.md). Usage: agent.py [str|bytes|pathlike [MODULE]]

The first argument says what a path is handed over as, the second whose mkfifo is called: that of
the module in this folder.
"""

import fcntl
import importlib
import os
import sys


class Name:
    """A path that is no string, but knows one."""

    def __init__(self, path):
        self.path = os.fsdecode(path)

    def __fspath__(self):
        return self.path


def set_umask(mode):
    os.umask(mode)


kind, *module = sys.argv[1:] or ["str"]
as_path = {"str": os.fsdecode, "bytes": bytes, "pathlike": Name}[kind]
mkfifo = importlib.import_module(os.path.basename(module[0])).mkfifo if module else os.mkfifo
requests = {
    "mkfifo": lambda mode, path: mkfifo(as_path(path), mode),
    "mkfifoat": lambda dirfd, mode, path: mkfifo(as_path(path), mode, dir_fd=dirfd),
    "umask": set_umask,
    "chdir": lambda path: os.chdir(path),
    "open": lambda flags, path: os.open(path, flags),
    "dup": lambda number, least: fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, least),
    "close": lambda number: os.close(number),
}


def answer(verb, operands):
    try:
        return str(requests[verb](*operands) or 0)
    except OSError as error:
        return f"-1 {error.errno}"
    except Exception as error:
        return f"raised {type(error).__name__}"


def say(line):
    os.write(1, line.encode() + b"\n")


say(f"fifofuzz-agent 1 {os.getpid()} mkfifo mkfifoat open counted")
for line in sys.stdin.buffer:
    verb, *words = line.decode().split()
    operands = [int(word) for word in words]
    if verb in ("mkfifo", "mkfifoat", "chdir", "open"):
        operands[-1] = sys.stdin.buffer.read(operands[-1])
    say(answer(verb, operands))

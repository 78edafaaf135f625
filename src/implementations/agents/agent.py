"""os.mkfifo as an agent of fifofuzz (see ../README.md). Usage: agent.py [str|bytes|pathlike]

The argument says what a path is handed over as.
"""

import fcntl
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


as_path = {"str": os.fsdecode, "bytes": bytes, "pathlike": Name}[(sys.argv + ["str"])[1]]
requests = {
    "mkfifo": lambda mode, path: os.mkfifo(as_path(path), mode),
    "mkfifoat": lambda dirfd, mode, path: os.mkfifo(as_path(path), mode, dir_fd=dirfd),
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

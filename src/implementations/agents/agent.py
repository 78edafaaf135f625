"""os.mkfifo as an agent of fifofuzz (see ../README.md). Usage: agent.py [str|bytes|pathlike [MODULE]]

The first argument says what a path is handed over as, the second whose mkfifo is called: that of
the module in this folder. A str stands for bytes in the file system encoding, and what that cannot
decode for lone surrogates U+DC80 to U+DCFF (PEP 383), so it has to refuse other surrogates, or in
ASCII all other characters.
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
unencodable = "\u20ac" if sys.getfilesystemencoding() == "ascii" else "\ud800"
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


def read_path(words):
    """The path that the last of `words` announce, which it takes off: bytes, or a text."""
    path = sys.stdin.buffer.read(int(words.pop()))
    if "unencodable" not in words:
        return path
    left = int(words.pop())
    words.pop()
    return os.fsdecode(path[:left]) + unencodable + os.fsdecode(path[left:])


def say(line):
    os.write(1, line.encode() + b"\n")


text = "" if kind == "bytes" else " text"
say(f"fifofuzz-agent 1 {os.getpid()} mkfifo mkfifoat open counted wide limits{text}")
for line in sys.stdin.buffer:
    verb, *words = line.decode().split()
    path = [read_path(words)] if verb in ("mkfifo", "mkfifoat", "chdir", "open") else []
    say(answer(verb, [int(word) for word in words] + path))

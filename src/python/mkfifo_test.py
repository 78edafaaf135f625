"""What the documentation of os.mkfifo and the manual say of mkfifo.mkfifo."""

import errno
import inspect
import os
import pathlib
import pydoc
import stat
import subprocess
import sys
import threading

import pytest
from mkfifo import mkfifo

ABSENT = -1  # no descriptor has this number
PACKAGES = pathlib.Path(sys.modules["mkfifo"].__file__).absolute().parents[1]


@pytest.fixture(autouse=True)
def inside(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def directory():
    os.mkdir("directory")
    descriptor = os.open("directory", os.O_RDONLY | os.O_DIRECTORY)
    yield descriptor
    os.close(descriptor)


def mode_of(path):
    mode = os.lstat(path).st_mode
    assert stat.S_ISFIFO(mode)
    return stat.S_IMODE(mode)


def as_nobody(function):
    """Calls function in a child as a user who owns nothing; the class of what it raised, or None."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setresgid(65534, 65534, 65534)
            os.setresuid(65534, 65534, 65534)
        try:
            function()
        except BaseException as error:
            os.write(writer, type(error).__name__.encode())
        os._exit(0)
    os.close(writer)
    with open(reader, "rb") as pipe:
        name = pipe.read().decode()
    os.waitpid(child, 0)
    return name or None


# --- what is made ---------------------------------------------------------------------------------


def test_returns_none():
    assert mkfifo("fifo") is None


@pytest.mark.parametrize("path", ["fifo", b"fifo", pathlib.Path("fifo")])
def test_path_is_str_bytes_or_pathlike(path):
    mkfifo(path)
    assert os.listdir() == ["fifo"]


def test_default_mode_is_0666():
    os.umask(0)
    mkfifo("fifo")
    assert mode_of("fifo") == 0o666


@pytest.mark.parametrize("umask", [0, 0o022, 0o077, 0o777])
@pytest.mark.parametrize("mode", [0, 0o600, 0o644, 0o777, 0o1777])
def test_permissions_are_mode_without_umask(mode, umask):
    os.umask(umask)
    mkfifo("fifo", mode)
    assert mode_of("fifo") == mode & ~umask


def test_mode_by_name():
    mkfifo(path="fifo", mode=0o600)
    assert mode_of("fifo") == 0o600


def test_bytes_that_are_no_utf8():
    mkfifo(b"\xff")
    mkfifo(os.fsdecode(b"\xfe"))
    assert sorted(os.listdir(b".")) == [b"\xfe", b"\xff"]


# --- dir_fd ---------------------------------------------------------------------------------------


def test_relative_path_starts_at_dir_fd(directory):
    mkfifo("fifo", dir_fd=directory)
    assert os.listdir("directory") == ["fifo"]


def test_absolute_path_ignores_dir_fd(tmp_path, directory):
    mkfifo(tmp_path / "one", dir_fd=directory)
    mkfifo(tmp_path / "two", dir_fd=ABSENT)
    assert sorted(os.listdir()) == ["directory", "one", "two"]


def test_dir_fd_none_is_the_current_directory():
    mkfifo("fifo", dir_fd=None)
    assert os.listdir() == ["fifo"]


def test_dir_fd_is_keyword_only(directory):
    with pytest.raises(TypeError):
        mkfifo("fifo", 0o666, directory)


def test_dir_fd_that_is_not_open():
    with pytest.raises(OSError) as caught:
        mkfifo("fifo", dir_fd=ABSENT)
    assert caught.value.errno == errno.EBADF


def test_dir_fd_that_is_no_directory():
    with open("file", "w") as file, pytest.raises(NotADirectoryError):
        mkfifo("fifo", dir_fd=file.fileno())


# --- failures -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["file", "directory", "fifo", "link", "dangling link"])
def test_existing_name(kind):
    made = {
        "file": lambda: open("name", "x").close(),
        "directory": lambda: os.mkdir("name"),
        "fifo": lambda: mkfifo("name"),
        "link": lambda: os.symlink(".", "name"),
        "dangling link": lambda: os.symlink("absent", "name"),
    }
    made[kind]()
    with pytest.raises(FileExistsError):
        mkfifo("name")
    assert os.listdir() == ["name"]


@pytest.mark.parametrize(
    "path, expected",
    [
        ("", FileNotFoundError),
        ("absent/fifo", FileNotFoundError),
        ("file/fifo", NotADirectoryError),
    ],
)
def test_subclass_of_the_errno(path, expected):
    open("file", "x").close()
    with pytest.raises(expected):
        mkfifo(path)


@pytest.mark.parametrize("path", ["n" * 256, "/".join(["n"] * 3000)])
def test_name_that_is_too_long(path):
    with pytest.raises(OSError) as caught:
        mkfifo(path)
    assert caught.value.errno == errno.ENAMETOOLONG


def test_directory_of_another_user():
    os.mkdir("locked", 0)
    assert as_nobody(lambda: mkfifo("locked/fifo")) == "PermissionError"


@pytest.mark.parametrize("path", ["absent/fifo", b"absent/fifo", pathlib.Path("absent/fifo")])
def test_error_names_what_was_passed(path):
    with pytest.raises(FileNotFoundError) as caught:
        mkfifo(path)
    error = caught.value
    assert error.filename is path
    assert error.filename2 is None
    assert (error.errno, error.strerror) == (errno.ENOENT, os.strerror(errno.ENOENT))


@pytest.mark.parametrize("path", ["a\0b", b"a\0b", pathlib.Path("a\0b"), "\0", b"a\0"])
def test_nul_in_the_path(path):
    with pytest.raises(ValueError):
        mkfifo(path)
    assert os.listdir() == []


# --- the FIFO in use ------------------------------------------------------------------------------


def test_example_of_a_server_and_a_client():
    """Both programs of README.md, each in a process of its own."""
    page = pathlib.Path(__file__).with_name("README.md").read_text()
    server, client = [block.split("```")[0] for block in page.split("```python\n")[1:]]
    environment = {**os.environ, "PYTHONPATH": str(PACKAGES)}
    serving = subprocess.Popen([sys.executable, "-c", server], env=environment)
    while not os.path.exists("replies"):
        assert serving.poll() is None
    asking = subprocess.run([sys.executable, "-c", client], stdout=subprocess.PIPE, text=True)
    assert asking.stdout == "HELLO\n"
    assert serving.wait() == 0
    assert os.listdir() == []


def test_opening_waits_for_the_other_end():
    mkfifo("fifo")
    opened = []
    reader = threading.Thread(target=lambda: opened.append(open("fifo")))
    reader.start()
    writer = open("fifo", "w")  # would wait for ever, if the reader did not come
    reader.join()
    writer.write("hello")
    writer.close()
    assert opened[0].read() == "hello"
    opened[0].close()


def test_nobody_reads_yet():
    mkfifo("fifo")
    with pytest.raises(OSError) as caught:
        os.open("fifo", os.O_WRONLY | os.O_NONBLOCK)
    assert caught.value.errno == errno.ENXIO


# --- what it looks like ---------------------------------------------------------------------------


def test_signature():
    assert inspect.signature(mkfifo) == inspect.signature(os.mkfifo)


def test_help():
    text = pydoc.plaintext.document(mkfifo)
    assert text.startswith("mkfifo(path, mode=438, *, dir_fd=None)")
    assert "umask" in text
    assert mkfifo.__doc__ != os.mkfifo.__doc__

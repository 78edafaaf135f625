/*
 * agent.c - mkfifo and mkfifoat of the C library that this is linked with, as an agent (see
 * ../README.md). Usage: agent [mkfifo|mknod|raw]
 *
 *   mkfifo  the two functions themselves, the default
 *   mknod   mknod(path, mode | S_IFIFO, 0) and mknodat
 *   raw     the system call mknodat(2) for both
 *
 * One file, for any C library and any cross compiler: cc -o agent agent.c. What a library lacks is
 * told with -D: LACKS_MKFIFOAT, LACKS_MKNODAT, LACKS_SYSCALL. REQUESTS_FROM_X86_64 makes an agent
 * for another machine, run by an emulator, read the flags of open as numbers of x86-64.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>
#ifndef LACKS_SYSCALL
#include <sys/syscall.h>
#endif

enum {
    ERRNO_POISON = 7777, /* errno before each call: an answer of it says that errno was not set */
    INPUT_SIZE = 16384,
    AREA_SIZE = 65536, /* a multiple of every page size */
    LINE_SIZE = 128,
};

/* --- the entry points under test -------------------------------------------------------------- */

/* Of a library whose mkfifo is an inline function there is no address. */
static int make_fifo(const char *path, mode_t mode) {
    return mkfifo(path, mode);
}

static int make_node(const char *path, mode_t mode) {
    return mknod(path, mode | S_IFIFO, 0);
}

#ifdef LACKS_MKFIFOAT
#define MKFIFOAT NULL
#else
#define MKFIFOAT mkfifoat
#endif

#ifdef LACKS_MKNODAT
#define MAKE_NODE_AT NULL
#else
static int make_node_at(int dirfd, const char *path, mode_t mode) {
    return mknodat(dirfd, path, mode | S_IFIFO, 0);
}
#define MAKE_NODE_AT make_node_at
#endif

#ifdef LACKS_SYSCALL
#define CALL    NULL
#define CALL_AT NULL
#else
static int call_at(int dirfd, const char *path, mode_t mode) {
    return (int)syscall(SYS_mknodat, dirfd, path, mode | S_IFIFO, 0);
}
static int call(const char *path, mode_t mode) {
    return call_at(AT_FDCWD, path, mode);
}
#define CALL    call
#define CALL_AT call_at
#endif

/* NULL is what this C library lacks. */
static const struct entry_points {
    const char *name;
    const char *plain_name, *at_name; /* what is called for them */
    int (*plain)(const char *path, mode_t mode);
    int (*at)(int dirfd, const char *path, mode_t mode);
} choices[] = {
    {"mkfifo", "mkfifo", "mkfifoat", make_fifo, MKFIFOAT},
    {"mknod", "mknod", "mknodat", make_node, MAKE_NODE_AT},
    {"raw", "syscall", "syscall", CALL, CALL_AT},
};
static const struct entry_points *chosen = choices;

/* --- input and output ------------------------------------------------------------------------- */

static char input[INPUT_SIZE]; /* what was read and not used yet is from `next` to `end` */
static char *next = input, *end = input;

/* Appends `text` at `out`; returns the end. */
static char *append(char *out, const char *text) {
    size_t length = strlen(text);
    memcpy(out, text, length + 1);
    return out + length;
}

/* Appends `number` in decimal at `out`; returns the end. */
static char *append_number(char *out, long number) {
    char digits[24];
    char *first = digits + sizeof digits - 1;
    unsigned long rest = number < 0 ? 0 - (unsigned long)number : (unsigned long)number;
    *first = '\0';
    do
        *--first = (char)('0' + rest % 10);
    while (rest /= 10);
    if (number < 0)
        *--first = '-';
    return append(out, first);
}

static void say(int descriptor, const char *text) {
    size_t left = strlen(text);
    while (left > 0) {
        ssize_t written = write(descriptor, text, left);
        if (written <= 0)
            _exit(2);
        text += written;
        left -= (size_t)written;
    }
}

static _Noreturn void fail(const char *text) {
    say(2, text);
    _exit(2);
}

/* Reads more behind `end`. The end of the input is the agent's. */
static void fill(void) {
    ssize_t got = read(0, end, (size_t)(input + INPUT_SIZE - end));
    if (got <= 0)
        _exit(got == 0 ? 0 : 2);
    end += got;
}

/* The next line, ended by NUL; it stays until the next call of this. */
static char *read_line(void) {
    char *line_end;
    memmove(input, next, (size_t)(end - next));
    end = input + (end - next);
    next = input;
    while (!(line_end = memchr(input, '\n', (size_t)(end - input)))) {
        if (end == input + INPUT_SIZE)
            fail("agent: a request without an end\n");
        fill();
    }
    *line_end = '\0';
    next = line_end + 1;
    return input;
}

/* The `size` bytes behind the line, which may lie in the buffer in part. */
static void read_bytes(char *out, size_t size) {
    while (size > 0) {
        size_t have = (size_t)(end - next);
        if (have == 0) {
            next = end = input;
            fill();
            continue;
        }
        have = have < size ? have : size;
        memcpy(out, next, have);
        next += have;
        out += have;
        size -= have;
    }
}

static void reply(int result, int error) {
    char line[LINE_SIZE];
    append(append_number(append(append_number(line, result), " "), error), "\n");
    say(1, line);
}

/* --- operands --------------------------------------------------------------------------------- */

static char *words; /* what is left of the request's line */

static char *word(void) {
    char *start = words;
    char *blank = strchr(words, ' ');
    if (blank)
        *blank = '\0';
    words = blank ? blank + 1 : words + strlen(words);
    return start;
}

/* Long enough for every mode, on machines of 32 bits too. */
static long long number(void) {
    return strtoll(word(), NULL, 10);
}

/*
 * Paths end where a page begins that cannot be read: who reads on behind the NUL crashes at that
 * instruction. `written` and `shown` are the same memory, which can be written only through the
 * first, so that nobody changes a path unnoticed; where no second view is to be had they are one.
 */
static char *written, *shown;

static void make_area(void) {
    written = mmap(NULL, (size_t)2 * AREA_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                   -1, 0);
    if (written == MAP_FAILED)
        fail("agent: no memory for paths\n");
    shown = mremap(written, 0, (size_t)2 * AREA_SIZE, MREMAP_MAYMOVE);
    if (shown == MAP_FAILED)
        shown = written;
    else if (mprotect(shown, AREA_SIZE, PROT_READ) != 0)
        fail("agent: no read-only memory for paths\n");
    if (mprotect(shown + AREA_SIZE, AREA_SIZE, PROT_NONE) != 0)
        fail("agent: no guard page\n");
}

/* A path of `size` bytes in front of the guard page, with or without its NUL. */
static const char *place(size_t size, size_t nul) {
    if (size + nul > AREA_SIZE)
        fail("agent: a path longer than any\n");
    size_t start = AREA_SIZE - size - nul;
    read_bytes(written + start, size);
    if (nul)
        written[AREA_SIZE - 1] = '\0';
    return shown + start;
}

static const char *path(void) {
    const char *size = word();
    if (strcmp(size, "null") == 0)
        return NULL;
    if (strcmp(size, "unmapped") == 0)
        return shown + AREA_SIZE;
    if (strcmp(size, "noncanonical") == 0)
        return (const char *)(uintptr_t)0xdead000000000000u;
    if (strcmp(size, "unterminated") == 0)
        return place(strtoul(word(), NULL, 10), 0);
    return place(strtoul(size, NULL, 10), 1);
}

/* The flags of open as this machine counts them. */
static int flags_here(int flags) {
#ifdef REQUESTS_FROM_X86_64
    static const struct {
        int there, here;
    } moved[] = {{0200000, O_DIRECTORY}, {0400000, O_NOFOLLOW}, {040000, O_DIRECT}, {0100000, 0}};
    int translated = flags;
    for (size_t i = 0; i < sizeof moved / sizeof moved[0]; i++)
        translated &= ~moved[i].there;
    for (size_t i = 0; i < sizeof moved / sizeof moved[0]; i++)
        translated |= flags & moved[i].there ? moved[i].here : 0;
    return translated;
#else
    return flags;
#endif
}

/* --- requests --------------------------------------------------------------------------------- */

static int call_mkfifo(void) {
    mode_t mode = (mode_t)number();
    const char *name = path();
    errno = ERRNO_POISON;
    return chosen->plain(name, mode);
}

static int call_mkfifoat(void) {
    int dirfd = (int)number();
    mode_t mode = (mode_t)number();
    const char *name = path();
    errno = ERRNO_POISON;
    return chosen->at(dirfd, name, mode);
}

static int call_umask(void) {
    mode_t mask = (mode_t)number();
    errno = ERRNO_POISON;
    umask(mask);
    return 0;
}

static int call_chdir(void) {
    const char *name = path();
    errno = ERRNO_POISON;
    return chdir(name);
}

static int call_open(void) {
    int flags = flags_here((int)number());
    const char *name = path();
    errno = ERRNO_POISON;
    return open(name, flags, 0);
}

static int call_dup(void) {
    int descriptor = (int)number();
    int least = (int)number();
    errno = ERRNO_POISON;
    return fcntl(descriptor, F_DUPFD_CLOEXEC, least);
}

static int call_close(void) {
    int descriptor = (int)number();
    errno = ERRNO_POISON;
    return close(descriptor);
}

static const struct request {
    const char *name;
    int (*make)(void); /* takes its operands and makes the call */
} requests[] = {
    {"mkfifo", call_mkfifo}, {"mkfifoat", call_mkfifoat}, {"umask", call_umask},
    {"chdir", call_chdir},   {"open", call_open},         {"dup", call_dup},
    {"close", call_close},
};

static void serve(void) {
    words = read_line();
    const char *name = word();
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++)
        if (strcmp(requests[i].name, name) == 0) {
            int result = requests[i].make();
            reply(result, errno);
            return;
        }
    fail("agent: a request that is not of the protocol\n");
}

/* --- the beginning ---------------------------------------------------------------------------- */

static void choose(const char *name) {
    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++)
        if (strcmp(choices[i].name, name) == 0) {
            chosen = &choices[i];
            return;
        }
    fail("usage: agent [mkfifo|mknod|raw]\n");
}

static void mention_missing(const char *name) {
    say(2, "agent: this C library has no ");
    say(2, name);
    say(2, "\n");
}

/* In one piece, as every line. */
static void greet(void) {
    char line[LINE_SIZE];
    char *out = append_number(append(line, "fifofuzz-agent 1 "), getpid());
    if (chosen->plain)
        out = append(out, " mkfifo");
    else
        mention_missing(chosen->plain_name);
    if (chosen->at)
        out = append(out, " mkfifoat");
    else
        mention_missing(chosen->at_name);
    append(out, " open pointers limits\n");
    say(1, line);
}

int main(int argc, char **argv) {
    if (argc > 1)
        choose(argv[1]);
    if (!chosen->plain && !chosen->at)
        fail("agent: this C library has no way to make a system call\n");
    make_area();
    greet();
    for (;;)
        serve();
}

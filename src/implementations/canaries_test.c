/*
 * canaries_test.c - proves of every canary that it is wrong, and of every honest implementation
 * that it is not, by comparing them with the kernel in the situations of canaries_test.scn.
 *
 * No oracle and no sandbox is needed for that: each situation runs in a child of its own, rooted
 * in a directory of its own, once with `raw` and once with the implementation, and what both leave
 * behind is written down as text and compared. The directories are in a tmpfs in a mount namespace
 * that nobody else sees.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "implementations/registry.h"
#include "scenario.h"

enum {
    SITUATIONS_MAX = 256,
    RECORD_MAX = 1 << 20,
    HANG_SECONDS = 3,
    OLD_SECONDS = 1000000, /* a time that no call sets */
    POISON = 7777,
    NO_ARENA = 99, /* exit status of a child that could not be set up */
};

#define ARENAS "/tmp"

static struct scenario situations[SITUATIONS_MAX];
static char *expected[SITUATIONS_MAX]; /* what raw leaves behind, as text */
static size_t situation_count;

/* What one run left behind, as text, in memory that parent and child share. */
struct record {
    size_t used;
    char text[RECORD_MAX];
};
static struct record *got;

__attribute__((format(printf, 2, 3))) static void note(struct record *record, const char *format,
                                                       ...) {
    va_list arguments;
    size_t space = RECORD_MAX - record->used;
    va_start(arguments, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): va_start is two lines up */
    int length = vsnprintf(record->text + record->used, space, format, arguments);
    va_end(arguments);
    record->used += length > 0 && (size_t)length < space ? (size_t)length : 0;
}

/* --- executing a step ------------------------------------------------------------------------- */

static int slots[SCENARIO_SLOTS];

static void copy_text(char *out, const struct scenario *scenario, struct text text) {
    memcpy(out, scenario_text(scenario, text), text.length);
    out[text.length] = '\0';
}

/* The path argument as read-only memory before a guard page, as its pointer kind says. */
static const char *place_path(const struct scenario *scenario, const struct step *step) {
    enum { PAGE = 4096, ROOM = 2 * PAGE };
    char *memory =
        mmap(NULL, ROOM + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *guard = memory + ROOM;
    size_t nul = step->pointer == POINTER_STRING;
    if (step->pointer == POINTER_NULL)
        return NULL;
    if (step->pointer == POINTER_NONCANONICAL)
        return (const char *)((uintptr_t)1 << 62); /* NOLINT(performance-no-int-to-ptr) */
    mprotect(guard, PAGE, PROT_NONE);
    if (step->pointer == POINTER_UNMAPPED)
        return guard;
    char *path = guard - step->path.length - nul;
    memcpy(path, scenario_text(scenario, step->path), step->path.length);
    mprotect(memory, ROOM, PROT_READ);
    return path;
}

static int dirfd_of(const struct step *step) {
    if (step->kind == STEP_MKFIFO || step->dirfd.kind == DIRFD_CWD)
        return AT_FDCWD;
    return step->dirfd.kind == DIRFD_SLOT ? slots[step->dirfd.number] : step->dirfd.number;
}

/* The path less its last component, as the kernel will look it up. */
static void parent_path(char *out, const char *path) {
    size_t length = strlen(path);
    while (length > 0 && path[length - 1] == '/')
        length--;
    while (length > 0 && path[length - 1] != '/')
        length--;
    snprintf(out, TEXT_LENGTH_MAX + 1, "%.*s", length ? (int)length : 1, length ? path : ".");
}

static const char *age(const struct timespec *time, const struct timespec *call) {
    if (time->tv_sec == OLD_SECONDS)
        return "old";
    return time->tv_sec >= call->tv_sec ? "new" : "odd";
}

static void call(struct record *record, const struct implementation *implementation,
                 const struct scenario *scenario, const struct step *step) {
    const char *path = place_path(scenario, step);
    char parent[TEXT_LENGTH_MAX + 1] = "";
    int dirfd = dirfd_of(step);
    const struct timespec old[2] = {{.tv_sec = OLD_SECONDS}, {.tv_sec = OLD_SECONDS}};
    struct timespec before;
    struct stat status;
    bool look = step->pointer == POINTER_STRING;
    if (look) {
        parent_path(parent, path);
        (void)utimensat(dirfd, parent, old, 0);
    }
    clock_gettime(CLOCK_REALTIME_COARSE, &before);
    errno = POISON;
    int result = step->kind == STEP_MKFIFO ? implementation->mkfifo(path, step->mode)
                                           : implementation->mkfifoat(dirfd, path, step->mode);
    note(record, "call %d %d", result, errno);
    if (look && result == 0 && fstatat(dirfd, path, &status, AT_SYMLINK_NOFOLLOW) == 0)
        note(record, " target %o %s %s", status.st_mode, age(&status.st_atim, &before),
             age(&status.st_mtim, &before));
    if (look && fstatat(dirfd, parent, &status, 0) == 0)
        note(record, " parent %s %s", age(&status.st_atim, &before), age(&status.st_mtim, &before));
    note(record, "\n");
}

static void open_slot(const struct step *step, const char *path) {
    int flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC;
    flags |= step->flags & OPEN_PATH ? O_PATH : 0;
    flags |= step->flags & OPEN_NOFOLLOW ? O_NOFOLLOW : 0;
    flags |= step->flags & OPEN_DIRECTORY ? O_DIRECTORY : 0;
    int number = open(path, flags);
    if (number >= 0)
        slots[step->slot] = number;
}

static void make_file(const char *path, mode_t mode, const char *content) {
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode & 0777);
    if (file < 0)
        return;
    (void)!write(file, content, strlen(content));
    close(file);
}

static void prepare(const struct scenario *scenario, const struct step *step) {
    static char path[TEXT_LENGTH_MAX + 1], other[TEXT_LENGTH_MAX + 1];
    copy_text(path, scenario, step->path);
    copy_text(other, scenario, step->other);
    switch ((enum step_kind)step->kind) {
    case STEP_MKDIR:
        (void)!mkdir(path, step->mode);
        break;
    case STEP_FILE:
        make_file(path, step->mode, other);
        break;
    case STEP_SYMLINK:
        (void)!symlink(other, path);
        break;
    case STEP_LINK:
        (void)!link(path, other);
        break;
    case STEP_UNLINK:
        (void)!unlink(path);
        break;
    case STEP_RMDIR:
        (void)!rmdir(path);
        break;
    case STEP_RENAME:
        (void)!rename(path, other);
        break;
    case STEP_CHMOD:
        (void)!chmod(path, step->mode);
        break;
    case STEP_UMASK:
        (void)umask(step->mode);
        break;
    case STEP_CHDIR:
        (void)!chdir(path);
        break;
    case STEP_OPEN:
        open_slot(step, path);
        break;
    case STEP_CLOSE:
        close(slots[step->slot]);
        break;
    case STEP_MKFIFO:
    case STEP_MKFIFOAT:
    case STEP_KIND_COUNT:
        break;
    }
}

/* --- writing down what is there afterwards ---------------------------------------------------- */

static int by_name(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void list_node(struct record *record, int directory, const char *name);

static void list_directory(struct record *record, int directory) {
    struct dirent **entries;
    int count = scandirat(directory, ".", &entries, NULL, by_name);
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
            list_node(record, directory, name);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

static void list_node(struct record *record, int directory, const char *name) {
    struct stat status;
    if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return;
    note(record, "%s %o %lu %ld {\n", name, status.st_mode, (unsigned long)status.st_nlink,
         (long)status.st_size);
    if (S_ISDIR(status.st_mode)) {
        (void)fchmodat(directory, name, 0700, 0);
        int inside = openat(directory, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (inside >= 0) {
            list_directory(record, inside);
            close(inside);
        }
    }
    note(record, "}\n");
}

static void list_state(struct record *record) {
    char cwd[PATH_MAX] = "";
    (void)syscall(SYS_getcwd, cwd, sizeof cwd);
    note(record, "cwd %s umask %o", cwd, umask(022));
    for (int number = 3; number < 128; number++)
        if (fcntl(number, F_GETFD) != -1)
            note(record, " %d (%d %o %ld)", number, fcntl(number, F_GETFD),
                 (unsigned)fcntl(number, F_GETFL), (long)lseek(number, 0, SEEK_CUR));
    sigset_t blocked;
    sigprocmask(SIG_SETMASK, NULL, &blocked);
    note(record, " signals %d\n", sigismember(&blocked, SIGINT));
}

/* --- the child -------------------------------------------------------------------------------- */

/* Kills the process for the calls that reach out of the file tree. */
static void forbid(void) {
    static const int forbidden[] = {SYS_clone,  SYS_clone3,  SYS_kill,  SYS_execve,
                                    SYS_socket, SYS_unshare, SYS_chroot};
    enum { COUNT = sizeof forbidden / sizeof forbidden[0] };
    struct sock_filter filter[2 * COUNT + 2];
    size_t used = 0;
    filter[used++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < COUNT; i++) {
        filter[used++] =
            (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)forbidden[i], 0, 1);
        filter[used++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    }
    filter[used++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {.len = (unsigned short)used, .filter = filter};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        _exit(NO_ARENA);
}

/* The empty directory `arena` as root, no capability, no descriptor but 0, 1 and 2. */
static void enter_arena(const char *arena) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {{0}};
    int null = open("/dev/null", O_RDWR);
    for (int number = 0; number < 3; number++)
        dup2(null, number);
    close_range(3, ~0u, 0);
    bool entered = chroot(arena) == 0 && chdir("/") == 0 && syscall(SYS_capset, &header, none) == 0;
    if (!entered)
        _exit(NO_ARENA);
    umask(022);
    forbid();
}

static void run_child(struct record *record, const struct implementation *implementation,
                      const struct scenario *scenario, const char *arena) {
    enter_arena(arena);
    for (size_t i = 0; i < SCENARIO_SLOTS; i++)
        slots[i] = -1;
    alarm(HANG_SECONDS);
    for (uint32_t i = 0; i < scenario->step_count; i++) {
        const struct step *step = &scenario->steps[i];
        if (step_is_call(step))
            call(record, implementation, scenario, step);
        else
            prepare(scenario, step);
    }
    alarm(0);
    list_state(record);
    list_node(record, AT_FDCWD, "/");
    _exit(0);
}

/* Runs `scenario` with `implementation` and returns what is left behind, valid until the next. */
static const char *run(const struct implementation *implementation,
                       const struct scenario *scenario) {
    static unsigned runs;
    char arena[32];
    snprintf(arena, sizeof arena, ARENAS "/%u", ++runs);
    assert_int_equal(mkdir(arena, 0755), 0);
    got->used = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        run_child(got, implementation, scenario, arena);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_false(WIFEXITED(status) && WEXITSTATUS(status) == NO_ARENA);
    note(got, "exit %d signal %d\n", WEXITSTATUS(status), WTERMSIG(status));
    return got->text;
}

/* --- the tests ------------------------------------------------------------------------------ */

static bool differs(const struct implementation *implementation, size_t situation) {
    return strcmp(run(implementation, &situations[situation]), expected[situation]) != 0;
}

/*
 * Whether it differs every time of three. A mount anywhere on the host makes Linux start a lookup
 * again with the links of the first attempt counted, and then 21 of them can be ELOOP (seen on
 * 6.18; fs/namei.c, total_link_count).
 */
static bool always_differs(const struct implementation *implementation, size_t situation) {
    bool differed = true;
    for (int attempt = 0; differed && attempt < 3; attempt++)
        differed = differs(implementation, situation);
    return differed;
}

/* What raw leaves behind: the text that two runs agree on. */
static char *reference(const struct scenario *scenario) {
    char *text = strdup(run(&raw_implementation, scenario));
    while (strcmp(run(&raw_implementation, scenario), text) != 0) {
        free(text);
        text = strdup(got->text);
    }
    return text;
}

static void every_canary_is_wrong_somewhere(void **state) {
    (void)state;
    size_t count, survivors = 0;
    const struct implementation *const *list = implementation_list(&count);
    for (size_t i = 0; i < count; i++) {
        size_t where = 0;
        while (list[i]->breaks && where < situation_count && !differs(list[i], where))
            where++;
        if (where == situation_count) {
            print_error("%s is right in all %zu situations\n", list[i]->name, situation_count);
            survivors++;
        }
    }
    assert_int_equal(survivors, 0);
}

/*
 * Whether the situation has calls whose outcome is an implementation's own affair: foreign type
 * bits may be masked, and bad pointers are undefined behaviour.
 */
static bool left_open(const struct scenario *scenario) {
    for (uint32_t i = 0; i < scenario->step_count; i++) {
        const struct step *step = &scenario->steps[i];
        mode_t type = step->mode & S_IFMT;
        if (step_is_call(step) &&
            (step->pointer != POINTER_STRING || (type != 0 && type != S_IFIFO)))
            return true;
    }
    return false;
}

static void whatever_is_no_canary_is_right_everywhere(void **state) {
    (void)state;
    size_t count;
    const struct implementation *const *list = implementation_list(&count);
    for (size_t i = 0; i < count; i++) {
        bool free_where_open = strcmp(list[i]->name, "honest-masks-type") == 0 ||
                               strcmp(list[i]->name, "honest-measures-path") == 0;
        for (size_t k = 0; k < situation_count && !list[i]->breaks; k++) {
            if (free_where_open && left_open(&situations[k]))
                continue;
            if (!always_differs(list[i], k))
                continue;
            print_error("%s differs in situation %zu\n", list[i]->name, k + 1);
            assert_string_equal(got->text, expected[k]);
        }
    }
}

/* --- set-up ----------------------------------------------------------------------------------- */

/* Scenarios are paragraphs: an empty line ends one. */
static void read_situations(const char *path) {
    static char text[1 << 18];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    for (char *at = text; *at;) {
        char *end = strstr(at, "\n\n");
        size_t length = end ? (size_t)(end - at) + 1 : strlen(at);
        struct text_error error;
        assert_true(situation_count < SITUATIONS_MAX);
        int result = scenario_parse(&situations[situation_count], NULL, at, length, &error);
        if (result != 0)
            print_error("paragraph %zu, line %u: %s\n", situation_count + 1, error.line,
                        error.message);
        assert_int_equal(result, 0);
        situation_count += situations[situation_count].step_count > 0;
        at += length;
        at += strspn(at, "\n");
    }
}

/* A file system that nobody else sees, and memory that the children share with this process. */
static bool isolate(void) {
    void *memory =
        mmap(NULL, sizeof *got, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    got = memory;
    return memory != MAP_FAILED && unshare(CLONE_NEWNS) == 0 &&
           mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("arenas", ARENAS, "tmpfs", 0, "nr_inodes=0") == 0;
}

int main(void) {
    if (!isolate()) {
        fprintf(stderr, "skipped: no private file system: %s (run as root)\n", strerror(errno));
        return 77;
    }
    read_situations("src/implementations/canaries_test.scn");
    for (size_t i = 0; i < situation_count; i++)
        expected[i] = reference(&situations[i]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_canary_is_wrong_somewhere),
        cmocka_unit_test(whatever_is_no_canary_is_right_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

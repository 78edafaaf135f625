/*
 * canaries_test.c - proves of every canary that it is wrong, and of every honest implementation
 * that it is not, by comparing them with the kernel in the situations of canaries_test.scn and of
 * corpus/conformance, whose stated results it does not look at.
 *
 * No oracle is needed for that: each situation runs in a process of its own, rooted in a file
 * system of its own, once with `raw` and once with the implementation, and what both leave behind
 * is written down as text and compared. Of the sandbox it has the mounts and the change of
 * identity, made by a second process, as no other should have the rights.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
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

#include "idmap.h"
#include "implementations/canaries_testing.h"
#include "implementations/registry.h"

enum {
    SITUATIONS_MAX = 320,
    TRACE_MAX = 1 << 20,
    HANG_SECONDS = 3,
    ATTEMPTS = 20,         /* so often may the host disturb an implementation that is right */
    OLD_SECONDS = 1000000, /* a time that no call sets */
    POISON = 7777,
    NO_ARENA = 99, /* exit status of a child that could not be set up */
};

#define ARENA "/tmp" /* another file system is mounted there, in a namespace of its own */

static struct scenario situations[SITUATIONS_MAX];
static const char *names[SITUATIONS_MAX]; /* of its file */
static char *expected[SITUATIONS_MAX];    /* what raw leaves behind, as text */
static size_t situation_count;

/* What one run left behind, as text, in memory that parent and child share. */
struct trace {
    size_t used;
    char text[TRACE_MAX];
};
static struct trace *got;
static int namespace; /* with the map of idmapped mounts, idmap.h */

__attribute__((format(printf, 2, 3))) static void note(struct trace *trace, const char *format,
                                                       ...) {
    va_list arguments;
    size_t space = TRACE_MAX - trace->used;
    va_start(arguments, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): va_start is two lines up */
    int length = vsnprintf(trace->text + trace->used, space, format, arguments);
    va_end(arguments);
    trace->used += length > 0 && (size_t)length < space ? (size_t)length : 0;
}

/* --- executing a step ------------------------------------------------------------------------- */

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

static void call(struct trace *trace, const struct implementation *implementation,
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
    note(trace, "call %d %d", result, errno);
    if (look && result == 0 && fstatat(dirfd, path, &status, AT_SYMLINK_NOFOLLOW) == 0)
        note(trace, " target %o %s %s", status.st_mode, age(&status.st_atim, &before),
             age(&status.st_mtim, &before));
    if (look && fstatat(dirfd, parent, &status, 0) == 0)
        note(trace, " parent %s %s", age(&status.st_atim, &before), age(&status.st_mtim, &before));
    note(trace, "\n");
}

/* --- writing down what is there afterwards ---------------------------------------------------- */

static int by_name(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void list_node(struct trace *trace, int directory, const char *name);

static void list_directory(struct trace *trace, int directory) {
    struct dirent **entries;
    int count = scandirat(directory, ".", &entries, NULL, by_name);
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
            list_node(trace, directory, name);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

static void list_node(struct trace *trace, int directory, const char *name) {
    struct stat status;
    if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return;
    note(trace, "%s %o %u:%u %lu %ld {\n", name, status.st_mode, status.st_uid, status.st_gid,
         (unsigned long)status.st_nlink, (long)status.st_size);
    if (S_ISDIR(status.st_mode)) {
        int inside = openat(directory, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (inside >= 0) {
            list_directory(trace, inside);
            close(inside);
        }
    }
    note(trace, "}\n");
}

static void list_state(struct trace *trace) {
    char cwd[PATH_MAX] = "";
    (void)syscall(SYS_getcwd, cwd, sizeof cwd);
    note(trace, "cwd %s umask %o", cwd, umask(022));
    for (int number = 3; number < 1100; number++)
        if (fcntl(number, F_GETFD) != -1)
            note(trace, " %d (%d %o %ld)", number, fcntl(number, F_GETFD),
                 (unsigned)fcntl(number, F_GETFL), (long)lseek(number, 0, SEEK_CUR));
    sigset_t blocked;
    sigprocmask(SIG_SETMASK, NULL, &blocked);
    note(trace, " signals %d\n", sigismember(&blocked, SIGINT));
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

/* Root of `arena`, no capability in effect, no descriptor but 0, 1, 2 and those to the harness. */
static void enter_arena(int orders, int answers) {
    int null = open("/dev/null", O_RDWR);
    for (int number = 0; number < 3; number++)
        dup2(null, number);
    bool entered = dup2(orders, ORDERS) == ORDERS && dup2(answers, ANSWERS) == ANSWERS &&
                   close_range(3, ORDERS - 1, 0) == 0 && close_range(ANSWERS + 1, ~0u, 0) == 0 &&
                   chroot(".") == 0 && identity_become_root() == 0 &&
                   identity_prepare(&identity_now) == 0;
    if (!entered)
        _exit(NO_ARENA);
    umask(022);
    forbid();
}

static void run_steps(struct trace *trace, const struct implementation *implementation,
                      const struct scenario *scenario) {
    for (size_t i = 0; i < SCENARIO_SLOTS; i++)
        slots[i] = -1;
    alarm(HANG_SECONDS);
    for (uint32_t i = 0; i < scenario->step_count; i++) {
        const struct step *step = &scenario->steps[i];
        if (step_is_call(step))
            call(trace, implementation, scenario, step);
        else
            prepare(scenario, i);
    }
    alarm(0);
    list_state(trace);
    _exit(0);
}

/* What is in the arena and in all that was mounted, without what is mounted on it. */
static void list_trees(struct trace *trace, struct harness *harness) {
    (void)mounts_restore(&harness->mounts);
    mounts_detach(&harness->mounts);
    list_node(trace, AT_FDCWD, "/");
    for (unsigned i = 0; i < harness->mounts.count; i++)
        if (harness->mounts.made[i].plain >= 0)
            list_node(trace, harness->mounts.made[i].plain, ".");
}

/* Gives the caller a process and does for it what it may not, then looks at what is left. */
static void run_harness(struct trace *trace, const struct implementation *implementation,
                        const struct scenario *scenario, const char *arena) {
    static struct harness harness;
    int orders[2], answers[2], status;
    limit_descriptors(NOFILE);
    if (unshare(CLONE_NEWNS) != 0 || mount("outside", arena, "tmpfs", 0, "mode=0755"))
        _exit(NO_ARENA);
    int outside = open(arena, O_PATH | O_DIRECTORY | O_CLOEXEC); /* what the arena covers */
    if (mount("arena", arena, "tmpfs", 0, "mode=0755,nr_inodes=0") || chdir(arena) != 0 ||
        pipe(orders) != 0 || pipe(answers) != 0)
        _exit(NO_ARENA);
    pid_t caller = fork();
    if (caller == 0) {
        enter_arena(orders[1], answers[0]);
        run_steps(trace, implementation, scenario);
    }
    close(orders[1]);
    close(answers[0]);
    if (caller < 0 || chroot(".") != 0 || mounts_open(&harness.mounts, namespace, outside) != 0)
        _exit(NO_ARENA);
    serve(&harness, scenario, orders[0], answers[1]);
    if (waitpid(caller, &status, 0) != caller ||
        (WIFEXITED(status) && WEXITSTATUS(status) == NO_ARENA))
        _exit(NO_ARENA);
    note(trace, "exit %d signal %d\n", WEXITSTATUS(status), WTERMSIG(status));
    list_trees(trace, &harness);
    _exit(0);
}

/* Runs `scenario` with `implementation` and returns what is left behind, valid until the next. */
static const char *run(const struct implementation *implementation,
                       const struct scenario *scenario) {
    got->used = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        run_harness(got, implementation, scenario, ARENA);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return got->text;
}

/* --- the tests ------------------------------------------------------------------------------ */

static bool differs(const struct implementation *implementation, size_t situation) {
    return strcmp(run(implementation, &situations[situation]), expected[situation]) != 0;
}

/*
 * Whether it differs every time of `attempts`. A mount or its end anywhere on the host, the last
 * situation's too, makes Linux start a lookup again with the links of the first attempt counted,
 * and then 21 of them can be ELOOP (seen on 6.18; fs/namei.c, total_link_count).
 */
static bool always_differs(const struct implementation *implementation, size_t situation,
                           int attempts) {
    bool differed = true;
    for (int attempt = 0; differed && attempt < attempts; attempt++)
        differed = differs(implementation, situation);
    return differed;
}

/* What raw leaves behind: the text that so many runs agree on, one after the other. */
static char *reference(const struct scenario *scenario) {
    enum { AGREE = 3 };
    char *text = strdup(run(&raw_implementation, scenario));
    for (int agreed = 1; agreed < AGREE;) {
        if (strcmp(run(&raw_implementation, scenario), text) == 0) {
            agreed++;
            continue;
        }
        free(text);
        text = strdup(got->text);
        agreed = 1;
    }
    return text;
}

/* The situations of the clause that it is to break are the likely ones. */
static bool is_wrong_somewhere(const struct implementation *canary) {
    for (int likely = 1; likely >= 0; likely--)
        for (size_t i = 0; i < situation_count; i++)
            if ((strcmp(names[i], canary->breaks) == 0) == likely && always_differs(canary, i, 2))
                return true;
    return false;
}

static void every_canary_is_wrong_somewhere(void **state) {
    (void)state;
    size_t count, survivors = 0;
    const struct implementation *const *list = implementation_list(&count);
    for (size_t i = 0; i < count; i++) {
        if (!list[i]->breaks || implementation_is_latent(list[i]) || is_wrong_somewhere(list[i]))
            continue;
        print_error("%s is right in all %zu situations\n", list[i]->name, situation_count);
        survivors++;
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

/* Here calls follow each other, and the kernel does not fail. */
static void whatever_is_no_canary_is_right_everywhere(void **state) {
    (void)state;
    size_t count;
    const struct implementation *const *list = implementation_list(&count);
    for (size_t i = 0; i < count; i++) {
        bool free_where_open = strcmp(list[i]->name, "honest-masks-type") == 0 ||
                               strcmp(list[i]->name, "honest-measures-path") == 0;
        const bool right = !list[i]->breaks || implementation_is_latent(list[i]);
        for (size_t k = 0; k < situation_count && right; k++) {
            if (free_where_open && left_open(&situations[k]))
                continue;
            if (!always_differs(list[i], k, ATTEMPTS))
                continue;
            print_error("%s differs in situation %zu, %s\n", list[i]->name, k + 1, names[k]);
            assert_string_equal(got->text, expected[k]);
        }
    }
}

/* --- set-up ----------------------------------------------------------------------------------- */

/* Here one thread makes one call after the other. */
static void add_situation(const char *name, const char *text, size_t length) {
    struct text_error error;
    assert_true(situation_count < SITUATIONS_MAX);
    int result = scenario_parse(&situations[situation_count], NULL, text, length, &error);
    if (result != 0)
        print_error("%s, line %u: %s\n", name, error.line, error.message);
    assert_int_equal(result, 0);
    names[situation_count] = name;
    situation_count += situations[situation_count].step_count > 0 &&
                       !scenario_is_staged(&situations[situation_count]);
}

static size_t read_file(const char *path, char *text, size_t capacity) {
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t length = fread(text, 1, capacity - 1, file);
    fclose(file);
    text[length] = '\0';
    return length;
}

static char text[1 << 18];

/* Scenarios are paragraphs: an empty line ends one. */
static void read_paragraphs(const char *path) {
    read_file(path, text, sizeof text);
    for (char *at = text; *at; at += strspn(at, "\n")) {
        char *end = strstr(at, "\n\n");
        size_t length = end ? (size_t)(end - at) + 1 : strlen(at);
        add_situation(path, at, length);
        at += length;
    }
}

/* Files named after the clause they are about. */
static void read_conformance(void) {
    glob_t files;
    assert_int_equal(glob(FIFOFUZZ_CORPUS_DIR "/conformance/C-*.scn", 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        char *name = strrchr(files.gl_pathv[i], '/') + 1;
        size_t length = read_file(files.gl_pathv[i], text, sizeof text);
        add_situation(strndup(name, strlen(name) - strlen(".scn")), text, length);
    }
    globfree(&files);
}

/* A file system that nobody else sees, and memory that the children share with this process. */
static bool isolate(void) {
    void *memory =
        mmap(NULL, sizeof *got, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    got = memory;
    namespace = idmap_open();
    return memory != MAP_FAILED && unshare(CLONE_NEWNS) == 0 &&
           mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

int main(void) {
    if (!isolate()) {
        fprintf(stderr, "skipped: no private file system: %s (run as root)\n", strerror(errno));
        return 77;
    }
    read_paragraphs("src/implementations/canaries_test.scn");
    read_conformance();
    for (size_t i = 0; i < situation_count; i++)
        expected[i] = reference(&situations[i]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_canary_is_wrong_somewhere),
        cmocka_unit_test(whatever_is_no_canary_is_right_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

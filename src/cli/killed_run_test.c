/*
 * killed_run_test.c - runs that are ended while they find things: whatever was found before is
 * there and whole, nothing else is left behind, and the next run starts.
 */
#include "cli_testing.h"

#include <dirent.h>
#include <poll.h>
#include <sched.h>
#include <sys/inotify.h>
#include <sys/mount.h>

enum { WATCHDOG_MS = 120000 };

/* --- a run under way ----------------------------------------------------------------------------
 */

/* Starts a run that finds something at once and goes on; the test waits for its first findings. */
struct run {
    pid_t pid;
    int notices; /* inotify(7) of its findings folder */
};

static const char *const endless[] = {
    "run",
    "--implementation",
    "canary-type-regular",
    "--keep-going",
    "--seed",
    "1",
    "--findings",
    "found",
    NULL,
};

static struct run start_endless(void) {
    struct run run = {.notices = inotify_init1(IN_CLOEXEC)};
    if (mkdir(in_directory("found"), 0700) != 0)
        assert_int_equal(errno, EEXIST);
    assert_true(run.notices >= 0);
    assert_true(inotify_add_watch(run.notices, in_directory("found"), IN_MOVED_TO) >= 0);
    run.pid = start(endless, "err", NULL);
    return run;
}

/* A folder appears by being renamed. */
static void await_finding(const struct run *run) {
    char events[4096];
    struct pollfd wanted = {.fd = run->notices, .events = POLLIN};
    assert_int_equal(poll(&wanted, 1, WATCHDOG_MS), 1);
    assert_true(read(run->notices, events, sizeof events) > 0);
}

/* All that the run started is gone, too: orphans become ours. */
static void await_end(const struct run *run) {
    finish(run->pid);
    close(run->notices);
    while (waitpid(-1, NULL, 0) > 0)
        ;
}

/* --- what is left -------------------------------------------------------------------------------
 */

static void assert_whole(const char *folder) {
    static const char *const files[] = {"scenario.scn", "original.scn", "input",      "command.txt",
                                        "reproducer.c", "report.json",  "report.txt", "count"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char name[512];
        struct stat facts;
        snprintf(name, sizeof name, "found/%s/%s", folder, files[i]);
        assert_int_equal(stat(in_directory(name), &facts), 0);
        assert_true(facts.st_size > 0);
    }
}

/* Every folder that has its name is whole. Returns how many there are. */
static unsigned count_whole(void) {
    unsigned count = 0;
    DIR *folders = opendir(in_directory("found"));
    const struct dirent *entry;
    assert_non_null(folders);
    while ((entry = readdir(folders)))
        if (entry->d_name[0] != '.') {
            assert_whole(entry->d_name);
            count++;
        }
    closedir(folders);
    return count;
}

/* TMPDIR is the test's directory: nothing of a run stays there. */
static void assert_no_private_directory(void) {
    DIR *entries = opendir(directory);
    const struct dirent *entry;
    assert_non_null(entries);
    while ((entry = readdir(entries)))
        if (strncmp(entry->d_name, "fifofuzz-", strlen("fifofuzz-")) == 0)
            fail_msg("%s is left", entry->d_name);
    closedir(entries);
}

static void assert_next_run_starts(void) {
    RUN("run", "--runs", "200", "--seed", "2", "--findings", "found");
    assert_status(0);
}

/* --- signals ------------------------------------------------------------------------------------
 */

static void end_by(int signal, int status) {
    need_sandbox();
    struct run run = start_endless();
    await_finding(&run);
    kill(run.pid, signal);
    await_end(&run);
    assert_status(status);
    assert_in_range(count_whole(), 1, 1000);
    assert_no_private_directory();
    assert_next_run_starts();
}

static void sigint_leaves_what_was_found(void **state) {
    (void)state;
    end_by(SIGINT, 1);
    assert_contains(ran.err, "\n  findings ");
}

static void sigterm_leaves_what_was_found(void **state) {
    (void)state;
    end_by(SIGTERM, 1);
}

static void sigkill_leaves_what_was_found(void **state) {
    (void)state;
    end_by(SIGKILL, 128 + SIGKILL);
}

/* --- the folder ---------------------------------------------------------------------------------
 */

static void findings_that_somebody_removes_come_again(void **state) {
    (void)state;
    need_sandbox();
    struct run run = start_endless();
    await_finding(&run);
    assert_int_equal(nftw(in_directory("found"), remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
    /* Until it is there again, for as long as the run may take. */
    int parent = inotify_init1(IN_CLOEXEC);
    assert_true(inotify_add_watch(parent, directory, IN_CREATE) >= 0);
    struct pollfd wanted = {.fd = parent, .events = POLLIN};
    while (access(in_directory("found"), F_OK) != 0) {
        char events[4096];
        assert_int_equal(poll(&wanted, 1, WATCHDOG_MS), 1);
        assert_true(read(parent, events, sizeof events) > 0);
    }
    close(parent);
    kill(run.pid, SIGTERM);
    await_end(&run);
    assert_status(1);
    count_whole();
    assert_next_run_starts();
}

/* Room for a few folders, not for all that a canary with many faults leaves. */
static void mount_disk_for_some(void) {
    if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
        (mkdir("disk", 0755) && errno != EEXIST) || mount("none", "disk", "tmpfs", 0, "size=64k"))
        _exit(77);
}

static void what_a_full_disk_cannot_hold_is_told(void **state) {
    (void)state;
    need_sandbox();
    RUN_CONFINED(mount_disk_for_some, "run", "--implementation", "canary-always-eperm",
                 "--keep-going", "--runs", "300", "--seed", "1", "--findings", "disk");
    if (ran.status == 77)
        skip(); /* not root, or built without libFuzzer */
    assert_status(1);
    assert_contains(ran.err, "the finding cannot be written: disk: No space left");
    assert_contains(ran.out, "disk/C-");
    assert_contains(ran.out, "/report.txt\n");
}

/* --- the group ----------------------------------------------------------------------------------
 */

static int prepare_reaper(void **state) {
    return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0 ? prepare(state) : -1;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sigint_leaves_what_was_found),
        cmocka_unit_test(sigterm_leaves_what_was_found),
        cmocka_unit_test(sigkill_leaves_what_was_found),
        cmocka_unit_test(findings_that_somebody_removes_come_again),
        cmocka_unit_test(what_a_full_disk_cannot_hold_is_told),
    };
    return cmocka_run_group_tests(tests, prepare_reaper, clean_up);
}

/*
 * canaries_testing.h - the preparations of canaries_test: what every step but a call does, in the
 * process that calls and, for those that need the harness, in the one that started it.
 */
#ifndef FIFOFUZZ_CANARIES_TESTING_H
#define FIFOFUZZ_CANARIES_TESTING_H

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "identity.h"
#include "landlock.h"
#include "metadata.h"
#include "mounts.h"
#include "scenario.h"

enum {
    NOFILE = 4096, /* soft RLIMIT_NOFILE of a situation's beginning */
    ORDERS = 3000, /* descriptors of the pipes to and from the process with all capabilities */
    ANSWERS = 3001,
};

static int slots[SCENARIO_SLOTS];
static struct identity_now identity_now;
static const struct cookies no_cookies; /* there is no filter that asks for them */

static void copy_text(char *out, const struct scenario *scenario, struct text text) {
    memcpy(out, scenario_text(scenario, text), text.length);
    out[text.length] = '\0';
}

static int dirfd_of(const struct step *step) {
    if (step->kind == STEP_MKFIFO || step->dirfd.kind == DIRFD_CWD)
        return AT_FDCWD;
    return step->dirfd.kind == DIRFD_SLOT ? slots[step->dirfd.number] : step->dirfd.number;
}

/* --- the harness ------------------------------------------------------------------------------ */

/* What a situation's mounts and flags are, in the process that makes them. */
struct harness {
    struct mounts mounts;
    struct metadata metadata;
};

static void run_harness_step(struct harness *harness, const struct scenario *scenario,
                             const struct step *step) {
    static char path[TEXT_LENGTH_MAX + 1], other[TEXT_LENGTH_MAX + 1];
    copy_text(path, scenario, step->path);
    copy_text(other, scenario, step->other);
    if (step->kind == STEP_CHOWN)
        (void)metadata_chown(&harness->metadata, step, path);
    else if (step->kind == STEP_ACL)
        (void)metadata_acl(&harness->metadata, step, path);
    else if (step->kind == STEP_ATTRIBUTE)
        (void)metadata_attribute(&harness->metadata, step, path, harness->mounts.arena);
    else if (step->kind == STEP_MOUNT)
        (void)mounts_mount(&harness->mounts, step, path);
    else if (step->kind == STEP_BIND)
        (void)mounts_bind(&harness->mounts, step, path, other);
    else if (step->kind == STEP_REMOUNT)
        (void)mounts_remount(&harness->mounts, step, path);
    else if (step->kind == STEP_UMOUNT)
        (void)mounts_umount(&harness->mounts, path);
}

/* Does the steps that are asked for until nobody is left to ask. */
static void serve(struct harness *harness, const struct scenario *scenario, int orders,
                  int answers) {
    uint32_t index;
    while (read(orders, &index, sizeof index) == (ssize_t)sizeof index) {
        run_harness_step(harness, scenario, &scenario->steps[index]);
        if (write(answers, "", 1) != 1)
            return;
    }
}

static void ask(uint32_t index) {
    char answer;
    if (write(ORDERS, &index, sizeof index) != (ssize_t)sizeof index ||
        read(ANSWERS, &answer, 1) != 1)
        _exit(1);
}

/* --- the caller itself ------------------------------------------------------------------------ */

static void open_slot(const struct step *step, const char *path) {
    int flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC;
    flags |= step->flags & OPEN_PATH ? O_PATH : 0;
    flags |= step->flags & OPEN_NOFOLLOW ? O_NOFOLLOW : 0;
    flags |= step->flags & OPEN_DIRECTORY ? O_DIRECTORY : 0;
    close(slots[step->slot]);
    int number = open(path, flags);
    if (number >= 0)
        slots[step->slot] = number;
}

static void duplicate(const struct step *step) {
    int from = dirfd_of(step);
    close(slots[step->slot]);
    int number = fcntl(from, F_DUPFD_CLOEXEC, (int)step->mode);
    if (number >= 0)
        slots[step->slot] = number;
}

static void limit_descriptors(uint32_t count) {
    struct rlimit limit;
    (void)getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = count < NOFILE ? count : NOFILE;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static void make_file(const char *path, mode_t mode, const char *content) {
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode & 0777);
    if (file < 0)
        return;
    (void)!write(file, content, strlen(content));
    close(file);
}

static void prepare(const struct scenario *scenario, uint32_t index) {
    static char path[TEXT_LENGTH_MAX + 1], other[TEXT_LENGTH_MAX + 1];
    const struct step *step = &scenario->steps[index];
    copy_text(path, scenario, step->path);
    copy_text(other, scenario, step->other);
    switch ((int)step->kind) {
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
    case STEP_DUP:
        duplicate(step);
        break;
    case STEP_NOFILE:
        limit_descriptors(step->mode);
        break;
    case STEP_AS:
        (void)identity_assume(&identity_now, &no_cookies, &step->identity, step->flags);
        break;
    case STEP_LANDLOCK:
        (void)landlock_confine(&no_cookies, path);
        break;
    case STEP_CHOWN:
    case STEP_ACL:
    case STEP_ATTRIBUTE:
    case STEP_MOUNT:
    case STEP_BIND:
    case STEP_REMOUNT:
    case STEP_UMOUNT:
        ask(index);
        break;
    default: /* calls, and what nobody is wrong about on one thread */
        break;
    }
}

#endif

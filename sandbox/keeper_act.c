#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "identity.h"
#include "inject.h"
#include "keeper_parts.h"

/* --- the agent's identity ------------------------------------------------------------------- */

/* A call of the agent that the filter lets through for the keeper alone. */
static long by_keeper(const struct keeper *keeper, const struct inject *inject, long number,
                      uintptr_t a, uintptr_t b, uintptr_t c) {
    const uintptr_t arguments[6] = {a, b, c, 0, keeper->cookies.first, keeper->cookies.second};
    return inject_call(inject, number, arguments);
}

/* The inheritable ones are what a program that the agent starts has, too. */
static long set_capabilities(const struct keeper *keeper, const struct inject *inject,
                             uint32_t effective, uint32_t inheritable) {
    const struct {
        struct __user_cap_header_struct header;
        struct __user_cap_data_struct sets[2];
    } memory = {.header = {.version = _LINUX_CAPABILITY_VERSION_3},
                .sets = {{.effective = effective,
                          .permitted = keeper_capabilities(),
                          .inheritable = inheritable}}};
    int error = inject_write(inject, &memory, sizeof(memory));
    return error ? error
                 : by_keeper(keeper, inject, SYS_capset, inject->memory,
                             inject->memory + sizeof(memory.header), 0);
}

static long raise_ambient(const struct inject *inject, uint32_t capabilities) {
    long error = 0;
    for (unsigned long i = 0; i < 32 && !error; i++) {
        const uintptr_t arguments[6] = {PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i};
        if (capabilities >> i & 1)
            error = inject_call(inject, SYS_prctl, arguments);
    }
    return error;
}

static long set_groups(const struct keeper *keeper, const struct inject *inject,
                       const struct identity *identity) {
    uint32_t groups[IDENTITY_GROUPS];
    for (unsigned i = 0; i < identity->group_count; i++)
        groups[i] = identity->groups[i];
    int error = inject_write(inject, groups, sizeof(groups));
    return error
               ? error
               : by_keeper(keeper, inject, SYS_setgroups, identity->group_count, inject->memory, 0);
}

/* setgroups(2) is denied in a user namespace, where there are no other groups either. */
static long change_groups(const struct keeper *keeper, const struct inject *inject,
                          const struct identity *wanted) {
    long error = set_groups(keeper, inject, wanted);
    return error == -EPERM && wanted->group_count == 0 ? 0 : error;
}

/* Each call costs two changes of process: `now`, if it is known, says which are needed. */
static long set_ids(const struct keeper *keeper, const struct inject *inject,
                    const struct identity *now, const struct identity *wanted) {
    long error = 0;
    if (!now || now->group_count > 0 || wanted->group_count > 0)
        error = change_groups(keeper, inject, wanted);
    if (!error && (!now || now->gid != wanted->gid || now->real_gid != wanted->real_gid))
        error =
            by_keeper(keeper, inject, SYS_setresgid, wanted->real_gid, wanted->gid, wanted->gid);
    if (!error && (!now || now->uid != wanted->uid || now->real_uid != wanted->real_uid))
        error =
            by_keeper(keeper, inject, SYS_setresuid, wanted->real_uid, wanted->uid, wanted->uid);
    return error;
}

static long assume(const struct keeper *keeper, const struct inject *inject) {
    struct keeper_page *page = keeper->page;
    const struct identity *now = page->assumed ? &page->identity_now : NULL;
    long error = 0;
    page->assumed = false;
    if (!now || !identity_equal(now, &page->identity)) {
        error = set_capabilities(keeper, inject, keeper_capabilities(), page->capabilities);
        if (!error)
            error = set_ids(keeper, inject, now, &page->identity);
    }
    long second = set_capabilities(keeper, inject, page->capabilities, page->capabilities);
    if (!error && !second)
        error = raise_ambient(inject, page->capabilities);
    page->assumed = !error && !second;
    page->identity_now = page->identity;
    return error ? error : second;
}

/* An agent that has just answered may not sleep yet: a moment later it does. */
static int stop_agent(const struct keeper_page *page, struct inject *inject) {
    enum { TRIES = 10000 };
    int error = -EAGAIN;
    for (int i = 0; i < TRIES && error == -EAGAIN; i++) {
        if (i > 0)
            sched_yield();
        error = inject_open(inject, page->agent);
    }
    return error;
}

int keeper_assume(const struct keeper *keeper) {
    struct inject inject;
    int error = stop_agent(keeper->page, &inject);
    if (error)
        return error;
    long result = assume(keeper, &inject);
    error = inject_close(&inject);
    return result ? (int)result : error;
}

/* --- the agent's limit of descriptors --------------------------------------------------------- */

/* It started with its keeper's. The kernel's struct rlimit64, whatever the C library's is. */
static long set_limit(const struct keeper_page *page, const struct inject *inject) {
    struct rlimit first;
    if (getrlimit(RLIMIT_NOFILE, &first))
        return -errno;
    const bool lower = page->descriptors < first.rlim_cur;
    const uint64_t limit[2] = {lower ? page->descriptors : first.rlim_cur, first.rlim_max};
    const uintptr_t arguments[6] = {0, RLIMIT_NOFILE, inject->memory};
    int error = inject_write(inject, limit, sizeof(limit));
    return error ? error : inject_call(inject, SYS_prlimit64, arguments);
}

/* By a call of its own, since prlimit(2) of another user's process takes CAP_SYS_RESOURCE. */
int keeper_limit(const struct keeper_page *page) {
    struct inject inject;
    int error = stop_agent(page, &inject);
    if (error)
        return error;
    long result = set_limit(page, &inject);
    error = inject_close(&inject);
    return result ? (int)result : error;
}

/* --- what runs in the namespace ------------------------------------------------------------- */

/* Calls `each` with the name of every entry of the directory `path` that is a number. */
static void for_numbers(const char *path, void (*each)(const char *name, void *context),
                        void *context) {
    char listing[4096];
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return;
    ssize_t size;
    while ((size = getdents64(directory, listing, sizeof(listing))) > 0)
        for (ssize_t at = 0; at < size;) {
            const struct dirent64 *entry = (const struct dirent64 *)(const void *)(listing + at);
            if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9')
                each(entry->d_name, context);
            at += entry->d_reclen;
        }
    close(directory);
}

struct survey {
    unsigned tasks;
    bool awake;
    uint64_t ticks;
    const char *process;
};

/* The sum of four numbers, of which ten others are in front. */
static uint64_t ticks_of(const char *text) {
    enum { BEFORE = 10, TIMES = 4 };
    uint64_t sum = 0;
    for (int i = 0; i < BEFORE + TIMES; i++) {
        char *rest;
        const uint64_t number = strtoul(text, &rest, 10);
        sum += i < BEFORE ? 0 : number;
        text = rest;
    }
    return sum;
}

/*
 * proc_pid_stat(5): the state letter follows the name; user and system time are fields 14 and 15,
 * of children that have ended 16 and 17.
 */
static void survey_task(const char *name, void *context) {
    struct survey *survey = context;
    char path[64], text[512];
    snprintf(path, sizeof(path), "/proc/%s/task/%s/stat", survey->process, name);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? -1 : read(file, text, sizeof(text) - 1);
    if (file >= 0)
        close(file);
    if (length < 0)
        return;
    text[length] = '\0';
    const char *end = strrchr(text, ')');
    if (!end || end[1] != ' ')
        return;
    survey->tasks++;
    survey->awake |= !strchr("SZTt", end[2]);
    survey->ticks += ticks_of(end + 3);
}

static void survey_process(const char *name, void *context) {
    struct survey *survey = context;
    char path[64];
    if (strcmp(name, "1") == 0)
        return;
    survey->process = name;
    snprintf(path, sizeof(path), "/proc/%s/task", name);
    for_numbers(path, survey_task, survey);
    survey->process = NULL;
}

static struct survey survey(void) {
    struct survey found = {.tasks = 0};
    for_numbers("/proc", survey_process, &found);
    return found;
}

unsigned keeper_tasks(void) {
    return survey().tasks;
}

void keeper_look(struct keeper_page *page) {
    const struct survey found = survey();
    const int64_t tick = INT64_C(1000000000) / sysconf(_SC_CLK_TCK);
    page->sight = (struct watch_sight){.used = (int64_t)found.ticks * tick,
                                       .asleep = !found.awake,
                                       .stirred = page->answered != page->answered_before};
    page->answered_before = page->answered;
}

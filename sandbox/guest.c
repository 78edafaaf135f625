#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "facts.h"
#include "reason.h"
#include "slots.h"

/*
 * A debugger-like wrapper (proot) leaves no room for the keeper: such an agent gets no
 * capabilities, and scenarios with identities are left out. Found out once for all workers.
 */
static bool found_plain;

/* --- on the main thread --------------------------------------------------------------------- */

int guest_open(struct guest *guest, const struct agent *agent, int errors, char *reason,
               size_t reason_size) {
    guest->process = guest->status = -1;
    guest->keeper.wake = -1;
    guest->keeper.command = agent->command;
    guest->keeper.errors = errors;
    guest->channel.keeper = &guest->keeper;
    guest->wrapped = agent->wrapped;
    int error = keeper_create(&guest->keeper, agent->wrapped);
    if (error)
        return refuse(reason, reason_size, -error, "the agent's keeper cannot be prepared",
                      "use libseccomp 2.5 or later and Linux 5.9 or later");
    return view_choose(&guest->view, agent->command, reason, reason_size);
}

static void close_one(int *file) {
    if (*file >= 0)
        close(*file);
    *file = -1;
}

void guest_close(struct guest *guest) {
    keeper_destroy(&guest->keeper);
    close_one(&guest->process);
    close_one(&guest->status);
}

void guest_watch(struct guest *guest, pid_t worker) {
    char path[96];
    const int process = (int)guest->channel.greeting.process;
    snprintf(path, sizeof(path), "/proc/self/task/%d/root/proc/%d", (int)worker, process);
    guest->process = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (guest->process >= 0)
        guest->status = openat(guest->process, "status", O_RDONLY | O_CLOEXEC);
    struct stat status;
    guest->baseline = fstatat(guest->process, "fd", &status, 0) || status.st_size == 0
                          ? -1
                          : (int32_t)status.st_size;
}

enum watch_verdict guest_look(struct guest *guest, struct watch *watch, uint64_t progress) {
    struct keeper_page *page = guest->keeper.page;
    int error = keeper_order(&guest->keeper, &page->by_main, KEEPER_LOOK, &watch_slice);
    if (error)
        return WATCH_ALIVE; /* the worker sees its end; a slow keeper is looked at again */
    return watch_judge(watch, progress, &page->sight);
}

/* What follows `label` in proc_pid_status(5), or NULL. */
static const char *line_of(const char *text, const char *label) {
    const char *line = strstr(text, label);
    return line ? line + strlen(label) : NULL;
}

static bool observe_umask(const char *status, struct observation *observation) {
    const char *line = line_of(status, "\nUmask:"); /* Linux 4.7 */
    const long mask = line ? strtol(line, NULL, 8) : observation->umask;
    if (mask == observation->umask)
        return true;
    observation->umask = (uint32_t)mask;
    return false;
}

/* Do the first two numbers of the line, the real and the effective id, say this? */
static bool has_ids(const char *line, unsigned real, unsigned effective) {
    char *rest;
    if (!line)
        return true;
    const unsigned long first = strtoul(line, &rest, 10);
    return first == real && strtoul(rest, NULL, 10) == effective;
}

/* One that has become somebody else by itself is of no further use. */
static bool is_who_it_was(const char *status, const struct identity *identity) {
    return has_ids(line_of(status, "\nUid:"), identity->real_uid, identity->uid) &&
           has_ids(line_of(status, "\nGid:"), identity->real_gid, identity->gid);
}

static bool observe_status(const struct guest *guest, struct observation *observation) {
    char text[4096];
    ssize_t length = pread(guest->status, text, sizeof(text) - 1, 0);
    if (length <= 0)
        return true;
    text[length] = '\0';
    const bool same = observe_umask(text, observation);
    return is_who_it_was(text, &guest->keeper.page->identity) && same;
}

/* A wrapper that traces the agent (proot) has a current directory of its own for it. */
static bool observe_directory(const struct guest *guest, struct observation *observation) {
    struct node_facts facts;
    if (guest->keeper.plain)
        return true;
    facts_at(&facts, guest->process, "cwd", 0);
    if (facts.error || observation->cwd.error ||
        (facts.dev == observation->cwd.dev && facts.ino == observation->cwd.ino))
        return true;
    observation->cwd = facts;
    return false;
}

/* How many descriptors the agent has beyond what is known of it; negative if some are missing. */
static int32_t count_surplus(const struct guest *guest) {
    struct stat status;
    if (guest->baseline < 0 || fstatat(guest->process, "fd", &status, 0))
        return 0;
    return (int32_t)status.st_size - guest->baseline -
           slots_open(guest->channel.number, guest->channel.open);
}

static bool observe_descriptors(const struct guest *guest, struct observation *observation) {
    const int32_t surplus = count_surplus(guest);
    observation->descriptor_count += surplus;
    return surplus == 0;
}

bool guest_settles(struct guest *guest) {
    const int32_t surplus = count_surplus(guest);
    if (surplus <= 0)
        return false;
    guest->baseline += surplus;
    return true;
}

bool guest_observe(const struct guest *guest, struct observation *observation) {
    if (guest->process < 0)
        return true;
    bool same = observe_status(guest, observation);
    same &= observe_directory(guest, observation);
    return same & observe_descriptors(guest, observation);
}

/* --- on the worker -------------------------------------------------------------------------- */

int guest_before_arena(struct guest *guest, char *reason, size_t reason_size) {
    guest->keeper.plain = found_plain;
    guest->keeper.page->capabilities = found_plain ? 0 : keeper_capabilities();
    if (pipe2(guest->requests, O_CLOEXEC) || pipe2(guest->replies, O_CLOEXEC))
        return refuse(reason, reason_size, errno, "no pipe can be made", "raise `ulimit -n`");
    guest->keeper.requests = guest->requests[0];
    guest->keeper.replies = guest->replies[1];
    int error = keeper_start(&guest->keeper);
    if (error)
        return refuse(reason, reason_size, -error, "the agent's namespaces cannot be made",
                      "run as root, or allow user namespaces");
    return view_clone(&guest->view, reason, reason_size);
}

/*
 * Puts the worker's own descriptors above the limit, where nothing that a scenario opens or
 * duplicates comes near. The end that the agent reads requests from is among them: a request to an
 * agent that has ended raises no SIGPIPE then.
 */
static int move_up(struct guest *guest, int first) {
    const int files[GUEST_NUMBERS] = {guest->requests[1], guest->replies[0], guest->keeper.wake,
                                      guest->requests[0]};
    for (int i = 0; i < GUEST_NUMBERS; i++)
        if (dup3(files[i], first + i, O_CLOEXEC) < 0)
            return -errno;
    guest->channel.requests = first;
    guest->channel.replies = first + 1;
    guest->keeper.worker_wake = first + 2;
    return 0;
}

int guest_in_arena(struct guest *guest, uint32_t nofile, char *reason, size_t reason_size) {
    int error = view_mount(&guest->view, reason, reason_size);
    if (error)
        return error;
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit))
        error = -errno;
    const struct rlimit raised = {nofile + GUEST_NUMBERS, limit.rlim_max};
    if (!error && setrlimit(RLIMIT_NOFILE, &raised))
        error = -errno;
    if (!error)
        error = move_up(guest, (int)nofile);
    setrlimit(RLIMIT_NOFILE, &limit);
    if (error)
        return refuse(reason, reason_size, -error, "the agent's descriptors cannot be set",
                      "raise `ulimit -Hn`");
    return 0;
}

/* What it printed last says more than a status. */
static int refuse_dead(struct guest *guest, char *reason, size_t reason_size) {
    keeper_await_end(&guest->keeper);
    const int status = guest->keeper.page->status;
    if (guest->keeper.page->program_error)
        snprintf(reason, reason_size, "%s cannot be executed: %s", guest->keeper.command[0],
                 strerror(-guest->keeper.page->program_error));
    else if (WIFSIGNALED(status))
        snprintf(reason, reason_size, "the agent %s was killed by signal %d before it greeted",
                 guest->keeper.command[0], WTERMSIG(status));
    else
        snprintf(reason, reason_size, "the agent %s exited with status %d before it greeted",
                 guest->keeper.command[0], WEXITSTATUS(status));
    return -ENOENT;
}

static void find_own(struct guest *guest) {
    for (int i = 3; i < GUEST_OWN_MAX; i++) {
        char path[64];
        struct stat status;
        snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)guest->channel.greeting.process, i);
        guest->own[i] = lstat(path, &status) == 0;
    }
}

/* Tries to give it the identity of a scenario's beginning. */
static int try_identity(struct guest *guest) {
    struct keeper_page *page = guest->keeper.page;
    if (found_plain)
        return 0;
    page->identity = (struct identity){0};
    page->capabilities = 0;
    return keeper_order(&guest->keeper, &page->by_worker, KEEPER_ASSUME, NULL);
}

int guest_start(struct guest *guest, char *reason, size_t reason_size) {
    int error = keeper_admit(&guest->keeper);
    if (error)
        return refuse(reason, reason_size, -error, "the agent's process cannot be started",
                      "free memory or processes");
    error = channel_greet(&guest->channel, reason, reason_size);
    if (error == -EPIPE)
        return refuse_dead(guest, reason, reason_size);
    if (error)
        return error;
    find_own(guest);
    error = try_identity(guest);
    if (error == -EPERM || error == -ENOSYS || error == -EAGAIN) {
        found_plain = true;
        return -ENOTSUP;
    }
    if (error)
        return refuse(reason, reason_size, -error, "the agent's identity cannot be changed",
                      "allow ptrace(2)");
    return 0;
}

/* One that is open in the agent for itself, or as another slot, is closed as far as scenarios go.
 */
static bool means_something_else(const struct guest *guest, int32_t number) {
    if (number >= 3 && number < GUEST_OWN_MAX && guest->own[number])
        return true;
    for (unsigned i = 0; i < SCENARIO_SLOTS; i++)
        if (guest->channel.open[i] && guest->channel.number[i] == number)
            return true;
    return false;
}

/* The slot that holds the worker's `number` where both have it open, or SCENARIO_SLOTS. */
static unsigned slot_of(const struct guest *guest, int32_t number, const int32_t *slots,
                        const bool *open) {
    unsigned i = 0;
    while (i < SCENARIO_SLOTS && !(open[i] && slots[i] == number && guest->channel.open[i]))
        i++;
    return i;
}

bool guest_holds(const struct guest *guest, int32_t number, const int32_t *slots,
                 const bool *open) {
    return slot_of(guest, number, slots, open) < SCENARIO_SLOTS;
}

int32_t guest_number(const struct guest *guest, int32_t number, const int32_t *slots,
                     const bool *open) {
    enum { NEVER_OPEN = 1 << 20 };
    const unsigned slot = slot_of(guest, number, slots, open);
    if (slot < SCENARIO_SLOTS)
        return guest->channel.number[slot];
    return means_something_else(guest, number) ? number + NEVER_OPEN : number;
}

#include "probe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "sandbox.h"

/* What the child tells. */
struct answer {
    int error;
    struct traits traits;
    char reason[256];
};

struct probe {
    struct sandbox *sandbox;
    const struct implementation *implementation;
};

/* A scenario of one call. */
static struct step *single_call(struct scenario *scenario, enum step_kind kind) {
    scenario_clear(scenario);
    struct step *step = scenario_add(scenario, kind);
    check(step != NULL);
    step->mode = 0600;
    return step;
}

static const struct observation *run(const struct probe *probe, const struct scenario *scenario) {
    return sandbox_run(probe->sandbox, scenario, probe->implementation, SANDBOX_OBSERVED);
}

static bool masks_type_bits(const struct probe *probe, enum step_kind kind) {
    static struct scenario scenario;
    enum { REGULAR_FILE = 0100000 };
    struct step *step = single_call(&scenario, kind);
    step->mode |= REGULAR_FILE;
    step->path = scenario_store(&scenario, "fifo", 4);
    const struct observation *seen = run(probe, &scenario);
    return seen->ending == ENDING_DONE && seen->outcomes[0].result == 0;
}

static bool reads_path(const struct probe *probe, enum step_kind kind) {
    static struct scenario scenario;
    for (int pointer = POINTER_STRING + 1; pointer < POINTER_COUNT; pointer++) {
        struct step *step = single_call(&scenario, kind);
        step->pointer = (uint8_t)pointer;
        if (pointer == POINTER_UNTERMINATED)
            step->path = scenario_store(&scenario, "fifo", 4);
        if (run(probe, &scenario)->ending == ENDING_CRASHED)
            return true;
    }
    return false;
}

static struct entry_traits probe_entry(const struct probe *probe, enum step_kind kind) {
    return (struct entry_traits){
        .masks_type_bits = masks_type_bits(probe, kind),
        .reads_path = reads_path(probe, kind),
    };
}

static _Noreturn void answer(struct answer *answer, const struct implementation *implementation,
                             int cpu) {
    struct probe probe = {.implementation = implementation};
    struct entry_traits *of = answer->traits.of;
    answer->error = sandbox_open(&probe.sandbox, implementation, cpu, answer->reason, sizeof answer->reason);
    if (!answer->error) {
        if (implementation->mkfifo)
            of[STEP_MKFIFO] = of[STEP_MKFIFOAT] = probe_entry(&probe, STEP_MKFIFO);
        if (implementation->mkfifoat)
            of[STEP_MKFIFOAT] = probe_entry(&probe, STEP_MKFIFOAT);
        if (!implementation->mkfifo)
            of[STEP_MKFIFO] = of[STEP_MKFIFOAT];
        sandbox_close(probe.sandbox);
    }
    _exit(0);
}

static void await_child(pid_t child) {
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
}

int probe_traits(struct traits *traits, const struct implementation *implementation, int cpu,
                 char *reason, size_t reason_size) {
    struct answer *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t child = shared == MAP_FAILED ? -1 : fork();
    if (child < 0) {
        int error = errno;
        snprintf(reason, reason_size, "no child process can be started (%s): free memory or pids",
                 strerror(error));
        return -error;
    }
    if (child == 0)
        answer(shared, implementation, cpu);
    await_child(child);
    int error = shared->error;
    *traits = shared->traits;
    if (error)
        snprintf(reason, reason_size, "%s", shared->reason);
    munmap(shared, sizeof *shared);
    return error;
}

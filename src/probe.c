#include "probe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "child.h"
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

static bool host_has(const struct probe *probe, enum ability ability) {
    return sandbox_host(probe->sandbox)->can[ability];
}

/* The permissions of the node that step `index` made, or -1. */
static int mode_made(const struct observation *seen, uint32_t index) {
    const struct outcome *outcome = &seen->outcomes[index];
    bool made = seen->ending == ENDING_DONE && outcome->result == 0 && outcome->looked;
    return made && outcome->target.error == 0 ? (int)(outcome->target.mode & 07777) : -1;
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
        if (!pointer_is_bad(step) || !host_has(probe, ABILITY_POINTERS))
            continue;
        if (pointer == POINTER_UNTERMINATED)
            step->path = scenario_store(&scenario, "fifo", 4);
        if (run(probe, &scenario)->ending == ENDING_CRASHED)
            return true;
    }
    return false;
}

/* --- agents ----------------------------------------------------------------------------------- */

static bool drops_special_bits(const struct probe *probe, enum step_kind kind) {
    static struct scenario scenario;
    struct step *step = single_call(&scenario, kind);
    step->mode |= 07000;
    step->path = scenario_store(&scenario, "fifo", 4);
    return mode_made(run(probe, &scenario), 0) == 0600;
}

static bool refuses_wide_mode(const struct probe *probe, enum step_kind kind) {
    static struct scenario scenario;
    struct step *step = single_call(&scenario, kind);
    step->mode |= ~(uint32_t)0xffff;
    step->path = scenario_store(&scenario, "fifo", 4);
    const struct observation *seen = run(probe, &scenario);
    return seen->ending == ENDING_DONE && seen->outcomes[0].reply == REPLY_RAISED;
}

/* A failure of any kind counts as refused; what a success has made, the testing will judge. */
static enum wide_way wide_way(const struct probe *probe, enum step_kind kind, int64_t mode) {
    static struct scenario scenario;
    if (!host_has(probe, ABILITY_WIDE))
        return WIDE_NEVER;
    struct step *step = single_call(&scenario, kind);
    step_set_whole_mode(step, mode);
    step->path = scenario_store(&scenario, "fifo", 4);
    const struct observation *seen = run(probe, &scenario);
    return seen->ending == ENDING_DONE && seen->outcomes[0].result == 0 ? WIDE_CUT : WIDE_REFUSED;
}

/* Runs `text`, in which % stands for the call and its dirfd. */
static const struct observation *run_text(const struct probe *probe, enum step_kind kind,
                                          const char *text) {
    static struct scenario scenario;
    const char *call = kind == STEP_MKFIFO ? "mkfifo" : "mkfifoat cwd";
    struct text_error error;
    char written[256];
    size_t length = 0;
    for (; *text; text++)
        length += (size_t)snprintf(written + length, sizeof written - length, "%s",
                                   *text == '%' ? call : (char[]){*text, '\0'});
    check(scenario_parse(&scenario, NULL, written, length, &error) == 0);
    return run(probe, &scenario);
}

/* An emulator reads the path before the kernel does: no crash, but not the kernel's order either.
 */
static bool looks_at_path_first(const struct probe *probe, enum step_kind kind) {
    if (!host_has(probe, ABILITY_POINTERS))
        return false;
    const struct observation *seen = run_text(probe, kind, "% null 0100644\n");
    return seen->ending == ENDING_DONE && seen->outcomes[0].result == -1 &&
           seen->outcomes[0].error == EFAULT;
}

static bool changes_errno(const struct probe *probe, enum step_kind kind) {
    const struct outcome *outcome = run_text(probe, kind, "% \"fifo\" 0600\n")->outcomes;
    return outcome->result == 0 && outcome->error != ERRNO_POISON;
}

static bool acts_as_real(const struct probe *probe, enum step_kind kind) {
    enum { REAL = 1002 };
    if (!host_has(probe, ABILITY_IDENTITIES))
        return false;
    const struct observation *seen =
        run_text(probe, kind, "chmod \"/\" 0777\nas 1001:1001 real 1002:1002\n% \"fifo\" 0600\n");
    return mode_made(seen, 2) >= 0 && seen->outcomes[2].target.uid == REAL;
}

/* Where the umask counts for 0666 too, none of this is meant: the testing will find it. */
static enum mode_way mode_way(const struct probe *probe, enum step_kind kind) {
    const struct observation *seen =
        run_text(probe, kind, "umask 077\n% \"a\" 0640\n% \"b\" 0666\n");
    if (mode_made(seen, 1) != 0640 || mode_made(seen, 2) != 0600)
        return MODE_CREATES;
    if (!host_has(probe, ABILITY_ACLS))
        return MODE_CHANGES;
    seen = run_text(probe, kind,
                    "mkdir \"d\" 0755\nacl \"d\" u::rwx,g::r--,o::--- default\n% \"d/a\" 0660\n");
    return mode_made(seen, 2) == 0660 ? MODE_CHANGES : MODE_IGNORES_UMASK;
}

/* --- the whole -------------------------------------------------------------------------------- */

static struct entry_traits probe_entry(const struct probe *probe, enum step_kind kind) {
    struct entry_traits traits = {
        .masks_type_bits = masks_type_bits(probe, kind),
        .reads_path = reads_path(probe, kind),
    };
    if (!probe->implementation->agent)
        return traits;
    traits.drops_special_bits = drops_special_bits(probe, kind);
    traits.refuses_wide_mode = refuses_wide_mode(probe, kind);
    traits.beyond_way = (uint8_t)wide_way(probe, kind, (INT64_C(1) << 32) + 0600);
    traits.negative_way = (uint8_t)wide_way(probe, kind, (int64_t)INT32_MIN + 0600);
    traits.mode_way = (uint8_t)mode_way(probe, kind);
    traits.changes_errno = changes_errno(probe, kind);
    traits.acts_as_real = acts_as_real(probe, kind);
    traits.reads_path |= looks_at_path_first(probe, kind);
    return traits;
}

/* What the child is asked. */
struct question {
    const struct implementation *implementation;
    int cpu;
};

static void answer(void *out, void *context) {
    struct answer *answer = out;
    const struct question *question = context;
    const struct implementation *implementation = question->implementation;
    struct probe probe = {.implementation = implementation};
    struct entry_traits *of = answer->traits.of;
    answer->error = sandbox_open(&probe.sandbox, implementation, question->cpu, answer->reason,
                                 sizeof answer->reason);
    if (answer->error)
        return;
    if (implementation->mkfifo)
        of[STEP_MKFIFO] = of[STEP_MKFIFOAT] = probe_entry(&probe, STEP_MKFIFO);
    if (implementation->mkfifoat)
        of[STEP_MKFIFOAT] = probe_entry(&probe, STEP_MKFIFOAT);
    if (!implementation->mkfifo)
        of[STEP_MKFIFO] = of[STEP_MKFIFOAT];
    sandbox_close(probe.sandbox);
}

int probe_traits(struct traits *traits, const struct implementation *implementation, int cpu,
                 char *reason, size_t reason_size) {
    struct question question = {implementation, cpu};
    struct answer told = {.error = 0};
    int error = child_ask(&told, sizeof told, answer, &question);
    if (error) {
        snprintf(reason, reason_size, "no child process can be started (%s): free memory or pids",
                 strerror(-error));
        return error;
    }
    *traits = told.traits;
    if (told.error)
        snprintf(reason, reason_size, "%s", told.reason);
    return told.error;
}

/*
 * harness.h - what all fuzz targets that run an implementation share.
 *
 * A target is a file that says which shape of scenario it takes and hands inputs over; all else is
 * here and in mutator.c, which the linker takes along because harness_run needs it:
 * LLVMFuzzerInitialize, the custom mutator and the features of the contract.
 *
 * Arguments of the target, which engines ignore because they begin with two dashes:
 *
 *   --implementation=X  a built-in name or the path of a shared object; default own
 *   --contract=LEVEL    linux, documented or posix; default linux
 *   --findings=DIR      leave findings there (report_save); default: the report goes to stderr only
 *   --minimize-time=S   seconds for making a finding's scenario small; default 10 (engines have
 *                       a timeout of their own), 0: not at all
 *   --keep-going        in a campaign: a finding is noted, and the process goes on
 *   --no-mutator        libFuzzer mutates bytes, and nothing here knows scenarios
 *   --cpu=N             pin the process to that processor; default: the one that it is on
 *   --campaign=FD       figures and endings go to this page (campaign.h)
 *   --job=N             which job of the campaign this is; default 0
 *   --program=PATH      fifofuzz as it was started, for the commands that a report ends with
 */
#ifndef FIFOFUZZ_HARNESS_H
#define FIFOFUZZ_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "examine.h"
#include "scenario_shape.h"

/*
 * The target's shape. Each target defines it.
 */
extern const enum target_shape harness_shape;

/*
 * Examines the scenario that the bytes mean, restricted to the target's shape. Returns 0. A finding
 * is reported and ends the process with abort(), on the caller's thread, so that the engine keeps
 * the input. Says once on stderr in which tier it runs (sandbox/tier.h). Where the host has none at
 * all, says that once and leaves inputs alone; in a campaign the process ends with status 77
 * instead, or 2 if the arguments are wrong. With --keep-going it goes on after a finding, except
 * after a sanitizer's report, which stays the only one.
 */
int harness_run(const uint8_t *data, size_t size);

/* --- parts, for a target that compares an implementation of its own with another -------------- */

/* What it brings along in place of --implementation. */
struct harness_own {
    const struct implementation *implementation;

    /* Called once, before the sandbox is opened. Returns 0, or -errno with `reason`. */
    int (*start)(char *reason, size_t reason_size);
};

/*
 * Begins an input, of which the first `scenario_size` bytes are a scenario: `*out` is that, of the
 * target's shape and without what cannot be done here; it belongs to the harness and holds until
 * the next input. `own` is NULL for --implementation. Returns the examiner to run it with, or NULL
 * if the input is to be left alone, for which the reason has been given.
 */
struct examiner *harness_begin(const struct harness_own *own, const uint8_t *data, size_t size,
                               size_t scenario_size, const struct scenario **out);

/* Ends the input in the campaign's figures, which are the examiner's. */
void harness_end(const struct verdict *verdict);

/*
 * Ends the process with a finding that its scenario alone does not show, so that it gets no folder:
 * `report` and the scenario go to stderr, `signature` to the campaign's page with the `reason` why
 * it is in no folder.
 */
_Noreturn void harness_found(const uint8_t *data, size_t size, const char *signature,
                             const char *reason, const char *report);

#endif

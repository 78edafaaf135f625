/*
 * report_testing.h - a finding to report on, for the tests of report.c and findings.c.
 */
#ifndef FIFOFUZZ_REPORT_TESTING_H
#define FIFOFUZZ_REPORT_TESTING_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report.h"

static struct finding finding;

static const struct report_run linux_run = {
    .implementation = "own",
    .level = LEVEL_LINUX,
    .tier = "namespaces (root)",
    .traits = "type bits: EINVAL\npointers: EFAULT\n",
};

/* A call that created a FIFO behind a dangling link. */
static inline void make_finding(void) {
    static const char text[] = "umask 0022\n"
                               "symlink \"nowhere\" \"link\"\n"
                               "mkfifo \"link\" 0644\n";
    struct text_error error;
    memset(&finding, 0, sizeof finding);
    assert_int_equal(scenario_parse(&finding.scenario, NULL, text, sizeof text - 1, &error), 0);
    scenario_copy(&finding.original, &finding.scenario);
    finding.verdict = (struct verdict){
        .kind = VERDICT_VIOLATED,
        .clause = CLAUSE_EEXIST_DANGLING,
        .aspect = ASPECT_ERRNO,
        .step = 2,
        .expected = EEXIST,
        .got = 0,
    };
    errno_set_add(&finding.verdict.allowed, EEXIST);
    finding.fault = FAULT_IMPLEMENTATION;
    finding.replays = 10;
    finding.repeated = 10;
    snprintf(finding.signature, sizeof finding.signature, "C-EEXIST-dangling.mkfifo.errno.0");
}

static inline void assert_contains(const char *text, const char *part) {
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in:\n%s", part, text);
}

static inline void assert_lacks(const char *text, const char *part) {
    if (strstr(text, part))
        fail_msg("\"%s\" is in:\n%s", part, text);
}

#endif

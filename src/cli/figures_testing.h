/*
 * figures_testing.h - the figures of a campaign that never ran, for what is written from them.
 */
#ifndef FIFOFUZZ_FIGURES_TESTING_H
#define FIFOFUZZ_FIGURES_TESTING_H

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "figures.h"
#include "findings.h"

#define HOSTILE "</pre><script>alert(1)</script> & \"x\" 'y' \x1b \xff \xc3\xa4"

static char findings_directory[] = "/tmp/fifofuzz-figures-XXXXXX";
static char saved_folder[512];
static struct figures figures;
static struct campaign_writer writer;

static const struct crew_plan plan = {.engine = &engines[0],
                                      .target = "sequence",
                                      .implementation = "./" HOSTILE ".so",
                                      .contract = "linux",
                                      .jobs = 1,
                                      .seed = 7};

/* A campaign on a host without Landlock that reached C-RETURN and C-SUCCESS. */
static inline void make_figures(const char *target) {
    struct campaign *campaign;
    int fd;
    assert_int_equal(campaign_create(&campaign, 1, &fd), 0);
    close(fd);
    struct campaign_job *job = &campaign->jobs[0];
    job->facts = (struct campaign_facts){.entries = {true, true}};
    for (int i = 0; i < ABILITY_COUNT; i++)
        job->facts.host.can[i] = i != ABILITY_LANDLOCK;
    snprintf(job->traits_text, sizeof job->traits_text, "one\n%s\n", HOSTILE);
    campaign_writer_open(&writer, campaign, 0);
    campaign_enter(&writer, CAMPAIGN_RUNNING);
    campaign_reach(&writer, CLAUSE_RETURN);
    campaign_reach(&writer, CLAUSE_SUCCESS);
    campaign_end(&writer, 1, 2, 0);
    figures = (struct figures){.plan = &plan,
                               .target = target_find(target),
                               .campaign = campaign,
                               .tier = "namespaces (root)"};
    figures_take(&figures);
}

/* Three findings: one whole, one whose folder could not be written, one whose folder is gone. */
static inline void add_findings(void) {
    static struct finding finding;
    const struct contract contract = {.host = writer.job->facts.host};
    struct figures_finding *found = figures.findings;
    static const char text[] = "umask 0022\nmkfifo \"p/\" 0644\n";
    static const struct report_run run = {.program = "fifofuzz " HOSTILE,
                                          .implementation = "./" HOSTILE ".so",
                                          .tier = "namespaces (root)",
                                          .traits = ""};
    struct text_error error;
    assert_int_equal(scenario_parse(&finding.scenario, NULL, text, sizeof text - 1, &error), 0);
    finding.verdict = (struct verdict){.kind = VERDICT_VIOLATED,
                                       .clause = CLAUSE_SLASH_MISSING,
                                       .aspect = ASPECT_RESULT,
                                       .step = 1,
                                       .got = 5};
    finding.replays = finding.repeated = 10;
    finding.stderr_length =
        (size_t)snprintf(finding.stderr_text, sizeof finding.stderr_text, "%s", HOSTILE);
    snprintf(finding.signature, sizeof finding.signature, "C-SLASH-missing.mkfifo.result");
    assert_int_equal(findings_save(findings_directory, &run, &contract, &finding, saved_folder,
                                   sizeof saved_folder),
                     0);
    found[0] = (struct figures_finding){"C-SLASH-missing.mkfifo.result", saved_folder, "", 3, 3};
    found[1] = (struct figures_finding){"C-SLASH-missing.mkfifo.errno.0", "", "", 1, 1};
    found[2] =
        (struct figures_finding){"C-RETURN.mkdir.preparation", "/nowhere/" HOSTILE, "", 1, 1};
    figures.finding_count = 3;
}

static inline void drop_figures(void) {
    campaign_close(writer.campaign);
}

static inline int make_findings_directory(void **state) {
    (void)state;
    return mkdtemp(findings_directory) ? 0 : -1;
}

static inline int remove_findings(const char *path, const struct stat *facts, int type,
                                  struct FTW *at) {
    (void)facts;
    (void)type;
    (void)at;
    return remove(path);
}

static inline int remove_findings_directory(void **state) {
    (void)state;
    return nftw(findings_directory, remove_findings, 16, FTW_DEPTH | FTW_PHYS);
}

#endif

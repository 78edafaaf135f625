/*
 * collector_test.c - violations that are known, that cannot be written, and that do not fit the
 * campaign's page, from a canary whose faults are certain.
 */
#include "collector.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "sandbox.h"

static struct examiner examiner;
static struct campaign_writer writer;
static struct collector collector;
static struct scenario scenario;
static char directory[] = "/tmp/collector_test-XXXXXX";
static char findings[sizeof directory + 16];

/* --- a campaign without an engine ------------------------------------------------------------- */

static int open_all(void **state) {
    (void)state;
    char reason[512];
    int page;
    struct campaign *campaign;
    int error = sandbox_prepare(reason, sizeof reason);
    if (error || sandbox_shortfall()[0]) {
        fprintf(stderr, "skipped: %s\n", error ? reason : sandbox_shortfall());
        exit(77);
    }
    examiner.contract.level = LEVEL_LINUX;
    if (!mkdtemp(directory) || campaign_create(&campaign, 1, &page) != 0)
        return -1;
    close(page);
    campaign_writer_open(&writer, campaign, 0);
    snprintf(findings, sizeof findings, "%s/findings", directory);
    return examine_open(&examiner, implementation_find("canary-type-regular"), -1, reason,
                        sizeof reason);
}

static int remove_one(const char *path, const struct stat *facts, int type, struct FTW *at) {
    (void)facts;
    (void)type;
    (void)at;
    return remove(path);
}

static int close_all(void **state) {
    (void)state;
    examine_close(&examiner);
    campaign_close(writer.campaign);
    return nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* A process of the job begins; the page has what was there before. */
static void begin(void) {
    memset(&collector, 0, sizeof collector);
    collector.examiner = &examiner;
    collector.writer = &writer;
    collector.run =
        (struct report_run){.implementation = "canary-type-regular", .tier = "", .traits = ""};
    collector.findings = findings;
    collector.keep_going = true;
    collector_remember(&collector);
}

static int begin_anew(void **state) {
    (void)state;
    memset(writer.job, 0, sizeof *writer.job);
    begin();
    return 0;
}

/* Examines the scenario, which is violated, and hands it over so many times. */
static void violate(const char *text, unsigned times) {
    struct text_error error;
    struct verdict verdict;
    assert_int_equal(scenario_parse(&scenario, NULL, text, strlen(text), &error), 0);
    for (unsigned i = 0; i < times; i++) {
        assert_false(examine_holds(&examiner, &scenario, &verdict));
        collector_take(&collector, &scenario, &verdict);
    }
}

static void assert_row(uint32_t index, bool has_folder, uint64_t count, uint64_t saved) {
    const struct campaign_finding *row = &writer.job->findings[index];
    assert_true(index < writer.job->finding_count);
    assert_string_equal(row->signature, "C-STAT-type.mkfifo.type.100000");
    assert_int_equal(row->folder[0] != '\0', has_folder);
    assert_int_equal(row->reason[0] == '\0', has_folder);
    assert_int_equal(row->count, count);
    assert_int_equal(row->saved, saved);
}

static const char pipe_text[] = "mkfifo \"p\" 0644\n";

/* --- tests ------------------------------------------------------------------------------------ */

static void what_is_known_is_only_counted(void **state) {
    (void)state;
    violate(pipe_text, 8);
    assert_int_equal(writer.job->finding_count, 1);
    assert_row(0, true, 8, INVESTIGATED_MAX);
    begin();
    violate(pipe_text, 2);
    assert_int_equal(writer.job->finding_count, 1);
    assert_row(0, true, 10, INVESTIGATED_MAX);
}

static void what_could_not_be_written_is_when_there_is_room(void **state) {
    (void)state;
    nftw(findings, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    int file = open(findings, O_CREAT | O_WRONLY | O_CLOEXEC, 0600); /* no folder can be there */
    assert_true(file >= 0);
    close(file);
    violate(pipe_text, 6);
    assert_row(0, false, 6, 0);
    assert_int_equal(unlink(findings), 0);
    violate(pipe_text, 2);
    assert_row(0, false, 8, 0);
    violate(pipe_text, 3);
    assert_int_equal(writer.job->finding_count, 1);
    assert_row(0, true, 11, 1);
    assert_int_equal(access(writer.job->findings[0].folder, F_OK), 0);
}

static void a_folder_that_somebody_removes_is_written_again(void **state) {
    (void)state;
    violate(pipe_text, 4);
    assert_int_equal(nftw(findings, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
    violate(pipe_text, 1);
    assert_int_equal(writer.job->finding_count, 1);
    assert_int_equal(access(writer.job->findings[0].folder, F_OK), 0);
}

static void what_does_not_fit_the_page_is_counted(void **state) {
    (void)state;
    for (int i = 0; i < CAMPAIGN_FINDINGS_MAX; i++) {
        struct campaign_finding *row = campaign_next_finding(&writer);
        snprintf(row->key, sizeof row->key, "key %d", i);
        snprintf(row->signature, sizeof row->signature, "signature %d", i);
        campaign_publish(&writer);
    }
    begin();
    violate(pipe_text, 3);
    assert_int_equal(writer.job->finding_count, CAMPAIGN_FINDINGS_MAX);
    assert_int_equal(writer.job->not_kept, 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_is_known_is_only_counted, begin_anew),
        cmocka_unit_test_setup(what_could_not_be_written_is_when_there_is_room, begin_anew),
        cmocka_unit_test_setup(a_folder_that_somebody_removes_is_written_again, begin_anew),
        cmocka_unit_test_setup(what_does_not_fit_the_page_is_counted, begin_anew),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}

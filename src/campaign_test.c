#include "campaign.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct campaign *create(unsigned jobs, int *fd) {
    struct campaign *campaign = NULL;
    assert_int_equal(campaign_create(&campaign, jobs, fd), 0);
    return campaign;
}

static void a_new_campaign_has_jobs_that_wait_and_figures_of_zero(void **state) {
    (void)state;
    int fd;
    struct campaign *campaign = create(3, &fd);
    struct campaign_totals totals;
    campaign_sum(campaign, &totals);
    assert_int_equal(totals.scenarios + totals.calls + totals.undecided, 0);
    for (int i = 0; i < CLAUSE_COUNT; i++)
        assert_false(clause_set_has(&totals.clauses, (enum clause)i));
    for (unsigned job = 0; job < 3; job++)
        assert_int_equal(campaign_state(campaign, job), CAMPAIGN_WAITING);
    campaign_close(campaign);
    close(fd);
}

/* In the child: two inputs, the second of which never ends. */
static _Noreturn void write_as_child(int fd, unsigned job) {
    struct campaign *campaign;
    if (campaign_join(&campaign, fd) != 0)
        _exit(1);
    struct campaign_writer writer;
    campaign_writer_open(&writer, campaign, job);
    campaign_begin(&writer, (const uint8_t *)"first input", 11);
    campaign_reach(&writer, CLAUSE_SUCCESS);
    campaign_reach(&writer, CLAUSE_SUCCESS);
    campaign_reach(&writer, CLAUSE_EEXIST);
    campaign_end(&writer, 1, 7, 2);
    snprintf(writer.job->tier, sizeof writer.job->tier, "tier of job %u", job);
    campaign_enter(&writer, CAMPAIGN_ENGINE);
    campaign_begin(&writer, (const uint8_t *)"second", 6);
    _exit(0);
}

static void run_child(int fd, unsigned job) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        write_as_child(fd, job);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void what_a_dead_child_wrote_can_be_read(void **state) {
    (void)state;
    int fd;
    struct campaign *campaign = create(2, &fd);
    run_child(fd, 1);
    assert_int_equal(campaign_state(campaign, 0), CAMPAIGN_WAITING);
    assert_int_equal(campaign_state(campaign, 1), CAMPAIGN_ENGINE);
    const struct campaign_job *job = &campaign->jobs[1];
    assert_string_equal(job->tier, "tier of job 1");
    assert_true(atomic_load(&job->examining));
    assert_int_equal(atomic_load(&job->input_size), 6);
    assert_memory_equal(job->input, "second", 6);
    campaign_close(campaign);
    close(fd);
}

static void totals_are_the_sums_over_all_jobs(void **state) {
    (void)state;
    int fd;
    struct campaign *campaign = create(2, &fd);
    run_child(fd, 0);
    run_child(fd, 1);
    struct campaign_totals totals;
    campaign_sum(campaign, &totals);
    assert_int_equal(totals.scenarios, 2);
    assert_int_equal(totals.calls, 14);
    assert_int_equal(totals.undecided, 4);
    assert_int_equal(totals.reached[CLAUSE_SUCCESS], 4);
    assert_int_equal(totals.reached[CLAUSE_EEXIST], 2);
    assert_true(clause_set_has(&totals.clauses, CLAUSE_SUCCESS));
    assert_true(clause_set_has(&totals.clauses, CLAUSE_EEXIST));
    assert_false(clause_set_has(&totals.clauses, CLAUSE_EBADF));
    campaign_close(campaign);
    close(fd);
}

static void a_clause_was_first_reached_when_the_earliest_job_did(void **state) {
    (void)state;
    int fd;
    struct campaign *campaign = create(2, &fd);
    struct campaign_writer late, early;
    campaign_writer_open(&late, campaign, 0);
    campaign_writer_open(&early, campaign, 1);
    late.now = 900;
    early.now = 30;
    campaign_reach(&late, CLAUSE_EBADF);
    campaign_reach(&early, CLAUSE_EBADF);
    early.now = 2000; /* only the first time counts */
    campaign_reach(&early, CLAUSE_EBADF);
    campaign_leave_open(&late, CLAUSE_EBADF);
    campaign_leave_open(&early, CLAUSE_EBADF);
    campaign_leave_open(&early, CLAUSE_NUL); /* which was not even reached */
    struct campaign_totals totals;
    campaign_sum(campaign, &totals);
    assert_int_equal(totals.left_open[CLAUSE_EBADF], 2);
    assert_int_equal(totals.left_open[CLAUSE_EEXIST], 0);
    assert_int_equal(totals.left_open[CLAUSE_NUL], 1);
    assert_false(clause_set_has(&totals.clauses, CLAUSE_NUL));
    assert_int_equal(totals.first_after[CLAUSE_EBADF], 30);
    assert_int_equal(totals.first_after[CLAUSE_EEXIST], 0);
    campaign_close(campaign);
    close(fd);
}

static void an_input_that_is_too_long_is_cut(void **state) {
    (void)state;
    static uint8_t input[CAMPAIGN_INPUT_MAX + 100];
    memset(input, 'x', sizeof input);
    int fd;
    struct campaign *campaign = create(1, &fd);
    struct campaign_writer writer;
    campaign_writer_open(&writer, campaign, 0);
    campaign_begin(&writer, input, sizeof input);
    assert_int_equal(atomic_load(&campaign->jobs[0].input_size), CAMPAIGN_INPUT_MAX);
    campaign_begin(&writer, NULL, 0);
    assert_int_equal(atomic_load(&campaign->jobs[0].input_size), 0);
    campaign_close(campaign);
    close(fd);
}

static void what_ended_a_process_is_known_to_the_next(void **state) {
    (void)state;
    static const uint8_t fatal[] = "fatal", other[] = "fatam";
    int fd;
    struct campaign *campaign = create(2, &fd);
    struct campaign_writer first, next, another;
    campaign_writer_open(&first, campaign, 0);
    assert_false(campaign_is_fatal(&first, fatal, sizeof fatal));
    campaign_mark_fatal(&first, fatal, sizeof fatal);
    campaign_writer_open(&next, campaign, 0);
    campaign_writer_open(&another, campaign, 1);
    assert_true(campaign_is_fatal(&next, fatal, sizeof fatal));
    assert_false(campaign_is_fatal(&next, fatal, sizeof fatal - 1));
    assert_false(campaign_is_fatal(&next, other, sizeof other));
    assert_false(campaign_is_fatal(&another, fatal, sizeof fatal));
    for (int i = 0; i <= CAMPAIGN_FATAL_MAX; i++)
        campaign_mark_fatal(&next, other, sizeof other);
    assert_int_equal(campaign->jobs[0].fatal_count, CAMPAIGN_FATAL_MAX);
    campaign_close(campaign);
    close(fd);
}

/* One job could write its folder, another not. */
static void a_finding_that_one_job_could_write_has_its_folder(void **state) {
    (void)state;
    int fd;
    struct campaign *campaign = create(2, &fd);
    struct campaign_seen seen[4];
    for (unsigned job = 0; job < 2; job++) {
        struct campaign_writer writer;
        campaign_writer_open(&writer, campaign, job);
        struct campaign_finding *row = campaign_next_finding(&writer);
        snprintf(row->signature, sizeof row->signature, "C-X.mkfifo");
        snprintf(row->folder, sizeof row->folder, "%s", job == 1 ? "findings/C-X.mkfifo" : "");
        row->count = 3;
        row->saved = job;
        campaign_publish(&writer);
    }
    assert_int_equal(campaign_findings(campaign, seen, 4), 1);
    assert_string_equal(seen[0].finding->folder, "findings/C-X.mkfifo");
    assert_int_equal(seen[0].count, 6);
    assert_int_equal(seen[0].saved, 1);
    campaign_close(campaign);
    close(fd);
}

static void a_descriptor_that_is_no_campaign_is_refused(void **state) {
    (void)state;
    struct campaign *campaign;
    assert_int_equal(campaign_join(&campaign, -1), -EINVAL);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    assert_int_equal(campaign_join(&campaign, null), -EINVAL);
    close(null);
    int zeros = memfd_create("zeros", MFD_CLOEXEC);
    assert_int_equal(ftruncate(zeros, 1 << 20), 0);
    assert_int_equal(campaign_join(&campaign, zeros), -EINVAL);
    close(zeros);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_campaign_has_jobs_that_wait_and_figures_of_zero),
        cmocka_unit_test(what_a_dead_child_wrote_can_be_read),
        cmocka_unit_test(totals_are_the_sums_over_all_jobs),
        cmocka_unit_test(a_clause_was_first_reached_when_the_earliest_job_did),
        cmocka_unit_test(an_input_that_is_too_long_is_cut),
        cmocka_unit_test(what_ended_a_process_is_known_to_the_next),
        cmocka_unit_test(a_finding_that_one_job_could_write_has_its_folder),
        cmocka_unit_test(a_descriptor_that_is_no_campaign_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

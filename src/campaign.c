#include "campaign.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"
#include "hash.h"

static size_t size_for(unsigned job_count) {
    return sizeof(struct campaign) + job_count * sizeof(struct campaign_job);
}

static int map(struct campaign **out, int fd, size_t size) {
    void *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED)
        return -errno;
    *out = page;
    return 0;
}

int campaign_create(struct campaign **out, unsigned job_count, int *fd) {
    check(job_count >= 1 && job_count <= CAMPAIGN_JOBS_MAX);
    size_t size = size_for(job_count);
    int memory = memfd_create("fifofuzz campaign", MFD_CLOEXEC);
    if (memory < 0)
        return -errno;
    int error = ftruncate(memory, (off_t)size) != 0 ? -errno : map(out, memory, size);
    if (error) {
        close(memory);
        return error;
    }
    (*out)->size = size;
    (*out)->start_ns = (uint64_t)clock_monotonic_ns();
    (*out)->job_count = job_count;
    *fd = memory;
    return 0;
}

int campaign_join(struct campaign **out, int fd) {
    struct stat facts;
    if (fstat(fd, &facts) != 0 || facts.st_size < (off_t)size_for(1))
        return -EINVAL;
    int error = map(out, fd, (size_t)facts.st_size);
    if (error)
        return -EINVAL;
    const struct campaign *campaign = *out;
    bool whole = campaign->size == (uint64_t)facts.st_size && campaign->job_count >= 1 &&
                 campaign->job_count <= CAMPAIGN_JOBS_MAX &&
                 campaign->size == size_for(campaign->job_count);
    if (whole)
        return 0;
    munmap(*out, (size_t)facts.st_size);
    return -EINVAL;
}

void campaign_close(struct campaign *campaign) {
    if (campaign)
        munmap(campaign, campaign->size);
}

uint64_t campaign_elapsed(const struct campaign *campaign) {
    return ((uint64_t)clock_monotonic_ns() - campaign->start_ns) / 1000000;
}

/* --- in a child ------------------------------------------------------------------------------- */

void campaign_writer_open(struct campaign_writer *writer, struct campaign *campaign, unsigned job) {
    check(job < campaign->job_count);
    *writer = (struct campaign_writer){.campaign = campaign, .job = &campaign->jobs[job]};
    writer->now = (uint32_t)campaign_elapsed(campaign);
}

void campaign_begin(struct campaign_writer *writer, const uint8_t *input, size_t size) {
    struct campaign_job *job = writer->job;
    uint64_t scenarios = atomic_load_explicit(&job->scenarios, memory_order_relaxed);
    if (scenarios % CAMPAIGN_CLOCK_PERIOD == 0)
        writer->now = (uint32_t)campaign_elapsed(writer->campaign);
    uint32_t kept = size < CAMPAIGN_INPUT_MAX ? (uint32_t)size : CAMPAIGN_INPUT_MAX;
    if (kept)
        memcpy(job->input, input, kept);
    atomic_store_explicit(&job->input_size, kept, memory_order_relaxed);
    atomic_store_explicit(&job->examining, true, memory_order_release);
}

void campaign_end(struct campaign_writer *writer, uint64_t scenarios, uint64_t calls,
                  uint64_t undecided) {
    struct campaign_job *job = writer->job;
    atomic_store_explicit(&job->scenarios, scenarios, memory_order_relaxed);
    atomic_store_explicit(&job->calls, calls, memory_order_relaxed);
    atomic_store_explicit(&job->undecided, undecided, memory_order_relaxed);
    atomic_store_explicit(&job->examining, false, memory_order_release);
}

void campaign_mark_fatal(struct campaign_writer *writer, const uint8_t *input, size_t size) {
    struct campaign_job *job = writer->job;
    if (job->fatal_count < CAMPAIGN_FATAL_MAX)
        job->fatal[job->fatal_count++] = hash_bytes(input, size);
}

bool campaign_is_fatal(const struct campaign_writer *writer, const uint8_t *input, size_t size) {
    const struct campaign_job *job = writer->job;
    uint32_t count = atomic_load_explicit(&job->fatal_count, memory_order_relaxed);
    const uint64_t value = count ? hash_bytes(input, size) : 0;
    for (uint32_t i = 0; i < count; i++)
        if (job->fatal[i] == value)
            return true;
    return false;
}

struct campaign_finding *campaign_next_finding(struct campaign_writer *writer) {
    uint32_t count = atomic_load_explicit(&writer->job->finding_count, memory_order_relaxed);
    return count < CAMPAIGN_FINDINGS_MAX ? &writer->job->findings[count] : NULL;
}

void campaign_publish(struct campaign_writer *writer) {
    atomic_fetch_add_explicit(&writer->job->finding_count, 1, memory_order_release);
}

bool campaign_same(const struct campaign_finding *a, const struct campaign_finding *b) {
    bool same_place = !a->folder[0] || !b->folder[0] || strcmp(a->folder, b->folder) == 0;
    return same_place && strcmp(a->signature, b->signature) == 0;
}

void campaign_enter(struct campaign_writer *writer, enum campaign_state state) {
    atomic_store_explicit(&writer->job->state, state, memory_order_release);
}

/* --- in the supervisor ------------------------------------------------------------------------ */

static void add_clauses(const struct campaign_job *job, struct campaign_totals *totals) {
    for (int i = 0; i < CLAUSE_COUNT; i++) {
        uint64_t reached = atomic_load_explicit(&job->reached[i], memory_order_relaxed);
        uint32_t after = atomic_load_explicit(&job->first_after[i], memory_order_relaxed);
        totals->left_open[i] += atomic_load_explicit(&job->left_open[i], memory_order_relaxed);
        if (reached == 0)
            continue;
        if (totals->reached[i] == 0 || after < totals->first_after[i])
            totals->first_after[i] = after;
        totals->reached[i] += reached;
        clause_set_add(&totals->clauses, (enum clause)i);
    }
}

void campaign_sum(const struct campaign *campaign, struct campaign_totals *totals) {
    memset(totals, 0, sizeof *totals);
    for (unsigned i = 0; i < campaign->job_count; i++) {
        const struct campaign_job *job = &campaign->jobs[i];
        totals->scenarios += atomic_load_explicit(&job->scenarios, memory_order_relaxed);
        totals->calls += atomic_load_explicit(&job->calls, memory_order_relaxed);
        totals->undecided += atomic_load_explicit(&job->undecided, memory_order_relaxed);
        totals->not_kept += atomic_load_explicit(&job->not_kept, memory_order_relaxed);
        add_clauses(job, totals);
    }
}

enum campaign_state campaign_state(const struct campaign *campaign, unsigned job) {
    check(job < campaign->job_count);
    return (enum campaign_state)atomic_load_explicit(&campaign->jobs[job].state,
                                                     memory_order_acquire);
}

unsigned campaign_findings(const struct campaign *campaign, struct campaign_seen *out,
                           unsigned capacity) {
    unsigned rows = 0;
    for (unsigned i = 0; i < campaign->job_count; i++) {
        const struct campaign_job *job = &campaign->jobs[i];
        uint32_t count = atomic_load_explicit(&job->finding_count, memory_order_acquire);
        for (uint32_t k = 0; k < count; k++) {
            const struct campaign_finding *one = &job->findings[k];
            unsigned row = 0;
            while (row < rows && !campaign_same(out[row].finding, one))
                row++;
            if (row == capacity)
                continue;
            if (row == rows)
                out[rows++] = (struct campaign_seen){.finding = one};
            if (!out[row].finding->folder[0])
                out[row].finding = one;
            out[row].count += atomic_load_explicit(&one->count, memory_order_relaxed);
            out[row].saved += one->saved;
        }
    }
    return rows;
}

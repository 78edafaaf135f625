#include "nofile.h"

#include "check.h"

int nofile_prepare(struct nofile *nofile) {
    if (getrlimit(RLIMIT_NOFILE, &nofile->start))
        return -errno;
    nofile->now = nofile->start.rlim_cur;
    return 0;
}

/* The kernel's struct rlimit64, whatever off_t is. */
int nofile_set(struct nofile *nofile, const struct cookies *cookies, uint64_t number) {
    if (number > nofile->start.rlim_cur)
        number = nofile->start.rlim_cur;
    if (number == nofile->now)
        return 0;
    const uint64_t limit[2] = {number, nofile->start.rlim_max};
    if (cookies_call(cookies, SYS_prlimit64, 0, RLIMIT_NOFILE, (uintptr_t)limit, 0))
        return -errno;
    nofile->now = number;
    return 0;
}

void nofile_restore(const struct nofile *nofile) {
    check(setrlimit(RLIMIT_NOFILE, &nofile->start) == 0);
}

void nofile_lift(const struct nofile *nofile) {
    if (nofile->now != nofile->start.rlim_cur)
        nofile_restore(nofile);
}

void nofile_lower(const struct nofile *nofile) {
    if (nofile->now == nofile->start.rlim_cur)
        return;
    const struct rlimit limit = {nofile->now, nofile->start.rlim_max};
    check(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

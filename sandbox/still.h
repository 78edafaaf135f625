/*
 * still.h - sees that a thread sleeps in a system call and will not go on by itself.
 *
 * The state in /proc/self/task/ID/stat alone does not tell: it is S before a thread looks once more
 * whether it has to wait and leaves its processor. Nor does /proc/self/task/ID/syscall, which names
 * a call for a thread that is being woken, too. So it is looked at in two passes, over all threads
 * that could wake each other: at the moment between them, all that both passes find asleep were.
 * One that worked at the first pass is not at rest, even if it is done by the second: it may have
 * woken others behind the back of that.
 */
#ifndef FIFOFUZZ_STILL_H
#define FIFOFUZZ_STILL_H

#include <stdbool.h>
#include <stdint.h>

/* One thread, by three of its files in proc(5). */
struct still {
    int state, runs, activity;
};

/* Does this kernel show what is needed? CONFIG_SCHED_INFO, CONFIG_HAVE_ARCH_TRACEHOOK */
bool still_available(void);

/*
 * Opens the files of a thread, whose directory in proc(5) is given; what cannot be opened is never
 * seen asleep.
 */
void still_open(struct still *still, const char *directory);
void still_close(const struct still *still);

/*
 * The first pass: how often the thread has run so far, if it is off its processor in a system call;
 * -1 if it is not.
 */
int64_t still_first(const struct still *still);

/* The second pass: is it asleep, and has not run since the first pass told `runs`? */
bool still_second(const struct still *still, int64_t runs);

#endif

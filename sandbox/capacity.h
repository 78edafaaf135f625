/*
 * capacity.h - how much a FIFO holds on this host: less than pipe(7) says where this user's pipes
 * have used up fs.pipe-user-pages-soft, or fs.pipe-max-size is lower.
 */
#ifndef FIFOFUZZ_CAPACITY_H
#define FIFOFUZZ_CAPACITY_H

#include <stdbool.h>

/*
 * Has a pipe that is made now PIPE_SIZE bytes, and does it get them back after it was made smaller?
 * Asks as the worker would, without capabilities; other pipes of the user may change the answer at
 * any time. False, too, if no pipe can be had.
 */
bool capacity_is_usual(void);

#endif

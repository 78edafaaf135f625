/*
 * path_view.h - the memory that the path of a call under test lies in.
 *
 * It is mapped twice: the harness writes through one view, the implementation is handed the other,
 * which is read-only and ends at a guard page. So an implementation that writes to its argument or
 * reads past its end faults at that very instruction.
 */
#ifndef FIFOFUZZ_PATH_VIEW_H
#define FIFOFUZZ_PATH_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scenario.h"

struct path_view {
    char *writable;       /* the harness's view; NULL: not mapped */
    const char *readable; /* the implementation's view of the same bytes, before the guard page */
    size_t size, page_size;
};

/* Maps it. Returns 0 or -errno; free it with path_view_destroy, which allows that too. */
int path_view_create(struct path_view *view);
void path_view_destroy(struct path_view *view);

/*
 * Puts the path of call `step` where its last byte, NUL or not, is the last one before the guard
 * page, and returns what the implementation is handed: a pointer of the kind that the step has.
 */
const char *path_view_place(const struct path_view *view, const struct scenario *scenario,
                            const struct step *step);

/* True when `address` lies in the bytes that the implementation may read but not write. */
bool path_view_holds(const struct path_view *view, uint64_t address);

/* True when `address` lies in the guard page behind them, where a path is read past its NUL. */
bool path_view_holds_behind(const struct path_view *view, uint64_t address);

#endif

/*
 * agents.h - agents by name: those that come with fifofuzz, any other command that speaks their
 * protocol (README.md), and both under a command that changes what they see, such as fakeroot.
 *
 *     musl                        a row of agents.def
 *     agent:./mine --fast         a command, words with blanks between; there is no quoting
 *     musl under fakeroot --      either of them with words in front of its command
 */
#ifndef FIFOFUZZ_AGENTS_H
#define FIFOFUZZ_AGENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "implementations/implementation.h"

/* One that comes with fifofuzz; the members are the columns of agents.def. */
struct agent_row {
    const char *name, *package, *program, *command, *summary;
};

/* All of them, in the order of agents.def. */
const struct agent_row *agent_rows(size_t *count);

/* The row called `name`, or NULL. */
const struct agent_row *agent_row(const char *name);

/* True if what its command names is there: the program, and what is built or copied for it. */
bool agent_installed(const struct agent_row *row);

/* True if `name` has a form of those above, whether or not such an agent is there. */
bool agent_named(const char *name);

/*
 * Fills `out` with the agent called `name`. Programs without a slash are looked for in PATH. The
 * entry points stay NULL: which ones there are, the agent itself tells when it is started. Returns
 * 0; -ENOENT if a program is missing, then with the package that brings it, or -EINVAL if `name`
 * cannot be understood; then `reason` says it in one sentence. `name` must outlive `out`, and what
 * `out->agent` points to is good until the next call.
 */
int agent_find(struct implementation *out, const char *name, char *reason, size_t reason_size);

#endif

/*
 * sandbox.h - runs scenarios on an implementation where they can harm nothing.
 *
 * One persistent worker thread has a world of its own: mount namespace, root (a private tmpfs, the
 * arena), cwd, umask, descriptor table, identity, no capability in effect but those that a scenario
 * names, and a seccomp filter (policy.def). Where the host refuses some of it the sandbox does with
 * less, in one of the lower tiers of tier.h, and tells what scenarios lack. The process's other
 * threads are untouched, so a fuzzing engine on the main thread keeps its files. The worker knows
 * no contract: it executes and reports what it saw.
 *
 * A scenario starts in an empty arena with cwd "/", umask 022, uid and gid 0 without capabilities,
 * the root directory 0755 0:0, and descriptors 0, 1 and 2 open: /dev/null, /dev/null and a pipe
 * that keeps what the implementation prints. The lowest free descriptor is 3. Steps that the host
 * cannot do (host_lacks) fail with whatever error that gives.
 *
 * Not thread-safe: one thread drives one sandbox, and a process has one open at a time.
 */
#ifndef FIFOFUZZ_SANDBOX_H
#define FIFOFUZZ_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host.h"
#include "implementations/implementation.h"
#include "outcome.h"
#include "scenario.h"

struct sandbox;

/* How a scenario is run. */
enum sandbox_mode {
    SANDBOX_OBSERVED, /* everything in struct observation is filled */
    SANDBOX_BARE,     /* the same steps and clean-up, nothing looked at; only `ending` is filled */
};

/*
 * Must be called while the process has one thread, before anything else here (in an engine:
 * LLVMFuzzerInitialize). Finds out how well this host can confine an implementation (tier.h). As an
 * ordinary user it enters a new user namespace in which the caller is uid and gid 0, if the kernel
 * lets it; with CAP_SYS_ADMIN it changes nothing. Returns 0, or -errno with `reason` (what was
 * refused and what the user can do) filled where nothing can be run at all. Calling it again does
 * nothing.
 */
int sandbox_prepare(char *reason, size_t reason_size);

/*
 * Starts the worker and its arena, proves both with one FIFO and finds out what the host can do.
 * `implementation` is what will be run: its agent, if it has one, lives with the worker. NULL, or
 * one without, for those that run in this process; they can be run beside an agent, too. What the
 * tier cannot hold is refused with -EPERM (tier_admits).
 * Raises the soft RLIMIT_NOFILE to 4096, if it is lower and may be. Call it on the first input, not
 * at start: a fork server's threads do not survive the fork. `cpu` pins the calling thread and the
 * worker to that processor, which makes the hand-over four times cheaper; -1 takes the processor
 * that the caller is on, -2 pins nothing. Returns 0, or -errno with `reason` filled; free the
 * sandbox with sandbox_close.
 */
int sandbox_open(struct sandbox **out, const struct implementation *implementation, int cpu,
                 char *reason, size_t reason_size);

/*
 * True if `scenario` has steps that need ABILITY_PIPES, and the host has lost it since: others of
 * the same user have pipes, too.
 */
bool sandbox_lost_pipes(const struct scenario *scenario);

/*
 * True if `step` mentions one of the names that an agent's arena holds besides the scenario's, or
 * changes the identity of an agent that cannot be acted on from outside: it is to be left out.
 * Never so without an agent.
 */
bool sandbox_claims(const struct sandbox *sandbox, const struct scenario *scenario,
                    const struct step *step);

/* Ends the worker and gives back everything, the limit too. NULL is allowed. */
void sandbox_close(struct sandbox *sandbox);

/*
 * Removes what the process's sandbox has in the host's file system, where the tier has its arena
 * there. For a process that is about to end without sandbox_close, by abort(3) or _exit(2); exit(3)
 * does it by itself. The sandbox can be used no more.
 */
void sandbox_abandon(void);

/*
 * Loads a shared object (implementation_load) on a thread that sees the host's files read-only and
 * has no effective capabilities, so that its constructors can damage nothing; a crash or a hang in
 * one is reported like any other failure. Needs sandbox_prepare, not sandbox_open. Returns as
 * implementation_load does, -EFAULT for a crash, -ETIME for a hang.
 */
int sandbox_load(struct implementation *out, const char *path, char *reason, size_t reason_size);

/*
 * Starts the agent of `implementation` once, in a child process, and hears its greeting: the
 * pointers to the entry points that it has are set, to functions that nobody may call. Needs
 * sandbox_prepare, not sandbox_open. Returns 0, or -errno with `reason` filled: -ENOENT if the
 * agent does not get as far as a greeting, -EINVAL or -ETIME if there is none.
 */
int sandbox_meet(struct implementation *implementation, char *reason, size_t reason_size);

/*
 * Runs `scenario` with `implementation`'s entry points and clears the arena. Steps whose entry
 * point is NULL must not be in it. The result belongs to the sandbox and holds until the next run.
 * After an ending other than ENDING_DONE the worker is given up and the next run starts a new one.
 * Never returns NULL; aborts through check() if a new worker cannot be had.
 */
const struct observation *sandbox_run(struct sandbox *sandbox, const struct scenario *scenario,
                                      const struct implementation *implementation,
                                      enum sandbox_mode mode);

/* What the last sandbox_run returned, once more. */
const struct observation *sandbox_last(const struct sandbox *sandbox);

/* Lets the next run start on a new worker: whatever the code under test did to this one is gone. */
void sandbox_renew(struct sandbox *sandbox);

/*
 * What the implementation has written to descriptor 2 since the last call of this function, at
 * most the newest 64 KiB: copied to `out`, cut at `capacity` and NUL-terminated. Returns the
 * length.
 */
size_t sandbox_stderr(struct sandbox *sandbox, char *out, size_t capacity);

/* True if the agent has greeted with the call of step kind `kind`; false without an agent. */
bool sandbox_has(const struct sandbox *sandbox, enum step_kind kind);

/* What this host can do; known from sandbox_open on, holds as long as the sandbox. */
const struct host *sandbox_host(const struct sandbox *sandbox);

/* "namespaces (root)", "landlock", ...: the tier, for reports. Constant text; see tier.h. */
const char *sandbox_tier(void);

/* Why the tier is no better one and what would help, one sentence; "" for namespaces. */
const char *sandbox_shortfall(void);

/* How many workers were started in the life of this sandbox; 1 where nothing ever went wrong. */
unsigned sandbox_generation(const struct sandbox *sandbox);

#endif

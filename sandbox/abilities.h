/*
 * abilities.h - what this host can do, found out by trying.
 */
#ifndef FIFOFUZZ_ABILITIES_H
#define FIFOFUZZ_ABILITIES_H

#include "guest.h"
#include "host.h"
#include "sandbox.h"

/*
 * Fills `host`, all but `nofile`: runs scenarios of the steps in question, which call no
 * implementation, in `sandbox`. Only Landlock is asked for by its version, for no thread gets rid
 * of it again.
 */
void abilities_find(struct host *host, struct sandbox *sandbox);

/* Takes away what the agent cannot do, and adds what only agents can. */
void abilities_limit(struct host *host, const struct guest *guest);

#endif

/*
 * report_json.h - a finding for programs: what report.h prints, in parts, as JSON.
 *
 *   signature, sentence, verdict ("violated", or "disagreed" where a preparation went otherwise)
 *   clause: name, summary, source, posix, documented; null if a preparation disagreed
 *   grade ("grave", "broken", "parity", or "none" where a preparation disagreed)
 *   fault ("implementation", "platform", "fifofuzz" or "not determined"), fault_text
 *   step (from 1), step_text, late (an earlier step may have done it), scenario, lines
 *   original: the scenario before it was minimized
 *   expected, got, replays, repeated, stderr, stack (its lines)
 *   implementation, contract, tier, traits, version
 *   commands: by the keys of report_ways; empty without a file
 *   confirmation, once report_json_amend has added it
 *
 * Bytes that JSON cannot hold are written as printable.h does.
 */
#ifndef FIFOFUZZ_REPORT_JSON_H
#define FIFOFUZZ_REPORT_JSON_H

#include <stdio.h>

#include "report.h"

/*
 * Writes `finding` as one object. `file` is the scenario's file for the commands, NULL if it has
 * none. Returns 0 or -errno.
 */
int report_json(FILE *out, const struct report_run *run, const struct finding *finding,
                const char *file);

/*
 * Sets "confirmation" in the file `path`, which is replaced as a whole, to `line`. Returns 0 or
 * -errno; -EINVAL if the file holds no such object.
 */
int report_json_amend(const char *path, const char *line);

#endif

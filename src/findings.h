/*
 * findings.h - the folder that a finding leaves, the same whatever the engine.
 *
 *   scenario.scn   the scenario as text, minimized, with what Linux gives behind `#`
 *   original.scn   as it was found, before it was minimized
 *   input          scenario.scn as bytes, for a fuzz target
 *   command.txt    the command that repeats it
 *   reproducer.c   the same as a C file of its own (reproducer.h)
 *   report.json    the report for programs (report_json.h)
 *   report.txt     what failed, whose fault it is, expected and got, commands
 *   count          how often it was found
 *
 * A folder appears whole or not at all: it is filled under another name, `.new-PID-...`, and
 * renamed. A process that is killed in between leaves such a folder behind; the next one that saves
 * something there takes it away. Files of a folder that is there are replaced by renaming, too, and
 * by one process at a time (flock(2) of the folder): several runs may share `findings`.
 */
#ifndef FIFOFUZZ_FINDINGS_H
#define FIFOFUZZ_FINDINGS_H

#include <stddef.h>
#include <stdint.h>

#include "examine.h"
#include "report.h"

/*
 * Leaves the finding in the folder `findings`/SIGNATURE; `findings` is made, but not what it lies
 * in. If it is there already from the same command, only count goes up; if another command left it,
 * SIGNATURE.2 is taken, and so on. Copies the folder's path to `folder` of `size` bytes. Returns 0,
 * or -errno; then nothing is left of a new folder.
 */
int findings_save(const char *findings, const struct report_run *run,
                  const struct contract *contract, const struct finding *finding, char *folder,
                  size_t size);

/*
 * Puts another finding into an existing folder, whose name and count stay: a scenario that shows it
 * more reliably. Returns 0 or -errno.
 */
int findings_replace(const char *folder, const struct report_run *run,
                     const struct contract *contract, const struct finding *finding);

/*
 * Adds `line` (without newline) to the end of the reports in `folder`, unless they end with it
 * already. Returns 0 or -errno.
 */
int findings_amend(const char *folder, const char *line);

/* Adds `more` to the count in `folder`. Returns 0 or -errno. */
int findings_count(const char *folder, uint64_t more);

#endif

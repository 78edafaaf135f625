/*
 * pair.h - one scenario with a plan, on os.mkfifo and on the module: examined and compared.
 */
#ifndef FIFOFUZZ_PAIR_H
#define FIFOFUZZ_PAIR_H

#include "examine.h"
#include "plan.h"

enum { PAIR_REPORT_SIZE = 65536 };

/*
 * Runs and judges `scenario` on both sides (interpreter.h), with the interpreter and the examiner
 * open. Returns NULL if all is well; else what went wrong, a word of constant text that is fit for
 * a file name, with `report` (of PAIR_REPORT_SIZE bytes) filled. `verdict` is the last one's.
 */
const char *pair_examine(struct examiner *examiner, const struct scenario *scenario,
                         const struct plan *plan, struct verdict *verdict, char *report);

#endif

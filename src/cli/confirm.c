#include "confirm.h"

#include <stdlib.h>
#include <string.h>

#include "fresh.h"
#include "report.h"

static struct scenario scenario;

static void describe(const struct confirmation *confirmation, char *line, size_t size) {
    int length = snprintf(line, size, "Confirmed:       in %u of %d fresh processes",
                          confirmation->violated, FRESH_TRIES);
    size_t used = (size_t)length;
    if (confirmation->violated == 0)
        snprintf(line, size,
                 "Not confirmed:   in no fresh process; it depends on what was run before");
    else if (confirmation->added)
        snprintf(line + used, size - used,
                 "; it depends on earlier calls, so the scenario was given %u more",
                 confirmation->added);
}

void confirm_finding(const struct cli_subject *subject, const char *folder) {
    struct confirmation confirmation;
    char line[256];
    cli_load(folder, FORM_BY_NAME, &scenario, NULL);
    const struct examiner *examiner = session_open(subject);
    int error = fresh_confirm(examiner, &scenario, &confirmation);
    if (error)
        snprintf(line, sizeof line, "Not confirmed:   no fresh process to try in: %s",
                 strerror(-error));
    else
        describe(&confirmation, line, sizeof line);
    session_close();
    error = report_amend(folder, line, !error && confirmation.added ? &scenario : NULL);
    if (error)
        fprintf(stderr, "fifofuzz: %s: %s\n", folder, strerror(-error));
}

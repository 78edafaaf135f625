/*
 * page_parts.h - the parts of page.h's page, for page.c and their tests.
 */
#ifndef FIFOFUZZ_PAGE_PARTS_H
#define FIFOFUZZ_PAGE_PARTS_H

#include <jansson.h>
#include <stdio.h>

#include "figures.h"

/* Prints <TAG class="NAME">TEXT</TAG>, escaped; without the class if it is NULL. */
void page_element(FILE *out, const char *tag, const char *name, const char *text);

/* Prints <dt>LABEL</dt><dd>TEXT</dd>, escaped; nothing where there is no text. */
void page_entry(FILE *out, const char *label, const char *text);

/* The document up to where <body> begins: its title, and the styles `more` behind page_style. */
void page_head(FILE *out, const char *title, const char *more);

/* The end of the document, with who wrote it. */
void page_foot(FILE *out);

/*
 * One finding as `report`, its report.json or NULL, tells of it. `anchor` is what links lead to, or
 * NULL.
 */
void page_finding(FILE *out, const struct figures_finding *finding, const json_t *report,
                  const char *anchor);

/* Each finding with its scenario; nothing if there is none. */
void page_findings(FILE *out, const struct figures *figures);

/* Calls and clauses over time, as two drawings. */
void page_plots(FILE *out, const struct figures *figures);

/* The table of the clauses, by state. */
void page_clauses(FILE *out, const struct figures *figures);

/* The style sheet (page_style.c). */
extern const char page_style[];

#endif

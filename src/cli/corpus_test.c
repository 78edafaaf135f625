/*
 * corpus_test.c - every clause has its conformance file, and every file is a clause's.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "contract.h"

/* The clause whose file is called `name`, or CLAUSE_COUNT. */
static enum clause clause_of_file(const char *name) {
    char clause[256];
    size_t length = strlen(name);
    if (length < 5 || length >= sizeof clause || strcmp(name + length - 4, ".scn") != 0)
        return CLAUSE_COUNT;
    memcpy(clause, name, length - 4);
    clause[length - 4] = '\0';
    return clause_find(clause);
}

static void every_clause_has_one_conformance_file_and_no_file_is_left_over(void **state) {
    (void)state;
    bool has_file[CLAUSE_COUNT] = {false};
    unsigned wrong = 0;
    DIR *folder = opendir(FIFOFUZZ_CORPUS_DIR "/conformance");
    assert_non_null(folder);
    struct dirent *entry;
    while ((entry = readdir(folder))) {
        if (entry->d_name[0] == '.')
            continue;
        enum clause clause = clause_of_file(entry->d_name);
        if (clause == CLAUSE_COUNT) {
            print_error("%s is no clause's file\n", entry->d_name);
            wrong++;
        } else {
            has_file[clause] = true;
        }
    }
    closedir(folder);
    for (int i = 0; i < CLAUSE_COUNT; i++)
        if (!has_file[i]) {
            print_error("%s has no file\n", clause_infos[i].name);
            wrong++;
        }
    assert_int_equal(wrong, 0);
}

static void no_clause_is_beyond_any_scenario(void **state) {
    (void)state;
    for (unsigned i = 0; i < beyond_count; i++)
        if (clause_find(beyond_infos[i].name) != CLAUSE_COUNT)
            fail_msg("%s is in clauses.def and in beyond.def", beyond_infos[i].name);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_clause_has_one_conformance_file_and_no_file_is_left_over),
        cmocka_unit_test(no_clause_is_beyond_any_scenario),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

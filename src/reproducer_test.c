#include "reproducer.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reproducer_quote.h"

static struct scenario scenario;
static struct contract contract;
static struct verdict verdict;
static char *text; /* of the last export or quotation */
static size_t size;

static void parse(const char *lines) {
    struct text_error error;
    if (scenario_parse(&scenario, NULL, lines, strlen(lines), &error) != 0)
        fail_msg("%u:%u: %s", error.line, error.column, error.message);
}

static FILE *begin(void) {
    free(text);
    text = NULL;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    return out;
}

/* Exports `lines` as C into `text`. */
static void export_c(const char *lines, const struct verdict *finding, const char *title) {
    parse(lines);
    contract.host = reproducer_host;
    const struct reproduction reproduction = {&scenario, &contract, finding, title};
    FILE *out = begin();
    assert_int_equal(reproducer_print_c(out, &reproduction), 0);
    fclose(out);
}

static void assert_contains(const char *part) {
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void assert_lacks(const char *part) {
    if (strstr(text, part))
        fail_msg("\"%s\" is in:\n%s", part, text);
}

/* --- quoting ---------------------------------------------------------------------------------- */

static const char *quoted_c(const char *bytes) {
    FILE *out = begin();
    quote_c(out, bytes, (uint32_t)strlen(bytes));
    fclose(out);
    return text;
}

/* What a compiler makes of the inside of a string literal that quote_c has written. */
static size_t read_literal(const char *literal, char *bytes) {
    size_t length = 0;
    for (const char *at = literal + 1; *at != '"'; at++) {
        if (*at != '\\') {
            bytes[length++] = *at;
        } else if (at[1] >= '0' && at[1] <= '7') {
            bytes[length++] = (char)((at[1] - '0') << 6 | (at[2] - '0') << 3 | (at[3] - '0'));
            at += 3;
        } else {
            at++;
            bytes[length++] = *at == 'n' ? '\n' : *at == 't' ? '\t' : *at;
        }
    }
    return length;
}

static void every_byte_survives_a_c_literal(void **state) {
    (void)state;
    for (int byte = 1; byte < 256; byte++) {
        const char bytes[] = {'7', (char)byte, '7', '\0'};
        char back[16];
        quoted_c(bytes);
        assert_int_equal(read_literal(text, back), 3);
        assert_memory_equal(back, bytes, 3);
        for (const char *at = text; *at; at++)
            assert_in_range(*at, ' ', '~');
    }
}

static void no_trigraph_stands_in_a_literal(void **state) {
    (void)state;
    assert_string_equal(quoted_c("?\?/x"), "\"?\\?/x\"");
}

static void what_repeats_itself_is_written_once(void **state) {
    (void)state;
    char path[1 + 255 + 3 + 1] = "d";
    memset(path + 1, 'x', 255);
    memcpy(path + 256, "/y\"", 4);
    assert_string_equal(quoted_c(path), "TEXT(\"d\", repeat(255, \"x\"), \"/y\\\"\")");
    assert_string_equal(quoted_c("short"), "\"short\"");
    assert_string_equal(quoted_c(""), "\"\"");
}

static void nothing_ends_a_comment(void **state) {
    (void)state;
    FILE *out = begin();
    quote_comment(out, "a*/b /*/ ?\?/\n\x80 \\");
    fclose(out);
    assert_string_equal(text, "a*\\x2fb /\\x2a\\x2f ?\\x3f/?? \\");
}

static void every_byte_survives_a_shell_word(void **state) {
    (void)state;
    FILE *out = begin();
    quote_shell(out, "a'b $`\\\n", 8);
    fclose(out);
    assert_string_equal(text, "'a'\\''b $`\\\n'");
}

/* --- C ---------------------------------------------------------------------------------------- */

static void a_plain_scenario_needs_nothing_but_posix(void **state) {
    (void)state;
    export_c("symlink \"nowhere\" \"link\"\nmkfifo \"link\" 0644\nmkfifo \"x\" 0666\n", NULL,
             "dangling");
    assert_contains("/*\n * dangling\n");
    assert_contains(" *    1  symlink \"nowhere\" \"link\"\n");
    assert_contains("Needs: nothing but POSIX.\n");
    assert_contains("    PREPARE(1, symlink(\"nowhere\", \"link\"), 0);\n"
                    "    CALL(2, mkfifo(\"link\", 0644), EEXIST);\n"
                    "    CALL(3, mkfifo(\"x\", 0666), 0);\n"
                    "    made(AT_FDCWD, \"x\", 0644, 07777, (long)geteuid(), (long)getegid());\n");
    assert_lacks("_GNU_SOURCE");
    assert_lacks("unshare");
    assert_lacks("repeat");
    assert_lacks("#include \"");
}

static void helpers_come_with_the_steps_that_need_them(void **state) {
    (void)state;
    static const struct {
        const char *lines, *helper;
    } rows[] = {
        {"mkfifo \"/x\" 0644\n", "static void drop_capabilities("},
        {"mkfifo \"../x\" 0644\n", "static void separate("},
        {"as 1000:1000\n", "static int act_as("},
        {"mkdir \"d\" 0755\nacl \"d\" u::rwx,g::r-x,o::---\n", "static void harness_acl("},
        {"mkdir \"d\" 0755\nattribute \"d\" immutable\n", "static void harness_attributes("},
        {"mkdir \"d\" 0755\nmount \"d\" 5 ro\n", "static void harness_mount("},
        {"mkdir \"d\" 0755\nbind \"d\" \"d\" idmap\n", "static void harness_bind_idmapped("},
        {"remount \"/\" ro superblock\n", "static void harness_superblock("},
        {"chown \"/\" 1:1\n", "static void harness_chown("},
        {"landlock \"\"\n", "static int confine("},
        {"nofile 3\n", "static int limit_descriptors("},
        {"mkfifo null 0644\n", "null_path"},
        {"mkfifo unterminated \"a\" 0644\n", "static const char *guarded("},
        {"mkfifo \"\\{300:x}\" 0644\n", "static const char *repeat("},
        {"file \"f\" 0644 \"x\"\n", "static int make_file("},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        export_c(rows[i].lines, NULL, NULL);
        assert_contains(rows[i].helper);
        export_c("mkfifo \"x\" 0644\n", NULL, NULL);
        assert_lacks(rows[i].helper);
    }
}

static void a_harness_step_that_fails_is_left_to_the_reader(void **state) {
    (void)state;
    export_c("mount \"*/\" 0\n", NULL, NULL);
    assert_contains("/* step 1 fails and changes nothing: mount \"*\\x2f\" 0 */");
    assert_lacks("harness_mount");
}

static void a_level_allows_what_it_leaves_open(void **state) {
    (void)state;
    contract.level = LEVEL_DOCUMENTED;
    export_c("mkfifo \"x/\" 0644\n", NULL, NULL);
    assert_contains("CALL(1, mkfifo(\"x/\", 0644), ENOENT, ENOTDIR);");
    assert_lacks("strayed");
    contract.level = LEVEL_POSIX;
    export_c("mkfifo \"x\" 0100644\nmkfifo \"y\" 0644\n", NULL, NULL);
    assert_contains("CALL(1, mkfifo(\"x\", 0100644), ANYTHING);\n    if (strayed(0))\n");
    assert_lacks("errno after success");
    contract.level = LEVEL_LINUX;
}

static void a_finding_is_told_and_looked_at(void **state) {
    (void)state;
    verdict = (struct verdict){.kind = VERDICT_VIOLATED,
                               .clause = CLAUSE_STATE_UMASK,
                               .aspect = ASPECT_UMASK,
                               .late = true,
                               .step = 0,
                               .expected = 022,
                               .got = 0};
    export_c("mkfifo \"x\" 0644\n", &verdict, "*/ int main;");
    assert_contains("/*\n * *\\x2f int main;\n");
    assert_contains("Step 1, or one before it, was wrong: the umask: expected 022, got 00");
    assert_contains("C-STATE-umask: ");
    assert_contains("    mask = umask_now();\n"
                    "    CALL(1, mkfifo(\"x\", 0644), 0);\n");
    assert_contains("    compare(\"the umask\", mask, umask_now());\n");
    verdict.aspect = ASPECT_ARENA_EXTRA;
    verdict.clause = CLAUSE_ARENA;
    export_c("mkdir \"d\" 0755\nmkfifo \"d/x\" 0644\n", &verdict, NULL);
    assert_contains("    there(0, \"\", S_IFDIR | 0755, 0, 0, 3, 60, NULL);\n");
    assert_contains("    there(0, \"d/x\", S_IFIFO | 0644, 0, 0, 1, 0, NULL);\n");
    assert_contains("start_harness(begin_harness, inspect);");
}

static void a_signature_is_read_back(void **state) {
    (void)state;
    char signature[128];
    parse("mkfifo \"x\" 0644\nmkdir \"d\" 0755\n");
    for (int aspect = 0; aspect < ASPECT_COUNT; aspect++) {
        struct verdict back = {0};
        verdict = (struct verdict){.kind = VERDICT_VIOLATED,
                                   .clause = CLAUSE_RETURNS,
                                   .aspect = (uint8_t)aspect,
                                   .got = ENDING_CRASHED,
                                   .number = 11};
        verdict_signature(&verdict, &scenario, signature, sizeof signature);
        assert_true(verdict_read_signature(&back, &scenario, signature));
        assert_int_equal(back.clause, CLAUSE_RETURNS);
        assert_int_equal(back.aspect, aspect);
        assert_int_equal(back.step, 0);
        if (aspect == ASPECT_ENDING) {
            assert_int_equal(back.got, ENDING_CRASHED);
            assert_int_equal(back.number, 11);
        }
    }
    assert_false(verdict_read_signature(&verdict, &scenario, "C-RETURNS: the call comes back"));
    assert_false(verdict_read_signature(&verdict, &scenario, "C-RETURNS.mkfifoat.errno.0"));
    assert_false(verdict_read_signature(&verdict, &scenario, ""));
}

static void settings_of_the_host_are_asked_for_where_they_decide(void **state) {
    (void)state;
    export_c("umask 0\nmkdir \"t\" 0777\nchmod \"t\" 01777\nmkdir \"d\" 0777\nas 1000:1000\n"
             "symlink \"/d\" \"t/l\"\nas 1001:1001\nmkfifo \"t/l\" 0644\nchdir \"t/l\"\n",
             NULL, NULL);
    assert_contains("require_setting(\"/proc/sys/fs/protected_symlinks\", '1');");
    assert_lacks("protected_hardlinks\", ");
}

/* --- sh --------------------------------------------------------------------------------------- */

static int export_sh(const char *lines, char *reason, size_t reason_size) {
    parse(lines);
    contract.host = reproducer_host;
    const struct reproduction reproduction = {&scenario, &contract, NULL, "a\ntitle"};
    FILE *out = begin();
    int error = reproducer_print_sh(out, &reproduction, reason, reason_size);
    fclose(out);
    return error;
}

static void shell_says_what_it_can(void **state) {
    (void)state;
    char reason[128];
    assert_int_equal(export_sh("umask 027\nmkdir \"it's\" 0777\nmkdir \"it's\" 0777\n"
                               "mkfifo \"it's/-x\" 0666\nmkfifo \"it's\" 0644\n",
                               reason, sizeof reason),
                     0);
    assert_contains("#!/bin/sh\n# a?title\n");
    assert_contains("umask 0027\n"
                    "prepare 2 make_directory 'it'\\''s' 0750\n"
                    "# step 3 fails and changes nothing\n"
                    "call 4 success '' prw-r----- 'it'\\''s/-x' -- 'it'\\''s/-x'\n"
                    "call 5 EEXIST '*xists*' p--------- 'it'\\''s' -m 0640 -- 'it'\\''s'\n");
}

static void what_c_cannot_have_is_not_tried_in_c(void **state) {
    (void)state;
    export_c("mkdir \"d\" 0755\nmkfifo counted \"d/x\" \"y\" 0644\n", NULL, NULL);
    assert_contains("unable(\"a path with a NUL byte, which no string of C can have\");");
    assert_lacks("mkfifo(\"d/x\"");
    export_c("mkdir \"d\" 0755\nmkfifo unencodable \"d/x\" \"y\" 0644\n", NULL, NULL);
    assert_contains("unable(\"a path with a character that no bytes stand for, ");
    assert_lacks("mkfifo(\"d/x\"");
    export_c("mkdir \"d\" 0755\nmkfifo \"d/x\" -01\n", NULL, NULL);
    assert_contains("unable(\"a mode that C's mode_t cannot have\");");
    assert_lacks("mkfifo(\"d/x\"");
}

static void shell_refuses_with_a_reason(void **state) {
    (void)state;
    static const struct {
        const char *lines, *reason;
    } rows[] = {
        {"mkfifoat cwd \"x\" 0644\n", "a directory descriptor"},
        {"mkfifo null 0644\n", "a path that is no string"},
        {"mkfifo counted \"a\" \"b\" 0644\n", "a path with a NUL byte"},
        {"mkfifo unencodable \"a\" \"b\" 0644\n",
         "a path with a character that no bytes stand for"},
        {"mkfifo \"x\" 040000000644\n", "a mode with more than permission bits"},
        {"mkfifo \"x\" 04644\n", "a mode with more than permission bits"},
        {"mkfifo \"/x\" 0644\n", "paths that lead out of an ordinary user's directory"},
        {"as 1000:1000\n", "another identity"},
        {"mkdir \"-\" 0755\nchdir \"-\"\n", "a directory called -"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char reason[128] = "";
        assert_int_equal(export_sh(rows[i].lines, reason, sizeof reason), -ENOTSUP);
        assert_string_equal(reason, rows[i].reason);
        assert_int_equal(size, 0);
    }
}

static int drop_text(void **state) {
    (void)state;
    free(text);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_survives_a_c_literal),
        cmocka_unit_test(no_trigraph_stands_in_a_literal),
        cmocka_unit_test(what_repeats_itself_is_written_once),
        cmocka_unit_test(nothing_ends_a_comment),
        cmocka_unit_test(every_byte_survives_a_shell_word),
        cmocka_unit_test(a_plain_scenario_needs_nothing_but_posix),
        cmocka_unit_test(helpers_come_with_the_steps_that_need_them),
        cmocka_unit_test(a_harness_step_that_fails_is_left_to_the_reader),
        cmocka_unit_test(a_level_allows_what_it_leaves_open),
        cmocka_unit_test(a_finding_is_told_and_looked_at),
        cmocka_unit_test(a_signature_is_read_back),
        cmocka_unit_test(settings_of_the_host_are_asked_for_where_they_decide),
        cmocka_unit_test(shell_says_what_it_can),
        cmocka_unit_test(what_c_cannot_have_is_not_tried_in_c),
        cmocka_unit_test(shell_refuses_with_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, drop_text);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errno_name.h"
#include "random.h"
#include "scenario.h"
#include "scenario_testing.h"

enum { SEED = 20240611, RANDOM_STRINGS = 200000 };

static struct scenario first, second;
static struct expectations expected, expected_again;
static struct text_error error;
static char printed[SCENARIO_PRINT_MAX];
static char printed_again[SCENARIO_PRINT_MAX];
static char input[SCENARIO_PRINT_MAX];

/* Fails unless `first` survives its text form, which must be canonical. Returns its length. */
static size_t assert_round_trip(const struct expectations *expectations) {
    size_t length = scenario_print(&first, expectations, printed, sizeof printed);
    assert_true(length < sizeof printed);
    assert_int_equal(scenario_parse(&second, &expected_again, printed, length, &error), 0);
    assert_true(scenario_valid(&second));
    assert_true(scenario_equal(&first, &second));
    for (uint32_t i = 0; expectations && i < first.step_count; i++)
        assert_int_equal(expected_again.error[i], expectations->error[i]);
    size_t again = scenario_print(&second, &expected_again, printed_again, sizeof printed_again);
    assert_int_equal(again, length);
    assert_memory_equal(printed_again, printed, length + 1);
    return length;
}

static void assert_parses(const char *text) {
    if (scenario_parse(&first, &expected, text, strlen(text), &error))
        fail_msg("%s\nrefused at %u:%u: %s", text, error.line, error.column, error.message);
    assert_true(scenario_valid(&first));
}

static void assert_prints(const char *text, const char *canonical) {
    assert_parses(text);
    assert_round_trip(&expected);
    assert_string_equal(printed, canonical);
}

static void assert_refused(const char *text, unsigned line, unsigned column, const char *message) {
    assert_int_equal(scenario_parse(&first, &expected, text, strlen(text), &error), -EINVAL);
    assert_true(scenario_valid(&first));
    assert_string_equal(error.message, message);
    assert_int_equal(error.line, line);
    assert_int_equal(error.column, column);
    assert_int_equal(scenario_parse(&second, NULL, text, strlen(text), &error), -EINVAL);
    assert_true(scenario_equal(&first, &second));
}

static void assert_text(struct text text, const char *bytes, size_t length) {
    assert_int_equal(text.length, length);
    assert_memory_equal(scenario_text(&first, text), bytes, length);
}

static void readable_scenario_parses_to_its_steps(void **state) {
    (void)state;
    assert_parses(
        "# C-EEXIST-dangling: the name is a symlink to nothing; it is neither followed nor "
        "replaced\n"
        "umask 022\n"
        "symlink \"nowhere\" \"link\"\n"
        "mkfifo \"link\" 0644              # EEXIST\n"
        "d = open \".\" path\n"
        "mkfifoat d \"pipe\" 0666          # 0\n");
    assert_int_equal(first.step_count, 5);
    const struct step *steps = first.steps;
    assert_int_equal(steps[0].kind, STEP_UMASK);
    assert_int_equal(steps[0].mode, 022);
    assert_int_equal(expected.error[0], EXPECT_NOTHING);
    assert_int_equal(steps[1].kind, STEP_SYMLINK);
    assert_text(steps[1].other, "nowhere", 7);
    assert_text(steps[1].path, "link", 4);
    assert_int_equal(steps[2].kind, STEP_MKFIFO);
    assert_int_equal(steps[2].pointer, POINTER_STRING);
    assert_int_equal(expected.error[2], EEXIST);
    assert_int_equal(steps[3].kind, STEP_OPEN);
    assert_int_equal(steps[3].flags, OPEN_PATH);
    assert_int_equal(steps[3].slot, 0);
    assert_int_equal(expected.error[3], EXPECT_NOTHING);
    assert_int_equal(steps[4].kind, STEP_MKFIFOAT);
    assert_int_equal(steps[4].dirfd.kind, DIRFD_SLOT);
    assert_int_equal(steps[4].dirfd.number, 0);
    assert_int_equal(steps[4].mode, 0666);
    assert_int_equal(expected.error[4], 0);
}

static void every_kind_prints_canonically(void **state) {
    (void)state;
    static const char text[] = "mkfifo \"fifo\" 0644\n"
                               "mkfifoat cwd \"fifo\" 010644\n"
                               "mkdir \"dir\" 07777\n"
                               "file \"file\" 0600 \"content\"\n"
                               "symlink \"body\" \"link\"\n"
                               "link \"old\" \"new\"\n"
                               "unlink \"name\"\n"
                               "rmdir \"dir\"\n"
                               "rename \"old\" \"new\"\n"
                               "chmod \"path\" 01777\n"
                               "umask 037777777777\n"
                               "chdir \"..\"\n"
                               "d0 = open \".\" path nofollow directory\n"
                               "close d15\n"
                               "d1 = dup d0 1500\n"
                               "nofile 3\n"
                               "as 1000:1000,2000,2001 real 0:0 dac_override\n"
                               "landlock \"dir\"\n"
                               "chown \"dir\" 1000:65533\n"
                               "acl \"dir\" u::rwx,u:1000:rw-,g::r-x,m::rwx,o::--- default\n"
                               "attribute \"dir\" immutable append\n"
                               "mount \"m\" 5 ro nosymfollow nodev noexec nosuid idmap\n"
                               "bind \"d\" \"m\" ro\n"
                               "remount \"m\" ro superblock\n"
                               "umount \"m\"\n";
    assert_prints(text, text);
    assert_int_equal(first.step_count, STEP_ACTOR); /* others: scenario_stage_test */
    for (unsigned kind = 0; kind < STEP_ACTOR; kind++)
        assert_int_equal(first.steps[kind].kind, kind);
}

static void operands_print_in_one_way(void **state) {
    (void)state;
    static const struct {
        const char *text, *canonical;
    } cases[] = {
        {"", ""},
        {"\n \t\n# remark", ""},
        {"\trmdir\t \"a\" \t", "rmdir \"a\"\n"},
        {"umask 0", "umask 0000\n"},
        {"umask 07", "umask 0007\n"},
        {"umask 01000", "umask 01000\n"},
        {"close d", "close d0\n"},
        {"d = open \"\" directory path", "d0 = open \"\" path directory\n"},
        {"d10\t=\topen \"a\"", "d10 = open \"a\"\n"},
        {"d2 = dup cwd 0", "d2 = dup cwd 0\n"},
        {"d = dup -3 65535", "d0 = dup -3 65535\n"},
        {"as 0:0", "as 0:0\n"},
        {"as 1:2,3\treal  1:2 fsetid dac_override", "as 1:2,3 dac_override fsetid\n"},
        {"as 1:2 real 1:1 # 0", "as 1:2 real 1:1 # 0\n"},
        {"attribute \"a\"", "attribute \"a\"\n"},
        {"mount \"a\" 0 nosuid ro # EBUSY", "mount \"a\" 0 ro nosuid # EBUSY\n"},
        {"mkfifoat 0 \"\" 0", "mkfifoat 0 \"\" 0000\n"},
        {"mkfifoat -100 \"\" 0", "mkfifoat -100 \"\" 0000\n"},
        {"mkfifoat -2147483648 \"\" 0", "mkfifoat -2147483648 \"\" 0000\n"},
        {"mkfifoat 2147483647 \"\" 0", "mkfifoat 2147483647 \"\" 0000\n"},
        {"mkfifoat d9 null 0", "mkfifoat d9 null 0000\n"},
        {"mkfifo  unmapped 0", "mkfifo unmapped 0000\n"},
        {"mkfifo noncanonical 0", "mkfifo noncanonical 0000\n"},
        {"mkfifo unterminated\t\"x\" 0", "mkfifo unterminated \"x\" 0000\n"},
        {"mkfifo counted\t\"\"\t\"b\" 0", "mkfifo counted \"\" \"b\" 0000\n"},
        {"mkfifo unencodable \"a\" \"\" 0", "mkfifo unencodable \"a\" \"\" 0000\n"},
        {"mkfifo \"\" -01", "mkfifo \"\" -0001\n"},
        {"mkfifo \"\" 0777777777777777777777", "mkfifo \"\" 0777777777777777777777\n"},
        {"mkfifo \"\" -01000000000000000000000", "mkfifo \"\" -01000000000000000000000\n"},
        {"rmdir \"a\" #0", "rmdir \"a\" # 0\n"},
        {"rmdir \"a\"\t#\tENOTSUP\t;\tremark; # more", "rmdir \"a\" # EOPNOTSUPP\n"},
        {"rmdir \"a\" # EPERM;", "rmdir \"a\" # EPERM\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_prints(cases[i].text, cases[i].canonical);
}

static void strings_print_in_one_way(void **state) {
    (void)state;
    static const struct {
        const char *text, *canonical;
    } cases[] = {
        {"\"\"", "\"\""},
        {"\" !#'()*+,-./:;<=>?@[]^_`{|}~\"", "\" !#'()*+,-./:;<=>?@[]^_`{|}~\""},
        {"\"\\\\\\\"\\n\\t\"", "\"\\\\\\\"\\n\\t\""},
        {"\"\\x0a\\x09\\x22\\x5C\\x41\\x7e\"", "\"\\n\\t\\\"\\\\A~\""},
        {"\"\\x01\\x1f\\x7f\\x80\\xfF\"", "\"\\x01\\x1f\\x7f\\x80\\xff\""},
        {"\"aaaaaaaaaaaaaaa\"", "\"aaaaaaaaaaaaaaa\""},
        {"\"aaaaaaaaaaaaaaaa\"", "\"\\{16:a}\""},
        {"\"xaaaaaaaaaaaaaaaay\"", "\"x\\{16:a}y\""},
        {"\"\\{2:ab}\"", "\"abab\""},
        {"\"\\{8:ab}a\"", "\"\\{8:ab}a\""},
        {"\"\\{5:abc}\"", "\"abcabcabcabcabc\""},
        {"\"\\{5:abc}a\"", "\"abcabcabcabcabca\""},
        {"\"\\{6:abc}\"", "\"\\{6:abc}\""},
        {"\"\\{4:abcd}\"", "\"\\{4:abcd}\""},
        {"\"\\{4:abcde}\"", "\"abcdeabcdeabcdeabcde\""},
        {"\"\\{9:abab}\"", "\"\\{18:ab}\""},
        {"\"\\{20:a}\\{20:b}\"", "\"\\{20:a}\\{20:b}\""},
        {"\"\\{20:\\x7d\\\"\\n\\xff}\"", "\"\\{20:\\x7d\\\"\\n\\xff}\""},
        {"\"\\{20:{}\"", "\"\\{20:{}\""},
        {"\"\\{4352:a}\"", "\"\\{4352:a}\""},
        {"\"\\{2047:./}ab\"", "\"\\{2047:./}ab\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char canonical[128];
        snprintf(input, sizeof input, "chdir %s", cases[i].text);
        snprintf(canonical, sizeof canonical, "chdir %s\n", cases[i].canonical);
        assert_prints(input, canonical);
    }
}

static void every_errno_is_an_expectation(void **state) {
    (void)state;
    for (int value = 0; value <= 133; value++) {
        if (value == 41 || value == 58) /* numbers without a name */
            continue;
        snprintf(input, sizeof input, "rmdir \"a\" # %s", errno_name(value));
        assert_parses(input);
        assert_int_equal(expected.error[0], value);
        assert_round_trip(&expected);
    }
}

static void verbs_and_slots_are_refused_with_their_place(void **state) {
    (void)state;
    assert_refused("mkfio \"a\" 0644", 1, 1,
                   "expected a step, such as mkfifo or mkdir; found \"mkfio\"");
    assert_refused("# remark\n\n  \"a\"", 3, 3,
                   "expected a step, such as mkfifo or mkdir; found \"\"a\"\"");
    assert_refused("rmdir\"a\"", 1, 1,
                   "expected a step, such as mkfifo or mkdir; found \"rmdir\"a\"\"");
    assert_refused("d1 = ", 1, 6, "expected a step, such as mkfifo or mkdir; found end of line");
    assert_refused("d=open \".\"", 1, 1,
                   "expected a step, such as mkfifo or mkdir; found \"d=open\"");
    assert_refused("d16 = open \".\"", 1, 1, "expected a slot, d0 to d15; found \"d16\"");
    assert_refused("d01 = open \".\"", 1, 1, "expected a slot, d0 to d15; found \"d01\"");
    assert_refused("= open \".\"", 1, 1, "expected a step, such as mkfifo or mkdir; found \"=\"");
    assert_refused("open \".\"", 1, 1,
                   "expected a slot and =, as d0 =, before open; found \"open\"");
    assert_refused("d0 = mkdir \".\" 0", 1, 6,
                   "expected a step that gives a descriptor, open or dup, behind =; "
                   "found \"mkdir\"");
    assert_refused("dup d1 3", 1, 1, "expected a slot and =, as d0 =, before dup; found \"dup\"");
    assert_refused("close", 1, 6, "expected a slot, d0 to d15; found end of line");
    assert_refused("close e0", 1, 7, "expected a slot, d0 to d15; found \"e0\"");
}

static void operands_are_refused_with_their_place(void **state) {
    (void)state;
    assert_refused("mkdir \"a\" rw", 1, 11, "expected a mode in octal, as 0644; found \"rw\"");
    assert_refused("mkdir \"a\" 644", 1, 11, "expected a mode in octal, as 0644; found \"644\"");
    assert_refused("mkdir \"a\" 0648", 1, 11, "expected a mode in octal, as 0644; found \"0648\"");
    assert_refused("mkdir \"a\"", 1, 10, "expected a mode in octal, as 0644; found end of line");
    assert_refused("mkdir \"a\" 0755# 0", 1, 11,
                   "expected a mode in octal, as 0644; found \"0755#\"");
    assert_refused("mkdir \"a\" 010000", 1, 11,
                   "expected a mode of at most 07777; found \"010000\"");
    assert_refused("file \"a\" 010644 \"\"", 1, 10,
                   "expected a mode of at most 07777; found \"010644\"");
    assert_refused("chmod \"a\" 0100644", 1, 11,
                   "expected a mode of at most 07777; found \"0100644\"");
    assert_refused("umask 040000000000", 1, 7,
                   "expected a mode of at most 037777777777; found \"040000000000\"");
    assert_refused("mkfifo \"\" -01000000000000000000001", 1, 11,
                   "expected a mode of at most 01000000000000000000000; found "
                   "\"-01000000000000000000001\"");
    assert_refused("mkfifo \"\" -00", 1, 11, "expected a mode in octal, as 0644; found \"-00\"");
    assert_refused("mkfifoat \"a\" 0", 1, 10,
                   "expected cwd, d0 to d15 or a number; found \"\"a\"\"");
    assert_refused("mkfifoat 2147483648 \"a\" 0", 1, 10,
                   "expected cwd, d0 to d15 or a number; found \"2147483648\"");
    assert_refused("mkfifoat -2147483649 \"a\" 0", 1, 10,
                   "expected cwd, d0 to d15 or a number; found \"-2147483649\"");
    assert_refused("mkfifoat -0 \"a\" 0", 1, 10,
                   "expected cwd, d0 to d15 or a number; found \"-0\"");
    assert_refused("mkfifoat - \"a\" 0", 1, 10, "expected cwd, d0 to d15 or a number; found \"-\"");
    assert_refused("mkfifo nul 0", 1, 8,
                   "expected a path in quotes, null, unmapped, noncanonical, unterminated, "
                   "counted or unencodable; found \"nul\"");
    assert_refused("mkfifo unterminated \"\" 0", 1, 21,
                   "expected 1 or more unterminated bytes; found \"\"\"\"");
    assert_refused("mkfifo unterminated 0", 1, 21, "expected a string in quotes; found \"0\"");
    assert_refused("mkfifo counted 0", 1, 16, "expected a string in quotes; found \"0\"");
    assert_refused("mkfifo counted \"a\" 0", 1, 20, "expected a string in quotes; found \"0\"");
    assert_refused("rmdir null", 1, 7, "expected a string in quotes; found \"null\"");
    assert_refused("link \"a\"\n\"b\"", 1, 9, "expected a string in quotes; found end of line");
    assert_refused("d0 = open \".\" wronly", 1, 15,
                   "expected path, nofollow, directory, write, both, wait, truncate, append or the "
                   "end of the step; found \"wronly\"");
    assert_refused("acl \"\" u::---,g::---,o::--- append", 1, 29,
                   "expected default or the end of the step; found \"append\"");
    assert_refused("remount \"\" idmap", 1, 12,
                   "expected ro, nosymfollow, nodev, noexec, nosuid, superblock or the end of the "
                   "step; found \"idmap\"");
    assert_refused("nofile 65536", 1, 8, "expected a number of 0 to 65535; found \"65536\"");
    assert_refused("mount \"\" ro", 1, 10, "expected a number of 0 to 65535; found \"ro\"");
    assert_refused("d0 = open \".\" path directory path", 1, 30,
                   "expected each flag only once; found \"path\"");
}

static void what_follows_a_step_is_refused_with_its_place(void **state) {
    (void)state;
    assert_refused("umask 022\nrmdir \"a\" EEXIST", 2, 11,
                   "expected the end of the line or # and a result; found \"EEXIST\"");
    assert_refused("rmdir \"a\" ; remark", 1, 11,
                   "expected the end of the line or # and a result; found \";\"");
    assert_refused("rmdir \"a\"\r\n", 1, 10, "expected a blank behind the string; found \"\\x0d\"");
    assert_refused("rmdir \"a\" # EEXISTS", 1, 13,
                   "expected 0 or the name of an errno, such as EEXIST; found \"EEXISTS\"");
    assert_refused("rmdir \"a\" # ok; remark", 1, 13,
                   "expected 0 or the name of an errno, such as EEXIST; found \"ok\"");
    assert_refused("rmdir \"a\" #", 1, 12,
                   "expected 0 or the name of an errno, such as EEXIST; found end of line");
    assert_refused("rmdir \"a\" #; EEXIST", 1, 12,
                   "expected 0 or the name of an errno, such as EEXIST; found \";\"");
    assert_refused("rmdir \"a\" # EEXIST not followed", 1, 20,
                   "expected the end of the line or ; and a remark; found \"not\"");
}

static void steps_past_their_limit_are_refused(void **state) {
    (void)state;
    size_t length = 0;
    for (int i = 0; i < SCENARIO_STEPS_MAX; i++)
        length += (size_t)snprintf(input + length, sizeof input - length, "close d%d # EBADF\n",
                                   i % SCENARIO_SLOTS);
    assert_parses(input);
    assert_int_equal(first.step_count, SCENARIO_STEPS_MAX);
    assert_round_trip(&expected);
    snprintf(input + length, sizeof input - length, "# remark\n close d0");
    assert_refused(input, 2050, 2, "expected at most 2048 steps; found more");
}

static void refused_text_leaves_the_whole_steps_before(void **state) {
    (void)state;
    assert_refused("rmdir \"a\"\nmkdir \"b\" 0\nmkfifo unterminated 0", 3, 21,
                   "expected a string in quotes; found \"0\"");
    assert_int_equal(first.step_count, 2);
    assert_round_trip(NULL);
}

static void nul_and_missing_data_are_no_danger(void **state) {
    (void)state;
    assert_int_equal(scenario_parse(&first, &expected, NULL, 0, &error), 0);
    assert_int_equal(first.step_count, 0);
    assert_int_equal(scenario_parse(&first, &expected, "#\0\nrmdir \"a\" # 0;\0", 18, &error), 0);
    assert_int_equal(first.step_count, 1);
    assert_int_equal(scenario_parse(&first, &expected, "rmdir \"\0\"", 9, &error), -EINVAL);
    assert_int_equal(error.column, 8);
    /* Not one byte more than `length` is read. */
    assert_int_equal(scenario_parse(&first, &expected, "umask 022", 8, &error), 0);
    assert_int_equal(first.steps[0].mode, 02);
}

static void every_prefix_of_a_text_parses_or_is_refused(void **state) {
    (void)state;
    static const char text[] = "d1 = open \"a\\x01\\{20:b\\\"}\" path # 0; remark\n"
                               "mkfifoat -12 unterminated \"c\" 010644 # EEXIST\n";
    for (size_t length = 0; length < sizeof text; length++) {
        char *exact = malloc(length > 0 ? length : 1); /* a sanitizer sees reads past its end */
        memcpy(exact, text, length);
        if (scenario_parse(&first, &expected, exact, length, &error) == 0)
            assert_round_trip(&expected);
        else
            assert_true(scenario_valid(&first) && error.line > 0 && error.column <= length + 1);
        free(exact);
    }
}

static void any_bytes_survive_as_text(void **state) {
    (void)state;
    printf("seed %d\n", SEED);
    struct random random;
    random_seed(&random, SEED);
    for (int i = 0; i < RANDOM_STRINGS; i++) {
        uint8_t bytes[48];
        size_t size = random_below(&random, sizeof bytes);
        for (size_t at = 0; at < size; at++)
            bytes[at] = (uint8_t)(random_one_in(&random, 3) ? 2 * random_below(&random, 2)
                                                            : random_below(&random, 256));
        scenario_decode(&first, bytes, size);
        for (uint32_t step = 0; step < first.step_count; step++)
            expected.error[step] = random_one_in(&random, 2) ? EXPECT_NOTHING : ENOENT;
        assert_round_trip(&expected);
    }
}

static void any_scenario_of_all_kinds_survives(void **state) {
    (void)state;
    printf("seed %d\n", SEED);
    struct random random;
    random_seed(&random, SEED);
    for (int i = 0; i < 5000; i++) {
        random_scenario(&first, &random);
        assert_round_trip(NULL);
    }
}

static void any_change_of_a_text_parses_or_is_refused(void **state) {
    (void)state;
    static const char text[] = "d0 = open \"\\{4:dir/}x\" path\nmkfifoat d0 \"a\\x41\" 0644 # 0\n"
                               "mkfifo unterminated \"\\n\" 0 # EFAULT; remark\n";
    static const char bytes[] = " \t\n\"\\{}:x0129d=#;-ax\1\377";
    printf("seed %d\n", SEED);
    struct random random;
    random_seed(&random, SEED);
    int parsed = 0;
    for (int i = 0; i < 20000; i++) {
        char changed[sizeof text];
        memcpy(changed, text, sizeof text);
        change_text(changed, sizeof text - 1, bytes, sizeof bytes, 3, &random);
        if (scenario_parse(&first, &expected, changed, sizeof text - 1, &error) == 0) {
            parsed++;
            assert_round_trip(&expected);
        } else {
            assert_true(scenario_valid(&first));
            assert_in_range(error.line, 1, 8);
            assert_in_range(error.column, 1, sizeof text);
            assert_memory_equal(error.message, "expected ", 9);
        }
    }
    assert_in_range(parsed, 1000, 19000);
}

static void printer_cuts_like_snprintf(void **state) {
    (void)state;
    static const char text[] = "mkdir \"\\{20:ab}\\x01\" 0755 # EEXIST\n";
    assert_parses(text);
    for (size_t capacity = 0; capacity <= sizeof text; capacity++) {
        memset(printed, '!', sizeof text + 1);
        assert_int_equal(scenario_print(&first, &expected, printed, capacity), sizeof text - 1);
        size_t shown = capacity < sizeof text ? capacity : sizeof text;
        if (shown > 0) {
            assert_memory_equal(printed, text, shown - 1);
            assert_int_equal(printed[shown - 1], '\0');
        }
        assert_int_equal(printed[shown], '!');
    }
}

static void one_step_prints_without_newline_and_result(void **state) {
    (void)state;
    assert_parses("umask 022 # 0\nd3 = open \".\" path # 0\nmkfifo null 0644 # EFAULT\n");
    assert_int_equal(scenario_print_step(&first, 1, printed, sizeof printed), 18);
    assert_string_equal(printed, "d3 = open \".\" path");
    assert_int_equal(scenario_print_step(&first, 2, printed, 7), 16);
    assert_string_equal(printed, "mkfifo");
}

static void worst_case_fits_the_stated_size(void **state) {
    (void)state;
    scenario_clear(&first);
    for (uint32_t i = 0; i < SCENARIO_STEPS_MAX; i++) {
        char text[SCENARIO_POOL_MAX / SCENARIO_STEPS_MAX];
        for (size_t at = 0; at < sizeof text; at++)
            text[at] = (char)(0x80 + at);
        struct step *step = scenario_add(&first, STEP_MKFIFOAT);
        step->dirfd = (struct dirfd){DIRFD_NUMBER, INT32_MIN};
        step->pointer = POINTER_UNTERMINATED;
        step->path = scenario_store(&first, text, sizeof text);
        step->mode = UINT32_MAX;
        expected.error[i] = EPROTONOSUPPORT; /* no name is longer */
    }
    assert_int_equal(first.pool_used, SCENARIO_POOL_MAX);
    assert_round_trip(&expected);
}

static void longest_operands_fit_the_stated_size(void **state) {
    (void)state;
    static const char line[] = "as 65533:65533,65533,65533,65533 real 65532:65533 dac_override "
                               "dac_read_search fsetid # EPROTONOSUPPORT\n";
    assert_true(sizeof line - 1 <= 128);
    for (int i = 0; i < SCENARIO_STEPS_MAX; i++)
        memcpy(input + (size_t)i * (sizeof line - 1), line, sizeof line);
    assert_parses(input);
    assert_int_equal(assert_round_trip(&expected), SCENARIO_STEPS_MAX * (sizeof line - 1));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readable_scenario_parses_to_its_steps),
        cmocka_unit_test(every_kind_prints_canonically),
        cmocka_unit_test(operands_print_in_one_way),
        cmocka_unit_test(strings_print_in_one_way),
        cmocka_unit_test(every_errno_is_an_expectation),
        cmocka_unit_test(verbs_and_slots_are_refused_with_their_place),
        cmocka_unit_test(operands_are_refused_with_their_place),
        cmocka_unit_test(what_follows_a_step_is_refused_with_its_place),
        cmocka_unit_test(steps_past_their_limit_are_refused),
        cmocka_unit_test(refused_text_leaves_the_whole_steps_before),
        cmocka_unit_test(nul_and_missing_data_are_no_danger),
        cmocka_unit_test(every_prefix_of_a_text_parses_or_is_refused),
        cmocka_unit_test(any_bytes_survive_as_text),
        cmocka_unit_test(any_scenario_of_all_kinds_survives),
        cmocka_unit_test(any_change_of_a_text_parses_or_is_refused),
        cmocka_unit_test(printer_cuts_like_snprintf),
        cmocka_unit_test(one_step_prints_without_newline_and_result),
        cmocka_unit_test(worst_case_fits_the_stated_size),
        cmocka_unit_test(longest_operands_fit_the_stated_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "random.h"
#include "scenario.h"
#include "scenario_testing.h"

enum { SEED = 20240610, RANDOM_STRINGS = 200000 };

static struct scenario first, second;
static struct text_error error;
static uint8_t encoded[SCENARIO_BYTES_MAX];
static uint8_t encoded_again[SCENARIO_BYTES_MAX];

/* Fails unless `first` survives its byte form, which must be canonical. Returns that form's size.
 */
static size_t assert_round_trip(void) {
    assert_true(scenario_valid(&first));
    size_t size = scenario_encode(&first, encoded, sizeof encoded);
    assert_true((size == 0) == (first.step_count == 0));
    scenario_decode(&second, encoded, size);
    assert_true(scenario_valid(&second));
    assert_true(scenario_equal(&first, &second));
    assert_int_equal(scenario_encode(&second, encoded_again, sizeof encoded_again), size);
    assert_memory_equal(encoded, encoded_again, size);
    return size;
}

static void assert_decodes(const char *bytes, size_t size, const char *text) {
    assert_int_equal(scenario_parse(&first, NULL, text, strlen(text), &error), 0);
    scenario_decode(&second, (const uint8_t *)bytes, size);
    assert_true(scenario_valid(&second));
    assert_true(scenario_equal(&first, &second));
}

/* Bytes given as a string literal; their text form. */
#define assert_decodes_to(literal, text) assert_decodes(literal, sizeof(literal) - 1, text)

static void assert_encodes(const char *text, const char *bytes, size_t size) {
    assert_int_equal(scenario_parse(&first, NULL, text, strlen(text), &error), 0);
    assert_int_equal(assert_round_trip(), size);
    assert_memory_equal(encoded, bytes, size);
}

#define assert_encodes_to(text, literal) assert_encodes(text, literal, sizeof(literal) - 1)

static void add_text(const char *bytes, size_t length) {
    struct step *step = scenario_add(&first, STEP_CHDIR);
    assert_non_null(step);
    step->path = scenario_store(&first, bytes, length);
    assert_int_equal(step->path.length, length);
}

/* Random bytes among which those with a meaning in a text are frequent. */
static size_t random_bytes(struct random *random, uint8_t *out, size_t capacity) {
    size_t size = random_below(random, random_one_in(random, 16) ? (uint32_t)capacity : 64);
    for (size_t i = 0; i < size; i++) {
        uint64_t bits = random_next(random);
        out[i] = (uint8_t)(bits & 0x300 ? 'a' + (bits & 3) : bits & 0x400 ? bits : bits & 3);
        /* Most repetitions are short: full texts need most of the time and show little. */
        if (i >= 3 && bits >> 60 != 0) {
            if (out[i - 1] == 1 || out[i - 3] == 1)
                out[i] &= 15;
            else if (out[i - 2] == 1)
                out[i] = 0;
        }
    }
    return size;
}

static void any_bytes_are_a_scenario_that_survives(void **state) {
    (void)state;
    printf("seed %d\n", SEED);
    struct random random;
    random_seed(&random, SEED);
    uint8_t bytes[512];
    for (int i = 0; i < RANDOM_STRINGS; i++) {
        size_t size = random_bytes(&random, bytes, sizeof bytes);
        scenario_decode(&first, bytes, size);
        assert_round_trip();
    }
}

static void any_scenario_of_random_texts_survives(void **state) {
    (void)state;
    printf("seed %d\n", SEED);
    struct random random;
    random_seed(&random, SEED);
    char text[TEXT_LENGTH_MAX];
    for (int i = 0; i < 2000; i++) {
        scenario_clear(&first);
        uint32_t alphabet = random_between(&random, 1, 5);
        for (int step = 0; step < 12; step++) {
            uint32_t length = random_below(&random, random_one_in(&random, 16) ? 4352 : 40);
            for (uint32_t at = 0; at < length; at++)
                text[at] = "\1/a\2\3"[random_below(&random, alphabet)];
            add_text(text, length);
        }
        assert_round_trip();
    }
}

static void any_scenario_of_all_kinds_survives(void **state) {
    (void)state;
    printf("seed %d\n", SEED);
    struct random random;
    random_seed(&random, SEED);
    for (int i = 0; i < 5000; i++) {
        random_scenario(&first, &random);
        assert_round_trip();
    }
}

static void nothing_is_the_empty_scenario(void **state) {
    (void)state;
    assert_decodes("", 0, "");
    scenario_decode(&second, NULL, 0);
    assert_int_equal(second.step_count, 0);
    assert_int_equal(scenario_encode(&second, encoded, 0), 0);
}

static void missing_operands_are_0_or_empty(void **state) {
    (void)state;
    assert_decodes_to("\x00", "mkfifo \"\" 0");
    assert_decodes_to("\x01", "mkfifoat cwd \"\" 0");
    assert_decodes_to("\x03pa", "file \"pa\" 0 \"\"");
    assert_decodes_to("\x03pa\0\xa4", "file \"pa\" 0244 \"\"");
    assert_decodes_to("\x0c", "d0 = open \"\"");
    assert_decodes_to("\x0e", "d0 = dup cwd 0");
    assert_decodes_to("\x10", "as 0:0");
    assert_decodes_to("\x13", "acl \"\" u::---,g::---,o::---");
    assert_decodes_to("\x15", "mount \"\" 0");
    assert_decodes_to("\x06\x01\x02", "unlink \"\"");
    assert_decodes_to("\x06\x01\x02\x00\x05yz", "unlink \"yzyz\"");
    assert_decodes_to("\x06xy\x02", "unlink \"xy\"");
    assert_decodes_to("\x00\xf3", "mkfifo unterminated \"x\" 0");
}

static void opcodes_slots_and_flags_wrap(void **state) {
    (void)state;
    assert_decodes_to("\x0d\xff", "close d15");
    assert_decodes_to("\x31\x21", "close d1");
    assert_decodes_to("\x0c\x12.\0\x05", "d2 = open \".\" path directory");
    assert_decodes_to("\x14\0\xff", "attribute \"\" immutable append");
    assert_decodes_to("\x13\0\0\0\0\xfe", "acl \"\" u::---,g::---,o::---");
    assert_decodes_to("\x17\0\xe1", "remount \"\" ro superblock");
}

static void modes_keep_what_their_operand_holds(void **state) {
    (void)state;
    assert_decodes_to("\x02/\0\xff\xff", "mkdir \"/\" 07777");
    assert_decodes_to("\x0a\xff\xbf", "umask 07777");
    assert_decodes_to("\x0a\xa4\xc1", "umask 010644");
    assert_decodes_to("\x0a\x00\xd0\x12\x34\x56\x78", "umask 017025432022");
    assert_decodes_to("\x0a\xff\xff\xff\xff\xff\xff", "umask 037777777777");
    assert_encodes_to("umask 010644", "\x0a\xa4\xc1");
    assert_decodes_to("\x00\x00p\0\x00\xe0\xa4\x01\x00\x00\x01\x00\x00\x00",
                      "mkfifo \"p\" 040000000644");
    assert_encodes_to("mkfifo \"p\" -01", "\x00\x00p\0\x00\xe0\xff\xff\xff\xff\xff\xff\xff\xff");
    assert_encodes_to("umask 0100644", "\x0a\x00\xd0\xa4\x81\x00\x00");
}

static void numbers_are_2_bytes(void **state) {
    (void)state;
    assert_encodes_to("nofile 65535", "\x0f\xff\xff");
    assert_encodes_to("d1 = dup d0 1500", "\x0e\x01\x40\xdc\x05");
    assert_encodes_to("mount \"m\" 5 ro idmap", "\x15m\0\x05\0\x21");
}

static void ids_are_usual_ones_or_2_bytes(void **state) {
    (void)state;
    assert_encodes_to("chown \"\" 0:1000\nchown \"\" 1001:2000\nchown \"\" 2001:1\n"
                      "chown \"\" 65533:5\nchown \"\" 65532:2",
                      "\x12\0\x00\x01\x12\0\x02\x03\x12\0\x04\x05"
                      "\x12\0\x06\x07\x12\0\xf0\xfc\xff\xf0\x02\x00");
    assert_decodes_to("\x12\0\x0f\xef", "chown \"\" 5:5");
    assert_decodes_to("\x12\0\xff\xff\xff\xf7\xfd\xff", "chown \"\" 1:65533");
}

static void identities_have_groups_and_at_times_real_ids(void **state) {
    (void)state;
    assert_encodes_to("as 1000:1000", "\x10\x00\x01\x01\x00");
    assert_encodes_to("as 1000:1000,2000,3,2001 dac_read_search",
                      "\x10\x03\x01\x01\x03\xf0\x03\x00\x04\x02");
    assert_encodes_to("as 1000:1000,5 real 0:1000 fsetid", "\x10\x05\x01\x01\x07\x00\x01\x04");
    assert_encodes_to("as 0:0 real 0:1", "\x10\x04\x00\x00\x00\x05\x00");
    assert_decodes_to("\x10\xf8\x01\x01\xf9", "as 1000:1000 dac_override");
    assert_decodes_to("\x10\x04\x01\x02\x01\x02", "as 1000:1001");
}

static void acls_are_repaired(void **state) {
    (void)state;
    assert_encodes_to("acl \"d\" u::rwx,g::r-x,o::--- default", "\x13"
                                                                "d\0\x0f\x0d\x80\x01");
    assert_encodes_to("acl \"d\" u::rwx,u:1000:rw-,g::r-x,g:2000:-w-,m::--x,o::r--",
                      "\x13"
                      "d\0\xef\xad\xc9\x01\x03\x00");
    assert_decodes_to("\x13/\0\x7f\x7f\xff", "acl \"/\" u::rwx,g::rwx,o::rwx");
    assert_decodes_to("\x13/\0\xa0\x00\x05\x02\x01",
                      "acl \"/\" u::---,u:1001:-w-,g::---,m::r-x,o::--- default");
    assert_decodes_to("\x13/\0\x00\xa0\x05\x02\x01",
                      "acl \"/\" u::---,g::---,g:1001:-w-,m::r-x,o::--- default");
}

static void dirfd_bytes_select_cwd_slot_or_number(void **state) {
    (void)state;
    assert_decodes_to("\x01\x3f\x00p", "mkfifoat cwd \"p\" 0");
    assert_decodes_to("\x01\x47\x00p", "mkfifoat d7 \"p\" 0");
    assert_decodes_to("\x01\xef\x00p", "mkfifoat d15 \"p\" 0");
    assert_decodes_to("\x01\xff\x9c\xff\xff\xff\x00p", "mkfifoat -100 \"p\" 0");
    assert_encodes_to("mkfifoat -2147483648 \"\" 0", "\x01\xf0\x00\x00\x00\x80\x00\x00\x00\x00");
}

static void high_pointer_bytes_are_no_string(void **state) {
    (void)state;
    assert_decodes_to("\x00\xefp\0\x01", "mkfifo \"p\" 01");
    assert_decodes_to("\x00\xf0\x01", "mkfifo null 01");
    assert_decodes_to("\x00\xf5\x01", "mkfifo unmapped 01");
    assert_decodes_to("\x00\xfa\x01", "mkfifo noncanonical 01");
    assert_decodes_to("\x00\xf7pp\0\x01", "mkfifo unterminated \"pp\" 01");
    assert_decodes_to("\x00\xff", "mkfifo counted \"\" \"\" 0");
    assert_encodes_to("mkfifo counted \"pp\" \"q\" 01", "\x00\xffpp\0q\0\x01\x00");
    assert_decodes_to("\x00\xfe", "mkfifo unencodable \"\" \"\" 0");
    assert_encodes_to("mkfifo unencodable \"pp\" \"q\" 01", "\x00\xfepp\0q\0\x01\x00");
}

static void repetition_repeats_its_unit(void **state) {
    (void)state;
    assert_decodes_to("\x06z\x01\x03\x00\x02xyz\0", "unlink \"zxyxyxyz\"");
    assert_decodes_to("\x06z\x01\x00\x00\x02xyz\0", "unlink \"zz\"");
    assert_decodes_to("\x06z\x01\x03\x00\x00z\0", "unlink \"zz\"");
    assert_decodes_to("\x06\x01\x02\x00\x02\0z\0", "unlink \"\\x01z\\x01z\"");
    assert_decodes_to("\x06\x01\xff\xff\x01z-\0", "unlink \"\\{4352:z}\"");
    assert_decodes_to("\x06-\x01\xff\xff\x02yz-\0", "unlink \"-\\{2175:yz}y\"");
}

static void earlier_texts_are_inserted(void **state) {
    (void)state;
    assert_decodes_to("\x06\x02\x00one\0", "unlink \"one\"");
    assert_decodes_to("\x06one\0\x06\0\x06two\0\x06\x02\x00/\x02\x01\0",
                      "unlink \"one\"\nunlink \"\"\nunlink \"two\"\nunlink \"two/one\"");
    assert_decodes_to("\x06one\0\x06two\0\x06\x02\xff\0",
                      "unlink \"one\"\nunlink \"two\"\nunlink \"one\"");
    assert_decodes_to("\x08old\0new\0\x04\x02\x00\0\x02\x02\0",
                      "rename \"old\" \"new\"\nsymlink \"new\" \"old\"");
}

static void encoder_names_the_longest_earlier_text(void **state) {
    (void)state;
    assert_encodes_to("mkdir \"dir\" 0755\nmkfifo \"dir/x\" 0644\nmkfifo \"dir/xy\" 0644",
                      "\x02"
                      "dir\0\xed\x01\x00\x00\x02\x00/x\0\xa4\x01\x00\x00\x02\x00y\0\xa4\x01");
    assert_encodes_to("unlink \"ab\"\nunlink \"ab\"", "\x06"
                                                      "ab\0\x06"
                                                      "ab\0");
    assert_encodes_to("unlink \"abc\"\nunlink \"-abc\"\nunlink \"-/abc\"",
                      "\x06"
                      "abc\0\x06-abc\0\x06-/\x02\x01\0");
    assert_encodes_to("unlink \"abc\"\nunlink \"abc\"\nunlink \"abcd\"",
                      "\x06"
                      "abc\0\x06\x02\x00\0\x06\x02\x00"
                      "d\0");
}

static void encoder_prefers_what_stands_for_more(void **state) {
    (void)state;
    assert_encodes_to("unlink \"abab\"\nunlink \"\\{16:ab}\"\nunlink \"\\{16:ab}c\"",
                      "\x06"
                      "abab\0\x06\x01\x10\x00\x02"
                      "ab\0\x06\x01\x10\x00\x02"
                      "abc\0");
    assert_encodes_to("unlink \"\\{16:a}b\"\nunlink \"\\{16:a}bc\"", "\x06\x01\x10\x00\x01"
                                                                     "ab\0\x06\x02\x00"
                                                                     "c\0");
}

static void bytes_1_and_2_are_repetitions_of_one(void **state) {
    (void)state;
    assert_encodes_to("unlink \"\\x01\\x02\\x03\"",
                      "\x06\x01\x01\x00\x01\x01\x01\x01\x00\x01\x02\x03\0");
}

static void every_byte_value_survives(void **state) {
    (void)state;
    char all[255];
    for (size_t i = 0; i < sizeof all; i++)
        all[i] = (char)(i + 1);
    scenario_clear(&first);
    add_text(all, sizeof all);
    for (size_t i = 0; i < sizeof all; i++)
        add_text(all + i, 1);
    assert_round_trip();
}

static void long_texts_survive_and_stay_small(void **state) {
    (void)state;
    char text[TEXT_LENGTH_MAX];
    for (uint32_t unit = 1; unit <= 6; unit++) {
        for (uint32_t length = 4090; length <= TEXT_LENGTH_MAX; length++) {
            for (uint32_t i = 0; i < length; i++)
                text[i] = "/abcde"[i % unit];
            scenario_clear(&first);
            add_text(text, length);
            text[length - 1] = '!';
            add_text(text, length);
            size_t size = assert_round_trip();
            if (unit <= 4)
                assert_true(size < 64);
        }
    }
}

static void full_scenario_survives(void **state) {
    (void)state;
    scenario_clear(&first);
    char text[64];
    for (uint32_t i = 0; i < SCENARIO_STEPS_MAX; i++) {
        struct step *step = scenario_add(&first, STEP_RENAME);
        memset(text, 'a' + (int)(i % 7), 32);
        step->path = scenario_store(&first, text, i % 33);
        memset(text, 1 + (int)(i % 2), 32);
        step->other = scenario_store(&first, text, 32 - i % 33);
    }
    assert_round_trip();
}

static void more_steps_than_fit_are_not_read(void **state) {
    (void)state;
    static uint8_t closes[2 * SCENARIO_STEPS_MAX + 100];
    memset(closes, STEP_CLOSE, sizeof closes);
    scenario_decode(&first, closes, sizeof closes);
    assert_int_equal(first.step_count, SCENARIO_STEPS_MAX);
    assert_int_equal(assert_round_trip(), 2 * SCENARIO_STEPS_MAX);
}

/* Fills the pool of `first` but for `room` bytes with texts of random bytes. */
static void fill_pool(uint32_t room) {
    struct random random;
    random_seed(&random, SEED);
    scenario_clear(&first);
    while (SCENARIO_POOL_MAX - first.pool_used > room) {
        uint32_t length = SCENARIO_POOL_MAX - first.pool_used - room;
        char text[TEXT_LENGTH_MAX];
        for (size_t i = 0; i < sizeof text; i++)
            text[i] = (char)random_between(&random, 1, 255);
        add_text(text, length < sizeof text ? length : sizeof text);
    }
}

static void texts_past_the_pool_are_cut(void **state) {
    (void)state;
    static const char more[] = "\x0bone\0\x0b\x02\x00\x02\x00\0\x0b\x01\xff\xff\x03xyz\0"
                               "\x00\xf3pp\0\xa4\x01\x00\xf3\0\xa4\x01\x0b"
                               "end\0\x0b\x02\x00\0";
    for (uint32_t room = 0; room < 20; room++) {
        fill_pool(room);
        size_t size = scenario_encode(&first, encoded, sizeof encoded);
        assert_true(size > 0);
        memcpy(encoded + size, more, sizeof more - 1);
        uint32_t steps = first.step_count;
        scenario_decode(&first, encoded, size + sizeof more - 1);
        assert_int_equal(first.pool_used, SCENARIO_POOL_MAX);
        assert_int_equal(first.step_count, steps + 7);
        assert_int_equal(first.steps[steps].path.length, room < 3 ? room : 3);
        assert_int_equal(first.steps[steps + 4].pointer, POINTER_STRING);
        assert_int_equal(first.steps[steps + 6].path.length, 0);
        assert_round_trip();
    }
}

static void worst_case_fits_the_stated_size(void **state) {
    (void)state;
    scenario_clear(&first);
    for (uint32_t i = 0; i < SCENARIO_STEPS_MAX; i++) {
        char text[SCENARIO_POOL_MAX / SCENARIO_STEPS_MAX];
        for (uint32_t bit = 0; bit < sizeof text; bit++)
            text[bit] = (char)(1 + (i * 0x9e3779b1U >> bit % 32 & 1));
        struct step *step = scenario_add(&first, STEP_MKFIFOAT);
        step->dirfd = (struct dirfd){DIRFD_NUMBER, -1};
        step->pointer = POINTER_UNTERMINATED;
        step->path = scenario_store(&first, text, sizeof text);
        step->mode = UINT32_MAX;
    }
    assert_int_equal(first.pool_used, SCENARIO_POOL_MAX);
    assert_round_trip();
}

static void longest_operands_fit_the_stated_size(void **state) {
    (void)state;
    const struct identity longest = {9, 9, 8, 9, IDENTITY_GROUPS, {9, 9, 9}};
    scenario_clear(&first);
    while (first.step_count < SCENARIO_STEPS_MAX)
        scenario_add(&first, STEP_AS)->identity = longest;
    assert_int_equal(assert_round_trip(), SCENARIO_BYTES_MAX - 5 * SCENARIO_POOL_MAX);
}

static void too_small_a_buffer_is_refused_and_not_overrun(void **state) {
    (void)state;
    static const char text[] = "mkdir \"dir\" 0755\nmkfifoat -5 \"dir/\\{99:x}\\x01\" 0170000";
    assert_int_equal(scenario_parse(&first, NULL, text, sizeof text - 1, &error), 0);
    size_t size = assert_round_trip();
    for (size_t capacity = 0; capacity < size; capacity++) {
        memset(encoded, 0xee, sizeof encoded);
        assert_int_equal(scenario_encode(&first, encoded, capacity), 0);
        for (size_t i = capacity; i <= size; i++)
            assert_int_equal(encoded[i], 0xee);
    }
    assert_int_equal(scenario_encode(&first, encoded, size), size);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_bytes_are_a_scenario_that_survives),
        cmocka_unit_test(any_scenario_of_random_texts_survives),
        cmocka_unit_test(any_scenario_of_all_kinds_survives),
        cmocka_unit_test(nothing_is_the_empty_scenario),
        cmocka_unit_test(missing_operands_are_0_or_empty),
        cmocka_unit_test(opcodes_slots_and_flags_wrap),
        cmocka_unit_test(modes_keep_what_their_operand_holds),
        cmocka_unit_test(numbers_are_2_bytes),
        cmocka_unit_test(ids_are_usual_ones_or_2_bytes),
        cmocka_unit_test(identities_have_groups_and_at_times_real_ids),
        cmocka_unit_test(acls_are_repaired),
        cmocka_unit_test(dirfd_bytes_select_cwd_slot_or_number),
        cmocka_unit_test(high_pointer_bytes_are_no_string),
        cmocka_unit_test(repetition_repeats_its_unit),
        cmocka_unit_test(earlier_texts_are_inserted),
        cmocka_unit_test(encoder_names_the_longest_earlier_text),
        cmocka_unit_test(encoder_prefers_what_stands_for_more),
        cmocka_unit_test(bytes_1_and_2_are_repetitions_of_one),
        cmocka_unit_test(every_byte_value_survives),
        cmocka_unit_test(long_texts_survive_and_stay_small),
        cmocka_unit_test(full_scenario_survives),
        cmocka_unit_test(more_steps_than_fit_are_not_read),
        cmocka_unit_test(texts_past_the_pool_are_cut),
        cmocka_unit_test(worst_case_fits_the_stated_size),
        cmocka_unit_test(longest_operands_fit_the_stated_size),
        cmocka_unit_test(too_small_a_buffer_is_refused_and_not_overrun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

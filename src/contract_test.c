#include <dirent.h>
#include <errno.h>
#include <stdio.h>

#include "conformance_testing.h"
#include "random.h"
#include "scenario_generate.h"
#include "world_testing.h"

/* Takes the world through step `index`; returns the errno that Linux gives. */
static int advance(const struct contract *contract, uint32_t index, struct prediction *prediction) {
    const struct step *step = &scenario.steps[index];
    if (!step_is_call(step))
        return world_prepare(&world, step);
    contract_predict(contract, &world, step, prediction);
    if (prediction->error == 0)
        world_create(&world, &prediction->walk, NODE_FIFO, &prediction->birth);
    return prediction->error;
}

/* Does a call of the scenario at hand reach `clause`? */
static bool reaches(const struct contract *contract, enum clause clause) {
    bool reached = false;
    world_reset(&world, &scenario, &host);
    for (uint32_t i = 0; i < scenario.step_count; i++) {
        struct prediction prediction = {0};
        advance(contract, i, &prediction);
        reached |= clause_set_has(&prediction.clauses, clause);
    }
    return reached;
}

/* What is reached by calls that overlap, and by FIFOs in use, the judge tells. */
static bool is_of_calls(enum clause clause) {
    return !ability_takes_actors(clause_infos[clause].need);
}

static void check_conformance_file(enum clause clause) {
    static char text[CONFORMANCE_TEXT_MAX];
    static struct expectations told;
    const struct contract contract = {.level = LEVEL_LINUX, .host = host};
    const char *name = clause_infos[clause].name;
    unsigned compared = 0;
    parse(text, conformance_read(clause, text), name);
    contract_expect(&contract, &world, &scenario, &told);
    for (uint32_t i = 0; i < scenario.step_count; i++) {
        const int expected = expectations.error[i], got = told.error[i];
        const bool known = expected != EXPECT_NOTHING && got != EXPECT_NOTHING;
        compared += known;
        if (known && got != expected)
            fail_msg("%s: step %u: the file says %d, the oracle %d", name, i + 1, expected, got);
    }
    if (clause_infos[clause].need != ABILITY_GATE && compared == 0)
        fail_msg("%s: nothing is compared", name);
    if (is_of_calls(clause) && !reaches(&contract, clause))
        fail_msg("%s: no step of its file reaches it", name);
}

static void oracle_agrees_with_every_conformance_file(void **state) {
    (void)state;
    for (int clause = 0; clause < CLAUSE_COUNT; clause++)
        check_conformance_file((enum clause)clause);
}

static void clause_names_are_unique_and_found(void **state) {
    (void)state;
    for (int clause = 0; clause < CLAUSE_COUNT; clause++)
        assert_int_equal(clause_find(clause_infos[clause].name), clause);
    assert_int_equal(clause_find("C-NO-SUCH"), CLAUSE_COUNT);
}

/* What the levels allow of the last step of a scenario. "*" stands for undefined, 0 for success. */
static const struct {
    const char *text;
    const char *documented;
    const char *posix;
} level_rows[] = {
    {"mkfifo \"a\" 0644\n", "0", "0"},
    {"mkfifo \"a/\" 0644\n", "ENOENT ENOTDIR", "ENOENT ENOTDIR"},
    {"mkdir \"d\" 0755\nmkfifo \"d/\" 0644\n", "EEXIST ENOTDIR", "EEXIST ENOTDIR"},
    {"symlink \"no\" \"l\"\nmkfifo \"l/\" 0644\n", "ENOENT EEXIST ENOTDIR ELOOP",
     "ENOENT EEXIST ENOTDIR ELOOP"},
    {"symlink \"no\" \"l\"\nmkfifo \"l\" 0644\n", "EEXIST", "EEXIST"},
    {"mkfifo \"no/\\{256:x}\" 0644\n", "ENOENT ENAMETOOLONG", "ENOENT ENAMETOOLONG"},
    {"mkfifo \"\\{4096:/}\" 0644\n", "EEXIST ENAMETOOLONG", "EEXIST ENAMETOOLONG"},
    {"mkfifo \"\\{4096:/}a\" 0644\n", "ENAMETOOLONG", "0 ENAMETOOLONG"},
    {"mkfifo \"a\" 0100644\n", "EINVAL", "*"},
    {"mkfifo null 0644\n", "EFAULT", "*"},
    {"symlink \".\" \"l\"\nmkfifo \"\\{9:l/}x\" 0644\n", "0", "0 ELOOP"},
    {"symlink \".\" \"l\"\nmkfifo \"\\{8:l/}x\" 0644\n", "0", "0"},
    {"mkdir \"d\" 0755\nfile \"d/f\" 0644 \"\"\nchmod \"d\" 0555\nmkfifo \"d/f\" 0644\n",
     "EACCES EEXIST", "EACCES EEXIST"},
    {"mkdir \"d\" 0755\nfile \"d/f\" 0644 \"\"\nchmod \"d\" 0600\nmkfifo \"d/f\" 0644\n",
     "EACCES EEXIST", "EACCES EEXIST"},
    {"mkdir \"d\" 0755\nchdir \"d\"\nrmdir \"/d\"\nmkfifo \"../x\" 0644\n", "0 ENOENT", "0 ENOENT"},
    {"mkdir \"d\" 0755\nchdir \"d\"\nrmdir \"/d\"\nmkfifo \".\" 0644\n", "ENOENT EEXIST",
     "ENOENT EEXIST"},
    {"mkfifoat -1 \"\\{256:x}\" 0644\n", "EBADF ENAMETOOLONG", "EBADF ENAMETOOLONG"},
};

static void print_set(const struct prediction *prediction, char *out, size_t capacity) {
    snprintf(out, capacity, "%s", prediction->undefined ? "*" : "");
    for (int error = 0; error < 192 && !prediction->undefined; error++) {
        size_t used = strlen(out);
        if (errno_set_has(&prediction->allowed, error))
            snprintf(out + used, capacity - used, "%s%s", used ? " " : "", errno_name(error));
    }
}

static void weaker_levels_allow_what_the_documents_leave_open(void **state) {
    (void)state;
    for (size_t row = 0; row < sizeof level_rows / sizeof level_rows[0]; row++) {
        for (int level = LEVEL_DOCUMENTED; level <= LEVEL_POSIX; level++) {
            struct contract contract = {.level = (enum level)level};
            struct prediction prediction = {0};
            char got[256];
            parse(level_rows[row].text, strlen(level_rows[row].text), "row");
            world_reset(&world, &scenario, &host);
            for (uint32_t i = 0; i < scenario.step_count; i++)
                advance(&contract, i, &prediction);
            print_set(&prediction, got, sizeof got);
            const char *expected =
                level == LEVEL_DOCUMENTED ? level_rows[row].documented : level_rows[row].posix;
            if (strcmp(got, expected) != 0)
                fail_msg("%s at level %s: allowed %s, expected %s", level_rows[row].text,
                         level_names[level], got, expected);
        }
    }
}

static bool is_subset(const struct prediction *inner, const struct prediction *outer) {
    if (outer->undefined)
        return true;
    if (inner->undefined)
        return false;
    for (int word = 0; word < 3; word++)
        if (inner->allowed.bits[word] & ~outer->allowed.bits[word])
            return false;
    return true;
}

static void each_level_accepts_what_the_stricter_one_accepts(void **state) {
    (void)state;
    struct random random;
    const uint64_t seed = 20260101;
    print_message("seed %llu\n", (unsigned long long)seed);
    random_seed(&random, seed);
    for (int round = 0; round < 20000; round++) {
        scenario_generate(&scenario, &random, SHAPE_SEQUENCE);
        world_reset(&world, &scenario, &host);
        for (uint32_t i = 0; i < scenario.step_count; i++) {
            struct prediction by_level[LEVEL_COUNT] = {0};
            if (!step_is_call(&scenario.steps[i])) {
                world_prepare(&world, &scenario.steps[i]);
                continue;
            }
            for (int level = 0; level < LEVEL_COUNT; level++) {
                struct contract contract = {.level = (enum level)level};
                contract_predict(&contract, &world, &scenario.steps[i], &by_level[level]);
            }
            assert_true(is_subset(&by_level[LEVEL_LINUX], &by_level[LEVEL_DOCUMENTED]));
            assert_true(is_subset(&by_level[LEVEL_DOCUMENTED], &by_level[LEVEL_POSIX]));
            if (by_level[LEVEL_LINUX].error == 0)
                world_create(&world, &by_level[LEVEL_LINUX].walk, NODE_FIFO,
                             &by_level[LEVEL_LINUX].birth);
        }
    }
}

static void masking_implementations_succeed_with_foreign_type_bits(void **state) {
    (void)state;
    struct contract contract = {.traits = {.of[STEP_MKFIFO].masks_type_bits = true}};
    struct prediction prediction = {0};
    const char *text = "mkfifo \"a\" 0100644\nmkfifo \"no/a\" 0100644\n"
                       "mkfifoat cwd \"b\" 0100644\n";
    parse(text, strlen(text), "text");
    world_reset(&world, &scenario, &host);
    assert_int_equal(advance(&contract, 0, &prediction), 0);
    assert_int_equal(prediction.birth.mode, 0644);
    assert_int_equal(advance(&contract, 1, &prediction), ENOENT);
    assert_int_equal(advance(&contract, 2, &prediction), EINVAL); /* each entry point has its own */
}

/* The mode of the new node, made of the last step by an implementation with `traits`. */
static uint32_t mode_predicted(const char *text, struct entry_traits traits) {
    struct contract contract = {.level = LEVEL_LINUX, .traits = {{traits, traits}}};
    struct prediction prediction = {0};
    parse(text, strlen(text), "mode");
    world_reset(&world, &scenario, &host);
    for (uint32_t i = 0; i < scenario.step_count; i++)
        advance(&contract, i, &prediction);
    assert_int_equal(prediction.error, 0);
    return prediction.birth.mode;
}

static void traits_change_the_mode_as_they_say(void **state) {
    (void)state;
    static const char acl[] = "mkdir \"d\" 0755\nacl \"d\" u::rwx,g::r--,o::--- default\n"
                              "mkfifo \"d/x\" 0666\nunlink \"d/x\"\nmkfifo \"d/x\" 01660\n";
    const struct entry_traits none = {0}, drops = {.drops_special_bits = true},
                              ignores = {.mode_way = MODE_IGNORES_UMASK},
                              changes = {.mode_way = MODE_CHANGES};
    assert_int_equal(mode_predicted("umask 077\nmkfifo \"a\" 07640\n", none), 07600);
    assert_int_equal(mode_predicted("umask 077\nmkfifo \"a\" 07640\n", drops), 0600);
    assert_int_equal(mode_predicted("umask 077\nmkfifo \"a\" 0640\n", ignores), 0640);
    assert_int_equal(mode_predicted("umask 077\nmkfifo \"a\" 0640\n", changes), 0640);
    assert_int_equal(mode_predicted("umask 077\nmkfifo \"a\" 0666\n", ignores), 0600);
    assert_int_equal(mode_predicted("umask 077\nmkfifo \"a\" 0666\n", changes), 0600);
    assert_int_equal(mode_predicted(acl, none), 01640);
    assert_int_equal(mode_predicted(acl, ignores), 01640);
    assert_int_equal(mode_predicted(acl, changes), 01660);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clause_names_are_unique_and_found),
        cmocka_unit_test(oracle_agrees_with_every_conformance_file),
        cmocka_unit_test(traits_change_the_mode_as_they_say),
        cmocka_unit_test(weaker_levels_allow_what_the_documents_leave_open),
        cmocka_unit_test(each_level_accepts_what_the_stricter_one_accepts),
        cmocka_unit_test(masking_implementations_succeed_with_foreign_type_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

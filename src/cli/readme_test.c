/*
 * readme_test.c - the scenarios that the READMEs show run as they stand there, results and all.
 */
#include "cli_testing.h"
#include "scenario.h"

/* A block of Markdown: lines that begin with four blanks, up to one that does not. */
struct block {
    char text[8192];
    size_t length;
};

static bool is_scenario(const struct block *block) {
    static struct scenario scenario;
    static struct expectations expectations;
    struct text_error error;
    return scenario_parse(&scenario, &expectations, block->text, block->length, &error) == 0 &&
           scenario.step_count > 0;
}

/* Runs the block if it is a scenario; the number of scenarios it is. */
static unsigned run_block(struct block *block) {
    bool runs = block->length > 0 && is_scenario(block);
    if (runs) {
        write_file("block.scn", block->text);
        RUN("check", "block.scn");
        if (strstr(ran.out, "# SKIP")) {
            print_message("%s", ran.out); /* has the reason */
            skip();
        }
        if (ran.status != 0 || strcmp(ran.out, "1..1\nok 1 - block\n") != 0)
            fail_msg("%s%s", block->text, ran.out);
    }
    *block = (struct block){.length = 0};
    return runs;
}

static unsigned run_blocks(const char *path) {
    FILE *in = fopen(path, "re");
    assert_non_null(in);
    struct block block = {.length = 0};
    unsigned run = 0;
    char line[1024];
    while (fgets(line, sizeof line, in)) {
        if (strncmp(line, "    ", 4) != 0) {
            run += run_block(&block);
            continue;
        }
        size_t length = strlen(line);
        assert_true(block.length + length < sizeof block.text);
        memcpy(block.text + block.length, line, length + 1);
        block.length += length;
    }
    fclose(in);
    return run + run_block(&block);
}

/* A scenario that no longer parses would be taken for a listing of something else: so they count.
 */
static void scenarios_of_the_readmes_hold(void **state) {
    (void)state;
    need_sandbox();
    assert_int_equal(run_blocks(FIFOFUZZ_CORPUS_DIR "/../README.md"), 2);
    assert_int_equal(run_blocks(FIFOFUZZ_CORPUS_DIR "/README.md"), 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scenarios_of_the_readmes_hold),
    };
    return cmocka_run_group_tests(tests, prepare, clean_up);
}

/*
 * steady.c - main() that runs a fuzz target on the same inputs again and again, and compares what
 * an engine would see: coverage and features.
 *
 * Usage: steady_NAME PASSES FILE|FOLDER...
 *
 * Every input must show the same in each pass, whatever ran before it. Says on stdout which do not;
 * the status is 1 then.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/corpus.h"
#include "hash.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

/* Clang's inline 8-bit counters, one per edge, and the features (engine.h); the linker sets these.
 */
extern uint8_t counters[] __asm__("__start___sancov_cntrs") __attribute__((weak));
extern uint8_t counters_end[] __asm__("__stop___sancov_cntrs") __attribute__((weak));
extern uint8_t features[] __asm__("__start___libfuzzer_extra_counters");
extern uint8_t features_end[] __asm__("__stop___libfuzzer_extra_counters");

/*
 * What instrumented code calls besides. A sanitizer's runtime has these, too; where there is none,
 * nobody listens. (LLVM, SanitizerCoverage)
 */
#define NOBODY_LISTENS(name)                                                                       \
    void name(void);                                                                               \
    __attribute__((weak)) void name(void) {}
NOBODY_LISTENS(__sanitizer_cov_8bit_counters_init)
NOBODY_LISTENS(__sanitizer_cov_pcs_init)
NOBODY_LISTENS(__sanitizer_cov_trace_pc_indir)
NOBODY_LISTENS(__sanitizer_cov_trace_cmp1)
NOBODY_LISTENS(__sanitizer_cov_trace_cmp2)
NOBODY_LISTENS(__sanitizer_cov_trace_cmp4)
NOBODY_LISTENS(__sanitizer_cov_trace_cmp8)
NOBODY_LISTENS(__sanitizer_cov_trace_const_cmp1)
NOBODY_LISTENS(__sanitizer_cov_trace_const_cmp2)
NOBODY_LISTENS(__sanitizer_cov_trace_const_cmp4)
NOBODY_LISTENS(__sanitizer_cov_trace_const_cmp8)
NOBODY_LISTENS(__sanitizer_cov_trace_switch)
_Thread_local uintptr_t lowest_stack __asm__("__sancov_lowest_stack") __attribute__((weak));

/* A custom mutator names the engine's own; nothing is mutated here. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size) {
    (void)data;
    return size < max_size ? size : max_size;
}

static uint64_t look(uint8_t *start, const uint8_t *stop) {
    return start ? hash_bytes(start, (size_t)(stop - start)) : 0;
}

/* Runs the file; a number for all that it shows. */
static uint64_t run(const char *path) {
    size_t size;
    char *data = cli_read(path, &size);
    if (counters)
        memset(counters, 0, (size_t)(counters_end - counters));
    LLVMFuzzerTestOneInput((const uint8_t *)data, size);
    free(data);
    return look(counters, counters_end) ^ look(features, features_end) * 3;
}

/* How many inputs show something else than in the first pass, whose numbers are in `seen`. */
static size_t pass(const struct corpus *inputs, uint64_t *seen, unsigned long number) {
    size_t differing = 0;
    for (size_t i = 0; i < inputs->count; i++) {
        uint64_t shown = run(inputs->files[i].path);
        if (number == 0)
            seen[i] = shown;
        if (seen[i] == shown)
            continue;
        printf("pass %lu: %s shows something else\n", number + 1, inputs->files[i].path);
        differing++;
    }
    return differing;
}

int main(int argc, char **argv) {
    struct corpus inputs = {0};
    size_t differing = 0;
    LLVMFuzzerInitialize(&argc, &argv);
    unsigned long passes = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;
    if (passes < 2)
        cli_fail(STATUS_USAGE, "expected a number of passes, 2 or more, and files or folders");
    for (int i = 2; i < argc; i++)
        corpus_add(&inputs, argv[i]);
    corpus_sort(&inputs);
    uint64_t *seen = calloc(inputs.count + 1, sizeof *seen);
    if (!seen)
        cli_fail(STATUS_OURS, "out of memory");
    for (unsigned long number = 0; number < passes; number++)
        differing += pass(&inputs, seen, number);
    printf("%zu inputs, %lu times: %zu differ\n", inputs.count, passes, differing);
    free(seen);
    corpus_free(&inputs);
    return differing ? STATUS_FINDING : STATUS_HELD;
}

#include "engine.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "verdict.h"

/* libFuzzer's entry, which drivers of other engines have as well. */
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*target)(const uint8_t *, size_t))
    __attribute__((weak));

/* libFuzzer's own way to keep an input, and what tells libFuzzer from the others. */
void libfuzzer_death_callback(void) __asm__("_ZN6fuzzer6Fuzzer19StaticDeathCallbackEv")
    __attribute__((weak));

/* What AFL++ and honggfuzz give code that was compiled with -fsanitize-coverage=trace-pc-guard. */
void guards_init(uint32_t *start, uint32_t *stop) __asm__("__sanitizer_cov_trace_pc_guard_init")
    __attribute__((weak));
void guard_reached(uint32_t *guard) __asm__("__sanitizer_cov_trace_pc_guard") __attribute__((weak));

/* honggfuzz's loop, which tells it from the others. */
int honggfuzz_main(int argc, char **argv) __asm__("HonggfuzzMain") __attribute__((weak));

/* AFL++ forgets the edges of the input at hand, as if it had just begun. */
void afl_forget(void) __asm__("__afl_coverage_discard") __attribute__((weak));

/* Clang's counters, one for each edge, which libFuzzer reads. */
extern uint8_t counters[] __asm__("__start___sancov_cntrs") __attribute__((weak));
extern uint8_t counters_end[] __asm__("__stop___sancov_cntrs") __attribute__((weak));

/*
 * One byte per feature, not zero when the input reached it: libFuzzer looks here as it looks at
 * coverage (libFuzzer, "FuzzerExtraCounters"), and clears it before each input.
 */
__attribute__((section("__libfuzzer_extra_counters"),
               used)) static uint8_t features[VERDICT_FEATURES];

/* For others each feature is an edge, by a guard of its own. */
static uint32_t guards[VERDICT_FEATURES];

static bool is_libfuzzer(void) {
    return libfuzzer_death_callback;
}

static bool takes_guards(void) {
    return !is_libfuzzer() && guards_init && guard_reached;
}

/* Engines number guards before main(), as compiled code has them numbered. */
__attribute__((constructor)) static void number_guards(void) {
    if (takes_guards())
        guards_init(guards, guards + VERDICT_FEATURES);
}

bool engine_fuzzes(void) {
    return LLVMFuzzerRunDriver;
}

bool engine_minds_signals(void) {
    return honggfuzz_main;
}

void engine_own_arguments(int *argc, char **argv) {
    int kept = 1;
    if (is_libfuzzer())
        return;
    for (int i = 1; i < *argc; i++)
        if (strncmp(argv[i], "--", 2) != 0)
            argv[kept++] = argv[i];
    argv[ *argc = kept] = NULL;
}

void engine_begin(void) {
    if (!is_libfuzzer())
        memset(features, 0, sizeof features);
}

void engine_reach(unsigned feature) {
    if (!features[feature] && takes_guards())
        guard_reached(&guards[feature]);
    features[feature] = 1;
}

void engine_forget(void) {
    memset(features, 0, sizeof features);
    if (counters)
        memset(counters, 0, (size_t)(counters_end - counters));
    if (afl_forget)
        afl_forget();
}

void engine_keep(void) {
    if (libfuzzer_death_callback)
        libfuzzer_death_callback();
}

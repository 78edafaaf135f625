/*
 * engine.h - the fuzzing engine that a target is linked with, as far as a target has to know it.
 *
 * The same sources are linked with libFuzzer, with the libFuzzer drivers of AFL++, honggfuzz and
 * Centipede, or with replay.c; what an engine has is found by its symbols, which are weak here.
 */
#ifndef FIFOFUZZ_ENGINE_H
#define FIFOFUZZ_ENGINE_H

#include <stdbool.h>

/* False of replay.c, which takes files and no more. */
bool engine_fuzzes(void);

/*
 * Takes our own arguments, which begin with two dashes, away from an engine that would misread
 * them: AFL++'s driver takes a lone one for a number. libFuzzer keeps them for processes that it
 * starts.
 */
void engine_own_arguments(int *argc, char **argv);

/*
 * True of honggfuzz, which traces the target and keeps the input whenever a signal arrives, even
 * one that is handled.
 */
bool engine_minds_signals(void);

/* An input begins: it has reached nothing yet. */
void engine_begin(void);

/*
 * The input at hand has reached `feature`, below VERDICT_FEATURES: for the engine the same as an
 * edge of the code. How often makes no difference.
 */
void engine_reach(unsigned feature);

/* Whatever the input at hand has reached until now was by chance: edges and features alike. */
void engine_forget(void);

/*
 * Makes libFuzzer keep the input at hand, which abort() does not after a sanitizer's report. Others
 * keep whatever a process died of.
 */
void engine_keep(void);

#endif

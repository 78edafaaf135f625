/* corpus: merges, minimizes and converts corpora by what their inputs reach of the contract. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"
#include "corpus.h"

enum { FEATURE_WORDS = VERDICT_FEATURES / 64 };
_Static_assert(VERDICT_FEATURES % 64 == 0, "features fill whole words");

/* What one input reaches. */
struct features {
    uint64_t words[FEATURE_WORDS];
};

struct kept {
    const struct corpus_file *file;
    struct features features;
};

static struct scenario scenario;
static struct features at_hand; /* of the input that is being examined */
static struct kept *kept;
static size_t kept_count;
static unsigned violations;

/* --- features --------------------------------------------------------------------------------- */

static void reached(void *context, enum clause clause, unsigned feature) {
    (void)clause;
    struct features *features = context;
    features->words[feature / 64] |= UINT64_C(1) << feature % 64;
}

static void again(void *context) {
    *(struct features *)context = (struct features){{0}};
}

/* Runs it once. */
static void examine_input(struct examiner *examiner, const char *path) {
    struct verdict verdict;
    at_hand = (struct features){{0}};
    cli_load(path, FORM_BY_NAME, &scenario, NULL);
    examine_adapt(examiner, &scenario);
    session_scenario(&scenario);
    bool held = examine_holds(examiner, &scenario, &verdict);
    session_scenario(NULL);
    if (held)
        return;
    violations++;
    fprintf(stderr, "fifofuzz: %s violates %s: see `fifofuzz repro %s`\n", path,
            clause_infos[verdict.clause].name, path);
}

static bool adds(const struct features *more, const struct features *to) {
    uint64_t added = 0;
    for (size_t i = 0; i < FEATURE_WORDS; i++)
        added |= more->words[i] & ~to->words[i];
    return added != 0;
}

static void include(struct features *to, const struct features *more) {
    for (size_t i = 0; i < FEATURE_WORDS; i++)
        to->words[i] |= more->words[i];
}

static bool has(const struct features *features, unsigned feature) {
    return features->words[feature / 64] >> feature % 64 & 1;
}

static unsigned count(const struct features *features, unsigned limit) {
    unsigned count = 0;
    for (unsigned i = 0; i < limit; i++)
        count += has(features, i);
    return count;
}

/* --- choosing --------------------------------------------------------------------------------- */

static void keep(const struct corpus_file *file) {
    struct kept *grown = realloc(kept, (kept_count + 1) * sizeof *kept);
    if (!grown)
        cli_fail(STATUS_OURS, "out of memory");
    kept = grown;
    kept[kept_count++] = (struct kept){file, at_hand};
}

/* Forward, the smallest first: whatever reaches something that nothing before it does. */
static void choose(struct examiner *examiner, const struct corpus *inputs, struct features *total) {
    for (size_t i = 0; i < inputs->count; i++) {
        examine_input(examiner, inputs->files[i].path);
        if (adds(&at_hand, total))
            keep(&inputs->files[i]);
        include(total, &at_hand);
    }
}

/* How many of those that are kept, and of `base`, reach each feature. */
static uint32_t reaching[VERDICT_FEATURES];

static void count_reaching(const struct features *features, int change) {
    for (unsigned i = 0; i < VERDICT_FEATURES; i++)
        if (has(features, i))
            reaching[i] += (uint32_t)change;
}

static bool is_needed(const struct features *features) {
    for (unsigned i = 0; i < VERDICT_FEATURES; i++)
        if (has(features, i) && reaching[i] == 1)
            return true;
    return false;
}

/* Backward: what reaches nothing that the others, `base` among them, do not reach is left out. */
static void thin_out(const struct features *base) {
    count_reaching(base, 1);
    for (size_t i = 0; i < kept_count; i++)
        count_reaching(&kept[i].features, 1);
    for (size_t i = kept_count; i-- > 0;) {
        if (is_needed(&kept[i].features))
            continue;
        count_reaching(&kept[i].features, -1);
        kept[i].file = NULL;
    }
}

/* --- writing ---------------------------------------------------------------------------------- */

static bool put_text(const char *folder) {
    static char text[SCENARIO_PRINT_MAX];
    size_t length = scenario_print(&scenario, NULL, text, sizeof text);
    return corpus_put(folder, text, length, ".scn");
}

static bool put_bytes(const char *folder) {
    static uint8_t bytes[SCENARIO_BYTES_MAX];
    size_t length = scenario_encode(&scenario, bytes, sizeof bytes);
    return corpus_put(folder, bytes, length, "");
}

/* Returns whether it was not there yet. */
static bool put(const char *folder, const char *path, bool as_text) {
    cli_load(path, FORM_BY_NAME, &scenario, NULL);
    return as_text ? put_text(folder) : put_bytes(folder);
}

/* What a host can reach and this corpus does not. */
static void print_missed(const struct examiner *examiner, const struct features *total) {
    const char *before = "not reached:";
    for (unsigned i = 0; i < CLAUSE_COUNT; i++) {
        if (has(total, i) || !clause_is_reachable((enum clause)i, &examiner->contract.host))
            continue;
        printf("%s %s", before, clause_infos[i].name);
        before = "";
    }
    if (!*before)
        putchar('\n');
}

static void tell(const struct corpus *inputs, size_t written, const char *out) {
    printf("%zu inputs read, %zu written to %s\n", inputs->count, written, out);
}

/* --- the verb --------------------------------------------------------------------------------- */

/* What OUT holds already counts, and stays. */
static void include_folder(struct examiner *examiner, const char *folder, struct features *total) {
    struct corpus before = {0};
    corpus_add(&before, folder);
    corpus_sort(&before);
    for (size_t i = 0; i < before.count; i++) {
        examine_input(examiner, before.files[i].path);
        include(total, &at_hand);
    }
    corpus_free(&before);
}

/* Without running anything, so on any host. */
static int convert(const char *out, const struct corpus *inputs, bool as_text) {
    size_t written = 0;
    for (size_t i = 0; i < inputs->count; i++)
        written += put(out, inputs->files[i].path, as_text);
    tell(inputs, written, out);
    return STATUS_HELD;
}

static int merge(const struct cli_subject *subject, const char *out, const struct corpus *inputs,
                 bool as_text) {
    static struct features base, total;
    size_t written = 0;
    struct examiner *examiner = session_open(subject);
    examiner->judge.reach = reached;
    examiner->judge.again = again;
    examiner->judge.reach_context = &at_hand;
    include_folder(examiner, out, &base);
    total = base;
    choose(examiner, inputs, &total);
    thin_out(&base);
    for (size_t i = 0; i < kept_count; i++)
        written += kept[i].file && put(out, kept[i].file->path, as_text);
    tell(inputs, written, out);
    printf("%u of %d clauses, %u features\n", count(&total, CLAUSE_COUNT), CLAUSE_COUNT,
           count(&total, VERDICT_FEATURES));
    print_missed(examiner, &total);
    session_close();
    free(kept);
    return violations ? STATUS_FINDING : STATUS_HELD;
}

static int run_corpus(int argc, char **argv) {
    struct cli_subject subject = CLI_SUBJECT_DEFAULT;
    struct corpus inputs = {0};
    bool all = false, as_text = false;
    const struct cli_option options[] = {
        CLI_SUBJECT_OPTIONS(subject),
        {"all", 'a', OPTION_FLAG, &all, 0, 0},
        {"text", 0, OPTION_FLAG, &as_text, 0, 0},
    };
    int first = cli_options(&verb_corpus, argc, argv, options, sizeof options / sizeof options[0]);
    cli_put_under(&subject);
    if (argc - first < 2)
        cli_misuse(&verb_corpus, "expected OUT and at least one FROM");
    const char *out = argv[first];
    if (mkdir(out, 0777) != 0 && errno != EEXIST)
        cli_fail(STATUS_USAGE, "%s: %s", out, strerror(errno));
    for (int i = first + 1; i < argc; i++)
        corpus_add(&inputs, argv[i]);
    corpus_sort(&inputs);
    int status = all ? convert(out, &inputs, as_text) : merge(&subject, out, &inputs, as_text);
    corpus_free(&inputs);
    return status;
}

const struct verb verb_corpus = {
    .name = "corpus",
    .arguments = "OUT FROM... [--all] [--text] [--implementation X] [--contract LEVEL]",
    .summary = "Merges, minimizes and converts corpora by the clauses they reach.",
    .help = "Runs each input of FROM, files or folders, and writes to the folder OUT those that\n"
            "reach something of the contract that no other one there does: into an empty OUT, a\n"
            "minimized corpus. Files that end in .scn are text, all others bytes.\n\n"
            "  -a, --all               write every input, and run none\n"
            "      --text              write text (.scn), not bytes\n\n" CLI_SUBJECT_HELP,
    .run = run_corpus,
};

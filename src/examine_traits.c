/* examine_traits: how an implementation differs within what is allowed, as sentences. */
#include <stdio.h>

#include "examine.h"

/* One line about one entry point. */
static int describe_entry(const struct examiner *examiner, enum step_kind kind, bool there,
                          char *out, size_t capacity) {
    const struct entry_traits *traits = &examiner->contract.traits.of[kind];
    const char *name = step_infos[kind].name;
    if (!there)
        return snprintf(out, capacity, "%s is missing", name);
    return snprintf(out, capacity, "%s: foreign type bits %s, bad pointers %s", name,
                    traits->masks_type_bits           ? "are masked"
                    : examiner->implementation->agent ? "are refused"
                                                      : "give EINVAL",
                    !examiner->contract.host.can[ABILITY_POINTERS] ? "cannot be passed"
                    : traits->reads_path ? "are read in user space (left out)"
                                         : "reach the kernel");
}

static bool drops_special_bits(const struct entry_traits *traits) {
    return traits->drops_special_bits;
}

static bool refuses_wide_mode(const struct entry_traits *traits) {
    return traits->refuses_wide_mode;
}

static bool ignores_umask(const struct entry_traits *traits) {
    return traits->mode_way == MODE_IGNORES_UMASK;
}

static bool changes_mode(const struct entry_traits *traits) {
    return traits->mode_way == MODE_CHANGES;
}

static bool changes_errno(const struct entry_traits *traits) {
    return traits->changes_errno;
}

static bool acts_as_real(const struct entry_traits *traits) {
    return traits->acts_as_real;
}

static bool refuses_beyond(const struct entry_traits *traits) {
    return traits->beyond_way == WIDE_REFUSED;
}

static bool cuts_beyond(const struct entry_traits *traits) {
    return traits->beyond_way == WIDE_CUT;
}

static bool refuses_negative(const struct entry_traits *traits) {
    return traits->negative_way == WIDE_REFUSED;
}

static bool cuts_negative(const struct entry_traits *traits) {
    return traits->negative_way == WIDE_CUT;
}

/* What an agent does otherwise than the system call, and who permits it. */
static const struct {
    bool (*has)(const struct entry_traits *traits);
    const char *sentence;
} differences[] = {
    {drops_special_bits, "special bits of mode are dropped (POSIX leaves that open)"},
    {refuses_wide_mode, "modes too wide for their type raise exceptions (POSIX leaves that open)"},
    {ignores_umask, "modes other than 0666 are created with umask 0 (as mkfifo(1) -m may)"},
    {changes_mode, "modes other than 0666 are set with chmod(2) (as mkfifo(1) -m may)"},
    {changes_errno, "errno is changed by success (POSIX leaves that open)"},
    {refuses_beyond, "modes beyond 32 bits are refused (no document says)"},
    {cuts_beyond, "modes beyond 32 bits are cut to their low bits (no document says)"},
    {refuses_negative, "negative modes are refused (no document says)"},
    {cuts_negative, "negative modes are cut to their low bits (no document says)"},
    {acts_as_real, "effective ids give way to the real ones: others are left out (its own choice)"},
};

/* A line for each difference: "mkfifo, mkfifoat: ...". */
static size_t describe_differences(const struct examiner *examiner, char *out, size_t capacity) {
    const struct implementation *implementation = examiner->implementation;
    const struct entry_traits *of = examiner->contract.traits.of;
    size_t used = 0;
    for (size_t i = 0; i < sizeof differences / sizeof differences[0] && used < capacity; i++) {
        bool plain = implementation->mkfifo && differences[i].has(&of[STEP_MKFIFO]);
        bool at = implementation->mkfifoat && differences[i].has(&of[STEP_MKFIFOAT]);
        if (plain || at)
            used += (size_t)snprintf(out + used, capacity - used, "\n%s%s%s: %s",
                                     plain ? "mkfifo" : "", plain && at ? ", " : "",
                                     at ? "mkfifoat" : "", differences[i].sentence);
    }
    return used;
}

size_t examine_traits(const struct examiner *examiner, char *out, size_t capacity) {
    const struct implementation *implementation = examiner->implementation;
    char plain[128];
    char at[128];
    char more[EXAMINE_TRAITS_SIZE] = "";
    describe_entry(examiner, STEP_MKFIFO, implementation->mkfifo, plain, sizeof plain);
    describe_entry(examiner, STEP_MKFIFOAT, implementation->mkfifoat, at, sizeof at);
    describe_differences(examiner, more, sizeof more);
    return (size_t)snprintf(out, capacity, "%s\n%s%s", plain, at, more);
}

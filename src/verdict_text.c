#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "errno_name.h"
#include "verdict.h"

/* How the two values of an aspect are written. */
enum form {
    FORM_DECIMAL,
    FORM_OCTAL,
    FORM_ERRNO,
    FORM_REPLY,
    FORM_TYPE,
    FORM_OPEN,
    FORM_ENDING,
    FORM_WAITING,
    FORM_USE,
    FORM_DIGEST,
};

static const struct {
    const char *key; /* in signatures */
    const char *what;
    uint8_t form;
} aspects[ASPECT_COUNT] = {
    [ASPECT_RESULT] = {"result", "the return value", FORM_DECIMAL},
    [ASPECT_ERRNO] = {"errno", "the call", FORM_ERRNO},
    [ASPECT_REPLY] = {"reply", "the call", FORM_REPLY},
    [ASPECT_ERRNO_KEPT] = {"errno-kept", "errno after success", FORM_DECIMAL},
    [ASPECT_NODE] = {"node", "lstat of the new name", FORM_ERRNO},
    [ASPECT_TYPE] = {"type", "the type of the new node", FORM_TYPE},
    [ASPECT_MODE] = {"mode", "the mode of the new node", FORM_OCTAL},
    [ASPECT_OWNER] = {"owner", "the owner of the new node", FORM_DECIMAL},
    [ASPECT_GROUP] = {"group", "the group of the new node", FORM_DECIMAL},
    [ASPECT_INODE] = {"inode", "whether the new node has an inode number", FORM_DECIMAL},
    [ASPECT_LINKS] = {"links", "the links of the new node", FORM_DECIMAL},
    [ASPECT_SIZE] = {"size", "the size of the new node", FORM_DECIMAL},
    [ASPECT_RDEV] = {"rdev", "the device number of the new node", FORM_DECIMAL},
    [ASPECT_BLOCKS] = {"blocks", "the blocks of the new node", FORM_DECIMAL},
    [ASPECT_DEVICE] = {"device", "the file system of the new node", FORM_DECIMAL},
    [ASPECT_TIMES] = {"times", "a time of the new node, in ns,", FORM_DECIMAL},
    [ASPECT_PARENT_TIMES] = {"parent-times", "a time of the parent directory, in ns,",
                             FORM_DECIMAL},
    [ASPECT_PARENT_LINKS] = {"parent-links", "the links of the parent directory", FORM_DECIMAL},
    [ASPECT_PARENT_SIZE] = {"parent-size", "the size of the parent directory", FORM_DECIMAL},
    [ASPECT_PARENT_CHANGED] = {"parent-changed",
                               "the parent directory of a failing call (times, size, mode)",
                               FORM_DECIMAL},
    [ASPECT_PLACE_CHANGED] = {"place",
                              "what should not have changed (inode, mode, links, size, times)",
                              FORM_DECIMAL},
    [ASPECT_PARENT_ERROR] = {"parent-error", "stat of the parent directory after a failing call",
                             FORM_ERRNO},
    [ASPECT_ARENA_EXTRA] = {"extra", "a node that nothing made", FORM_OCTAL},
    [ASPECT_ARENA_MISSING] = {"missing", "the number of names, one of which is gone,",
                              FORM_DECIMAL},
    [ASPECT_ARENA_NODE] = {"changed", "another node (type and mode, owner, links, size, inode)",
                           FORM_OCTAL},
    [ASPECT_ARENA_CONTENT] = {"content", "the content of another node, by its length,",
                              FORM_DECIMAL},
    [ASPECT_CWD] = {"cwd", "the inode of the current directory", FORM_DECIMAL},
    [ASPECT_UMASK] = {"umask", "the umask", FORM_OCTAL},
    [ASPECT_DESCRIPTOR] = {"descriptor", "descriptor", FORM_OPEN},
    [ASPECT_STANDARD] = {"standard", "replacements among descriptors 0, 1 and 2", FORM_DECIMAL},
    [ASPECT_DESCRIPTOR_COUNT] = {"descriptor-count", "the number of open descriptors",
                                 FORM_DECIMAL},
    [ASPECT_DESCRIPTOR_STATE] = {"descriptor-state", "offset or flags of descriptor", FORM_DECIMAL},
    [ASPECT_SIGNALS] = {"signals", "changes of the signal mask", FORM_DECIMAL},
    [ASPECT_ENDING] = {"ending", "the call", FORM_ENDING},
    [ASPECT_PREPARATION] = {"preparation", "the preparation", FORM_ERRNO},
    [ASPECT_WAITING] = {"waiting", "the step on the FIFO", FORM_WAITING},
    [ASPECT_USE] = {"use", "the step on the FIFO", FORM_USE},
    [ASPECT_BROKEN_PIPES] = {"sigpipe", "SIGPIPEs of the step on the FIFO", FORM_DECIMAL},
    [ASPECT_BYTES] = {"bytes", "the bytes that were read", FORM_DIGEST},
};

const char *verdict_ending_name(enum ending ending) {
    static const char *const names[ENDING_COUNT] = {
        [ENDING_DONE] = "returned",
        [ENDING_CRASHED] = "crashed",
        [ENDING_OVERFLOWED] = "overflowed its stack",
        [ENDING_HUNG] = "hung",
        [ENDING_FORBIDDEN] = "issued a forbidden system call",
        [ENDING_EXITED] = "called exit()",
        [ENDING_SANITIZER] = "was stopped by a sanitizer",
        [ENDING_GARBLED] = "answered what is no reply",
    };
    return names[ending];
}

const char *verdict_silence_name(enum reply reply) {
    static const char *const names[] = {
        [REPLY_RETURNED] = "a failure, not known why",
        [REPLY_RAISED] = "an exception without errno",
        [REPLY_UNABLE] = "an agent that cannot do it",
    };
    return names[reply];
}

static const char *type_name(int64_t type) {
    switch (type) {
    case S_IFIFO:
        return "a FIFO";
    case S_IFREG:
        return "a regular file";
    case S_IFDIR:
        return "a directory";
    case S_IFLNK:
        return "a symbolic link";
    case S_IFSOCK:
        return "a socket";
    case S_IFCHR:
        return "a character device";
    case S_IFBLK:
        return "a block device";
    default:
        return "of no known type";
    }
}

static void write_value(enum form form, int64_t value, char *out, size_t capacity) {
    switch (form) {
    case FORM_DECIMAL:
        snprintf(out, capacity, "%" PRId64, value);
        break;
    case FORM_OCTAL:
        snprintf(out, capacity, "0%" PRIo64, (uint64_t)value);
        break;
    case FORM_ERRNO:
        snprintf(out, capacity, "%s", value ? errno_name((int)value) : "success");
        break;
    case FORM_REPLY:
        snprintf(out, capacity, "%s", verdict_silence_name((enum reply)value));
        break;
    case FORM_TYPE:
        snprintf(out, capacity, "%s", type_name(value));
        break;
    case FORM_OPEN:
        snprintf(out, capacity, "%s", value ? "open" : "closed");
        break;
    case FORM_ENDING:
        snprintf(out, capacity, "%s", verdict_ending_name((enum ending)value));
        break;
    case FORM_WAITING:
        snprintf(out, capacity, "%s", value ? "it waits" : "it is over");
        break;
    case FORM_USE:
        write_value(value < 0 ? FORM_ERRNO : FORM_DECIMAL, value < 0 ? -value : value, out,
                    capacity);
        break;
    case FORM_DIGEST:
        snprintf(out, capacity, "those of digest %016" PRIx64, (uint64_t)value);
        break;
    }
}

void verdict_values(const struct verdict *verdict, char *expected, char *got, size_t capacity) {
    enum form form = (enum form)aspects[verdict->aspect].form;
    write_value(form == FORM_REPLY ? FORM_ERRNO : form, verdict->expected, expected, capacity);
    write_value(form, verdict->got, got, capacity);
    if (verdict->aspect != ASPECT_ERRNO && verdict->aspect != ASPECT_REPLY)
        return;
    for (int error = 0; error < 192; error++) {
        size_t used = strlen(expected);
        if (error != verdict->expected && errno_set_has(&verdict->allowed, error))
            snprintf(expected + used, capacity - used, " or %s",
                     error ? errno_name(error) : "success");
    }
}

void verdict_signature(const struct verdict *verdict, const struct scenario *scenario, char *out,
                       size_t capacity) {
    const char *got = "";
    char number[16] = "";
    /* With a mode that was misread a call may meet anything: that is one fault. */
    const bool by_chance = verdict->clause == CLAUSE_MODE_WIDE;
    if ((verdict->aspect == ASPECT_ERRNO || verdict->aspect == ASPECT_NODE) && !by_chance)
        got = errno_name((int)verdict->got);
    else if (verdict->aspect == ASPECT_USE && verdict->got < 0)
        got = errno_name((int)-verdict->got);
    else if (verdict->aspect == ASPECT_ENDING)
        snprintf(number, sizeof number, "%d-%d", (int)verdict->got, verdict->number);
    else if (verdict->aspect == ASPECT_TYPE)
        snprintf(number, sizeof number, "%o", (unsigned)verdict->got);
    snprintf(out, capacity, "%s.%s.%s%s%s%s", clause_infos[verdict->clause].name,
             step_infos[scenario->steps[verdict->step].kind].name, aspects[verdict->aspect].key,
             *got || *number ? "." : "", got, number);
}

/* The length of the part of a signature that begins at `at`. */
static size_t part_length(const char *at) {
    return strcspn(at, ".\n");
}

static bool part_is(const char *at, const char *word) {
    return part_length(at) == strlen(word) && strncmp(at, word, strlen(word)) == 0;
}

static const char *next_part(const char *at) {
    at += part_length(at);
    return *at == '.' ? at + 1 : at;
}

static enum aspect find_aspect(const char *key) {
    for (int aspect = 0; aspect < ASPECT_COUNT; aspect++)
        if (part_is(key, aspects[aspect].key))
            return (enum aspect)aspect;
    return ASPECT_COUNT;
}

/* Clause names have no dot. */
static enum clause find_clause(const char *name) {
    for (int clause = 0; clause < CLAUSE_COUNT; clause++)
        if (part_is(name, clause_infos[clause].name))
            return (enum clause)clause;
    return CLAUSE_COUNT;
}

bool verdict_read_signature(struct verdict *verdict, const struct scenario *scenario,
                            const char *signature) {
    const char *kind = next_part(signature), *key = next_part(kind), *got = next_part(key);
    const enum clause clause = find_clause(signature);
    const enum aspect aspect = find_aspect(key);
    uint32_t step = scenario->step_count;
    while (step > 0 && !part_is(kind, step_infos[scenario->steps[step - 1].kind].name))
        step--;
    if (clause == CLAUSE_COUNT || aspect == ASPECT_COUNT || step == 0)
        return false;
    *verdict = (struct verdict){.kind = VERDICT_VIOLATED,
                                .clause = (uint8_t)clause,
                                .aspect = (uint8_t)aspect,
                                .late = (aspect >= ASPECT_ARENA_EXTRA && aspect < ASPECT_ENDING) ||
                                        aspect > ASPECT_PREPARATION,
                                .step = step - 1};
    if (aspect == ASPECT_ENDING) {
        char *end;
        verdict->got = strtol(got, &end, 10);
        verdict->number = *end == '-' ? (int32_t)strtol(end + 1, NULL, 10) : 0;
    }
    return true;
}

size_t verdict_describe(const struct verdict *verdict, char *out, size_t capacity) {
    char expected[256];
    char got[256];
    verdict_values(verdict, expected, got, sizeof expected);
    char number[16] = "";
    if (verdict->aspect == ASPECT_DESCRIPTOR || verdict->aspect == ASPECT_DESCRIPTOR_STATE)
        snprintf(number, sizeof number, " %d", verdict->number);
    int length = snprintf(out, capacity, "%s%s%s%s%s: expected %s, got %s",
                          aspects[verdict->aspect].what, number, verdict->name[0] ? " (" : "",
                          verdict->name, verdict->name[0] ? ")" : "", expected, got);
    return (size_t)length;
}

size_t verdict_excuse(const struct verdict *verdict, char *out, size_t capacity) {
    static const char *const chances[] = {
        [CHANCE_LINKS] =
            "file systems are mounted on this machine meanwhile, and Linux gives ELOOP "
            "by chance",
        [CHANCE_PIPES] = "others of this user's pipes have used up fs.pipe-user-pages-soft "
                         "meanwhile, and a FIFO holds less",
    };
    int length = verdict->chance ? snprintf(out, capacity, "%s", chances[verdict->chance])
                                 : snprintf(out, capacity, "the documents leave %s open",
                                            clause_infos[verdict->clause].name);
    return (size_t)length;
}

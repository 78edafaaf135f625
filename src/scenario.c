#include "scenario.h"

#include <string.h>

#include "check.h"

const struct step_info step_infos[STEP_KIND_COUNT] = {
    [STEP_MKFIFO] = {"mkfifo", "make a FIFO: the call under test",
                     .operands = {OPERAND_POINTER, OPERAND_CALL_MODE}},
    [STEP_MKFIFOAT] = {"mkfifoat", "make a FIFO relative to a directory: the call under test",
                       .operands = {OPERAND_DIRFD, OPERAND_POINTER, OPERAND_CALL_MODE}},
    [STEP_MKDIR] = {"mkdir", "make a directory", .operands = {OPERAND_PATH, OPERAND_MODE}},
    [STEP_FILE] = {"file", "make a regular file with content",
                   .operands = {OPERAND_PATH, OPERAND_MODE, OPERAND_OTHER}},
    [STEP_SYMLINK] = {"symlink", "make a symbolic link: body, path",
                      .operands = {OPERAND_OTHER, OPERAND_PATH}},
    [STEP_LINK] = {"link", "make a second name for a file: old, new",
                   .operands = {OPERAND_PATH, OPERAND_OTHER}},
    [STEP_UNLINK] = {"unlink", "remove a name that is no directory", .operands = {OPERAND_PATH}},
    [STEP_RMDIR] = {"rmdir", "remove an empty directory", .operands = {OPERAND_PATH}},
    [STEP_RENAME] = {"rename", "move a name: old, new", .operands = {OPERAND_PATH, OPERAND_OTHER}},
    [STEP_CHMOD] = {"chmod", "change permissions", .operands = {OPERAND_PATH, OPERAND_MODE}},
    [STEP_UMASK] = {"umask", "set the file mode creation mask", .operands = {OPERAND_FULL_MODE}},
    [STEP_CHDIR] = {"chdir", "change the working directory", .operands = {OPERAND_PATH}},
    [STEP_OPEN] = {"open", "open a file for reading into a slot",
                   .operands = {OPERAND_SET, OPERAND_PATH, OPERAND_FLAGS},
                   .flags = {"path", "nofollow", "directory", "write", "both", "wait", "truncate",
                             "append"}},
    [STEP_CLOSE] = {"close", "close the descriptor that a slot holds", .operands = {OPERAND_SLOT}},
    [STEP_DUP] = {"dup", "give a descriptor a second number, at least the one given",
                  .operands = {OPERAND_SET, OPERAND_DIRFD, OPERAND_NUMBER}},
    [STEP_NOFILE] = {"nofile", "limit the number of descriptors", .operands = {OPERAND_NUMBER}},
    [STEP_AS] = {"as", "act as another user, with other groups and capabilities",
                 .operands = {OPERAND_IDENTITY, OPERAND_FLAGS},
                 .flags = {"dac_override", "dac_read_search", "fsetid"}},
    [STEP_LANDLOCK] = {"landlock", "allow FIFOs only beneath a directory",
                       .operands = {OPERAND_PATH}},
    [STEP_CHOWN] = {"chown", "change owner and group", .operands = {OPERAND_PATH, OPERAND_OWNER}},
    [STEP_ACL] = {"acl", "set a directory's access or default ACL",
                  .operands = {OPERAND_PATH, OPERAND_ENTRIES, OPERAND_FLAGS}, .flags = {"default"}},
    [STEP_ATTRIBUTE] = {"attribute", "set a directory's inode flags",
                        .operands = {OPERAND_PATH, OPERAND_FLAGS},
                        .flags = {"immutable", "append"}},
    [STEP_MOUNT] = {"mount", "mount a new tmpfs with that many inodes, 0 for no limit",
                    .operands = {OPERAND_PATH, OPERAND_NUMBER, OPERAND_FLAGS},
                    .flags = {"ro", "nosymfollow", "nodev", "noexec", "nosuid", "idmap"}},
    [STEP_BIND] = {"bind", "mount a directory a second time: old, new",
                   .operands = {OPERAND_PATH, OPERAND_OTHER, OPERAND_FLAGS},
                   .flags = {"ro", "nosymfollow", "nodev", "noexec", "nosuid", "idmap"}},
    [STEP_REMOUNT] = {"remount", "change the flags of a mount, or of its file system",
                      .operands = {OPERAND_PATH, OPERAND_FLAGS},
                      .flags = {"ro", "nosymfollow", "nodev", "noexec", "nosuid", "superblock"}},
    [STEP_UMOUNT] = {"umount", "detach a mount, busy or not", .operands = {OPERAND_PATH}},
    [STEP_ACTOR] = {"actor", "let that thread do what follows", .operands = {OPERAND_ACTOR}},
    [STEP_READ] = {"read", "read at most that many bytes from a FIFO",
                   .operands = {OPERAND_SLOT, OPERAND_NUMBER}},
    [STEP_WRITE] = {"write", "write that many bytes into a FIFO",
                    .operands = {OPERAND_SLOT, OPERAND_NUMBER}},
    [STEP_POLL] = {"poll", "look whether a FIFO can be read or written",
                   .operands = {OPERAND_SLOT}},
    [STEP_RESIZE] = {"resize", "set the number of bytes that a FIFO holds",
                     .operands = {OPERAND_SLOT, OPERAND_NUMBER}},
    [STEP_USE] = {"use", "make another system call on a FIFO",
                  .operands = {OPERAND_SLOT, OPERAND_USE}},
    [STEP_SIGNAL] = {"signal", "interrupt what an actor waits in",
                     .operands = {OPERAND_ACTOR, OPERAND_FLAGS}, .flags = {"restart"}},
    [STEP_PAUSE] = {"pause", "stop the next call before its system call of that number, from 1",
                    .operands = {OPERAND_NUMBER, OPERAND_FLAGS}, .flags = {"instruction"}},
    [STEP_RESUME] = {"resume", "let a stopped call go on", .operands = {OPERAND_END}},
    [STEP_INJECT] = {"inject", "answer the next call's mknod(2) with an error, or 0",
                     .operands = {OPERAND_ERROR, OPERAND_FLAGS}, .flags = {"once"}},
    [STEP_WITHIN] = {"within", "make the calls that follow in such circumstances",
                     .operands = {OPERAND_FLAGS},
                     .flags = {"fork", "vfork", "stack", "blocked", "closed"}},
};

const char *const pointer_names[POINTER_COUNT] = {
    [POINTER_STRING] = "",
    [POINTER_NULL] = "null",
    [POINTER_UNMAPPED] = "unmapped",
    [POINTER_NONCANONICAL] = "noncanonical",
    [POINTER_UNTERMINATED] = "unterminated",
    [POINTER_COUNTED] = "counted",
    [POINTER_UNENCODABLE] = "unencodable",
};

const char *const use_names[USE_COUNT] = {
    [USE_PENDING] = "pending",   [USE_CAPACITY] = "capacity", [USE_SEEK] = "seek",
    [USE_PREAD] = "pread",       [USE_PWRITE] = "pwrite",     [USE_ALLOCATE] = "allocate",
    [USE_TRUNCATE] = "truncate", [USE_SYNC] = "sync",         [USE_MAP] = "map",
    [USE_CHDIR] = "chdir",
};

/* --- building ------------------------------------------------------------------------------- */

void scenario_clear(struct scenario *scenario) {
    scenario->step_count = 0;
    scenario->pool_used = 0;
}

void scenario_copy(struct scenario *to, const struct scenario *from) {
    if (to == from)
        return;
    to->step_count = from->step_count;
    to->pool_used = from->pool_used;
    memcpy(to->steps, from->steps, from->step_count * sizeof from->steps[0]);
    memcpy(to->pool, from->pool, from->pool_used);
}

struct step *scenario_add(struct scenario *scenario, enum step_kind kind) {
    check(kind < STEP_KIND_COUNT);
    if (scenario->step_count >= SCENARIO_STEPS_MAX)
        return NULL;
    struct step *step = &scenario->steps[scenario->step_count++];
    *step = (struct step){.kind = (uint8_t)kind};
    return step;
}

struct text scenario_store(struct scenario *scenario, const char *bytes, size_t length) {
    check(scenario->pool_used <= SCENARIO_POOL_MAX);
    uint32_t room = SCENARIO_POOL_MAX - scenario->pool_used;
    if (room > TEXT_LENGTH_MAX)
        room = TEXT_LENGTH_MAX;
    struct text text = {scenario->pool_used, length < room ? (uint32_t)length : room};
    char *stored = scenario->pool + text.offset;
    char *end = stored + text.length;
    if (text.length > 0)
        memmove(stored, bytes, text.length);
    for (char *nul = stored; (nul = memchr(nul, '\0', (size_t)(end - nul)));)
        *nul = 1;
    scenario->pool_used += text.length;
    return text;
}

void scenario_truncate(struct scenario *scenario, uint32_t count) {
    check(count <= scenario->step_count);
    scenario->step_count = count;
}

/* --- comparing ------------------------------------------------------------------------------ */

static bool text_equal(const struct scenario *a, struct text in_a, const struct scenario *b,
                       struct text in_b) {
    return in_a.length == in_b.length &&
           memcmp(scenario_text(a, in_a), scenario_text(b, in_b), in_a.length) == 0;
}

static bool identity_equal(const struct identity *a, const struct identity *b) {
    return a->uid == b->uid && a->gid == b->gid && a->real_uid == b->real_uid &&
           a->real_gid == b->real_gid && a->group_count == b->group_count &&
           memcmp(a->groups, b->groups, a->group_count * sizeof a->groups[0]) == 0;
}

static bool step_equal(const struct scenario *a, const struct step *in_a, const struct scenario *b,
                       const struct step *in_b) {
    return in_a->kind == in_b->kind && in_a->pointer == in_b->pointer &&
           in_a->flags == in_b->flags && in_a->slot == in_b->slot &&
           in_a->dirfd.kind == in_b->dirfd.kind && in_a->dirfd.number == in_b->dirfd.number &&
           in_a->mode == in_b->mode && in_a->high == in_b->high &&
           text_equal(a, in_a->path, b, in_b->path) && text_equal(a, in_a->other, b, in_b->other) &&
           identity_equal(&in_a->identity, &in_b->identity);
}

uint32_t scenario_calls(const struct scenario *scenario) {
    uint32_t calls = 0;
    for (uint32_t i = 0; i < scenario->step_count; i++)
        calls += step_is_call(&scenario->steps[i]);
    return calls;
}

bool scenario_is_staged(const struct scenario *scenario) {
    for (uint32_t i = 0; i < scenario->step_count; i++)
        if (step_is_staged(&scenario->steps[i]))
            return true;
    return false;
}

bool scenario_equal(const struct scenario *a, const struct scenario *b) {
    if (a->step_count != b->step_count)
        return false;
    for (uint32_t i = 0; i < a->step_count; i++)
        if (!step_equal(a, &a->steps[i], b, &b->steps[i]))
            return false;
    return true;
}

/* --- validity ------------------------------------------------------------------------------- */

static bool text_valid(const struct scenario *scenario, struct text text) {
    return text.length <= TEXT_LENGTH_MAX && text.offset <= scenario->pool_used &&
           text.length <= scenario->pool_used - text.offset &&
           memchr(scenario_text(scenario, text), 0, text.length) == NULL;
}

static bool pointer_valid(const struct step *step) {
    switch ((enum pointer)step->pointer) {
    case POINTER_STRING:
    case POINTER_COUNTED:
    case POINTER_UNENCODABLE:
        return true;
    case POINTER_NULL:
    case POINTER_UNMAPPED:
    case POINTER_NONCANONICAL:
        return step->path.length == 0;
    case POINTER_UNTERMINATED:
        return step->path.length > 0;
    case POINTER_COUNT:
        break;
    }
    return false;
}

static bool dirfd_valid(struct dirfd dirfd) {
    switch ((enum dirfd_kind)dirfd.kind) {
    case DIRFD_CWD:
        return dirfd.number == 0;
    case DIRFD_NUMBER:
        return true;
    case DIRFD_SLOT:
        return dirfd.number >= 0 && dirfd.number < SCENARIO_SLOTS;
    case DIRFD_KIND_COUNT:
        break;
    }
    return false;
}

static bool identity_valid(const struct identity *identity) {
    if (identity->uid > ID_MAX || identity->gid > ID_MAX || identity->real_uid > ID_MAX ||
        identity->real_gid > ID_MAX || identity->group_count > IDENTITY_GROUPS)
        return false;
    for (int i = 0; i < IDENTITY_GROUPS; i++)
        if (identity->groups[i] > (i < identity->group_count ? ID_MAX : 0))
            return false;
    return true;
}

/* True when nothing but the effective ids is other than 0. */
static bool owner_valid(const struct identity *identity) {
    return identity_valid(identity) && !identity->real_uid && !identity->real_gid &&
           !identity->group_count;
}

bool acl_valid(uint32_t acl) {
    for (unsigned entry = 0; entry < ENTRY_COUNT; entry++)
        if (!acl_has(acl, entry) && acl_permissions(acl, entry))
            return false;
    bool named = acl_has(acl, ENTRY_USER) || acl_has(acl, ENTRY_GROUP);
    return acl >> 4 * ENTRY_COUNT == 0 && acl_has(acl, ENTRY_OWNER) &&
           acl_has(acl, ENTRY_OWNING_GROUP) && acl_has(acl, ENTRY_OTHER) &&
           acl_has(acl, ENTRY_MASK) == named;
}

static bool entries_valid(const struct step *step) {
    return acl_valid(step->mode) && owner_valid(&step->identity) &&
           (acl_has(step->mode, ENTRY_USER) || !step->identity.uid) &&
           (acl_has(step->mode, ENTRY_GROUP) || !step->identity.gid);
}

/* take_operand for those that are a number in step->mode. */
static bool take_number(struct step *step, enum operand operand) {
    static const uint32_t greatest[] = {
        [OPERAND_MODE] = 07777,        [OPERAND_FULL_MODE] = UINT32_MAX,
        [OPERAND_NUMBER] = NUMBER_MAX, [OPERAND_ACTOR] = ACTORS - 1,
        [OPERAND_ERROR] = ERROR_MAX,
    };
    const bool valid = step->mode <= greatest[operand];
    step->mode = 0;
    return valid;
}

/*
 * Checks the field that `operand` fills and sets it to 0 in `step`, so that after all operands
 * only fields that the kind does not have can be other than 0.
 */
static bool take_operand(const struct scenario *scenario, struct step *step, enum operand operand) {
    bool valid = false;
    switch (operand) {
    case OPERAND_END:
        break;
    case OPERAND_SET:
    case OPERAND_SLOT:
        valid = step->slot < SCENARIO_SLOTS;
        step->slot = 0;
        break;
    case OPERAND_DIRFD:
        valid = dirfd_valid(step->dirfd);
        step->dirfd = (struct dirfd){0};
        break;
    case OPERAND_POINTER:
        valid = pointer_valid(step) && text_valid(scenario, step->path);
        step->path = (struct text){0};
        if (pointer_is_split(step)) {
            valid = valid && text_valid(scenario, step->other);
            step->other = (struct text){0};
        }
        step->pointer = 0;
        break;
    case OPERAND_PATH:
        valid = text_valid(scenario, step->path);
        step->path = (struct text){0};
        break;
    case OPERAND_OTHER:
        valid = text_valid(scenario, step->other);
        step->other = (struct text){0};
        break;
    case OPERAND_MODE:
    case OPERAND_FULL_MODE:
    case OPERAND_NUMBER:
    case OPERAND_ACTOR:
    case OPERAND_ERROR:
        return take_number(step, operand);
    case OPERAND_CALL_MODE:
        valid = true;
        step_set_whole_mode(step, 0);
        break;
    case OPERAND_IDENTITY:
        valid = identity_valid(&step->identity);
        step->identity = (struct identity){0};
        break;
    case OPERAND_OWNER:
        valid = owner_valid(&step->identity);
        step->identity = (struct identity){0};
        break;
    case OPERAND_ENTRIES:
        valid = entries_valid(step);
        step->mode = 0;
        step->identity = (struct identity){0};
        break;
    case OPERAND_USE:
        valid = step->pointer < USE_COUNT;
        step->pointer = 0;
        break;
    case OPERAND_FLAGS:
        valid = (step->flags & ~step_flags_all(step->kind)) == 0;
        step->flags = 0;
        break;
    }
    return valid;
}

static bool step_valid(const struct scenario *scenario, const struct step *step) {
    if (step->kind >= STEP_KIND_COUNT)
        return false;
    struct step rest = *step;
    for (const uint8_t *operand = step_infos[step->kind].operands; *operand; operand++)
        if (!take_operand(scenario, &rest, *operand))
            return false;
    return !rest.pointer && !rest.flags && !rest.slot && !rest.dirfd.kind && !rest.dirfd.number &&
           !rest.mode && !rest.high && !rest.path.offset && !rest.path.length &&
           !rest.other.offset && !rest.other.length && !rest.identity.uid && !rest.identity.gid &&
           owner_valid(&rest.identity);
}

bool scenario_valid(const struct scenario *scenario) {
    if (scenario->step_count > SCENARIO_STEPS_MAX || scenario->pool_used > SCENARIO_POOL_MAX)
        return false;
    uint64_t length = 0;
    for (uint32_t i = 0; i < scenario->step_count; i++) {
        const struct step *step = &scenario->steps[i];
        if (!step_valid(scenario, step))
            return false;
        length += step->path.length + step->other.length;
    }
    return length <= SCENARIO_POOL_MAX;
}

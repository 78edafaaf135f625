#include "contract.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "check.h"
#include "contract_call.h"

const struct clause_info clause_infos[CLAUSE_COUNT] = {
#define CLAUSE(id, name, posix, documented, source, summary)                                       \
    [CLAUSE_##id] = {name, posix, documented, source, summary},
#include "clauses.def"
#undef CLAUSE
};

const char *const level_names[LEVEL_COUNT] = {"linux", "documented", "posix"};

enum clause clause_find(const char *name) {
    for (int clause = 0; clause < CLAUSE_COUNT; clause++)
        if (strcmp(clause_infos[clause].name, name) == 0)
            return (enum clause)clause;
    return CLAUSE_COUNT;
}

static void applies(struct call *call, enum clause clause) {
    clause_set_add(&call->prediction->clauses, clause);
}

/* The outcome is settled: `error`, because of `clause`. */
static void decide(struct call *call, int error, enum clause clause) {
    call->prediction->error = error;
    call->prediction->decisive = clause;
    applies(call, clause);
}

/* --- arguments -------------------------------------------------------------------------------- */

/* The copy of the path into the kernel: EFAULT, ENAMETOOLONG, ENOENT, in this order. */
static bool decide_argument(struct call *call) {
    switch ((enum pointer)call->step->pointer) {
    case POINTER_NULL:
    case POINTER_UNMAPPED:
    case POINTER_NONCANONICAL:
        decide(call, EFAULT, CLAUSE_EFAULT);
        return true;
    case POINTER_UNTERMINATED:
        decide(call, call->path.length < WORLD_PATH_LENGTH ? EFAULT : ENAMETOOLONG,
               CLAUSE_EFAULT_UNTERMINATED);
        return true;
    case POINTER_STRING:
    case POINTER_COUNT:
        break;
    }
    if (call->path.length >= WORLD_PATH_LENGTH)
        decide(call, ENAMETOOLONG, CLAUSE_ENAMETOOLONG_PATH);
    else if (call->path.length == 0)
        decide(call, ENOENT, CLAUSE_ENOENT_EMPTY);
    else
        return false;
    return true;
}

/* --- where a walk can fail -------------------------------------------------------------------- */

/* Is there a second fault behind the component that stopped the walk? */
static bool more_faults_behind(const struct walk *walk) {
    return path_has_long_name(walk->rest);
}

/* True if a class other than the caller's has all of `mask` on `node`. */
static bool other_class_permits(const struct node *node, unsigned mask) {
    return (node->mode >> 3 & mask) == mask || (node->mode & mask) == mask;
}

static enum clause unsearchable_clause(const struct call *call, const struct walk *walk) {
    node_id directory = walk->directory;
    if (!walk->absolute && !walk->moved)
        return call->dirfd.kind == DIRFD_CWD ? CLAUSE_EACCES_CWD : CLAUSE_EACCES_DIRFD;
    if (walk->at_last && walk->last != LAST_NAME)
        return CLAUSE_ORDER_DOT_SEARCH;
    if (walk->at_last && walk->name.length > WORLD_NAME_LENGTH)
        return CLAUSE_ORDER_LONG_SEARCH;
    node_id node = world_find(call->world, directory, walk->name);
    if (walk->at_last && node != NODE_NONE)
        return CLAUSE_ORDER_EXIST_SEARCH;
    if (!walk->at_last && (node == NODE_NONE || call_node(call, node)->type != NODE_DIRECTORY))
        return CLAUSE_ORDER_WALK;
    return other_class_permits(call_node(call, directory), 1) ? CLAUSE_EACCES_CLASS
                                                              : CLAUSE_EACCES_SEARCH;
}

static void decide_unsearchable(struct call *call, const struct walk *walk) {
    decide(call, EACCES, unsearchable_clause(call, walk));
    applies(call, CLAUSE_EACCES_SEARCH);
    if (more_faults_behind(walk))
        applies(call, CLAUSE_ORDER_WALK);
}

static void decide_missing(struct call *call, const struct walk *walk) {
    enum clause clause = walk->links == WORLD_LINKS ? CLAUSE_ELOOP_ORDER
                         : walk->in_link            ? CLAUSE_ENOENT_DANGLING_PREFIX
                                                    : CLAUSE_ENOENT_PREFIX;
    decide(call, ENOENT, more_faults_behind(walk) ? CLAUSE_WALK_ORDER : clause);
    applies(call, clause);
}

static void decide_too_many_links(struct call *call, const struct walk *walk) {
    if (walk->cycle)
        decide(call, ELOOP, CLAUSE_ELOOP_CYCLE);
    else if (walk->link_dangles)
        decide(call, ELOOP, CLAUSE_ELOOP_ORDER);
    else
        decide(call, ELOOP, CLAUSE_ELOOP_40);
    if (more_faults_behind(walk))
        applies(call, CLAUSE_WALK_ORDER);
}

static void decide_not_directory(struct call *call, const struct walk *walk) {
    bool by_slash = walk->in_link && walk->slash && walk->rest.length == 0;
    decide(call, ENOTDIR,
           more_faults_behind(walk) ? CLAUSE_WALK_ORDER
           : by_slash               ? CLAUSE_SYMLINK_SLASH
                                    : CLAUSE_ENOTDIR_PREFIX);
}

static void decide_long_name(struct call *call, const struct walk *walk) {
    bool writable = world_permits(call->world, walk->directory, 2);
    decide(call, ENAMETOOLONG,
           walk->in_link                ? CLAUSE_ENAMETOOLONG_SYMLINK
           : walk->at_last && !writable ? CLAUSE_ORDER_LONG_WRITE
                                        : CLAUSE_ENAMETOOLONG_COMP);
    if (!walk->at_last)
        applies(call, CLAUSE_WALK_ORDER);
}

static void decide_removed(struct call *call, const struct walk *walk) {
    decide(call, ENOENT,
           walk->name.length > WORLD_NAME_LENGTH ? CLAUSE_ENOENT_DEADDIR_LONG
                                                 : CLAUSE_ENOENT_DEADDIR);
}

static void decide_failed_walk(struct call *call, const struct walk *walk) {
    switch ((enum walk_end)walk->end) {
    case WALK_BAD_DESCRIPTOR:
        decide(call, EBADF,
               path_has_long_name(call->path) || memchr(call->path.bytes, '/', call->path.length)
                   ? CLAUSE_EBADF_ORDER
                   : CLAUSE_EBADF);
        break;
    case WALK_DESCRIPTOR_NOT_DIRECTORY:
        decide(call, ENOTDIR, CLAUSE_ENOTDIR_DIRFD);
        break;
    case WALK_UNSEARCHABLE:
        decide_unsearchable(call, walk);
        break;
    case WALK_REMOVED:
        decide_removed(call, walk);
        break;
    case WALK_NAME_TOO_LONG:
        decide_long_name(call, walk);
        break;
    case WALK_MISSING:
        decide_missing(call, walk);
        break;
    case WALK_TOO_MANY_LINKS:
        decide_too_many_links(call, walk);
        break;
    case WALK_NOT_DIRECTORY:
        decide_not_directory(call, walk);
        break;
    case WALK_DONE:
    case WALK_EMPTY:
    case WALK_END_COUNT:
        check(walk->end == WALK_END_COUNT); /* a walk of a non-empty path failed for no reason */
    }
}

/* --- the last component ----------------------------------------------------------------------- */

static void decide_existing(struct call *call, const struct walk *walk) {
    if (call_node(call, walk->node)->type == NODE_SYMLINK) {
        bool dangles = call_last_link_dangles(call);
        if (walk->slash)
            decide(call, EEXIST, dangles ? CLAUSE_SLASH_DANGLING : CLAUSE_SLASH_SYMLINK);
        else
            decide(call, EEXIST, dangles ? CLAUSE_EEXIST_DANGLING : CLAUSE_EEXIST_SYMLINK);
    } else {
        decide(call, EEXIST, walk->slash ? CLAUSE_SLASH_EXISTING : CLAUSE_EEXIST);
    }
    if (!world_permits(call->world, walk->directory, 3))
        decide(call, EEXIST, CLAUSE_ORDER_EXIST_WRITE);
}

static void decide_no_write(struct call *call, const struct walk *walk) {
    decide(call, EACCES,
           other_class_permits(call_node(call, walk->directory), 3) ? CLAUSE_EACCES_CLASS
                                                                    : CLAUSE_EACCES_WRITE);
}

/* Bytes that careless string handling trips over: anything but letters, digits, '.', '_', '-'. */
static bool has_odd_bytes(struct span name) {
    static const uint8_t plain[256] = {
        ['-'] = 1, ['.'] = 1, ['_'] = 1, ['0'] = 1, ['1'] = 1, ['2'] = 1, ['3'] = 1, ['4'] = 1,
        ['5'] = 1, ['6'] = 1, ['7'] = 1, ['8'] = 1, ['9'] = 1, ['a'] = 1, ['b'] = 1, ['c'] = 1,
        ['d'] = 1, ['e'] = 1, ['f'] = 1, ['g'] = 1, ['h'] = 1, ['i'] = 1, ['j'] = 1, ['k'] = 1,
        ['l'] = 1, ['m'] = 1, ['n'] = 1, ['o'] = 1, ['p'] = 1, ['q'] = 1, ['r'] = 1, ['s'] = 1,
        ['t'] = 1, ['u'] = 1, ['v'] = 1, ['w'] = 1, ['x'] = 1, ['y'] = 1, ['z'] = 1,
    };
    for (uint32_t i = 0; i < name.length; i++)
        if (!plain[(uint8_t)name.bytes[i]])
            return true;
    return name.bytes[0] == '-' || name.bytes[0] == '.' || name.bytes[name.length - 1] == '.';
}

/* Was the path resolved from an O_PATH descriptor? */
static bool starts_at_path_only(const struct call *call) {
    const struct descriptor *descriptor =
        world_descriptor(call->world, world_descriptor_number(call->world, call->dirfd));
    return descriptor && descriptor->path_only;
}

/*
 * Success: the most special circumstance decides which clause a refusal would break; all that were
 * tried on the way are noted.
 */
static void decide_success(struct call *call, const struct walk *walk) {
    const struct node *parent = call_node(call, walk->directory);
    bool at = call->step->kind == STEP_MKFIFOAT;
    const struct {
        bool holds;
        enum clause clause;
    } circumstances[] = {
        {true, CLAUSE_CAP_MKNOD},
        {true, CLAUSE_SUCCESS},
        {at && !walk->absolute, CLAUSE_DIRFD_OK},
        {parent->mode & S_ISVTX, CLAUSE_EACCES_STICKY},
        {walk->unreadable, CLAUSE_EACCES_NOREAD},
        {at && walk->absolute && call->dirfd.kind != DIRFD_CWD, CLAUSE_DIRFD_ABSOLUTE},
        {at && !walk->absolute && starts_at_path_only(call), CLAUSE_DIRFD_OPATH},
        {walk->links > 0, CLAUSE_SYMLINK_PREFIX_FOLLOW},
        {walk->slash_body, CLAUSE_SYMLINK_SLASH},
        {has_odd_bytes(walk->name), CLAUSE_NAME_BYTES},
        {walk->name.length > 200, CLAUSE_ENAMETOOLONG_COMP},
        {call->path.length > 1000, CLAUSE_ENAMETOOLONG_PATH},
        {walk->long_expansion, CLAUSE_ENAMETOOLONG_EXPANSION},
        {walk->links > 8, CLAUSE_ELOOP_40},
        {walk->dead_dotdot, CLAUSE_DEADDIR_DOTDOT},
        {call->step->mode >> 16 != 0, CLAUSE_MODE_HIGHBITS},
        {call_has_foreign_type(call), CLAUSE_MODE_TYPE},
    };
    for (size_t i = 0; i < sizeof circumstances / sizeof circumstances[0]; i++)
        if (circumstances[i].holds)
            decide(call, 0, circumstances[i].clause);
}

/* The new node. S_ISGID survives because the caller is in the parent's group. */
static void describe_node(struct call *call, const struct walk *walk) {
    struct prediction *prediction = call->prediction;
    const struct node *parent = call_node(call, walk->directory);
    prediction->mode = call->step->mode & 07777 & ~call->world->umask;
    prediction->uid = call->world->uid;
    prediction->gid = parent->mode & S_ISGID ? parent->gid : call->world->gid;
    if (call->world->umask_cut)
        applies(call, CLAUSE_UMASK_STORED);
    if (call->step->mode & 07000)
        applies(call, CLAUSE_MODE_SPECIAL);
    if (parent->mode & S_ISGID)
        applies(call, CLAUSE_SETGID_RULE);
}

/* The last component was reached: existing, then slash, then permission. */
static void decide_last(struct call *call, const struct walk *walk) {
    if (walk->last == LAST_ROOT)
        decide(call, EEXIST, CLAUSE_EEXIST_ROOT);
    else if (walk->last != LAST_NAME)
        decide(call, EEXIST,
               call_node(call, walk->directory)->removed ? CLAUSE_EEXIST_DEADDIR_DOT
                                                         : CLAUSE_EEXIST_DOT);
    else if (walk->node != NODE_NONE)
        decide_existing(call, walk);
    else if (walk->slash)
        decide(call, ENOENT,
               world_permits(call->world, walk->directory, 3) ? CLAUSE_SLASH_MISSING
                                                              : CLAUSE_ORDER_SLASH_WRITE);
    else if (!world_permits(call->world, walk->directory, 3))
        decide_no_write(call, walk);
    else {
        decide_success(call, walk);
        describe_node(call, walk);
    }
}

/* What Linux gives. */
static void decide_call(struct call *call) {
    struct prediction *prediction = call->prediction;
    if (!decide_argument(call)) {
        prediction->walked = true;
        if (world_walk(call->world, call->dirfd, call->path, WALK_PARENT, 0, &prediction->walk))
            decide_failed_walk(call, &prediction->walk);
        else
            decide_last(call, &prediction->walk);
    }
    if (call->step->mode >> 16)
        applies(call, CLAUSE_MODE_HIGHBITS);
    if (!call_has_foreign_type(call))
        return;
    applies(call, CLAUSE_MODE_TYPE);
    if (!call_traits(call)->masks_type_bits)
        decide(call, EINVAL, prediction->error ? CLAUSE_EINVAL_FIRST : CLAUSE_MODE_TYPE);
}

/* Clauses about what is seen afterwards apply to every call, or to all that succeed or fail. */
static void note_aftermath(struct call *call) {
    static const uint8_t always[] = {
        CLAUSE_RETURN,        CLAUSE_RETURNS,     CLAUSE_CONTAINED,
        CLAUSE_STATE_CWD,     CLAUSE_STATE_UMASK, CLAUSE_STATE_DESCRIPTORS,
        CLAUSE_STATE_SIGNALS, CLAUSE_PATH_CONST,  CLAUSE_PATH_READ,
    };
    static const uint8_t after_success[] = {
        CLAUSE_ERRNO_KEEP,   CLAUSE_STAT_TYPE,   CLAUSE_MODE_UMASK,  CLAUSE_OWNER_FSUID,
        CLAUSE_STAT_NLINK,   CLAUSE_STAT_SIZE,   CLAUSE_STAT_BLOCKS, CLAUSE_STAT_RDEV,
        CLAUSE_STAT_DEV,     CLAUSE_TIME_NEW,    CLAUSE_TIME_EQUAL,  CLAUSE_TIME_PARENT,
        CLAUSE_NLINK_PARENT, CLAUSE_SIZE_PARENT, CLAUSE_ARENA,
    };
    static const uint8_t after_failure[] = {CLAUSE_ERRNO_SET, CLAUSE_FAIL_NOEFFECT};
    for (size_t i = 0; i < sizeof always; i++)
        applies(call, (enum clause)always[i]);
    if (call->prediction->error == 0)
        for (size_t i = 0; i < sizeof after_success; i++)
            applies(call, (enum clause)after_success[i]);
    else
        for (size_t i = 0; i < sizeof after_failure; i++)
            applies(call, (enum clause)after_failure[i]);
}

void contract_predict(const struct contract *contract, const struct world *world,
                      const struct step *step, struct prediction *prediction) {
    prediction->clauses = (struct clause_set){{0}};
    prediction->allowed = (struct errno_set){{0}};
    prediction->walked = false;
    struct call call = {
        .contract = contract,
        .world = world,
        .step = step,
        .path = world_text(world, step->path),
        .dirfd = step->kind == STEP_MKFIFOAT ? step->dirfd : (struct dirfd){.kind = DIRFD_CWD},
        .prediction = prediction,
    };
    decide_call(&call);
    note_aftermath(&call);
    contract_allow(&call);
}

#include "contract.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "check.h"
#include "contract_call.h"

const struct clause_info clause_infos[CLAUSE_COUNT] = {
#define CLAUSE(id, name, posix, documented, need, source, summary)                                 \
    [CLAUSE_##id] = {name, posix, documented, need, source, summary},
#include "clauses.def"
#undef CLAUSE
};

const struct beyond_info beyond_infos[] = {
#define BEYOND(name, reason) {name, reason},
#include "beyond.def"
#undef BEYOND
};
const unsigned beyond_count = sizeof beyond_infos / sizeof beyond_infos[0];

const char *const level_names[LEVEL_COUNT] = {"linux", "documented", "posix"};

enum clause clause_find(const char *name) {
    for (int clause = 0; clause < CLAUSE_COUNT; clause++)
        if (strcmp(clause_infos[clause].name, name) == 0)
            return (enum clause)clause;
    return CLAUSE_COUNT;
}

/* --- arguments -------------------------------------------------------------------------------- */

/* No system call has such arguments. Most say EINVAL. */
static void call_refuse(struct call *call, enum clause clause) {
    call_decide(call, EINVAL, clause);
    call->prediction->refused = true;
}

/* The copy of the path into the kernel: EFAULT, ENAMETOOLONG, ENOENT, in this order. */
static bool decide_argument(struct call *call) {
    switch ((enum pointer)call->step->pointer) {
    case POINTER_NULL:
    case POINTER_UNMAPPED:
    case POINTER_NONCANONICAL:
        call_decide(call, EFAULT, CLAUSE_EFAULT);
        return true;
    case POINTER_UNTERMINATED:
        call_decide(call, call->path.length < WORLD_PATH_LENGTH ? EFAULT : ENAMETOOLONG,
                    CLAUSE_EFAULT_UNTERMINATED);
        return true;
    case POINTER_COUNTED: /* any error does; this is what most give that look at the bytes */
        call_refuse(call, CLAUSE_NUL);
        return true;
    case POINTER_UNENCODABLE:
        call_refuse(call, CLAUSE_TEXT);
        return true;
    case POINTER_STRING:
    case POINTER_COUNT:
        break;
    }
    if (call->path.length >= WORLD_PATH_LENGTH)
        call_decide(call, ENAMETOOLONG, CLAUSE_ENAMETOOLONG_PATH);
    else if (call->path.length == 0)
        call_decide(call, ENOENT, CLAUSE_ENOENT_EMPTY);
    else
        return false;
    return true;
}

/* --- where a walk can fail -------------------------------------------------------------------- */

/* Is there a second fault behind the component that stopped the walk? */
static bool more_faults_behind(const struct walk *walk) {
    return path_has_long_name(walk->rest);
}

static enum clause unsearchable_clause(const struct call *call, const struct walk *walk) {
    node_id directory = walk->directory.node;
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
    return call_permission_clause(call, walk->directory, 1, CLAUSE_EACCES_SEARCH);
}

static void decide_unsearchable(struct call *call, const struct walk *walk) {
    call_decide(call, EACCES, unsearchable_clause(call, walk));
    call_applies(call, CLAUSE_EACCES_SEARCH);
    if (more_faults_behind(walk))
        call_applies(call, CLAUSE_ORDER_WALK);
}

static void decide_missing(struct call *call, const struct walk *walk) {
    enum clause clause = walk->links == WORLD_LINKS ? CLAUSE_ELOOP_ORDER
                         : walk->in_link            ? CLAUSE_ENOENT_DANGLING_PREFIX
                                                    : CLAUSE_ENOENT_PREFIX;
    call_decide(call, ENOENT, more_faults_behind(walk) ? CLAUSE_WALK_ORDER : clause);
    call_applies(call, clause);
}

static void decide_too_many_links(struct call *call, const struct walk *walk) {
    if (walk->cycle)
        call_decide(call, ELOOP, CLAUSE_ELOOP_CYCLE);
    else if (walk->link_dangles)
        call_decide(call, ELOOP, CLAUSE_ELOOP_ORDER);
    else
        call_decide(call, ELOOP, CLAUSE_ELOOP_40);
    if (more_faults_behind(walk))
        call_applies(call, CLAUSE_WALK_ORDER);
}

static void decide_not_directory(struct call *call, const struct walk *walk) {
    bool by_slash = walk->in_link && walk->slash && walk->rest.length == 0;
    call_decide(call, ENOTDIR,
                more_faults_behind(walk) ? CLAUSE_WALK_ORDER
                : by_slash               ? CLAUSE_SYMLINK_SLASH
                                         : CLAUSE_ENOTDIR_PREFIX);
}

static void decide_long_name(struct call *call, const struct walk *walk) {
    if (walk->in_link) {
        call_decide(call, ENAMETOOLONG, CLAUSE_ENAMETOOLONG_SYMLINK);
        call_applies(call, CLAUSE_WALK_ORDER);
    } else if (walk->at_last) {
        call_decide_before_obstacles(call, walk->directory, ENAMETOOLONG, CLAUSE_ENAMETOOLONG_COMP,
                                     CLAUSE_ORDER_LONG_WRITE);
    } else {
        call_decide(call, ENAMETOOLONG, CLAUSE_ENAMETOOLONG_COMP);
        call_applies(call, CLAUSE_WALK_ORDER);
    }
}

static void decide_removed(struct call *call, const struct walk *walk) {
    call_decide(call, ENOENT,
                walk->name.length > WORLD_NAME_LENGTH ? CLAUSE_ENOENT_DEADDIR_LONG
                                                      : CLAUSE_ENOENT_DEADDIR);
}

static void decide_failed_walk(struct call *call, const struct walk *walk) {
    switch ((enum walk_end)walk->end) {
    case WALK_BAD_DESCRIPTOR:
        call_decide(call, EBADF,
                    path_has_long_name(call->path) ||
                            memchr(call->path.bytes, '/', call->path.length)
                        ? CLAUSE_EBADF_ORDER
                        : CLAUSE_EBADF);
        break;
    case WALK_DESCRIPTOR_NOT_DIRECTORY:
        call_decide(call, ENOTDIR, CLAUSE_ENOTDIR_DIRFD);
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
    case WALK_NO_LINKS:
        call_decide(call, ELOOP, CLAUSE_NOSYMFOLLOW);
        break;
    case WALK_DISCONNECTED:
        call_decide(call, ENOENT, CLAUSE_ENOENT_PREFIX);
        break;
    case WALK_PROTECTED_LINK: /* concerns last links that are followed, and mkfifo follows none */
    case WALK_DONE:
    case WALK_EMPTY:
    case WALK_END_COUNT:
        check(walk->end == WALK_END_COUNT); /* a walk of a non-empty path failed for no reason */
    }
}

/* --- the last component ----------------------------------------------------------------------- */

/* protected_fifos, proc(5), guards open(2) of another's FIFO with O_CREAT, and nothing else. */
static bool is_guarded_fifo(const struct call *call, const struct walk *walk) {
    enum { STICKY_AND_WRITABLE = 01002 };
    const struct node *directory = call_node(call, walk->directory.node);
    const struct node *node = call_node(call, walk->node);
    return node->type == NODE_FIFO && node->uid != call->world->identity.uid &&
           node->uid != directory->uid &&
           (directory->mode & STICKY_AND_WRITABLE) == STICKY_AND_WRITABLE;
}

static enum clause existing_clause(const struct call *call, const struct walk *walk) {
    if (call_node(call, walk->node)->type != NODE_SYMLINK) {
        if (is_guarded_fifo(call, walk))
            return CLAUSE_PROT_FIFOS;
        return walk->slash ? CLAUSE_SLASH_EXISTING : CLAUSE_EEXIST;
    }
    bool dangles = call_last_link_dangles(call);
    if (walk->slash)
        return dangles ? CLAUSE_SLASH_DANGLING : CLAUSE_SLASH_SYMLINK;
    return dangles ? CLAUSE_EEXIST_DANGLING : CLAUSE_EEXIST_SYMLINK;
}

/* "." and "..", or nothing but slashes. */
static void decide_dots(struct call *call, const struct walk *walk) {
    call_decide(call, EEXIST,
                walk->last == LAST_ROOT                          ? CLAUSE_EEXIST_ROOT
                : call_node(call, walk->directory.node)->removed ? CLAUSE_EEXIST_DEADDIR_DOT
                                                                 : CLAUSE_EEXIST_DOT);
}

/* The last component was reached: existing, then slash, then what the place allows. */
static void decide_last(struct call *call, const struct walk *walk) {
    if (walk->last != LAST_NAME)
        decide_dots(call, walk);
    else if (walk->node != NODE_NONE)
        call_decide_before_obstacles(call, walk->directory, EEXIST, existing_clause(call, walk),
                                     CLAUSE_ORDER_EXIST_WRITE);
    else if (walk->slash)
        call_decide_before_obstacles(call, walk->directory, ENOENT, CLAUSE_SLASH_MISSING,
                                     CLAUSE_ORDER_SLASH_WRITE);
    else
        call_decide_place(call, walk);
}

static void decide_type(struct call *call) {
    call_applies(call, CLAUSE_MODE_TYPE);
    if (!call_traits(call)->masks_type_bits && !call->prediction->refused)
        call_decide(call, EINVAL, call->prediction->error ? CLAUSE_EINVAL_FIRST : CLAUSE_MODE_TYPE);
}

/* Whose fault it is to be if the mode's low bits do not count as they should. */
static void decide_wide_mode(struct call *call) {
    struct prediction *prediction = call->prediction;
    call_applies(call, CLAUSE_MODE_WIDE);
    if (prediction->refused)
        return;
    if (call_wide_way(call) == WIDE_REFUSED && call->contract->level == LEVEL_LINUX)
        call_refuse(call, CLAUSE_MODE_WIDE);
    else if (prediction->error == 0 || call_has_foreign_type(call))
        prediction->decisive = CLAUSE_MODE_WIDE;
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
        call_applies(call, CLAUSE_MODE_HIGHBITS);
    if (call_has_foreign_type(call))
        decide_type(call);
    if (call->step->high != 0)
        decide_wide_mode(call);
}

/* Those of `clauses` whose keeping can be seen on this host. */
static void apply_seen(struct call *call, const uint8_t *clauses, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (clause_is_reachable((enum clause)clauses[i], call->world->host))
            call_applies(call, (enum clause)clauses[i]);
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
        CLAUSE_NLINK_PARENT, CLAUSE_SIZE_PARENT, CLAUSE_ARENA,       CLAUSE_STAT_INO,
    };
    static const uint8_t after_failure[] = {CLAUSE_ERRNO_SET, CLAUSE_FAIL_NOEFFECT};
    apply_seen(call, always, sizeof always);
    if (call->prediction->error == 0)
        apply_seen(call, after_success, sizeof after_success);
    else
        apply_seen(call, after_failure, sizeof after_failure);
}

/*
 * The kernel's answer is `error`, 0 for a success that is none. An implementation may look at
 * things before it asks, and see a fault that is there; nothing else may come of it.
 */
static void inject(struct call *call, int error) {
    struct prediction *prediction = call->prediction;
    call_applies(call, CLAUSE_RETURN);
    call_applies(call, CLAUSE_RETURNS);
    call_applies(call, CLAUSE_SECCOMP_INJECT);
    prediction->phantom = error == 0;
    prediction->decisive = CLAUSE_SECCOMP_INJECT;
    if (prediction->error == 0) {
        prediction->allowed = (struct errno_set){{0}};
        prediction->error = error;
    }
    errno_set_add(&prediction->allowed, error);
}

void contract_predict(const struct contract *contract, const struct world *world,
                      const struct step *step, struct prediction *prediction) {
    prediction->clauses = (struct clause_set){{0}};
    prediction->allowed = (struct errno_set){{0}};
    prediction->walked = false;
    prediction->changed = prediction->refused = prediction->phantom = false;
    struct call call = {
        .contract = contract,
        .world = world,
        .step = step,
        .path = world_text(world, step->path),
        .dirfd = step->kind == STEP_MKFIFOAT ? step->dirfd : (struct dirfd){.kind = DIRFD_CWD},
        .prediction = prediction,
    };
    decide_call(&call);
    if (!world->acting.injected)
        note_aftermath(&call);
    contract_allow(&call);
    if (world->acting.injected)
        inject(&call, world->acting.error);
}

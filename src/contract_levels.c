/*
 * What the documents leave open. POSIX fixes no order of errors (XSH 2.3: "any one of the errors"),
 * so every error whose condition holds is allowed, and success only if no "shall fail" condition
 * holds. The documented level differs where the manual pages say more: PATH_MAX and the number of
 * links are limits there, and a bad pointer or type has an error of its own.
 */
#include <errno.h>
#include <string.h>

#include "contract_call.h"

/* Everything that may be answered, whatever is looked at first. */
struct options {
    const struct call *call;
    struct errno_set *allowed;
    bool posix;
    bool must_fail;
};

static void may(struct options *options, int error) {
    errno_set_add(options->allowed, error);
}

static void must(struct options *options, int error) {
    may(options, error);
    options->must_fail = true;
}

/* A trailing slash: POSIX ENOENT and ENOTDIR, "contains at least one non-slash character ...". */
static void add_existing(struct options *options, const struct walk *walk, node_id node) {
    must(options, EEXIST);
    if (!walk->slash)
        return;
    may(options, ENOTDIR);
    if (call_node(options->call, node)->type == NODE_SYMLINK &&
        call_last_link_dangles(options->call)) {
        may(options, ENOENT);
        may(options, ELOOP);
    }
}

static void add_obstacles(struct options *options, struct place place) {
    unsigned obstacles = call_obstacles(options->call, place);
    for (unsigned i = 0; i < OBSTACLE_COUNT; i++) {
        const struct obstacle_info *info = &obstacle_infos[i];
        if (obstacles >> i & 1) {
            may(options, info->error);
            options->must_fail |= options->posix ? info->posix : info->documented;
        }
    }
}

/* What may be said of the last component, seen or (unsearchable parent) not. */
static void add_last(struct options *options, const struct walk *walk) {
    const struct call *call = options->call;
    bool removed = call_node(call, walk->directory.node)->removed;
    if (removed && walk->last != LAST_ROOT)
        may(options, ENOENT);
    if (walk->last != LAST_NAME) {
        must(options, EEXIST);
        return;
    }
    node_id node = world_find(call->world, walk->directory.node, walk->name);
    if (removed) {
        must(options, ENOENT);
    } else if (node != NODE_NONE) {
        add_existing(options, walk, node);
    } else if (walk->slash) {
        must(options, ENOENT);
        may(options, ENOTDIR);
    }
    add_obstacles(options, walk->directory);
}

static void add_walk(struct options *options, unsigned flags) {
    enum { POSIX_SYMLOOP_MAX = 8 };
    const struct call *call = options->call;
    struct walk walk;
    int error = world_walk(call->world, call->dirfd, call->path, WALK_PARENT, flags, &walk);
    if (error)
        must(options, error);
    if (walk.at_last)
        add_last(options, &walk);
    if (options->posix && walk.links > POSIX_SYMLOOP_MAX)
        may(options, ELOOP);
    if (walk.long_expansion)
        may(options, ENAMETOOLONG);
    if (walk.dead_dotdot)
        may(options, ENOENT);
}

static void add_path(struct options *options) {
    struct span path = options->call->path;
    if (path.length >= WORLD_PATH_LENGTH) {
        may(options, ENAMETOOLONG);
        options->must_fail |= !options->posix;
    }
    if (path_has_long_name(path))
        must(options, ENAMETOOLONG);
    add_walk(options, 0);
    add_walk(options, WALK_ANY_PERMISSION);
}

static void add_pointer(struct options *options) {
    must(options, EFAULT);
    if (options->call->step->pointer == POINTER_UNTERMINATED)
        may(options, ENAMETOOLONG);
}

/* What no system call is given: no document says which error tells so. */
static void allow_any_error(struct errno_set *allowed) {
    memset(allowed, 0xff, sizeof *allowed);
    allowed->bits[0] &= ~UINT64_C(1);
}

/*
 * POSIX leaves bad pointers undefined and foreign type bits to the implementation; of integers that
 * are no mode_t no document speaks.
 */
static bool is_undefined(const struct call *call) {
    if (call->step->high != 0)
        return call->contract->level != LEVEL_LINUX;
    return call->contract->level == LEVEL_POSIX &&
           (call->step->pointer != POINTER_STRING || call_has_foreign_type(call));
}

void contract_allow(struct call *call) {
    struct prediction *prediction = call->prediction;
    errno_set_add(&prediction->allowed, prediction->error);
    prediction->undefined = false;
    if (prediction->refused) {
        allow_any_error(&prediction->allowed);
        return;
    }
    prediction->undefined = is_undefined(call);
    if (call->contract->level == LEVEL_LINUX || prediction->undefined)
        return;
    struct options options = {
        .call = call,
        .allowed = &prediction->allowed,
        .posix = call->contract->level == LEVEL_POSIX,
    };
    if (call_has_foreign_type(call) && !call_traits(call)->masks_type_bits)
        must(&options, EINVAL);
    if (call->step->pointer != POINTER_STRING)
        add_pointer(&options);
    else
        add_path(&options);
    if (!options.must_fail)
        may(&options, 0);
}

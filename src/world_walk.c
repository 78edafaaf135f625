/*
 * Path resolution as Linux does it: path_resolution(7) for the steps, probes for their order. A
 * symlink's body is not spliced into the path; the unread rest of the path waits on a stack, which
 * comes to the same because the body and the rest are separated by a slash.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "world.h"

/* Text still to be read, and whether it is (the rest of) a symlink's body. */
struct pending {
    struct span text;
    bool in_body;
};

/* A link that was followed, and how far the path itself was read then. */
struct met {
    node_id link;
    const char *reached;
};

/* One walk under way. */
struct walker {
    const struct world *world;
    struct walk *walk;
    enum walk_intent intent;
    bool any_permission;
    bool want_directory;                 /* a slash followed a last link that was followed */
    struct pending now;                  /* what is being read */
    struct pending waiting[WORLD_LINKS]; /* what the links in it were met in */
    unsigned depth;                      /* of waiting */
    struct met met[WORLD_LINKS];         /* the links followed */
    unsigned met_count;
    struct place current;
};

int walk_error(enum walk_end end) {
    static const int errors[WALK_END_COUNT] = {
        [WALK_DONE] = 0,
        [WALK_EMPTY] = ENOENT,
        [WALK_BAD_DESCRIPTOR] = EBADF,
        [WALK_DESCRIPTOR_NOT_DIRECTORY] = ENOTDIR,
        [WALK_UNSEARCHABLE] = EACCES,
        [WALK_PROTECTED_LINK] = EACCES,
        [WALK_REMOVED] = ENOENT,
        [WALK_NAME_TOO_LONG] = ENAMETOOLONG,
        [WALK_MISSING] = ENOENT,
        [WALK_TOO_MANY_LINKS] = ELOOP,
        [WALK_NO_LINKS] = ELOOP,
        [WALK_DISCONNECTED] = ENOENT,
        [WALK_NOT_DIRECTORY] = ENOTDIR,
    };
    return errors[end];
}

bool path_has_long_name(struct span path) {
    if (path.length <= WORLD_NAME_LENGTH)
        return false;
    const char *end = path.bytes + path.length;
    for (const char *at = path.bytes; at < end;) {
        const char *slash = memchr(at, '/', (size_t)(end - at));
        if ((slash ? slash : end) - at > WORLD_NAME_LENGTH)
            return true;
        if (!slash)
            return false;
        at = slash + 1;
    }
    return false;
}

static struct span skip_slashes(struct span text) {
    while (text.length > 0 && *text.bytes == '/') {
        text.bytes++;
        text.length--;
    }
    return text;
}

/* Cuts the first component off `text`; `slash` tells whether slashes followed it. */
static struct span take_component(struct span *text, bool *slash) {
    uint32_t length = 0;
    while (length < text->length && text->bytes[length] != '/')
        length++;
    struct span component = {text->bytes, length};
    *slash = length < text->length;
    *text = skip_slashes((struct span){text->bytes + length, text->length - length});
    return component;
}

static enum walk_last component_kind(struct span name) {
    if (name.length == 1 && name.bytes[0] == '.')
        return LAST_DOT;
    if (name.length == 2 && name.bytes[0] == '.' && name.bytes[1] == '.')
        return LAST_DOTDOT;
    return LAST_NAME;
}

/* Where the walk begins: the root, the cwd or dirfd. */
static enum walk_end find_start(struct walker *walker, struct dirfd dirfd, struct span path,
                                unsigned flags) {
    const struct world *world = walker->world;
    walker->current = (struct place){MOUNT_ARENA, NODE_ROOT};
    if (path.length == 0)
        return WALK_EMPTY;
    walker->walk->absolute = path.bytes[0] == '/';
    if (walker->walk->absolute)
        return WALK_DONE;
    int32_t number = world_descriptor_number(world, dirfd);
    if (number == AT_FDCWD) {
        if (!(flags & WALK_FROM_ROOT))
            walker->current = world->cwd;
        return WALK_DONE;
    }
    const struct descriptor *descriptor = world_descriptor(world, number);
    if (!descriptor)
        return WALK_BAD_DESCRIPTOR;
    node_id node = descriptor->place.node;
    if (node == NODE_NONE || world->nodes[node].type != NODE_DIRECTORY)
        return WALK_DESCRIPTOR_NOT_DIRECTORY;
    walker->current = descriptor->place;
    return WALK_DONE;
}

/* How far the path itself has been read: its rest waits at the bottom while a body is read. */
static const char *path_reached(const struct walker *walker) {
    return walker->depth > 0 ? walker->waiting[0].text.bytes : walker->now.text.bytes;
}

/* True if some link was met twice without getting on in the path. "l/l/l" is no cycle. */
static bool met_twice(const struct walker *walker) {
    for (unsigned i = 1; i < walker->met_count; i++)
        for (unsigned j = 0; j < i; j++)
            if (walker->met[i].link == walker->met[j].link &&
                walker->met[i].reached == walker->met[j].reached)
                return true;
    return false;
}

/* Does `body`, met in the current directory, fail at its first component? */
static bool leads_nowhere(const struct walker *walker, struct span body) {
    node_id from = body.bytes[0] == '/' ? NODE_ROOT : walker->current.node;
    body = skip_slashes(body);
    if (body.length == 0)
        return false;
    bool slash;
    struct span first = take_component(&body, &slash);
    return component_kind(first) == LAST_NAME &&
           world_find(walker->world, from, first) == NODE_NONE;
}

static bool stop(struct walker *walker, enum walk_end end) {
    walker->walk->end = (uint8_t)end;
    return false;
}

/* Turns aside into a link's body; the rest of what is being read waits. */
static bool enter_link(struct walker *walker, node_id link, bool has_rest) {
    struct walk *walk = walker->walk;
    struct span body = walker->world->nodes[link].content;
    if (walk->links == WORLD_LINKS) {
        walk->cycle = met_twice(walker);
        walk->link_dangles = leads_nowhere(walker, body);
        return stop(walker, WALK_TOO_MANY_LINKS);
    }
    if (walker->world->mounts[walker->current.mount].flags & MOUNT_NOSYMFOLLOW)
        return stop(walker, WALK_NO_LINKS);
    walk->links++;
    walker->met[walker->met_count++] = (struct met){link, path_reached(walker)};
    if (has_rest)
        walker->waiting[walker->depth++] = walker->now;
    uint32_t expansion = body.length;
    for (unsigned i = 0; i < walker->depth; i++)
        expansion += 1 + walker->waiting[i].text.length;
    walk->long_expansion |= expansion >= WORLD_PATH_LENGTH;
    walk->slash_body |= body.bytes[body.length - 1] == '/';
    if (body.bytes[0] == '/')
        walker->current = (struct place){MOUNT_ARENA, NODE_ROOT};
    walker->now = (struct pending){skip_slashes(body), true};
    return true;
}

/*
 * Skips "./" after "./", which changes nothing but time: padded paths have thousands of them. The
 * last component stays.
 */
static void skip_dots(struct span *text) {
    while (text->length > 2 && text->bytes[0] == '.' && text->bytes[1] == '/') {
        struct span next = skip_slashes((struct span){text->bytes + 2, text->length - 2});
        if (next.length == 0)
            return;
        *text = next;
    }
}

/*
 * Goes up: out of the mounts whose root this is, to the parent directory, and into what is mounted
 * there. The root of a detached mount, like the root directory, is its own parent. False when the
 * directory lies outside of what a bind mount shows (Linux fs/namei.c path_connected).
 */
static bool step_up(struct walker *walker) {
    const struct world *world = walker->world;
    struct place at = walker->current;
    const struct mount *mount = &world->mounts[at.mount];
    while (at.node == mount->root) {
        if (at.mount == MOUNT_ARENA || !mount->attached)
            return true;
        at = (struct place){mount->under, mount->point};
        mount = &world->mounts[at.mount];
    }
    at.node = world->nodes[at.node].parent;
    if (mount->root != world->superblocks[mount->superblock].root &&
        !world_is_above(world, mount->root, at.node))
        return stop(walker, WALK_DISCONNECTED);
    walker->current = world_top(world, at);
    return true;
}

/* "." and "..": stay or go up. A removed directory still knows where it was. */
static bool step_dots(struct walker *walker, enum walk_last kind) {
    if (kind != LAST_DOTDOT) {
        skip_dots(&walker->now.text);
        return true;
    }
    walker->walk->dead_dotdot |= walker->world->nodes[walker->current.node].removed;
    return step_up(walker);
}

/* Ends the walk at the last component, which is at `place` or, with NODE_NONE, does not exist. */
static bool finish(struct walker *walker, struct place place) {
    struct walk *walk = walker->walk;
    walk->mount = place.mount;
    walk->node = place.node;
    if (walker->intent == WALK_PARENT)
        return stop(walker, WALK_DONE);
    if (place.node == NODE_NONE)
        return stop(walker, WALK_MISSING);
    bool is_directory = walker->world->nodes[place.node].type == NODE_DIRECTORY;
    if ((walk->slash || walker->want_directory) && !is_directory)
        return stop(walker, WALK_NOT_DIRECTORY);
    return stop(walker, WALK_DONE);
}

/* The last component is "." or "..", or there is none but slashes. */
static bool finish_dots(struct walker *walker, enum walk_last kind) {
    walker->walk->last = (uint8_t)kind;
    walker->walk->at_last = true;
    walker->walk->directory = walker->current;
    if (walker->intent == WALK_PARENT)
        return finish(walker, (struct place){walker->current.mount, NODE_NONE});
    return step_dots(walker, kind) && finish(walker, walker->current);
}

/*
 * proc(5) /proc/sys/fs/protected_symlinks: in a sticky directory that all may write, a last link is
 * followed only by its owner, or if it is the directory owner's.
 */
static bool is_protected(const struct walker *walker, node_id link) {
    enum { STICKY_AND_WRITABLE = 01002 };
    const struct world *world = walker->world;
    mount_id mount = walker->current.mount;
    const struct node *directory = &world->nodes[walker->current.node];
    uint16_t owner = world_seen_id(world, mount, world->nodes[link].uid);
    if (owner == world->identity.uid ||
        (directory->mode & STICKY_AND_WRITABLE) != STICKY_AND_WRITABLE)
        return false;
    return owner == ID_UNMAPPED || owner != world_seen_id(world, mount, directory->uid);
}

/* Is a link as component to be followed? */
static bool follows(const struct walker *walker, bool is_last) {
    return !is_last || walker->intent == WALK_FOLLOW ||
           (walker->intent == WALK_NODE && (walker->walk->slash || walker->want_directory));
}

/* A component that is a name: looks it up and goes there. False when the walk is over. */
static bool step_name(struct walker *walker, bool is_last) {
    const struct world *world = walker->world;
    struct walk *walk = walker->walk;
    struct place place = walker->current;
    if (world->nodes[place.node].removed)
        return stop(walker, WALK_REMOVED);
    if (walk->name.length > WORLD_NAME_LENGTH)
        return stop(walker, WALK_NAME_TOO_LONG);
    place.node = world_find(world, place.node, walk->name);
    if (place.node != NODE_NONE && world->nodes[place.node].type == NODE_SYMLINK &&
        follows(walker, is_last)) {
        walker->want_directory |= is_last && walk->slash;
        bool guarded = is_protected(walker, place.node);
        if (is_last && guarded && walker->world->host->protected_symlinks)
            return stop(walker, WALK_PROTECTED_LINK);
        walk->guarded_link |= guarded;
        return enter_link(walker, place.node, !is_last);
    }
    if (is_last && walker->intent != WALK_PARENT && place.node != NODE_NONE)
        place = world_top(world, place);
    if (is_last)
        return finish(walker, place);
    if (place.node == NODE_NONE)
        return stop(walker, WALK_MISSING);
    if (world->nodes[place.node].type != NODE_DIRECTORY)
        return stop(walker, WALK_NOT_DIRECTORY);
    walker->current = world_top(world, place);
    return true;
}

/* Search permission, which comes before anything about a component, "." and ".." included. */
static bool may_search(struct walker *walker) {
    const struct world *world = walker->world;
    struct walk *walk = walker->walk;
    if (world->capabilities != 0)
        walk->by_capability |= !world_bits_permit(world, walker->current, 1);
    if (!walker->any_permission && !world_permits(world, walker->current, 1))
        return stop(walker, WALK_UNSEARCHABLE);
    walk->unreadable |= !world_permits(world, walker->current, 4);
    return true;
}

/* One component. Search permission comes before anything about it, "." and ".." included. */
static bool step_component(struct walker *walker) {
    struct walk *walk = walker->walk;
    walk->moved = walk->name.bytes != NULL;
    walk->directory = walker->current;
    walk->in_link = walker->now.in_body;
    walk->name = take_component(&walker->now.text, &walk->slash);
    walk->rest = walker->now.text;
    bool is_last = walker->now.text.length == 0 && walker->depth == 0;
    enum walk_last kind = component_kind(walk->name);
    walk->at_last = is_last;
    walk->last = (uint8_t)kind;
    if (!may_search(walker))
        return false;
    if (kind == LAST_NAME)
        return step_name(walker, is_last);
    return is_last ? finish_dots(walker, kind) : step_dots(walker, kind);
}

/* Takes up what waits when a body is read to its end. False when nothing is left to read. */
static bool more_text(struct walker *walker) {
    while (walker->now.text.length == 0 && walker->depth > 0)
        walker->now = walker->waiting[--walker->depth];
    return walker->now.text.length > 0;
}

int world_walk(const struct world *world, struct dirfd dirfd, struct span path,
               enum walk_intent intent, unsigned flags, struct walk *walk) {
    *walk = (struct walk){0};
    struct walker walker;
    walker.world = world;
    walker.walk = walk;
    walker.intent = intent;
    walker.any_permission = flags & WALK_ANY_PERMISSION;
    walker.want_directory = false;
    walker.depth = 0;
    walker.met_count = 0;
    enum walk_end start = find_start(&walker, dirfd, path, flags);
    walk->start = walker.current;
    walk->end = (uint8_t)start;
    if (start != WALK_DONE)
        return walk_error(start);
    walker.now = (struct pending){skip_slashes(path), false};
    bool going = true;
    while (going && more_text(&walker))
        going = step_component(&walker);
    if (going)
        finish_dots(&walker, LAST_ROOT);
    return walk_error((enum walk_end)walk->end);
}

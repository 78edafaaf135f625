#include "scenario_edit.h"

#include <string.h>

#include "scenario_operands.h"

static void add_tail(struct path *path, const struct path *other, struct random *random) {
    static const char *const tails[] = {"/", "/", "//", "/.", "/..", "/../", "/x"};
    (void)other;
    path_add_string(path, random_item(random, tails));
}

static void drop_tail(struct path *path, const struct path *other, struct random *random) {
    (void)other;
    if (path->length == 0)
        return;
    path->length--;
    if (random_one_in(random, 2)) {
        while (path->length > 0 && path->bytes[path->length - 1] == '/')
            path->length--;
    }
}

static void decorate(struct path *path, const struct path *other, struct random *random) {
    (void)other;
    path_decorate(path, random);
}

static void pad(struct path *path, const struct path *other, struct random *random) {
    (void)other;
    path_pad(path, path_length_random(random), random);
}

/* One `.`, `..` or borrowed component more. */
static void insert_component(struct path *path, const struct path *other, struct random *random) {
    uint32_t at, length, from, count;
    path_pick_component(path, random, &at, &length);
    path_pick_component(other, random, &from, &count);
    uint32_t choice = random_below(random, 3);
    if (choice == 0 || count == 0) {
        path_insert(path, at, "./", 2);
    } else if (choice == 1) {
        path_insert(path, at, "../", 3);
    } else {
        path_insert(path, at, "/", 1);
        path_insert(path, at, other->bytes + from, count);
    }
}

static void replace_component(struct path *path, const struct path *other, struct random *random) {
    static const uint8_t styles[] = {NAME_SHORT, NAME_SHORT,      NAME_ODD,
                                     NAME_EDGE,  NAME_ANY_LENGTH, NAME_TOO_LONG};
    uint32_t at, length, from, count;
    path_pick_component(path, random, &at, &length);
    path_erase(path, at, length);
    if (random_one_in(random, 2)) {
        path_pick_component(other, random, &from, &count);
        path_insert(path, at, other->bytes + from, count);
        return;
    }
    struct path name;
    name.length = 0;
    name_add(&name, random, random_item(random, styles), random_below(random, 26));
    path_insert(path, at, name.bytes, name.length);
}

static void erase_component(struct path *path, const struct path *other, struct random *random) {
    uint32_t at, length;
    (void)other;
    path_pick_component(path, random, &at, &length);
    path_erase(path, at, length + 1);
}

/* Makes a component 254 to 257 bytes long, or one byte longer or shorter than it is. */
static void resize_component(struct path *path, const struct path *other, struct random *random) {
    uint32_t at, length;
    (void)other;
    path_pick_component(path, random, &at, &length);
    if (length == 0)
        return;
    uint32_t wanted = random_between(random, 254, 257);
    if (random_one_in(random, 2))
        wanted = random_one_in(random, 2) ? length + 1 : length - 1;
    if (wanted < length) {
        path_erase(path, at, length - wanted);
        return;
    }
    char filling[300];
    uint32_t more = wanted - length < sizeof filling ? wanted - length : sizeof filling;
    memset(filling, path->bytes[at], more);
    path_insert(path, at, filling, more);
}

static void change_byte(struct path *path, const struct path *other, struct random *random) {
    (void)other;
    if (path->length == 0)
        return;
    uint32_t at = random_below(random, path->length);
    path->bytes[at] = (char)random_between(random, 1, 255);
}

static void change_start(struct path *path, const struct path *other, struct random *random) {
    (void)other;
    if (path->length > 0 && path->bytes[0] == '/' && random_one_in(random, 2))
        path_erase(path, 0, 1);
    else
        path_insert(path, 0, "../", random_one_in(random, 2) ? 3 : 2);
    if (random_one_in(random, 2))
        path_insert(path, 0, "/", 1);
}

static void take_other(struct path *path, const struct path *other, struct random *random) {
    (void)random;
    path->length = 0;
    path_add(path, other->bytes, other->length);
}

/* The last component, looked up in what `other` names. */
static void move_below_other(struct path *path, const struct path *other, struct random *random) {
    uint32_t start = path->length;
    while (start > 0 && path->bytes[start - 1] != '/')
        start--;
    path_erase(path, 0, start);
    path_insert(path, 0, random_one_in(random, 8) ? "//" : "/", 1);
    path_insert(path, 0, other->bytes, other->length);
}

void path_edit(struct path *path, const struct path *other, struct random *random) {
    static void (*const edits[])(struct path *, const struct path *, struct random *) = {
        add_tail,         add_tail,         drop_tail,         decorate,          pad,
        insert_component, insert_component, replace_component, replace_component, erase_component,
        resize_component, change_byte,      change_start,      take_other,        move_below_other,
        move_below_other,
    };
    random_item(random, edits)(path, other, random);
}

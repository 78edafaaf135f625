/*
 * canaries_path.c - wrong about walking to the last component: missing and non-directory
 * components, symbolic links and their limits, lengths, dots.
 */
#include "canary.h"

/* Spoils the answer `right` to `wrong` if the first obstacle in the prefix gave it. */
static int mistake(int right, int wrong, bool link, int dirfd, const char *path, size_t length,
                   mode_t mode) {
    int result = correct(dirfd, path, mode);
    if (!failed(result, right))
        return result;
    struct obstacle obstacle = obstacle_of(dirfd, path, length);
    return fail_with(obstacle.error == right && obstacle.link == link ? wrong : right);
}

/* --- components that are missing or no directory ---------------------------------------------- */

WRONG(prefix_made) {
    struct obstacle obstacle = obstacle_of(dirfd, path, length);
    if (obstacle.error == ENOENT && !obstacle.link) {
        char prefix[PATH_MAX];
        memcpy(prefix, path, obstacle.end);
        prefix[obstacle.end] = '\0';
        (void)mkdirat(dirfd, prefix, 0777);
    }
    return correct(dirfd, path, mode);
}

WRONG(prefix_missing_enotdir) {
    return mistake(ENOENT, ENOTDIR, false, dirfd, path, length, mode);
}

WRONG(prefix_dangling_eloop) {
    return mistake(ENOENT, ELOOP, true, dirfd, path, length, mode);
}

WRONG(prefix_dangling_enotdir) {
    return mistake(ENOENT, ENOTDIR, true, dirfd, path, length, mode);
}

WRONG(prefix_file_enoent) {
    return mistake(ENOTDIR, ENOENT, false, dirfd, path, length, mode);
}

WRONG(prefix_linked_file_enoent) {
    return mistake(ENOTDIR, ENOENT, true, dirfd, path, length, mode);
}

WRONG(prefix_file_dots) {
    bool dots = last_name(path, length).dots;
    return mistake(ENOTDIR, dots ? EEXIST : ENOTDIR, false, dirfd, path, length, mode);
}

WRONG(prefix_file_eacces) {
    struct obstacle obstacle = obstacle_of(dirfd, path, length);
    struct stat status;
    char prefix[PATH_MAX];
    memcpy(prefix, path, obstacle.end);
    prefix[obstacle.end] = '\0';
    bool secret = obstacle.error == ENOTDIR && fstatat(dirfd, prefix, &status, 0) == 0 &&
                  (status.st_mode & 0111) == 0;
    return mistake(ENOTDIR, secret ? EACCES : ENOTDIR, false, dirfd, path, length, mode);
}

/* --- the order of the walk -------------------------------------------------------------------- */

/* The length of the longest component behind `from`. */
static size_t longest(const char *path, size_t from) {
    size_t most = 0;
    for (const char *at = path + from; *at;) {
        at += strspn(at, "/");
        size_t length = strcspn(at, "/");
        most = length > most ? length : most;
        at += length;
    }
    return most;
}

WRONG(order_lengths_first) {
    struct obstacle obstacle = obstacle_of(dirfd, path, length);
    bool hidden = obstacle.error == ENOENT || obstacle.error == ENOTDIR || obstacle.error == ELOOP;
    return hidden && longest(path, obstacle.end) > NAME_MAX ? fail_with(ENAMETOOLONG)
                                                            : correct(dirfd, path, mode);
}

/* Cuts "bad/../" out of the path, where `bad` cannot be entered because of `error`. */
static int cut_dotdot(int error, int dirfd, const char *path, size_t length, mode_t mode) {
    struct obstacle obstacle = obstacle_of(dirfd, path, length);
    const char *rest = path + obstacle.end;
    if (obstacle.error != error || obstacle.link || strncmp(rest, "/../", 4) != 0)
        return correct(dirfd, path, mode);
    char shorter[PATH_MAX];
    memcpy(shorter, path, obstacle.start);
    memcpy(shorter + obstacle.start, rest + 4, length - obstacle.end - 4 + 1);
    return correct(dirfd, shorter, mode);
}

WRONG(order_missing_dotdot) {
    return cut_dotdot(ENOENT, dirfd, path, length, mode);
}

WRONG(order_file_dotdot) {
    return cut_dotdot(ENOTDIR, dirfd, path, length, mode);
}

WRONG(order_last_bad_first) {
    struct obstacle obstacle = obstacle_of(dirfd, path, length);
    bool file = obstacle.error == ENOTDIR && !obstacle.link;
    bool dotdot = strncmp(path + obstacle.end, "/../", 4) == 0;
    return file && dotdot ? fail_with(ENOENT) : correct(dirfd, path, mode);
}

/* --- symbolic links in the prefix ------------------------------------------------------------- */

/* Whether a component of the prefix is a link, and the body of the last such. */
static bool link_in_prefix(int dirfd, const char *path, size_t length, char body[PATH_MAX]) {
    size_t last = last_name(path, length).start;
    char prefix[PATH_MAX];
    bool found = false;
    for (size_t i = 1; i < last; i++) {
        if (path[i] != '/' || path[i - 1] == '/')
            continue;
        memcpy(prefix, path, i);
        prefix[i] = '\0';
        ssize_t size = readlinkat(dirfd, prefix, body, PATH_MAX - 1);
        if (size > 0)
            body[size] = '\0';
        found = found || size > 0;
    }
    return found;
}

WRONG(link_refused) {
    char body[PATH_MAX];
    bool link = would_create(dirfd, path, length) && link_in_prefix(dirfd, path, length, body);
    return link ? fail_with(ELOOP) : correct(dirfd, path, mode);
}

WRONG(link_absolute_lost) {
    char body[PATH_MAX];
    bool link = would_create(dirfd, path, length) && link_in_prefix(dirfd, path, length, body);
    return link && body[0] == '/' ? fail_with(ENOENT) : correct(dirfd, path, mode);
}

/* "link/../x" is "x": the link is cut out instead of followed. */
WRONG(link_dotdot_lexical) {
    char shorter[PATH_MAX];
    size_t first = strcspn(path, "/");
    ssize_t size = readlinkat(dirfd, path, shorter, 0);
    memcpy(shorter, path, first);
    shorter[first] = '\0';
    bool cut = size < 0 && strncmp(path + first, "/../", 4) == 0 &&
               type_of(dirfd, shorter, first) == S_IFLNK && would_create(dirfd, path, length);
    return correct(dirfd, cut ? path + first + 4 : path, mode);
}

WRONG(link_slash_refused) {
    char body[PATH_MAX];
    bool link = would_create(dirfd, path, length) && link_in_prefix(dirfd, path, length, body);
    return link && body[strlen(body) - 1] == '/' ? fail_with(ENOTDIR) : correct(dirfd, path, mode);
}

WRONG(link_slash_file_enoent) {
    char body[PATH_MAX];
    bool link = link_in_prefix(dirfd, path, length, body);
    bool slash = link && body[strlen(body) - 1] == '/';
    return mistake(ENOTDIR, slash ? ENOENT : ENOTDIR, true, dirfd, path, length, mode);
}

/* --- lengths ---------------------------------------------------------------------------------- */

WRONG(name_254) {
    bool full = last_name(path, length).length == NAME_MAX && would_create(dirfd, path, length);
    return full ? fail_with(ENAMETOOLONG) : correct(dirfd, path, mode);
}

WRONG(name_cut_to_255) {
    struct name name = last_name(path, length);
    if (name.length <= NAME_MAX || name.slash)
        return correct(dirfd, path, mode);
    char shorter[PATH_MAX];
    memcpy(shorter, path, name.start + NAME_MAX);
    shorter[name.start + NAME_MAX] = '\0';
    return correct(dirfd, shorter, mode);
}

WRONG(name_256_middle_enoent) {
    return mistake(ENAMETOOLONG, ENOENT, false, dirfd, path, length, mode);
}

WRONG(name_256_slash_enoent) {
    int result = correct(dirfd, path, mode);
    struct name name = last_name(path, length);
    bool last = name.length > NAME_MAX && name.slash;
    return failed(result, ENAMETOOLONG) && last ? fail_with(ENOENT) : result;
}

WRONG(name_256_in_link_enoent) {
    return mistake(ENAMETOOLONG, ENOENT, true, dirfd, path, length, mode);
}

WRONG(expansion_limited) {
    char body[PATH_MAX];
    bool link = would_create(dirfd, path, length) && link_in_prefix(dirfd, path, length, body);
    return link && strlen(body) + length > PATH_MAX ? fail_with(ENAMETOOLONG)
                                                    : correct(dirfd, path, mode);
}

/* --- loops ------------------------------------------------------------------------------------ */

WRONG(loop_enoent) {
    struct walk walk = walk_of(dirfd, path, length, 64);
    if (walk.parent >= 0)
        close(walk.parent);
    bool cycle = walk.error == ELOOP;
    return mistake(ELOOP, cycle ? ENOENT : ELOOP, true, dirfd, path, length, mode);
}

WRONG(loop_self_enametoolong) {
    struct obstacle obstacle = obstacle_of(dirfd, path, length);
    char body[PATH_MAX];
    size_t end = obstacle.end;
    bool link = obstacle.error == ELOOP && link_in_prefix(dirfd, path, length, body);
    bool self = link && strlen(body) == end - obstacle.start &&
                strncmp(body, path + obstacle.start, end - obstacle.start) == 0;
    return mistake(ELOOP, self ? ENAMETOOLONG : ELOOP, true, dirfd, path, length, mode);
}

/* The answer if only `limit` links are followed. */
static int limited(unsigned limit, int dirfd, const char *path, size_t length, mode_t mode) {
    struct walk walk = walk_of(dirfd, path, length, 40);
    if (walk.parent >= 0)
        close(walk.parent);
    return walk.error == 0 && walk.links > limit ? fail_with(ELOOP) : correct(dirfd, path, mode);
}

WRONG(links_8) {
    return limited(8, dirfd, path, length, mode);
}

WRONG(links_39) {
    return limited(39, dirfd, path, length, mode);
}

WRONG(links_64) {
    int result = correct(dirfd, path, mode);
    if (!failed(result, ELOOP))
        return result;
    struct walk walk = walk_of(dirfd, path, length, 64);
    if (walk.parent < 0)
        return fail_with(ELOOP);
    result = correct(walk.parent, path + last_name(path, length).start, mode);
    int error = errno;
    close(walk.parent);
    return result == 0 ? 0 : fail_with(error);
}

WRONG(links_41st_read) {
    int result = correct(dirfd, path, mode);
    struct walk walk = walk_of(dirfd, path, length, 41);
    if (walk.parent >= 0)
        close(walk.parent);
    bool missing = walk.error == ENOENT && walk.links == 41;
    return failed(result, ELOOP) && missing ? fail_with(ENOENT) : result;
}

WRONG(links_40_missing_eloop) {
    int result = correct(dirfd, path, mode);
    struct walk walk = walk_of(dirfd, path, length, 40);
    if (walk.parent >= 0)
        close(walk.parent);
    bool missing = walk.error == ENOENT && walk.links == 40;
    return failed(result, ENOENT) && missing ? fail_with(ELOOP) : result;
}

static const struct implementation rows[] = {
    BOTH("canary-prefix-made", "C-ENOENT-prefix", "makes the missing directory", prefix_made),
    BOTH("canary-prefix-missing-enotdir", "C-ENOENT-prefix", "ENOTDIR for a missing directory",
         prefix_missing_enotdir),
    BOTH("canary-prefix-dangling-eloop", "C-ENOENT-dangling-prefix",
         "ELOOP for a dangling link on the way", prefix_dangling_eloop),
    BOTH("canary-prefix-dangling-enotdir", "C-ENOENT-dangling-prefix",
         "ENOTDIR for a dangling link on the way", prefix_dangling_enotdir),
    BOTH("canary-prefix-file-enoent", "C-ENOTDIR-prefix", "ENOENT for a file on the way",
         prefix_file_enoent),
    BOTH("canary-prefix-linked-file-enoent", "C-ENOTDIR-prefix",
         "ENOENT for a link to a file on the way", prefix_linked_file_enoent),
    BOTH("canary-prefix-file-dots", "C-ENOTDIR-prefix", "EEXIST for file/. and file/..",
         prefix_file_dots),
    BOTH("canary-prefix-file-eacces", "C-ENOTDIR-prefix", "EACCES for a file without x on the way",
         prefix_file_eacces),
    BOTH("canary-order-lengths-first", "C-WALK-order", "looks at the lengths of all names first",
         order_lengths_first),
    BOTH("canary-order-missing-dotdot", "C-ENOENT-prefix", "missing/../x is x",
         order_missing_dotdot),
    BOTH("canary-order-file-dotdot", "C-ENOTDIR-prefix", "file/../x is x", order_file_dotdot),
    BOTH("canary-order-file-dotdot-enoent", "C-ENOTDIR-prefix", "ENOENT for file/../x",
         order_last_bad_first),
    BOTH("canary-link-refused", "C-SYMLINK-prefix-follow", "ELOOP for any link on the way",
         link_refused),
    BOTH("canary-link-absolute-lost", "C-SYMLINK-prefix-follow",
         "ENOENT for a link with an absolute body", link_absolute_lost),
    BOTH("canary-link-dotdot-lexical", "C-STAT-type", "link/../x is x", link_dotdot_lexical),
    BOTH("canary-link-slash-refused", "C-SYMLINK-slash", "ENOTDIR for a link to \"d/\"",
         link_slash_refused),
    BOTH("canary-link-slash-file-enoent", "C-SYMLINK-slash", "ENOENT for a link to \"file/\"",
         link_slash_file_enoent),
    BOTH("canary-name-254", "C-ENAMETOOLONG-comp", "refuses a name of 255 bytes", name_254),
    AT_ONLY("canary-name-cut-to-255", "C-ENAMETOOLONG-comp", "mkfifoat cuts names to 255 bytes",
            name_cut_to_255),
    BOTH("canary-name-256-middle-enoent", "C-ENAMETOOLONG-comp",
         "ENOENT for an over-long directory name", name_256_middle_enoent),
    BOTH("canary-name-256-slash-enoent", "C-ENAMETOOLONG-comp",
         "ENOENT for an over-long name with a slash", name_256_slash_enoent),
    BOTH("canary-name-256-in-link-enoent", "C-ENAMETOOLONG-symlink",
         "ENOENT for an over-long name in a link", name_256_in_link_enoent),
    BOTH("canary-expansion-limited", "C-ENAMETOOLONG-expansion",
         "a path must stay below PATH_MAX when a link is put in", expansion_limited),
    BOTH("canary-loop-enoent", "C-ELOOP-cycle", "ENOENT for a loop of links", loop_enoent),
    BOTH("canary-loop-self-enametoolong", "C-ELOOP-cycle", "ENAMETOOLONG for a link to itself",
         loop_self_enametoolong),
    BOTH("canary-links-8", "C-ELOOP-40", "follows 8 links", links_8),
    BOTH("canary-links-39", "C-ELOOP-40", "follows 39 links", links_39),
    BOTH("canary-links-64", "C-ELOOP-40", "follows 64 links", links_64),
    BOTH("canary-links-41st-read", "C-ELOOP-order", "ENOENT if the 41st link dangles",
         links_41st_read),
    BOTH("canary-links-40-missing-eloop", "C-ELOOP-order", "ELOOP if the 40th link dangles",
         links_40_missing_eloop),
};

const struct implementation_table canaries_path = ROWS(rows);

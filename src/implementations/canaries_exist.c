/*
 * canaries_exist.c - wrong about the last component: names that exist, symbolic links, dots,
 * trailing slashes, unusual bytes.
 */
#include "canary.h"

/* The last component is plain: no slash behind it, not "." or "..". */
static bool plain(const char *path, size_t length) {
    struct name name = last_name(path, length);
    return !name.slash && !name.dots && name.length > 0;
}

/* Whether the call failed because of a node of `type` with that plain name. */
static bool met(int result, mode_t type, int dirfd, const char *path, size_t length) {
    return failed(result, EEXIST) && plain(path, length) && type_of(dirfd, path, length) == type;
}

/* Whether the call failed because of a node of `type` whose name has a slash behind it. */
static bool met_slash(int result, mode_t type, int dirfd, const char *path, size_t length) {
    struct name name = last_name(path, length);
    return failed(result, EEXIST) && name.slash && !name.dots && name.length > 0 &&
           type_of(dirfd, path, length) == type;
}

static int replace(int dirfd, const char *path, size_t length, mode_t mode) {
    remove_name(dirfd, path, length);
    return correct(dirfd, path, mode);
}

/* --- names that exist ------------------------------------------------------------------------- */

WRONG(file_replaced) {
    int result = correct(dirfd, path, mode);
    return met(result, S_IFREG, dirfd, path, length) ? replace(dirfd, path, length, mode) : result;
}

WRONG(empty_file_replaced) {
    int result = correct(dirfd, path, mode);
    struct stat status;
    if (!met(result, S_IFREG, dirfd, path, length) || fstatat(dirfd, path, &status, 0) != 0)
        return result;
    return status.st_size == 0 ? replace(dirfd, path, length, mode) : fail_with(EEXIST);
}

WRONG(fifo_replaced) {
    int result = correct(dirfd, path, mode);
    return met(result, S_IFIFO, dirfd, path, length) ? replace(dirfd, path, length, mode) : result;
}

WRONG(fifo_welcome) {
    int result = correct(dirfd, path, mode);
    return met(result, S_IFIFO, dirfd, path, length) ? 0 : result;
}

WRONG(fifo_same_mode_welcome) {
    int result = correct(dirfd, path, mode);
    struct stat status;
    if (!met(result, S_IFIFO, dirfd, path, length) || fstatat(dirfd, path, &status, 0) != 0)
        return result;
    return (status.st_mode & 0777) == (mode & 0777) ? 0 : fail_with(EEXIST);
}

WRONG(directory_eisdir) {
    int result = correct(dirfd, path, mode);
    return met(result, S_IFDIR, dirfd, path, length) ? fail_with(EISDIR) : result;
}

WRONG(empty_directory_replaced) {
    int result = correct(dirfd, path, mode);
    if (!met(result, S_IFDIR, dirfd, path, length))
        return result;
    return unlinkat(dirfd, path, AT_REMOVEDIR) == 0 ? correct(dirfd, path, mode)
                                                    : fail_with(EEXIST);
}

WRONG(secret_eacces) {
    int result = correct(dirfd, path, mode);
    struct stat status;
    if (!met(result, S_IFREG, dirfd, path, length) || fstatat(dirfd, path, &status, 0) != 0)
        return result;
    return fail_with((status.st_mode & 0777) == 0 ? EACCES : EEXIST);
}

/* --- symbolic links --------------------------------------------------------------------------- */

WRONG(link_to_fifo_welcome) {
    int result = correct(dirfd, path, mode);
    struct stat status;
    if (!met(result, S_IFLNK, dirfd, path, length))
        return result;
    bool fifo = fstatat(dirfd, path, &status, 0) == 0 && S_ISFIFO(status.st_mode);
    return fifo ? 0 : fail_with(EEXIST);
}

WRONG(link_to_directory_eisdir) {
    int result = correct(dirfd, path, mode);
    struct stat status;
    if (!met(result, S_IFLNK, dirfd, path, length))
        return result;
    bool directory = fstatat(dirfd, path, &status, 0) == 0 && S_ISDIR(status.st_mode);
    return fail_with(directory ? EISDIR : EEXIST);
}

WRONG(link_replaced) {
    int result = correct(dirfd, path, mode);
    bool link = met(result, S_IFLNK, dirfd, path, length) && !dangling(dirfd, path, length);
    return link ? replace(dirfd, path, length, mode) : result;
}

/* Creates what the link at `path` names. */
static int create_target(int dirfd, const char *path, size_t length, mode_t mode) {
    char body[PATH_MAX], name[PATH_MAX];
    copy_without_slashes(name, path, length);
    ssize_t size = readlinkat(dirfd, name, body, sizeof body - 1);
    int parent = open_parent(dirfd, path, length);
    if (size < 0 || parent < 0)
        return fail_with(EEXIST);
    body[size] = '\0';
    int result = correct(parent, body, mode);
    close(parent);
    return result == 0 ? 0 : fail_with(EEXIST);
}

WRONG(dangling_followed) {
    int result = correct(dirfd, path, mode);
    bool link = met(result, S_IFLNK, dirfd, path, length);
    return link ? create_target(dirfd, path, length, mode) : result;
}

WRONG(dangling_replaced) {
    int result = correct(dirfd, path, mode);
    bool link = met(result, S_IFLNK, dirfd, path, length) && dangling(dirfd, path, length);
    return link ? replace(dirfd, path, length, mode) : result;
}

WRONG(dangling_enoent) {
    int result = correct(dirfd, path, mode);
    bool link = met(result, S_IFLNK, dirfd, path, length);
    return link && dangling(dirfd, path, length) == ENOENT ? fail_with(ENOENT) : result;
}

WRONG(looping_eloop) {
    int result = correct(dirfd, path, mode);
    bool link = met(result, S_IFLNK, dirfd, path, length);
    return link && dangling(dirfd, path, length) == ELOOP ? fail_with(ELOOP) : result;
}

/* --- dots and the root ------------------------------------------------------------------------ */

WRONG(dot_einval) {
    int result = correct(dirfd, path, mode);
    struct name name = last_name(path, length);
    return failed(result, EEXIST) && name.dots && name.length == 1 ? fail_with(EINVAL) : result;
}

WRONG(dotdot_enotempty) {
    int result = correct(dirfd, path, mode);
    struct name name = last_name(path, length);
    return failed(result, EEXIST) && name.dots && name.length == 2 ? fail_with(ENOTEMPTY) : result;
}

WRONG(dot_slash_enoent) {
    int result = correct(dirfd, path, mode);
    struct name name = last_name(path, length);
    return failed(result, EEXIST) && name.dots && name.slash ? fail_with(ENOENT) : result;
}

WRONG(root_eisdir) {
    return strspn(path, "/") == length ? fail_with(EISDIR) : correct(dirfd, path, mode);
}

WRONG(slashes_enoent) {
    return length > 1 && strspn(path, "/") == length ? fail_with(ENOENT)
                                                     : correct(dirfd, path, mode);
}

/* --- trailing slashes ------------------------------------------------------------------------- */

static int create_stripped(int dirfd, const char *path, size_t length, mode_t mode) {
    char name[PATH_MAX];
    copy_without_slashes(name, path, length);
    return correct(dirfd, name, mode);
}

WRONG(slash_stripped) {
    int result = correct(dirfd, path, mode);
    return failed(result, ENOENT) && path[length - 1] == '/' && !last_name(path, length).dots
               ? create_stripped(dirfd, path, length, mode)
               : result;
}

WRONG(slashes_stripped) {
    bool many = length > 2 && path[length - 1] == '/' && path[length - 2] == '/';
    int result = correct(dirfd, path, mode);
    return failed(result, ENOENT) && many && !last_name(path, length).dots
               ? create_stripped(dirfd, path, length, mode)
               : result;
}

/* Whether the directory of the last component is there, not removed, and can be searched. */
static bool parent_usable(int dirfd, const char *path, size_t length) {
    int parent = open_parent(dirfd, path, length);
    struct stat status;
    bool usable = parent >= 0 && fstat(parent, &status) == 0 && status.st_nlink > 0 &&
                  faccessat(parent, ".", X_OK, 0) == 0;
    if (parent >= 0)
        close(parent);
    return usable;
}

WRONG(slash_missing_enotdir) {
    bool usable = parent_usable(dirfd, path, length);
    int result = correct(dirfd, path, mode);
    return failed(result, ENOENT) && usable ? fail_with(ENOTDIR) : result;
}

WRONG(slash_file_enotdir) {
    int result = correct(dirfd, path, mode);
    return met_slash(result, S_IFREG, dirfd, path, length) ? fail_with(ENOTDIR) : result;
}

WRONG(slash_fifo_enoent) {
    int result = correct(dirfd, path, mode);
    return met_slash(result, S_IFIFO, dirfd, path, length) ? fail_with(ENOENT) : result;
}

WRONG(slash_directory_eisdir) {
    int result = correct(dirfd, path, mode);
    return met_slash(result, S_IFDIR, dirfd, path, length) ? fail_with(EISDIR) : result;
}

WRONG(slash_link_enotdir) {
    int result = correct(dirfd, path, mode);
    struct stat status;
    if (!met_slash(result, S_IFLNK, dirfd, path, length))
        return result;
    bool file = fstatat(dirfd, path, &status, 0) == -1 && errno == ENOTDIR;
    return fail_with(file ? ENOTDIR : EEXIST);
}

WRONG(slash_link_replaced) {
    int result = correct(dirfd, path, mode);
    if (!met_slash(result, S_IFLNK, dirfd, path, length) || dangling(dirfd, path, length))
        return result;
    remove_name(dirfd, path, length);
    return create_stripped(dirfd, path, length, mode);
}

WRONG(slash_dangling_enoent) {
    int result = correct(dirfd, path, mode);
    bool link = met_slash(result, S_IFLNK, dirfd, path, length);
    return link && dangling(dirfd, path, length) == ENOENT ? fail_with(ENOENT) : result;
}

WRONG(slash_looping_eloop) {
    int result = correct(dirfd, path, mode);
    bool link = met_slash(result, S_IFLNK, dirfd, path, length);
    return link && dangling(dirfd, path, length) == ELOOP ? fail_with(ELOOP) : result;
}

WRONG(slash_dangling_followed) {
    int result = correct(dirfd, path, mode);
    bool link = met_slash(result, S_IFLNK, dirfd, path, length);
    return link ? create_target(dirfd, path, length, mode) : result;
}

/* --- bytes of the name ------------------------------------------------------------------------ */

/* Refuses a name that could be created if it holds one of `bytes`. */
static int refuse_bytes(const char *bytes, int error, int dirfd, const char *path, size_t length,
                        mode_t mode) {
    bool bad = strpbrk(path + last_name(path, length).start, bytes) != NULL;
    return bad && would_create(dirfd, path, length) ? fail_with(error) : correct(dirfd, path, mode);
}

/* Creates the first `keep` bytes of the last component instead of all. */
static int create_cut(size_t keep, int dirfd, const char *path, size_t length, mode_t mode) {
    struct name name = last_name(path, length);
    if (keep == 0 || keep >= name.length || !would_create(dirfd, path, length))
        return correct(dirfd, path, mode);
    char shorter[PATH_MAX];
    memcpy(shorter, path, name.start + keep);
    shorter[name.start + keep] = '\0';
    return correct(dirfd, shorter, mode);
}

/* How many bytes at the start of the last component are below 0x80. */
static size_t ascii(const char *path, struct name name) {
    size_t count = 0;
    while (count < name.length && (unsigned char)path[name.start + count] < 0x80)
        count++;
    return count;
}

WRONG(name_newline) {
    return refuse_bytes("\n", EINVAL, dirfd, path, length, mode);
}

WRONG(name_control) {
    return refuse_bytes("\1\2\3\4\5\6\7\b\t\v\f\r\33\177", EINVAL, dirfd, path, length, mode);
}

WRONG(name_shell) {
    return refuse_bytes("\\:*?\"<>|", EINVAL, dirfd, path, length, mode);
}

WRONG(name_eight_bit) {
    struct name name = last_name(path, length);
    bool high = ascii(path, name) < name.length && would_create(dirfd, path, length);
    return high ? fail_with(EILSEQ) : correct(dirfd, path, mode);
}

WRONG(name_invalid_byte) {
    return refuse_bytes("\xfe\xff", EILSEQ, dirfd, path, length, mode);
}

WRONG(name_dash) {
    bool dash = path[last_name(path, length).start] == '-' && would_create(dirfd, path, length);
    return dash ? fail_with(EINVAL) : correct(dirfd, path, mode);
}

WRONG(name_three_dots) {
    struct name name = last_name(path, length);
    bool dots = strspn(path + name.start, ".") == name.length && would_create(dirfd, path, length);
    return dots ? fail_with(EEXIST) : correct(dirfd, path, mode);
}

/* Cuts `byte` off the end of the name. */
static int create_trimmed(char byte, int dirfd, const char *path, size_t length, mode_t mode) {
    struct name name = last_name(path, length);
    size_t keep = name.length;
    while (keep > 0 && path[name.start + keep - 1] == byte)
        keep--;
    return create_cut(keep, dirfd, path, length, mode);
}

WRONG(name_dot_trimmed) {
    return create_trimmed('.', dirfd, path, length, mode);
}

WRONG(name_space_trimmed) {
    return create_trimmed(' ', dirfd, path, length, mode);
}

WRONG(name_stops_at_0x80) {
    return create_cut(ascii(path, last_name(path, length)), dirfd, path, length, mode);
}

static const struct implementation rows[] = {
    BOTH("canary-file-replaced", "C-EEXIST", "replaces a file", file_replaced),
    BOTH("canary-empty-file-replaced", "C-EEXIST", "replaces an empty file", empty_file_replaced),
    BOTH("canary-fifo-replaced", "C-EEXIST", "replaces a FIFO", fifo_replaced),
    BOTH("canary-fifo-welcome", "C-EEXIST", "0 for a FIFO that exists", fifo_welcome),
    BOTH("canary-fifo-same-mode-welcome", "C-EEXIST", "0 for a FIFO with the same permissions",
         fifo_same_mode_welcome),
    BOTH("canary-directory-eisdir", "C-EEXIST", "EISDIR for a directory", directory_eisdir),
    BOTH("canary-empty-directory-replaced", "C-EEXIST", "replaces an empty directory",
         empty_directory_replaced),
    BOTH("canary-secret-eacces", "C-EEXIST", "EACCES for a file of mode 0", secret_eacces),
    BOTH("canary-link-to-fifo-welcome", "C-EEXIST-symlink", "0 for a link to a FIFO",
         link_to_fifo_welcome),
    BOTH("canary-link-to-directory-eisdir", "C-EEXIST-symlink", "EISDIR for a link to a directory",
         link_to_directory_eisdir),
    BOTH("canary-link-replaced", "C-EEXIST-symlink", "replaces a link that leads somewhere",
         link_replaced),
    BOTH("canary-dangling-followed", "C-EEXIST-dangling", "creates what a dangling link names",
         dangling_followed),
    BOTH("canary-dangling-replaced", "C-EEXIST-dangling", "replaces a dangling link",
         dangling_replaced),
    BOTH("canary-dangling-enoent", "C-EEXIST-dangling", "ENOENT for a dangling link",
         dangling_enoent),
    BOTH("canary-looping-eloop", "C-EEXIST-dangling", "ELOOP for a looping link", looping_eloop),
    BOTH("canary-dot-einval", "C-EEXIST-dot", "EINVAL for \".\"", dot_einval),
    BOTH("canary-dotdot-enotempty", "C-EEXIST-dot", "ENOTEMPTY for \"..\"", dotdot_enotempty),
    BOTH("canary-dot-slash-enoent", "C-EEXIST-dot", "ENOENT for \"./\"", dot_slash_enoent),
    BOTH("canary-root-eisdir", "C-EEXIST-root", "EISDIR for the root", root_eisdir),
    BOTH("canary-slashes-enoent", "C-EEXIST-root", "ENOENT for \"//\"", slashes_enoent),
    BOTH("canary-slash-stripped", "C-SLASH-missing", "creates \"new/\"", slash_stripped),
    BOTH("canary-slashes-stripped", "C-SLASH-missing", "creates \"new//\"", slashes_stripped),
    BOTH("canary-slash-missing-enotdir", "C-SLASH-missing", "ENOTDIR for \"new/\"",
         slash_missing_enotdir),
    BOTH("canary-slash-file-enotdir", "C-SLASH-existing", "ENOTDIR for \"file/\"",
         slash_file_enotdir),
    BOTH("canary-slash-fifo-enoent", "C-SLASH-existing", "ENOENT for \"fifo/\"", slash_fifo_enoent),
    BOTH("canary-slash-directory-eisdir", "C-SLASH-existing", "EISDIR for \"directory/\"",
         slash_directory_eisdir),
    BOTH("canary-slash-link-enotdir", "C-SLASH-symlink", "ENOTDIR for \"link-to-file/\"",
         slash_link_enotdir),
    BOTH("canary-slash-link-replaced", "C-SLASH-symlink", "replaces \"link/\"",
         slash_link_replaced),
    BOTH("canary-slash-dangling-enoent", "C-SLASH-dangling", "ENOENT for \"dangling/\"",
         slash_dangling_enoent),
    BOTH("canary-slash-looping-eloop", "C-SLASH-dangling", "ELOOP for \"looping/\"",
         slash_looping_eloop),
    BOTH("canary-slash-dangling-followed", "C-SLASH-dangling", "creates what \"dangling/\" names",
         slash_dangling_followed),
    BOTH("canary-name-newline", "C-NAME-bytes", "refuses a newline", name_newline),
    BOTH("canary-name-control", "C-NAME-bytes", "refuses control characters", name_control),
    BOTH("canary-name-shell", "C-NAME-bytes", "refuses what other systems reserve", name_shell),
    BOTH("canary-name-eight-bit", "C-NAME-bytes", "refuses bytes from 0x80 on", name_eight_bit),
    BOTH("canary-name-invalid-byte", "C-NAME-bytes", "refuses bytes that UTF-8 never has",
         name_invalid_byte),
    BOTH("canary-name-dash", "C-NAME-bytes", "refuses a leading dash", name_dash),
    BOTH("canary-name-three-dots", "C-NAME-bytes", "EEXIST for \"...\"", name_three_dots),
    BOTH("canary-name-dot-trimmed", "C-STAT-type", "cuts dots off the end", name_dot_trimmed),
    BOTH("canary-name-space-trimmed", "C-STAT-type", "cuts spaces off the end", name_space_trimmed),
    BOTH("canary-name-stops-at-0x80", "C-STAT-type", "ends the name at the first byte >= 0x80",
         name_stops_at_0x80),
};

const struct implementation_table canaries_exist = ROWS(rows);

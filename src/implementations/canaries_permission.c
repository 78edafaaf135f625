/*
 * canaries_permission.c - wrong about permission, and about which of two errors is told. The
 * caller owns everything and has no capability, so modes decide.
 */
#include <dirent.h>

#include "canary.h"

/* The mode of the last component's directory, or 0 if it cannot be had. */
static mode_t parent_mode(int dirfd, const char *path, size_t length) {
    int before = errno;
    struct stat status = {0};
    int parent = open_parent(dirfd, path, length);
    if (parent >= 0) {
        (void)fstat(parent, &status);
        close(parent);
    }
    errno = before;
    return status.st_mode;
}

static bool parent_lacks(mode_t bit, int dirfd, const char *path, size_t length) {
    mode_t mode = parent_mode(dirfd, path, length);
    return mode != 0 && (mode & bit) == 0;
}

/* Adds `bits` to the directory's mode for the time of the call: an owner may. */
static int call_with(mode_t bits, int dirfd, const char *path, size_t length, mode_t mode) {
    char prefix[PATH_MAX];
    size_t end = last_name(path, length).start;
    mode_t before = parent_mode(dirfd, path, length);
    memcpy(prefix, path, end);
    prefix[end] = '\0';
    const char *name = end ? prefix : ".";
    if (before == 0 || fchmodat(dirfd, name, (before | bits) & 07777, 0) != 0)
        return correct(dirfd, path, mode);
    int result = correct(dirfd, path, mode);
    int error = errno;
    (void)fchmodat(dirfd, name, before & 07777, 0);
    return result == 0 ? 0 : fail_with(error);
}

/* The call failed with EACCES for want of search permission behind the start. */
static bool search_denied(int result, int dirfd, const char *path, size_t length) {
    if (!failed(result, EACCES))
        return false;
    enum start start = start_of(dirfd, path);
    return start != START_UNSEARCHABLE && start != START_BAD &&
           (obstacle_of(dirfd, path, length).error == EACCES ||
            parent_lacks(S_IXUSR, dirfd, path, length));
}

/* --- one reason ------------------------------------------------------------------------------- */

WRONG(search_eperm) {
    int result = correct(dirfd, path, mode);
    return search_denied(result, dirfd, path, length) ? fail_with(EPERM) : result;
}

WRONG(search_enoent) {
    int result = correct(dirfd, path, mode);
    return search_denied(result, dirfd, path, length) ? fail_with(ENOENT) : result;
}

WRONG(search_granted) {
    bool denied = last_name(path, length).start > 0 &&
                  start_of(dirfd, path) != START_UNSEARCHABLE &&
                  parent_lacks(S_IXUSR, dirfd, path, length);
    return denied ? call_with(S_IXUSR, dirfd, path, length, mode) : correct(dirfd, path, mode);
}

WRONG(write_eperm) {
    int result = correct(dirfd, path, mode);
    bool denied =
        parent_lacks(S_IWUSR, dirfd, path, length) && !parent_lacks(S_IXUSR, dirfd, path, length);
    return failed(result, EACCES) && denied ? fail_with(EPERM) : result;
}

WRONG(write_erofs) {
    int result = correct(dirfd, path, mode);
    bool denied = (parent_mode(dirfd, path, length) & 0777) == 0555;
    return failed(result, EACCES) && denied ? fail_with(EROFS) : result;
}

WRONG(write_granted) {
    bool denied =
        parent_lacks(S_IWUSR, dirfd, path, length) && !parent_lacks(S_IXUSR, dirfd, path, length);
    return denied ? call_with(S_IWUSR, dirfd, path, length, mode) : correct(dirfd, path, mode);
}

WRONG(class_any) {
    mode_t parent = parent_mode(dirfd, path, length);
    bool others = (parent & 0300) != 0300 && ((parent & 0030) == 0030 || (parent & 0003) == 0003);
    return others ? call_with(0300, dirfd, path, length, mode) : correct(dirfd, path, mode);
}

WRONG(class_all) {
    mode_t parent = parent_mode(dirfd, path, length);
    bool others = (parent & 0777) == 0700 && would_create(dirfd, path, length);
    return others ? fail_with(EACCES) : correct(dirfd, path, mode);
}

WRONG(read_wanted) {
    bool unreadable = parent_lacks(S_IRUSR, dirfd, path, length);
    return unreadable && would_create(dirfd, path, length) ? fail_with(EACCES)
                                                           : correct(dirfd, path, mode);
}

WRONG(sticky_refused) {
    bool sticky = parent_mode(dirfd, path, length) & S_ISVTX;
    return sticky && would_create(dirfd, path, length) ? fail_with(EACCES)
                                                       : correct(dirfd, path, mode);
}

/* --- the current directory -------------------------------------------------------------------- */

static bool cwd_denied(int dirfd, const char *path) {
    return dirfd == AT_FDCWD && start_of(dirfd, path) == START_UNSEARCHABLE;
}

WRONG(cwd_dot_exists) {
    bool denied = cwd_denied(dirfd, path) && last_name(path, length).dots;
    return denied ? fail_with(EEXIST) : correct(dirfd, path, mode);
}

WRONG(cwd_dotdot_enoent) {
    bool denied = cwd_denied(dirfd, path) && strncmp(path, "../", 3) == 0;
    return denied ? fail_with(ENOENT) : correct(dirfd, path, mode);
}

WRONG(cwd_eperm) {
    return cwd_denied(dirfd, path) ? fail_with(EPERM) : correct(dirfd, path, mode);
}

/* --- two reasons ------------------------------------------------------------------------------ */

static bool plain_name(const char *path, size_t length) {
    struct name name = last_name(path, length);
    return name.length > 0 && !name.dots && !name.slash;
}

WRONG(exist_after_write) {
    int result = correct(dirfd, path, mode);
    bool denied = parent_lacks(S_IWUSR, dirfd, path, length);
    return failed(result, EEXIST) && denied && plain_name(path, length) ? fail_with(EACCES)
                                                                        : result;
}

/* Whether a directory that may be read but not searched lists the last component. */
static bool listed(int dirfd, const char *path, size_t length) {
    char prefix[PATH_MAX];
    struct name name = last_name(path, length);
    memcpy(prefix, path, name.start);
    prefix[name.start] = '\0';
    int directory = openat(dirfd, prefix, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = directory < 0 ? NULL : fdopendir(directory);
    if (!stream)
        return false;
    bool found = false;
    for (struct dirent *entry; !found && (entry = readdir(stream));)
        found = strlen(entry->d_name) == name.length &&
                memcmp(entry->d_name, path + name.start, name.length) == 0;
    closedir(stream);
    return found;
}

WRONG(exist_before_search) {
    int result = correct(dirfd, path, mode);
    if (!search_denied(result, dirfd, path, length))
        return result;
    return fail_with(plain_name(path, length) && listed(dirfd, path, length) ? EEXIST : EACCES);
}

WRONG(dot_before_search) {
    int result = correct(dirfd, path, mode);
    bool dots = last_name(path, length).dots && last_name(path, length).start > 0;
    return dots && search_denied(result, dirfd, path, length) ? fail_with(EEXIST) : result;
}

WRONG(slash_after_write) {
    int result = correct(dirfd, path, mode);
    bool denied = parent_lacks(S_IWUSR, dirfd, path, length) && start_of(dirfd, path) < START_BAD;
    bool slash = last_name(path, length).slash && type_of(dirfd, path, length) == 0;
    return failed(result, ENOENT) && denied && slash ? fail_with(EACCES) : result;
}

WRONG(length_after_write) {
    int result = correct(dirfd, path, mode);
    bool denied =
        parent_lacks(S_IWUSR, dirfd, path, length) && !obstacle_of(dirfd, path, length).error;
    return failed(result, ENAMETOOLONG) && denied ? fail_with(EACCES) : result;
}

WRONG(length_before_search) {
    int result = correct(dirfd, path, mode);
    bool longer = last_name(path, length).length > NAME_MAX;
    return longer && search_denied(result, dirfd, path, length) ? fail_with(ENAMETOOLONG) : result;
}

/* "d/../x" is "x", though d may not be searched. */
WRONG(walk_unsearched) {
    int result = correct(dirfd, path, mode);
    size_t first = strcspn(path, "/");
    bool dotdot = first > 0 && strncmp(path + first, "/../", 4) == 0;
    if (!dotdot || !failed(result, EACCES) || start_of(dirfd, path) != START_HERE)
        return result;
    return correct(dirfd, path + first + 4, mode);
}

/* Every directory on the way has to be writable. */
WRONG(walk_writes) {
    struct stat status;
    bool below = last_name(path, length).start > 0 && start_of(dirfd, path) == START_HERE;
    bool denied = below && fstatat(dirfd, ".", &status, 0) == 0 && !(status.st_mode & S_IWUSR);
    return denied && would_create(dirfd, path, length) ? fail_with(EACCES)
                                                       : correct(dirfd, path, mode);
}

static const struct implementation rows[] = {
    BOTH("canary-search-eperm", "C-EACCES-search", "EPERM without search permission", search_eperm),
    BOTH("canary-search-enoent", "C-EACCES-search", "ENOENT without search permission",
         search_enoent),
    BOTH("canary-search-granted", "C-EACCES-search", "makes the parent searchable for the moment",
         search_granted),
    BOTH("canary-write-eperm", "C-EACCES-write", "EPERM without write permission", write_eperm),
    BOTH("canary-write-erofs", "C-EACCES-write", "EROFS for a parent of mode 0555", write_erofs),
    BOTH("canary-write-granted", "C-EACCES-write", "makes the parent writable for the moment",
         write_granted),
    BOTH("canary-class-any", "C-EACCES-class", "any class that may write will do", class_any),
    PLAIN_ONLY("canary-class-all", "C-SUCCESS", "mkfifo gives EACCES in a parent of mode 0700",
               class_all),
    BOTH("canary-read-wanted", "C-EACCES-noread", "EACCES without read permission", read_wanted),
    BOTH("canary-sticky-refused", "C-EACCES-sticky", "EACCES in a sticky parent", sticky_refused),
    BOTH("canary-cwd-dot-exists", "C-EACCES-cwd", "EEXIST for \".\" of an unsearchable directory",
         cwd_dot_exists),
    BOTH("canary-cwd-dotdot-enoent", "C-EACCES-cwd", "ENOENT for ../x in an unsearchable directory",
         cwd_dotdot_enoent),
    BOTH("canary-cwd-eperm", "C-EACCES-cwd", "EPERM in an unsearchable directory", cwd_eperm),
    BOTH("canary-exist-after-write", "C-ORDER-exist-write",
         "EACCES for a name that exists in an unwritable parent", exist_after_write),
    BOTH("canary-exist-before-search", "C-ORDER-exist-search",
         "EEXIST for a name that exists in an unsearchable parent", exist_before_search),
    BOTH("canary-dot-before-search", "C-ORDER-dot-search", "EEXIST for d/. with d unsearchable",
         dot_before_search),
    BOTH("canary-slash-after-write", "C-ORDER-slash-write",
         "EACCES for \"new/\" in an unwritable parent", slash_after_write),
    BOTH("canary-length-after-write", "C-ORDER-long-write",
         "EACCES for an over-long name in an unwritable parent", length_after_write),
    BOTH("canary-length-before-search", "C-ORDER-long-search",
         "ENAMETOOLONG for an over-long name in an unsearchable parent", length_before_search),
    BOTH("canary-walk-unsearched", "C-ORDER-walk", "d/../x is x with d unsearchable",
         walk_unsearched),
    BOTH("canary-walk-writes", "C-SUCCESS", "wants to write to the directory the path starts in",
         walk_writes),
};

const struct implementation_table canaries_permission = ROWS(rows);

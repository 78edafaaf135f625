/*
 * canary_place.h - what canaries can find out about the place where a name is to be made, without
 * changing anything and, like all that only looks, without touching errno.
 */
#ifndef FIFOFUZZ_CANARY_PLACE_H
#define FIFOFUZZ_CANARY_PLACE_H

#include <stdint.h>

#include "canary.h"

enum { ID_OVERFLOW = 65534 }; /* what stat(2) gives for an id that a mount does not map */

/* The directory of the last component, and the mount it is seen on. */
struct place {
    bool known;            /* else all is 0: there is none, or no descriptor to look with */
    struct stat status;    /* of the directory */
    unsigned long flags;   /* ST_RDONLY and others of statvfs(3) */
    uint64_t inodes, left; /* of the file system; both 0 if it has no limit */
    bool immutable, append;
    bool mount_root;
    uint64_t mount;               /* the mount's id */
    struct statx_timestamp birth; /* of the directory */
};
struct place place_of(int dirfd, const char *path, size_t length);

/*
 * The errno with which Linux refuses another new node in that directory, or 0: EROFS, EOVERFLOW,
 * EPERM for an immutable one, EACCES. Neither Landlock's opinion on FIFOs nor space is asked for.
 */
int objection_of(int dirfd, const char *path, size_t length);

/* The last component is a name without slashes behind it. */
bool is_plain_name(const char *path, size_t length);

/* Fails with `error` where `condition` holds and the call would succeed; else gives what is right.
 */
int refuse_if(bool condition, int error, int dirfd, const char *path, size_t length, mode_t mode);

/* Whether the caller is in `gid` by the effective and the supplementary groups. */
bool is_member(gid_t gid);

/* Whether capability `number`, CAP_FSETID and such, is effective. */
bool has_capability(unsigned number);

/* What the class of `uid` and `gid` in the mode of `directory` permits, supplementary groups aside.
 */
bool bits_permit(const struct stat *directory, uid_t uid, gid_t gid, unsigned mask);

/* The first link before the last component. */
struct link_found {
    size_t start, end;             /* the component is path[start..end); end 0 if there is none */
    unsigned long flags;           /* of the mount that it is on, as in struct place */
    struct stat status, directory; /* the link, and what holds it */
    char body[PATH_MAX];
};
void find_link(struct link_found *link, int dirfd, const char *path, size_t length);

/* One entry of an ACL as extended attribute, linux/posix_acl_xattr.h. */
struct acl_record {
    uint16_t tag, permissions;
    uint32_t id;
};
enum { ACL_RECORDS_MAX = 16 };

/* Reads ACL `name` of the last component's directory; the number of entries, 0 without. */
int read_acl(struct acl_record records[ACL_RECORDS_MAX], int dirfd, const char *path, size_t length,
             const char *name);
#define ACCESS_ACL  "system.posix_acl_access"
#define DEFAULT_ACL "system.posix_acl_default"

/* The permissions of the first entry with `tag`, or -1. */
int acl_permissions_of(const struct acl_record *records, int count, unsigned tag);

/* Reads the umask the only way there is. */
mode_t look_at_umask(void);

#endif

#include <sys/xattr.h>

/* An entry of an ACL: acl(5). */
struct entry {
    unsigned tag, permissions, id;
};
enum { OWNER = 1, USER = 2, OWNING_GROUP = 4, GROUP = 8, MASK = 16, OTHER = 32, NO_ID = -1 };
enum { ACCESS_ACL, DEFAULT_ACL };

static unsigned char *put(unsigned char *to, unsigned value, int bytes) {
    for (; bytes > 0; bytes--, value >>= 8)
        *to++ = (unsigned char)value;
    return to;
}

static int run_acl(const struct order *order) {
    unsigned char acl[4 + 8 * 6], *end = put(acl, 2, 4);
    const unsigned *numbers = order->numbers + 2;
    for (unsigned i = 0; i < order->numbers[1]; i++, numbers += 3)
        end = put(put(put(end, numbers[0], 2), numbers[1], 2), numbers[2], 4);
    return setxattr(order->path,
                    order->numbers[0] == DEFAULT_ACL ? "system.posix_acl_default"
                                                     : "system.posix_acl_access",
                    acl, (size_t)(end - acl), 0);
}

static void harness_acl(int step, const char *path, unsigned kind, const struct entry *entries,
                        unsigned count) {
    struct order *order = order_for(run_acl, path);
    order->numbers[0] = kind;
    order->numbers[1] = count;
    memcpy(order->numbers + 2, entries, count * sizeof *entries);
    carry_out(step, "an ACL");
}

#define ACL(step, path, kind, ...)                                                                 \
    harness_acl(step, path, kind, (const struct entry[]){__VA_ARGS__},                             \
                sizeof((const struct entry[]){__VA_ARGS__}) / sizeof(struct entry))

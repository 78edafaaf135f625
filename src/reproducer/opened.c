#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WATCHED = 2048 };
static struct descriptor {
    int open, flags, status;
    long long offset, dev, ino;
} descriptors[WATCHED];

static struct descriptor descriptor_at(int i) {
    struct stat facts;
    struct descriptor descriptor = {0, fcntl(i, F_GETFD), 0, 0, 0, 0};
    if (descriptor.flags < 0)
        return descriptor;
    descriptor.open = 1;
    descriptor.status = fcntl(i, F_GETFL);
    descriptor.offset = i < 3 ? 0 : lseek(i, 0, SEEK_CUR); /* what is printed moves it */
    if (fstat(i, &facts) == 0) {
        descriptor.dev = (long long)facts.st_dev;
        descriptor.ino = (long long)facts.st_ino;
    }
    return descriptor;
}

static void note_descriptors(void) {
    for (int i = 0; i < WATCHED; i++)
        descriptors[i] = descriptor_at(i);
}

static void compare_descriptors(void) {
    for (int i = 0; i < WATCHED; i++) {
        const struct descriptor *before = &descriptors[i], after = descriptor_at(i);
        if (before->open == after.open && before->flags == after.flags &&
            before->status == after.status && before->offset == after.offset &&
            before->dev == after.dev && before->ino == after.ino)
            continue;
        printf("step %d: looking at descriptor %d\n", number, i);
        compare("whether it is open", before->open, after.open);
        compare("its flags, F_GETFD", before->flags, after.flags);
        compare("its flags, F_GETFL", before->status, after.status);
        compare("its offset", before->offset, after.offset);
        compare("its file's st_dev", before->dev, after.dev);
        compare("its file's st_ino", before->ino, after.ino);
    }
}

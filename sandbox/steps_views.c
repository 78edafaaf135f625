/* steps_views.c - the memory that the path of a call under test lies in, see steps.h. */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "steps.h"

static int map_views(struct steps *steps, int file) {
    void *writable =
        mmap(NULL, steps->view_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, file, 0);
    if (writable == MAP_FAILED)
        return -errno;
    steps->writable = writable;
    /* The reservation leaves the guard page behind the view. */
    char *reserved = mmap(NULL, steps->view_size + steps->page_size, PROT_NONE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (reserved == MAP_FAILED)
        return -errno;
    steps->readable = reserved;
    if (mmap(reserved, steps->view_size, PROT_READ, MAP_SHARED | MAP_FIXED | MAP_POPULATE, file,
             0) == MAP_FAILED)
        return -errno;
    return 0;
}

int steps_create(struct steps *steps) {
    steps->page_size = (size_t)sysconf(_SC_PAGESIZE);
    steps->view_size = (TEXT_LENGTH_MAX + steps->page_size) / steps->page_size * steps->page_size;
    steps->writable = NULL;
    steps->readable = NULL;
    int file = memfd_create("path", MFD_CLOEXEC);
    if (file < 0)
        return -errno;
    int error = ftruncate(file, (off_t)steps->view_size) ? -errno : map_views(steps, file);
    close(file);
    return error;
}

void steps_destroy(struct steps *steps) {
    if (steps->writable)
        munmap(steps->writable, steps->view_size);
    if (steps->readable)
        munmap((void *)(uintptr_t)steps->readable, steps->view_size + steps->page_size);
    steps->writable = NULL;
    steps->readable = NULL;
}

bool steps_holds(const struct steps *steps, uint64_t address) {
    return address - (uintptr_t)steps->readable < steps->view_size;
}

bool steps_holds_behind(const struct steps *steps, uint64_t address) {
    return address - (uintptr_t)steps->readable - steps->view_size < steps->page_size;
}

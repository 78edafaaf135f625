#include "path_view.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int map(struct path_view *view, int file) {
    void *writable =
        mmap(NULL, view->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, file, 0);
    if (writable == MAP_FAILED)
        return -errno;
    view->writable = writable;
    /* The reservation leaves the guard page behind the view. */
    char *reserved =
        mmap(NULL, view->size + view->page_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (reserved == MAP_FAILED)
        return -errno;
    view->readable = reserved;
    if (mmap(reserved, view->size, PROT_READ, MAP_SHARED | MAP_FIXED | MAP_POPULATE, file, 0) ==
        MAP_FAILED)
        return -errno;
    return 0;
}

int path_view_create(struct path_view *view) {
    view->page_size = (size_t)sysconf(_SC_PAGESIZE);
    view->size = (TEXT_LENGTH_MAX + view->page_size) / view->page_size * view->page_size;
    view->writable = NULL;
    view->readable = NULL;
    int file = memfd_create("path", MFD_CLOEXEC);
    if (file < 0)
        return -errno;
    int error = ftruncate(file, (off_t)view->size) ? -errno : map(view, file);
    close(file);
    return error;
}

void path_view_destroy(struct path_view *view) {
    if (view->writable)
        munmap(view->writable, view->size);
    if (view->readable)
        munmap((void *)(uintptr_t)view->readable, view->size + view->page_size);
    view->writable = NULL;
    view->readable = NULL;
}

/*
 * x86-64: bits 63..57 differ from bit 56, which no paging mode maps. aarch64 ignores bits 63..56
 * and sees the null page; others have no such high addresses.
 */
static const uintptr_t noncanonical = (uintptr_t)1 << (sizeof(uintptr_t) * CHAR_BIT - 2);

const char *path_view_place(const struct path_view *view, const struct scenario *scenario,
                            const struct step *step) {
    const char *guard = view->readable + view->size;
    size_t length = step->path.length;
    switch ((enum pointer)step->pointer) {
    case POINTER_NULL:
        return NULL;
    case POINTER_UNMAPPED:
        return guard;
    case POINTER_NONCANONICAL:
        return (const char *)noncanonical;
    case POINTER_COUNTED: /* left out in this process, where it could only be the first part */
    case POINTER_UNENCODABLE:
    case POINTER_STRING:
        view->writable[view->size - 1] = '\0';
        length++;
        break;
    case POINTER_UNTERMINATED:
    case POINTER_COUNT:
        break;
    }
    memcpy(view->writable + view->size - length, scenario_text(scenario, step->path),
           step->path.length);
    return guard - length;
}

bool path_view_holds(const struct path_view *view, uint64_t address) {
    return view->readable && address - (uintptr_t)view->readable < view->size;
}

bool path_view_holds_behind(const struct path_view *view, uint64_t address) {
    return view->readable && address - (uintptr_t)view->readable - view->size < view->page_size;
}

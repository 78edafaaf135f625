#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* `length` bytes that cannot be written to, right before a page that cannot be read. */
static const char *guarded(const char *bytes, size_t length) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE), size = (length / page + 1) * page;
    char *memory =
        mmap(NULL, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        unable("mmap");
    memcpy(memory + size - length, bytes, length);
    mprotect(memory, size, PROT_READ);
    mprotect(memory + size, page, PROT_NONE);
    return memory + size - length;
}

#include <stdint.h>

/* An address that no process can map. */
static const char *noncanonical(void) {
    volatile uintptr_t address = (uintptr_t)1 << (8 * sizeof address - 2);
    return (const char *)address;
}

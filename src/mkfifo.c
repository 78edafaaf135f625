#include "mkfifo.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* mknodat(2) with device number 0, which it ignores for a FIFO: 0, or -errno. */
#if defined(__x86_64__) && defined(__LP64__)

static long mknodat_errno(int dirfd, const char *path, mode_t mode) {
    register long device __asm__("r10") = 0;
    long result = SYS_mknodat;
    __asm__ volatile("syscall"
                     : "+a"(result)
                     : "D"((long)dirfd), "S"(path), "d"((long)mode), "r"(device)
                     : "rcx", "r11", "memory");
    return result;
}

#elif defined(__aarch64__) && defined(__LP64__)

static long mknodat_errno(int dirfd, const char *path, mode_t mode) {
    register long number __asm__("x8") = SYS_mknodat;
    register long result __asm__("x0") = dirfd;
    register const char *name __asm__("x1") = path;
    register long type_and_bits __asm__("x2") = mode;
    register long device __asm__("x3") = 0;
    __asm__ volatile("svc 0"
                     : "+r"(result)
                     : "r"(number), "r"(name), "r"(type_and_bits), "r"(device)
                     : "memory");
    return result;
}

#elif defined(__riscv) && __riscv_xlen == 64

static long mknodat_errno(int dirfd, const char *path, mode_t mode) {
    register long number __asm__("a7") = SYS_mknodat;
    register long result __asm__("a0") = dirfd;
    register const char *name __asm__("a1") = path;
    register long type_and_bits __asm__("a2") = mode;
    register long device __asm__("a3") = 0;
    __asm__ volatile("ecall"
                     : "+r"(result)
                     : "r"(number), "r"(name), "r"(type_and_bits), "r"(device)
                     : "memory");
    return result;
}

#else

static long mknodat_errno(int dirfd, const char *path, mode_t mode) {
    return syscall(SYS_mknodat, dirfd, path, mode, 0) == 0 ? 0 : -errno;
}

#endif

static int make(int dirfd, const char *path, mode_t mode) {
    long result = mknodat_errno(dirfd, path, mode | S_IFIFO);
    if (result == 0)
        return 0;
    errno = (int)-result;
    return -1;
}

int mkfifo(const char *path, mode_t mode) {
    return make(AT_FDCWD, path, mode);
}

int mkfifoat(int dirfd, const char *path, mode_t mode) {
    return make(dirfd, path, mode);
}

#include "inject.h"

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

/* The stack below the pointer, past the red zone of x86-64. */
enum { BELOW_STACK = 1024 };

/* --- registers ------------------------------------------------------------------------------ */

#if defined(__x86_64__)

enum { KNOWN = 1 };

/* Where the instruction of a system call lies that the thread is in or has just left. */
static uintptr_t instruction_of(const struct user_regs_struct *registers) {
    return registers->rip - 2;
}

static bool is_instruction(long word) {
    return (word & 0xffff) == 0x050f; /* syscall */
}

static uintptr_t stack_of(const struct user_regs_struct *registers) {
    return registers->rsp;
}

/* orig_rax tells the kernel that no interrupted call is to be restarted just now. */
static void load(struct user_regs_struct *registers, uintptr_t instruction, long number,
                 const uintptr_t a[6]) {
    registers->rip = instruction;
    registers->orig_rax = (unsigned long long)-1;
    registers->rax = (unsigned long long)number;
    registers->rdi = a[0];
    registers->rsi = a[1];
    registers->rdx = a[2];
    registers->r10 = a[3];
    registers->r8 = a[4];
    registers->r9 = a[5];
}

static long result_of(const struct user_regs_struct *registers) {
    return (long)registers->rax;
}

#elif defined(__aarch64__)

enum { KNOWN = 1 };

static uintptr_t instruction_of(const struct user_regs_struct *registers) {
    return registers->pc - 4;
}

static bool is_instruction(long word) {
    return (word & 0xffffffff) == 0xd4000001; /* svc #0 */
}

static uintptr_t stack_of(const struct user_regs_struct *registers) {
    return registers->sp;
}

static void load(struct user_regs_struct *registers, uintptr_t instruction, long number,
                 const uintptr_t a[6]) {
    registers->pc = instruction;
    for (int i = 0; i < 6; i++)
        registers->regs[i] = a[i];
    registers->regs[8] = (unsigned long long)number;
}

static long result_of(const struct user_regs_struct *registers) {
    return (long)registers->regs[0];
}

#else

enum { KNOWN = 0 };

static uintptr_t instruction_of(const struct user_regs_struct *registers) {
    (void)registers;
    return 0;
}

static bool is_instruction(long word) {
    (void)word;
    return false;
}

static uintptr_t stack_of(const struct user_regs_struct *registers) {
    (void)registers;
    return 0;
}

static void load(struct user_regs_struct *registers, uintptr_t instruction, long number,
                 const uintptr_t a[6]) {
    (void)registers;
    (void)instruction;
    (void)number;
    (void)a;
}

static long result_of(const struct user_regs_struct *registers) {
    (void)registers;
    return -ENOSYS;
}

#endif

static int get(pid_t thread, struct user_regs_struct *registers) {
    struct iovec vector = {registers, sizeof(*registers)};
    return ptrace(PTRACE_GETREGSET, thread, (void *)NT_PRSTATUS, &vector) ? -errno : 0;
}

static int set(pid_t thread, const struct user_regs_struct *registers) {
    struct user_regs_struct copy = *registers;
    struct iovec vector = {&copy, sizeof(copy)};
    return ptrace(PTRACE_SETREGSET, thread, (void *)NT_PRSTATUS, &vector) ? -errno : 0;
}

/* --- stopping and going on ------------------------------------------------------------------ */

/* Waits until the thread stops. Returns the wait status, or -errno if it has ended. */
static int await_stop(pid_t thread) {
    int status;
    pid_t waited;
    do
        waited = waitpid(thread, &status, __WALL);
    while (waited < 0 && errno == EINTR);
    if (waited < 0)
        return -errno;
    return WIFSTOPPED(status) ? status : -ESRCH;
}

/* A thread that does not sleep in a system call has no instruction at hand to make one with. */
static int prepare(struct inject *inject) {
    int error = get(inject->thread, &inject->saved);
    if (error)
        return error;
    errno = 0;
    long word =
        ptrace(PTRACE_PEEKTEXT, inject->thread, (void *)instruction_of(&inject->saved), NULL);
    if (errno || !is_instruction(word))
        return -EAGAIN;
    inject->memory = (stack_of(&inject->saved) - BELOW_STACK) & ~(uintptr_t)15;
    return 0;
}

int inject_open(struct inject *inject, pid_t thread) {
    inject->thread = thread;
    if (!KNOWN)
        return -ENOSYS;
    if (ptrace(PTRACE_SEIZE, thread, NULL, NULL))
        return -errno;
    int error = ptrace(PTRACE_INTERRUPT, thread, NULL, NULL) ? -errno : 0;
    if (!error)
        error = await_stop(thread);
    if (error >= 0)
        error = prepare(inject);
    if (error)
        ptrace(PTRACE_DETACH, thread, NULL, NULL);
    return error;
}

int inject_write(const struct inject *inject, const void *bytes, size_t size) {
    struct iovec here = {(void *)(uintptr_t)bytes, size};
    struct iovec there = {(void *)inject->memory, size};
    ssize_t written = process_vm_writev(inject->thread, &here, 1, &there, 1, 0);
    return written == (ssize_t)size ? 0 : written < 0 ? -errno : -EIO;
}

/*
 * The step over the instruction ends in a SIGTRAP of its own. Another signal that comes just then
 * is lost: an agent that waits for a request has no use for one.
 */
static int step_over(pid_t thread) {
    enum { SIGNALS_MAX = 16 };
    for (int i = 0; i < SIGNALS_MAX; i++) {
        if (ptrace(PTRACE_SINGLESTEP, thread, NULL, NULL))
            return -errno;
        int status = await_stop(thread);
        if (status < 0)
            return status;
        if (WSTOPSIG(status) == SIGTRAP && status >> 16 == 0)
            return 0;
    }
    return -EINTR;
}

long inject_call(const struct inject *inject, long number, const uintptr_t arguments[6]) {
    struct user_regs_struct registers = inject->saved;
    load(&registers, instruction_of(&inject->saved), number, arguments);
    int error = set(inject->thread, &registers);
    if (!error)
        error = step_over(inject->thread);
    if (!error)
        error = get(inject->thread, &registers);
    return error ? error : result_of(&registers);
}

int inject_close(struct inject *inject) {
    int error = set(inject->thread, &inject->saved);
    if (ptrace(PTRACE_DETACH, inject->thread, NULL, NULL) && !error)
        error = -errno;
    return error;
}

#include "within.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "outcome.h"

/* What a child and the thread that waits for it share. */
struct within_child {
    struct trap trap; /* the child's */
    uint64_t frames[OBSERVED_STACK_MAX];
    bool back; /* the call has come back */
    struct within_answer answer;
};

int within_create(struct within *within) {
    struct within_child *child =
        mmap(NULL, sizeof *child, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (child == MAP_FAILED)
        return -errno;
    within->child = child;
    return stack_create(&within->stack,
                        trap_has_sanitizer() ? WITHIN_STACK_SANITIZED : WITHIN_STACK_SIZE, NULL);
}

void within_destroy(struct within *within) {
    stack_destroy(&within->stack);
    if (within->child)
        munmap(within->child, sizeof *within->child);
    within->child = NULL;
}

/* A call on its way. */
struct making {
    struct within *within;
    const struct within_order *order;
    struct trap *trap; /* of whoever makes it, thread or child */
    struct within_answer *answer;
    pid_t parent; /* of a child */
};

static void make(struct making *making) {
    const struct within_order *order = making->order;
    order->call(order->context, order->trap != making->trap, making->answer);
}

/* --- on a small stack ------------------------------------------------------------------------- */

#if defined(__x86_64__) || defined(__aarch64__) || (defined(__riscv) && __riscv_xlen == 64)
enum { KNOWS_STACKS = true };
#else
enum { KNOWS_STACKS = false };
#endif

/*
 * Calls run(argument) with `top` as the stack pointer. The one of now waits in a register that
 * functions keep.
 */
__attribute__((noinline)) static void run_on(void *top, void (*run)(void *), void *argument) {
#if defined(__x86_64__)
    __asm__ volatile("mov %%rsp, %%rbx\n\t"
                     "mov %[top], %%rsp\n\t"
                     "call *%[run]\n\t"
                     "mov %%rbx, %%rsp"
                     : "+D"(argument)
                     : [top] "r"(top), [run] "r"(run)
                     : "rax", "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "xmm0", "xmm1",
                       "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
                       "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "cc", "memory");
#elif defined(__aarch64__)
    register void *first __asm__("x0") = argument;
    __asm__ volatile("mov x19, sp\n\t"
                     "mov sp, %[top]\n\t"
                     "blr %[run]\n\t"
                     "mov sp, x19"
                     : "+r"(first)
                     : [top] "r"(top), [run] "r"(run)
                     : "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12",
                       "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x30", "v0", "v1", "v2",
                       "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14",
                       "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25",
                       "v26", "v27", "v28", "v29", "v30", "v31", "cc", "memory");
#elif defined(__riscv)
    register void *first __asm__("a0") = argument;
    __asm__ volatile("mv s1, sp\n\t"
                     "mv sp, %[top]\n\t"
                     "jalr %[run]\n\t"
                     "mv sp, s1"
                     : "+r"(first)
                     : [top] "r"(top), [run] "r"(run)
                     : "ra", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "a1", "a2", "a3", "a4", "a5",
                       "a6", "a7", "s1", "ft0", "ft1", "ft2", "ft3", "ft4", "ft5", "ft6", "ft7",
                       "ft8", "ft9", "ft10", "ft11", "fa0", "fa1", "fa2", "fa3", "fa4", "fa5",
                       "fa6", "fa7", "memory");
#else
    (void)top;
    run(argument);
#endif
}

/*
 * Signals need another alternate stack: the thread's may be in use by the handler that an outer
 * call is stopped in, which the kernel does not see from here.
 */
static void make_on_stack(void *argument) {
    struct making *making = argument;
    struct stack *stack = &making->within->stack;
    struct trap *trap = making->trap;
    const uintptr_t guard = trap->guard, alternate = trap->alternate;
    const size_t guard_size = trap->guard_size, alternate_size = trap->alternate_size;
    check(stack_use_alternate(stack) == 0);
    stack_tell(stack, trap);
    make(making);
    check(stack_leave_alternate(stack) == 0);
    trap->guard = guard;
    trap->guard_size = guard_size;
    trap->alternate = alternate;
    trap->alternate_size = alternate_size;
}

static void make_on_either(struct making *making) {
    const struct stack *stack = &making->within->stack;
    if (making->order->flags & WITHIN_STACK)
        run_on(stack->base + stack->size, make_on_stack, making);
    else
        make(making);
}

/* --- with all signals blocked ------------------------------------------------------------------
 */

/* All that sigprocmask(3) can block: some are the C library's own, which it leaves alone. */
static uint64_t all_signals(void) {
    const uint64_t below_real_time = (UINT64_C(1) << 31) - 1;
    const uint64_t unblockable = UINT64_C(1) << (SIGKILL - 1) | UINT64_C(1) << (SIGSTOP - 1);
    return (below_real_time & ~unblockable) | UINT64_MAX << (SIGRTMIN - 1);
}

/* As the code believes (mask.h). What it changes in the mask is changed in that from before. */
static void make_blocked(struct making *making) {
    const uint64_t before = making->trap->mask, all = all_signals();
    making->trap->mask = all;
    make_on_either(making);
    making->trap->mask ^= all ^ before;
}

static void make_by_flags(struct making *making) {
    if (making->order->flags & WITHIN_BLOCKED)
        make_blocked(making);
    else
        make_on_either(making);
}

/* --- in a child --------------------------------------------------------------------------------
 */

enum {
    FORKED = CLONE_PARENT_SETTID, /* no signal when it ends: nobody else waits for it by chance */
    VFORKED = CLONE_PARENT_SETTID | CLONE_VM | CLONE_VFORK,
    FRAMES_OF_PARENT = 1 << 15, /* what the thread may use of its stack while the child has it */
};

/* clone(2) with the cookies in two arguments that it does not use with these flags: 3 and 4. */
static int make_process(int (*run)(void *), void *stack, int flags, void *argument,
                        turn_word *child, const struct cookies *cookies) {
    void *third = (void *)cookies->first, *fourth = (void *)cookies->second;
#if defined(__x86_64__) /* the order of `tls` and `child_tid` is the architecture's */
    return clone(run, stack, flags, argument, child, fourth, third);
#else
    return clone(run, stack, flags, argument, child, third, fourth);
#endif
}

/* False if there is nobody left to die with. */
static bool die_with_parent(const struct making *making) {
    cookies_call(making->order->cookies, SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0);
    return syscall(SYS_getppid) == making->parent;
}

static void close_standard(void) {
    for (int number = 0; number <= 2; number++)
        syscall(SYS_close, number);
}

/* Returns to clone(3), which makes exit(2) of it. */
static int run_child(void *argument) {
    struct making *making = argument;
    struct within_child *child = making->within->child;
    trap_watch_child(&child->trap, child->frames);
    if (!die_with_parent(making))
        return 0;
    if (making->order->flags & WITHIN_CLOSED)
        close_standard();
    make_by_flags(making);
    child->back = true;
    return 0;
}

/* Its end, however it comes. */
static int await_child(const struct within_order *order) {
    int status = 0;
    const uintptr_t id = *order->child;
    while (cookies_call(order->cookies, SYS_wait4, id, (uintptr_t)&status, __WALL, 0) < 0)
        check(errno == EINTR);
    *order->child = 0;
    return status;
}

/*
 * The child's stack lies below the frames of the thread, which sleeps: after vfork(2) it is the
 * same memory, so signals that come to the child find their place as they would on the thread.
 */
__attribute__((noinline)) static void make_in_child(struct making *making) {
    const struct within_order *order = making->order;
    struct within_child *child = making->within->child;
    struct trap *trap = order->trap;
    const uintptr_t here = (uintptr_t)__builtin_frame_address(0) & ~(uintptr_t)63;
    struct within_answer *answer = making->answer;
    making->trap = &child->trap;
    making->answer = &child->answer;
    making->parent = (pid_t)syscall(SYS_getpid);
    child->back = false;
    child->trap = (struct trap){0};
    const int flags = order->flags & WITHIN_VFORK ? VFORKED : FORKED;
    const int id = make_process(run_child, (void *)(here - FRAMES_OF_PARENT), flags, making,
                                order->child, order->cookies);
    if (trap->gate)
        gate_take_back(trap->gate, &trap->mask);
    check(id > 0);
    const int status = await_child(order);
    trap_join_child(trap, &child->trap, child->back, status);
    *answer = child->answer;
}

/* --- a call ------------------------------------------------------------------------------------
 */

void within_call(struct within *within, const struct within_order *order,
                 struct within_answer *answer) {
    struct making making = {within, order, order->trap, answer, 0};
    if (order->flags & (WITHIN_FORK | WITHIN_VFORK | WITHIN_CLOSED))
        make_in_child(&making);
    else
        make_by_flags(&making);
}

/* --- whether there are any ---------------------------------------------------------------------
 */

static int end_at_once(void *argument) {
    (void)argument;
    return 0;
}

static bool can_make(int flags) {
    enum { ENOUGH = 1 << 15 };
    static _Alignas(64) char stack[ENOUGH];
    const struct cookies none = {0, 0};
    turn_word ignored;
    const int id = make_process(end_at_once, stack + sizeof stack, flags, NULL, &ignored, &none);
    return id > 0 && waitpid(id, NULL, __WALL) == id;
}

bool within_available(void) {
    return KNOWS_STACKS && can_make(FORKED) && can_make(VFORKED);
}

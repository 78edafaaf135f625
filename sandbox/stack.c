#include "stack.h"

#include <errno.h>
#include <sys/mman.h>

/* The sanitizers' shadow of a stack outlives its frames; the next user of the memory must not. */
extern void unpoison(const volatile void *memory,
                     size_t size) __asm__("__asan_unpoison_memory_region") __attribute__((weak));

static size_t mapping_size(const struct stack *stack) {
    return STACK_GUARD + stack->size + STACK_GUARD + STACK_ALTERNATE;
}

void stack_tell(const struct stack *stack, struct trap *trap) {
    trap->guard = (uintptr_t)stack->mapping;
    trap->guard_size = STACK_GUARD;
    trap->alternate = (uintptr_t)stack->alternate;
    trap->alternate_size = STACK_ALTERNATE;
}

int stack_create(struct stack *stack, size_t size, struct trap *trap) {
    stack->size = size;
    char *mapping = mmap(NULL, mapping_size(stack), PROT_NONE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (mapping == MAP_FAILED)
        return -errno;
    stack->mapping = mapping;
    stack->base = mapping + STACK_GUARD;
    stack->alternate = stack->base + size + STACK_GUARD;
    if (mprotect(stack->base, size, PROT_READ | PROT_WRITE) ||
        mprotect(stack->alternate, STACK_ALTERNATE, PROT_READ | PROT_WRITE)) {
        int error = errno;
        stack_destroy(stack);
        return -error;
    }
    if (trap)
        stack_tell(stack, trap);
    return 0;
}

void stack_destroy(struct stack *stack) {
    if (!stack->mapping)
        return;
    if (unpoison)
        unpoison(stack->mapping, mapping_size(stack));
    munmap(stack->mapping, mapping_size(stack));
    stack->mapping = NULL;
}

int stack_use_alternate(struct stack *stack) {
    const stack_t alternate = {.ss_sp = stack->alternate, .ss_size = STACK_ALTERNATE};
    return sigaltstack(&alternate, &stack->before) ? -errno : 0;
}

int stack_leave_alternate(const struct stack *stack) {
    return sigaltstack(&stack->before, NULL) ? -errno : 0;
}

/* Signals for the process (a timer, Ctrl-C) are the engine's and must not land on the worker. */
static void signals_of_worker(sigset_t *blocked) {
    sigfillset(blocked);
    const int wanted[] = {SIGSEGV,
                          SIGBUS,
                          SIGILL,
                          SIGFPE,
                          SIGSYS,
                          SIGABRT,
                          SIGTRAP,
                          SIGPIPE,
                          trap_parking_signal(),
                          trap_interrupting_signal(false),
                          trap_interrupting_signal(true)};
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
        sigdelset(blocked, wanted[i]);
}

int stack_start(const struct stack *stack, pthread_t *thread, void *(*run)(void *),
                void *argument) {
    pthread_attr_t attributes;
    sigset_t blocked, old;
    signals_of_worker(&blocked);
    pthread_attr_init(&attributes);
    pthread_attr_setstack(&attributes, stack->base, stack->size);
    pthread_sigmask(SIG_SETMASK, &blocked, &old); /* a new thread inherits the mask */
    int error = pthread_create(thread, &attributes, run, argument);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attributes);
    return -error;
}

/*
 * registers.h - a trapped system call's arguments and result, in what a signal handler is given.
 */
#ifndef FIFOFUZZ_REGISTERS_H
#define FIFOFUZZ_REGISTERS_H

#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

/* Makes the trapped system call return `result`; false where that is not known. */
static inline bool registers_set_result(ucontext_t *context, long result) {
#if defined(__x86_64__)
    context->uc_mcontext.gregs[REG_RAX] = result;
    return true;
#elif defined(__aarch64__)
    context->uc_mcontext.regs[0] = (uint64_t)result;
    return true;
#elif defined(__riscv)
    context->uc_mcontext.__gregs[REG_A0] = (unsigned long)result;
    return true;
#else
    (void)context;
    (void)result;
    return false;
#endif
}

/* Argument `index`, from 0 to 5, of the trapped system call. */
static inline uintptr_t registers_argument(const ucontext_t *context, unsigned index) {
#if defined(__x86_64__)
    static const int registers[] = {REG_RDI, REG_RSI, REG_RDX, REG_R10, REG_R8, REG_R9};
    return (uintptr_t)context->uc_mcontext.gregs[registers[index]];
#elif defined(__aarch64__)
    return context->uc_mcontext.regs[index];
#elif defined(__riscv)
    return context->uc_mcontext.__gregs[REG_A0 + index];
#else
    (void)context;
    (void)index;
    return 0;
#endif
}

#endif

#include "frames.h"

#include <ucontext.h>
#include <unwind.h>

#include "outcome.h"
#include "steps.h"

enum { SKIPPED_MAX = 64 }; /* a handler and what a sanitizer or exit(3) calls it through */

static _Unwind_Reason_Code on_frame(struct _Unwind_Context *context, void *argument) {
    struct frames *frames = argument;
    int is_interrupted = 0; /* else a return address, which is behind the call */
    const uintptr_t at = _Unwind_GetIPInfo(context, &is_interrupted);
    if (!frames->reached && at != frames->first)
        return ++frames->skipped < SKIPPED_MAX ? _URC_NO_REASON : _URC_NORMAL_STOP;
    frames->reached = true;
    if (at == 0 || _Unwind_GetRegionStart(context) == (uintptr_t)fifofuzz_call)
        return _URC_NORMAL_STOP;
    frames->out[frames->count++] = is_interrupted ? at : at - 1;
    return frames->count < OBSERVED_STACK_MAX ? _URC_NO_REASON : _URC_NORMAL_STOP;
}

void frames_prepare(void) {
    uint64_t addresses[OBSERVED_STACK_MAX];
    struct frames frames = {.out = addresses};
    frames_take_behind(&frames, __builtin_return_address(0));
    (void)_Unwind_FindEnclosingFunction(__builtin_return_address(0));
}

/* --- a jump to where no code is --------------------------------------------------------------- */

static uintptr_t program_counter(const ucontext_t *context) {
#if defined(__x86_64__)
    return (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    return context->uc_mcontext.pc;
#elif defined(__riscv)
    return context->uc_mcontext.__gregs[REG_PC];
#else
    (void)context;
    return 0;
#endif
}

/* Where a call that has come no further than its first byte would return to. */
static uintptr_t return_address(const ucontext_t *context) {
#if defined(__x86_64__)
    return *(uintptr_t *)context->uc_mcontext.gregs[REG_RSP];
#elif defined(__aarch64__)
    return context->uc_mcontext.regs[30];
#elif defined(__riscv)
    return context->uc_mcontext.__gregs[REG_RA];
#else
    (void)context;
    return 0;
#endif
}

/* Makes that call not have been made: what was executing is the instruction at `caller`. */
static void take_back_call(ucontext_t *context, uintptr_t caller) {
#if defined(__x86_64__)
    context->uc_mcontext.gregs[REG_RIP] = (greg_t)caller;
    context->uc_mcontext.gregs[REG_RSP] += (greg_t)sizeof(uintptr_t);
#elif defined(__aarch64__)
    context->uc_mcontext.pc = caller;
#elif defined(__riscv)
    context->uc_mcontext.__gregs[REG_PC] = caller;
#else
    (void)context;
    (void)caller;
#endif
}

/* True if unwind tables know the code at `address`: the function looks at the byte before. */
static bool is_known(uintptr_t address) {
    return _Unwind_FindEnclosingFunction((void *)(address + 1)) != NULL;
}

/*
 * Where the walk begins. The target of a call through NULL has no tables, but its caller is known.
 * The stack is looked at only then: behind an overflow it cannot be.
 */
static uintptr_t interrupted(struct frames *frames, ucontext_t *context) {
    const uintptr_t at = program_counter(context);
    if (is_known(at))
        return at;
    const uintptr_t caller = return_address(context) - 1;
    if (!is_known(caller))
        return at;
    frames->out[frames->count++] = at;
    take_back_call(context, caller);
    return caller;
}

/* --- taking a stack --------------------------------------------------------------------------- */

static bool is_wanted(const struct frames *frames) {
    return frames->out && !frames->walking && !frames->reached;
}

void frames_take_interrupted(struct frames *frames, void *context) {
    if (!is_wanted(frames))
        return;
    frames->walking = true;
    if (setjmp(frames->escape) == 0) {
        frames->first = interrupted(frames, context);
        _Unwind_Backtrace(on_frame, frames);
    }
    frames->walking = false;
}

void frames_take_behind(struct frames *frames, const void *first) {
    if (!is_wanted(frames))
        return;
    frames->walking = true;
    if (setjmp(frames->escape) == 0) {
        frames->first = (uintptr_t)first;
        _Unwind_Backtrace(on_frame, frames);
    }
    frames->walking = false;
}

void frames_escape(struct frames *frames) {
    if (frames->walking)
        longjmp(frames->escape, 1);
}

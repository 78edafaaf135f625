#include "keeper.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "keeper_parts.h"
#include "policy.h"

int keeper_create(struct keeper *keeper, bool wrapped) {
    keeper->process = 0;
    keeper->wake = eventfd(0, EFD_CLOEXEC);
    void *page = mmap(NULL, sizeof(*keeper->page), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    keeper->page = page == MAP_FAILED ? NULL : page;
    if (keeper->wake < 0 || !keeper->page)
        return -errno;
    int error = cookies_make(&keeper->cookies);
    if (!error)
        error = policy_agent(wrapped, &keeper->cookies, keeper->filter, KEEPER_FILTER_MAX,
                             &keeper->filter_length);
    return error;
}

void keeper_destroy(struct keeper *keeper) {
    keeper_end(keeper);
    if (keeper->wake >= 0)
        close(keeper->wake);
    if (keeper->page)
        munmap(keeper->page, sizeof(*keeper->page));
    keeper->page = NULL;
}

/*
 * As fork(2), but in namespaces of its own and with the worker's root. Only the calling thread goes
 * along, so the copy may use neither malloc(3) nor anything else with a lock.
 */
int keeper_start(struct keeper *keeper) {
    const unsigned long flags =
        CLONE_FS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWUTS;
    keeper->page->state = KEEPER_BEGUN;
    keeper->page->descriptors = UINT64_MAX;
    long process = syscall(SYS_clone, flags, 0, 0, 0, 0);
    if (process < 0)
        return -errno;
    if (process == 0)
        keeper_main(keeper);
    keeper->process = (pid_t)process;
    while (keeper_await(&keeper->page->state, KEEPER_BEGUN, NULL) == KEEPER_BEGUN)
        ;
    return keeper->page->error;
}

int keeper_admit(struct keeper *keeper) {
    keeper_tell(&keeper->page->state, KEEPER_ARENA);
    while (keeper_await(&keeper->page->state, KEEPER_ARENA, NULL) == KEEPER_ARENA)
        ;
    return keeper->page->error;
}

int keeper_order(struct keeper *keeper, struct keeper_request *request, enum keeper_order order,
                 const struct timespec *limit) {
    const int wake = request == &keeper->page->by_worker ? keeper->worker_wake : keeper->wake;
    const uint64_t one = 1;
    if (atomic_load(&keeper->page->state) == KEEPER_ENDED)
        return -ESRCH;
    if (atomic_exchange(&request->order, order) == KEEPER_NOTHING &&
        write(wake, &one, sizeof(one)) < 0)
        return -errno;
    while (keeper_await(&request->order, order, limit) != KEEPER_NOTHING) {
        if (atomic_load(&keeper->page->state) == KEEPER_ENDED)
            return -ESRCH;
        if (limit)
            return -ETIME;
    }
    return request->error;
}

void keeper_await_end(struct keeper *keeper) {
    uint32_t state = atomic_load(&keeper->page->state);
    while (state != KEEPER_ENDED)
        state = keeper_await(&keeper->page->state, state, NULL);
}

void keeper_end(struct keeper *keeper) {
    if (!keeper->process)
        return;
    kill(keeper->process, SIGKILL);
    while (waitpid(keeper->process, NULL, __WALL) < 0 && errno == EINTR)
        ;
    keeper->process = 0;
}

#include <errno.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "identity.h"
#include "keeper_parts.h"

/* What an agent finds in its environment, and nothing else. */
static char *const environment[] = {
    (char[]){"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
    (char[]){"HOME=/run"},
    (char[]){"TMPDIR=/run"},
    (char[]){"PROOT_TMP_DIR=/run"},
    (char[]){"PSEUDO_LOCALSTATEDIR=/run"},
    (char[]){"LC_ALL=C"},
    NULL,
};

static const unsigned char kept[] = {CAP_SETUID, CAP_SETGID, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH,
                                     CAP_FSETID};

uint32_t keeper_capabilities(void) {
    uint32_t bits = 0;
    for (size_t i = 0; i < sizeof(kept); i++)
        bits |= UINT32_C(1) << kept[i];
    return bits;
}

/* --- in the agent, before its program ------------------------------------------------------- */

static int limit_bounding_set(uint32_t bits) {
    for (unsigned long i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++)
        if (!(i < 32 && bits >> i & 1) && prctl(PR_CAPBSET_DROP, i, 0, 0, 0))
            return -errno;
    return 0;
}

/*
 * Being uid 0 gives no capability, and changing ids takes none (capabilities(7), securebits). What
 * the keeper needs to change ids goes through execve(2) as ambient capabilities, from a wrapper on
 * to the agent; with the first identity they go, and later programs get what that one has.
 */
static int limit_capabilities(uint32_t bits) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    const struct __user_cap_data_struct sets[2] = {
        {.effective = bits, .permitted = bits, .inheritable = bits}};
    const unsigned long secure = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
                                 SECBIT_NO_SETUID_FIXUP_LOCKED;
    if (prctl(PR_SET_SECUREBITS, secure, 0, 0, 0))
        return -errno;
    int error = limit_bounding_set(bits);
    if (error)
        return error;
    if (syscall(SYS_capset, &header, sets))
        return -errno;
    for (unsigned long i = 0; i < 32; i++)
        if (bits >> i & 1 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0))
            return -errno;
    return 0;
}

static int install_filter(struct keeper *keeper) {
    const struct sock_fprog program = {.len = keeper->filter_length, .filter = keeper->filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return -errno;
    long file =
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
    if (file < 0)
        return -errno;
    keeper->page->listener = (int)file;
    return 0;
}

static void clear_signals(void) {
    sigset_t none;
    sigemptyset(&none);
    signal(SIGCHLD, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void become_agent(struct keeper *keeper) {
    clear_signals();
    setrlimit(RLIMIT_CORE, &(struct rlimit){0});
    int error = identity_become_root();
    if (!error)
        error = limit_capabilities(keeper->plain ? 0 : keeper_capabilities());
    if (!error)
        error = install_filter(keeper);
    if (!error) {
        execvpe(keeper->command[0], (char *const *)(uintptr_t)keeper->command, environment);
        error = -errno;
    }
    keeper->page->program_error = error;
    _exit(127);
}

/* --- in the keeper -------------------------------------------------------------------------- */

/*
 * The two share descriptors until the program starts: so the listener, which the filter gives to
 * the agent, is the keeper's. Until then the keeper sleeps (CLONE_VFORK).
 */
pid_t keeper_launch(struct keeper *keeper) {
    long agent = syscall(SYS_clone, CLONE_FILES | CLONE_VFORK | SIGCHLD, 0, 0, 0, 0);
    if (agent < 0)
        return -errno;
    if (agent == 0)
        become_agent(keeper);
    for (int i = 0; i < 3; i++)
        close(i);
    return (pid_t)agent;
}

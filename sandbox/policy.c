#include "policy.h"

#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <linux/filter.h>

enum { CONDITIONS_MAX = 3 };

/* Where the value comes from that an argument is compared with. */
enum source { UNUSED, CONSTANT, CLEAR, PROCESS, THREAD, COOKIE, SECOND_COOKIE };

struct condition {
    enum source source;
    unsigned argument;
    uint64_t value; /* of a CONSTANT; the bits of CLEAR, all of which must be 0 */
};

#define ALLOW(name, group, reason) {#name, group, reason, NULL, POLICY_WORKER},
#define ALLOW_IF(name, group, reason, condition, ...)                                              \
    {#name, group, reason, condition, POLICY_WORKER},
#define AGENT(name, group, reason) {#name, group, reason, NULL, POLICY_AGENT},
#define AGENT_IF(name, group, reason, condition, ...)                                              \
    {#name, group, reason, condition, POLICY_AGENT},
#define WRAPPED(name, group, reason) {#name, group, reason, NULL, POLICY_WRAPPED},
static const struct policy_rule rules[] = {
#include "policy.def"
};
#undef ALLOW
#undef ALLOW_IF
#undef AGENT
#undef AGENT_IF
#undef WRAPPED

#define ALLOW(name, group, reason)                    {{UNUSED, 0, 0}},
#define AGENT(name, group, reason)                    {{UNUSED, 0, 0}},
#define AGENT_IF(name, group, reason, condition, ...) {__VA_ARGS__},
#define WRAPPED(name, group, reason)                  {{UNUSED, 0, 0}},
#define ALLOW_IF(name, group, reason, condition, ...) {__VA_ARGS__},
#define EQUALS(argument, value)                                                                    \
    { CONSTANT, argument, value }
#define NONE_OF(argument, bits)                                                                    \
    { CLEAR, argument, bits }
#define IS(argument, source)                                                                       \
    { source, argument, 0 }
static const struct condition conditions[][CONDITIONS_MAX] = {
#include "policy.def"
};
#undef ALLOW
#undef ALLOW_IF
#undef AGENT
#undef AGENT_IF
#undef WRAPPED

enum { RULES = sizeof(rules) / sizeof(rules[0]) };

/* The values behind IS(). */
struct worker_values {
    uint64_t process, thread;
    struct cookies cookies;
};

const struct policy_rule *policy_rules(size_t *count) {
    *count = RULES;
    return rules;
}

static uint64_t value_of(const struct condition *condition, const struct worker_values *values) {
    switch (condition->source) {
    case PROCESS:
        return values->process;
    case THREAD:
        return values->thread;
    case COOKIE:
        return values->cookies.first;
    case SECOND_COOKIE:
        return values->cookies.second;
    case CONSTANT:
    case CLEAR:
    case UNUSED:
        break;
    }
    return condition->value;
}

/* Numbers that all architectures share and that libseccomp came to know after 2.4.3. */
static const struct {
    const char *name;
    int number;
} late_calls[] = {{"clone3", 435},
                  {"close_range", 436},
                  {"openat2", 437},
                  {"faccessat2", 439},
                  {"landlock_create_ruleset", 444},
                  {"landlock_add_rule", 445},
                  {"landlock_restrict_self", 446},
                  {"fchmodat2", 452}};

/* The number of a call, or a negative one where it does not exist. */
static int number_of(const char *name) {
    int number = seccomp_syscall_resolve_name(name);
    for (size_t i = 0; number < 0 && i < sizeof(late_calls) / sizeof(late_calls[0]); i++)
        if (strcmp(late_calls[i].name, name) == 0)
            number = late_calls[i].number;
    return number;
}

static int add_rule(scmp_filter_ctx filter, size_t index, const struct worker_values *values) {
    int number = number_of(rules[index].syscall);
    if (number < 0) /* unknown here, or only on other machines */
        return 0;
    struct scmp_arg_cmp compares[CONDITIONS_MAX];
    unsigned count = 0;
    for (; count < CONDITIONS_MAX && conditions[index][count].source != UNUSED; count++) {
        const struct condition *condition = &conditions[index][count];
        compares[count] = (struct scmp_arg_cmp){
            .arg = condition->argument,
            .op = condition->source == CLEAR ? SCMP_CMP_MASKED_EQ : SCMP_CMP_EQ,
            .datum_a = value_of(condition, values)};
    }
    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, count, compares);
}

/* What becomes of a call that no row allows. */
static uint32_t default_action(enum policy_whom whom) {
    return whom == POLICY_WORKER ? SCMP_ACT_TRAP : SCMP_ACT_NOTIFY;
}

/* Calls of other architectures, x32 among them, are none of the table's either. */
static int set_attributes(scmp_filter_ctx filter, enum policy_whom whom) {
    int error = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, default_action(whom));
#if SCMP_VER_MAJOR > 2 || (SCMP_VER_MAJOR == 2 && SCMP_VER_MINOR >= 5)
    if (!error) /* a binary tree instead of a list */
        error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
#endif
    return error;
}

/* Builds the filter; the caller releases it, on failure too. */
static int build(scmp_filter_ctx *out, enum policy_whom whom, const struct worker_values *values) {
    *out = seccomp_init(default_action(whom));
    if (!*out)
        return -ENOMEM;
    int error = set_attributes(*out, whom);
    for (size_t i = 0; !error && i < RULES; i++)
        if (rules[i].whom <= whom)
            error = add_rule(*out, i, values);
    if (!error && whom != POLICY_WORKER) /* its flags lie in memory: libraries take clone then */
        error = seccomp_rule_add(*out, SCMP_ACT_ERRNO(ENOSYS), number_of("clone3"), 0);
    return error;
}

int policy_load(int process, int thread, const struct cookies *cookies) {
    scmp_filter_ctx filter = NULL;
    const struct worker_values values = {
        .process = (uint32_t)process, .thread = (uint32_t)thread, .cookies = *cookies};
    int error = build(&filter, POLICY_WORKER, &values);
    if (!error) /* sets no_new_privs too: SCMP_FLTATR_CTL_NNP is on by default */
        error = seccomp_load(filter);
    seccomp_release(filter);
    return error;
}

/* The instructions as libseccomp writes them to a file. */
static int export(scmp_filter_ctx filter, struct sock_filter *out, size_t capacity,
                  unsigned short *length) {
    int file = memfd_create("filter", MFD_CLOEXEC);
    if (file < 0)
        return -errno;
    int error = seccomp_export_bpf(filter, file);
    const ssize_t size = error ? 0 : pread(file, out, capacity * sizeof(*out), 0);
    if (!error && size < 0)
        error = -errno;
    if (!error && size == (ssize_t)(capacity * sizeof(*out)))
        error = -E2BIG;
    close(file);
    *length = (unsigned short)((size_t)size / sizeof(*out));
    return error;
}

int policy_agent(bool wrapped, const struct cookies *cookies, struct sock_filter *out,
                 size_t capacity, unsigned short *length) {
    scmp_filter_ctx filter = NULL;
    const struct worker_values values = {.cookies = *cookies};
    int error = build(&filter, wrapped ? POLICY_WRAPPED : POLICY_AGENT, &values);
    if (!error)
        error = export(filter, out, capacity, length);
    seccomp_release(filter);
    return error;
}

const char *policy_syscall_name(int number) {
    static char name[64];
    char *found = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);
    if (found)
        snprintf(name, sizeof(name), "%s", found);
    else
        snprintf(name, sizeof(name), "system call %d", number);
    free(found);
    return name;
}

int policy_print(FILE *out) {
    scmp_filter_ctx filter = NULL;
    int error = build(&filter, POLICY_WORKER, &(struct worker_values){0});
    if (!error && fflush(out))
        error = -errno;
    if (!error)
        error = seccomp_export_pfc(filter, fileno(out));
    seccomp_release(filter);
    return error;
}

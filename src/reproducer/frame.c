#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* How the process that makes the calls ends; any other status is none of ours. */
enum { AS_EXPECTED = 100, NOT_AS_EXPECTED = 101, UNABLE = 77 };
enum { END = -1, ANYTHING = -2, POISON = 7777 };

static int failures;
static int number;    /* of the step at hand */
static int calls;     /* under test, made so far */
static int succeeded; /* the last of them returned 0, and may */
static int kept;      /* errno after it */

static const char *name_of(int error) {
    static const struct {
        int error;
        const char *name;
    } names[] = {
        {0, "success"},
        {ANYTHING, "anything"},
        {EACCES, "EACCES"},
        {EBADF, "EBADF"},
        {EEXIST, "EEXIST"},
        {EFAULT, "EFAULT"},
        {EINVAL, "EINVAL"},
        {ELOOP, "ELOOP"},
        {EMFILE, "EMFILE"},
        {ENAMETOOLONG, "ENAMETOOLONG"},
        {ENOENT, "ENOENT"},
        {ENOMEM, "ENOMEM"},
        {ENOSPC, "ENOSPC"},
        {ENOSYS, "ENOSYS"},
        {ENOTDIR, "ENOTDIR"},
        {EOVERFLOW, "EOVERFLOW"},
        {EPERM, "EPERM"},
        {EROFS, "EROFS"},
        {POISON, "errno not set"},
    };
    static char other[32];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].error == error)
            return names[i].name;
    snprintf(other, sizeof other, "errno %d", error);
    return other;
}

/* Ends it: this host, or this user, cannot do what the scenario needs. */
static void unable(const char *what) {
    printf("step %d: cannot be tried here: %s: %s\n", number, what, strerror(errno));
    fflush(stdout);
    _exit(UNABLE);
}

static void begin(int step, const char *call, const int *allowed) {
    number = step;
    calls++;
    printf("step %d: %s: expected ", step, call);
    for (const int *may = allowed; *may != END; may++)
        printf("%s%s", name_of(*may), may[1] == END ? ", " : " or ");
    fflush(stdout);
}

/* Holds the call's answer against the errors it may give, 0 for success. */
static void judge(int result, int error, const int *allowed) {
    int got = result == 0 ? 0 : error, right = 0;
    for (const int *may = allowed; *may != END; may++)
        right |= *may == got || *may == ANYTHING;
    right &= result == 0 || result == -1;
    succeeded = right && result == 0;
    kept = error;
    failures += !right;
    printf("got %s", name_of(got));
    if (result != 0 && result != -1)
        printf(", returned %d", result);
    puts(right ? "" : "   WRONG");
    fflush(stdout);
}

/* A call under test, and behind it what it may give. */
#define CALL(step, call, ...)                                                                      \
    do {                                                                                           \
        static const int allowed[] = {__VA_ARGS__, END};                                           \
        begin(step, #call, allowed);                                                               \
        errno = POISON;                                                                            \
        int result = (call);                                                                       \
        judge(result, errno, allowed);                                                             \
    } while (0)

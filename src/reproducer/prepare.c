/* A preparation that fails before any call under test is the host's fault, later perhaps theirs. */
static void prepared(const char *call, int got, int expected) {
    if ((got == 0) == (expected == 0))
        return;
    errno = got;
    if (calls == 0)
        unable(call);
    printf("step %d: %s: expected %s, got %s   WRONG\n", number, call,
           expected ? name_of(expected) : "success", got ? strerror(got) : "success");
    fflush(stdout);
    failures++;
}

#define PREPARE(step, call, expected)                                                              \
    do {                                                                                           \
        number = step;                                                                             \
        int result = (call);                                                                       \
        prepared(#call, result < 0 ? errno : 0, expected);                                         \
    } while (0)

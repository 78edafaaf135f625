/* Something else than the call's answer. */
static void compare(const char *what, long long expected, long long got) {
    if (expected == got)
        return;
    printf("step %d: %s: expected %lld (0%llo), got %lld (0%llo)   WRONG\n", number, what, expected,
           (unsigned long long)expected, got, (unsigned long long)got);
    fflush(stdout);
    failures++;
}

/* True if the call may have succeeded or failed otherwise than what follows takes for granted. */
static int strayed(int success_expected) {
    if (succeeded == success_expected)
        return 0;
    puts("What follows expects the other of the two answers: it is left out.");
    return 1;
}

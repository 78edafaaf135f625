static struct order *order_for(int (*run)(const struct order *), const char *path) {
    shared->order.run = run;
    strncpy(shared->order.path, path, sizeof shared->order.path - 1);
    return &shared->order;
}

/* Has the harness carry it out. Only this host can keep it from that. */
static void carry_out(int step, const char *what) {
    __sync_synchronize();
    shared->waiting = 1;
    while (shared->waiting)
        pause_shortly();
    __sync_synchronize();
    number = step;
    errno = shared->error;
    if (errno)
        unable(what);
}

#include "testing.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

static void every_step_kind_gives_its_result(void **state) {
    (void)state;
    const struct observation *seen = run("mkdir \"d\" 0755        # 0\n"
                                         "mkdir \"d\" 0755        # EEXIST\n"
                                         "file \"f\" 0640 \"abc\" # 0\n"
                                         "file \"f\" 0640 \"\"    # EEXIST\n"
                                         "symlink \"body\" \"l\"  # 0\n"
                                         "link \"f\" \"d/g\"      # 0\n"
                                         "rename \"d/g\" \"d/h\"  # 0\n"
                                         "unlink \"f\"            # 0\n"
                                         "rmdir \"d\"             # ENOTEMPTY\n"
                                         "chmod \"d\" 0700        # 0\n"
                                         "umask 077\n"
                                         "chdir \"d\"             # 0\n"
                                         "d0 = open \".\"         # 0\n"
                                         "d1 = open \"no\"        # ENOENT\n"
                                         "mkfifo \"p\" 0666       # 0\n"
                                         "mkfifo \"p\" 0666       # EEXIST\n"
                                         "mkfifoat d0 \"q\" 0666  # 0\n"
                                         "mkfifoat d1 \"q\" 0666  # EBADF\n"
                                         "close d0                # 0\n"
                                         "close d0                # EBADF\n"
                                         "close d1                # EBADF\n"
                                         "mkfifoat d0 \"r\" 0666  # EBADF\n");
    assert_int_equal(seen->outcomes[10].result, 022); /* umask gives the old one */
    assert_int_equal(seen->outcomes[12].result, 3);   /* open gives the number */
    assert_int_equal(seen->umask, 077);
    assert_int_equal(seen->slots[0].number, 3);
    assert_int_equal(seen->slots[0].facts.error, EBADF);
    assert_int_equal(seen->slots[1].number, -1);
    assert_int_equal(seen->node_count, 6);
    assert_world_is_fresh();
}

static void the_whole_arena_is_listed(void **state) {
    (void)state;
    const struct observation *seen = run("mkdir \"d\" 0750 # 0\n"
                                         "mkdir \"d/e\" 0700 # 0\n"
                                         "file \"d/e/f\" 0640 \"content\" # 0\n"
                                         "symlink \"body\" \"d/l\" # 0\n"
                                         "mkfifo \"d/p\" 0604 # 0\n");
    assert_int_equal(seen->node_count, 6);
    const struct observed_node *d = find(seen, 0, "d");
    assert_non_null(d);
    assert_int_equal(d->facts.mode, S_IFDIR | 0750);
    uint32_t directory = (uint32_t)(d - seen->nodes);
    const struct observed_node *e = find(seen, directory, "e");
    assert_non_null(e);
    const struct observed_node *f = find(seen, (uint32_t)(e - seen->nodes), "f");
    assert_non_null(f);
    assert_int_equal(f->facts.mode, S_IFREG | 0640);
    assert_int_equal(f->facts.size, 7);
    assert_int_equal(f->content_length, 7);
    assert_memory_equal(seen->bytes + f->content, "content", 7);
    const struct observed_node *l = find(seen, directory, "l");
    assert_non_null(l);
    assert_memory_equal(seen->bytes + l->content, "body", 4);
    const struct observed_node *p = find(seen, directory, "p");
    assert_non_null(p);
    assert_int_equal(p->facts.mode, S_IFIFO | 0604);
    assert_int_equal(p->facts.nlink, 1);
}

static void all_names_of_one_node_show_the_same_facts(void **state) {
    (void)state;
    const struct observation *seen = run("file \"a\" 0000 \"text\" # 0\n"
                                         "link \"a\" \"b\" # 0\n"
                                         "mkdir \"d\" 0755 # 0\n"
                                         "link \"a\" \"d/c\" # 0\n");
    const struct observed_node *a = find(seen, 0, "a");
    const struct observed_node *d = find(seen, 0, "d");
    assert_non_null(a);
    assert_non_null(d);
    const struct observed_node *others[] = {find(seen, 0, "b"),
                                            find(seen, (uint32_t)(d - seen->nodes), "c")};
    assert_int_equal(a->facts.nlink, 3);
    for (int i = 0; i < 2; i++) {
        assert_non_null(others[i]);
        assert_memory_equal(&others[i]->facts, &a->facts, sizeof(a->facts));
        assert_int_equal(others[i]->content_length, 4);
    }
}

static void calls_are_looked_at_before_and_after(void **state) {
    (void)state;
    const struct observation *seen = run("mkdir \"d\" 0755 # 0\n"
                                         "mkfifo \"d/p\" 0600 # 0\n"
                                         "mkfifo \"d/q\" 0600 # 0\n"
                                         "unlink \"d/q\" # 0\n"
                                         "mkfifo \"d//p/\" 0600 # EEXIST\n"
                                         "mkfifo \"/top\" 0600 # 0\n"
                                         "mkfifo null 0600 # EFAULT\n"
                                         "mkfifo \"\" 0600 # ENOENT\n");
    const struct outcome *p = &seen->outcomes[1], *q = &seen->outcomes[2];
    assert_false(seen->outcomes[0].looked);
    assert_true(p->looked);
    assert_int_equal(p->target.mode, S_IFIFO | 0600);
    assert_int_equal(p->error, ERRNO_POISON);
    assert_int_equal(p->parent_before.mode, S_IFDIR | 0755);
    assert_true(p->parent_after.size > p->parent_before.size);
    assert_true(p->clock_before <= p->clock_after);
    assert_true(p->clock_before <= p->target.mtime && p->target.mtime <= p->clock_after);
    assert_memory_equal(&q->parent_before, &p->parent_after, sizeof(p->parent_after));
    assert_true(q->parent_after.size > q->parent_before.size);
    const struct outcome *again = &seen->outcomes[4];
    assert_int_equal(again->target.mode, 0);
    assert_int_equal(again->parent_before.ino, q->parent_after.ino);
    assert_int_equal(again->parent_before.size, p->parent_after.size);
    assert_int_equal(seen->outcomes[5].parent_after.ino, seen->root.ino);
    assert_false(seen->outcomes[6].looked);
    assert_true(seen->outcomes[7].looked);
}

static void bad_pointers_reach_the_call(void **state) {
    (void)state;
    run("mkfifo unmapped 0644 # EFAULT\n"
        "mkfifo noncanonical 0644 # EFAULT\n"
        "mkfifo unterminated \"a\" 0644 # EFAULT\n"
        "mkfifoat 77 unterminated \"abc/def\" 0644 # EFAULT\n"
        "mkfifoat cwd null 0644 # EFAULT\n"
        "mkfifoat 0 \"a\" 0644 # ENOTDIR\n"
        "mkfifoat -5 \"a\" 0644 # EBADF\n");
    assert_world_is_fresh();
}

static void longest_paths_reach_the_call(void **state) {
    (void)state;
    static char path[TEXT_LENGTH_MAX];
    memset(path, '/', sizeof(path));
    path[0] = 'x';
    scenario_clear(&scenario);
    const uint32_t lengths[] = {4095, 4096, TEXT_LENGTH_MAX};
    for (int i = 0; i < 3; i++) {
        struct step *step = scenario_add(&scenario, STEP_MKFIFO);
        step->path = scenario_store(&scenario, path, lengths[i]);
    }
    const struct observation *seen = sandbox_run(sandbox, &scenario, &plain, SANDBOX_OBSERVED);
    assert_int_equal(seen->outcomes[0].error, ENOENT); /* trailing slashes of what is missing */
    assert_true(seen->outcomes[0].looked);
    for (int i = 1; i < 3; i++) {
        assert_int_equal(seen->outcomes[i].error, ENAMETOOLONG);
        assert_false(seen->outcomes[i].looked);
    }
}

static void a_slot_opened_again_closes_what_it_held(void **state) {
    (void)state;
    const struct observation *seen = run("mkdir \"d\" 0755 # 0\n"
                                         "d0 = open \"/\" # 0\n"
                                         "d1 = open \"d\" path # 0\n"
                                         "d0 = open \"d\" # 0\n"
                                         "d1 = open \"none\" # ENOENT\n");
    assert_int_equal(seen->slots[0].number, 3);
    assert_int_equal(seen->slots[0].facts.mode, S_IFDIR | 0755);
    assert_int_equal(seen->slots[1].number, 4);
    assert_int_equal(seen->slots[1].facts.error, EBADF);
    assert_true(seen->open[3]);
    assert_false(seen->open[4]);
    assert_world_is_fresh();
}

static void path_descriptors_count_as_open(void **state) {
    (void)state;
    const struct observation *seen = run("d0 = open \"/\" path # 0\nd1 = open \"/\" path # 0\n");
    for (int i = 0; i < OBSERVED_DESCRIPTORS; i++)
        assert_int_equal(seen->open[i], i < 5);
    assert_world_is_fresh();
}

static void locked_directories_are_listed_and_removed(void **state) {
    (void)state;
    const char *const text = "mkdir \"d\" 0755 # 0\n"
                             "mkdir \"d/e\" 0755 # 0\n"
                             "file \"d/e/f\" 0644 \"secret\" # 0\n"
                             "chmod \"d/e/f\" 0000 # 0\n"
                             "chmod \"d/e\" 0444 # 0\n"
                             "chdir \"d\" # 0\n"
                             "chmod \"/d\" 0000 # 0\n"
                             "mkfifo \"p\" 0644 # EACCES\n"
                             "chmod \"/\" 0000 # 0\n";
    const struct observation *seen = run(text);
    assert_int_equal(seen->cwd.mode, S_IFDIR);
    assert_int_equal(seen->cwd.error, 0);
    assert_int_equal(seen->root.mode, S_IFDIR);
    assert_int_equal(seen->node_count, 4);
    assert_int_equal(seen->nodes[3].facts.size, 6);
    assert_int_equal(seen->nodes[3].content_length, 6);
    assert_world_is_fresh();
    assert_int_equal(sandbox_run(sandbox, &scenario, &plain, SANDBOX_BARE)->ending, ENDING_DONE);
    parse(text);
    assert_int_equal(sandbox_run(sandbox, &scenario, &plain, SANDBOX_BARE)->ending, ENDING_DONE);
    assert_world_is_fresh();
    assert_int_equal(sandbox_generation(sandbox), 1);
}

enum { DEEP = 3000 };

static int make_deep_tree(const char *path, mode_t mode) {
    for (int i = 0; i < DEEP; i++)
        if (mkdir("d", 0755) || mkdir("e", 0755) || chdir("d"))
            return -1;
    return plain_mkfifo(path, mode);
}

static void deep_trees_are_listed_and_removed(void **state) {
    (void)state;
    const struct observation *seen = run_function(make_deep_tree);
    assert_int_equal(seen->ending, ENDING_DONE);
    assert_int_equal(seen->outcomes[0].result, 0);
    assert_int_equal(seen->node_count, 2 * DEEP + 2);
    uint32_t parent = 0;
    for (int i = 0; i < DEEP; i++) {
        const struct observed_node *node = find(seen, parent, "d");
        assert_non_null(node);
        assert_non_null(find(seen, parent, "e"));
        parent = (uint32_t)(node - seen->nodes);
    }
    assert_non_null(find(seen, parent, "name"));
    assert_world_is_fresh();
    const struct implementation one = {.mkfifo = make_deep_tree};
    parse("mkfifo \"name\" 0644\n");
    sandbox_run(sandbox, &scenario, &one, SANDBOX_BARE);
    assert_world_is_fresh();
    assert_int_equal(sandbox_generation(sandbox), 1);
}

/* Wide at the top and at the bottom of a deep chain, more than the observation holds. */
static int make_too_many(const char *path, mode_t mode) {
    char name[32];
    for (int i = 0; i < 5000; i++) {
        snprintf(name, sizeof(name), "f%d", i);
        plain_mkfifo(name, mode);
    }
    for (int i = 0; i < 40; i++)
        if (mkdir("d", 0755) || chdir("d"))
            return -1;
    for (int i = 0; i < 2000; i++) {
        snprintf(name, sizeof(name), "d%d", i);
        mkdir(name, 0);
        chmod(name, 0700);
        snprintf(name, sizeof(name), "d%d/%s", i, path);
        plain_mkfifo(name, mode);
    }
    return 0;
}

static void more_than_fits_is_cut_and_still_removed(void **state) {
    (void)state;
    const struct observation *seen = run_function(make_too_many);
    assert_int_equal(seen->ending, ENDING_DONE);
    assert_int_equal(seen->outcomes[0].result, 0);
    assert_true(seen->overflow);
    assert_int_equal(seen->node_count, OBSERVED_NODES_MAX);
    assert_world_is_fresh();
    assert_int_equal(sandbox_generation(sandbox), 1);
}

static int make_large_files(const char *path, mode_t mode) {
    static char block[65536];
    char name[32];
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof(name), "%s%d", path, i);
        int file = open(name, O_CREAT | O_WRONLY, mode);
        if (file < 0 || write(file, block, sizeof(block)) < 0)
            return -1;
        close(file);
    }
    return 0;
}

static void content_is_cut_at_its_limit(void **state) {
    (void)state;
    const struct observation *seen = run_function(make_large_files);
    assert_int_equal(seen->outcomes[0].result, 0);
    assert_true(seen->overflow); /* 200 * CONTENT_MAX is more than OBSERVED_BYTES_MAX */
    assert_int_equal(seen->nodes[1].content_length, CONTENT_MAX);
    assert_int_equal(seen->nodes[1].facts.size, 65536);
    assert_true(seen->bytes_used <= OBSERVED_BYTES_MAX);
    assert_world_is_fresh();
}

static void thousands_of_runs_are_all_alike(void **state) {
    (void)state;
    for (int i = 0; i < 3000; i++) {
        const struct observation *seen = run("mkdir \"d\" 0755 # 0\n"
                                             "mkfifo \"d/p\" 0666 # 0\n"
                                             "chdir \"d\" # 0\n"
                                             "umask 077\n"
                                             "d0 = open \".\" # 0\n"
                                             "mkfifoat d0 \"q\" 0666 # 0\n");
        assert_int_equal(seen->node_count, 4);
        assert_int_equal(seen->slots[0].number, 3);
        if (i % 3 == 0)
            sandbox_run(sandbox, &scenario, &plain, SANDBOX_BARE);
    }
    assert_world_is_fresh();
    assert_int_equal(sandbox_generation(sandbox), 1);
}

static int say(const char *path, mode_t mode) {
    (void)mode;
    dprintf(2, "said %s\n", path);
    return 0;
}

static void what_is_printed_can_be_read_once(void **state) {
    (void)state;
    char text[64];
    run_function(say);
    assert_int_equal(sandbox_stderr(sandbox, text, sizeof(text)), 10);
    assert_string_equal(text, "said name\n");
    assert_int_equal(sandbox_stderr(sandbox, text, sizeof(text)), 0);
    for (int i = 0; i < 20000; i++) /* far more than the pipe holds */
        run_function(say);
    static char all[200000];
    assert_int_equal(sandbox_stderr(sandbox, all, sizeof(all)), 65536);
}

/* --- the host ------------------------------------------------------------------------------- */

struct process {
    struct stat cwd, root;
    mode_t mask;
    int dumpable;
    struct rlimit nofile;
    int descriptors, threads;
    char mounts[65536];
};

static int count_entries(const char *path) {
    int count = 0;
    DIR *directory = opendir(path);
    assert_non_null(directory);
    while (readdir(directory))
        count++;
    closedir(directory);
    return count;
}

/* pthread_join(3) returns a moment before the thread has left the process. */
static void await_threads(int expected) {
    while (count_entries("/proc/self/task") > expected)
        sched_yield();
    assert_int_equal(count_entries("/proc/self/task"), expected);
}

static void look_at_process(struct process *process) {
    memset(process, 0, sizeof(*process));
    assert_int_equal(stat(".", &process->cwd), 0);
    assert_int_equal(stat("/", &process->root), 0);
    process->mask = umask(0);
    umask(process->mask);
    process->dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
    FILE *file = fopen("/proc/self/mountinfo", "r");
    assert_non_null(file);
    assert_true(fread(process->mounts, 1, sizeof(process->mounts) - 1, file) > 0);
    fclose(file);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &process->nofile), 0);
    process->descriptors = count_entries("/proc/self/fd");
    process->threads = count_entries("/proc/self/task");
}

static struct process before;

static void the_host_is_as_it_was(void **state) {
    (void)state;
    static struct process after;
    look_at_process(&after);
    assert_true(after.cwd.st_ino == before.cwd.st_ino && after.cwd.st_dev == before.cwd.st_dev);
    assert_true(after.root.st_ino == before.root.st_ino && after.root.st_dev == before.root.st_dev);
    assert_int_equal(after.mask, before.mask);
    assert_int_equal(after.dumpable, before.dumpable);
    assert_string_equal(after.mounts, before.mounts);
    /* The pipe behind 2, the worker's table and its state, and the namespace of idmapped mounts. */
    const bool idmap = sandbox_host(sandbox)->can[ABILITY_IDMAP];
    assert_int_equal(after.descriptors, before.descriptors + 4 + idmap);
    await_threads(before.threads + 3); /* the worker's two and its steward */
    assert_int_equal(after.nofile.rlim_cur, sandbox_host(sandbox)->nofile);
    assert_int_equal(after.nofile.rlim_max, before.nofile.rlim_max);
    assert_int_equal(access("/proc/self/status", R_OK), 0);
}

static void a_closed_sandbox_leaves_nothing_and_another_can_be_opened(void **state) {
    (void)state;
    for (int i = 0; i < 20; i++) {
        char reason[256];
        sandbox_close(sandbox);
        static struct process after;
        look_at_process(&after);
        assert_int_equal(after.descriptors, before.descriptors);
        await_threads(before.threads);
        assert_int_equal(after.nofile.rlim_cur, before.nofile.rlim_cur);
        assert_int_equal(sandbox_open(&sandbox, NULL, i % 2 - 2, reason, sizeof(reason)), 0);
        assert_world_is_fresh();
    }
}

int main(void) {
    look_at_process(&before);
    open_or_skip();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_step_kind_gives_its_result),
        cmocka_unit_test(the_whole_arena_is_listed),
        cmocka_unit_test(all_names_of_one_node_show_the_same_facts),
        cmocka_unit_test(calls_are_looked_at_before_and_after),
        cmocka_unit_test(bad_pointers_reach_the_call),
        cmocka_unit_test(longest_paths_reach_the_call),
        cmocka_unit_test(a_slot_opened_again_closes_what_it_held),
        cmocka_unit_test(path_descriptors_count_as_open),
        cmocka_unit_test(locked_directories_are_listed_and_removed),
        cmocka_unit_test(deep_trees_are_listed_and_removed),
        cmocka_unit_test(more_than_fits_is_cut_and_still_removed),
        cmocka_unit_test(content_is_cut_at_its_limit),
        cmocka_unit_test(thousands_of_runs_are_all_alike),
        cmocka_unit_test(what_is_printed_can_be_read_once),
        cmocka_unit_test(the_host_is_as_it_was),
        cmocka_unit_test(a_closed_sandbox_leaves_nothing_and_another_can_be_opened),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    sandbox_close(sandbox);
    return failed;
}

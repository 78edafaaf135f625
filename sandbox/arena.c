#include "arena.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "facts.h"
#include "reason.h"

enum {
    ARENA_UMASK = 022,
    ARENA_MODE = 0755,
};

uint32_t facts_own_uid, facts_own_gid;

static const char ask[] = "run `fifofuzz doctor` and report what it says";

/* --- mounting ------------------------------------------------------------------------------- */

static const char no_tmpfs[] = "the kernel refused to mount a tmpfs";
static const char allow_mounts[] =
    "run as root, or allow mounts in user namespaces (AppArmor, container)";

/* Makes a tmpfs the root of the mount namespace; the host's tree is in it no more. */
static int leave_host(char *reason, size_t reason_size) {
    /* Any directory serves as mount point; /proc is there because the sandbox reads it. */
    static const char mount_point[] = "/proc";
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
        return refuse(reason, reason_size, errno, "the kernel refused private mounts",
                      allow_mounts);
    if (mount("fifofuzz", mount_point, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
              "size=1m,nr_inodes=64,mode=0755"))
        return refuse(reason, reason_size, errno, no_tmpfs, allow_mounts);
    if (chdir(mount_point))
        return refuse(reason, reason_size, errno, "the arena cannot be entered", ask);
    if (syscall(SYS_pivot_root, ".", ".") == 0) {
        if (umount2(".", MNT_DETACH))
            return refuse(reason, reason_size, errno, "the host's files cannot be unmounted", ask);
    } else if (errno != EINVAL || chroot(".")) {
        /* EINVAL: the old root is an initramfs or a chroot. Without capabilities and without
           descriptors from outside, chroot(2) keeps as well. */
        return refuse(reason, reason_size, errno, "the kernel refused to change the root directory",
                      "run outside of chroot(1), or as root");
    }
    return 0;
}

/* The arena lies one level below, so that the steward has a place that no path leads to. */
static int enter_arena(char *reason, size_t reason_size) {
    static const char arena[] = "/arena";
    if (mkdir(arena, 0755))
        return refuse(reason, reason_size, errno, "the arena cannot be made", ask);
    if (mount("fifofuzz", arena, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
              "size=64m,nr_inodes=16384,mode=0755"))
        return refuse(reason, reason_size, errno, no_tmpfs, allow_mounts);
    if (chdir(arena) || chroot(".") || chdir("/"))
        return refuse(reason, reason_size, errno, "the arena cannot be entered", ask);
    return 0;
}

int arena_enter(int *outside, char *reason, size_t reason_size) {
    int error = leave_host(reason, reason_size);
    if (error)
        return error;
    if (chdir("/"))
        return refuse(reason, reason_size, errno, "the arena cannot be entered", ask);
    *outside = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (*outside < 0)
        return refuse(reason, reason_size, errno, "no descriptors are left", "raise `ulimit -n`");
    return enter_arena(reason, reason_size);
}

/* With the arena's own descriptors alone nothing leads out of a changed root. */
int arena_move(struct arena *arena, const char *directory, char *reason, size_t reason_size) {
    if (chdir(directory))
        return refuse(reason, reason_size, errno, "the arena cannot be entered", ask);
    const bool rooted = chroot(".") == 0;
    snprintf(arena->path, sizeof(arena->path), "%s", rooted ? "/" : directory);
    arena->record.short_listings = !directory_is_tmpfs();
    return 0;
}

int arena_prove(struct arena *arena, char *reason, size_t reason_size) {
    static const char proof[] = "proof";
    struct stat status;
    if (mkfifo(proof, 0600) || lstat(proof, &status) || unlink(proof))
        return refuse(reason, reason_size, errno, "a FIFO cannot be made in a fresh arena",
                      "give the user namespace an id map, or run as root");
    if (status.st_mode != (S_IFIFO | 0600))
        return refuse(reason, reason_size, EPROTO, "mkfifo made something else than a FIFO", ask);
    facts_own_uid = status.st_uid;
    facts_own_gid = status.st_gid;
    if (stat(".", &status))
        return refuse(reason, reason_size, errno, "the arena cannot be looked at", ask);
    arena->dev = status.st_dev;
    arena->ino = status.st_ino;
    for (int i = 0; i < 3; i++) {
        if (fstat(i, &status))
            return refuse(reason, reason_size, errno, "descriptors 0, 1 and 2 are not open", ask);
        arena->standard_dev[i] = status.st_dev;
        arena->standard_ino[i] = status.st_ino;
    }
    return 0;
}

/* --- listing and removing ------------------------------------------------------------------- */

/* One walk over the arena: everything it meets is recorded, if anyone looks, and removed. */
struct walk {
    struct arena *arena; /* its record says who looks; without an observation: remove only */
    bool failed;         /* something could not be removed */
    bool moved;          /* the current directory is no longer what it was */
};

/* Removes a name; the directory may have lost the owner's permissions. */
static bool discard(struct walk *walk, int directory, const char *name, int flags) {
    if (unlinkat(directory, name, flags) == 0)
        return true;
    if (errno == EACCES && fchmod(directory, 0700) == 0 && unlinkat(directory, name, flags) == 0)
        return true;
    walk->failed |= errno != ENOTEMPTY;
    return false;
}

static const struct dirent64 *entry_at(const char *listing, ssize_t offset) {
    return record_entry(listing, (size_t)offset);
}

static int open_directory(int directory, const char *name) {
    return openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Lets its owner in, once its facts are known. */
static void permit(const struct walk *walk, uint32_t node, int directory, const char *name) {
    if (node == UNLISTED ||
        (walk->arena->record.observation->nodes[node].facts.mode & 0700) != 0700)
        fchmodat(directory, name, 0700, 0);
}

/* Where a walk by chdir(2) stands. */
struct place {
    uint32_t node;     /* the current directory, or the nearest one above it that is listed */
    unsigned unlisted; /* how far that is above */
    unsigned depth;    /* below where the walk started */
    uint64_t emptied;  /* ino of the subdirectory it has come back from, 0 if none */
};

static void step_down(struct walk *walk, struct place *place, const char *name, uint32_t node) {
    permit(walk, node, AT_FDCWD, name);
    walk->failed |= chdir(name) != 0;
    place->depth++;
    place->emptied = 0;
    if (node == UNLISTED)
        place->unlisted++;
    else
        place->node = node;
}

static void step_up(struct walk *walk, struct place *place) {
    struct stat status = {0};
    walk->failed |= stat(".", &status) || chdir("..");
    place->depth--;
    place->emptied = status.st_ino;
    if (place->unlisted > 0)
        place->unlisted--;
    else
        place->node = walk->arena->record.observation->nodes[place->node].parent;
}

/* Lists the current directory and empties it up to its first full subdirectory, to be entered. */
static bool sweep(struct walk *walk, struct place *place, const char *listing, ssize_t size) {
    for (ssize_t at = 0; at < size && !walk->failed; at += entry_at(listing, at)->d_reclen) {
        const struct dirent64 *entry = entry_at(listing, at);
        if (record_is_dots(entry->d_name))
            continue;
        if (entry->d_ino == place->emptied) {
            discard(walk, AT_FDCWD, entry->d_name, AT_REMOVEDIR);
            continue;
        }
        uint32_t node = record_node(&walk->arena->record, AT_FDCWD, place->node, entry->d_name);
        int flags = entry->d_type == DT_DIR ? AT_REMOVEDIR : 0;
        if (!discard(walk, AT_FDCWD, entry->d_name, flags) && !walk->failed) {
            step_down(walk, place, entry->d_name, node);
            return true;
        }
    }
    return false;
}

/*
 * Empties the directory open as `directory` with one descriptor, however deep it is: it goes down
 * by name, up by "..", and lists a directory again after every return, which shows what is left.
 */
static void empty_by_moving(struct walk *walk, int directory, uint32_t node) {
    struct place place = {.node = node};
    char *listing = walk->arena->listings[ARENA_LEVELS];
    walk->moved = true;
    walk->failed |= fchdir(directory) != 0;
    while (!walk->failed) {
        int here = open_directory(AT_FDCWD, ".");
        ssize_t size = here < 0 ? -1 : getdents64(here, listing, LISTING_SIZE);
        close(here);
        if (size < 0)
            walk->failed = true;
        else if (sweep(walk, &place, listing, size) || record_goes_on(&walk->arena->record, size))
            continue;
        else if (place.depth == 0)
            break;
        else
            step_up(walk, &place);
    }
}

static void empty(struct walk *walk, int directory, uint32_t node, unsigned level);

static void remove_entry(struct walk *walk, int directory, uint32_t parent,
                         const struct dirent64 *entry, unsigned level) {
    const char *name = entry->d_name;
    uint32_t node = record_node(&walk->arena->record, directory, parent, name);
    if (discard(walk, directory, name, entry->d_type == DT_DIR ? AT_REMOVEDIR : 0) || walk->failed)
        return;
    if (walk->arena->record.observation)
        permit(walk, node, directory, name);
    int full = open_directory(directory, name);
    if (full < 0 && errno == EACCES && fchmodat(directory, name, 0700, 0) == 0)
        full = open_directory(directory, name);
    if (full < 0) {
        walk->failed = true;
        return;
    }
    if (level < ARENA_LEVELS)
        empty(walk, full, node, level);
    else
        empty_by_moving(walk, full, node);
    close(full);
    walk->failed |= !discard(walk, directory, name, AT_REMOVEDIR);
}

/* In the arena's root there are names of the harness's, where an agent lives. */
static bool is_kept(const struct walk *walk, unsigned level, const char *name) {
    return level == 0 && walk->arena->view && view_has(walk->arena->view, name);
}

/* Empties the directory open as `directory`, `level` of which are held open above it. */
static void empty(struct walk *walk, int directory, uint32_t node, unsigned level) {
    char *listing = walk->arena->listings[level];
    ssize_t size;
    do {
        size = getdents64(directory, listing, LISTING_SIZE);
        walk->failed |= size < 0;
        for (ssize_t at = 0; at < size && !walk->failed; at += entry_at(listing, at)->d_reclen)
            if (!record_is_dots(entry_at(listing, at)->d_name) &&
                !is_kept(walk, level, entry_at(listing, at)->d_name))
                remove_entry(walk, directory, node, entry_at(listing, at), level + 1);
    } while (record_goes_on(&walk->arena->record, size) && !walk->failed);
}

void arena_begin(const struct arena *arena, int32_t end) {
    if (end > arena->numbers_end)
        end = arena->numbers_end;
#ifdef SYS_close_range
    if (syscall(SYS_close_range, 3, end - 1, 0) == 0)
        return;
#endif
    for (int i = 3; i < end && i < sysconf(_SC_OPEN_MAX); i++)
        close(i);
}

static void empty_root(struct walk *walk) {
    walk->arena->record.link_count = 0;
    int root = open_directory(AT_FDCWD, walk->arena->path);
    if (root < 0 && errno == EMFILE) {
        arena_begin(walk->arena, INT32_MAX); /* leaks have used up the table */
        root = open_directory(AT_FDCWD, walk->arena->path);
    }
    if (root < 0) {
        walk->failed = true;
        return;
    }
    empty(walk, root, 0, 0);
    close(root);
}

/* --- the rest of the world ------------------------------------------------------------------ */

static bool is_open(int number) {
    return fcntl(number, F_GETFD) >= 0;
}

/*
 * poll(2) takes O_PATH descriptors for closed: numbers are asked for singly where one may be open.
 * Those are the slots' own, and what was leaked. That had the lowest number that was free at the
 * time, and no more numbers than there are slots have come free below it since.
 */
static void observe_path_descriptors(const struct steps *steps, struct observation *observation) {
    int highest = 2, closed = 0;
    for (int i = 0; i < SCENARIO_SLOTS; i++) {
        const int number = steps->number[i];
        if (!steps->open[i] || number < 3 || number >= OBSERVED_DESCRIPTORS)
            continue;
        highest = number > highest ? number : highest;
        if (!observation->open[number])
            observation->open[number] = is_open(number);
    }
    for (int i = 3; i < OBSERVED_DESCRIPTORS && closed <= SCENARIO_SLOTS; i++) {
        if (!observation->open[i])
            observation->open[i] = is_open(i);
        closed += !observation->open[i];
        if (i > highest && !observation->open[i])
            break;
    }
}

static bool is_root(const struct arena *arena, const struct node_facts *facts) {
    return facts->error == 0 && facts->dev == arena->dev && facts->ino == arena->ino;
}

/* The root as it would be without the harness's names. A name in a tmpfs directory has size 20. */
static void forget_view(const struct arena *arena, struct node_facts *facts) {
    enum { ENTRY_SIZE = 20 };
    if (!arena->view || !is_root(arena, facts))
        return;
    facts->nlink -= arena->view->name_count;
    facts->size -= ENTRY_SIZE * (int64_t)arena->view->name_count;
}

static void observe_slot(struct observed_slot *slot) {
    facts_at(&slot->facts, slot->number, "", AT_EMPTY_PATH);
    slot->offset = lseek(slot->number, 0, SEEK_CUR);
    slot->flags = fcntl(slot->number, F_GETFL);
    slot->close_on_exec = fcntl(slot->number, F_GETFD) & FD_CLOEXEC;
}

static void observe_descriptors(const struct arena *arena, const struct steps *steps,
                                struct observation *observation) {
    struct pollfd polled[OBSERVED_DESCRIPTORS];
    for (int i = 0; i < OBSERVED_DESCRIPTORS; i++)
        polled[i] = (struct pollfd){.fd = i};
    poll(polled, OBSERVED_DESCRIPTORS, 0);
    for (int i = 0; i < OBSERVED_DESCRIPTORS; i++)
        observation->open[i] = !(polled[i].revents & POLLNVAL);
    observe_path_descriptors(steps, observation);
    for (int i = 0; i < SCENARIO_SLOTS; i++) {
        struct observed_slot *slot = &observation->slots[i];
        slot->number = steps->number[i];
        slot->facts.error = EBADF;
        if (steps->open[i])
            observe_slot(slot);
        forget_view(arena, &slot->facts);
    }
}

static bool standard_descriptors_intact(const struct arena *arena) {
    for (int i = 0; i < 3; i++) {
        struct stat status;
        if (fstat(i, &status) || status.st_dev != arena->standard_dev[i] ||
            status.st_ino != arena->standard_ino[i])
            return false;
    }
    return true;
}

static void observe_places(const struct arena *arena, const struct steps *steps,
                           struct observation *observation) {
    facts_at(&observation->cwd, AT_FDCWD, "", AT_EMPTY_PATH);
    if (is_root(arena, &observation->cwd) && !steps->used_steward)
        observation->root = observation->cwd; /* no call of the policy moves the root */
    else
        facts_at(&observation->root, AT_FDCWD, arena->path, 0);
    forget_view(arena, &observation->root);
    observation->overflow = false;
    observation->bytes_used = 0;
    observation->node_count = 1;
    observation->nodes[0] = (struct observed_node){.facts = observation->root};
    observation->tree_count = 1;
    observation->trees[0] = 0;
}

/* Takes back what the harness's steps did; what the steward mounted is recorded. */
static bool clear_mounts(struct arena *arena, struct steps *steps) {
    if (!steps->used_steward)
        return metadata_restore(&steps->steward.metadata) == 0;
    return steward_clean(&steps->steward, &arena->record, arena->listings[0]) == 0;
}

bool arena_observe(struct arena *arena, struct steps *steps, struct observation *observation) {
    arena->record.observation = observation;
    observation->umask = umask(ARENA_UMASK);
    observe_places(arena, steps, observation);
    observe_descriptors(arena, steps, observation);
    observation->standard_replaced = !standard_descriptors_intact(arena);
    bool intact = !observation->standard_replaced && is_root(arena, &observation->root);
    intact &= clear_mounts(arena, steps);
    if ((observation->root.mode & 07777) != ARENA_MODE)
        intact &= chmod(arena->path, ARENA_MODE) == 0;
    struct walk walk = {.arena = arena};
    empty_root(&walk);
    if (walk.moved || !is_root(arena, &observation->cwd) || steps->used_steward)
        intact &= chdir(arena->path) == 0;
    return intact && !walk.failed;
}

bool arena_clear(struct arena *arena, struct steps *steps) {
    arena->record.observation = NULL;
    umask(ARENA_UMASK);
    struct walk walk = {.arena = arena, .failed = !clear_mounts(arena, steps)};
    if (steps->changed_mode)
        walk.failed |= chmod(arena->path, ARENA_MODE) != 0;
    empty_root(&walk);
    if (walk.moved || steps->changed_directory)
        walk.failed |= chdir(arena->path) != 0;
    return !walk.failed;
}

bool arena_reset(struct arena *arena) {
    struct steps steps = {.changed_directory = true, .changed_mode = true};
    arena_begin(arena, INT32_MAX);
    return arena_clear(arena, &steps) && standard_descriptors_intact(arena);
}

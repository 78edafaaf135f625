#include "arena.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
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
    /* The longest entry of a listing; one that leaves this much room has reached the end. */
    ENTRY_MAX = sizeof(struct dirent64),
    UNLISTED = UINT16_MAX, /* index of a node that did not fit in the observation */
};
_Static_assert((int)UNLISTED > (int)OBSERVED_NODES_MAX, "an index that no node has");

static const char ask[] = "run `fifofuzz doctor` and report what it says";

/* --- mounting ------------------------------------------------------------------------------- */

int arena_enter(char *reason, size_t reason_size) {
    /* Any directory serves as mount point; /proc is there because the sandbox reads it. */
    static const char mount_point[] = "/proc";
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
        return refuse(reason, reason_size, errno, "the kernel refused private mounts",
                      "run as root, or allow mounts in user namespaces (AppArmor, container)");
    if (mount("fifofuzz", mount_point, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
              "size=64m,nr_inodes=16384,mode=0755"))
        return refuse(reason, reason_size, errno, "the kernel refused to mount a tmpfs",
                      "run as root, or allow mounts in user namespaces (AppArmor, container)");
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
    if (chdir("/"))
        return refuse(reason, reason_size, errno, "the arena cannot be entered", ask);
    return 0;
}

int arena_prove(struct arena *arena, char *reason, size_t reason_size) {
    struct stat status;
    if (mkfifo("/proof", 0600) || lstat("/proof", &status) || unlink("/proof"))
        return refuse(reason, reason_size, errno, "a FIFO cannot be made in a fresh tmpfs",
                      "give the user namespace an id map, or run as root");
    if (!S_ISFIFO(status.st_mode))
        return refuse(reason, reason_size, EPROTO, "mkfifo made something else than a FIFO", ask);
    if (stat("/", &status))
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
    struct arena *arena;
    struct observation *observation; /* NULL: remove only */
    bool failed;                     /* something could not be removed */
    bool moved;                      /* the current directory is no longer what it was */
};

/* Stores `length` bytes; false and `overflow` when they do not fit. */
static bool store(struct observation *observation, const char *bytes, uint32_t length,
                  uint32_t *offset) {
    if (length > OBSERVED_BYTES_MAX - observation->bytes_used) {
        observation->overflow = true;
        return false;
    }
    *offset = observation->bytes_used;
    if (bytes)
        memcpy(observation->bytes + *offset, bytes, length);
    observation->bytes_used += length;
    return true;
}

static ssize_t read_file(int directory, const char *name, char *out, size_t capacity) {
    const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
    int file = openat(directory, name, flags);
    if (file < 0 && errno == EACCES && fchmodat(directory, name, 0600, 0) == 0)
        file = openat(directory, name, flags);
    if (file < 0)
        return -1;
    ssize_t length = read(file, out, capacity);
    close(file);
    return length;
}

/* The body of a symlink or the content of a file. */
static void record_content(struct observation *observation, struct observed_node *node,
                           int directory, const char *name) {
    uint32_t room = OBSERVED_BYTES_MAX - observation->bytes_used;
    uint32_t wanted =
        node->facts.size < CONTENT_MAX ? (uint32_t)node->facts.size : (uint32_t)CONTENT_MAX;
    if (wanted > room) {
        observation->overflow = true;
        wanted = room;
    }
    char *out = observation->bytes + observation->bytes_used;
    ssize_t length = S_ISLNK(node->facts.mode) ? readlinkat(directory, name, out, wanted)
                                               : read_file(directory, name, out, wanted);
    if (length < 0)
        node->facts = (struct node_facts){.error = errno};
    else
        store(observation, NULL, node->content_length = (uint32_t)length, &node->content);
}

/* A second name of a node gets the facts from before its first name was removed. */
static void record_links(struct arena *arena, struct observation *observation, uint32_t index) {
    struct node_facts *facts = &observation->nodes[index].facts;
    for (uint32_t i = 0; i < arena->link_count; i++) {
        if (arena->links[i].ino == facts->ino) {
            *facts = observation->nodes[arena->links[i].node].facts;
            return;
        }
    }
    if (facts->nlink > 1 && !S_ISDIR(facts->mode))
        arena->links[arena->link_count++] = (struct arena_link){facts->ino, index};
}

/* Records the node `name` of `directory`; returns its index, or UNLISTED. */
static uint32_t record(struct walk *walk, int directory, uint32_t parent, const char *name) {
    struct observation *observation = walk->observation;
    if (!observation || observation->overflow)
        return UNLISTED;
    uint32_t index = observation->node_count;
    struct observed_node *node = &observation->nodes[index];
    uint32_t length = (uint32_t)strlen(name);
    if (index == OBSERVED_NODES_MAX || !store(observation, name, length, &node->name)) {
        observation->overflow = true;
        return UNLISTED;
    }
    observation->node_count++;
    node->parent = parent;
    node->name_length = length;
    node->content = 0;
    node->content_length = 0;
    facts_at(&node->facts, directory, name, AT_SYMLINK_NOFOLLOW);
    if (S_ISLNK(node->facts.mode) || (S_ISREG(node->facts.mode) && node->facts.size > 0))
        record_content(observation, node, directory, name);
    record_links(walk->arena, observation, index);
    return index;
}

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
    return (const struct dirent64 *)(const void *)(listing + offset);
}

static bool is_dots(const char *name) {
    return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

static int open_directory(int directory, const char *name) {
    return openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Lets its owner in, once its facts are known. */
static void permit(const struct walk *walk, uint32_t node, int directory, const char *name) {
    if (node == UNLISTED || (walk->observation->nodes[node].facts.mode & 0700) != 0700)
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
        place->node = walk->observation->nodes[place->node].parent;
}

/* Lists the current directory and empties it up to its first full subdirectory, to be entered. */
static bool sweep(struct walk *walk, struct place *place, const char *listing, ssize_t size) {
    for (ssize_t at = 0; at < size && !walk->failed; at += entry_at(listing, at)->d_reclen) {
        const struct dirent64 *entry = entry_at(listing, at);
        if (is_dots(entry->d_name))
            continue;
        if (entry->d_ino == place->emptied) {
            discard(walk, AT_FDCWD, entry->d_name, AT_REMOVEDIR);
            continue;
        }
        uint32_t node = record(walk, AT_FDCWD, place->node, entry->d_name);
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
        ssize_t size = here < 0 ? -1 : getdents64(here, listing, ARENA_LISTING);
        close(here);
        if (size < 0)
            walk->failed = true;
        else if (sweep(walk, &place, listing, size) || size + ENTRY_MAX > ARENA_LISTING)
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
    uint32_t node = record(walk, directory, parent, name);
    if (discard(walk, directory, name, entry->d_type == DT_DIR ? AT_REMOVEDIR : 0) || walk->failed)
        return;
    if (walk->observation)
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

/* Empties the directory open as `directory`, `level` of which are held open above it. */
static void empty(struct walk *walk, int directory, uint32_t node, unsigned level) {
    char *listing = walk->arena->listings[level];
    ssize_t size;
    do {
        size = getdents64(directory, listing, ARENA_LISTING);
        walk->failed |= size < 0;
        for (ssize_t at = 0; at < size && !walk->failed; at += entry_at(listing, at)->d_reclen)
            if (!is_dots(entry_at(listing, at)->d_name))
                remove_entry(walk, directory, node, entry_at(listing, at), level + 1);
    } while (size + ENTRY_MAX > ARENA_LISTING && !walk->failed);
}

void arena_begin(void) {
#ifdef SYS_close_range
    if (syscall(SYS_close_range, 3, ~0U, 0) == 0)
        return;
#endif
    for (int i = 3; i < sysconf(_SC_OPEN_MAX) && i < 65536; i++)
        close(i);
}

static void empty_root(struct walk *walk) {
    walk->arena->link_count = 0;
    int root = open_directory(AT_FDCWD, "/");
    if (root < 0 && errno == EMFILE) {
        arena_begin(); /* leaks have used up the table */
        root = open_directory(AT_FDCWD, "/");
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
 * poll(2) takes O_PATH descriptors for closed. One that was leaked has the lowest number that was
 * free, so the numbers up to the first free one above all slots are asked for singly.
 */
static void observe_path_descriptors(const struct steps *steps, struct observation *observation) {
    int highest = 2;
    for (int i = 0; i < SCENARIO_SLOTS; i++)
        if (steps->open[i] && steps->number[i] > highest)
            highest = steps->number[i];
    for (int i = 3; i < OBSERVED_DESCRIPTORS; i++) {
        if (!observation->open[i])
            observation->open[i] = is_open(i);
        if (i > highest && !observation->open[i])
            break;
    }
}

static void observe_slot(struct observed_slot *slot) {
    facts_at(&slot->facts, slot->number, "", AT_EMPTY_PATH);
    slot->offset = lseek(slot->number, 0, SEEK_CUR);
    slot->flags = fcntl(slot->number, F_GETFL);
    slot->close_on_exec = fcntl(slot->number, F_GETFD) & FD_CLOEXEC;
}

static void observe_descriptors(const struct steps *steps, struct observation *observation) {
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

static bool is_root(const struct arena *arena, const struct node_facts *facts) {
    return facts->error == 0 && facts->dev == arena->dev && facts->ino == arena->ino;
}

static void observe_places(const struct arena *arena, struct observation *observation) {
    facts_at(&observation->cwd, AT_FDCWD, "", AT_EMPTY_PATH);
    if (is_root(arena, &observation->cwd))
        observation->root = observation->cwd; /* no call of the policy moves the root */
    else
        facts_at(&observation->root, AT_FDCWD, "/", 0);
    observation->overflow = false;
    observation->bytes_used = 0;
    observation->node_count = 1;
    observation->nodes[0] = (struct observed_node){.facts = observation->root};
}

bool arena_observe(struct arena *arena, const struct steps *steps,
                   struct observation *observation) {
    observation->umask = umask(ARENA_UMASK);
    observe_places(arena, observation);
    observe_descriptors(steps, observation);
    observation->standard_replaced = !standard_descriptors_intact(arena);
    bool intact = !observation->standard_replaced && is_root(arena, &observation->root);
    if ((observation->root.mode & 07777) != ARENA_MODE)
        intact &= chmod("/", ARENA_MODE) == 0;
    struct walk walk = {.arena = arena, .observation = observation};
    empty_root(&walk);
    if (walk.moved || !is_root(arena, &observation->cwd))
        intact &= chdir("/") == 0;
    return intact && !walk.failed;
}

bool arena_clear(struct arena *arena, const struct steps *steps) {
    umask(ARENA_UMASK);
    struct walk walk = {.arena = arena};
    if (steps->changed_mode)
        walk.failed |= chmod("/", ARENA_MODE) != 0;
    empty_root(&walk);
    if (walk.moved || steps->changed_directory)
        walk.failed |= chdir("/") != 0;
    return !walk.failed;
}

bool arena_reset(struct arena *arena) {
    const struct steps steps = {.changed_directory = true, .changed_mode = true};
    arena_begin();
    return arena_clear(arena, &steps) && standard_descriptors_intact(arena);
}

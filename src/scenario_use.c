#include "scenario_use.h"

#include "scenario_call.h"

enum { NAMES = 3 };
static const char *const names[NAMES] = {"f", "g", "d/f"};

/* What is known of a slot: which name was opened, and what for. */
struct held {
    bool open;
    uint8_t name, flags;
};

/* A scenario that is being made. What the steps come to is guessed, which is good enough. */
struct play {
    struct zoo *zoo;
    struct random *random;
    uint32_t actor;
    struct held held[SCENARIO_SLOTS];
};

/* --- operands --------------------------------------------------------------------------------- */

uint32_t use_random_size(struct random *random) {
    static const uint16_t edges[] = {0,     1,     1,     2,     5,     100,   2048, 2049,
                                     4095,  4095,  4096,  4096,  4097,  4097,  8191, 8192,
                                     12288, 32768, 61440, 61441, 65534, 65535, 65535};
    return random_one_in(random, 6) ? random_below(random, NUMBER_MAX + 1)
                                    : random_item(random, edges);
}

enum step_kind use_random_kind(struct random *random) {
    static const uint8_t kinds[] = {STEP_ACTOR, STEP_OPEN,  STEP_OPEN,   STEP_READ,  STEP_READ,
                                    STEP_WRITE, STEP_WRITE, STEP_POLL,   STEP_USE,   STEP_RESIZE,
                                    STEP_CLOSE, STEP_DUP,   STEP_SIGNAL, STEP_UNLINK};
    return random_item(random, kinds);
}

/* Who reads, who writes, who does both, and who waits for that; at times what is of no use. */
static uint8_t random_open_flags(struct random *random) {
    static const uint8_t access[] = {0, 0, OPEN_WRITE, OPEN_WRITE, OPEN_WRITE, OPEN_BOTH};
    static const uint8_t odd[] = {OPEN_PATH,     OPEN_NOFOLLOW, OPEN_DIRECTORY,
                                  OPEN_TRUNCATE, OPEN_APPEND,   OPEN_WRITE | OPEN_BOTH};
    uint8_t flags = random_item(random, access);
    if (random_one_in(random, 2))
        flags |= OPEN_WAIT;
    if (random_one_in(random, 12))
        flags |= random_item(random, odd);
    return flags;
}

/* --- steps ------------------------------------------------------------------------------------ */

static struct step *add_step(const struct play *play, enum step_kind kind) {
    return scenario_add(play->zoo->scenario, kind);
}

static struct text store_name(const struct play *play, uint32_t name) {
    const char *text = names[name];
    uint32_t length = 0;
    while (text[length])
        length++;
    return scenario_store(play->zoo->scenario, text, length);
}

static uint32_t random_name(const struct play *play) {
    return random_one_in(play->random, 3) ? random_below(play->random, NAMES) : 0;
}

static void let_act(struct play *play, uint32_t actor) {
    struct step *step = actor == play->actor ? NULL : add_step(play, STEP_ACTOR);
    if (!step)
        return;
    step->mode = actor;
    play->actor = actor;
}

static void let_another_act(struct play *play) {
    let_act(play, (play->actor + random_between(play->random, 1, ACTORS - 1)) % ACTORS);
}

static void make_fifo(const struct play *play, uint32_t name) {
    static const uint16_t modes[] = {0644, 0644, 0666, 0666, 0600, 0444, 0222, 0};
    struct step *step =
        add_step(play, random_one_in(play->random, 2) ? STEP_MKFIFO : STEP_MKFIFOAT);
    if (!step)
        return;
    step->path = store_name(play, name);
    step->mode = random_one_in(play->random, 4) ? random_item(play->random, modes) : 0666;
}

static void make_directory(const struct play *play) {
    struct step *step = add_step(play, STEP_MKDIR);
    if (!step)
        return;
    step->path = scenario_store(play->zoo->scenario, "d", 1);
    step->mode = 0755;
}

static void open_as(struct play *play, uint32_t slot, uint32_t name, uint8_t flags) {
    struct step *step = add_step(play, STEP_OPEN);
    if (!step)
        return;
    step->path = store_name(play, name);
    step->slot = (uint8_t)slot;
    step->flags = flags;
    play->held[slot] = (struct held){.open = true, .name = (uint8_t)name, .flags = flags};
    if (flags & OPEN_WAIT && !(flags & OPEN_BOTH) && !random_one_in(play->random, 3))
        let_another_act(play);
}

/* Mostly a slot that is open, if `flags` are not 0 for what they say; else any of the first. */
static uint32_t random_slot(const struct play *play, unsigned flags) {
    for (int attempt = 0; attempt < 8; attempt++) {
        const uint32_t slot = random_below(play->random, 6);
        const struct held *held = &play->held[slot];
        if (held->open && (flags == 0 || held->flags & flags))
            return slot;
    }
    return random_below(play->random, 4);
}

/* The second half of a rendezvous, or just one more. */
static void open_fifo(struct play *play) {
    open_as(play, random_below(play->random, 6), random_name(play),
            random_open_flags(play->random));
}

static void transfer(struct play *play, enum step_kind kind, uint32_t slot, uint32_t size) {
    struct step *step = add_step(play, kind);
    if (!step)
        return;
    step->slot = (uint8_t)slot;
    step->mode = size;
    if (play->held[slot].flags & OPEN_WAIT && random_one_in(play->random, 2))
        let_another_act(play);
}

static void write_fifo(struct play *play) {
    transfer(play, STEP_WRITE, random_slot(play, OPEN_WRITE | OPEN_BOTH),
             use_random_size(play->random));
}

static void read_fifo(struct play *play) {
    uint32_t slot = random_slot(play, 0);
    if (play->held[slot].flags & OPEN_WRITE)
        slot = random_slot(play, 0);
    transfer(play, STEP_READ, slot, use_random_size(play->random));
}

/* Up to the last byte, or all but that. */
static void fill_fifo(struct play *play) {
    const uint32_t slot = random_slot(play, OPEN_WRITE | OPEN_BOTH);
    transfer(play, STEP_WRITE, slot, random_one_in(play->random, 2) ? 65535 : 61440);
    if (random_one_in(play->random, 2))
        transfer(play, STEP_WRITE, slot, random_one_in(play->random, 2) ? 1 : 4096);
}

static void look_at_fifo(struct play *play) {
    static const uint8_t kinds[] = {STEP_POLL, STEP_POLL, STEP_USE, STEP_USE, STEP_RESIZE};
    struct step *step = add_step(play, random_item(play->random, kinds));
    if (!step)
        return;
    step->slot = (uint8_t)random_slot(play, 0);
    if (step->kind == STEP_RESIZE)
        step->mode = use_random_size(play->random);
    if (step->kind == STEP_USE)
        step->pointer =
            (uint8_t)(random_one_in(play->random, 2) ? USE_PENDING
                                                     : random_below(play->random, USE_COUNT));
}

static void close_fifo(struct play *play) {
    struct step *step = add_step(play, STEP_CLOSE);
    if (!step)
        return;
    step->slot = (uint8_t)random_slot(play, 0);
    play->held[step->slot].open = false;
}

static void copy_descriptor(struct play *play) {
    const uint32_t from = random_slot(play, 0), to = random_below(play->random, 6);
    struct step *step = add_step(play, STEP_DUP);
    if (!step)
        return;
    step->slot = (uint8_t)to;
    step->dirfd = (struct dirfd){DIRFD_SLOT, (int32_t)from};
    play->held[to] = play->held[from];
}

static void signal_actor(struct play *play) {
    struct step *step = add_step(play, STEP_SIGNAL);
    if (!step)
        return;
    step->mode = random_below(play->random, ACTORS);
    step->flags = random_one_in(play->random, 2) ? SIGNAL_RESTART : 0;
}

/* A name goes, comes again, or becomes another. */
static void change_names(struct play *play) {
    static const uint8_t kinds[] = {STEP_UNLINK, STEP_UNLINK, STEP_LINK, STEP_RENAME, STEP_CHMOD};
    const uint32_t name = random_name(play);
    struct step *step = add_step(play, random_item(play->random, kinds));
    if (!step)
        return;
    step->path = store_name(play, name);
    if (step->kind == STEP_LINK || step->kind == STEP_RENAME)
        step->other = store_name(play, random_below(play->random, NAMES));
    else if (step->kind == STEP_CHMOD)
        step->mode = random_one_in(play->random, 2) ? 0666 : random_below(play->random, 01000);
    else if (random_one_in(play->random, 2))
        make_fifo(play, name);
}

/* A directory with a FIFO is seen twice. */
static void show_twice(struct play *play) {
    struct scenario *scenario = play->zoo->scenario;
    struct step *step = add_step(play, STEP_BIND);
    if (!step)
        return;
    step->path = scenario_store(scenario, random_one_in(play->random, 2) ? "/" : "d", 1);
    step->other = scenario_store(scenario, "d", 1);
    step->flags = random_one_in(play->random, 2) ? MOUNT_READ_ONLY : 0;
}

/* --- the whole -------------------------------------------------------------------------------- */

static void begin(struct play *play) {
    if (random_one_in(play->random, 4)) {
        make_directory(play);
        if (random_one_in(play->random, 3))
            show_twice(play);
        make_fifo(play, NAMES - 1);
    }
    make_fifo(play, 0);
    if (random_one_in(play->random, 3))
        open_as(play, 0, 0, OPEN_BOTH | (random_one_in(play->random, 2) ? OPEN_WAIT : 0));
    else if (random_one_in(play->random, 2))
        open_as(play, 0, 0, 0);
}

static void do_one_thing(struct play *play) {
    static void (*const things[])(struct play *) = {
        open_fifo,       open_fifo,    open_fifo,    open_fifo,       open_fifo,    write_fifo,
        write_fifo,      write_fifo,   fill_fifo,    read_fifo,       read_fifo,    read_fifo,
        close_fifo,      close_fifo,   look_at_fifo, look_at_fifo,    look_at_fifo, let_another_act,
        let_another_act, signal_actor, change_names, copy_descriptor,
    };
    random_item(play->random, things)(play);
}

void use_add_steps(struct zoo *zoo) {
    struct play play = {.zoo = zoo, .random = zoo->random};
    begin(&play);
    for (uint32_t i = random_between(play.random, 3, 24); i > 0; i--)
        do_one_thing(&play);
    if (random_one_in(play.random, 8))
        call_add(zoo, random_one_in(play.random, 2) ? STEP_MKFIFO : STEP_MKFIFOAT);
}

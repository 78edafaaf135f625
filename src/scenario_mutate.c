#include "scenario_mutate.h"

#include "check.h"
#include "scenario_call.h"
#include "scenario_cast.h"
#include "scenario_edit.h"
#include "scenario_mutation.h"
#include "scenario_stage.h"
#include "scenario_use.h"
#include "scenario_zoo.h"

/* --- moving steps ---------------------------------------------------------------------------- */

/* A text of `from` stored in `to`; one without bytes is all 0, as its place there means nothing. */
static struct text copy_text(struct scenario *to, const struct scenario *from, struct text text) {
    if (text.length == 0)
        return (struct text){0};
    return scenario_store(to, scenario_text(from, text), text.length);
}

/* Adds a copy of step `index` of `from`, with texts of its own; false when `to` is full. */
static bool append_step(struct scenario *to, const struct scenario *from, uint32_t index) {
    const struct step original = from->steps[index];
    struct step *step = scenario_add(to, original.kind);
    if (step == NULL)
        return false;
    *step = original;
    step->path = copy_text(to, from, original.path);
    step->other = copy_text(to, from, original.other);
    mutation_repair_pointer(step);
    return true;
}

static void reverse_steps(struct step *first, uint32_t count) {
    for (uint32_t i = 0; i < count / 2; i++) {
        struct step step = first[i];
        first[i] = first[count - 1 - i];
        first[count - 1 - i] = step;
    }
}

/* Moves the steps from `middle` on to before step `to`. */
static void move_tail(struct scenario *scenario, uint32_t to, uint32_t middle) {
    struct step *steps = scenario->steps;
    uint32_t end = scenario->step_count;
    check(to <= middle && middle <= end);
    reverse_steps(steps + to, middle - to);
    reverse_steps(steps + middle, end - middle);
    reverse_steps(steps + to, end - to);
}

static void remove_at(struct scenario *scenario, uint32_t index) {
    for (uint32_t i = index + 1; i < scenario->step_count; i++)
        scenario->steps[i - 1] = scenario->steps[i];
    scenario_truncate(scenario, scenario->step_count - 1);
}

/*
 * Texts that no step uses any longer, and texts that two steps share, are done away with before
 * they could use up the pool or let the sum of all lengths pass its limit.
 */
static void tidy_pool(struct scenario *scenario) {
    static struct scenario scratch;
    uint32_t used = 0;
    for (uint32_t i = 0; i < scenario->step_count; i++)
        used += scenario->steps[i].path.length + scenario->steps[i].other.length;
    if (used <= scenario->pool_used && scenario->pool_used <= 2 * used + 8192)
        return;
    scenario_copy(&scratch, scenario);
    scenario_clear(scenario);
    for (uint32_t i = 0; i < scratch.step_count; i++)
        append_step(scenario, &scratch, i);
}

/* --- choosing -------------------------------------------------------------------------------- */

/* Where something that is to affect a call has to go: before the last call, or anywhere. */
static uint32_t random_place(struct mutation *m) {
    uint32_t count = m->scenario->step_count;
    if (count > 0 && step_is_call(&m->scenario->steps[count - 1]) && !random_one_in(m->random, 3))
        return count - 1;
    return random_below(m->random, count + 1);
}

/* --- operands and texts ---------------------------------------------------------------------- */

static bool change_operand(struct mutation *m) {
    if (m->scenario->step_count == 0)
        return false;
    struct step *step = &m->scenario->steps[mutation_random_step(m)];
    const uint8_t *operands = step_infos[step->kind].operands;
    uint32_t count = 0;
    while (operands[count] != OPERAND_END)
        count++;
    mutation_set_operand(m, step, operands[random_below(m->random, count)]);
    return true;
}

static bool edit_text(struct mutation *m) {
    if (m->scenario->step_count == 0)
        return false;
    struct step *step = &m->scenario->steps[mutation_random_step(m)];
    bool other_text = step->other.length > 0 && random_one_in(m->random, 2);
    struct text *text = other_text ? &step->other : &step->path;
    if (text->length == 0 && step->kind != STEP_MKFIFO && step->kind != STEP_MKFIFOAT)
        return false;
    if (pointer_is_bad(step) && step->pointer != POINTER_UNTERMINATED)
        return false;
    struct path path, other;
    mutation_load(m, &path, *text);
    mutation_random_path(m, &other);
    path_edit(&path, &other, m->random);
    *text = mutation_store(m, &path);
    mutation_repair_pointer(step);
    return true;
}

static bool swap_paths(struct mutation *m) {
    uint32_t count = m->scenario->step_count;
    if (count < 2)
        return false;
    struct step *a = &m->scenario->steps[mutation_random_step(m)];
    struct step *b = &m->scenario->steps[random_below(m->random, count)];
    if (a == b || a->path.length == 0 || b->path.length == 0)
        return false;
    struct text path = a->path;
    a->path = b->path;
    b->path = path;
    return true;
}

/* --- steps ----------------------------------------------------------------------------------- */

/* What costs much, mounts and above all a Landlock domain, comes seldom. */
static enum step_kind kind_to_insert(struct random *random, enum target_shape shape) {
    static const uint8_t kinds[] = {STEP_MKDIR, STEP_FILE,   STEP_SYMLINK, STEP_LINK,  STEP_UNLINK,
                                    STEP_RMDIR, STEP_RENAME, STEP_CHMOD,   STEP_CHMOD, STEP_UMASK,
                                    STEP_UMASK, STEP_CHDIR,  STEP_CHDIR,   STEP_OPEN,  STEP_CLOSE};
    static const uint8_t costly[] = {
        STEP_AS,   STEP_AS,        STEP_AS,        STEP_CHOWN,   STEP_CHOWN,   STEP_ACL,
        STEP_ACL,  STEP_ATTRIBUTE, STEP_ATTRIBUTE, STEP_DUP,     STEP_NOFILE,  STEP_MOUNT,
        STEP_BIND, STEP_BIND,      STEP_REMOUNT,   STEP_REMOUNT, STEP_REMOUNT, STEP_UMOUNT};
    if ((shape == SHAPE_THREADS || shape == SHAPE_INJECT) && random_one_in(random, 2))
        return stage_random_kind(random, shape);
    if (shape_takes(shape, STEP_READ) && random_one_in(random, 2))
        return use_random_kind(random);
    if (!random_one_in(random, 4))
        return random_item(random, kinds);
    return random_one_in(random, 30) ? STEP_LANDLOCK : random_item(random, costly);
}

static void set_operands(struct mutation *m, struct step *step, enum operand but) {
    for (const uint8_t *operand = step_infos[step->kind].operands; *operand; operand++)
        if (*operand != but)
            mutation_set_operand(m, step, *operand);
}

static bool insert_step(struct mutation *m) {
    uint32_t place = random_place(m);
    uint32_t end = m->scenario->step_count;
    struct step *step = scenario_add(m->scenario, kind_to_insert(m->random, m->shape));
    if (step == NULL)
        return false;
    set_operands(m, step, OPERAND_END);
    move_tail(m->scenario, place, end);
    return true;
}

static bool remove_step(struct mutation *m) {
    uint32_t count = m->scenario->step_count;
    if (count < 2)
        return false;
    remove_at(m->scenario, random_below(m->random, count));
    return true;
}

static bool remove_many_steps(struct mutation *m) {
    uint32_t count = m->scenario->step_count;
    if (count < 8)
        return false;
    for (uint32_t i = random_below(m->random, count / 2) + 1; i > 0; i--)
        remove_at(m->scenario, random_below(m->random, m->scenario->step_count));
    return true;
}

static bool duplicate_step(struct mutation *m) {
    uint32_t end = m->scenario->step_count;
    if (end == 0)
        return false;
    uint32_t index = mutation_random_step(m);
    uint32_t place = random_one_in(m->random, 2) ? index : random_place(m);
    if (!append_step(m->scenario, m->scenario, index))
        return false;
    move_tail(m->scenario, place, end);
    return true;
}

static bool move_step(struct mutation *m) {
    uint32_t end = m->scenario->step_count;
    if (end < 2)
        return false;
    uint32_t from = random_below(m->random, end);
    struct step step = m->scenario->steps[from];
    remove_at(m->scenario, from);
    check(scenario_add(m->scenario, step.kind) != NULL);
    m->scenario->steps[end - 1] = step;
    move_tail(m->scenario, random_below(m->random, end), end - 1);
    return true;
}

/* --- members and calls ----------------------------------------------------------------------- */

/* A new member, and the last call moved into it, onto it or behind it. */
static bool add_member(struct mutation *m) {
    struct zoo zoo;
    uint32_t end = m->scenario->step_count;
    if (end == 0 || !step_is_call(&m->scenario->steps[end - 1]))
        return false;
    zoo_start(&zoo, m->scenario, m->random, m->shape);
    zoo_adopt(&zoo);
    uint32_t member = zoo_make(&zoo, KINDS_PRESENT);
    struct path path;
    mutation_load(m, &path, m->scenario->steps[end - 1].path);
    uint32_t start = path.length;
    while (start > 0 && path.bytes[start - 1] != '/')
        start--;
    path_erase(&path, 0, start);
    struct path front;
    front.length = 0;
    zoo_add_path(&zoo, &front, zoo.cwd, member);
    if (random_one_in(m->random, 4))
        path.length = 0;
    else
        path_insert(&path, 0, "/", 1);
    path_insert(&path, 0, front.bytes, front.length);
    struct step *call = &m->scenario->steps[end - 1];
    call->pointer = POINTER_STRING;
    call->path = mutation_store(m, &path);
    call->other = (struct text){0};
    move_tail(m->scenario, end - 1, end);
    return true;
}

/* Another call with what it needs; where only one call fits it takes the place of the old one. */
static bool add_call(struct mutation *m) {
    struct zoo zoo;
    uint32_t end = m->scenario->step_count;
    if (!shape_has_calls(m->shape) && end > 0 && step_is_call(&m->scenario->steps[end - 1]))
        scenario_truncate(m->scenario, end - 1);
    zoo_start(&zoo, m->scenario, m->random, m->shape);
    zoo_adopt(&zoo);
    bool at =
        m->shape == SHAPE_MKFIFOAT || (shape_has_calls(m->shape) && random_one_in(m->random, 2));
    call_add(&zoo, at ? STEP_MKFIFOAT : STEP_MKFIFO);
    return true;
}

/*
 * Something happens to a directory on a call's way: it is shut, moved, removed, entered, given away
 * or mounted upon.
 */
static bool spoil_prefix(struct mutation *m) {
    static const uint8_t kinds[] = {STEP_CHMOD,  STEP_CHMOD,     STEP_CHMOD,   STEP_RMDIR,
                                    STEP_UNLINK, STEP_RENAME,    STEP_CHDIR,   STEP_CHOWN,
                                    STEP_ACL,    STEP_ATTRIBUTE, STEP_REMOUNT, STEP_MOUNT};
    uint32_t end = m->scenario->step_count;
    if (end == 0)
        return false;
    uint32_t index = mutation_random_step(m);
    struct path path;
    mutation_load(m, &path, m->scenario->steps[index].path);
    while (path.length > 0 && (path.bytes[path.length - 1] != '/' || random_one_in(m->random, 3)))
        path.length--;
    if (path.length > 1)
        path.length--;
    if (path.length == 0)
        path_add(&path, ".", 1);
    struct step *step = scenario_add(m->scenario, random_item(m->random, kinds));
    if (step == NULL)
        return false;
    step->path = mutation_store(m, &path);
    set_operands(m, step, OPERAND_PATH);
    move_tail(m->scenario, index, end);
    return true;
}

/* The working directory at the time of the last call is one that is gone or shut. */
static bool spoil_cwd(struct mutation *m) {
    struct zoo zoo;
    uint32_t end = m->scenario->step_count;
    if (end == 0)
        return false;
    zoo_start(&zoo, m->scenario, m->random, m->shape);
    zoo_adopt(&zoo);
    uint32_t member = zoo_make(&zoo, KIND(DIRECTORY));
    zoo_step(&zoo, STEP_CHDIR, member);
    zoo.cwd = member;
    if (random_one_in(m->random, 2))
        zoo_remove(&zoo, member);
    else
        zoo_chmod(&zoo, member);
    move_tail(m->scenario, end - 1, end);
    return true;
}

/* Another caller makes the last call. */
static bool spoil_caller(struct mutation *m) {
    uint32_t end = m->scenario->step_count;
    if (end == 0)
        return false;
    uint32_t index = mutation_random_step(m);
    struct step *step = scenario_add(m->scenario, STEP_AS);
    if (step == NULL)
        return false;
    identity_random(&step->identity, m->random);
    step->flags = capabilities_random(m->random);
    move_tail(m->scenario, index, end);
    return true;
}

/* --- the two functions ----------------------------------------------------------------------- */

static bool mutate_once(struct mutation *m) {
    static bool (*const mutations[])(struct mutation *) = {
        change_operand, change_operand, change_operand, change_operand,    edit_text,
        edit_text,      edit_text,      edit_text,      edit_text,         edit_text,
        swap_paths,     insert_step,    insert_step,    remove_step,       remove_step,
        remove_step,    duplicate_step, move_step,      remove_many_steps, add_member,
        add_member,     add_call,       spoil_prefix,   spoil_prefix,      spoil_cwd,
        spoil_caller,
    };
    return random_item(m->random, mutations)(m);
}

/*
 * A Landlock domain costs as much time as hundreds of other steps, so the mutants of a scenario
 * that has one mostly do without.
 */
static void remove_domains(struct scenario *scenario) {
    for (uint32_t i = scenario->step_count; i-- > 0;)
        if (scenario->steps[i].kind == STEP_LANDLOCK)
            remove_at(scenario, i);
}

static bool has_call(const struct scenario *scenario) {
    for (uint32_t i = scenario->step_count; i-- > 0;) {
        if (step_is_call(&scenario->steps[i]))
            return true;
    }
    return false;
}

void scenario_mutate(struct scenario *scenario, struct random *random, enum target_shape shape) {
    static const uint8_t counts[] = {1, 1, 1, 1, 1, 1, 2, 2, 3, 5};
    struct mutation m = {scenario, random, shape};
    tidy_pool(scenario);
    if (!random_one_in(random, 4))
        remove_domains(scenario);
    for (uint32_t count = random_item(random, counts); count > 0; count--) {
        for (int attempt = 0; attempt < 8 && !mutate_once(&m); attempt++)
            continue;
    }
    if (!has_call(scenario))
        add_call(&m);
    scenario_restrict(scenario, shape);
    check(scenario_fits(scenario, shape));
}

void scenario_cross(struct scenario *out, const struct scenario *a, const struct scenario *b,
                    struct random *random, enum target_shape shape) {
    check(out != a && out != b);
    scenario_clear(out);
    bool whole = random_one_in(random, 3);
    uint32_t kept = whole ? a->step_count : random_below(random, a->step_count + 1);
    uint32_t first =
        whole && b->step_count > 0 ? b->step_count - 1 : random_below(random, b->step_count + 1);
    for (uint32_t i = 0; i < kept; i++)
        append_step(out, a, i);
    for (uint32_t i = first; i < b->step_count; i++)
        append_step(out, b, i);
    scenario_restrict(out, shape);
    check(scenario_fits(out, shape));
}

/*
 * Changes that make no step smaller by themselves but make others superfluous: a shorter way to the
 * same place. Each is kept only if fewer steps are left in the end.
 */
#include <string.h>

#include "minimize_pass.h"
#include "scenario_path.h"

/* --- keeping what pays --------------------------------------------------------------------------
 */

/*
 * Takes the candidate if the predicate holds for it and steps can be dropped then; else all is as
 * it was. Returns whether it was taken.
 */
static bool try_detour(struct minimization *m) {
    static struct scenario before;
    scenario_copy(&before, m->best);
    if (!minimize_try(m))
        return false;
    minimize_steps(m);
    if (m->best->step_count < before.step_count)
        return true;
    scenario_copy(m->best, &before);
    return false;
}

static void load(const struct scenario *scenario, struct text text, struct path *path) {
    path->length = 0;
    path_add(path, scenario_text(scenario, text), text.length);
}

static void remove_step(struct scenario *scenario, uint32_t index) {
    memmove(scenario->steps + index, scenario->steps + index + 1,
            (scenario->step_count - index - 1) * sizeof *scenario->steps);
    scenario_truncate(scenario, scenario->step_count - 1);
}

/* --- another way to the parent ------------------------------------------------------------------
 */

/* Where the last component begins; slashes at the end belong to it. */
static uint32_t last_component(const struct path *path) {
    uint32_t at = path->length;
    while (at > 0 && path->bytes[at - 1] == '/')
        at--;
    while (at > 0 && path->bytes[at - 1] != '/')
        at--;
    return at;
}

/* Step `index` reaches its name through `directory` ("" for the current one) instead. */
static bool try_by_way_of(struct minimization *m, uint32_t index, const struct path *directory) {
    static struct path path;
    struct scenario *candidate = minimize_propose(m);
    struct step *step = &candidate->steps[index];
    load(candidate, step->path, &path);
    path_erase(&path, 0, last_component(&path));
    if (directory->length > 0) {
        path_insert(&path, 0, "/", 1);
        path_insert(&path, 0, directory->bytes, directory->length);
    }
    step->path = scenario_store(candidate, path.bytes, path.length);
    if (step->kind == STEP_MKFIFOAT)
        step->dirfd = (struct dirfd){.kind = DIRFD_CWD};
    return try_detour(m);
}

/* By the directories that earlier steps name. */
static bool shorten_way(struct minimization *m, uint32_t index) {
    static struct path directory;
    directory.length = 0;
    if (try_by_way_of(m, index, &directory))
        return true;
    for (uint32_t i = 0; i < index; i++) {
        const struct step *step = &m->best->steps[i];
        bool names = step->kind == STEP_MKDIR || step->kind == STEP_OPEN ||
                     step->kind == STEP_CHDIR || step->kind == STEP_BIND;
        if (!names || step->path.length == 0)
            continue;
        load(m->best, step->path, &directory);
        if (try_by_way_of(m, index, &directory))
            return true;
    }
    return false;
}

static bool shorten_ways(struct minimization *m) {
    for (uint32_t i = m->best->step_count; i-- > 0;)
        if (m->best->steps[i].path.length > 0 && shorten_way(m, i))
            return true;
    return false;
}

/* --- the root in place of a directory -----------------------------------------------------------
 */

static struct text dissolved(struct scenario *scenario, const struct path *name, struct text text) {
    static struct path path;
    const char *bytes = scenario_text(scenario, text);
    path.length = 0;
    for (uint32_t start = 0, at = 0; at <= text.length; at++)
        if (at == text.length || bytes[at] == '/') {
            bool is_it =
                at - start == name->length && memcmp(bytes + start, name->bytes, at - start) == 0;
            path_add(&path, is_it ? "." : bytes + start, is_it ? 1 : at - start);
            path_add(&path, "/", at < text.length);
            start = at + 1;
        }
    return scenario_store(scenario, path.bytes, path.length);
}

/* Everything that happened in the directory of step `index` happens in the root. */
static bool dissolve(struct minimization *m, uint32_t index) {
    static struct path name;
    struct scenario *candidate = minimize_propose(m);
    load(candidate, candidate->steps[index].path, &name);
    if (name.length == 0 || memchr(name.bytes, '/', name.length))
        return false;
    remove_step(candidate, index);
    for (uint32_t i = 0; i < candidate->step_count; i++) {
        struct step *step = &candidate->steps[i];
        if (step->path.length > 0)
            step->path = dissolved(candidate, &name, step->path);
        if (step->other.length > 0 && step->kind != STEP_FILE)
            step->other = dissolved(candidate, &name, step->other);
    }
    return minimize_try(m);
}

static bool dissolve_directories(struct minimization *m) {
    bool changed = false;
    for (uint32_t i = m->best->step_count; i-- > 0;)
        changed |= m->best->steps[i].kind == STEP_MKDIR && dissolve(m, i);
    return changed;
}

/* --- one step in place of two -------------------------------------------------------------------
 */

static bool same_path(const struct scenario *scenario, struct text a, struct text b) {
    return a.length == b.length &&
           memcmp(scenario_text(scenario, a), scenario_text(scenario, b), a.length) == 0;
}

/* A directory that is made with the mode that it gets later. */
static bool fold_modes(struct minimization *m) {
    for (uint32_t late = 1; late < m->best->step_count; late++)
        for (uint32_t early = 0; early < late && m->best->steps[late].kind == STEP_CHMOD; early++) {
            const struct step *steps = m->best->steps;
            if (steps[early].kind != STEP_MKDIR ||
                !same_path(m->best, steps[early].path, steps[late].path))
                continue;
            struct scenario *candidate = minimize_propose(m);
            candidate->steps[early].mode = candidate->steps[late].mode;
            remove_step(candidate, late);
            if (minimize_try(m))
                return true;
        }
    return false;
}

/* A high descriptor number by dup instead of many opens. */
static bool raise_descriptor(struct minimization *m) {
    enum { HIGH = 1000 };
    uint32_t last = m->best->step_count - 1;
    const struct dirfd dirfd = m->best->steps[last].dirfd;
    if (dirfd.kind != DIRFD_SLOT || m->best->step_count == SCENARIO_STEPS_MAX)
        return false;
    struct scenario *candidate = minimize_propose(m);
    struct step call = candidate->steps[last];
    candidate->steps[last] = (struct step){
        .kind = STEP_DUP, .slot = (uint8_t)dirfd.number, .dirfd = dirfd, .mode = HIGH};
    candidate->steps[candidate->step_count++] = call;
    return try_detour(m);
}

/* --- the pass -----------------------------------------------------------------------------------
 */

bool minimize_detours(struct minimization *m) {
    if (m->best->step_count < 2)
        return false;
    bool changed = dissolve_directories(m);
    changed |= fold_modes(m);
    changed |= shorten_ways(m);
    return raise_descriptor(m) || changed;
}

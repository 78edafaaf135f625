/* The node that a call under test has made, and the directory that received it. */
#include <sys/stat.h>

#include "verdict_judging.h"

static bool judge_time(struct judging *judging, const struct outcome *outcome, enum clause clause,
                       enum aspect aspect, int64_t time) {
    return (time >= outcome->clock_before ||
            holds(judging, clause, aspect, outcome->clock_before, time)) &&
           (time <= outcome->clock_after ||
            holds(judging, clause, aspect, outcome->clock_after, time));
}

static bool judge_times(struct judging *judging, const struct outcome *outcome,
                        const struct prediction *prediction) {
    const struct node_facts *node = &outcome->target;
    return judge_time(judging, outcome, CLAUSE_TIME_NEW, ASPECT_TIMES, node->mtime) &&
           judge_time(judging, outcome, CLAUSE_TIME_NEW, ASPECT_TIMES, node->ctime) &&
           judge_time(judging, outcome, CLAUSE_TIME_NEW, ASPECT_TIMES, node->atime) &&
           holds(judging, CLAUSE_TIME_EQUAL, ASPECT_TIMES, node->mtime, node->atime) &&
           ((prediction->changed && node->mtime < node->ctime) ||
            holds(judging, CLAUSE_TIME_EQUAL, ASPECT_TIMES, node->mtime, node->ctime));
}

/* POSIX lets the group be the parent's or the caller's effective one, set-group-ID or not. */
static bool is_open_group(const struct judging *judging, const struct node_facts *node,
                          const struct prediction *prediction) {
    const struct world *world = judging->world;
    struct place parent = prediction->walk.directory;
    return judging->judge->contract->level == LEVEL_POSIX &&
           (node->gid == world->identity.gid ||
            node->gid == world_seen_id(world, parent.mount, world->nodes[parent.node].gid));
}

static bool judge_owner(struct judging *judging, const struct node_facts *node,
                        const struct prediction *prediction) {
    const struct clause_set *clauses = &prediction->clauses;
    bool real = clause_set_has(clauses, CLAUSE_OWNER_EUID);
    enum clause user = clause_set_has(clauses, CLAUSE_OWNER_SUIDDIR) ? CLAUSE_OWNER_SUIDDIR
                       : real                                        ? CLAUSE_OWNER_EUID
                                                                     : CLAUSE_OWNER_FSUID;
    enum clause group = clause_set_has(clauses, CLAUSE_SETGID_RULE) ? CLAUSE_SETGID_RULE
                        : real                                      ? CLAUSE_OWNER_EUID
                                                                    : CLAUSE_OWNER_FSUID;
    return holds(judging, user, ASPECT_OWNER, prediction->uid, node->uid) &&
           (is_open_group(judging, node, prediction) ||
            holds(judging, group, ASPECT_GROUP, prediction->gid, node->gid));
}

static bool judge_node(struct judging *judging, const struct outcome *outcome,
                       const struct prediction *prediction) {
    const struct node_facts *node = &outcome->target;
    int64_t mode = node->mode & 07777;
    const struct birth *birth = &prediction->birth;
    const struct clause_set *clauses = &prediction->clauses;
    int64_t special = (birth->mode & 07000) | (mode & 0777);
    int64_t plain = (birth->mode & 0777) | (mode & 07000);
    bool wide = clause_set_has(clauses, CLAUSE_MODE_WIDE);
    enum clause permissions = wide                                          ? CLAUSE_MODE_WIDE
                              : clause_set_has(clauses, CLAUSE_ACL_DEFAULT) ? CLAUSE_ACL_DEFAULT
                                                                            : CLAUSE_MODE_UMASK;
    enum clause bits = wide ? CLAUSE_MODE_WIDE
                       : clause_set_has(clauses, CLAUSE_SETGID_BEFORE_UMASK)
                           ? CLAUSE_SETGID_BEFORE_UMASK
                       : birth->setgid_stripped ? CLAUSE_SETGID_STRIP
                                                : CLAUSE_MODE_SPECIAL;
    return holds(judging, CLAUSE_STAT_TYPE, ASPECT_NODE, 0, node->error) &&
           holds(judging, CLAUSE_STAT_TYPE, ASPECT_TYPE, S_IFIFO, node->mode & S_IFMT) &&
           holds(judging, permissions, ASPECT_MODE, plain, mode) &&
           holds(judging, bits, ASPECT_MODE, special, mode) &&
           judge_owner(judging, node, prediction) &&
           holds(judging, CLAUSE_STAT_INO, ASPECT_INODE, true, node->ino != 0) &&
           holds(judging, CLAUSE_STAT_NLINK, ASPECT_LINKS, 1, node->nlink) &&
           holds(judging, CLAUSE_STAT_SIZE, ASPECT_SIZE, 0, node->size) &&
           holds(judging, CLAUSE_STAT_BLOCKS, ASPECT_BLOCKS, 0, node->blocks) &&
           holds(judging, CLAUSE_STAT_RDEV, ASPECT_RDEV, 0, (int64_t)node->rdev) &&
           judge_times(judging, outcome, prediction);
}

/* The directory that received the node. */
static bool judge_parent(struct judging *judging, const struct outcome *outcome) {
    enum { TMPFS_ENTRY_SIZE = 20 };
    const struct node_facts *before = &outcome->parent_before;
    const struct node_facts *after = &outcome->parent_after;
    if (before->error || after->error)
        return true;
    return holds(judging, CLAUSE_STAT_DEV, ASPECT_DEVICE, (int64_t)before->dev,
                 (int64_t)outcome->target.dev) &&
           judge_time(judging, outcome, CLAUSE_TIME_PARENT, ASPECT_PARENT_TIMES, after->mtime) &&
           judge_time(judging, outcome, CLAUSE_TIME_PARENT, ASPECT_PARENT_TIMES, after->ctime) &&
           holds(judging, CLAUSE_TIME_EQUAL, ASPECT_PARENT_TIMES, after->mtime, after->ctime) &&
           holds(judging, CLAUSE_NLINK_PARENT, ASPECT_PARENT_LINKS, before->nlink, after->nlink) &&
           (!judging->world->host->can[ABILITY_TMPFS] ||
            holds(judging, CLAUSE_SIZE_PARENT, ASPECT_PARENT_SIZE, before->size + TMPFS_ENTRY_SIZE,
                  after->size));
}

bool verdict_judge_new(struct judging *judging, const struct outcome *outcome,
                       const struct prediction *prediction) {
    return judge_node(judging, outcome, prediction) && judge_parent(judging, outcome);
}

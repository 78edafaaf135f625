#include "steps_guest.h"

static void act_as_worker(struct steps *steps) {
    const struct nofile *nofile = &steps->nofile;
    channel_assume(&steps->guest->channel, &steps->identity.identity, steps->identity.effective);
    channel_limit(&steps->guest->channel,
                  nofile->now < nofile->start.rlim_cur ? nofile->now : UINT64_MAX);
}

static int32_t number_there(const struct steps *steps, int32_t number) {
    return guest_number(steps->guest, number, steps->number, steps->open);
}

void steps_ask_guest(struct steps *steps, const struct step *step, int32_t directory,
                     struct reply_facts *out) {
    act_as_worker(steps);
    channel_call(&steps->guest->channel, steps->scenario, step, number_there(steps, directory),
                 out);
}

static bool concerns_process(const struct step *step) {
    return step->kind == STEP_UMASK || step->kind == STEP_CHDIR || step->kind == STEP_OPEN ||
           step->kind == STEP_CLOSE || step->kind == STEP_DUP;
}

static bool sets_slot(const struct step *step) {
    return step->kind == STEP_OPEN || step->kind == STEP_DUP;
}

void steps_guest_prepare(const struct steps *steps, const struct step *step, int32_t directory,
                         struct following *out) {
    const int32_t held = steps->number[step->slot];
    const bool closes = step->kind == STEP_CLOSE || (sets_slot(step) && steps->open[step->slot]);
    out->closes = closes && guest_holds(steps->guest, held, steps->number, steps->open)
                      ? number_there(steps, held)
                      : -1;
    out->duplicates = number_there(steps, directory);
}

bool steps_guest_follows(struct steps *steps, const struct step *step,
                         const struct following *following, int flags, bool done) {
    struct channel *channel = &steps->guest->channel;
    struct reply_facts answer;
    if (!concerns_process(step))
        return true;
    act_as_worker(steps);
    if (following->closes >= 0) /* whatever comes of the rest */
        channel_close(channel, following->closes);
    if (!done || step->kind == STEP_CLOSE)
        return true;
    channel_prepare(channel, steps->scenario, step, flags, following->duplicates, &answer);
    return answer.reply == REPLY_RETURNED && answer.result >= 0;
}

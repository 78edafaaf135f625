#include "steps_guest.h"

static void act_as_worker(struct steps *steps) {
    channel_assume(&steps->guest->channel, &steps->identity.identity, steps->identity.effective);
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

bool steps_guest_follows(struct steps *steps, const struct step *step, const struct made *made) {
    struct channel *channel = &steps->guest->channel;
    struct reply_facts answer;
    if (!concerns_process(step))
        return true;
    act_as_worker(steps);
    if (step->kind == STEP_OPEN || step->kind == STEP_DUP)
        channel_vacate(channel, step->slot); /* whatever comes of it */
    if (!made->done)
        return true;
    channel_prepare(channel, steps->scenario, step, made->flags,
                    number_there(steps, made->directory), &answer);
    return answer.reply == REPLY_RETURNED && answer.result >= 0;
}

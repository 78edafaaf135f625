#include "harness.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "campaign.h"
#include "check.h"
#include "collector.h"
#include "engine.h"
#include "mutator.h"
#include "sandbox.h"
#include "subject.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);

/* Makes the linker take the mutator along, which engines find by name. */
__attribute__((used)) static size_t (*const mutator)(uint8_t *, size_t, size_t,
                                                     unsigned int) = LLVMFuzzerCustomMutator;

enum { STATUS_USAGE = 2, STATUS_UNABLE = 77 };

/* The arguments, see harness.h. */
static struct {
    const char *implementation, *contract, *findings, *cpu, *campaign, *job, *program;
    const char *minimize_time;
    bool keep_going;
} arguments = {
    .implementation = "own", .contract = "linux", .cpu = "-1", .job = "0", .minimize_time = "10"};

static struct examiner examiner;
static struct campaign_writer writer; /* `job` is NULL outside of a campaign */
static struct scenario scenario;      /* the one at hand */
static struct collector collector = {.examiner = &examiner, .writer = &writer};
static char traits[sizeof writer.job->traits_text];

/* --- endings ---------------------------------------------------------------------------------- */

/* In a campaign: leaves the reason to the supervisor and ends. Otherwise returns. */
static void leave(enum campaign_state state, const char *reason) {
    fprintf(stderr, "fifofuzz: %s\n", reason);
    if (!writer.job)
        return;
    snprintf(writer.job->reason, sizeof writer.job->reason, "%s", reason);
    campaign_enter(&writer, state);
    _exit(state == CAMPAIGN_REFUSED ? STATUS_USAGE : STATUS_UNABLE);
}

static void print_scenario_at_hand(void) {
    static char text[SCENARIO_PRINT_MAX];
    size_t length = scenario_print(&scenario, NULL, text, sizeof text);
    fprintf(stderr, "The scenario at hand:\n%.*s", (int)length, text);
}

static bool stopped_by_sanitizer(const struct verdict *verdict) {
    return verdict->aspect == ASPECT_ENDING && verdict->got == ENDING_SANITIZER;
}

/* The finding is reported; the engine keeps the input. */
static _Noreturn void end_with_finding(const struct verdict *verdict) {
    if (writer.job)
        campaign_enter(&writer, CAMPAIGN_FOUND);
    check_context = NULL; /* the report has the scenario */
    sandbox_abandon();
    if (stopped_by_sanitizer(verdict))
        engine_keep();
    abort();
}

/* --- start ------------------------------------------------------------------------------------ */

static void take_argument(const char *argument) {
    const struct {
        const char *name;
        const char **value;
    } names[] = {
        {"--implementation=", &arguments.implementation},
        {"--contract=", &arguments.contract},
        {"--findings=", &arguments.findings},
        {"--cpu=", &arguments.cpu},
        {"--campaign=", &arguments.campaign},
        {"--job=", &arguments.job},
        {"--program=", &arguments.program},
        {"--minimize-time=", &arguments.minimize_time},
    };
    arguments.keep_going |= strcmp(argument, "--keep-going") == 0;
    mutator_off |= strcmp(argument, "--no-mutator") == 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t length = strlen(names[i].name);
        if (strncmp(argument, names[i].name, length) == 0)
            *names[i].value = argument + length;
    }
}

static unsigned job_number(void) {
    return (unsigned)strtoul(arguments.job, NULL, 10);
}

/*
 * An engine that is killed, and cannot clean up, leaves no process of ours behind. Not inherited:
 * AFL++'s fork server and its child both need it.
 */
static void die_with_parent(void) {
    if (arguments.campaign)
        prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* The page is given by the supervisor, so a wrong one is a bug of ours. */
static void join_campaign(void) {
    struct campaign *campaign;
    die_with_parent();
    check(campaign_join(&campaign, (int)strtol(arguments.campaign, NULL, 10)) == 0);
    campaign_writer_open(&writer, campaign, job_number());
}

/*
 * True if libFuzzer will only start other processes of this target: it must then stay outside of
 * any namespace, and its children, which lack these flags, do the work.
 */
static bool is_controller(int argc, char **argv) {
    static const char *const flags[] = {
        "-fork=", "-jobs=", "-merge=", "-minimize_crash=", "-cleanse_crash=",
    };
    bool controller = false;
    for (int i = 1; i < argc; i++)
        for (size_t flag = 0; flag < sizeof flags / sizeof flags[0]; flag++) {
            size_t length = strlen(flags[flag]);
            if (strncmp(argv[i], flags[flag], length) == 0)
                controller |= strtol(argv[i] + length, NULL, 10) != 0;
        }
    return controller;
}

/* Why inputs cannot be run, or "". */
static char unable[sizeof writer.job->reason];

/*
 * Ends the process before the object's destructors and atexit handlers run, which no sandbox holds
 * any more: on_exit(3) calls what was registered last first.
 */
static void end_at_once(int status, void *context) {
    (void)context;
    fflush(NULL);
    _exit(status);
}

/* Finds the implementation; one that is loaded does not get to run at our exit. */
static int find_implementation(const struct implementation **out) {
    int error = subject_find(out, arguments.implementation, unable, sizeof unable);
    if (!error && *out != implementation_find(arguments.implementation))
        check(on_exit(end_at_once, NULL) == 0);
    return error;
}

static int processor(void) {
    return (int)strtol(arguments.cpu, NULL, 10);
}

/* Says why inputs cannot be run. */
static void refuse_inputs(int error) {
    leave(subject_mistaken(error) ? CAMPAIGN_REFUSED : CAMPAIGN_UNABLE, unable);
}

/*
 * All that takes child processes happens here: later there are the engine's threads, and what they
 * hold at the time of a fork(2), such as a sanitizer's locks, a child waits for in vain.
 */
static void prepare(void) {
    const struct implementation *implementation;
    int error = subject_level(&examiner.contract.level, arguments.contract, unable, sizeof unable);
    if (!error)
        error = find_implementation(&implementation);
    if (error) {
        refuse_inputs(error);
        return;
    }
    if (examine_prepare(&examiner, implementation, processor(), unable, sizeof unable) != 0)
        leave(CAMPAIGN_UNABLE, unable);
    else
        unable[0] = '\0';
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    for (int i = 1; i < *argc; i++)
        take_argument((*argv)[i]);
    if (arguments.campaign)
        join_campaign();
    if (writer.job && !engine_fuzzes())
        leave(CAMPAIGN_UNABLE,
              "this fuzz target has no libFuzzer: build with clang (scripts/build)");
    if (is_controller(*argc, *argv))
        return 0;
    engine_own_arguments(argc, *argv);
    if (sandbox_prepare(unable, sizeof unable) != 0) {
        leave(CAMPAIGN_UNABLE, unable);
        return 0;
    }
    if (writer.job) {
        snprintf(writer.job->tier, sizeof writer.job->tier, "%s", sandbox_tier());
        campaign_enter(&writer, CAMPAIGN_ENGINE);
    }
    prepare();
    return 0;
}

/* --- the first input -------------------------------------------------------------------------- */

static void reached(void *context, enum clause clause, unsigned feature) {
    (void)context;
    engine_reach(feature);
    if (writer.job && feature == (unsigned)clause) /* the others are the same call seen closer */
        campaign_reach(&writer, clause);
}

static void again(void *context) {
    (void)context;
    engine_forget();
}

/* The target's own, which `start` brings to life before the sandbox takes its files away. */
static int start_own(const struct harness_own *own, const struct implementation **out) {
    if (strcmp(arguments.implementation, "own") != 0) {
        snprintf(unable, sizeof unable, "this target has an implementation of its own");
        return -EINVAL;
    }
    *out = own->implementation;
    return own->start(unable, sizeof unable);
}

/* Opens the examiner; false with the reason in `unable`. */
static bool open_examiner(const struct harness_own *own) {
    const struct implementation *implementation = examiner.implementation;
    int error = own ? start_own(own, &implementation) : 0;
    if (error) {
        refuse_inputs(error);
        return false;
    }
    examiner.judge.reach = reached;
    examiner.judge.again = again;
    if (examine_open(&examiner, implementation, processor(), unable, sizeof unable) != 0) {
        leave(CAMPAIGN_UNABLE, unable);
        return false;
    }
    if (engine_minds_signals()) /* each system call of a call that the gate watches is one */
        examiner.contract.host.can[ABILITY_GATE] = false;
    unable[0] = '\0';
    return true;
}

static void announce(void) {
    const char *shortfall = sandbox_shortfall();
    check_context = print_scenario_at_hand;
    examine_traits(&examiner, traits, sizeof traits);
    if (!writer.job || shortfall[0])
        fprintf(stderr, "fifofuzz: sandbox: %s%s%s\n", sandbox_tier(), shortfall[0] ? ": " : "",
                shortfall);
    if (!writer.job)
        return;
    writer.job->facts = (struct campaign_facts){
        .entries = {[STEP_MKFIFO] = examiner.implementation->mkfifo != NULL,
                    [STEP_MKFIFOAT] = examiner.implementation->mkfifoat != NULL},
        .traits = examiner.contract.traits,
        .host = examiner.contract.host,
    };
    snprintf(writer.job->traits_text, sizeof writer.job->traits_text, "%s", traits);
    examiner.scenarios = writer.job->scenarios; /* of the process before this one */
    examiner.calls = writer.job->calls;
    examiner.undecided = writer.job->undecided;
    collector_remember(&collector);
    campaign_enter(&writer, CAMPAIGN_RUNNING);
}

static void prepare_collector(void) {
    collector.run = (struct report_run){
        .program = arguments.program,
        .implementation = arguments.implementation,
        .level = examiner.contract.level,
        .tier = sandbox_tier(),
        .traits = traits,
    };
    collector.findings = arguments.findings;
    collector.minimize_seconds = strtoul(arguments.minimize_time, NULL, 10);
    collector.keep_going = arguments.keep_going;
}

/*
 * True in a process that an engine started in the place of one that ended with an input. Everything
 * else is the supervisor's, who ends this one.
 */
static bool stands_by(void) {
    if (!writer.job)
        return false;
    if (writer.job->examining)
        campaign_enter(&writer, CAMPAIGN_KILLED);
    enum campaign_state state = campaign_state(writer.campaign, job_number());
    return state == CAMPAIGN_KILLED || (state == CAMPAIGN_FOUND && !arguments.keep_going);
}

/* The worker starts with the first input: threads do not survive a fork server's fork. */
static bool ready(const struct harness_own *own) {
    static bool tried, opened;
    if (tried)
        return opened;
    tried = true;
    die_with_parent();
    if (stands_by())
        return false;
    opened = !unable[0] && open_examiner(own);
    if (opened) {
        prepare_collector();
        announce();
    } else {
        fputs("fifofuzz: NOTHING IS TESTED: every input returns at once\n", stderr);
    }
    return opened;
}

struct examiner *harness_begin(const struct harness_own *own, const uint8_t *data, size_t size,
                               size_t scenario_size, const struct scenario **out) {
    if (!ready(own) || (writer.job && campaign_is_fatal(&writer, data, size)))
        return NULL;
    if (writer.job)
        campaign_begin(&writer, data, size);
    engine_begin();
    scenario_decode(&scenario, data, scenario_size);
    scenario_restrict(&scenario, harness_shape);
    examine_adapt(&examiner, &scenario);
    *out = &scenario;
    return &examiner;
}

void harness_end(const struct verdict *verdict) {
    if (!writer.job)
        return;
    if (verdict->kind == VERDICT_UNDECIDED)
        campaign_leave_open(&writer, (enum clause)verdict->clause);
    campaign_end(&writer, examiner.scenarios, examiner.calls, examiner.undecided);
}

/* Enters on the campaign's page what is told in full on stderr alone. */
static void note(const char *signature, const char *reason) {
    struct campaign_finding *found = campaign_next_finding(&writer);
    if (!found)
        return;
    *found = (struct campaign_finding){.count = 1};
    snprintf(found->key, sizeof found->key, "%s", signature);
    snprintf(found->signature, sizeof found->signature, "%s", signature);
    snprintf(found->reason, sizeof found->reason, "%s", reason);
    campaign_publish(&writer);
}

void harness_found(const uint8_t *data, size_t size, const char *signature, const char *reason,
                   const char *report) {
    if (writer.job)
        fprintf(stderr, CAMPAIGN_UNSAVED "%s\n", signature);
    fprintf(stderr, "%s\n", report);
    print_scenario_at_hand();
    if (writer.job) {
        fputs(CAMPAIGN_UNSAVED_END "\n", stderr);
        note(signature, reason);
        campaign_mark_fatal(&writer, data, size);
        campaign_enter(&writer, CAMPAIGN_FOUND);
    }
    check_context = NULL;
    sandbox_abandon();
    abort();
}

int harness_run(const uint8_t *data, size_t size) {
    const struct scenario *at_hand;
    if (!harness_begin(NULL, data, size, size, &at_hand))
        return 0;
    struct verdict verdict;
    bool held = examine_holds(&examiner, at_hand, &verdict);
    if (!held)
        collector_take(&collector, at_hand, &verdict);
    harness_end(&verdict);
    if (held || (arguments.keep_going && !stopped_by_sanitizer(&verdict)))
        return 0;
    if (writer.job)
        campaign_mark_fatal(&writer, data, size);
    end_with_finding(&verdict);
}

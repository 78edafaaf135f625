#include "channel.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "identity.h"
#include "trap.h"

/* --- ends ----------------------------------------------------------------------------------- */

/* What the agent said goes to where its own messages go: reports show it. */
static void tell(const char *what, const char *text, size_t length) {
    char line[512];
    int size = snprintf(line, sizeof(line), "fifofuzz: %s: %.*s\n", what,
                        (int)(length > 400 ? 400 : length), text);
    if (write(2, line, (size_t)size) < 0)
        return; /* a full pipe: the newest is kept anyway */
}

static _Noreturn void end_forbidden(const struct channel *channel) {
    trap_end(ENDING_FORBIDDEN, channel->keeper->page->forbidden_call, 0);
}

/* A shell that waits for a wrapped agent tells of its signal by a status above 128. */
static _Noreturn void end_dead(struct channel *channel) {
    keeper_await_end(channel->keeper);
    const struct keeper_page *page = channel->keeper->page;
    if (page->forbidden > 0)
        end_forbidden(channel);
    const int status = page->status;
    const int exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    if (WIFSIGNALED(status))
        trap_end(ENDING_CRASHED, WTERMSIG(status), 0);
    if (exit_status > 128 && exit_status < 128 + 32)
        trap_end(ENDING_CRASHED, exit_status - 128, 0);
    trap_end(ENDING_EXITED, exit_status, 0);
}

static _Noreturn void end_garbled(const char *text, size_t length) {
    tell("no reply of the protocol", text, length);
    trap_end(ENDING_GARBLED, 0, 0);
}

/* --- lines ---------------------------------------------------------------------------------- */

/*
 * Reads until there is a line in the buffer, which gets a NUL for its newline. Returns its length,
 * 0 at the end of file, or -EMSGSIZE when nothing else fits or more than a line has come.
 */
static ssize_t read_line(struct channel *channel) {
    channel->filled = 0;
    for (;;) {
        ssize_t more = read(channel->replies, channel->buffer + channel->filled,
                            sizeof(channel->buffer) - channel->filled);
        if (more < 0 && errno == EINTR)
            continue;
        if (more <= 0)
            return 0;
        char *end = memchr(channel->buffer + channel->filled, '\n', (size_t)more);
        channel->filled += (size_t)more;
        const size_t length = end ? (size_t)(end - channel->buffer) : channel->filled;
        if (end && length + 1 == channel->filled) {
            *end = '\0';
            return (ssize_t)length;
        }
        if (end || channel->filled == sizeof(channel->buffer))
            return -EMSGSIZE;
    }
}

/* Takes a decimal number off the front; false if there is none or it does not fit. */
static bool take_number(const char **text, long low, long high, int32_t *out) {
    char *end;
    errno = 0;
    long number = strtol(*text, &end, 10);
    const bool digits = end != *text && (**text == '-' || (**text >= '0' && **text <= '9'));
    *out = (int32_t)number;
    *text = end;
    return digits && errno == 0 && number >= low && number <= high;
}

static bool parse_error(const char *text, struct reply_facts *out) {
    if (strcmp(text, " ?") == 0) {
        out->error = ERRNO_UNKNOWN;
        return true;
    }
    return *text++ == ' ' && take_number(&text, 0, INT_MAX, &out->error) && *text == '\0';
}

/* RESULT [ERRNO] */
static bool parse_result(const char *text, struct reply_facts *out) {
    if (!take_number(&text, INT_MIN, INT_MAX, &out->result))
        return false;
    out->error = ERRNO_POISON;
    return *text == '\0' ? out->result >= 0 : parse_error(text, out);
}

static bool starts(const char *text, const char *word) {
    return strncmp(text, word, strlen(word)) == 0;
}

static bool parse_reply(const char *text, size_t length, struct reply_facts *out) {
    *out = (struct reply_facts){.result = -1, .reply = REPLY_RETURNED};
    if (strlen(text) != length)
        return false;
    if (starts(text, "raised ") || starts(text, "unable ")) {
        out->reply = text[0] == 'r' ? REPLY_RAISED : REPLY_UNABLE;
        tell("the agent", text, length);
        return true;
    }
    return parse_result(text, out);
}

/* --- requests ------------------------------------------------------------------------------- */

/* The first part of a request: its line, without the newline. */
__attribute__((format(printf, 2, 3))) static void begin(struct channel *channel, const char *format,
                                                        ...) {
    va_list arguments;
    va_start(arguments, format);
    channel->filled =
        (size_t)vsnprintf(channel->buffer, sizeof(channel->buffer), format, arguments);
    va_end(arguments);
}

static void append(struct channel *channel, const char *bytes, size_t length) {
    memcpy(channel->buffer + channel->filled, bytes, length);
    channel->filled += length;
}

/* From a keeper that could not do as it was told nothing more is asked. */
static void order(struct channel *channel, enum keeper_order what, const char *failure) {
    int error = keeper_order(channel->keeper, &channel->keeper->page->by_worker, what, NULL);
    if (error == -ESRCH)
        end_dead(channel);
    if (error) {
        tell(failure, strerror(-error), 100);
        trap_end(ENDING_GARBLED, 0, 0);
    }
}

/* Adopts what was ordered last. */
static void become(struct channel *channel) {
    struct keeper_page *page = channel->keeper->page;
    if (identity_equal(&page->identity, &channel->identity) &&
        page->capabilities == channel->capabilities)
        return;
    page->identity = channel->identity;
    page->capabilities = channel->capabilities;
    order(channel, KEEPER_ASSUME, "the agent's identity cannot be changed");
}

static void limit(struct channel *channel, uint64_t descriptors) {
    struct keeper_page *page = channel->keeper->page;
    if (page->descriptors == descriptors)
        return;
    page->descriptors = descriptors;
    order(channel, KEEPER_LIMIT, "the agent's limit of descriptors cannot be changed");
}

/* What was said unasked would be taken for the answer to the next request. */
static void want_silence(const struct channel *channel) {
    static const char unasked[] = "something that nobody has asked for";
    struct pollfd polled = {.fd = channel->replies, .events = POLLIN};
    if (poll(&polled, 1, 0) > 0 && polled.revents & POLLIN)
        end_garbled(unasked, sizeof(unasked) - 1);
}

/* Sends what is in the buffer and reads the reply. */
static void exchange(struct channel *channel, struct reply_facts *out) {
    want_silence(channel);
    channel->answers = true;
    channel->sent++;
    ssize_t length = -1;
    if (write(channel->requests, channel->buffer, channel->filled) == (ssize_t)channel->filled)
        length = read_line(channel);
    channel->answers = false;
    if (length == 0)
        end_dead(channel);
    if (length < 0)
        end_garbled(channel->buffer, channel->filled);
    if (!parse_reply(channel->buffer, (size_t)length, out))
        end_garbled(channel->buffer, (size_t)length);
    if (channel->keeper->page->forbidden > 0)
        end_forbidden(channel);
}

/* What a request says of its path: the size of its bytes, or a word for what is none. */
static size_t print_size(const struct step *step, char *out, size_t capacity) {
    const char *word = pointer_names[step->pointer];
    const uint32_t length = step->path.length, both = length + step->other.length;
    switch ((enum pointer)step->pointer) {
    case POINTER_COUNTED:
        return (size_t)snprintf(out, capacity, "%" PRIu32 "\n", both + 1);
    case POINTER_UNENCODABLE:
        return (size_t)snprintf(out, capacity, "%s %" PRIu32 " %" PRIu32 "\n", word, length, both);
    case POINTER_UNTERMINATED:
        return (size_t)snprintf(out, capacity, "%s %" PRIu32 "\n", word, length);
    case POINTER_STRING:
        return (size_t)snprintf(out, capacity, "%" PRIu32 "\n", length);
    case POINTER_NULL:
    case POINTER_UNMAPPED:
    case POINTER_NONCANONICAL:
    case POINTER_COUNT:
        break;
    }
    return (size_t)snprintf(out, capacity, "%s\n", word);
}

static void append_path(struct channel *channel, const struct scenario *scenario,
                        const struct step *step) {
    char size[64];
    append(channel, size, print_size(step, size, sizeof(size)));
    append(channel, scenario_text(scenario, step->path), step->path.length);
    if (step->pointer == POINTER_COUNTED)
        append(channel, "", 1); /* the NUL */
    if (pointer_is_split(step))
        append(channel, scenario_text(scenario, step->other), step->other.length);
}

void channel_call(struct channel *channel, const struct scenario *scenario, const struct step *step,
                  int32_t directory, struct reply_facts *out) {
    become(channel);
    if (step->kind == STEP_MKFIFO)
        begin(channel, "mkfifo %" PRId64 " ", step_whole_mode(step));
    else
        begin(channel, "mkfifoat %" PRId32 " %" PRId64 " ", directory, step_whole_mode(step));
    append_path(channel, scenario, step);
    limit(channel, channel->descriptors);
    exchange(channel, out);
    limit(channel, UINT64_MAX);
}

static void change_umask(struct channel *channel, uint32_t mask, struct reply_facts *out) {
    begin(channel, "umask %" PRIu32 "\n", mask);
    exchange(channel, out);
    channel->changed_umask = true;
}

static void change_directory(struct channel *channel, const char *path, size_t length,
                             struct reply_facts *out) {
    begin(channel, "chdir %zu\n", length);
    append(channel, path, length);
    exchange(channel, out);
    channel->changed_directory |= out->result == 0;
}

static void open_slot(struct channel *channel, const struct scenario *scenario,
                      const struct step *step, int flags, int32_t directory,
                      struct reply_facts *out) {
    if (step->kind == STEP_OPEN) {
        begin(channel, "open %d %" PRIu32 "\n", flags, step->path.length);
        append(channel, scenario_text(scenario, step->path), step->path.length);
    } else {
        begin(channel, "dup %" PRId32 " %" PRIu32 "\n", directory, step->mode);
    }
    exchange(channel, out);
    if (out->result < 0)
        return;
    channel->number[step->slot] = out->result;
    channel->open[step->slot] = true;
}

void channel_close(struct channel *channel, int32_t number) {
    struct reply_facts ignored;
    become(channel);
    begin(channel, "close %" PRId32 "\n", number);
    exchange(channel, &ignored);
    for (unsigned i = 0; i < SCENARIO_SLOTS; i++)
        if (channel->number[i] == number)
            channel->open[i] = false;
}

void channel_prepare(struct channel *channel, const struct scenario *scenario,
                     const struct step *step, int flags, int32_t directory,
                     struct reply_facts *out) {
    become(channel);
    switch (step->kind) {
    case STEP_UMASK:
        change_umask(channel, step->mode, out);
        break;
    case STEP_CHDIR:
        change_directory(channel, scenario_text(scenario, step->path), step->path.length, out);
        break;
    default:
        open_slot(channel, scenario, step, flags, directory, out);
    }
}

/* --- greeting and putting back -------------------------------------------------------------- */

/* Every word that is known, once each; true if there is a call among them. */
static bool take_words(struct greeting *greeting, char *words) {
    const struct {
        const char *word;
        bool *flag;
    } known[] = {{"mkfifo", &greeting->mkfifo},   {"mkfifoat", &greeting->mkfifoat},
                 {"open", &greeting->open},       {"pointers", &greeting->pointers},
                 {"counted", &greeting->counted}, {"text", &greeting->text},
                 {"wide", &greeting->wide},       {"limits", &greeting->limits}};
    char *rest;
    for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        bool *flag = NULL;
        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
            if (strcmp(known[i].word, word) == 0)
                flag = known[i].flag;
        if (!flag)
            return false;
        *flag = true;
    }
    return greeting->mkfifo || greeting->mkfifoat;
}

static bool parse_greeting(struct greeting *greeting, char *line) {
    static const char magic[] = "fifofuzz-agent 1 ";
    const char *text = line + sizeof(magic) - 1;
    int32_t process;
    if (!starts(line, magic) || !take_number(&text, 2, INT_MAX, &process) || *text != ' ')
        return false;
    greeting->process = process;
    return take_words(greeting, line + (text - line));
}

static int refuse_greeting(char *reason, size_t size, int error, const char *what,
                           const char *text) {
    snprintf(reason, size, "%s%.200s: see the protocol in src/implementations/README.md", what,
             text);
    return error;
}

int channel_greet(struct channel *channel, char *reason, size_t reason_size) {
    enum { PATIENCE = 60000 }; /* ms: the languages load what they need */
    struct pollfd polled = {.fd = channel->replies, .events = POLLIN};
    int ready;
    while ((ready = poll(&polled, 1, PATIENCE)) < 0 && errno == EINTR)
        ;
    if (ready <= 0)
        return refuse_greeting(reason, reason_size, -ETIME, "the agent does not greet", "");
    ssize_t length = read_line(channel);
    if (length == 0)
        return -EPIPE;
    channel->buffer[length < 0 ? 100 : length] = '\0';
    char line[256];
    snprintf(line, sizeof(line), "%.255s", channel->buffer);
    if (length < 0 || !parse_greeting(&channel->greeting, line))
        return refuse_greeting(reason, reason_size, -EINVAL,
                               "the agent's greeting is none: ", channel->buffer);
    channel->keeper->page->agent = channel->greeting.process;
    channel->keeper->page->greeted = true;
    return 0;
}

void channel_reset(struct channel *channel) {
    struct reply_facts ignored;
    channel_assume(channel, &(struct identity){0}, 0);
    channel_limit(channel, UINT64_MAX);
    become(channel);
    for (unsigned i = 0; i < SCENARIO_SLOTS; i++)
        if (channel->open[i])
            channel_close(channel, channel->number[i]);
    if (channel->changed_directory)
        change_directory(channel, "/", 1, &ignored);
    if (channel->changed_umask)
        change_umask(channel, 022, &ignored);
    channel->changed_directory = channel->changed_umask = false;
}

void channel_assume(struct channel *channel, const struct identity *identity,
                    uint32_t capabilities) {
    channel->identity = *identity;
    channel->capabilities = capabilities;
}

void channel_limit(struct channel *channel, uint64_t descriptors) {
    channel->descriptors = descriptors;
}

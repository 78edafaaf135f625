#include "symbols.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <limits.h>
#include <link.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "symbolizer.h"

enum { FRAMES_MAX = SYMBOLIZER_ADDRESSES_MAX, ANSWERS_SIZE = 1 << 15 };

/* One frame, and what is known of it. */
struct frame {
    const char *object; /* path of its object; NULL if it is in none */
    uint64_t offset;    /* within the object, as its file numbers it */
    const char *symbol; /* the nearest exported one before it, or NULL */
    uint64_t behind;    /* bytes behind that symbol */
    const char *answer; /* the symbolizer's lines on it, or NULL; a line in "0x" ends them */
    bool asked;
};

/* A stack under way to text. Large, and there is one at a time. */
static struct {
    struct frame frames[FRAMES_MAX];
    uint32_t count;
    char program[PATH_MAX];
    char answers[ANSWERS_SIZE];
    size_t answers_used;
} symbols;

/* --- what the dynamic linker knows ------------------------------------------------------------ */

static void find_program(void) {
    ssize_t length = readlink("/proc/self/exe", symbols.program, sizeof symbols.program - 1);
    symbols.program[length > 0 ? length : 0] = '\0';
}

static void locate(struct frame *frame, uint64_t address) {
    Dl_info info;
    struct link_map *map;
    *frame = (struct frame){0};
    if (!dladdr1((void *)(uintptr_t)address, &info, (void **)&map, RTLD_DL_LINKMAP) || !map)
        return;
    frame->object =
        *map->l_name ? map->l_name : symbols.program; /* the program has no name there */
    frame->offset = address - map->l_addr;
    frame->symbol = info.dli_sname;
    frame->behind = address - (uintptr_t)info.dli_saddr;
}

/* --- what a symbolizer knows ------------------------------------------------------------------ */

/* The line behind the one at `line`; the end of the text is one more, empty line. */
static const char *next_line(const char *line) {
    line += strcspn(line, "\n");
    return *line ? line + 1 : line;
}

static bool is_address(const char *line) {
    return line[0] == '0' && line[1] == 'x';
}

/* Hands the answers to the frames in `asked`, in whose order they come. */
static void hand_out(const char *answers, struct frame *const *asked, uint32_t count) {
    const char *line = answers;
    for (uint32_t i = 0; i < count && is_address(line); i++) {
        line = next_line(line);
        asked[i]->answer = line;
        while (*line && !is_address(line))
            line = next_line(line);
    }
}

/* One process for all frames of one object. */
static void ask_about(const char *object) {
    uint64_t offsets[FRAMES_MAX];
    struct frame *asked[FRAMES_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < symbols.count; i++) {
        struct frame *frame = &symbols.frames[i];
        if (!frame->object || strcmp(frame->object, object) != 0)
            continue;
        frame->asked = true;
        asked[count] = frame;
        offsets[count++] = frame->offset;
    }
    char *answers = symbols.answers + symbols.answers_used;
    size_t room = ANSWERS_SIZE - symbols.answers_used;
    if (room <= 1 || !strchr(object, '/')) /* the kernel's own object is no file */
        return;
    symbols.answers_used += 1 + symbolizer_ask(object, offsets, count, answers, room);
    hand_out(answers, asked, count);
}

/* --- text ------------------------------------------------------------------------------------- */

/* Lines are appended whole or not at all. */
struct lines {
    char *out;
    size_t used, capacity;
    uint32_t number; /* of the next frame */
};

__attribute__((format(printf, 2, 3))) static void append(struct lines *lines, const char *format,
                                                         ...) {
    va_list values;
    va_start(values, format);
    size_t room = lines->capacity - lines->used;
    int length = vsnprintf(lines->out + lines->used, room, format, values);
    va_end(values);
    if (length > 0 && (size_t)length < room)
        lines->used += (size_t)length;
    lines->out[lines->used] = '\0';
}

/* "#3", or "#3 to #31" for a frame that is there `times` times. */
static const char *number(struct lines *lines, uint32_t times) {
    static char text[32];
    uint32_t first = lines->number;
    lines->number += times;
    if (times == 1)
        snprintf(text, sizeof text, "#%u", first);
    else
        snprintf(text, sizeof text, "#%u to #%u", first, first + times - 1);
    return text;
}

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool is_known(const char *word) {
    return *word && strncmp(word, "??", 2) != 0;
}

/* The length of FILE:LINE without what addr2line puts behind: " (discriminator 3)". */
static int length_of_place(const char *line) {
    size_t length = strcspn(line, "\n");
    const char *remark = memmem(line, length, " (disc", 6);
    return (int)(remark ? (size_t)(remark - line) : length);
}

/* The frame's lines as the symbolizer has them; false if it does not know the function. */
static bool print_answer(struct lines *lines, const struct frame *frame, uint32_t times) {
    const char *name = frame->answer;
    if (!name || !is_known(name))
        return false;
    while (*name && !is_address(name)) {
        const char *place = next_line(name);
        int place_length = is_known(place) ? length_of_place(place) : 0;
        append(lines, "%s %.*s%s%.*s (%s+0x%" PRIx64 ")\n", number(lines, times),
               (int)strcspn(name, "\n"), name, place_length ? " " : "", place_length, place,
               base_name(frame->object), frame->offset);
        name = next_line(place);
    }
    return true;
}

static void print_frame(struct lines *lines, const struct frame *frame, uint32_t times) {
    if (!frame->object)
        append(lines, "%s no code\n", number(lines, times));
    else if (print_answer(lines, frame, times))
        return;
    else if (frame->symbol)
        append(lines, "%s %s+0x%" PRIx64 " (%s+0x%" PRIx64 ")\n", number(lines, times),
               frame->symbol, frame->behind, base_name(frame->object), frame->offset);
    else
        append(lines, "%s (%s+0x%" PRIx64 ")\n", number(lines, times), base_name(frame->object),
               frame->offset);
}

/* True for a function of a sanitizer's runtime that is no stand-in for one of the C library. */
static bool is_reporting(const struct frame *frame) {
    static const char *const prefixes[] = {"__asan::",      "__ubsan::",      "__sanitizer::",
                                           "__asan_report", "__ubsan_handle", "__asan_handle"};
    const char *name = frame->answer;
    for (size_t i = 0; name && i < sizeof prefixes / sizeof prefixes[0]; i++)
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

size_t symbols_print(const uint64_t *stack, uint32_t count, char *out, size_t capacity) {
    check(capacity > 0 && count <= FRAMES_MAX);
    struct lines lines = {.out = out, .capacity = capacity};
    out[0] = '\0';
    find_program();
    symbols.count = count;
    symbols.answers_used = 0;
    for (uint32_t i = 0; i < count; i++)
        locate(&symbols.frames[i], stack[i]);
    for (uint32_t i = 0; i < count; i++)
        if (symbols.frames[i].object && !symbols.frames[i].asked)
            ask_about(symbols.frames[i].object);
    uint32_t first = 0;
    while (first < count && is_reporting(&symbols.frames[first]))
        first++;
    for (uint32_t i = first, times; i < count; i += times) {
        times = 1;
        while (i + times < count && stack[i + times] == stack[i])
            times++;
        print_frame(&lines, &symbols.frames[i], times);
    }
    return lines.used;
}

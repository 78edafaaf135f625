#include "symbols.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[] = "/tmp/symbols_test-XXXXXX";
static char text[8192];

/* An address in the C library: it exports the name, and the object's file is named libc.so.6. */
static uint64_t in_the_c_library(void) {
    void *address = dlsym(RTLD_DEFAULT, "getppid");
    assert_non_null(address);
    return (uintptr_t)address;
}

static const char *print(const uint64_t *stack, uint32_t count) {
    size_t length = symbols_print(stack, count, text, sizeof text);
    assert_int_equal(length, strlen(text));
    return text;
}

static void assert_begins(const char *line, const char *wanted) {
    if (strncmp(line, wanted, strlen(wanted)) != 0)
        fail_msg("\"%s\" does not begin:\n%s", wanted, line);
}

/* --- symbolizers that answer as the test wants ------------------------------------------------ */

/* Makes `name` the only kind of symbolizer: a shell script, which may only use what is built in. */
static void install(const char *name, const char *script) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *out = fopen(path, "we");
    assert_non_null(out);
    fprintf(out, "#!/bin/sh\n%s\n", script);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(chmod(path, 0755), 0);
}

static void uninstall(const char *name) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    unlink(path);
}

static int use_no_symbolizer(void **state) {
    (void)state;
    uninstall("llvm-symbolizer");
    uninstall("addr2line");
    return setenv("PATH", directory, true);
}

/* --- tests ------------------------------------------------------------------------------------ */

static void without_a_symbolizer_the_nearest_symbol_is_named(void **state) {
    (void)state;
    const uint64_t stack[] = {in_the_c_library() + 1};
    assert_begins(print(stack, 1), "#0 getppid+0x1 (libc.so.6+0x");
}

static void what_is_no_code_is_said_to_be_none(void **state) {
    (void)state;
    const uint64_t stack[] = {0, in_the_c_library()};
    assert_begins(print(stack, 2), "#0 no code\n#1 getppid+0x0 (");
    assert_string_equal(print(stack, 0), "");
}

static void equal_frames_are_one_line(void **state) {
    (void)state;
    uint64_t stack[32] = {0};
    for (int i = 1; i < 31; i++)
        stack[i] = in_the_c_library();
    print(stack, 32);
    assert_begins(text, "#0 no code\n#1 to #30 getppid+0x0 (libc.so.6+0x");
    assert_begins(strchr(strchr(text, '\n') + 1, '\n'), "\n#31 no code\n");
}

static void lines_that_do_not_fit_are_left_out(void **state) {
    (void)state;
    const uint64_t stack[] = {0, in_the_c_library()};
    char small[20];
    assert_int_equal(symbols_print(stack, 2, small, sizeof small), strlen("#0 no code\n"));
    assert_string_equal(small, "#0 no code\n");
    assert_int_equal(symbols_print(stack, 2, small, 1), 0);
    assert_string_equal(small, "");
}

static void a_symbolizer_tells_function_and_line_of_inlined_calls_too(void **state) {
    (void)state;
    install("llvm-symbolizer", "echo 0x1\necho inner\necho '/src/a.c:7 (discriminator 2)'\n"
                               "echo outer\necho /src/a.c:9\n"
                               "echo 0x2\necho named\necho '?\?:0'\n"
                               "echo 0x3\necho '?\?'\necho '?\?:0'");
    const uint64_t at = in_the_c_library();
    const uint64_t stack[] = {at, at + 1, at + 2};
    const char *line = print(stack, 3);
    assert_begins(line, "#0 inner /src/a.c:7 (libc.so.6+0x");
    line = strchr(line, '\n') + 1;
    assert_begins(line, "#1 outer /src/a.c:9 (libc.so.6+0x");
    line = strchr(line, '\n') + 1;
    assert_begins(line, "#2 named (libc.so.6+0x");
    line = strchr(line, '\n') + 1;
    assert_begins(line, "#3 getppid+0x2 (libc.so.6+0x");
}

static void what_a_sanitizer_does_to_report_is_left_out(void **state) {
    (void)state;
    install("llvm-symbolizer", "echo 0x1\necho '__asan::ReportGenericError(...)'\necho '?\?:0'\n"
                               "echo 0x2\necho __asan_report_store1\necho '?\?:0'\n"
                               "echo 0x3\necho culprit\necho /src/a.c:7\n"
                               "echo 0x4\necho __asan_report_load1\necho '?\?:0'");
    const uint64_t at = in_the_c_library();
    const uint64_t stack[] = {at, at + 1, at + 2, at + 3};
    assert_begins(print(stack, 4), "#0 culprit /src/a.c:7 (libc.so.6+0x");
    assert_begins(strchr(text, '\n'), "\n#1 __asan_report_load1 (libc.so.6+0x");
}

static void a_symbolizer_is_asked_for_the_offsets_in_its_object(void **state) {
    (void)state;
    install("addr2line", "for a; do last=$a; done\necho 0x1\necho asked\necho \"$last\"");
    const uint64_t stack[] = {in_the_c_library() + 1};
    print(stack, 1);
    char *offset = strstr(text, "asked 0x");
    assert_non_null(offset);
    offset += strlen("asked ");
    const char *printed = strstr(text, "(libc.so.6+");
    assert_non_null(printed);
    size_t length = strcspn(offset, " ");
    assert_memory_equal(offset, printed + strlen("(libc.so.6+"), length);
    assert_int_equal(printed[strlen("(libc.so.6+") + length], ')');
}

static void a_symbolizer_that_fails_costs_nothing_but_its_answer(void **state) {
    (void)state;
    const uint64_t stack[] = {in_the_c_library()};
    install("llvm-symbolizer", "exit 1");
    assert_begins(print(stack, 1), "#0 getppid+0x0 (");
    install("llvm-symbolizer", "echo 0x1"); /* and no more */
    assert_begins(print(stack, 1), "#0 getppid+0x0 (");
    install("llvm-symbolizer", "echo no answer\necho at all");
    assert_begins(print(stack, 1), "#0 getppid+0x0 (");
    install("addr2line", "echo 0x1\necho second\necho '?\?:0'");
    install("llvm-symbolizer", "exit 1");
    assert_begins(print(stack, 1), "#0 second (");
}

/* More than a pipe or the text holds, and the process neither hangs nor is left behind. */
static void a_symbolizer_that_does_not_stop_is_read_to_its_end(void **state) {
    (void)state;
    install("llvm-symbolizer", "echo 0x1\ni=0\nwhile [ $i -lt 20000 ]; do i=$((i + 1))\n"
                               "echo endless; echo /src/a.c:7; done");
    const uint64_t stack[] = {in_the_c_library()};
    assert_begins(print(stack, 1), "#0 endless /src/a.c:7 (");
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

/* In another process of this program, which is loaded elsewhere. */
static void the_text_is_the_same_in_every_process(void **state) {
    (void)state;
    char other[sizeof text];
    const uint64_t stack[] = {in_the_c_library(), (uintptr_t)install};
    print(stack, 2);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], 1);
        execl("/proc/self/exe", "symbols_test", "--print", (char *)NULL);
        _exit(99);
    }
    close(ends[1]);
    ssize_t length = read(ends[0], other, sizeof other - 1);
    close(ends[0]);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_true(length > 0);
    other[length] = '\0';
    assert_string_equal(other, text);
}

static int print_for_another_process(void) {
    void *address = dlsym(RTLD_DEFAULT, "getppid");
    const uint64_t stack[] = {(uintptr_t)address, (uintptr_t)install};
    symbols_print(stack, 2, text, sizeof text);
    return fputs(text, stdout) < 0;
}

/* --- the group -------------------------------------------------------------------------------- */

static int make_directory(void **state) {
    (void)state;
    return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state) {
    use_no_symbolizer(state);
    return rmdir(directory);
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "--print") == 0)
        return print_for_another_process();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(without_a_symbolizer_the_nearest_symbol_is_named, use_no_symbolizer),
        cmocka_unit_test_setup(what_is_no_code_is_said_to_be_none, use_no_symbolizer),
        cmocka_unit_test_setup(equal_frames_are_one_line, use_no_symbolizer),
        cmocka_unit_test_setup(lines_that_do_not_fit_are_left_out, use_no_symbolizer),
        cmocka_unit_test_setup(a_symbolizer_tells_function_and_line_of_inlined_calls_too,
                               use_no_symbolizer),
        cmocka_unit_test_setup(what_a_sanitizer_does_to_report_is_left_out, use_no_symbolizer),
        cmocka_unit_test_setup(a_symbolizer_is_asked_for_the_offsets_in_its_object,
                               use_no_symbolizer),
        cmocka_unit_test_setup(a_symbolizer_that_fails_costs_nothing_but_its_answer,
                               use_no_symbolizer),
        cmocka_unit_test_setup(a_symbolizer_that_does_not_stop_is_read_to_its_end,
                               use_no_symbolizer),
        cmocka_unit_test_setup(the_text_is_the_same_in_every_process, use_no_symbolizer),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}

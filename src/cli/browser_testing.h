/*
 * browser_testing.h - shows pages in headless Chromium and listens to what it says of them. Files
 * lie in the directory of figures_testing.h.
 */
#ifndef FIFOFUZZ_BROWSER_TESTING_H
#define FIFOFUZZ_BROWSER_TESTING_H

#include <sys/stat.h>
#include <sys/wait.h>

#include "cli.h"
#include "figures_testing.h"

static inline void assert_contains(const char *text, const char *part) {
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in:\n%s", part, text);
}

static inline void assert_lacks(const char *text, const char *part) {
    if (strstr(text, part))
        fail_msg("\"%s\" is in:\n%s", part, text);
}

/* Skips the test where there is no browser. */
static inline void need_chromium(void) {
    if (access("/usr/bin/chromium", X_OK) == 0)
        return;
    print_message("chromium is not installed: no browser to show the page\n");
    skip();
}

/* Shows `file` of the directory in a browser `width` wide; what that said goes to `said`. */
static inline void show(const char *file, unsigned width, char *said, size_t size) {
    char data[600], picture[600], window[64], url[600];
    char *log = cli_join(findings_directory, "chromium.log");
    snprintf(data, sizeof data, "--user-data-dir=%s/chromium", findings_directory);
    snprintf(picture, sizeof picture, "--screenshot=%s/%s.png", findings_directory, file);
    snprintf(window, sizeof window, "--window-size=%u,844", width);
    snprintf(url, sizeof url, "file://%s/%s", findings_directory, file);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (!freopen(log, "w", stderr) || !freopen("/dev/null", "w", stdout))
            _exit(99);
        setenv("HOME", findings_directory, 1);
        execl("/usr/bin/chromium", "chromium", "--headless", "--no-sandbox", "--disable-gpu",
              "--no-first-run", "--disable-background-networking", "--disable-component-update",
              "--disable-sync", "--disable-dev-shm-usage", "--enable-logging=stderr", "--v=0", data,
              picture, window, url, NULL);
        _exit(99);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    FILE *in = fopen(log, "re");
    assert_non_null(in);
    said[fread(said, 1, size - 1, in)] = '\0';
    fclose(in);
    free(log);
}

static inline void write_page(const char *file, const char *text) {
    char *path = cli_join(findings_directory, file);
    FILE *out = fopen(path, "we");
    assert_non_null(out);
    fputs(text, out);
    assert_int_equal(fclose(out), 0);
    free(path);
}

/* A page that complains is heard; `text`, as `file`, does not and is more than an empty page. */
static inline void assert_shown_without_complaint(const char *file, const char *text,
                                                  unsigned width) {
    static char said[65536];
    struct stat facts;
    char name[256];
    write_page("bad.html", "<script>console.error(\"as it would be seen\")</script>");
    show("bad.html", width, said, sizeof said);
    assert_contains(said, "CONSOLE");
    assert_contains(said, "as it would be seen");
    write_page(file, text);
    snprintf(name, sizeof name, "%s.png", file);
    char *picture = cli_join(findings_directory, name);
    unlink(picture);
    show(file, width, said, sizeof said);
    assert_lacks(said, "CONSOLE");
    assert_int_equal(stat(picture, &facts), 0);
    assert_true(facts.st_size > 10000); /* an empty page is smaller */
    free(picture);
}

#endif

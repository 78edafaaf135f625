/* page_test.c - the page of a campaign: its structure, and how a browser takes it. */
#include "page.h"

#include "browser_testing.h"
#include "cli.h"
#include "markup_testing.h"

/* The page of the figures at hand, in new memory. */
static char *page(int status) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    assert_int_equal(page_write(out, &figures, status), 0);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(strlen(text), size);
    return text;
}

/* --- structure -------------------------------------------------------------------------------- */

struct tally {
    unsigned h1, articles, tables, captions, drawings, titles, faults, viewports, heads, rows;
};

/* Elements and attributes that fetch or run something have no place in the page. */
static void visit(const char *name, const char *attributes, void *context) {
    static const char *const elements[] = {"script", "link",   "img",   "iframe", "object", "embed",
                                           "form",   "source", "audio", "video",  "base"};
    static const char *const keys[] = {"src", "href", "srcset", "onload", "onclick", "onerror"};
    struct tally *tally = context;
    for (size_t i = 0; i < sizeof elements / sizeof elements[0]; i++)
        assert_string_not_equal(name, elements[i]);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        assert_null(markup_attribute_of(attributes, keys[i]));
    tally->h1 += strcmp(name, "h1") == 0;
    tally->articles += strcmp(name, "article") == 0;
    tally->tables += strcmp(name, "table") == 0;
    tally->captions += strcmp(name, "caption") == 0;
    tally->titles += strcmp(name, "title") == 0;
    tally->faults += strstr(attributes, "class=\"fault\"") != NULL;
    tally->viewports += strstr(attributes, "name=\"viewport\"") != NULL;
    tally->heads += strstr(attributes, "scope=\"col\"") != NULL;
    tally->rows += strstr(attributes, "scope=\"row\"") != NULL;
    if (strcmp(name, "svg") != 0)
        return;
    tally->drawings++;
    assert_string_equal(markup_attribute_of(attributes, "role"), "img");
    assert_non_null(markup_attribute_of(attributes, "aria-labelledby"));
}

static void a_page_needs_nothing_but_itself_and_says_all_in_words(void **state) {
    (void)state;
    make_figures("sequence");
    add_findings();
    char *text = page(STATUS_FINDING);
    struct tally tally = {0};
    markup_read(text, true, visit, &tally);
    assert_int_equal(tally.h1, 1);
    assert_int_equal(tally.articles, 3);
    assert_int_equal(tally.tables, 1);
    assert_int_equal(tally.captions, 1);
    assert_int_equal(tally.drawings, 2);
    assert_int_equal(tally.titles, 3); /* of the page and of each drawing */
    assert_int_equal(tally.faults, 1);
    assert_int_equal(tally.viewports, 1);
    assert_int_equal(tally.heads, 3);
    assert_int_equal(tally.rows, CLAUSE_COUNT + beyond_count);
    static const char *const fetching[] = {"http:", "https:", "url(", "@import", "javascript:"};
    for (size_t i = 0; i < sizeof fetching / sizeof fetching[0]; i++)
        assert_lacks(text, fetching[i]);
    assert_contains(text, "prefers-color-scheme: dark");
    assert_contains(text, "<html lang=\"en\">");
    free(text);
    drop_figures();
}

static void whatever_was_printed_is_text(void **state) {
    (void)state;
    make_figures("sequence");
    add_findings();
    char *text = page(STATUS_FINDING);
    assert_lacks(text, "<script");
    assert_contains(text, "&lt;/pre&gt;&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;x&quot; "
                          "&#39;y&#39; \\x1b \\xff \xc3\xa4");
    free(text);
    drop_figures();
}

static void every_state_of_a_clause_is_told(void **state) {
    (void)state;
    char wanted[160];
    make_figures("sequence");
    add_findings();
    char *text = page(STATUS_FINDING);
    assert_contains(text, "3 findings: the contract is violated");
    assert_contains(text, ">Violated: 1</span>");
    assert_contains(text, ">Held: 2</span>");
    assert_contains(text, ">Not reached: ");
    assert_contains(text, ">Unreachable here: ");
    assert_contains(text, ability_infos[ABILITY_LANDLOCK].lacking);
    snprintf(wanted, sizeof wanted, ">Beyond any scenario: %u</span>", beyond_count);
    assert_contains(text, wanted);
    assert_contains(text, "<code>mkfifo &quot;p/&quot; 0644</code> <small class=\"violated\">at "
                          "fault</small>");
    assert_contains(text, "Folder</dt>\n<dd>could not be written</dd>");
    free(text);
    drop_figures();
}

static void the_verdict_claims_no_more_than_was_seen(void **state) {
    (void)state;
    make_figures("sequence");
    figures.finding_count = 0;
    char *text = page(STATUS_HELD);
    assert_contains(text, "verdict held\">The contract held in 2 calls");
    assert_lacks(text, "<article>");
    free(text);
    text = page(128 + 2); /* interrupted: what was tried, held */
    assert_contains(text, "The contract held in 2 calls");
    free(text);
    text = page(STATUS_OURS);
    assert_contains(text, "The run could not be finished (exit status 70)");
    assert_lacks(text, "verdict held");
    free(text);
    figures.reached_count = 0;
    text = page(STATUS_HELD);
    assert_contains(text, "Nothing was tested");
    free(text);
    drop_figures();
    make_figures("scenario_text");
    text = page(STATUS_HELD);
    assert_contains(text, "No fault was found");
    assert_lacks(text, "<table>");
    free(text);
    drop_figures();
}

/* --- in a browser ----------------------------------------------------------------------------- */

static void a_browser_has_nothing_to_complain_of(void **state) {
    (void)state;
    static const unsigned widths[] = {390, 1200};
    need_chromium();
    make_figures("sequence");
    add_findings();
    char *text = page(STATUS_FINDING);
    drop_figures();
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++)
        assert_shown_without_complaint("page.html", text, widths[i]);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_needs_nothing_but_itself_and_says_all_in_words),
        cmocka_unit_test(whatever_was_printed_is_text),
        cmocka_unit_test(every_state_of_a_clause_is_told),
        cmocka_unit_test(the_verdict_claims_no_more_than_was_seen),
        cmocka_unit_test(a_browser_has_nothing_to_complain_of),
    };
    return cmocka_run_group_tests(tests, make_findings_directory, remove_findings_directory);
}

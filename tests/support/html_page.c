/* html_page.c: a report in a test's directory, tag by tag. */
#include "support/html_page.h"

#include <ferry/report.h>

#include <string.h>

void fyt_put_file(const char *dir, const char *name, const char *text, size_t n)
{
    check_ok(fyi_mkdirs(fyt_path(dir, "data")));
    check_ok(fyi_file_write(fyt_path(dir, name), text, n));
}

char *fyt_report(const char *dir)
{
    char *text;
    size_t n;

    check_ok(fy_report_write(dir));
    check_ok(fyi_file_read(fyt_path(dir, "report.html"), 1 << 24, &text, &n));
    assert_int_equal(strlen(text), n);
    return text;
}

/* ---- well-formedness ------------------------------------------------------------------------- */

/* Every tag closes, in order. The script and the style sheet are passed over. */
static void check_tags(const char *at)
{
    char open[64][24];
    int depth = 0;

    at = strchr(at, '>') + 1; /* <!DOCTYPE html> */
    while ((at = strchr(at, '<')) != NULL) {
        const char *end = strchr(at, '>');
        const bool closes = at[1] == '/';
        char name[24] = "";

        assert_non_null(end);
        if (sscanf(at + 1 + closes, "%23[a-zA-Z0-9]", name) != 1)
            fail_msg("a stray '<' at: %.60s", at);
        if (closes) {
            if (depth == 0 || strcmp(open[--depth], name) != 0)
                fail_msg("</%s> closes <%s>", name, depth >= 0 ? open[depth] : "nothing");
        } else if (end[-1] != '/') {
            assert_true(depth < 64);
            memcpy(open[depth++], name, sizeof name);
        }
        at = strcmp(name, "script") == 0 && !closes  ? strstr(end, "</script>")
             : strcmp(name, "style") == 0 && !closes ? strstr(end, "</style>")
                                                     : end;
    }
    assert_int_equal(depth, 0);
}

/* Nothing from elsewhere, and no number that is none. */
void fyt_check_page(const char *text)
{
    static const char *const never[] = { "\"nan",      " nan",   "-nan",   "Mnan", "Lnan",
                                         "\"inf\"",    "\"inf ", "Minf",   "Linf", " inf ",
                                         "src=\"http", "<link",  "@import" };

    check_tags(text);
    for (size_t i = 0; i < LEN(never); i++)
        if (strstr(text, never[i]) != NULL)
            fail_msg("the page holds '%s'", never[i]);
    assert_non_null(strstr(text, "</html>"));
}

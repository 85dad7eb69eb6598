/* Guards the page over many runs: every run that is done is a row, what differs is a column, links lead from where the page is,
 * and files that are damaged or hold markup change nothing but their own row. */
#include "support/html_page.h"

#include <ferry/report.h>

#include <string.h>
#include <unistd.h>

/* ---- runs ------------------------------------------------------------------------------------ */

static void put(const char *dir, const char *run, const char *name, const char *text)
{
    char path[512];

    (void)snprintf(path, sizeof path, "%s/%s/%s", dir, run, name);
    check_ok(fyi_mkdirs_for(path));
    check_ok(fyi_file_write(path, text, strlen(text)));
}

static void put_run(const char *dir, const char *run, const char *lr, const char *accuracy)
{
    char text[256];

    (void)snprintf(
        text, sizeof text,
        "{\"recipe\": \"r\", \"method\": \"finetune\", \"seed\": 3, \"test_accuracy\": %s, "
        "\"seconds\": 2.5, \"deep\": {\"val\": 0.125}}",
        accuracy);
    put(dir, run, "result.json", text);
    (void)snprintf(text, sizeof text,
                   "method: finetune\nthreads: %zu\nfinetune: {lr: %s, epochs: 2}\n", strlen(lr),
                   lr);
    put(dir, run, "recipe.yaml", text);
    put(dir, run, "metrics.jsonl",
        "{\"stage\": \"all\", \"step\": 0, \"val.accuracy\": 0.25}\n"
        "{\"stage\": \"all\", \"step\": 5, \"val.accuracy\": 0.5}\n");
    put(dir, run, "report.html", "<html></html>");
}

static char *page_of(const char *const *dirs, size_t n, const char *path)
{
    char *text;
    size_t bytes;

    check_ok(fy_report_runs(dirs, n, path));
    check_ok(fyi_file_read(path, (size_t)1 << 24, &text, &bytes));
    fyt_check_page(text);
    return text;
}

static char *page_in(const char *dir)
{
    char path[512];

    (void)snprintf(path, sizeof path, "%s/page.html", dir);
    return page_of((const char *const[]){ dir }, 1, path);
}

/* ---- what is on it --------------------------------------------------------------------------- */

static void a_row_for_every_run_below(void **state)
{
    static const char *const says[] = {
        "<h1>3 runs</h1>",
        "data-c=\"test_accuracy\"",
        "data-c=\"deep.val\"",
        "data-c=\"finetune.lr\"",
        "<td>0.01</td>",
        "data-v=\"0.75\"",
        "<a href=\"runs/b/report.html\">",
        "<h3>val.accuracy</h3>",
        "3 of 3 runs",
    };
    char *text;

    put_run(*state, "runs/a", "0.1", "0.5");
    put_run(*state, "runs/b", "0.01", "0.75");
    put_run(*state, "other/deeper/c", "0.01", "null");
    text = page_in(*state);
    for (size_t i = 0; i < LEN(says); i++)
        check_contains(text, says[i]);
    assert_null(strstr(text, "data-c=\"finetune.epochs\"")); /* the same in all */
    assert_null(strstr(text, "data-c=\"threads\""));         /* the machine's */
    fyi_free(text);
}

static void links_lead_from_where_the_page_is(void **state)
{
    char path[512], dir[512];
    char *text;

    put_run(*state, "runs/a", "0.1", "0.5");
    put(*state, "pages", "x", "");
    (void)snprintf(path, sizeof path, "%s/pages/all.html", (const char *)*state);
    (void)snprintf(dir, sizeof dir, "%s/runs", (const char *)*state);
    text = page_of((const char *const[]){ dir }, 1, path);
    check_contains(text, "<a href=\"../runs/a/report.html\">");
    fyi_free(text);
    (void)snprintf(path, sizeof path, "%s/runs/a/all.html", (const char *)*state);
    text = page_of((const char *const[]){ dir }, 1, path);
    check_contains(text, "<a href=\"../a/report.html\">");
    fyi_free(text);
}

static void damage_stays_in_its_row(void **state)
{
    char *text;

    put_run(*state, "a", "0.1", "0.5");
    put(*state, "b", "result.json",
        "{\"recipe\": \"<b>\", \"method\": 7, \"seed\": [], \"x<y\": 0.5, ");
    put(*state, "c", "result.json",
        "{\"recipe\": \"<script>alert(1)</script>\", \"seed\": \"\\\"\", \"a\\\"b\": 0.5, "
        "\"seconds\": 1e308}");
    put(*state, "c", "recipe.yaml", "method: {{\n");
    put(*state, "c", "metrics.jsonl", "{\"stage\": 7}\nnothing\n");
    text = page_in(*state);
    check_contains(text, "<h1>3 runs</h1>");
    assert_null(strstr(text, "<script>alert"));
    fyi_free(text);
}

static void nothing_is_no_page(void **state)
{
    char path[512];

    (void)snprintf(path, sizeof path, "%s/page.html", (const char *)*state);
    check_status(fy_report_runs((const char *const[]){ *state }, 1, path), FY_EIO);
    check_sentence("is done: there is no result.json in it or below it");
    check_status(fy_report_runs((const char *const[]){ "nowhere" }, 1, path), FY_EIO);
    assert_false(fyi_path_exists(path));
}

static fy_status write_once(void *arg)
{
    char path[512];

    (void)snprintf(path, sizeof path, "%s/page.html", (const char *)arg);
    return fy_report_runs((const char *const[]){ arg }, 1, path);
}

static void memory_may_run_out(void **state)
{
    put_run(*state, "a", "0.1", "0.5");
    put_run(*state, "b", "0.2", "0.5");
    fyt_check_alloc_failures(write_once, *state);
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, fyt_tmpdir_setup, fyt_tmpdir_teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        IN_DIR(a_row_for_every_run_below), IN_DIR(links_lead_from_where_the_page_is),
        IN_DIR(damage_stays_in_its_row),   IN_DIR(nothing_is_no_page),
        IN_DIR(memory_may_run_out),
    };

    return cmocka_run_group_tests_name("report_runs", tests, NULL, NULL);
}

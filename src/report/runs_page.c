/* runs_page.c: many runs on one page, on disk whole or not at all. */
#include "report/runs.h"

#include <string.h>

static void put_notes(const fyi_runs *runs, fyi_buf *b)
{
    if (runs->page.n_notes == 0)
        return;
    fyi_buf_puts(b, "<section class=\"notes\">\n<h2>What is missing</h2>\n<ul>\n");
    for (size_t i = 0; i < runs->page.n_notes; i++)
        fyi_html(b, "<li>@</li>\n", runs->page.notes[i]);
    fyi_buf_puts(b, "</ul>\n</section>\n");
}

static void write_page(fyi_runs *runs, fyi_buf *b)
{
    char title[40];

    (void)snprintf(title, sizeof title, "%zu run%s", runs->n, runs->n == 1 ? "" : "s");
    fyi_report_page_begin(b, title);
    fyi_report_brand(b);
    fyi_html(b, "<h1>@</h1>\n</header>\n<main>\n", title);
    put_notes(runs, b);
    fyi_show_runs_table(runs, b);
    fyi_show_runs_curves(runs, b);
    fyi_report_page_end(b, "from the files of these runs");
    fyi_show_runs_script(b);
    fyi_buf_puts(b, "</body>\n</html>\n");
}

fy_status fy_report_runs(const char *const *dirs, size_t n, const char *path)
{
    fyi_runs *runs = fyi_calloc(1, sizeof *runs);
    fyi_buf page = { 0 };
    fy_status st;

    if (runs == NULL)
        return fyi_enomem(sizeof *runs, "a page of runs");
    FY_TRY(fyi_runs_find(runs, dirs, n, path));
    FY_TRY(fyi_runs_compare(runs));
    write_page(runs, &page);
    if (page.failed || runs->page.no_memory)
        FY_TRY(fyi_enomem(page.len, "a page of runs"));
    FY_TRY(fyi_file_write(path, page.p, page.len));
done:
    fyi_buf_release(&page);
    fyi_runs_release(runs);
    fyi_free(runs);
    return st;
}

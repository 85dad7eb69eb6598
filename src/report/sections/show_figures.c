/* show_figures.c: every figure as text: the four numbers with two more digits, and each
 * evaluation. */
#include "report/report.h"

#include <math.h>
#include <string.h>

enum { MOST_ROWS = 400, MOST_COLUMNS = 14 };

/* ---- the result ------------------------------------------------------------------------------ */

static void put_row(fyi_buf *b, const char *name, const double v[FYI_NUMBERS])
{
    fyi_html(b, "<tr><th scope=\"row\">@</th>", name);
    for (int i = 0; i < FYI_NUMBERS; i++)
        fyi_html(b, "<td>@</td>", fyi_fixed(v[i], 4).s);
    fyi_buf_puts(b, "</tr>\n");
}

static void put_steps_of(fyi_buf *b, const int64_t step[FYI_NUMBERS])
{
    fyi_buf_puts(b, "<tr class=\"of\"><th scope=\"row\">of step</th>");
    for (int i = 0; i < FYI_NUMBERS; i++)
        fyi_html(b, "<td>@</td>", step[i] >= 0 ? fyi_whole(step[i]).s : "\xE2\x80\x93");
    fyi_buf_puts(b, "</tr>\n");
}

static void put_result(const fyi_result *res, fyi_buf *b)
{
    static const char *const rows[FYI_WAYS] = { "target accuracy", "best matching of classes",
                                                "two classes exchanged" };

    fyi_buf_puts(b, "<div class=\"card scroll\">\n<table>\n<thead><tr><th></th>");
    for (int i = 0; i < FYI_NUMBERS; i++)
        fyi_html(b, "<th scope=\"col\">@</th>", fyi_number_looks[i].name);
    fyi_buf_puts(b, "</tr></thead>\n<tbody>\n");
    for (int way = 0; way < FYI_WAYS; way++)
        if (way == FYI_PLAIN || fyi_has_way(res, way)) {
            put_row(b, rows[way], res->accuracy[way]);
            put_steps_of(b, res->step[way]);
        }
    fyi_buf_puts(b, "</tbody>\n</table>\n");
    fyi_html(
        b, "<p class=\"hint\">Accuracy of the source model on held-out source samples: @.</p>\n</div>\n",
        fyi_fixed(res->source_accuracy, 4).s);
}

/* ---- the evaluations ------------------------------------------------------------------------- */

static bool is_evaluation(const char *name)
{
    static const char *const fronts[] = { "target.accuracy", "target.matched", "target.swapped",
                                          "signs.",          "source_test.",   "val.",
                                          "beta.",           "unique.",        "share." };

    for (size_t i = 0; i < FYI_LEN(fronts); i++)
        if (strncmp(name, fronts[i], strlen(fronts[i])) == 0)
            return true;
    return false;
}

/* The series of evaluations of one stage, at most MOST_COLUMNS. */
static int list_columns(const fyi_report *r, const char *stage, const fyi_series *columns[])
{
    int n = 0;

    for (size_t i = 0; i < r->n_series && n < MOST_COLUMNS; i++)
        if (strcmp(r->series[i].stage, stage) == 0 && is_evaluation(r->series[i].name) &&
            fyi_series_has_value(&r->series[i]))
            columns[n++] = &r->series[i];
    return n;
}

/* Columns may lack steps that others have; all steps rise, so a hand stays where it was. */
static void put_steps(fyi_buf *b, const fyi_series *const *columns, int n)
{
    size_t hand[MOST_COLUMNS] = { 0 };

    for (int row = 0; row < MOST_ROWS; row++) {
        double step = INFINITY;

        for (int c = 0; c < n; c++)
            if (hand[c] < columns[c]->n)
                step = FYI_MIN(step, columns[c]->p[hand[c]].x);
        if (!isfinite(step))
            return;
        fyi_html(b, "<tr><th scope=\"row\">@</th>", fyi_whole((int64_t)step).s);
        for (int c = 0; c < n; c++) {
            const bool is_here = hand[c] < columns[c]->n && columns[c]->p[hand[c]].x == step;

            fyi_html(b, "<td>@</td>",
                     fyi_fixed(is_here ? columns[c]->p[hand[c]].y : (double)NAN, 4).s);
            hand[c] += is_here;
        }
        fyi_buf_puts(b, "</tr>\n");
    }
}

/* "target.accuracy" takes two lines, so that more columns fit. */
static void put_column_name(fyi_buf *b, const char *name)
{
    const size_t stem = FYI_MIN(strcspn(name, "."), 90);
    char front[96];

    snprintf(front, sizeof front, "%.*s", (int)stem, name);
    if (name[stem] == '.')
        fyi_html(b, "<th scope=\"col\">@<br />@</th>", front, name + stem + 1);
    else
        fyi_html(b, "<th scope=\"col\">@</th>", name);
}

static void put_stage(fyi_report *r, fyi_buf *b, const char *stage)
{
    const fyi_series *columns[MOST_COLUMNS];
    const int n = list_columns(r, stage, columns);

    if (n == 0)
        return;
    fyi_html(b,
             "<details class=\"card\">\n<summary>Every evaluation of stage \"@\"</summary>\n<div "
             "class=\"scroll\">"
             "<table class=\"dense\">\n<thead><tr><th scope=\"col\">step</th>",
             stage);
    for (int c = 0; c < n; c++)
        put_column_name(b, columns[c]->name);
    fyi_buf_puts(b, "</tr></thead>\n<tbody>\n");
    put_steps(b, columns, n);
    fyi_buf_puts(b, "</tbody>\n</table></div>\n</details>\n");
}

void fyi_show_figures(fyi_report *r, fyi_buf *b)
{
    if (!r->result.is_adaptation && r->n_series == 0)
        return;
    fyi_section_begin(b, "figures", "All figures", "");
    if (r->result.is_adaptation)
        put_result(&r->result, b);
    for (size_t i = 0; i < r->n_series; i++)
        if (fyi_starts_stage(r, i))
            put_stage(r, b, r->series[i].stage);
    fyi_section_end(b);
}

/* show_cells.c: what adaptations did to their source models: in words, which of them failed, by who chose among their steps, and cell by
 * cell. */
#include "report/report.h"

#include <math.h>
#include <string.h>

/* ---- in words -------------------------------------------------------------------------------- */

static void say_harm(const fyi_cells *c, fyi_buf *b)
{
    fyi_html(b,
             "Of @ cells, what the choice without labels handed back ended more than a point below "
             "its source model in @; the last step did in @.",
             fyi_whole((int64_t)c->n).s, fyi_percent(c->all.v[FYI_BY_CHOSEN].harm_rate).s,
             fyi_percent(c->all.v[FYI_BY_LAST].harm_rate).s);
}

static void say_harm_and_failures(const fyi_cells *c, fyi_buf *b)
{
    fyi_html(b,
             "Of @ cells, @ failed and handed nothing back, which counts as harm. With those that "
             "ended more than a point below their source model, harm is @ by the choice without "
             "labels and @ by the last step.",
             fyi_whole((int64_t)c->n).s, fyi_whole((int64_t)c->n_failed).s,
             fyi_percent(c->all.v[FYI_BY_CHOSEN].harm_rate).s,
             fyi_percent(c->all.v[FYI_BY_LAST].harm_rate).s);
}

static const char *mood_of(const fyi_cells *c)
{
    if (!(c->all.v[FYI_BY_CHOSEN].harm_rate <= FYI_FEW))
        return "bad";
    return c->n_failed > 0 ? "calm" : "good";
}

void fyi_show_cells_verdict(fyi_report *r, fyi_buf *b)
{
    const fyi_cells *c = &r->cells;
    const fyi_choosing *rule = &c->all.v[FYI_BY_CHOSEN], *last = &c->all.v[FYI_BY_LAST];

    if (c->n == 0)
        return;
    fyi_html(b, "<section id=\"harm\" class=\"verdict @\">\n<p>", mood_of(c));
    if (c->n_failed > 0)
        say_harm_and_failures(c, b);
    else
        say_harm(c, b);
    fyi_html(b,
             "</p>\n<p class=\"why\">In the mean the choice is @ on the source model, where the "
             "best step by the target's labels is @, and the last step @.</p>\n",
             fyi_points(rule->gain).s, fyi_points(c->oracle_gain).s, fyi_points(last->gain).s);
    fyi_section_end(b);
}

/* ---- failures -------------------------------------------------------------------------------- */

static void put_name(const fyi_cell_row *cell, fyi_buf *b)
{
    fyi_html(b, "@@@", cell->shift, cell->shift[0] != '\0' ? ", " : "", cell->arm);
}

void fyi_show_failed_cells(fyi_report *r, fyi_buf *b)
{
    const fyi_cells *c = &r->cells;

    if (c->n_failed == 0)
        return;
    fyi_html(b,
             "<section id=\"failed\" class=\"notes\" role=\"note\">\n<h2>@ of @ cells "
             "failed</h2>\n<ul>\n",
             fyi_whole((int64_t)c->n_failed).s, fyi_whole((int64_t)c->n).s);
    for (size_t i = 0; i < c->n; i++) {
        if (c->v[i].error[0] == '\0')
            continue;
        fyi_buf_puts(b, "<li><b>");
        put_name(&c->v[i], b);
        fyi_html(b, "</b> with seed @: @</li>\n", c->v[i].seed, c->v[i].error);
    }
    fyi_buf_puts(b, "</ul>\n");
    fyi_section_end(b);
}

/* ---- who chooses ----------------------------------------------------------------------------- */

static const char *name_of(size_t by)
{
    static const char *const names[] = { "source only", "choice of the rule", "last step",
                                         "oracle" };

    return by < FYI_LEN(names) ? names[by] : fy_choosers()[by];
}

static bool is_shown(const fyi_cells *c, size_t by)
{
    return isfinite(c->all.v[by].accuracy);
}

static void begin_chooser(fyi_buf *b, size_t by)
{
    fyi_html(b, "<tr class=\"@\"><th scope=\"row\">@@</th>",
             by == FYI_BY_CHOSEN                               ? "picked"
             : by == FYI_BY_SOURCE_ONLY || by == FYI_BY_ORACLE ? "out"
                                                               : "",
             by == FYI_BY_CHOSEN ? "\xE2\x9E\xA4 " : "", name_of(by));
}

void fyi_put_rate(fyi_buf *b, double rate)
{
    fyi_html(b, rate > FYI_FEW ? "<td class=\"word v-worse\">@</td>" : "<td>@</td>",
             fyi_percent(rate).s);
}

static void put_chooser(fyi_buf *b, const fyi_choosing *of, size_t by)
{
    begin_chooser(b, by);
    fyi_html(b, "<td>@</td><td>@</td>", fyi_fixed(of->n + of->failed, 0).s,
             fyi_percent(of->accuracy).s);
    fyi_put_rate(b, of->harm_rate);
    fyi_put_rate(b, of->collapse_rate);
    fyi_html(b, "<td>@</td><td>@</td><td>@</td></tr>\n", fyi_percent(of->kept_rate).s,
             fyi_points(of->gain).s, fyi_fixed(100 * of->oracle_gap, 1).s);
}

static void put_choosers(const fyi_cells *c, fyi_buf *b)
{
    fyi_buf_puts(b, "<div class=\"card scroll\">\n<table class=\"votes\">\n<thead><tr><th "
                    "scope=\"col\">who chooses</th><th scope=\"col\">cells</th><th "
                    "scope=\"col\">accuracy</th><th "
                    "scope=\"col\">harm</th><th scope=\"col\">collapsed</th><th "
                    "scope=\"col\">kept the source model</th><th "
                    "scope=\"col\">over the source model</th><th scope=\"col\">points to the "
                    "oracle</th></tr></thead>\n<tbody>\n");
    for (size_t by = 0; fy_choosers()[by] != NULL; by++)
        if (is_shown(c, by))
            put_chooser(b, &c->all.v[by], by);
    fyi_buf_puts(b, "</tbody>\n</table>\n</div>\n");
}

/* Rows are those who choose, columns the methods. */
static void put_harms(const fyi_cells *c, fyi_buf *b)
{
    fyi_buf_puts(b, "<div class=\"card scroll\">\n<h3>Harm, method by method</h3>\n<table "
                    "class=\"dense votes\">\n<thead><tr><th scope=\"col\">who chooses</th>");
    for (size_t m = 0; m < c->n_methods; m++)
        fyi_html(b, "<th scope=\"col\">@</th>", c->methods[m].name);
    fyi_buf_puts(b, "</tr></thead>\n<tbody>\n");
    for (size_t by = 0; fy_choosers()[by] != NULL; by++) {
        if (!is_shown(c, by) || by == FYI_BY_SOURCE_ONLY || by == FYI_BY_ORACLE)
            continue;
        begin_chooser(b, by);
        for (size_t m = 0; m < c->n_methods; m++)
            fyi_put_rate(b, c->methods[m].v[by].harm_rate);
        fyi_buf_puts(b, "</tr>\n");
    }
    fyi_buf_puts(b, "</tbody>\n</table>\n</div>\n");
}

void fyi_show_choosers(fyi_report *r, fyi_buf *b)
{
    if (r->cells.n == 0)
        return;
    fyi_section_begin(
        b, "choosers", "Who chooses, and what it costs",
        "Harm is the share of the cells that end more than a point below their "
        "source model, collapsed the share below half of it; a cell that failed is both. The rule "
        "of the choice "
        "knows no labels; nor does a validator, each of which chooses here by itself "
        "among all steps and the source model; agreement chooses only in cells that tried several "
        "methods, among what these chose. The oracle knows the target's labels.");
    put_choosers(&r->cells, b);
    put_harms(&r->cells, b);
    fyi_section_end(b);
}

/* ---- cell by cell ---------------------------------------------------------------------------- */

static bool is_same_row(const fyi_cell_row *a, const fyi_cell_row *b)
{
    return strcmp(a->shift, b->shift) == 0 && strcmp(a->arm, b->arm) == 0;
}

/* The first cell of its shift and arm stands for all of them. */
static bool is_first(const fyi_cells *c, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (is_same_row(&c->v[k], &c->v[i]))
            return false;
    return true;
}

/* Of those that are known. */
static double mean_of(const fyi_cells *c, const fyi_cell_row *like, size_t by)
{
    double sum = 0, n = 0;

    for (size_t i = 0; i < c->n; i++)
        if (is_same_row(&c->v[i], like) && isfinite(c->v[i].v[by])) {
            sum += c->v[i].v[by];
            n++;
        }
    return n > 0 ? sum / n : (double)NAN;
}

static bool is_harmed(const fyi_cell_row *cell)
{
    return fy_is_harm(cell->v[FYI_BY_CHOSEN], cell->v[FYI_BY_SOURCE_ONLY]);
}

/* A run that failed has no page. */
static void put_seed(const fyi_cell_row *cell, fyi_buf *b)
{
    if (cell->error[0] != '\0')
        fyi_html(b, "<span class=\"word v-worse\" title=\"@\">@ failed</span> ", cell->error,
                 cell->seed);
    else if (cell->dir[0] != '\0')
        fyi_html(b, "<a class=\"@\" href=\"@/report.html\" title=\"@ to @\">@</a> ",
                 is_harmed(cell) ? "word v-worse" : "", cell->dir,
                 fyi_percent(cell->v[FYI_BY_SOURCE_ONLY]).s, fyi_percent(cell->v[FYI_BY_CHOSEN]).s,
                 cell->seed);
    else
        fyi_html(b, "@ ", cell->seed);
}

static void put_seeds(const fyi_cells *c, const fyi_cell_row *like, fyi_buf *b)
{
    fyi_buf_puts(b, "<td>");
    for (size_t i = 0; i < c->n; i++)
        if (is_same_row(&c->v[i], like))
            put_seed(&c->v[i], b);
    fyi_buf_puts(b, "</td></tr>\n");
}

static void put_cells(const fyi_cells *c, const fyi_cell_row *like, fyi_buf *b)
{
    const double was = mean_of(c, like, FYI_BY_SOURCE_ONLY), is = mean_of(c, like, FYI_BY_CHOSEN);

    fyi_buf_puts(b, "<tr><th scope=\"row\">");
    put_name(like, b);
    fyi_html(b, "</th><td>@</td>", fyi_percent(was).s);
    fyi_html(b, fy_is_harm(is, was) ? "<td class=\"word v-worse\">@</td>" : "<td><b>@</b></td>",
             fyi_percent(is).s);
    fyi_html(b, "<td>@</td><td>@</td>", fyi_percent(mean_of(c, like, FYI_BY_LAST)).s,
             fyi_percent(mean_of(c, like, FYI_BY_ORACLE)).s);
    put_seeds(c, like, b);
}

void fyi_show_cells(fyi_report *r, fyi_buf *b)
{
    const fyi_cells *c = &r->cells;

    if (c->n == 0)
        return;
    fyi_section_begin(b, "cells", "Four numbers of every cell",
                      "Target accuracy, means over the seeds: of the source model, of what the "
                      "choice handed back, of the last step, and of the best step by the target's "
                      "labels. A seed leads to the report of its run.");
    fyi_buf_puts(b, "<div class=\"card scroll\">\n<table>\n<thead><tr><th scope=\"col\">shift and "
                    "method</th><th scope=\"col\">source only</th><th scope=\"col\">choice</th><th "
                    "scope=\"col\">last</th><th scope=\"col\">oracle</th><th "
                    "scope=\"col\">seeds</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < c->n; i++)
        if (is_first(c, i))
            put_cells(c, &c->v[i], b);
    fyi_buf_puts(b, "</tbody>\n</table>\n</div>\n");
    fyi_section_end(b);
}

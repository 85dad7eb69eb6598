/* show_versus.c: what a comparison came to: in words, as a table, and run by run. */
#include "report/report.h"

#include <math.h>
#include <string.h>

fyi_num fyi_versus_signed(const fyi_versus *v, double diff)
{
    const fyi_num text = fyi_fixed(diff, v->decimals);
    fyi_num out;

    snprintf(out.s, sizeof out.s, "%s%.40s", diff > 0 ? "+" : "", text.s);
    return out;
}

const char *fyi_versus_css(const fyi_versus_arm *arm)
{
    return fy_verdict_name(arm->verdict);
}

#define MOST_SAID 5 /* arms whose differences are said in words */

/* ---- in words -------------------------------------------------------------------------------- */

static size_t count_verdicts(const fyi_versus *v, fy_verdict which)
{
    size_t n = 0;

    for (size_t i = 0; i < v->n_arms; i++)
        n += v->arms[i].verdict == which;
    return n;
}

static void say_arms(const fyi_versus *v, fy_verdict which, const char *front, fyi_buf *b)
{
    const char *between = front;

    for (size_t i = 0; i < v->n_arms; i++)
        if (v->arms[i].verdict == which) {
            fyi_html(b, "@@", between, v->arms[i].name);
            if (v->n_arms <= MOST_SAID && isfinite(v->arms[i].diff) && v->arms[i].diff != 0)
                fyi_html(b, " (@)", fyi_versus_signed(v, v->arms[i].diff).s);
            between = ", ";
        }
    fyi_buf_puts(b, between != front ? ". " : "");
}

static void say_result(const fyi_versus *v, fyi_buf *b)
{
    if (v->n_seeds < 2) {
        fyi_buf_puts(b, "One seed proves nothing: with a few more there are intervals and tests.");
        return;
    }
    if (count_verdicts(v, FY_VERDICT_BETTER) + count_verdicts(v, FY_VERDICT_WORSE) == 0)
        fyi_html(b, "No arm is shown to differ from @. ", v->baseline);
    say_arms(v, FY_VERDICT_BETTER, "Better than the baseline: ", b);
    say_arms(v, FY_VERDICT_WORSE, "Worse: ", b);
    say_arms(v, FY_VERDICT_UNCLEAR, "Not told apart from it: ", b);
    say_arms(v, FY_VERDICT_EQUAL, "Equal to it in every run: ", b);
    say_arms(v, FY_VERDICT_UNTESTED, "Without a test: ", b);
    say_arms(v, FY_VERDICT_INCOMPLETE, "Incomplete: ", b);
}

static const char *mood_of(const fyi_versus *v)
{
    return count_verdicts(v, FY_VERDICT_BETTER) > 0  ? "good"
           : count_verdicts(v, FY_VERDICT_WORSE) > 0 ? "bad"
                                                     : "calm";
}

void fyi_show_versus_verdict(fyi_report *r, fyi_buf *b)
{
    const fyi_versus *v = &r->versus;

    if (!v->is_tested)
        return;
    fyi_html(b, "<section id=\"versus\" class=\"verdict @\">\n<p>", mood_of(v));
    say_result(v, b);
    fyi_html(
        b,
        "</p>\n<p class=\"why\"><b>Figure:</b> @, @ is better. <b>Test:</b> differences from @, "
        "seed by seed; an arm is better or worse where its p after Holm's correction is at "
        "most @.</p>\n",
        v->metric, v->higher_is_better ? "higher" : "lower", v->baseline,
        fyi_figure(1 - v->level).s);
    fyi_section_end(b);
}

/* ---- the table ------------------------------------------------------------------------------- */

static fyi_num chance(double p)
{
    return p < 0.0005 ? (fyi_num){ "<0.001" } : fyi_fixed(p, 3);
}

static void put_difference(fyi_buf *b, const fyi_versus *v, const fyi_versus_arm *arm)
{
    if (!isfinite(arm->diff))
        fyi_buf_puts(b, "<td>\xE2\x80\x93</td>");
    else if (!isfinite(arm->ci_low))
        fyi_html(b, "<td>@</td>", fyi_versus_signed(v, arm->diff).s);
    else
        fyi_html(b, "<td>@ <span class=\"odds\">[@, @]</span></td>",
                 fyi_versus_signed(v, arm->diff).s, fyi_versus_signed(v, arm->ci_low).s,
                 fyi_versus_signed(v, arm->ci_high).s);
}

static void put_row(fyi_buf *b, const fyi_versus *v, const fyi_versus_arm *arm)
{
    fyi_html(b, "<tr><th scope=\"row\">@</th><td>@</td><td>@</td><td>@</td>", arm->name,
             arm->n >= 0 ? fyi_whole(arm->n).s : "\xE2\x80\x93",
             fyi_fixed(arm->mean, v->decimals).s, fyi_fixed(arm->sd, v->decimals).s);
    put_difference(b, v, arm);
    fyi_html(b, "<td>@</td><td>@</td><td>@</td><td class=\"word v-@\">@</td></tr>\n",
             chance(arm->p).s, chance(arm->p_wilcoxon).s, chance(arm->p_holm).s,
             fyi_versus_css(arm), fy_verdict_name(arm->verdict));
}

static void put_changes(fyi_buf *b, const fyi_versus_arm *arm)
{
    fyi_html(b, "<tr><th scope=\"row\">@</th><td>", arm->name);
    for (size_t i = 0; i < arm->n_changes; i++)
        fyi_html(b, "@<code>@</code>", i > 0 ? ", " : "", arm->changes[i]);
    fyi_buf_puts(b, arm->n_changes == 0 ? "the recipe as it is</td></tr>\n" : "</td></tr>\n");
}

void fyi_show_versus_table(fyi_report *r, fyi_buf *b)
{
    const fyi_versus *v = &r->versus;

    if (v->n_arms == 0)
        return;
    fyi_section_begin(b, "arms", "The arms",
                      "Mean and standard deviation of each arm, its mean difference from the "
                      "baseline on the same seeds with its interval, and how likely so large a "
                      "difference is by luck. The intervals are of one arm each; the last p allows "
                      "for all of them.");
    fyi_html(b,
             "<div class=\"card scroll\">\n<table>\n<thead><tr><th scope=\"col\">arm</th><th "
             "scope=\"col\">runs</th><th scope=\"col\">mean</th><th scope=\"col\">sd</th><th "
             "scope=\"col\">difference [@% interval]</th><th scope=\"col\">p, "
             "Student</th><th scope=\"col\">p, Wilcoxon</th><th scope=\"col\">p, Holm</th><th "
             "scope=\"col\">verdict</th></tr></thead>\n<tbody>\n",
             fyi_figure(100 * v->level).s);
    for (size_t i = 0; i < v->n_arms; i++)
        put_row(b, v, &v->arms[i]);
    fyi_buf_puts(b, "</tbody>\n</table>\n</div>\n<div class=\"card scroll\">\n<h3>What each sets "
                    "otherwise</h3>\n<table class=\"left changes\">\n<tbody>\n");
    if (v->first.n_changes > 0)
        put_changes(b, &v->first);
    for (size_t i = 0; i < v->n_arms; i++)
        put_changes(b, &v->arms[i]);
    fyi_buf_puts(b, "</tbody>\n</table>\n</div>\n");
    fyi_section_end(b);
}

/* ---- run by run ------------------------------------------------------------------------------ */

static void put_run(fyi_buf *b, const fyi_versus *v, const fyi_versus_run *run)
{
    const fyi_num value =
        isfinite(run->value) ? fyi_fixed(run->value, v->decimals) : (fyi_num){ "failed" };

    if (run->dir[0] != '\0' && isfinite(run->value))
        fyi_html(b, "<td><a href=\"@/report.html\">@</a></td>", run->dir, value.s);
    else
        fyi_html(b, "<td>@</td>", value.s);
}

static void put_errors(fyi_buf *b, const fyi_versus *v)
{
    for (size_t a = 0; a < v->n_arms; a++)
        for (size_t i = 0; v->arms[a].runs != NULL && i < v->n_seeds; i++)
            if (v->arms[a].runs[i].error[0] != '\0')
                fyi_html(b, "<p class=\"odd\">@ with seed @: @</p>\n", v->arms[a].name, v->seeds[i],
                         v->arms[a].runs[i].error);
}

void fyi_show_versus_runs(fyi_report *r, fyi_buf *b)
{
    const fyi_versus *v = &r->versus;

    if (v->n_arms == 0 || v->n_seeds == 0 || r->no_memory)
        return;
    fyi_section_begin(b, "runs", "Every run", "A figure leads to the report of its run.");
    fyi_buf_puts(b, "<div class=\"card scroll\">\n<table>\n<thead><tr><th scope=\"col\">seed</th>");
    for (size_t a = 0; a < v->n_arms; a++)
        fyi_html(b, "<th scope=\"col\">@</th>", v->arms[a].name);
    fyi_buf_puts(b, "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < v->n_seeds; i++) {
        fyi_html(b, "<tr><th scope=\"row\">@</th>", v->seeds[i]);
        for (size_t a = 0; a < v->n_arms; a++)
            put_run(b, v, &v->arms[a].runs[i]);
        fyi_buf_puts(b, "</tr>\n");
    }
    fyi_buf_puts(b, "</tbody>\n</table>\n");
    put_errors(b, v);
    fyi_buf_puts(b, "</div>\n");
    fyi_section_end(b);
}

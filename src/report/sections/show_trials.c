/* show_trials.c: what a search came to: in words, its best trials as a table, which keys matter, and what failed. */
#include "report/report.h"

#include <math.h>
#include <string.h>

#define MOST_ROWS 15
#define MOST_ERRORS 5

/* ---- in words -------------------------------------------------------------------------------- */

static void say_counts(const fyi_trials *s, fyi_buf *b)
{
    const char *between = " ";

    for (int i = 0; i < FY_TRIAL_STATES; i++)
        if (s->count[i] > 0) {
            fyi_html(b, "@@ @", between, fyi_whole(s->count[i]).s,
                     fy_trial_state_name((fy_trial_state)i));
            between = ", ";
        }
}

void fyi_show_trials_verdict(fyi_report *r, fyi_buf *b)
{
    const fyi_trials *s = &r->trials;

    if (!s->is_there)
        return;
    fyi_html(b, "<section id=\"trials\" class=\"verdict @\">\n<p>",
             s->best != NULL ? "good" : "bad");
    if (s->best != NULL)
        fyi_html(b, "The best of @ trials is number @, with @ @.", fyi_whole((int64_t)s->n).s,
                 fyi_plain(s->best->number).s, s->metric, fyi_fixed(s->best->value, s->decimals).s);
    else
        fyi_html(b, "None of @ trials is done.", fyi_whole((int64_t)s->n).s);
    fyi_html(b,
             "</p>\n<p class=\"why\"><b>Figure:</b> @, @ is better, by validation samples or "
             "without labels: no test was opened. <b>Trials:</b>",
             s->metric, s->higher_is_better ? "higher" : "lower");
    say_counts(s, b);
    fyi_html(b,
             ". <b>Mind:</b> the best of many is flattered by luck; another seed, and the test, "
             "say what it is worth: <code>ferry export @ --out best.yaml</code>.</p>\n",
             s->study);
    fyi_section_end(b);
}

/* ---- the best trials ------------------------------------------------------------------------- */

static void put_head(fyi_buf *b, const fyi_trials *s)
{
    fyi_html(b,
             "<div class=\"card scroll\">\n<table>\n<thead><tr><th scope=\"col\">trial</th><th "
             "scope=\"col\">@</th>",
             s->metric);
    for (size_t k = 0; k < s->n_keys; k++)
        fyi_html(b, "<th scope=\"col\">@</th>", s->keys[k].name);
    fyi_buf_puts(b, "</tr></thead>\n<tbody>\n");
}

static void put_trial(fyi_buf *b, const fyi_trials *s, const fyi_trials_row *t)
{
    fyi_html(b, "<tr><th scope=\"row\">@</th><td>@</td>", fyi_plain(t->number).s,
             fyi_fixed(t->value, s->decimals).s);
    for (size_t k = 0; k < s->n_keys; k++)
        fyi_html(b, "<td>@</td>", t->values[k]);
    fyi_buf_puts(b, "</tr>\n");
}

/* Those that are done by their rank, the best first. */
static void put_best(fyi_report *r, fyi_buf *b)
{
    const fyi_trials *s = &r->trials;
    const fyi_trials_row *rows[MOST_ROWS] = { NULL };

    for (size_t i = 0; i < s->n; i++)
        if (s->v[i].state == FY_TRIAL_DONE && fyi_trials_rank(s, &s->v[i]) < MOST_ROWS)
            rows[fyi_trials_rank(s, &s->v[i])] = &s->v[i];
    put_head(b, s);
    for (size_t i = 0; i < MOST_ROWS; i++)
        if (rows[i] != NULL)
            put_trial(b, s, rows[i]);
    fyi_buf_puts(b, "</tbody>\n</table>\n</div>\n");
}

static void put_errors(fyi_buf *b, const fyi_trials *s)
{
    int n = 0;

    for (size_t i = 0; i < s->n; i++)
        if (s->v[i].error[0] != '\0' && n++ < MOST_ERRORS)
            fyi_html(b, "<p class=\"odd\">trial @: @</p>\n", fyi_plain(s->v[i].number).s,
                     s->v[i].error);
    if (n > MOST_ERRORS)
        fyi_html(b, "<p class=\"odd\">and @ more that failed</p>\n", fyi_whole(n - MOST_ERRORS).s);
}

void fyi_show_best_trials(fyi_report *r, fyi_buf *b)
{
    if (r->trials.best == NULL || r->no_memory)
        return;
    fyi_section_begin(b, "best", "The best trials", "");
    put_best(r, b);
    put_errors(b, &r->trials);
    fyi_section_end(b);
}

/* ---- importance ------------------------------------------------------------------------------ */

static void put_key(fyi_buf *b, const fyi_trials *s, size_t k)
{
    fyi_html(b, "<tr><th scope=\"row\">@</th>", s->keys[k].name);
    fyi_put_share(b, s->keys[k].importance);
    fyi_html(b, "<td>@</td><td>@</td></tr>\n", s->keys[k].range, s->best->values[k]);
}

void fyi_show_importance(fyi_report *r, fyi_buf *b)
{
    const fyi_trials *s = &r->trials;

    if (s->best == NULL || s->n_keys == 0 || !isfinite(s->keys[0].importance) || r->no_memory)
        return;
    fyi_section_begin(b, "importance", "Which keys matter",
                      "The share of the figure's variance over the whole space that a key explains "
                      "by itself, as a "
                      "random forest sees it (functional analysis of variance). What is left of "
                      "100% is what keys "
                      "do together, and noise. A small share means that the key did not matter "
                      "within its range.");
    fyi_buf_puts(
        b, "<div class=\"card scroll\">\n<table class=\"shares\">\n<thead><tr><th "
           "scope=\"col\">key</th><th scope=\"col\">share</th><th scope=\"col\">range</th><th "
           "scope=\"col\">best</th></tr></thead>\n<tbody>\n");
    for (size_t k = 0; k < s->n_keys; k++)
        put_key(b, s, k);
    fyi_buf_puts(b, "</tbody>\n</table>\n</div>\n");
    fyi_section_end(b);
}

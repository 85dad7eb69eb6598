/* show_choice.c: every candidate of the choice without labels beside every validator: what refused it, who voted how, and who won; over
 * the steps of a run, or over the methods that were tried. */
#include "report/report.h"

#include <math.h>
#include <string.h>

#define MOST_ROWS 24 /* more: those of the first half, which nothing is chosen from, are left out */

static bool is_of_methods(const fyi_ballots *c)
{
    return c->n > 1 && c->v[1].method[0] != '\0';
}

static bool is_shown(const fyi_ballots *c, size_t i)
{
    return c->n <= MOST_ROWS || !c->v[i].is_early;
}

static bool has_column(const fyi_ballots *c, int v)
{
    for (size_t i = 0; i < c->n; i++)
        if (isfinite(c->v[i].values[v]))
            return true;
    return false;
}

/* It may be chosen: only among those the best of a column says something. */
static bool is_in_it(const fyi_ballots *c, size_t i)
{
    return i > 0 && !c->v[i].is_early && c->v[i].gate[0] == '\0';
}

static bool is_best(const fyi_ballots *c, size_t i, int v)
{
    const double sign = fy_validator_is_gain(fy_validators()[v]) ? 1 : -1;

    for (size_t k = 0; k < c->n; k++)
        if (is_in_it(c, k) && sign * c->v[k].values[v] > sign * c->v[i].values[v])
            return false;
    return is_in_it(c, i) && isfinite(c->v[i].values[v]);
}

/* ---- the table ------------------------------------------------------------------------------- */

/* Those that vote come first. */
static void put_columns(const fyi_ballots *c, bool voters, fyi_buf *b)
{
    for (int v = 0; fy_validators()[v] != NULL; v++)
        if (c->votes[v] == voters && has_column(c, v))
            fyi_html(b, "<th scope=\"col\" title=\"@\">@<br /><span class=\"odds\">@@</span></th>",
                     fy_validator_text(fy_validators()[v]), fy_validators()[v],
                     voters ? "\xE2\x9C\x93 " : "",
                     fy_validator_is_gain(fy_validators()[v]) ? "\xE2\x86\x91" : "\xE2\x86\x93");
}

static void put_head(const fyi_ballots *c, fyi_buf *b)
{
    fyi_html(
        b,
        "<div class=\"card scroll\">\n<table class=\"dense votes\">\n<thead><tr><th "
        "scope=\"col\">@</th><th scope=\"col\" class=\"why\">gates</th><th scope=\"col\">mean "
        "place</th>"
        "<th scope=\"col\" title=\"votes that find it better than the source model\">votes</th>",
        is_of_methods(c) ? "method" : "step");
    put_columns(c, true, b);
    put_columns(c, false, b);
    fyi_buf_puts(b, "<th scope=\"col\">classes take</th></tr></thead>\n<tbody>\n");
}

static const char *gate_of(const fyi_ballots *c, size_t i)
{
    if (i == 0)
        return "\xE2\x80\x93";
    if (c->v[i].gate[0] != '\0')
        return c->v[i].gate;
    return c->v[i].is_early ? "passed; of the first half" : "passed";
}

static void put_name(const fyi_ballots *c, size_t i, fyi_buf *b)
{
    const fyi_candidate_row *of = &c->v[i];
    const bool is_chosen = (int64_t)i == c->chosen;

    fyi_html(b, "<tr class=\"@\"><th scope=\"row\">@",
             is_chosen                  ? "picked"
             : is_in_it(c, i) || i == 0 ? ""
                                        : "out",
             is_chosen ? "\xE2\x9E\xA4 " : "");
    if (i == 0)
        fyi_buf_puts(b, "source model");
    else
        fyi_html(b, "@@@", of->method, of->method[0] != '\0' && of->step >= 0 ? ", step " : "",
                 of->step >= 0 ? fyi_whole(of->step).s : "");
    fyi_html(b, "</th><td class=\"why\">@", gate_of(c, i));
    if (of->back_to >= 0)
        fyi_html(b, "; went back to step @, and on at half the rate", fyi_whole(of->back_to).s);
    fyi_buf_puts(b, "</td>");
}

static void put_votes(const fyi_candidate_row *of, fyi_buf *b)
{
    fyi_html(b, "<td>@</td>", fyi_fixed(of->place, 2).s);
    if (of->voters > 0)
        fyi_html(b, "<td>@ of @</td>", fyi_whole(of->better).s, fyi_whole(of->voters).s);
    else
        fyi_buf_puts(b, "<td>\xE2\x80\x93</td>");
}

static void put_values(const fyi_ballots *c, size_t i, bool voters, fyi_buf *b)
{
    for (int v = 0; fy_validators()[v] != NULL; v++)
        if (c->votes[v] == voters && has_column(c, v))
            fyi_html(b, is_best(c, i, v) ? "<td class=\"best\">@</td>" : "<td>@</td>",
                     fyi_fixed(c->v[i].values[v], 3).s);
}

static void put_row(const fyi_ballots *c, size_t i, fyi_buf *b)
{
    const fyi_candidate_row *of = &c->v[i];

    put_name(c, i, b);
    put_votes(of, b);
    put_values(c, i, true, b);
    put_values(c, i, false, b);
    fyi_html(b, "<td>@ to @</td></tr>\n", fyi_percent(of->smallest).s, fyi_percent(of->largest).s);
}

static void put_not_tried(const fyi_ballots *c, fyi_buf *b)
{
    for (size_t i = 0; i < c->n_not_tried; i++)
        fyi_html(b, "@@", i > 0 ? ", " : "<p class=\"hint\">Not tried: ", c->not_tried[i]);
    if (c->n_not_tried > 0)
        fyi_buf_puts(b, ".</p>\n");
}

/* ---- the section ----------------------------------------------------------------------------- */

static void put_hint(const fyi_ballots *c, fyi_buf *b)
{
    fyi_html(b,
             "<p class=\"hint\">\xE2\x9C\x93 has a vote; \xE2\x86\x91 more is better, "
             "\xE2\x86\x93 less. The best of those that passed is marked in every column. "
             "Votes: how many find it better than the source model. Candidates in grey were "
             "refused@.</p>\n",
             is_of_methods(c) ? ""
                              : ", or stand in the first half of the run, where nothing is chosen");
}

void fyi_show_choice(fyi_report *r, fyi_buf *b)
{
    const fyi_ballots *c = &r->ballots;

    if (c->n == 0)
        return;
    fyi_section_begin(b, "choice", "The choice without labels",
                      "Gates refuse a candidate by itself. Of those that pass, each validator that "
                      "votes makes an order, and the best mean place wins; where none passes, the "
                      "source model is kept.");
    put_head(c, b);
    for (size_t i = 0; i < c->n; i++)
        if (is_shown(c, i))
            put_row(c, i, b);
    fyi_buf_puts(b, "</tbody>\n</table>\n");
    put_hint(c, b);
    put_not_tried(c, b);
    fyi_buf_puts(b, "</div>\n");
    if (c->reason[0] != '\0')
        fyi_html(b, "<p class=\"lead\">In words: @.</p>\n", c->reason);
    fyi_section_end(b);
}

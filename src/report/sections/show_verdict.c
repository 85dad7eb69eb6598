/* show_verdict.c: what came of the run, in words made from its figures; and what could not be
 * read. */
#include "report/report.h"

#include <math.h>

/* Differences below what the page shows are none. */
#define SAME 0.0005

static void say_change(fyi_buf *b, const double *a)
{
    const double gain = a[FYI_CHOSEN] - a[FYI_SOURCE_ONLY];

    if (!isfinite(gain))
        fyi_buf_puts(b, "Nobody had labels of the target, so its accuracy is not known.");
    else if (gain > SAME)
        fyi_html(b, "Adaptation raised target accuracy from @ to @.",
                 fyi_percent(a[FYI_SOURCE_ONLY]).s, fyi_percent(a[FYI_CHOSEN]).s);
    else if (gain < -SAME)
        fyi_html(
            b, "Adaptation lowered target accuracy from @ to @, and the label-free choice did not notice.",
            fyi_percent(a[FYI_SOURCE_ONLY]).s, fyi_percent(a[FYI_CHOSEN]).s);
    else
        fyi_html(b, "Adaptation left target accuracy at @.", fyi_percent(a[FYI_CHOSEN]).s);
}

static void say_choice(const fyi_result *res, fyi_buf *b)
{
    const double behind =
        res->accuracy[FYI_PLAIN][FYI_ORACLE] - res->accuracy[FYI_PLAIN][FYI_CHOSEN];

    const int64_t step = res->step[FYI_PLAIN][FYI_CHOSEN];

    if (step >= 0)
        fyi_html(b, " The label-free choice took @@step @", res->chosen_method,
                 res->chosen_method[0] != '\0' ? ", " : "", fyi_whole(step).s);
    else
        fyi_buf_puts(b, " The label-free choice took a step that the run did not record");
    if (!isfinite(behind))
        fyi_buf_puts(b, ".");
    else if (behind < SAME)
        fyi_buf_puts(b, ", which no other step beats.");
    else
        fyi_html(b, "; the oracle's step would have been @ points better.",
                 fyi_fixed(behind * 100, 1).s);
}

static void say_fallback(const fyi_result *res, fyi_buf *b)
{
    const double *a = res->accuracy[FYI_PLAIN];
    const double lost = a[FYI_LAST] - a[FYI_SOURCE_ONLY],
                 missed = a[FYI_ORACLE] - a[FYI_SOURCE_ONLY];

    fyi_buf_puts(b,
                 "The run kept the source model: no adapted model passed the label-free checks.");
    if (!isfinite(lost))
        return;
    fyi_html(b, " Target accuracy stays at @;", fyi_percent(a[FYI_SOURCE_ONLY]).s);
    fyi_html(b,
             lost < -SAME ? " the last step would have lowered it to @."
                          : " the last step would have given @.",
             fyi_percent(a[FYI_LAST]).s);
    if (missed > SAME && a[FYI_ORACLE] > a[FYI_LAST])
        fyi_html(b, " The best step, which only labels could have found, would have given @.",
                 fyi_percent(a[FYI_ORACLE]).s);
}

/* "good", "bad" or "calm": the colour of the verdict's edge. */
static const char *mood_of(const fyi_result *res)
{
    const double gain =
        res->accuracy[FYI_PLAIN][FYI_CHOSEN] - res->accuracy[FYI_PLAIN][FYI_SOURCE_ONLY];

    if (res->fell_back || !(fabs(gain) > SAME))
        return "calm";
    return gain > 0 ? "good" : "bad";
}

void fyi_show_verdict(fyi_report *r, fyi_buf *b)
{
    const fyi_result *res = &r->result;

    if (!res->is_adaptation)
        return;
    fyi_html(b, "<section id=\"verdict\" class=\"verdict @\">\n<p>", mood_of(res));
    if (res->fell_back) {
        say_fallback(res, b);
    } else {
        say_change(b, res->accuracy[FYI_PLAIN]);
        say_choice(res, b);
    }
    fyi_buf_puts(b, "</p>\n");
    if (res->reason[0] != '\0')
        fyi_html(b, "<p class=\"why\"><b>Why:</b> @</p>\n", res->reason);
    if (res->warning[0] != '\0')
        fyi_html(b, "<p class=\"odd\"><b>Warning:</b> @.</p>\n", res->warning);
    fyi_section_end(b);
}

void fyi_show_notes(fyi_report *r, fyi_buf *b)
{
    if (r->n_notes == 0)
        return;
    fyi_buf_puts(b, "<section id=\"notes\" class=\"notes\" role=\"note\">\n<h2>Not everything "
                    "could be read</h2>\n<ul>\n");
    for (size_t i = 0; i < r->n_notes; i++)
        fyi_html(b, "<li>@</li>\n", r->notes[i]);
    fyi_buf_puts(b, "</ul>\n");
    fyi_section_end(b);
}

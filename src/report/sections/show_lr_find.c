/* show_lr_find.c: the loss over rising learning rates, and the rate where it falls fastest (Smith 2017, section 3.3). */
#include "report/report.h"

#include <math.h>

/* The loss at the rate nearest to the suggestion. */
static double loss_at(const fyi_lr_test *t, double x)
{
    size_t best = 0;

    for (size_t i = 1; i < t->n; i++)
        if (fabs(t->p[i].x - x) < fabs(t->p[best].x - x))
            best = i;
    return t->p[best].y;
}

static void put_picture(fyi_report *r, fyi_buf *b, double w, const char *css)
{
    const fyi_lr_test *t = &r->lr_test;
    const double x = log10(t->suggested);
    fyi_plot p = {
        .w = w, .h = 280, .left = 56, .right = 30, .top = 16, .bottom = 44, .id = ++r->plots
    };
    double lo = INFINITY, hi = -INFINITY;

    b->failed |= !fyi_axis_fit(t->p, t->n, &lo, &hi);
    p.about = "The loss over rising learning rates.";
    p.x = fyi_axis_of(t->p[0].x, t->p[t->n - 1].x, 8, FYI_TICK_POWER);
    p.x.title = "learning rate";
    p.y = fyi_axis_of(lo - (hi - lo) * 0.06, hi + (hi - lo) * 0.06, 5, FYI_TICK_FIGURE);
    fyi_html(b, "<div class=\"@\">", css);
    fyi_plot_begin(b, &p);
    if (isfinite(x))
        fyi_plot_upright(b, &p, x, "upright");
    fyi_plot_line(b, &p, t->p, t->n, "loss", "s0 d0");
    if (isfinite(x))
        fyi_plot_mark(b, &p, x, loss_at(t, x), 0, FYI_MARK_DIAMOND, "n-chosen", "suggested");
    fyi_plot_end(b);
    fyi_buf_puts(b, "</div>\n");
}

static void put_caption(const fyi_lr_test *t, fyi_buf *b)
{
    fyi_buf_puts(b, "<figcaption>");
    if (isfinite(t->suggested))
        fyi_html(b, "The dotted line: @, where the loss falls fastest, which the part took.",
                 fyi_figure(t->suggested).s);
    else
        fyi_buf_puts(b, "The loss fell nowhere, so the part took the recipe's rate.");
    fyi_buf_puts(b, "</figcaption>\n");
}

void fyi_show_lr_find(fyi_report *r, fyi_buf *b)
{
    const fyi_lr_test *t = &r->lr_test;

    if (t->n == 0)
        return;
    fyi_section_begin(b, "lr-find", "Which rate to learn at", "");
    fyi_html(b, "<p class=\"lead\">@ steps at rising rates, taken before ",
             fyi_whole((int64_t)t->n).s);
    if (t->stage[0] != '\0')
        fyi_html(b, "the part \xE2\x80\x9C@\xE2\x80\x9D", t->stage);
    else
        fyi_buf_puts(b, "the last part");
    fyi_buf_puts(b, " and then undone; the loss is a running mean.</p>\n");
    fyi_buf_puts(b, "<figure class=\"card full\">\n");
    put_picture(r, b, 1060, "plot on-wide");
    put_picture(r, b, 520, "plot on-narrow");
    put_caption(t, b);
    fyi_buf_puts(b, "</figure>\n");
    fyi_section_end(b);
}

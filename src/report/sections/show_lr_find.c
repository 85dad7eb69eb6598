/* show_lr_find.c: before each part the loss over rising learning rates, and the rate where it falls fastest (Smith 2017,
 * section 3.3). */
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

static void put_picture(fyi_report *r, fyi_buf *b, const fyi_lr_test *t, double w, const char *css)
{
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
        fyi_plot_mark(
            b, &p, &(fyi_mark){ x, loss_at(t, x), "suggested", "n-chosen", FYI_MARK_DIAMOND }, 0);
    fyi_plot_end(b);
    fyi_buf_puts(b, "</div>\n");
}

static void put_caption(const fyi_lr_test *t, fyi_buf *b)
{
    fyi_html(b, "<figcaption>@ steps. ", fyi_whole((int64_t)t->n).s);
    if (isfinite(t->suggested))
        fyi_html(b, "The dotted line: @, where the loss falls fastest, which the part took.",
                 fyi_figure(t->suggested).s);
    else
        fyi_buf_puts(b, "The loss fell nowhere, so the part took the recipe's rate.");
    fyi_buf_puts(b, "</figcaption>\n");
}

/* One that has no neighbour is as wide as the page. */
static void put_test(fyi_report *r, fyi_buf *b, const fyi_lr_test *t)
{
    const bool is_wide = r->n_lr_tests == 1;

    fyi_html(b, "<figure class=\"card@\">\n<h3>Before the part \xE2\x80\x9C@\xE2\x80\x9D</h3>\n",
             is_wide ? " full" : "", t->stage);
    if (is_wide)
        put_picture(r, b, t, 1060, "plot on-wide");
    put_picture(r, b, t, 520, is_wide ? "plot on-narrow" : "plot");
    put_caption(t, b);
    fyi_buf_puts(b, "</figure>\n");
}

void fyi_show_lr_find(fyi_report *r, fyi_buf *b)
{
    if (r->n_lr_tests == 0)
        return;
    fyi_section_begin(b, "lr-find", "Which rate to learn at",
                      "Steps at rising rates, taken before a part and then undone; the loss is a "
                      "running mean.");
    fyi_buf_puts(b, "<div class=\"pair\">\n");
    for (size_t i = 0; i < r->n_lr_tests; i++)
        put_test(r, b, &r->lr_tests[i]);
    fyi_buf_puts(b, "</div>\n");
    fyi_section_end(b);
}

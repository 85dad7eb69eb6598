/* show_calibration.c: is it right as often as it is sure? A reliability diagram (Guo et al. 2017, figure 1), and how
 * many samples each certainty has. */
#include "report/report.h"

#include <math.h>

static fyi_plot plot_of(fyi_report *r, const char *about)
{
    fyi_plot p = { .w = 520, .h = 400, .left = 58, .right = 28, .top = 12, .bottom = 46 };

    p.id = ++r->plots;
    p.about = about;
    p.x = (fyi_axis){ 0, 1, 5, FYI_TICK_PERCENT, "how sure the model is" };
    return p;
}

/* A bar up to the lower of accuracy and confidence, and what lies between the two. */
static void put_bin(fyi_buf *b, const fyi_plot *p, const fyi_eval_bin *bin)
{
    const double left = fyi_plot_x(p, bin->from) + 0.7, right = fyi_plot_x(p, bin->to) - 0.7;
    const double zero = fyi_plot_y(p, 0), top = fyi_plot_y(p, bin->accuracy),
                 sure = fyi_plot_y(p, bin->confidence);

    if (!(bin->n > 0 && isfinite(top) && isfinite(sure) && right > left))
        return;
    fyi_html_coords(b, "<rect x=\"#\" y=\"#\" width=\"#\" height=\"#\" class=\"bar source\" />",
                    left, FYI_MAX(top, sure), right - left, zero - FYI_MAX(top, sure));
    fyi_html_coords(b, "<rect x=\"#\" y=\"#\" width=\"#\" height=\"#\"", left, FYI_MIN(top, sure),
                    right - left, fabs(top - sure));
    fyi_html(
        b, " class=\"gap@\"><title>@ samples between @ and @ sure: right on @, sure of @</title></rect>",
        top < sure ? " under" : "", fyi_whole(bin->n).s, fyi_percent(bin->from).s,
        fyi_percent(bin->to).s, fyi_percent(bin->accuracy).s, fyi_percent(bin->confidence).s);
}

static void put_reliability(fyi_report *r, fyi_buf *b)
{
    const fyi_eval *e = &r->eval;
    fyi_plot p = plot_of(r, "Reliability diagram: accuracy against certainty, by bins.");

    p.y = (fyi_axis){ 0, 1, 5, FYI_TICK_PERCENT, NULL };
    fyi_buf_puts(b,
                 "<figure class=\"card\">\n<h3>How often it is right</h3>\n<div class=\"plot\">");
    fyi_plot_begin(b, &p);
    for (size_t i = 0; i < e->n_bins; i++)
        put_bin(b, &p, &e->bins[i]);
    fyi_html_coords(b, "<path d=\"M# #L# #\" class=\"level\" />", fyi_plot_x(&p, 0),
                    fyi_plot_y(&p, 0), fyi_plot_x(&p, 1), fyi_plot_y(&p, 1));
    fyi_plot_end(b);
    fyi_buf_puts(b, "</div>\n<figcaption>Orange: surer than it is right. Light blue: right more "
                    "often than it is sure. "
                    "A model that knows itself has neither, and bars up to the dashed "
                    "line.</figcaption>\n</figure>\n");
}

static double largest_share(const fyi_eval *e)
{
    double most = 0;

    for (size_t i = 0; i < e->n_bins; i++)
        most = FYI_MAX(most, (double)e->bins[i].n / (double)FYI_MAX(e->count, 1));
    return most > 0 ? most : 1;
}

static void put_counts(fyi_report *r, fyi_buf *b)
{
    const fyi_eval *e = &r->eval;
    fyi_plot p = plot_of(r, "How many samples each certainty has.");

    p.y = (fyi_axis){ 0, FYI_MIN(1.05 * largest_share(e), 1), 5, FYI_TICK_PERCENT, NULL };
    fyi_buf_puts(b, "<figure class=\"card\">\n<h3>How many samples</h3>\n<div class=\"plot\">");
    fyi_plot_begin(b, &p);
    for (size_t i = 0; i < e->n_bins; i++) {
        const double share = (double)e->bins[i].n / (double)FYI_MAX(e->count, 1);
        const double left = fyi_plot_x(&p, e->bins[i].from), right = fyi_plot_x(&p, e->bins[i].to);

        if (!(e->bins[i].n > 0 && right > left))
            continue;
        fyi_html_coords(b, "<rect x=\"#\" y=\"#\" width=\"#\" height=\"#\" class=\"bar plain\">",
                        left + 0.7, fyi_plot_y(&p, share), right - left - 1.4,
                        fyi_plot_y(&p, 0) - fyi_plot_y(&p, share));
        fyi_html(b, "<title>@ samples, @, between @ and @ sure</title></rect>",
                 fyi_whole(e->bins[i].n).s, fyi_percent(share).s, fyi_percent(e->bins[i].from).s,
                 fyi_percent(e->bins[i].to).s);
    }
    if (isfinite(e->confidence))
        fyi_plot_upright(b, &p, e->confidence, "upright faint");
    fyi_plot_end(b);
    fyi_html(
        b, "</div>\n<figcaption>The dotted line is the mean, @; the accuracy is @.</figcaption>\n</figure>\n",
        fyi_percent(e->confidence).s, fyi_percent(e->accuracy).s);
}

void fyi_show_calibration(fyi_report *r, fyi_buf *b)
{
    const fyi_eval *e = &r->eval;

    if (!e->is_there || e->n_bins == 0 || !isfinite(e->ece))
        return;
    fyi_section_begin(b, "calibration", "Does it know how sure to be?", "");
    fyi_html(b,
             "<p class=\"lead\">Of samples that it is 80% sure of, 80% should be right. The "
             "expected calibration error, "
             "the mean distance from that over @ bins, is <b>@</b>; the negative log-likelihood is "
             "<b>@</b> nats, "
             "Brier\xE2\x80\x99s score <b>@</b>.</p>\n",
             fyi_whole((int64_t)e->n_bins).s, fyi_percent(e->ece).s, fyi_fixed(e->nll, 3).s,
             fyi_fixed(e->brier, 3).s);
    fyi_buf_puts(b, "<div class=\"pair\">\n");
    put_reliability(r, b);
    put_counts(r, b);
    fyi_buf_puts(b, "</div>\n");
    fyi_section_end(b);
}

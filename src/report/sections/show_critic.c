/* show_critic.c: the critic's decisions at the first, a middle and the last moment, the source's samples above the
 * line and the target's below. Two shapes that mirror each other are two domains that look
 * alike. */
#include "report/report.h"

#include <math.h>

static double largest_share(const fyi_moment *m)
{
    double most = 0;

    for (int side = 0; side < 2; side++)
        for (int i = 0; i < m->n_bins; i++)
            most = FYI_MAX(most, m->share[side][i]);
    return most > 0 ? most : 1;
}

/* The share of a domain's samples that the critic takes for the target. */
static double called_target(const fyi_moment *m, int side)
{
    double sum = 0;

    for (int i = 0; i < m->n_bins; i++)
        sum += 2 * i + 1 > m->n_bins    ? m->share[side][i]
               : 2 * i + 1 == m->n_bins ? m->share[side][i] / 2
                                        : 0;
    return sum;
}

static void put_histogram(fyi_report *r, fyi_buf *b, const fyi_moment *m)
{
    const double most = largest_share(m);
    char about[240];
    fyi_plot p = {
        .w = 340, .h = 250, .left = 22, .right = 22, .top = 10, .bottom = 44, .id = ++r->plots
    };

    snprintf(
        about, sizeof about,
        "Critic at step %s: it calls %s of the source's samples and %s of the target's target.",
        fyi_whole(m->step).s, fyi_percent(called_target(m, 0)).s,
        fyi_percent(called_target(m, 1)).s);
    p.about = about;
    p.x = (fyi_axis){ 0, 1, 4, FYI_TICK_PERCENT,
                      "how surely the critic says \xE2\x80\x9Ctarget\xE2\x80\x9D" };
    p.y = (fyi_axis){ -1.08 * most, 1.08 * most, 2, FYI_TICK_NONE, NULL };
    fyi_plot_begin(b, &p);
    fyi_plot_upright(b, &p, 0.5, "level");
    fyi_plot_bars(b, &p, m->share[0], m->n_bins, 1, "source", "source");
    fyi_plot_bars(b, &p, m->share[1], m->n_bins, -1, "target", "target");
    fyi_plot_level(b, &p, 0, "axis");
    fyi_plot_text(b, p.w - p.right, p.top + 12, "end", "label source", "source");
    fyi_plot_text(b, p.left, p.h - p.bottom - 8, "start", "label target", "target");
    fyi_plot_end(b);
}

static void put_moment(fyi_report *r, fyi_buf *b, const fyi_moment *m)
{
    fyi_html(b, "<figure class=\"card\">\n<h3>Step @</h3>\n<div class=\"plot\">",
             fyi_whole(m->step).s);
    put_histogram(r, b, m);
    fyi_html(
        b, "</div>\n<figcaption>Right about the source: @. Right about the target: @.</figcaption>\n</figure>\n",
        fyi_percent(1 - called_target(m, 0)).s, fyi_percent(called_target(m, 1)).s);
}

void fyi_show_critic(fyi_report *r, fyi_buf *b)
{
    const size_t last = r->n_moments - 1, at[3] = { 0, last / 2, last };
    const size_t shown[3] = { at[0], last > 1 ? at[1] : last, last };
    const int n = (int)FYI_MIN(r->n_moments, 3);

    if (r->n_moments == 0)
        return;
    fyi_section_begin(b, "critic", "What the critic sees",
                      "Samples by how surely the critic takes them for the target's: the source's "
                      "above the line, the "
                      "target's below. Shapes at opposite ends are domains it can tell apart; "
                      "shapes that mirror each "
                      "other are domains that look alike to it. Each picture has its own height.");
    fyi_buf_puts(b, "<div class=\"triple\">\n");
    for (int i = 0; i < n; i++)
        put_moment(r, b, &r->moments[shown[i]]);
    fyi_buf_puts(b, "</div>\n");
    fyi_section_end(b);
}

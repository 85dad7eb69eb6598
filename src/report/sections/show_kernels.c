/* show_kernels.c: where the time of each stage went: kernels by operator as bars, and the slowest of them by name. */
#include "report/report.h"

#include <math.h>

enum { BARS = 12, ROW_HEIGHT = 24, NARROW = 600 };

static double per_step_ms(const fyi_times *p, double seconds)
{
    return 1e3 * seconds / (double)p->steps;
}

/* ---- bars by operator -------------------------------------------------------------------------- */

static void put_bar(fyi_buf *b, const fyi_plot *plot, const fyi_times *p, size_t row,
                    const fyi_op_time *o)
{
    const double y = plot->top + (double)row * ROW_HEIGHT, ms = per_step_ms(p, o->seconds);
    const double right = fyi_plot_x(plot, ms);
    const fyi_num part = fyi_percent(o->seconds / p->kernel_seconds);
    char share[112];

    (void)snprintf(share, sizeof share, "%s ms, %s", fyi_figure(ms).s, part.s);
    fyi_plot_text(b, plot->left - 8, y + 16, "end", "name", o->op);
    fyi_html_coords(b, "<rect x=\"#\" y=\"#\" width=\"#\" height=\"#\" class=\"bar plain\">",
                    plot->left, y + 4, FYI_MAX(right - plot->left, 0.5), ROW_HEIGHT - 8.0);
    fyi_html(b, "<title>@: @, @ kernels</title></rect>", o->op, share, fyi_whole(o->kernels).s);
    fyi_plot_text(b, right + 6, y + 16, "start", "tick", plot->w > NARROW ? share : part.s);
}

/* The last bar is of all that have none of their own. */
static fyi_op_time rest_of(const fyi_times *p)
{
    fyi_op_time rest = { .op = "all others" };

    for (size_t i = BARS - 1; i < p->n_ops; i++) {
        rest.kernels += FYI_MAX(p->ops[i].kernels, 0);
        rest.seconds += p->ops[i].seconds;
    }
    return rest;
}

static void put_picture(fyi_report *r, fyi_buf *b, const fyi_times *p, double w, const char *css)
{
    const bool has_rest = p->n_ops > BARS;
    const size_t n = has_rest ? BARS - 1 : p->n_ops;
    const fyi_op_time rest = has_rest ? rest_of(p) : (fyi_op_time){ .op = "" };
    const double longest = FYI_MAX(p->ops[0].seconds, rest.seconds);
    fyi_plot plot = { .w = w, .left = 200, .right = w > NARROW ? 130 : 66, .top = 4, .bottom = 44 };

    plot.h = plot.top + plot.bottom + (double)(n + has_rest) * ROW_HEIGHT;
    plot.id = ++r->plots;
    plot.about = "Time of a step by operator.";
    plot.x =
        fyi_axis_of(0, FYI_MAX(per_step_ms(p, longest), 1e-9), w > NARROW ? 8 : 3, FYI_TICK_FIGURE);
    plot.x.title = "milliseconds of a step";
    plot.y = (fyi_axis){ 0, 1, 1, FYI_TICK_NONE, NULL };
    fyi_html(b, "<div class=\"@\">", css);
    fyi_plot_begin(b, &plot);
    for (size_t i = 0; i < n; i++)
        put_bar(b, &plot, p, i, &p->ops[i]);
    if (has_rest)
        put_bar(b, &plot, p, n, &rest);
    fyi_plot_end(b);
    fyi_buf_puts(b, "</div>\n");
}

/* ---- words and names --------------------------------------------------------------------------- */

static void put_caption(const fyi_times *p, fyi_buf *b)
{
    fyi_html(b, "<figcaption>@ steps in @: @ in kernels, @ ms a step", fyi_whole(p->steps).s,
             fyi_duration(p->seconds).s, fyi_duration(p->kernel_seconds).s,
             fyi_figure(per_step_ms(p, p->kernel_seconds)).s);
    if (p->waiting >= 0)
        fyi_html(b, "; @ waiting for data", fyi_duration(p->waiting).s);
    fyi_buf_puts(b, ". What is left is evaluations, checkpoints and what lies between kernels."
                    "</figcaption>\n");
}

/* Of scalars and of updates, whose first source is one, nothing is said. */
static void put_shapes(const fyi_kernel_row *k, fyi_buf *b)
{
    if (k->src[0] == '\0' && k->dst[0] == '\0')
        fyi_buf_puts(b, "<td></td>");
    else
        fyi_html(b, "<td>@ \xE2\x86\x92 @</td>", k->src[0] != '\0' ? k->src : "scalar",
                 k->dst[0] != '\0' ? k->dst : "scalar");
}

static void put_kernel(const fyi_times *p, const fyi_kernel_row *k, fyi_buf *b)
{
    fyi_html(b, "<tr><th scope=\"row\">@</th><td>@</td><td>@</td>",
             k->param[0] != '\0' ? k->param : k->node, k->op, k->kernel);
    put_shapes(k, b);
    fyi_html(b, "<td>@</td><td>@</td></tr>\n", fyi_figure(per_step_ms(p, k->seconds)).s,
             fyi_percent(k->seconds / p->kernel_seconds).s);
}

static void put_slowest(const fyi_times *p, fyi_buf *b)
{
    if (p->n_slowest == 0)
        return;
    fyi_html(b,
             "<details class=\"card\">\n<summary>The slowest kernels of stage "
             "\xE2\x80\x9C@\xE2\x80\x9D</summary>\n<div class=\"scroll\"><table "
             "class=\"left dense\">\n<thead><tr><th scope=\"col\">of</th>"
             "<th scope=\"col\">operator</th><th scope=\"col\">kernel</th>"
             "<th scope=\"col\">shapes</th><th scope=\"col\">ms a step</th>"
             "<th scope=\"col\">share</th></tr></thead>\n<tbody>\n",
             p->stage);
    for (size_t i = 0; i < p->n_slowest; i++)
        put_kernel(p, &p->slowest[i], b);
    fyi_buf_puts(b, "</tbody>\n</table></div>\n</details>\n");
}

static void put_times(fyi_report *r, fyi_buf *b, const fyi_times *p)
{
    fyi_html(b, "<figure class=\"card full\">\n<h3>Stage \xE2\x80\x9C@\xE2\x80\x9D</h3>\n",
             p->stage);
    put_picture(r, b, p, 1060, "plot on-wide");
    put_picture(r, b, p, 520, "plot on-narrow");
    put_caption(p, b);
    fyi_buf_puts(b, "</figure>\n");
    put_slowest(p, b);
}

void fyi_show_kernels(fyi_report *r, fyi_buf *b)
{
    if (r->n_times == 0)
        return;
    fyi_section_begin(
        b, "kernels", "Where the time went",
        "Each kernel's time, measured because the run was asked to; that itself costs "
        "a little.");
    for (size_t i = 0; i < r->n_times; i++)
        put_times(r, b, &r->times[i]);
    fyi_section_end(b);
}

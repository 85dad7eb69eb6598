/* show_intervals.c: a comparison in pictures: every arm's figures and their mean, its difference from the baseline, both
 * with intervals, and the arms seed by seed. */
#include "report/report.h"

#include <math.h>
#include <string.h>

enum {
    ROW_HEIGHT = 38,
    LABEL_CHARS = 18, /* of an arm's name beside a row */
    CHAR_WIDTH = 10,  /* on narrow screens, where letters are larger */
    MOST_SHARP = 8,   /* seeds with a line of their own kind */
};

/* ---- names ----------------------------------------------------------------------------------- */

/* With an ellipsis where it is longer than `most` bytes: names are ASCII but for what somebody wrote into the file. */
static fyi_num short_name(const char *name, size_t most)
{
    fyi_num out;

    most = FYI_MIN(most, sizeof out.s - 4);
    if (strlen(name) <= most)
        snprintf(out.s, sizeof out.s, "%s", name);
    else
        snprintf(out.s, sizeof out.s, "%.*s\xE2\x80\xA6", (int)most - 1, name);
    return out;
}

static double name_width(const fyi_versus *v)
{
    size_t most = 3;

    for (size_t i = 0; i < v->n_arms; i++)
        most = FYI_MAX(most, FYI_MIN(strlen(v->arms[i].name), LABEL_CHARS));
    return (double)(most * CHAR_WIDTH);
}

/* ---- intervals ------------------------------------------------------------------------------- */

/* What one picture of intervals shows of an arm. */
typedef struct bar {
    double middle, low, high; /* NaN: not drawn */
} bar;

static bar mean_of(const fyi_versus_arm *arm)
{
    return (bar){ arm->mean, arm->mean_low, arm->mean_high };
}

static bar difference_of(const fyi_versus_arm *arm)
{
    return (bar){ arm->diff, arm->ci_low, arm->ci_high };
}

static void widen(double v, double *lo, double *hi)
{
    if (isfinite(v)) {
        *lo = FYI_MIN(*lo, v);
        *hi = FYI_MAX(*hi, v);
    }
}

static fyi_axis axis_over(double lo, double hi, const char *title)
{
    const double room = (hi - lo) * 0.06;
    fyi_axis a = fyi_axis_of(lo - room, hi + room, 4, FYI_TICK_FIGURE);

    a.title = title;
    return a;
}

static void widen_by_values(const fyi_versus *v, const fyi_versus_arm *arm, double *lo, double *hi)
{
    for (size_t i = 0; i < v->n_seeds; i++)
        widen(arm->runs[i].value, lo, hi);
}

static void put_bar(fyi_buf *b, const fyi_plot *p, bar at, double y, const fyi_versus_arm *arm)
{
    const fyi_point line[] = { { at.low, y }, { at.high, y } };
    char css[32];
    const fyi_mark mark = {
        .x = at.middle, .y = y, .text = arm->name, .css = css, .shape = FYI_MARK_DIAMOND
    };

    snprintf(css, sizeof css, "v-%s", fyi_versus_css(arm));
    if (isfinite(at.low) && isfinite(at.high))
        fyi_plot_trace(b, p, line, FYI_LEN(line), css);
    fyi_plot_mark(b, p, &mark, 0);
}

/* Every run of the arm, a little below its mean. */
static void put_values(fyi_report *r, fyi_buf *b, const fyi_plot *p, const fyi_versus_arm *arm,
                       double y)
{
    const fyi_versus *v = &r->versus;
    fyi_point *points = fyi_report_alloc(r, v->n_seeds, sizeof *points);
    const fyi_cloud cloud = { .p = points, .n = v->n_seeds, .stride = 1 };

    if (points == NULL)
        return;
    for (size_t i = 0; i < v->n_seeds; i++)
        points[i] = (fyi_point){ arm->runs[i].value, y };
    fyi_plot_points(b, p, &cloud, 0, "plain");
}

static fyi_plot rows_plot(fyi_report *r, const char *about)
{
    const fyi_versus *v = &r->versus;
    const double n = (double)v->n_arms;

    return (fyi_plot){ .w = 520,
                       .h = 64 + n * ROW_HEIGHT,
                       .left = 20 + name_width(v),
                       .right = 24,
                       .top = 8,
                       .bottom = 48,
                       .y = { -n + 0.5, 0.5, 2, FYI_TICK_NONE, NULL },
                       .about = about,
                       .id = ++r->plots };
}

static void put_names(fyi_buf *b, const fyi_plot *p, const fyi_versus *v)
{
    for (size_t i = 0; i < v->n_arms; i++)
        fyi_plot_text(b, p->left - 12, fyi_plot_y(p, -(double)i) + 4.5, "end", "name",
                      short_name(v->arms[i].name, LABEL_CHARS).s);
}

static void put_means(fyi_report *r, fyi_buf *b)
{
    const fyi_versus *v = &r->versus;
    fyi_plot p = rows_plot(r, "Mean of every arm with its interval, and every run.");
    double lo = INFINITY, hi = -INFINITY;

    for (size_t i = 0; i < v->n_arms; i++) {
        widen(v->arms[i].mean_low, &lo, &hi);
        widen(v->arms[i].mean_high, &lo, &hi);
        widen_by_values(v, &v->arms[i], &lo, &hi);
    }
    p.x = axis_over(lo, hi, v->metric);
    fyi_plot_begin(b, &p);
    put_names(b, &p, v);
    for (size_t i = 0; i < v->n_arms; i++) {
        put_values(r, b, &p, &v->arms[i], -(double)i - 0.24);
        put_bar(b, &p, mean_of(&v->arms[i]), -(double)i, &v->arms[i]);
    }
    fyi_plot_end(b);
}

static void put_differences(fyi_report *r, fyi_buf *b)
{
    const fyi_versus *v = &r->versus;
    fyi_plot p = rows_plot(r, "Mean difference of every arm from the baseline with its interval.");
    double lo = 0, hi = 0;
    char title[96];

    for (size_t i = 0; i < v->n_arms; i++) {
        widen(v->arms[i].diff, &lo, &hi);
        widen(v->arms[i].ci_low, &lo, &hi);
        widen(v->arms[i].ci_high, &lo, &hi);
    }
    snprintf(title, sizeof title, "difference, %s is better",
             v->higher_is_better ? "right" : "left");
    p.x = axis_over(lo, hi, title);
    fyi_plot_begin(b, &p);
    put_names(b, &p, v);
    fyi_plot_upright(b, &p, 0, "level");
    for (size_t i = 0; i < v->n_arms; i++)
        if (v->arms[i].verdict != FY_VERDICT_BASELINE)
            put_bar(b, &p, difference_of(&v->arms[i]), -(double)i, &v->arms[i]);
    fyi_plot_end(b);
}

/* ---- seed by seed ---------------------------------------------------------------------------- */

static void put_seed(fyi_report *r, fyi_buf *b, const fyi_plot *p, size_t i)
{
    const fyi_versus *v = &r->versus;
    fyi_point *points = fyi_report_alloc(r, v->n_arms, sizeof *points);
    char css[24] = "s7 thin";

    if (points == NULL)
        return;
    for (size_t a = 0; a < v->n_arms; a++)
        points[a] = (fyi_point){ (double)a, v->arms[a].runs[i].value };
    if (v->n_seeds <= MOST_SHARP)
        snprintf(css, sizeof css, "s%d d%d", (int)(i % 8), (int)(i % 5));
    fyi_plot_trace(b, p, points, v->n_arms, css);
    fyi_plot_knots(b, p, points, v->n_arms, css);
}

static void put_seeds(fyi_report *r, fyi_buf *b, double w, const char *css)
{
    const fyi_versus *v = &r->versus;
    const double n = (double)v->n_arms;
    fyi_plot p = { .w = w,
                   .h = 300,
                   .left = 64,
                   .right = 24,
                   .top = 12,
                   .bottom = 36,
                   .about = "The figures of every arm, joined seed by seed.",
                   .id = ++r->plots };
    const size_t room = (size_t)((p.w - p.left - p.right) / n / CHAR_WIDTH);
    double lo = INFINITY, hi = -INFINITY;

    for (size_t a = 0; a < v->n_arms; a++)
        widen_by_values(v, &v->arms[a], &lo, &hi);
    p.y = axis_over(lo, hi, NULL);
    p.x = (fyi_axis){ -0.5, n - 0.5, 2, FYI_TICK_NONE, NULL };
    fyi_html(b, "<div class=\"@\">", css);
    fyi_plot_begin(b, &p);
    for (size_t a = 0; a < v->n_arms; a++) {
        fyi_plot_upright(b, &p, (double)a, "grid");
        fyi_plot_text(b, fyi_plot_x(&p, (double)a), p.h - 12, "middle", "name",
                      short_name(v->arms[a].name, FYI_MAX(room, 3)).s);
    }
    for (size_t i = 0; i < v->n_seeds; i++)
        put_seed(r, b, &p, i);
    fyi_plot_end(b);
    fyi_buf_puts(b, "</div>\n");
}

static void put_legend(fyi_buf *b, const fyi_versus *v)
{
    if (v->n_seeds > MOST_SHARP)
        return;
    fyi_buf_puts(b, "<ul class=\"legend\">");
    for (size_t i = 0; i < v->n_seeds; i++)
        fyi_html(
            b,
            "<li><svg class=\"icon\" viewBox=\"0 0 22 12\" width=\"22\" height=\"12\" "
            "aria-hidden=\"true\"><path class=\"line s@ d@\" d=\"M1 6H21\" /></svg>seed @</li>",
            fyi_plain((int64_t)(i % 8)).s, fyi_plain((int64_t)(i % 5)).s, v->seeds[i]);
    fyi_buf_puts(b, "</ul>\n");
}

/* ---- the section ----------------------------------------------------------------------------- */

void fyi_show_intervals(fyi_report *r, fyi_buf *b)
{
    const fyi_versus *v = &r->versus;

    if (v->n_arms == 0 || v->n_seeds == 0 || r->no_memory)
        return;
    fyi_section_begin(
        b, "intervals", "Intervals, and seed by seed",
        "A diamond is a mean, its line the interval; dots are runs. A difference whose "
        "line crosses 0 may be luck. Where the lines of all seeds run the same way "
        "from the baseline to an arm, the difference is the arm's and not the seed's.");
    fyi_buf_puts(
        b,
        "<div class=\"pair\">\n<figure class=\"card\">\n<h3>Each arm</h3>\n<div class=\"plot\">");
    put_means(r, b);
    fyi_html(
        b, "</div>\n</figure>\n<figure class=\"card\">\n<h3>Difference from @</h3>\n<div class=\"plot\">",
        v->baseline);
    put_differences(r, b);
    fyi_buf_puts(b, "</div>\n</figure>\n<figure class=\"card full\">\n<h3>Seed by seed</h3>\n");
    put_legend(b, v);
    put_seeds(r, b, 1060, "plot on-wide");
    put_seeds(r, b, 520, "plot on-narrow");
    fyi_buf_puts(b, "</figure>\n</div>\n");
    fyi_section_end(b);
}

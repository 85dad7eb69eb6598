/* plot.c: axes, lines, points and bars as SVG.
 *
 *   px(v) = left + (v - lo) / (hi - lo) * (w - left - right), and upside down for y
 * Ticks stand at multiples of 1, 2 or 5 times a power of ten (Heckbert 1990, "Nice numbers for
 * graph labels"). Coordinates have one decimal: a tenth of a unit cannot be seen. */
#include "report/plot.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_DRAWN = 600, /* points of a curve */
    RAW_FROM = 100,   /* a curve of as many points is drawn with its running mean */
    FEW_BELOW = 41,   /* of so few points every one is shown */
    DOTS_UP_TO = 41,  /* one of as few shows where its points are */
};

/* ---- axes ------------------------------------------------------------------------------------ */

double fyi_tick_step(double lo, double hi, int ticks)
{
    const double rough = (hi - lo) / ticks;
    const double power = pow(10, floor(log10(rough)));
    const double times = rough / power;

    return power * (times < 1.5 ? 1 : times < 3.5 ? 2 : times < 7.5 ? 5 : 10);
}

fyi_axis fyi_axis_of(double lo, double hi, int ticks, fyi_tick_form form)
{
    double room;

    if (!isfinite(lo) || !isfinite(hi) || fabs(lo) > 1e30 || fabs(hi) > 1e30)
        lo = 0, hi = 1;
    if (lo > hi) {
        const double swap = lo;

        lo = hi;
        hi = swap;
    }
    room = FYI_MAX(fabs(lo), fabs(hi)) * 1e-6 + 1e-12;
    if (hi - lo < room) {
        lo -= FYI_MAX(fabs(lo) * 0.05, 1e-3);
        hi += FYI_MAX(fabs(hi) * 0.05, 1e-3);
    }
    return (fyi_axis){ .lo = lo, .hi = hi, .ticks = ticks, .form = form };
}

#define LEAST_TO_CLIP 50 /* points; of fewer each is worth seeing */

bool fyi_axis_fit(const fyi_point *p, size_t n, double *lo, double *hi)
{
    double *v = fyi_alloc(n * sizeof *v), top;
    const bool is_there = v != NULL;
    size_t m = 0;

    for (size_t i = 0; is_there && i < n; i++)
        if (isfinite(p[i].y))
            v[m++] = p[i].y;
    if (m > 0) {
        qsort(v, m, sizeof *v, fyi_compare_doubles);
        top = m >= LEAST_TO_CLIP ? v[(m - 1) * 49 / 50] : v[m - 1];
        /* One step on which the loss exploded would press the rest of the curve flat. */
        if (m >= FEW_BELOW && v[m - 1] - v[0] > 4 * (top - v[0]) && top > v[0])
            v[m - 1] = top + 0.5 * (top - v[0]);
        *lo = FYI_MIN(*lo, v[0]);
        *hi = FYI_MAX(*hi, v[m - 1]);
    }
    fyi_free(v);
    return is_there;
}

fyi_num fyi_tick_text(double v, double step, fyi_tick_form form)
{
    const double shown = form == FYI_TICK_PERCENT ? step * 100 : step;
    const int decimals = (int)FYI_MIN(FYI_MAX(ceil(-log10(shown) - 1e-9), 0), 6);
    fyi_num out;

    if (form == FYI_TICK_WHOLE)
        return fyi_whole(llround(v));
    if (form == FYI_TICK_POWER)
        return fyi_figure(pow(10, v));
    if (form == FYI_TICK_FIGURE && (step >= 1e7 || step < 1e-6))
        return fyi_figure(fabs(v) < step / 2 ? 0 : v);
    out = fyi_fixed(form == FYI_TICK_PERCENT ? v * 100 : v, decimals);
    if (form == FYI_TICK_PERCENT)
        strncat(out.s, "%", sizeof out.s - strlen(out.s) - 1);
    return out;
}

double fyi_plot_x(const fyi_plot *p, double v)
{
    return p->left + (v - p->x.lo) / (p->x.hi - p->x.lo) * (p->w - p->left - p->right);
}

double fyi_plot_y(const fyi_plot *p, double v)
{
    return p->h - p->bottom - (v - p->y.lo) / (p->y.hi - p->y.lo) * (p->h - p->top - p->bottom);
}

/* ---- small pieces ---------------------------------------------------------------------------- */

#define PUT fyi_html_coords

static void put_rule(fyi_buf *b, double x1, double y1, double x2, double y2, const char *css)
{
    PUT(b, "<path d=\"M# #L# #\"", x1, y1, x2, y2);
    fyi_html(b, " class=\"@\" />", css);
}

void fyi_plot_text(fyi_buf *b, double x, double y, const char *anchor, const char *css,
                   const char *text)
{
    PUT(b, "<text x=\"#\" y=\"#\"", x, y);
    fyi_html(b, " text-anchor=\"@\" class=\"@\">@</text>", anchor, css, text);
}

void fyi_plot_level(fyi_buf *b, const fyi_plot *p, double y, const char *css)
{
    if (y >= p->y.lo && y <= p->y.hi)
        put_rule(b, p->left, fyi_plot_y(p, y), p->w - p->right, fyi_plot_y(p, y), css);
}

void fyi_plot_upright(fyi_buf *b, const fyi_plot *p, double x, const char *css)
{
    if (x >= p->x.lo && x <= p->x.hi)
        put_rule(b, fyi_plot_x(p, x), p->top, fyi_plot_x(p, x), p->h - p->bottom, css);
}

/* ---- the frame ------------------------------------------------------------------------------- */

/* Steps and powers of ten are whole numbers, and so are their ticks. */
static double step_of(const fyi_axis *a)
{
    const double step = fyi_tick_step(a->lo, a->hi, a->ticks);

    return a->form == FYI_TICK_WHOLE || a->form == FYI_TICK_POWER ? FYI_MAX(step, 1) : step;
}

static void put_x_axis(fyi_buf *b, const fyi_plot *p)
{
    const double step = step_of(&p->x), y = p->h - p->bottom;
    const long long first = llround(ceil(p->x.lo / step - 1e-6)),
                    last = llround(floor(p->x.hi / step + 1e-6));

    for (long long i = first; p->x.form != FYI_TICK_NONE && i <= last; i++) {
        const double x = fyi_plot_x(p, (double)i * step);

        put_rule(b, x, y, x, y + 4, "axis");
        fyi_plot_text(b, x, y + 19, "middle", "tick",
                      fyi_tick_text((double)i * step, step, p->x.form).s);
    }
    if (p->x.form != FYI_TICK_NONE)
        put_rule(b, p->left, y, p->w - p->right, y, "axis");
    if (p->x.title != NULL)
        fyi_plot_text(b, (p->left + p->w - p->right) / 2, p->h - 4, "middle", "name", p->x.title);
}

static void put_y_axis(fyi_buf *b, const fyi_plot *p)
{
    const double step = step_of(&p->y);
    const long long first = llround(ceil(p->y.lo / step - 1e-6)),
                    last = llround(floor(p->y.hi / step + 1e-6));

    for (long long i = first; p->y.form != FYI_TICK_NONE && i <= last; i++) {
        const double y = fyi_plot_y(p, (double)i * step);

        put_rule(b, p->left, y, p->w - p->right, y, "grid");
        fyi_plot_text(b, p->left - 8, y + 4.5, "end", "tick",
                      fyi_tick_text((double)i * step, step, p->y.form).s);
    }
}

void fyi_plot_begin(fyi_buf *b, const fyi_plot *p)
{
    PUT(b, "<svg viewBox=\"0 0 # #\" width=\"#\" height=\"#\" role=\"img\"", p->w, p->h, p->w, p->h);
    fyi_html(b, " aria-label=\"@\" data-x=\"", p->about);
    fyi_html_value(b, p->x.lo);
    fyi_buf_puts(b, " ");
    fyi_html_value(b, p->x.hi);
    PUT(b, " # # # #\"", p->left, p->w - p->right, p->top, p->h - p->bottom);
    fyi_buf_puts(b, p->x.form == FYI_TICK_POWER ? " data-log=\"\">" : ">");
    fyi_html(b, "<clipPath id=\"clip@\">", fyi_plain(p->id).s);
    PUT(b, "<rect x=\"#\" y=\"#\" width=\"#\" height=\"#\" /></clipPath>", p->left - 4, p->top - 4,
        p->w - p->left - p->right + 8, p->h - p->top - p->bottom + 8);
    put_y_axis(b, p);
    put_x_axis(b, p);
}

void fyi_plot_end(fyi_buf *b)
{
    fyi_buf_puts(b, "</svg>");
}

static void put_clip(fyi_buf *b, const fyi_plot *p)
{
    fyi_html(b, " clip-path=\"url(#clip@)\"", fyi_plain(p->id).s);
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* The mean of the finite values within `reach` points of the i-th; NaN if there are none. */
static fyi_point mean_around(const fyi_point *v, size_t n, size_t i, size_t reach)
{
    const size_t from = i > reach ? i - reach : 0, to = FYI_MIN(i + reach + 1, n);
    double sum = 0;
    size_t m = 0;

    for (size_t k = from; k < to; k++)
        if (isfinite(v[k].y)) {
            sum += v[k].y;
            m++;
        }
    return (fyi_point){ v[i].x, m > 0 ? sum / (double)m : NAN };
}

/* Far outside the frame is as good as just outside, and fits the file. */
static double clamp_y(const fyi_plot *p, double v)
{
    return FYI_MIN(FYI_MAX(fyi_plot_y(p, v), -p->h), 2 * p->h);
}

/* A path through running means, broken at gaps; reach 0 draws the points themselves. */
static void put_path(fyi_buf *b, const fyi_plot *p, const fyi_point *v, size_t n, size_t reach)
{
    const size_t stride = (n + MOST_DRAWN - 1) / MOST_DRAWN;
    bool is_down = false;

    for (size_t i = 0; i < n; i += stride) {
        const fyi_point at = mean_around(v, n, i, reach);

        if (!isfinite(at.y)) {
            is_down = false;
            continue;
        }
        PUT(b, is_down ? "L# #" : "M# #", fyi_plot_x(p, at.x), clamp_y(p, at.y));
        is_down = true;
    }
}

/* The values themselves, for a program that shows them under the pointer. */
static void put_values(fyi_buf *b, const fyi_point *v, size_t n)
{
    const size_t stride = (n + MOST_DRAWN - 1) / MOST_DRAWN;
    const char *between = "";

    for (size_t i = 0; i < n; i += stride) {
        if (!isfinite(v[i].y))
            continue;
        fyi_buf_puts(b, between);
        fyi_html_value(b, v[i].x);
        fyi_buf_puts(b, " ");
        fyi_html_value(b, v[i].y);
        between = ",";
    }
}

void fyi_plot_knots(fyi_buf *b, const fyi_plot *p, const fyi_point *v, size_t n, const char *css)
{
    fyi_buf_puts(b, "<path d=\"");
    for (size_t i = 0; i < n; i++)
        if (isfinite(v[i].y))
            PUT(b, "M# #h0", fyi_plot_x(p, v[i].x), clamp_y(p, v[i].y));
    fyi_html(b, "\" class=\"knots @\"", css);
    put_clip(b, p);
    fyi_buf_puts(b, " />");
}

static void put_trace(fyi_buf *b, const fyi_plot *p, const fyi_point *v, size_t n, size_t reach,
                      const char *css)
{
    fyi_html(b, "<path class=\"line @\" d=\"", css);
    put_path(b, p, v, n, reach);
    fyi_buf_puts(b, "\"");
    put_clip(b, p);
    fyi_buf_puts(b, " />");
}

/* What the page's script makes of a value. */
static const char *unit_of(fyi_tick_form form)
{
    return form == FYI_TICK_PERCENT ? "%" : form == FYI_TICK_POWER ? "log" : "";
}

void fyi_plot_line(fyi_buf *b, const fyi_plot *p, const fyi_point *v, size_t n, const char *name,
                   const char *css)
{
    const bool is_long = n >= RAW_FROM;

    fyi_html(b, "<path class=\"@ @\" data-n=\"@\" data-u=\"@\" data-p=\"", is_long ? "raw" : "line",
             css, name, unit_of(p->y.form));
    put_values(b, v, n);
    fyi_buf_puts(b, "\" d=\"");
    put_path(b, p, v, n, 0);
    fyi_buf_puts(b, "\"");
    put_clip(b, p);
    fyi_buf_puts(b, " />");
    if (n <= DOTS_UP_TO)
        fyi_plot_knots(b, p, v, n, css);
    if (!is_long)
        return;
    put_trace(b, p, v, n, n / 40, css);
}

void fyi_plot_trace(fyi_buf *b, const fyi_plot *p, const fyi_point *v, size_t n, const char *css)
{
    put_trace(b, p, v, n, 0, css);
}

/* ---- marks ----------------------------------------------------------------------------------- */

/* Around (0, 0), 14 high. */
static const char *const mark_paths[] = {
    [FYI_MARK_BAR] = "M-7-1.8H7V1.8H-7z",
    [FYI_MARK_SQUARE] = "M-5.2-5.2h10.4v10.4h-10.4z",
    [FYI_MARK_DIAMOND] = "M0-7.2L7.2 0L0 7.2L-7.2 0z",
    [FYI_MARK_STAR] =
        "M0-7.6L1.8-2.5L7.2-2.4L2.9 1L4.5 6.2L0 3.1L-4.5 6.2L-2.9 1L-7.2-2.4L-1.8-2.5z",
    [FYI_MARK_DOT] = "M-6 0a6 6 0 1 0 12 0a6 6 0 1 0-12 0z",
};

void fyi_plot_mark(fyi_buf *b, const fyi_plot *p, const fyi_mark *m, double lift)
{
    if (!(m->x >= p->x.lo && m->x <= p->x.hi && m->y >= p->y.lo && m->y <= p->y.hi))
        return;
    PUT(b, "<g transform=\"translate(# #)\">", fyi_plot_x(p, m->x), fyi_plot_y(p, m->y) - lift);
    fyi_html(b, "<path class=\"mark @\" d=\"@\"><title>@</title></path></g>", m->css,
             mark_paths[m->shape], m->text);
}

void fyi_mark_icon(fyi_buf *b, fyi_shape_mark mark, const char *css)
{
    fyi_html(b,
             "<svg class=\"icon\" viewBox=\"-8 -8 16 16\" width=\"16\" height=\"16\" "
             "aria-hidden=\"true\">"
             "<path class=\"mark @\" d=\"@\" /></svg>",
             css, mark_paths[mark]);
}

/* ---- points and bars ------------------------------------------------------------------------- */

void fyi_plot_points(fyi_buf *b, const fyi_plot *p, const fyi_cloud *c, int of, const char *css)
{
    const double off = c->is_crosses ? 3 : 0;
    size_t drawn = 0;

    for (size_t i = 0; i < c->n; i += c->stride) {
        const fyi_point *v = &c->p[i];

        if ((c->class != NULL && c->class[i] != of) || !isfinite(v->x) || !isfinite(v->y))
            continue;
        if (drawn++ == 0)
            fyi_html(b, "<path class=\"@ @\" d=\"", c->is_crosses ? "cross" : "dot", css);
        PUT(b, "M# #", fyi_plot_x(p, v->x) - off, fyi_plot_y(p, v->y) - off);
        fyi_buf_puts(b, c->is_crosses ? "l6 6m0-6l-6 6" : "h0");
    }
    if (drawn > 0)
        fyi_buf_puts(b, "\" />");
}

void fyi_plot_bars(fyi_buf *b, const fyi_plot *p, const double *v, int n, double sign,
                   const char *css, const char *name)
{
    const double width = (p->x.hi - p->x.lo) / n, zero = fyi_plot_y(p, 0);

    for (int i = 0; i < n; i++) {
        const double x = fyi_plot_x(p, p->x.lo + i * width),
                     right = fyi_plot_x(p, p->x.lo + (i + 1) * width);
        const double y = fyi_plot_y(p, sign * v[i]);

        if (!(v[i] > 0))
            continue;
        PUT(b, "<rect x=\"#\" y=\"#\" width=\"#\" height=\"#\"", x + 0.7, FYI_MIN(y, zero),
            right - x - 1.4, fabs(y - zero));
        fyi_html(b, " class=\"bar @\"><title>@: @ between @ and @</title></rect>", css, name,
                 fyi_percent(v[i]).s, fyi_fixed(p->x.lo + i * width, 2).s,
                 fyi_fixed(p->x.lo + (i + 1) * width, 2).s);
    }
}

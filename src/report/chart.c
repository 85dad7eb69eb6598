/* chart.c: a figure of curves over steps: heading, legend, picture, caption.
 *
 * A chart as wide as the page is drawn twice, for wide and for narrow screens, and the style sheet
 * shows one: a picture that merely shrinks has letters that nobody can read. */
#include "report/report.h"

#include <math.h>
#include <string.h>

#define MARK_HEIGHT 17.0
#define PART_HEIGHT 18.0

typedef struct frame {
    double w, h;
    const char *css;
} frame;

static const frame half = { 520, 260, "plot" };
static const frame wide[] = { { 1060, 340, "plot on-wide" }, { 520, 320, "plot on-narrow" } };
static const frame low[] = { { 1060, 240, "plot on-wide" }, { 520, 260, "plot on-narrow" } };

fyi_chart fyi_chart_new(const char *title, fyi_tick_form form)
{
    return (
        fyi_chart){ .title = title, .caption = "", .form = form, .level = NAN, .level_text = "" };
}

void fyi_chart_add_styled(fyi_chart *c, const fyi_series *s, const char *name, const char *css)
{
    fyi_curve *curve = &c->curves[c->n_curves];

    if (!fyi_series_has_value(s) || c->n_curves == FYI_MAX_CURVES)
        return;
    *curve = (fyi_curve){ .series = s, .name = name };
    snprintf(curve->css, sizeof curve->css, "%s", css);
    c->n_curves++;
}

/* Curves differ in their strokes too, for those who do not see the colours. */
void fyi_chart_add(fyi_chart *c, const fyi_series *s, const char *name, const char *css)
{
    char styled[24];

    snprintf(styled, sizeof styled, "%.8s d%d", css, c->n_curves);
    fyi_chart_add_styled(c, s, name, styled);
}

/* ---- axes ------------------------------------------------------------------------------------ */

static fyi_axis steps_axis(const fyi_chart *c)
{
    double last = 0, first = 0;
    fyi_axis x;

    for (int i = 0; i < c->n_curves; i++)
        last = FYI_MAX(last, c->curves[i].series->p[c->curves[i].series->n - 1].x);
    x = fyi_axis_of(first, last, c->is_wide ? 10 : 5, FYI_TICK_WHOLE);
    x.title = "step";
    return x;
}

static fyi_axis values_axis(const fyi_chart *c, fyi_buf *b)
{
    double lo = c->from_zero ? 0 : (double)INFINITY, hi = -INFINITY, room;
    fyi_axis y;

    for (int i = 0; i < c->n_curves; i++)
        b->failed |= !fyi_axis_fit(c->curves[i].series->p, c->curves[i].series->n, &lo, &hi);
    if (isfinite(c->level)) {
        lo = FYI_MIN(lo, c->level);
        hi = FYI_MAX(hi, c->level);
    }
    for (int i = 0; i < c->n_marks; i++)
        if (isfinite(c->marks[i].y)) {
            lo = FYI_MIN(lo, c->marks[i].y);
            hi = FYI_MAX(hi, c->marks[i].y);
        }
    room = (hi - lo) * 0.06;
    y = fyi_axis_of(lo >= 0 && lo - room < 0 ? 0 : lo - room, hi + room, 5, c->form);
    if (c->is_share && lo >= 0 && hi <= 1) {
        y.lo = FYI_MAX(y.lo, 0);
        y.hi = FYI_MIN(y.hi, 1);
    }
    return y;
}

/* ---- legend ---------------------------------------------------------------------------------- */

static double newest_value(const fyi_series *s)
{
    for (size_t i = s->n; i-- > 0;)
        if (isfinite(s->p[i].y))
            return s->p[i].y;
    return NAN;
}

static fyi_num value_text(const fyi_chart *c, double v)
{
    return c->form == FYI_TICK_PERCENT ? fyi_percent(v)
                                       : fyi_figure(c->form == FYI_TICK_POWER ? pow(10, v) : v);
}

static void put_legend(fyi_buf *b, const fyi_chart *c)
{
    fyi_buf_puts(b, "<ul class=\"legend\">");
    for (int i = 0; i < c->n_curves; i++) {
        const double v = newest_value(c->curves[i].series);

        fyi_html(b,
                 "<li><svg class=\"icon\" viewBox=\"0 0 22 12\" width=\"22\" height=\"12\" "
                 "aria-hidden=\"true\">"
                 "<path class=\"line @\" d=\"M1 6H21\" /></svg>@ <b>@</b></li>",
                 c->curves[i].css, c->curves[i].name, value_text(c, v).s);
    }
    if (isfinite(c->level))
        fyi_html(b,
                 "<li><svg class=\"icon\" viewBox=\"0 0 22 12\" width=\"22\" height=\"12\" "
                 "aria-hidden=\"true\">"
                 "<path class=\"level\" d=\"M1 6H21\" /></svg>@</li>",
                 c->level_text);
    for (int i = 0; i < c->n_marks; i++) {
        fyi_buf_puts(b, "<li>");
        if (isfinite(c->marks[i].y))
            fyi_mark_icon(b, c->marks[i].shape, c->marks[i].css);
        else
            fyi_html(b,
                     "<svg class=\"icon\" viewBox=\"0 0 10 14\" width=\"10\" height=\"14\" "
                     "aria-hidden=\"true\">"
                     "<path class=\"upright @\" d=\"M5 0V14\" /></svg>",
                     c->marks[i].css);
        fyi_html(b, "@</li>", c->marks[i].text);
    }
    fyi_buf_puts(b, "</ul>\n");
}

/* ---- picture --------------------------------------------------------------------------------- */

/* What the curves do, for those who hear the page. */
static void describe(const fyi_chart *c, fyi_buf *text)
{
    fyi_buf_printf(text, "%s over steps.", c->title);
    for (int i = 0; i < c->n_curves; i++) {
        const double v = newest_value(c->curves[i].series);

        fyi_buf_printf(text, " %s ends at %s.", c->curves[i].name, value_text(c, v).s);
    }
}

/* How many of the marks before the i-th lie where it does. */
static int count_under(const fyi_plot *p, const fyi_chart *c, int i)
{
    int n = 0;

    for (int k = 0; k < i; k++)
        n += fabs(fyi_plot_x(p, c->marks[k].x) - fyi_plot_x(p, c->marks[i].x)) < 12 &&
             fabs(fyi_plot_y(p, c->marks[k].y) - fyi_plot_y(p, c->marks[i].y)) < 12;
    return n;
}

/* Marks on the same point stand above each other; the picture grows by what they need. */
static double highest_lift(const fyi_plot *p, const fyi_chart *c)
{
    int n = 0;

    for (int i = 0; i < c->n_marks; i++)
        n = FYI_MAX(n, count_under(p, c, i));
    return n * MARK_HEIGHT;
}

static void put_marks(fyi_buf *b, const fyi_plot *p, const fyi_chart *c)
{
    for (int i = 0; i < c->n_marks; i++) {
        const fyi_mark *m = &c->marks[i];

        if (isfinite(m->y))
            fyi_plot_mark(b, p, m, count_under(p, c, i) * MARK_HEIGHT);
    }
}

/* Where each part begins, and its name above the picture unless it would run into the one before. */
static void put_parts(fyi_buf *b, const fyi_plot *p, const fyi_chart *c)
{
    double end = 0;

    for (int i = 0; c->n_parts > 1 && i < c->n_parts; i++) {
        const double x = fyi_plot_x(p, c->parts[i].from);

        fyi_plot_upright(b, p, c->parts[i].from, i > 0 ? "upright faint" : "axis");
        if (x < end)
            continue;
        fyi_plot_text(b, x + 3, PART_HEIGHT - 4, "start", "name", c->parts[i].name);
        end = x + 10 + 7 * (double)strlen(c->parts[i].name);
    }
}

static void put_picture(fyi_report *r, fyi_buf *b, const fyi_chart *c, const frame *f)
{
    fyi_buf about = { 0 };
    fyi_plot p = {
        .w = f->w, .h = f->h, .left = 56, .right = 30, .top = 12, .bottom = 44, .id = ++r->plots
    };

    describe(c, &about);
    p.x = steps_axis(c);
    p.x.ticks = f->w > 600 ? 10 : 5;
    p.y = values_axis(c, b);
    p.top += highest_lift(&p, c) + (c->n_parts > 1 ? PART_HEIGHT : 0);
    p.about = about.p != NULL ? about.p : "";
    fyi_html(b, "<div class=\"@\">", f->css);
    fyi_plot_begin(b, &p);
    put_parts(b, &p, c);
    if (isfinite(c->level))
        fyi_plot_level(b, &p, c->level, "level");
    for (int i = 0; i < c->n_marks; i++)
        fyi_plot_upright(b, &p, c->marks[i].x,
                         isfinite(c->marks[i].y) ? "upright faint" : "upright");
    for (int i = 0; i < c->n_curves; i++)
        fyi_plot_line(b, &p, c->curves[i].series->p, c->curves[i].series->n, c->curves[i].name,
                      c->curves[i].css);
    put_marks(b, &p, c);
    fyi_plot_end(b);
    fyi_buf_puts(b, "</div>\n");
    b->failed |= about.failed;
    fyi_buf_release(&about);
}

void fyi_chart_write(fyi_report *r, fyi_buf *b, const fyi_chart *c)
{
    if (c->n_curves == 0)
        return;
    fyi_html(b, "<figure class=\"card@\">\n", c->is_wide ? " full" : "");
    if (!c->is_alone)
        fyi_html(b, "<h3>@</h3>\n", c->title);
    put_legend(b, c);
    if (c->is_wide) {
        put_picture(r, b, c, c->is_low ? &low[0] : &wide[0]);
        put_picture(r, b, c, c->is_low ? &low[1] : &wide[1]);
    } else {
        put_picture(r, b, c, &half);
    }
    if (c->caption[0] != '\0')
        fyi_html(b, "<figcaption>@</figcaption>\n", c->caption);
    fyi_buf_puts(b, "</figure>\n");
}

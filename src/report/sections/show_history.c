/* show_history.c: a search in pictures: every trial's figure with the best so far, and every trial as a line across its keys'
 * ranges. */
#include "report/report.h"

#include <math.h>
#include <string.h>

enum {
    MOST_LINES = 300,
    CHAR_WIDTH = 8,
    BEST_SHARE = 10, /* one in so many is drawn as one of the best */
};

/* ---- every trial ----------------------------------------------------------------------------- */

/* Values that lie far out would press the rest flat: half of the trials and the best decide. */
static fyi_axis figure_axis(fyi_report *r)
{
    const fyi_trials *s = &r->trials;
    fyi_point *p = fyi_report_alloc(r, s->n, sizeof *p);
    double lo = INFINITY, hi = -INFINITY, room;

    for (size_t i = 0; p != NULL && i < s->n; i++)
        p[i] = (fyi_point){ 0, s->v[i].value };
    if (p == NULL || !fyi_axis_fit(p, s->n, &lo, &hi))
        r->no_memory = true;
    room = (hi - lo) * 0.06;
    return fyi_axis_of(lo - room, hi + room, 5, FYI_TICK_FIGURE);
}

static void put_marks(fyi_report *r, fyi_buf *b, const fyi_plot *plot, fy_trial_state state,
                      bool is_crosses, const char *css)
{
    const fyi_trials *s = &r->trials;
    fyi_point *p = fyi_report_alloc(r, s->n, sizeof *p);
    fyi_cloud cloud = { .p = p, .stride = 1, .is_crosses = is_crosses };

    for (size_t i = 0; p != NULL && i < s->n; i++)
        if (s->v[i].state == state && isfinite(s->v[i].value))
            p[cloud.n++] = (fyi_point){ (double)s->v[i].number, s->v[i].value };
    if (p != NULL)
        fyi_plot_points(b, plot, &cloud, 0, css);
}

/* A stair: it changes where a trial is better than all before. */
static void put_best_so_far(fyi_report *r, fyi_buf *b, const fyi_plot *plot)
{
    const fyi_trials *s = &r->trials;
    fyi_point *p = fyi_report_alloc(r, 2 * s->n + 1, sizeof *p);
    size_t n = 0;

    for (size_t i = 0; p != NULL && i < s->n; i++) {
        const fyi_trials_row *t = &s->v[i];

        if (t->state != FY_TRIAL_DONE ||
            (n > 0 && !(s->higher_is_better ? t->value > p[n - 1].y : t->value < p[n - 1].y)))
            continue;
        if (n > 0) {
            p[n] = (fyi_point){ (double)t->number, p[n - 1].y };
            n++;
        }
        p[n++] = (fyi_point){ (double)t->number, t->value };
    }
    if (p == NULL || n == 0)
        return;
    p[n] = (fyi_point){ (double)s->v[s->n - 1].number, p[n - 1].y };
    fyi_plot_trace(b, plot, p, n + 1, "s2");
}

static void put_history(fyi_report *r, fyi_buf *b, double w, const char *css)
{
    const fyi_trials *s = &r->trials;
    fyi_plot p = { .w = w,
                   .h = 320,
                   .left = 64,
                   .right = 24,
                   .top = 12,
                   .bottom = 44,
                   .about = "The figure of every trial, and the best so far.",
                   .id = ++r->plots };

    p.x = fyi_axis_of(-0.5, (double)s->n - 0.5, 8, FYI_TICK_WHOLE);
    p.x.title = "trial";
    p.y = figure_axis(r);
    fyi_html(b, "<div class=\"@\">", css);
    fyi_plot_begin(b, &p);
    put_best_so_far(r, b, &p);
    put_marks(r, b, &p, FY_TRIAL_DONE, false, "k0");
    put_marks(r, b, &p, FY_TRIAL_PRUNED, true, "k1");
    fyi_plot_end(b);
    fyi_buf_puts(b, "</div>\n");
}

static void put_legend(fyi_buf *b, const fyi_trials *s)
{
    static const char *const front = "<svg class=\"icon\" viewBox=\"0 0 22 12\" width=\"22\" "
                                     "height=\"12\" aria-hidden=\"true\">";

    fyi_buf_printf(b,
                   "<ul class=\"legend\"><li>%s<path class=\"dot k0\" d=\"M11 6h0\" "
                   "/></svg>done</li>",
                   front);
    if (s->count[FY_TRIAL_PRUNED] > 0)
        fyi_buf_printf(b,
                       "<li>%s<path class=\"cross k1\" d=\"M8 3l6 6M8 9l6-6\" /></svg>pruned: "
                       "where it was stopped</li>",
                       front);
    fyi_buf_printf(b, "<li>%s<path class=\"line s2\" d=\"M1 6H21\" /></svg>best so far</li></ul>\n",
                   front);
}

/* ---- parallel coordinates -------------------------------------------------------------------- */

/* "finetune.lr" -> "lr". */
static const char *leaf_of(const char *key)
{
    const char *dot = strrchr(key, '.');

    return dot != NULL && dot[1] != '\0' ? dot + 1 : key;
}

static fyi_num short_text(const char *text, size_t most)
{
    fyi_num out;

    most = FYI_MIN(FYI_MAX(most, 4), sizeof out.s - 4);
    if (strlen(text) <= most)
        (void)snprintf(out.s, sizeof out.s, "%s", text);
    else
        (void)snprintf(out.s, sizeof out.s, "%.*s\xE2\x80\xA6", (int)most - 1, text);
    return out;
}

/* The i-th word of a range, "log 1e-4 1e-1". */
static fyi_num word_of(const char *range, int i)
{
    fyi_num out;

    for (; i > 0 && *range != '\0'; i--) {
        range += strcspn(range, " ");
        range += strspn(range, " ");
    }
    (void)snprintf(out.s, sizeof out.s, "%.*s", (int)FYI_MIN(strcspn(range, " "), 40), range);
    return out;
}

static void put_choices(fyi_buf *b, const fyi_plot *p, const fyi_trials_key *key, double x)
{
    for (int i = 0; i < key->n_choices && key->n_choices <= 8; i++)
        fyi_plot_text(b, x + 6, fyi_plot_y(p, (i + 0.5) / key->n_choices) + 4.5, "start",
                      "tick over", short_text(key->choices[i], 10).s);
}

static void put_key(fyi_buf *b, const fyi_plot *p, const fyi_trials *s, size_t k, size_t room)
{
    const fyi_trials_key *key = &s->keys[k];
    const double x = fyi_plot_x(p, (double)k);

    fyi_plot_upright(b, p, (double)k, "grid");
    fyi_plot_text(b, x, p->h - 12, "middle", "name", short_text(leaf_of(key->name), room).s);
    put_choices(b, p, key, x);
    if (key->n_choices > 0)
        return;
    fyi_plot_text(b, x + 6, fyi_plot_y(p, 0) - 3, "start", "tick over", word_of(key->range, 1).s);
    fyi_plot_text(b, x + 6, fyi_plot_y(p, 1) + 11, "start", "tick over", word_of(key->range, 2).s);
}

/* The figure is the last axis, the better end at its top. */
typedef struct figure_range {
    double lo, hi;
} figure_range;

static double figure_place(const fyi_trials *s, const figure_range *f, double v)
{
    const double t = f->hi > f->lo ? FYI_MIN(FYI_MAX((v - f->lo) / (f->hi - f->lo), 0), 1) : 0.5;

    return s->higher_is_better ? t : 1 - t;
}

static void put_line(fyi_report *r, fyi_buf *b, const fyi_plot *p, const fyi_trials_row *t,
                     const figure_range *f, const char *css)
{
    const fyi_trials *s = &r->trials;
    fyi_point *line = fyi_report_alloc(r, s->n_keys + 1, sizeof *line);

    if (line == NULL)
        return;
    for (size_t k = 0; k < s->n_keys; k++)
        line[k] = (fyi_point){ (double)k, t->places[k] };
    line[s->n_keys] = (fyi_point){ (double)s->n_keys, figure_place(s, f, t->value) };
    fyi_plot_trace(b, p, line, s->n_keys + 1, css);
}

/* The best lie above the others, and the very best above them. */
static void put_lines(fyi_report *r, fyi_buf *b, const fyi_plot *p, const figure_range *f)
{
    const fyi_trials *s = &r->trials;
    const size_t n_done = (size_t)s->count[FY_TRIAL_DONE];
    const size_t n_best = (n_done + BEST_SHARE - 1) / BEST_SHARE;
    const size_t stride = (n_done + MOST_LINES - 1) / MOST_LINES;

    for (int is_best = 0; is_best < 2; is_best++)
        for (size_t i = 0; i < s->n && !r->no_memory; i++) {
            if (s->v[i].state != FY_TRIAL_DONE)
                continue;
            const size_t rank = fyi_trials_rank(s, &s->v[i]);

            if ((rank < n_best) != is_best || (!is_best && rank % stride != 0))
                continue;
            put_line(r, b, p, &s->v[i], f, is_best ? "s1" : "s7 thin");
        }
    put_line(r, b, p, s->best, f, "s2");
}

/* Of those that are done: where others were stopped says nothing here. */
static figure_range range_of(const fyi_trials *s)
{
    figure_range f = { INFINITY, -INFINITY };

    for (size_t i = 0; i < s->n; i++)
        if (s->v[i].state == FY_TRIAL_DONE) {
            f.lo = FYI_MIN(f.lo, s->v[i].value);
            f.hi = FYI_MAX(f.hi, s->v[i].value);
        }
    return f;
}

static void put_parallel(fyi_report *r, fyi_buf *b, double w, const char *css)
{
    const fyi_trials *s = &r->trials;
    const double n = (double)s->n_keys;
    const figure_range f = range_of(s);
    fyi_plot p = { .w = w,
                   .h = 340,
                   .left = 8,
                   .right = 8,
                   .top = 14,
                   .bottom = 36,
                   .about = "Every trial as a line across the ranges of its keys to its figure.",
                   .id = ++r->plots };
    const size_t room = (size_t)((p.w - p.left - p.right) / (n + 1) / CHAR_WIDTH);

    p.x = (fyi_axis){ -0.45, n + 0.45, 2, FYI_TICK_NONE, NULL };
    p.y = (fyi_axis){ -0.02, 1.02, 2, FYI_TICK_NONE, NULL };
    fyi_html(b, "<div class=\"@\">", css);
    fyi_plot_begin(b, &p);
    put_lines(r, b, &p, &f);
    for (size_t k = 0; k < s->n_keys; k++)
        put_key(b, &p, s, k, room);
    fyi_plot_upright(b, &p, n, "axis");
    fyi_plot_text(b, fyi_plot_x(&p, n), p.h - 12, "middle", "name", short_text(s->metric, room).s);
    fyi_plot_text(b, fyi_plot_x(&p, n) + 6, fyi_plot_y(&p, 1) + 11, "start", "tick over",
                  fyi_figure(s->higher_is_better ? f.hi : f.lo).s);
    fyi_plot_text(b, fyi_plot_x(&p, n) + 6, fyi_plot_y(&p, 0) - 3, "start", "tick over",
                  fyi_figure(s->higher_is_better ? f.lo : f.hi).s);
    fyi_plot_end(b);
    fyi_buf_puts(b, "</div>\n");
}

/* ---- the section ----------------------------------------------------------------------------- */

void fyi_show_history(fyi_report *r, fyi_buf *b)
{
    const fyi_trials *s = &r->trials;

    if (s->best == NULL || s->n_keys == 0 || r->no_memory)
        return;
    fyi_section_begin(b, "history", "Trial by trial",
                      "Every trial's figure in the order in which they were begun; and every trial "
                      "that is done as a line across its keys: the best tenth in colour, the best "
                      "of all green.");
    fyi_buf_puts(b, "<figure class=\"card full\">\n<h3>History</h3>\n");
    put_legend(b, s);
    put_history(r, b, 1060, "plot on-wide");
    put_history(r, b, 520, "plot on-narrow");
    fyi_buf_puts(b, "</figure>\n<figure class=\"card full\">\n<h3>Parallel coordinates</h3>\n");
    put_parallel(r, b, 1060, "plot on-wide");
    put_parallel(r, b, 520, "plot on-narrow");
    fyi_buf_puts(b, "</figure>\n");
    fyi_section_end(b);
}

/* show_features.c: the features of both domains in one plane, before and after all steps. Colour is the
 * class, the shape of a point is its domain, and a class's name stands where its source samples
 * lie. */
#include "report/report.h"

#include <math.h>
#include <stdlib.h>

enum { COLOURS = 10, MOST_CLASSES = 1000, MOST_POINTS = 1500 };

typedef struct box {
    double x0, x1, y0, y1;
} box;

/* ---- what is there --------------------------------------------------------------------------- */

static box box_of(const fyi_report *r)
{
    box a = { INFINITY, -INFINITY, INFINITY, -INFINITY };

    for (size_t k = 0; k < r->n_views; k++)
        for (size_t i = 0; i < r->views[k].n; i++) {
            const fyi_point at = r->views[k].p[i];

            a.x0 = FYI_MIN(a.x0, at.x);
            a.x1 = FYI_MAX(a.x1, at.x);
            a.y0 = FYI_MIN(a.y0, at.y);
            a.y1 = FYI_MAX(a.y1, at.y);
        }
    return a;
}

static int count_classes(const fyi_report *r)
{
    int n = 0;

    for (size_t k = 0; k < r->n_views; k++)
        for (size_t i = 0; i < r->views[k].n; i++)
            n = FYI_MAX(n, r->views[k].class[i] + 1);
    return FYI_MIN(n, MOST_CLASSES);
}

static const char *class_name(const fyi_report *r, int c, fyi_num *own)
{
    if (c < r->samples.n_classes)
        return r->samples.classes[c];
    *own = fyi_plain(c);
    return own->s;
}

/* ---- a picture ------------------------------------------------------------------------------- */

/* The same lengths mean the same distance in both directions. */
static fyi_plot plot_of(fyi_report *r, const char *about)
{
    fyi_plot p = { .w = 520,
                   .h = 460,
                   .left = 16,
                   .right = 16,
                   .top = 16,
                   .bottom = 30,
                   .about = about,
                   .id = ++r->plots };
    const box a = box_of(r);
    const double scale = FYI_MAX(FYI_MAX((a.x1 - a.x0) / (p.w - p.left - p.right),
                                         (a.y1 - a.y0) / (p.h - p.top - p.bottom)),
                                 1e-9) *
                         1.04;
    const double dx = scale * (p.w - p.left - p.right) / 2,
                 dy = scale * (p.h - p.top - p.bottom) / 2;

    p.x = fyi_axis_of((a.x0 + a.x1) / 2 - dx, (a.x0 + a.x1) / 2 + dx, 5, FYI_TICK_NONE);
    p.y = fyi_axis_of((a.y0 + a.y1) / 2 - dy, (a.y0 + a.y1) / 2 + dy, 5, FYI_TICK_NONE);
    p.x.title = "first principal component; the second goes up";
    return p;
}

static void put_points(fyi_buf *b, const fyi_plot *p, const fyi_view *v, int n_classes)
{
    const size_t stride = (v->n + MOST_POINTS - 1) / MOST_POINTS;
    const fyi_cloud cloud = { .p = v->p,
                              .class = v->class,
                              .n = v->n,
                              .stride = FYI_MAX(stride, 1),
                              .is_crosses = v->is_target };
    char css[32];

    for (int c = -1; c < n_classes; c++) {
        snprintf(css, sizeof css, "k%d", c < 0 ? COLOURS : c % COLOURS);
        fyi_plot_points(b, p, &cloud, c, css);
    }
}

/* The median of x (or of y) of a class; scratch has room for all. */
static double median_of(const fyi_view *v, int class, bool is_y, double *scratch)
{
    size_t n = 0;

    for (size_t i = 0; i < v->n; i++)
        if (v->class[i] == class)
            scratch[n++] = is_y ? v->p[i].y : v->p[i].x;
    if (n == 0)
        return NAN;
    qsort(scratch, n, sizeof *scratch, fyi_compare_doubles);
    return scratch[n / 2];
}

static void put_names(fyi_report *r, fyi_buf *b, const fyi_plot *p, const fyi_view *v, int n_classes)
{
    double *scratch = fyi_alloc(FYI_MAX(v->n, 1) * sizeof *scratch);
    fyi_num own;
    char css[32];

    b->failed |= scratch == NULL;
    for (int c = 0; scratch != NULL && c < n_classes; c++) {
        const double x = median_of(v, c, false, scratch), y = median_of(v, c, true, scratch);

        if (!isfinite(x))
            continue;
        snprintf(css, sizeof css, "class k%d", c % COLOURS);
        fyi_plot_text(b, fyi_plot_x(p, x), fyi_plot_y(p, y) + 6, "middle", css,
                      class_name(r, c, &own));
    }
    fyi_free(scratch);
}

static void put_caption(const fyi_result *res, fyi_buf *b)
{
    const int64_t step = res->step[FYI_PLAIN][FYI_LAST];

    fyi_buf_puts(b, "<figcaption>Of the last step's model");
    if (step >= 0)
        fyi_html(b, ", step @", fyi_whole(step).s);
    fyi_buf_puts(b, ".");
    fyi_say_handed_back(res, b);
    fyi_buf_puts(b, "</figcaption>\n");
}

static void put_picture(fyi_report *r, fyi_buf *b, bool is_last, int n_classes)
{
    const fyi_plot p =
        plot_of(r, is_last ? "Features of source and target samples after the last step, by class."
                           : "Features of source and target samples before adaptation, by class.");

    fyi_html(b, "<figure class=\"card\">\n<h3>@</h3>\n<div class=\"plot\">",
             is_last ? "After the last step" : "Before adaptation");
    fyi_plot_begin(b, &p);
    for (int target = 0; target < 2; target++)
        for (size_t i = 0; i < r->n_views; i++)
            if (r->views[i].is_last == is_last && r->views[i].is_target == (target == 1))
                put_points(b, &p, &r->views[i], n_classes);
    for (size_t i = 0; n_classes <= 2 * COLOURS && i < r->n_views; i++)
        if (r->views[i].is_last == is_last && !r->views[i].is_target)
            put_names(r, b, &p, &r->views[i], n_classes);
    fyi_plot_end(b);
    fyi_buf_puts(b, "</div>\n");
    if (is_last)
        put_caption(&r->result, b);
    fyi_buf_puts(b, "</figure>\n");
}

/* ---- the section ----------------------------------------------------------------------------- */

static void put_legend(fyi_report *r, fyi_buf *b, int n_classes)
{
    fyi_num own;

    fyi_buf_puts(b, "<ul class=\"legend\"><li><svg class=\"icon\" viewBox=\"0 0 14 14\" "
                    "width=\"14\" height=\"14\" "
                    "aria-hidden=\"true\"><path class=\"dot plain\" d=\"M7 7h0\" /></svg>source, "
                    "by its label</li>"
                    "<li><svg class=\"icon\" viewBox=\"0 0 14 14\" width=\"14\" height=\"14\" "
                    "aria-hidden=\"true\">"
                    "<path class=\"cross plain\" d=\"M4 4l6 6m0-6l-6 6\" /></svg>target, by its "
                    "predicted class</li>");
    for (int c = 0; c < n_classes && c < 2 * COLOURS; c++)
        fyi_html(b,
                 "<li class=\"pick\" data-k=\"@\"><svg class=\"icon\" viewBox=\"0 0 12 12\" "
                 "width=\"12\" height=\"12\" "
                 "aria-hidden=\"true\"><rect class=\"swatch k@\" x=\"1\" y=\"1\" width=\"10\" "
                 "height=\"10\" rx=\"2\" />"
                 "</svg>@</li>",
                 fyi_plain(c % COLOURS).s, fyi_plain(c % COLOURS).s, class_name(r, c, &own));
    fyi_buf_puts(b, "</ul>\n");
}

static bool has_moment(const fyi_report *r, bool is_last)
{
    for (size_t i = 0; i < r->n_views; i++)
        if (r->views[i].is_last == is_last && r->views[i].n > 0)
            return true;
    return false;
}

void fyi_show_features(fyi_report *r, fyi_buf *b)
{
    const int n_classes = count_classes(r);

    if (!has_moment(r, false) && !has_moment(r, true))
        return;
    fyi_section_begin(b, "features", "Both domains' features on one picture",
                      "Features of samples of both domains, seen along the directions in which the "
                      "source's vary most; "
                      "the axes are the same in both pictures. Where adaptation worked, crosses "
                      "lie on dots of their colour.");
    put_legend(r, b, n_classes);
    fyi_buf_puts(b, "<div class=\"pair\">\n");
    for (int last = 0; last < 2; last++)
        if (has_moment(r, last == 1))
            put_picture(r, b, last == 1, n_classes);
    fyi_buf_puts(b, "</div>\n");
    fyi_section_end(b);
}

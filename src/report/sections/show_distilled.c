/* show_distilled.c: what came of a distillation: in words, as a table of networks and domains, and as a picture of source
 * against target with the networks that no other beats on both, the Pareto front. */
#include "report/report.h"

#include <math.h>

static const struct {
    const char *name, *file, *css;
    fyi_shape_mark mark;
} looks[FYI_NETWORKS] = {
    [FYI_TEACHER] = { "teacher", "teacher.safetensors", "n-source", FYI_MARK_SQUARE },
    [FYI_STUDENT] = { "student", "student.safetensors", "n-last", FYI_MARK_DOT },
    [FYI_REDISTILLED] = { "re-distilled", "redistilled.safetensors", "n-chosen", FYI_MARK_DIAMOND },
    [FYI_FINETUNED] = { "fine-tuned, for comparison", "finetuned.safetensors", "n-oracle",
                        FYI_MARK_STAR },
};

/* ---- in words -------------------------------------------------------------------------------- */

static void say_source(const fyi_distilled *d, const fyi_network *n, fyi_buf *b)
{
    const fyi_network *t = &d->v[FYI_TEACHER];

    if (isfinite(t->source) && isfinite(n->source))
        fyi_html(b, "On the source: @, where its teacher has @.", fyi_percent(n->source).s,
                 fyi_percent(t->source).s);
    else
        fyi_html(b, "On the source: @.", fyi_percent(n->source).s);
}

static void say_target(const fyi_distilled *d, const fyi_network *n, fyi_buf *b)
{
    const fyi_network *f = &d->v[FYI_FINETUNED];

    if (!d->has_target)
        return;
    fyi_html(b, " On the target: @", fyi_percent(n->target).s);
    if (isfinite(d->v[FYI_TEACHER].target))
        fyi_html(b, ", where its teacher has @", fyi_percent(d->v[FYI_TEACHER].target).s);
    fyi_buf_puts(b, ".");
    if (f->is_there)
        fyi_html(b, " Plain fine-tuning has @ there, and @ on the source.",
                 fyi_percent(f->target).s, fyi_percent(f->source).s);
}

static void say_limits(const fyi_distilled *d, fyi_buf *b)
{
    fyi_buf_puts(b, "<p class=\"why\">");
    if (d->moved >= 0 && d->all > 0)
        fyi_html(b, "<b>Moved:</b> @ of the student's @ values (@). ", fyi_whole(d->moved).s,
                 fyi_whole(d->all).s, fyi_percent((double)d->moved / (double)d->all).s);
    if (d->has_target && !d->holds)
        fyi_buf_puts(b, "No epoch's student kept the source as well as was asked for. ");
    if (d->has_target && !isfinite(d->v[FYI_TEACHER].target_val))
        fyi_buf_puts(b,
                     "The teacher has no class for the target's, so it was not imitated there. ");
    else if (d->has_target && !d->teaches_target)
        fyi_buf_puts(b,
                     "The teacher is no better than chance on the target, so it was not imitated "
                     "there. ");
    fyi_buf_puts(b, "Validation samples chose the network; test samples, where there are any, "
                    "chose nothing.</p>\n");
}

static void put_verdict(const fyi_distilled *d, fyi_buf *b)
{
    const int c = d->chosen >= 0 ? d->chosen : FYI_STUDENT;

    fyi_html(
        b, "<section id=\"verdict\" class=\"verdict @\">\n<p>The network that is handed back is the @. ",
        c != FYI_TEACHER ? "good" : "calm", looks[c].name);
    say_source(d, &d->v[c], b);
    say_target(d, &d->v[c], b);
    fyi_buf_puts(b, "</p>\n");
    say_limits(d, b);
    fyi_section_end(b);
}

/* ---- as a table ------------------------------------------------------------------------------ */

static void put_row(const fyi_distilled *d, int i, fyi_buf *b)
{
    const fyi_network *n = &d->v[i];

    fyi_buf_puts(b, d->chosen == i ? "<tr class=\"of\">" : "<tr>");
    fyi_buf_puts(b, "<th scope=\"row\">");
    fyi_mark_icon(b, looks[i].mark, looks[i].css);
    fyi_html(b, " @@</th>", looks[i].name, d->chosen == i ? " (chosen)" : "");
    fyi_put_share(b, n->source);
    if (d->has_target)
        fyi_put_share(b, n->target);
    fyi_put_share(b, n->source_val);
    if (d->has_target)
        fyi_put_share(b, n->target_val);
    fyi_html(b, "<td>@</td><td>@</td></tr>\n",
             n->epoch >= 0 ? fyi_whole(n->epoch).s : "\xE2\x80\x93", looks[i].file);
}

static void put_table(const fyi_distilled *d, fyi_buf *b)
{
    fyi_buf_puts(b, "<div class=\"card full scroll\">\n<table class=\"shares\">\n<thead><tr>"
                    "<th scope=\"col\">network</th><th scope=\"col\">source</th>");
    fyi_buf_puts(b, d->has_target ? "<th scope=\"col\">target</th>" : "");
    fyi_buf_puts(b, "<th scope=\"col\">validation, source</th>");
    fyi_buf_puts(b, d->has_target ? "<th scope=\"col\">validation, target</th>" : "");
    fyi_buf_puts(
        b, "<th scope=\"col\">of epoch</th><th scope=\"col\">file</th></tr></thead>\n<tbody>\n");
    for (int i = 0; i < FYI_NETWORKS; i++)
        if (d->v[i].is_there)
            put_row(d, i, b);
    fyi_buf_puts(b, "</tbody>\n</table>\n</div>\n");
}

/* ---- as a picture ---------------------------------------------------------------------------- */

static bool has_place(const fyi_network *n)
{
    return n->is_there && isfinite(n->source) && isfinite(n->target);
}

static bool beats(const fyi_network *a, const fyi_network *b)
{
    return a->source >= b->source && a->target >= b->target &&
           (a->source > b->source || a->target > b->target);
}

static bool is_on_front(const fyi_distilled *d, int i)
{
    bool on = has_place(&d->v[i]);

    for (int k = 0; k < FYI_NETWORKS; k++)
        on = on && !(has_place(&d->v[k]) && beats(&d->v[k], &d->v[i]));
    return on;
}

/* From left to right, as a stair: whatever is below it and left of it is beaten. */
static size_t front_of(const fyi_distilled *d, fyi_point *p)
{
    int order[FYI_NETWORKS];
    size_t n = 0, n_points = 0;

    for (int i = 0; i < FYI_NETWORKS; i++)
        if (is_on_front(d, i)) {
            size_t at = n++;
            for (; at > 0 && d->v[order[at - 1]].source > d->v[i].source; at--)
                order[at] = order[at - 1];
            order[at] = i;
        }
    for (size_t k = 0; k < n; k++) {
        const fyi_network *v = &d->v[order[k]];

        if (k > 0)
            p[n_points++] = (fyi_point){ d->v[order[k - 1]].source, v->target };
        p[n_points++] = (fyi_point){ v->source, v->target };
    }
    return n_points;
}

static void fit_axes(const fyi_distilled *d, fyi_plot *p)
{
    double lo[2] = { 1, 1 }, hi[2] = { 0, 0 };

    for (int i = 0; i < FYI_NETWORKS; i++)
        if (has_place(&d->v[i])) {
            lo[0] = fmin(lo[0], d->v[i].source);
            hi[0] = fmax(hi[0], d->v[i].source);
            lo[1] = fmin(lo[1], d->v[i].target);
            hi[1] = fmax(hi[1], d->v[i].target);
        }
    for (int k = 0; k < 2; k++) {
        const double room = fmax((hi[k] - lo[k]) * 0.12, 0.005);

        lo[k] = fmax(lo[k] - room, 0);
        hi[k] = fmin(hi[k] + room, 1);
    }
    p->x = fyi_axis_of(lo[0], hi[0], 6, FYI_TICK_PERCENT);
    p->x.title = "accuracy on the source";
    p->y = fyi_axis_of(lo[1], hi[1], 5, FYI_TICK_PERCENT);
    p->y.title = "accuracy on the target";
}

static void put_front(fyi_report *r, fyi_buf *b)
{
    const fyi_distilled *d = &r->distilled;
    fyi_point stair[2 * FYI_NETWORKS];
    fyi_plot p = { .w = 1060, .h = 320, .left = 64, .right = 40, .top = 20, .bottom = 48 };

    p.id = ++r->plots;
    p.about = "Every network's accuracy on the target over its accuracy on the source.";
    fit_axes(d, &p);
    fyi_buf_puts(b, "<figure class=\"card full\">\n<h3>Target accuracy over source "
                    "accuracy</h3>\n<div class=\"plot\">");
    fyi_plot_begin(b, &p);
    fyi_plot_line(b, &p, stair, front_of(d, stair), "Pareto front", "s2 d1");
    for (int i = 0; i < FYI_NETWORKS; i++)
        if (has_place(&d->v[i]))
            fyi_plot_mark(b, &p,
                          &(fyi_mark){ d->v[i].source, d->v[i].target, looks[i].name, looks[i].css,
                                       looks[i].mark },
                          0);
    fyi_plot_end(b);
    fyi_buf_puts(
        b, "</div>\n<figcaption>The line is the Pareto front: no network is better on one side "
           "and as good on the other than those on it. ");
    for (int i = 0; i < FYI_NETWORKS; i++)
        if (has_place(&d->v[i])) {
            fyi_mark_icon(b, looks[i].mark, looks[i].css);
            fyi_html(b, " @ ", looks[i].name);
        }
    fyi_buf_puts(b, "</figcaption>\n</figure>\n");
}

void fyi_show_distilled(fyi_report *r, fyi_buf *b)
{
    const fyi_distilled *d = &r->distilled;

    if (!d->is_there)
        return;
    put_verdict(d, b);
    fyi_section_begin(b, "networks", d->has_target ? "The networks on both domains" : "The networks",
                      "Accuracy on the test samples, or on validation where there are none.");
    put_table(d, b);
    if (d->has_target)
        put_front(r, b);
    fyi_section_end(b);
}

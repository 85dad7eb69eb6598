/* show_learning.c: validation and training figures over the steps of all parts of a fine-tuning, or of all stages of a
 * distillation, which each count theirs from 0, one after the other; and the epoch that a fine-tuning kept. */
#include "report/report.h"

#include <math.h>
#include <string.h>

#define MAX_PARTS 64

typedef struct timeline {
    fyi_chart_part parts[MAX_PARTS];
    int n;
    double end; /* steps of all parts */
} timeline;

/* The last step that any figure of the stage is of. */
static double length_of(const fyi_report *r, const char *stage)
{
    double last = 0;

    for (size_t i = 0; i < r->n_series; i++)
        if (strcmp(r->series[i].stage, stage) == 0 && r->series[i].n > 0)
            last = FYI_MAX(last, r->series[i].p[r->series[i].n - 1].x);
    return last;
}

static void lay_out(const fyi_report *r, timeline *t)
{
    for (size_t i = 0; i < r->n_series && t->n < MAX_PARTS; i++)
        if (fyi_starts_stage(r, i)) {
            t->parts[t->n++] = (fyi_chart_part){ t->end, r->series[i].stage };
            t->end += length_of(r, r->series[i].stage);
        }
}

static void append(fyi_report *r, fyi_series *to, const fyi_series *from, double shift)
{
    if (from == NULL || r->no_memory)
        return;
    if (fyi_grow(&to->p, &to->cap, to->n + from->n, sizeof *to->p) != FY_OK) {
        r->no_memory = true;
        return;
    }
    for (size_t i = 0; i < from->n; i++)
        to->p[to->n++] = (fyi_point){ shift + from->p[i].x, from->p[i].y };
}

/* The figure of that name in all parts; its points are to be given to fyi_free. */
static fyi_series join(fyi_report *r, const timeline *t, const char *name)
{
    fyi_series s = { .stage = "", .name = name };

    for (int i = 0; i < t->n; i++)
        append(r, &s, fyi_report_series(r, t->parts[i].name, name), t->parts[i].from);
    return s;
}

/* Validation is looked at before the first step and after every epoch. */
static void mark_kept(fyi_report *r, fyi_chart *c, const fyi_series *val)
{
    const int64_t epoch = r->tuned.best_epoch;
    char text[80];

    if (epoch < 0 || (uint64_t)epoch >= val->n || !isfinite(val->p[epoch].y))
        return;
    snprintf(text, sizeof text, "kept: epoch %.20s, step %.20s", fyi_whole(epoch).s,
             fyi_whole((int64_t)val->p[epoch].x).s);
    c->marks[c->n_marks++] = (fyi_mark){ val->p[epoch].x, val->p[epoch].y, fyi_report_dup(r, text),
                                         "n-chosen", FYI_MARK_DIAMOND };
}

/* One curve of a chart: the figure of that name in all parts. */
typedef struct figure {
    const char *series, *name;
} figure;

#define MAX_FIGURES 4

static void put_chart(fyi_report *r, fyi_buf *b, const timeline *t, fyi_chart *c, const figure *f)
{
    static const char *const css[MAX_FIGURES] = { "s0", "s1", "s2", "s3" };
    fyi_series all[MAX_FIGURES] = { { 0 } };

    for (int i = 0; i < MAX_FIGURES && f[i].series != NULL; i++) {
        all[i] = join(r, t, f[i].series);
        fyi_chart_add(c, &all[i], f[i].name, css[i]);
    }
    if (r->tuned.is_there)
        mark_kept(r, c, &all[0]);
    c->is_wide = true;
    c->parts = t->parts;
    c->n_parts = t->n;
    fyi_chart_write(r, b, c);
    for (int i = 0; i < MAX_FIGURES; i++)
        fyi_free(all[i].p);
}

/* What is shown of a kind of method. */
typedef struct lessons {
    const char *title, *lead, *loss_caption;
    figure accuracy[MAX_FIGURES + 1], loss[MAX_FIGURES + 1];
} lessons;

static const lessons tuning = {
    "Learning, part by part",
    "Each part moves more of the model than the one before. The kept epoch is the one with the "
    "best "
    "validation accuracy, of equals the one with the smaller loss.",
    "Validation: mean negative log-likelihood of all its samples. Training: mean of the batches "
    "since "
    "the point before, as they are augmented, with all that the recipe adds to the loss.",
    { { "val.accuracy", "validation" }, { "train.accuracy", "training" } },
    { { "val.loss", "validation" }, { "train.loss", "training" } },
};

static const lessons distilling = {
    "Learning, stage by stage",
    "After every epoch both domains are looked at. Training figures are of the batches, as they "
    "are "
    "augmented.",
    "Labels, teachers and all that the recipe adds, with their weights: stages have losses of "
    "their own.",
    { { "val.source", "source, validation" },
      { "val.target", "target, validation" },
      { "train.source", "source, training" },
      { "train.target", "target, training" } },
    { { "train.loss", "training" } },
};

void fyi_show_learning(fyi_report *r, fyi_buf *b)
{
    const lessons *l = r->tuned.is_there ? &tuning : r->distilled.is_there ? &distilling : NULL;
    fyi_chart accuracy = fyi_chart_new("Accuracy", FYI_TICK_PERCENT),
              loss = fyi_chart_new("Loss", FYI_TICK_FIGURE);
    timeline t = { .n = 0 };

    if (l == NULL || r->n_series == 0)
        return;
    lay_out(r, &t);
    accuracy.is_share = true;
    loss.is_low = true;
    loss.caption = l->loss_caption;
    fyi_section_begin(b, "training", l->title, l->lead);
    fyi_buf_puts(b, "<div class=\"pair\">\n");
    put_chart(r, b, &t, &accuracy, l->accuracy);
    put_chart(r, b, &t, &loss, l->loss);
    fyi_buf_puts(b, "</div>\n");
    fyi_section_end(b);
}

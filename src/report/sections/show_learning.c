/* show_learning.c: validation and training figures of a fine-tuning over the steps of all its parts, which each count
 * theirs from 0, one after the other; and the epoch that was kept. */
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

static void put_chart(fyi_report *r, fyi_buf *b, const timeline *t, fyi_chart *c, const char *val,
                      const char *train)
{
    fyi_series of_val = join(r, t, val), of_train = join(r, t, train);

    fyi_chart_add(c, &of_val, "validation", "s0");
    fyi_chart_add(c, &of_train, "training", "s1");
    mark_kept(r, c, &of_val);
    c->is_wide = true;
    c->parts = t->parts;
    c->n_parts = t->n;
    fyi_chart_write(r, b, c);
    fyi_free(of_train.p);
    fyi_free(of_val.p);
}

void fyi_show_learning(fyi_report *r, fyi_buf *b)
{
    fyi_chart accuracy = fyi_chart_new("Accuracy", FYI_TICK_PERCENT),
              loss = fyi_chart_new("Loss", FYI_TICK_FIGURE);
    timeline t = { .n = 0 };

    if (!r->tuned.is_there || r->n_series == 0)
        return;
    lay_out(r, &t);
    accuracy.is_share = true;
    loss.is_low = true;
    loss.caption = "Validation: mean negative log-likelihood of all its samples. Training: mean of "
                   "the batches since the point before, as they are augmented, with all that the "
                   "recipe adds to the loss.";
    fyi_section_begin(b, "training", "Learning, part by part",
                      "Each part moves more of the model than the one before. The kept epoch is "
                      "the one with the best "
                      "validation accuracy, of equals the one with the smaller loss.");
    fyi_buf_puts(b, "<div class=\"pair\">\n");
    put_chart(r, b, &t, &accuracy, "val.accuracy", "train.accuracy");
    put_chart(r, b, &t, &loss, "val.loss", "train.loss");
    fyi_buf_puts(b, "</div>\n");
    fyi_section_end(b);
}

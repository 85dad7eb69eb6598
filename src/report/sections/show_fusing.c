/* show_fusing.c: how several modalities learned, stage by stage: accuracy of the fused model and of every branch, the
 * gradients at the encoders' features, and what unique information weighed and came to. */
#include "report/report.h"

#include <math.h>
#include <string.h>

/* From this ratio of the largest gradient to the smallest on, their axis is logarithmic: it has two powers of ten. */
#define LOG_FROM 100.0

/* Figures that lie closer than this are the same. */
#define SAME 0.0005

/* A chart of one figure of every modality. */
typedef struct lesson {
    const char *title, *figure, *caption;
    fyi_tick_form form;
    bool is_wide;
} lesson;

static const lesson validation = { "Validation accuracy", "val",
                                   "Branches: the whole model with one part alone, over the "
                                   "samples that have it.",
                                   FYI_TICK_PERCENT, true };
static const lesson training = { "Training accuracy", "train",
                                 "Of the batches, as they are augmented.", FYI_TICK_PERCENT, false };
static const lesson gradients = { "Gradients at the features", "grad",
                                  "Mean length of the loss's gradient at each encoder's features: "
                                  "what is small here teaches its encoder little.",
                                  FYI_TICK_FIGURE, true };
/* What only some methods have. */
static const lesson own_figures[] = {
    { "Unique information, nats",
      "unique", "How much better the label is known with these features than from the others alone, at least.",
      FYI_TICK_FIGURE, false },
    { "Beta", "beta", "The weight of the unique information's loss in what moves the encoder.",
      FYI_TICK_FIGURE, false },
    { "Certainty", "share", "What each branch gives the right class, over validation samples.",
      FYI_TICK_PERCENT, false },
    { "Modulation", "k",
      "What the gradient towards each modality is multiplied by: below 1 it is slowed down.",
      FYI_TICK_FIGURE, false },
    { "Weight of all parts' loss", "weight.all", "In what moves each encoder.", FYI_TICK_FIGURE,
      false },
    { "Weight of the own loss", "weight.own", "In what moves each encoder.", FYI_TICK_FIGURE,
      false },
    { "Share of the learning rate", "w",
      "What each modality has of it, by how often it was right; at the beginning all alike.",
      FYI_TICK_PERCENT, false },
    { "Critics", "critic",
      "How often each tells the domains apart: a half is chance, and the encoder hides them.",
      FYI_TICK_PERCENT, false },
    { "Pressure of the critics", "pressure",
      "How much of what a critic goes by its encoder unlearns: nothing where it is down to chance.",
      FYI_TICK_FIGURE, false },
    { "Distance from what learned alone", "distance",
      "Mean square of the difference between the features of an encoder and those of the one that "
      "learned alone.",
      FYI_TICK_FIGURE, false },
};

/* What is said of gradients where every encoder has a loss of its own. */
#define OWN_LOSS                                                                              \
    "Mean length of the gradient at each encoder's features, of that encoder's own loss: it " \
    "falls "                                                                                  \
    "when its branch has learned."

/* A stage; what titles call it, NULL where there is only one. */
typedef struct place {
    const char *stage, *shown;
} place;

static bool learns_alone(const place *at)
{
    return strcmp(at->stage, "alone") == 0;
}

static fyi_chart chart_of(const lesson *l, const place *at, char title[160])
{
    fyi_chart c = fyi_chart_new(l->title, l->form);

    if (at->shown != NULL) {
        snprintf(title, 160, "%s, stage \"%.90s\"", l->title, at->shown);
        c.title = title;
    }
    c.caption = l->caption;
    c.is_share = l->form == FYI_TICK_PERCENT;
    c.is_wide = l->is_wide;
    return c;
}

/* ---- curves ------------------------------------------------------------------------------------ */

static void add_modalities(const fyi_report *r, fyi_chart *c, const char *stage, const char *figure)
{
    const fyi_modalities *m = &r->modalities;

    for (int i = 0; i < m->n; i++)
        fyi_chart_add_styled(c, fyi_modality_series(r, stage, figure, m->v[i].name), m->v[i].name,
                             fyi_modality_css(i).s);
}

/* Validation is looked at after every epoch, and perhaps before the first. */
static void mark_kept(fyi_report *r, fyi_chart *c, const fyi_series *val)
{
    const fyi_modalities *m = &r->modalities;
    const int64_t skipped = val != NULL && val->n > 0 && val->p[0].x > 0,
                  i = m->best_epoch - skipped;
    char text[80];

    if (val == NULL || i < 0 || (uint64_t)i >= val->n || !(fabs(val->p[i].y - m->fused_val) < SAME))
        return;
    snprintf(text, sizeof text, "kept: epoch %.20s, step %.20s", fyi_whole(m->best_epoch).s,
             fyi_whole((int64_t)val->p[i].x).s);
    c->marks[c->n_marks++] = (fyi_mark){ val->p[i].x, val->p[i].y, fyi_report_dup(r, text),
                                         "n-chosen", FYI_MARK_DIAMOND };
}

static void put_accuracy(fyi_report *r, fyi_buf *b, const place *at, const lesson *l)
{
    const fyi_series *fused = fyi_modality_series(r, at->stage, l->figure, "fused");
    char title[160];
    fyi_chart c = chart_of(l, at, title);

    add_modalities(r, &c, at->stage, l->figure);
    fyi_chart_add_styled(&c, fused, "together", "whole");
    if (l == &validation && learns_alone(at))
        c.caption = "Every modality's own model; together: the sum of their logits.";
    else if (l == &validation)
        mark_kept(r, &c, fused);
    fyi_chart_write(r, b, &c);
}

static void put_loss(fyi_report *r, fyi_buf *b, const place *at)
{
    static const lesson loss = { "Loss", "train", "All that the method adds up, over the batches.",
                                 FYI_TICK_FIGURE, false };
    char title[160];
    fyi_chart c = chart_of(&loss, at, title);

    fyi_chart_add_styled(&c, fyi_modality_series(r, at->stage, loss.figure, "loss"), "training",
                         "whole");
    fyi_chart_write(r, b, &c);
}

/* ---- gradients --------------------------------------------------------------------------------- */

static void widen(const fyi_series *s, double *lo, double *hi)
{
    for (size_t i = 0; s != NULL && i < s->n; i++)
        if (isfinite(s->p[i].y) && s->p[i].y > 0) {
            *lo = FYI_MIN(*lo, s->p[i].y);
            *hi = FYI_MAX(*hi, s->p[i].y);
        }
}

static bool spans_powers(const fyi_report *r, const char *stage)
{
    const fyi_modalities *m = &r->modalities;
    double lo = INFINITY, hi = 0;

    for (int i = 0; i < m->n; i++)
        widen(fyi_modality_series(r, stage, gradients.figure, m->v[i].name), &lo, &hi);
    return hi >= LOG_FROM * lo;
}

/* Decimal logarithms; gaps where there are none. */
static fyi_series logs_of(fyi_report *r, const fyi_series *s)
{
    fyi_series logs = { .stage = s->stage, .name = s->name };

    logs.p = fyi_report_alloc(r, s->n, sizeof *logs.p);
    for (size_t i = 0; logs.p != NULL && i < s->n; i++)
        logs.p[logs.n++] = (fyi_point){ s->p[i].x, s->p[i].y > 0 ? log10(s->p[i].y) : (double)NAN };
    return logs;
}

static void put_gradients(fyi_report *r, fyi_buf *b, const place *at)
{
    const fyi_modalities *m = &r->modalities;
    fyi_series logs[FY_MAX_MODALITIES];
    char title[160];
    fyi_chart c = chart_of(&gradients, at, title);

    c.is_low = true;
    c.form = spans_powers(r, at->stage) ? FYI_TICK_POWER : FYI_TICK_FIGURE;
    c.from_zero = c.form == FYI_TICK_FIGURE;
    c.caption = learns_alone(at) || fyi_learns_apart(m) ? OWN_LOSS : gradients.caption;
    for (int i = 0; i < m->n; i++) {
        const fyi_series *s = fyi_modality_series(r, at->stage, gradients.figure, m->v[i].name);

        if (s == NULL)
            continue;
        logs[i] = c.form == FYI_TICK_POWER ? logs_of(r, s) : *s;
        fyi_chart_add_styled(&c, &logs[i], m->v[i].name, fyi_modality_css(i).s);
    }
    fyi_chart_write(r, b, &c);
}

/* ---- what only some methods have --------------------------------------------------------------- */

static void put_own(fyi_report *r, fyi_buf *b, const place *at, const lesson *l)
{
    char title[160];
    fyi_chart c = chart_of(l, at, title);

    add_modalities(r, &c, at->stage, l->figure);
    if (l == &own_figures[0]) {
        c.level = 0;
        c.level_text = "nothing found";
    }
    fyi_chart_write(r, b, &c);
}

/* ---- the whole --------------------------------------------------------------------------------- */

static size_t count_stages(const fyi_report *r)
{
    size_t n = 0;

    for (size_t i = 0; i < r->n_series; i++)
        n += fyi_starts_stage(r, i);
    return n;
}

void fyi_show_fusing(fyi_report *r, fyi_buf *b)
{
    const bool are_many = count_stages(r) > 1;

    if (!r->modalities.is_there || r->n_series == 0)
        return;
    fyi_section_begin(
        b, "training", "Learning",
        "A modality has the same colour everywhere; the strong line is the model with "
        "all parts.");
    fyi_buf_puts(b, "<div class=\"pair\">\n");
    for (size_t i = 0; i < r->n_series; i++) {
        const char *stage = r->series[i].stage;
        const place at = { stage, are_many ? stage : NULL };

        if (!fyi_starts_stage(r, i))
            continue;
        put_accuracy(r, b, &at, &validation);
        put_gradients(r, b, &at);
        put_accuracy(r, b, &at, &training);
        put_loss(r, b, &at);
        for (size_t k = 0; k < FYI_LEN(own_figures); k++)
            put_own(r, b, &at, &own_figures[k]);
    }
    fyi_buf_puts(b, "</div>\n");
    fyi_section_end(b);
}

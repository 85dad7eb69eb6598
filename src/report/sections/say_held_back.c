/* say_held_back.c: which modality kept another from learning, as far as a run's figures tell.
 *
 * Two things are looked for where encoders learn from a loss together (Peng et al. 2022; Wei et al. 2025):
 *   the gradient   that reaches the weak encoder has halved while the strong branch is well ahead of the weak one
 *   the probe      a linear classifier reads more from the weak features than the weak branch makes of them
 * Every sentence gives the figures it is made of; a figure that is not there leaves its sentence out. */
#include "report/report.h"

#include <math.h>

#define STAGE "fuse"
#define AHEAD 0.1    /* of accuracy on training samples: well ahead */
#define WINDOW 20    /* a mean is over the WINDOW-th part of a curve, */
#define MOST_MEAN 50 /* at most so many points */
#define LEAST_POINTS 4
#define LEAST_NATS 0.005 /* less is not shown */

/* Of whom; how many signs have been looked for, and how many were found. */
typedef struct look {
    int strong; /* the best but for the weak one */
    int sought, found;
} look;

/* ---- the gradient ------------------------------------------------------------------------------ */

static size_t window_of(const fyi_series *s)
{
    return FYI_MIN(FYI_MAX(s->n / WINDOW, 1), MOST_MEAN);
}

/* Of the finite values of the points before `to`, as many as a window has. */
static double mean_before(const fyi_series *s, size_t to)
{
    const size_t from = to > window_of(s) ? to - window_of(s) : 0;
    double sum = 0;
    size_t n = 0;

    for (size_t i = from; i < to; i++)
        if (isfinite(s->p[i].y)) {
            sum += s->p[i].y;
            n++;
        }
    return n > 0 ? sum / (double)n : (double)NAN;
}

/* What a curve over batches had come to at that step. */
static double value_by(const fyi_series *s, double step)
{
    size_t to = 0;

    while (s != NULL && to < s->n && s->p[to].x <= step)
        to++;
    return to > 0 ? mean_before(s, to) : (double)NAN;
}

/* The first step by which it has halved; NaN: none. */
static double halving_of(const fyi_series *s)
{
    const double begin = mean_before(s, window_of(s));

    for (size_t to = window_of(s) + 1; to <= s->n; to++)
        if (mean_before(s, to) <= begin / 2)
            return s->p[to - 1].x;
    return NAN;
}

/* "12%" */
static fyi_num whole_percent(double share)
{
    fyi_num out;

    snprintf(out.s, sizeof out.s, "%.40s%%", fyi_fixed(100 * share, 0).s);
    return out;
}

/* Both branches at once: that is a sign where the strong one is well ahead. */
static void hold_together(look *l, double strong, double weak)
{
    l->sought++;
    l->found += strong - weak >= AHEAD;
}

/* Methods that make a loss of the branches know how good they are on every batch. */
static bool say_on_batches(const fyi_report *r, look *l, double step, fyi_buf *b)
{
    const fyi_modalities *m = &r->modalities;
    const char *const weak_name = m->v[m->weak].name, *const strong_name = m->v[l->strong].name;
    const double weak = value_by(fyi_modality_series(r, STAGE, "train", weak_name), step),
                 strong = value_by(fyi_modality_series(r, STAGE, "train", strong_name), step);

    if (!isfinite(weak) || !isfinite(strong))
        return false;
    hold_together(l, strong, weak);
    fyi_html(
        b, ", when @\xE2\x80\x99s branch was right on @ of the training samples and @\xE2\x80\x99s on @",
        strong_name, fyi_percent(strong).s, weak_name, fyi_percent(weak).s);
    return true;
}

/* The first step from this one on at which the curve has a value; NaN: none. */
static double next_of(const fyi_series *s, double step)
{
    for (size_t i = 0; s != NULL && i < s->n; i++)
        if (s->p[i].x >= step && isfinite(s->p[i].y))
            return s->p[i].x;
    return NAN;
}

/* The others are looked at after every epoch. */
static void say_on_validation(const fyi_report *r, look *l, double step, fyi_buf *b)
{
    const fyi_modalities *m = &r->modalities;
    const char *const weak_name = m->v[m->weak].name, *const strong_name = m->v[l->strong].name;
    const fyi_series *of_weak = fyi_modality_series(r, STAGE, "val", weak_name);
    const double at = next_of(of_weak, step), weak = fyi_series_at(of_weak, at),
                 strong = fyi_series_at(fyi_modality_series(r, STAGE, "val", strong_name), at);

    if (!isfinite(weak) || !isfinite(strong))
        return;
    hold_together(l, strong, weak);
    fyi_html(b,
             "; at the next look, step @, @\xE2\x80\x99s branch was right on @ of the validation "
             "samples and @\xE2\x80\x99s on @",
             fyi_whole((int64_t)at).s, strong_name, fyi_percent(strong).s, weak_name,
             fyi_percent(weak).s);
}

/* It ended at that share of its beginning. */
static void say_fall(const fyi_report *r, look *l, const fyi_series *g, double share, fyi_buf *b)
{
    const char *weak = r->modalities.v[r->modalities.weak].name;
    const double step = halving_of(g);

    if (isfinite(step)) {
        fyi_html(b, " The gradient at @\xE2\x80\x99s features had halved by step @", weak,
                 fyi_whole((int64_t)step).s);
        if (!say_on_batches(r, l, step, b))
            say_on_validation(r, l, step, b);
        fyi_html(b, "; it ended at @ of its beginning.", whole_percent(share).s);
    } else {
        l->sought++;
        fyi_html(b,
                 " The gradient at @\xE2\x80\x99s features never fell to half of its beginning; "
                 "it ended at @ of it.",
                 weak, whole_percent(share).s);
    }
}

static void say_gradient(const fyi_report *r, look *l, fyi_buf *b)
{
    const fyi_modalities *m = &r->modalities;
    const fyi_series *g = fyi_modality_series(r, STAGE, "grad", m->v[m->weak].name);
    double begin, end;

    if (!fyi_series_has_value(g) || g->n < LEAST_POINTS)
        return;
    begin = mean_before(g, window_of(g));
    end = mean_before(g, g->n);
    if (begin > 0 && isfinite(end / begin))
        say_fall(r, l, g, end / begin, b);
}

/* ---- what the features have -------------------------------------------------------------------- */

/* How much more is read from the features than the branch makes of them, where that is more than chance. */
static bool leaves_unread(const fyi_modalities *m, int i)
{
    const fyi_modality *v = &m->v[i];

    return v->probe - v->accuracy > fyi_chance_between(m, v->probe, v->accuracy);
}

static void say_probe(const fyi_modalities *m, int i, fyi_buf *b)
{
    const fyi_modality *v = &m->v[i];

    if (!isfinite(v->probe) || !isfinite(v->accuracy))
        return;
    fyi_html(b, " A linear classifier reads @ from @\xE2\x80\x99s features",
             fyi_percent(v->probe).s, v->name);
    if (leaves_unread(m, i))
        fyi_html(b, ", @ points more than its branch makes of them.",
                 fyi_fixed(100 * (v->probe - v->accuracy), 1).s);
    else
        fyi_html(b, "; its branch is right on @.", fyi_percent(v->accuracy).s);
}

static void look_at_probe(const fyi_modalities *m, look *l)
{
    const fyi_modality *v = &m->v[m->weak];

    l->sought += isfinite(fyi_chance_between(m, v->probe, v->accuracy));
    l->found += leaves_unread(m, m->weak);
}

/* The best of a curve; NaN if there is none. */
static double best_of(const fyi_series *s)
{
    double best = NAN;

    for (size_t i = 0; s != NULL && i < s->n; i++)
        best = fmax(best, s->p[i].y);
    return best;
}

/* Methods whose encoders first learn alone and then once more, together. */
static void say_alone(const fyi_report *r, fyi_buf *b)
{
    const fyi_modality *v = &r->modalities.v[r->modalities.weak];
    const double alone = best_of(fyi_modality_series(r, "alone", "val", v->name));

    if (isfinite(alone) && isfinite(v->val) &&
        fyi_series_has_value(fyi_modality_series(r, STAGE, "val", v->name)))
        fyi_html(b, " Alone, @ had come to @ of the validation samples; its branch has @.", v->name,
                 fyi_percent(alone).s, fyi_percent(v->val).s);
}

static void say_unique(const fyi_modalities *m, int strong, fyi_buf *b)
{
    const fyi_modality *v = &m->v[m->weak];

    if (!(v->unique >= LEAST_NATS))
        return;
    fyi_html(b, " At least @ nats about the label are in @\xE2\x80\x99s features and not in ",
             fyi_fixed(v->unique, 2).s, v->name);
    if (m->n > 2)
        fyi_buf_puts(b, "the others.");
    else
        fyi_html(b, "@\xE2\x80\x99s.", m->v[strong].name);
}

static void say_shares(const fyi_modalities *m, int strong, fyi_buf *b)
{
    const double all = m->subset[fyi_all_parts(m)] - m->subset[0];

    if (!fyi_keeps_one(m) && isfinite(m->v[strong].shapley) && isfinite(m->v[m->weak].shapley) &&
        isfinite(all))
        fyi_html(b,
                 " Of the @ points over the most frequent class, the Shapley values give @ to @ "
                 "and @ to @.",
                 fyi_fixed(100 * all, 1).s, fyi_fixed(100 * m->v[strong].shapley, 1).s,
                 m->v[strong].name, fyi_fixed(100 * m->v[m->weak].shapley, 1).s, m->v[m->weak].name);
}

/* ---- the whole --------------------------------------------------------------------------------- */

static void say_signs(const fyi_modalities *m, const look *l, fyi_buf *b)
{
    static const char *const words[3][3] = {
        { "Whether @ held @ back cannot be told from what the run recorded." },
        { "No sign that @ held @ back.", "There is a sign that @ held @ back." },
        { "Neither of two signs that @ held @ back is there.",
          "One of two signs that @ held @ back is there.",
          "Both signs that @ held @ back are there." },
    };

    if (fyi_learns_apart(m))
        fyi_buf_puts(b, "Every encoder learned from losses of its own, so that none could take "
                        "another\xE2\x80\x99s gradient.");
    else
        fyi_html(b, words[l->sought][l->found], m->v[l->strong].name, m->v[m->weak].name);
}

void fyi_say_held_back(const fyi_report *r, fyi_buf *b)
{
    const fyi_modalities *m = &r->modalities;
    look l = { .strong = fyi_best_alone(m, m->weak) };
    fyi_buf figures = { 0 };

    if (m->n < 2 || m->weak < 0 || l.strong < 0)
        return;
    if (!fyi_learns_apart(m))
        say_gradient(r, &l, &figures);
    look_at_probe(m, &l);
    say_probe(m, m->weak, &figures);
    say_alone(r, &figures);
    say_unique(m, l.strong, &figures);
    say_shares(m, l.strong, &figures);
    fyi_buf_puts(b, "<p class=\"why\"><b>Who held whom back:</b> ");
    say_signs(m, &l, b);
    fyi_buf_append(b, figures.p, figures.len);
    fyi_buf_puts(b, "</p>\n");
    b->failed |= figures.failed;
    fyi_buf_release(&figures);
}

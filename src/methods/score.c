/* score.c: the figures that need the target's labels. The judge's owner has them filled in when a method is
 * done; methods hold no judge and call nothing here but to say that a figure is unknown. */
#include <ferry/methods.h>

#include <math.h>
#include <stddef.h>
#include <string.h>

/* Which marks of a judge, counted which way: at: the figure's place in fy_mark. */
typedef struct reading {
    const fy_judge *j;
    const char *stage;
    int64_t last, chosen;
    size_t at;
} reading;

static const fy_adapt_figures unknown = { NAN, NAN, NAN, NAN, -1 };

static fy_adapt_figures figures_of(const reading *of)
{
    fy_adapt_figures f = unknown;
    for (int i = 0; i < fy_judge_count(of->j); i++) {
        const fy_mark m = fy_judge_mark(of->j, i);
        const double v = *(const double *)(const void *)((const char *)&m + of->at);
        if (isnan(v) || !of->stage || strcmp(m.stage, of->stage) != 0)
            continue;
        f.source_only = m.step == 0 ? v : f.source_only;
        f.last = m.step == of->last ? v : f.last;
        f.chosen = m.step == of->chosen ? v : f.chosen;
        if (!(v <= f.oracle)) {
            f.oracle = v;
            f.oracle_step = m.step;
        }
    }
    return f;
}

/* The best of all methods that were tried. */
static void widen_oracle(const reading *of, const fy_adapt_report *r, fy_adapt_figures *f)
{
    for (int i = 0; i < r->n_tries; i++) {
        const reading other = { of->j, r->tries[i].method, 0, 0, of->at };
        const fy_adapt_figures is = figures_of(&other);
        if (is.oracle > f->oracle) {
            f->oracle = is.oracle;
            f->oracle_step = is.oracle_step;
        }
    }
}

static fy_adapt_figures score(const fy_judge *j, const fy_adapt_report *r, size_t at)
{
    const reading of = { j, r->stage, r->last_step, r->chosen_step, at };
    fy_adapt_figures f = figures_of(&of);
    widen_oracle(&of, r, &f);
    return f;
}

static void score_try(const fy_judge *j, fy_adapt_try *t)
{
    const reading of = { j, t->method, t->last_step, t->chosen_step, offsetof(fy_mark, accuracy) };
    t->plain = t->has_run ? figures_of(&of) : unknown;
}

void fy_adapt_score(const fy_judge *j, fy_adapt_report *r)
{
    r->has_labels = j != NULL;
    r->plain = score(j, r, offsetof(fy_mark, accuracy));
    r->swapped = score(j, r, offsetof(fy_mark, swapped));
    r->matched = score(j, r, offsetof(fy_mark, matched));
    for (int i = 0; i < r->n_tries; i++)
        score_try(j, &r->tries[i]);
}

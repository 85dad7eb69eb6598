/* score.c: the figures that need the target's labels. The judge's owner has them filled in when a method is
 * done; methods hold no judge and call nothing here but to say that a figure is unknown. */
#include <ferry/methods.h>

#include <math.h>
#include <stddef.h>
#include <string.h>

/* at: the figure's place in fy_mark. */
static fy_adapt_figures figures_of(const fy_judge *j, const fy_adapt_report *r, size_t at)
{
    fy_adapt_figures f = { NAN, NAN, NAN, NAN, -1 };
    for (int i = 0; i < fy_judge_count(j); i++) {
        const fy_mark m = fy_judge_mark(j, i);
        const double v = *(const double *)(const void *)((const char *)&m + at);
        if (isnan(v) || !r->stage || strcmp(m.stage, r->stage) != 0)
            continue;
        f.source_only = m.step == 0 ? v : f.source_only;
        f.last = m.step == r->last_step ? v : f.last;
        f.chosen = m.step == r->chosen_step ? v : f.chosen;
        if (!(v <= f.oracle)) {
            f.oracle = v;
            f.oracle_step = m.step;
        }
    }
    return f;
}

void fy_adapt_score(const fy_judge *j, fy_adapt_report *r)
{
    r->has_labels = j != NULL;
    r->plain = figures_of(j, r, offsetof(fy_mark, accuracy));
    r->swapped = figures_of(j, r, offsetof(fy_mark, swapped));
    r->matched = figures_of(j, r, offsetof(fy_mark, matched));
}

/* pruner.c: which pruner there is, and what it is shown of a study. */
#include "search/study.h"

#include <math.h>
#include <string.h>

const fyi_pruner *fyi_pruner_find(const char *name)
{
    static const fyi_pruner *const all[] = { &fyi_pruner_median, &fyi_pruner_halving,
                                             &fyi_pruner_hyperband };

    for (size_t i = 0; i < FYI_LEN(all); i++)
        if (strcmp(all[i]->name, name) == 0)
            return all[i];
    return NULL;
}

/* What has no figure is worse than what has one. */
static fy_status make_lane(const fy_study *s, const fy_trial *t, fyi_arena *arena, fyi_lane *out)
{
    double *v = fyi_arena_alloc(arena, (size_t)t->n_points * sizeof *v);

    if (v == NULL)
        return fyi_enomem((size_t)t->n_points * sizeof *v, "a search's trials");
    for (int i = 0; i < t->n_points; i++) {
        const double p = t->points[i].value;

        v[i] = isnan(p) ? -(double)INFINITY : s->table.higher_is_better ? p : -p;
    }
    *out = (fyi_lane){ t->number, v, t->n_points, t->state == FY_TRIAL_DONE };
    return FY_OK;
}

static fy_status make_race(const fy_study *s, int64_t number, fyi_arena *arena, fyi_race *out)
{
    const int64_t n = s->table.n_trials;
    fyi_lane *others = fyi_arena_alloc(arena, (size_t)n * sizeof *others);

    *out = (fyi_race){ .o = &s->recipe->settings.search, .others = others };
    if (others == NULL)
        return fyi_enomem((size_t)n * sizeof *others, "a search's trials");
    for (int64_t i = 0; i < n; i++)
        FYI_FORWARD(make_lane(s, &s->table.trials[i], arena,
                              i == number ? &out->me : &others[out->n_others++]));
    return FY_OK;
}

fy_status fyi_study_prunes(const fy_study *s, int64_t number, bool *stops)
{
    const fyi_pruner *pruner = fyi_pruner_find(s->recipe->settings.search.pruner);
    fyi_arena arena = { 0 };
    fyi_race race;
    fy_status st = make_race(s, number, &arena, &race);

    *stops =
        st == FY_OK && pruner != NULL && race.me.n >= race.o->prune_from && pruner->stops(&race);
    fyi_arena_release(&arena);
    return st;
}

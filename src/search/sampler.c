/* sampler.c: which sampler there is, and what it is shown of a study. */
#include "search/study.h"

#include <math.h>
#include <string.h>

const fyi_sampler *fyi_sampler_find(const char *name)
{
    static const fyi_sampler *const all[] = { &fyi_sampler_tpe, &fyi_sampler_random,
                                              &fyi_sampler_sobol, &fyi_sampler_grid };

    for (size_t i = 0; i < FYI_LEN(all); i++)
        if (strcmp(all[i]->name, name) == 0)
            return all[i];
    return NULL;
}

fy_rng fyi_draw_stream(const fyi_draw *d, int knob)
{
    const fy_rng all = fy_rng_named(d->seed, "search");
    const fy_rng trial = fy_rng_child(&all, (uint64_t)d->number);

    return fy_rng_child(&trial, (uint64_t)knob);
}

/* ---- how many -------------------------------------------------------------------------------- */

#define USUAL_TRIALS 50

int64_t fyi_search_budget(const fyi_settings *s)
{
    int64_t points = 1;

    if (s->search.trials > 0)
        return s->search.trials;
    if (strcmp(s->search.sampler, "grid") != 0)
        return USUAL_TRIALS;
    for (int i = 0; i < s->n_knobs; i++)
        points *= s->knobs[i].levels;
    return points;
}

/* ---- what a sampler sees --------------------------------------------------------------------- */

static double good_of(const fy_study_table *t, const fy_trial *trial)
{
    if (trial->state != FY_TRIAL_DONE)
        return NAN;
    return t->higher_is_better ? trial->value : -trial->value;
}

static void show_trial(const fy_study *s, const fy_trial *trial, double *places, fyi_seen *seen)
{
    const fyi_settings *of = &s->recipe->settings;

    for (int i = 0; i < of->n_knobs; i++)
        if (!fyi_knob_place(&of->knobs[i], trial->values[i], &places[i]))
            places[i] = NAN;
    *seen = (fyi_seen){ .places = places, .good = good_of(&s->table, trial) };
}

static fy_status show(const fy_study *s, fyi_arena *arena, fyi_seen **out)
{
    const size_t n = (size_t)s->table.n_trials, k = (size_t)s->table.n_keys;
    double *places = fyi_arena_alloc(arena, n * k * sizeof *places);
    fyi_seen *seen = fyi_arena_alloc(arena, n * sizeof *seen);

    if (places == NULL || seen == NULL)
        return fyi_enomem(n * k * sizeof *places, "a search's trials");
    for (size_t i = 0; i < n; i++)
        show_trial(s, &s->table.trials[i], places + i * k, &seen[i]);
    *out = seen;
    return FY_OK;
}

/* ---- drawing --------------------------------------------------------------------------------- */

static fy_status keep_values(const fyi_settings *of, const double *places, fyi_arena *arena,
                             const char **values)
{
    char room[FYI_KNOB_TEXT];

    for (int i = 0; i < of->n_knobs; i++) {
        const char *text = fyi_knob_value(&of->knobs[i], places[i], room);

        values[i] = fyi_arena_dup(arena, text, strlen(text) + 1);
        if (values[i] == NULL)
            return fyi_enomem(strlen(text), "a trial's values");
    }
    return FY_OK;
}

fy_status fyi_study_draw(const fy_study *s, fyi_arena *arena, const char **values)
{
    const fyi_settings *of = &s->recipe->settings;
    double places[FYI_MAX_KNOBS];
    fyi_draw d = { .knobs = of->knobs,
                   .n_knobs = of->n_knobs,
                   .seed = of->run.seed.value,
                   .number = s->table.n_trials,
                   .startup = of->search.startup,
                   .n_seen = s->table.n_trials };
    fyi_seen *seen;

    FYI_FORWARD(show(s, arena, &seen));
    d.seen = seen;
    FYI_FORWARD(fyi_sampler_find(of->search.sampler)->draw(&d, places));
    return keep_values(of, places, arena, values);
}

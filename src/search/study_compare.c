/* study_compare.c: what a search found held against what was there before, as a recipe for a comparison.
 *
 * The best of many trials is the luckiest as well, on the seeds that chose it: new seeds say whether it is better. */
#include "search/study.h"

#include <stdlib.h>
#include <string.h>

/* An entry with a list of texts. */
static fy_status put_list(fy_recipe *r, const char *key, const char *const *items, int n)
{
    const fyi_entry e = { .key = key, .items = (const char **)items, .n_items = n, .is_list = true };

    r->is_checked = false;
    return fyi_entries_put(&r->entries, &e);
}

static bool is_taken(const fy_study_table *t, uint64_t seed)
{
    for (int i = 0; i < t->n_seeds; i++)
        if (t->seeds[i] == seed)
            return true;
    return false;
}

/* The first numbers after the study's seeds; past the largest it goes on from 0. */
static fy_status put_seeds(const fy_study_table *t, int n, fy_recipe *r, fyi_arena *arena)
{
    const char **items = fyi_arena_alloc(arena, (size_t)n * sizeof *items);
    uint64_t seed = t->seeds[t->n_seeds - 1];

    for (int i = 0; i < n && items != NULL; i++) {
        do
            seed++;
        while (is_taken(t, seed));
        items[i] = fyi_arena_printf(arena, "%llu", (unsigned long long)seed);
        if (items[i] == NULL)
            return fyi_enomem(32, "a comparison's seeds");
    }
    return items != NULL ? put_list(r, "compare.seeds", items, n)
                         : fyi_enomem((size_t)n * sizeof *items, "a comparison's seeds");
}

/* Of the trial's recipe what applies there. */
static fy_status put_arms(const fy_study *s, int64_t trial, fy_recipe *r, fyi_arena *arena)
{
    const fy_study_table *t = &s->table;
    const char *changes[FYI_MAX_KNOBS];
    fy_recipe *best;
    int n = 0;
    fy_status st = FY_OK;

    FYI_FORWARD(fy_study_recipe(s, trial, &best));
    for (int i = 0; i < t->n_keys && st == FY_OK; i++) {
        if (fy_recipe_get(best, t->keys[i].key) == NULL)
            continue;
        changes[n] = fyi_arena_printf(arena, "%s=%s", t->keys[i].key, t->trials[trial].values[i]);
        st = changes[n++] != NULL ? FY_OK : fyi_enomem(64, "a comparison's arms");
    }
    fy_recipe_free(best);
    FYI_FORWARD(st);
    FYI_FORWARD(put_list(r, "compare.arms.default", NULL, 0));
    return put_list(r, "compare.arms.best", changes, n);
}

static fy_status make(const fy_study *s, int64_t trial, int n_seeds, fy_recipe *r, fyi_arena *arena)
{
    const fy_study_table *t = &s->table;

    FYI_FORWARD(fy_recipe_put(r, "blind", "true"));
    FYI_FORWARD(fy_recipe_put(r, "compare.baseline", "default"));
    FYI_FORWARD(fy_recipe_put(r, "compare.metric", t->metric));
    FYI_FORWARD(fy_recipe_put(r, "compare.better", t->higher_is_better ? "higher" : "lower"));
    FYI_FORWARD(put_seeds(t, n_seeds, r, arena));
    FYI_FORWARD(put_arms(s, trial, r, arena));
    return fy_recipe_check(r);
}

fy_status fy_study_comparison(const fy_study *s, int64_t trial, int n_seeds, fy_recipe **out)
{
    fyi_arena arena = { 0 };
    fy_recipe *r = NULL;
    fy_status st;

    *out = NULL;
    FYI_FORWARD(fyi_study_find(s, &trial));
    if (n_seeds < 1 || n_seeds > FYI_MAX_SEEDS)
        return fyi_fail(FY_EINVAL, "a comparison has 1 to %d seeds, not %d", FYI_MAX_SEEDS, n_seeds);
    FY_TRY(fyi_recipe_without(s->recipe, "search", &r));
    FY_TRY(make(s, trial, n_seeds, r, &arena));
    *out = r;
    r = NULL;
done:
    fy_recipe_free(r);
    fyi_arena_release(&arena);
    return st;
}

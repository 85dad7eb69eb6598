/* study.c: what was tried, as it is read from a database: nothing that it says is believed before it was looked at. */
#include "search/study.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>

const char *fy_trial_state_name(fy_trial_state s)
{
    static const char *const names[FY_TRIAL_STATES] = { "running", "done", "pruned", "failed" };

    return (size_t)s < FYI_LEN(names) ? names[s] : "?";
}

void fy_study_free(fy_study *s)
{
    if (s == NULL)
        return;
    fy_recipe_free(s->recipe);
    fyi_free(s->rows);
    fyi_free(s->points);
    fyi_free(s->trials);
    fyi_arena_release(&s->arena);
    fyi_free(s);
}

const fy_study_table *fy_study_result(const fy_study *s)
{
    return &s->table;
}

/* ---- its recipe ------------------------------------------------------------------------------ */

static fy_status take(fy_study *s, size_t n, size_t size, void *out)
{
    void *p = fyi_arena_alloc(&s->arena, n * size);

    memcpy(out, &p, sizeof p);
    return p != NULL ? FY_OK : fyi_enomem(n * size, "a study");
}

static fy_status keep(fy_study *s, const char *text, const char **out)
{
    *out = fyi_arena_dup(&s->arena, text, strlen(text) + 1);
    return *out != NULL ? FY_OK : fyi_enomem(strlen(text), "a study");
}

static fy_status keep_range(fy_study *s, const fyi_knob *k, const char **out)
{
    fyi_buf text = { 0 };
    fy_status st;

    for (int i = 0; i < k->from->n_items; i++)
        fyi_buf_printf(&text, "%s%s", i > 0 ? ", " : "", k->from->items[i]);
    st = text.failed ? fyi_enomem(text.len, "a study") : keep(s, text.p, out);
    fyi_buf_release(&text);
    return st;
}

static fy_status keep_choices(fy_study *s, const fyi_knob *k, fy_study_key *to)
{
    const char **choices;

    if (k->form != FYI_KNOB_CHOICE)
        return FY_OK;
    FYI_FORWARD(take(s, (size_t)k->from->n_items, sizeof *choices, &choices));
    for (int i = 0; i < k->from->n_items; i++)
        FYI_FORWARD(keep(s, k->from->items[i], &choices[i]));
    to->choices = choices;
    to->n_choices = k->from->n_items;
    return FY_OK;
}

static fy_status keep_keys(fy_study *s, const fyi_settings *of)
{
    fy_study_key *keys;

    FYI_FORWARD(take(s, (size_t)of->n_knobs, sizeof *keys, &keys));
    for (int i = 0; i < of->n_knobs; i++) {
        keys[i] = (fy_study_key){ .importance = NAN };
        FYI_FORWARD(keep(s, of->knobs[i].key, &keys[i].key));
        FYI_FORWARD(keep_choices(s, &of->knobs[i], &keys[i]));
        FYI_FORWARD(keep_range(s, &of->knobs[i], &keys[i].range));
    }
    s->table.keys = s->keys = keys;
    s->table.n_keys = of->n_knobs;
    return FY_OK;
}

static fy_status keep_seeds(fy_study *s, const fyi_settings *of)
{
    uint64_t *seeds;

    FYI_FORWARD(take(s, (size_t)of->search.seeds.n, sizeof *seeds, &seeds));
    for (int i = 0; i < of->search.seeds.n; i++)
        seeds[i] = fyi_seeds_at(&of->search.seeds, of->run.seed.value, i);
    s->table.seeds = seeds;
    s->table.n_seeds = of->search.seeds.n;
    return FY_OK;
}

static fy_status fill(fy_study *s, const char *where)
{
    const fyi_settings *of = &s->recipe->settings;
    const fyi_search_figure *which;
    const char *metric;

    FYI_FORWARD(fyi_search_metric(of, &metric, &which));
    FYI_FORWARD(keep(s, where, &s->table.where));
    FYI_FORWARD(keep(s, of->run.name, &s->table.name));
    FYI_FORWARD(keep(s, metric, &s->table.metric));
    FYI_FORWARD(keep(s, of->search.sampler, &s->table.sampler));
    FYI_FORWARD(keep(s, of->search.pruner, &s->table.pruner));
    s->table.higher_is_better =
        of->search.goal != NULL ? strcmp(of->search.goal, "max") == 0 : !which->is_lower_better;
    FYI_FORWARD(keep_keys(s, of));
    return keep_seeds(s, of);
}

static fy_status read_recipe(fy_study *s, const char *where, const char *recipe)
{
    FYI_FORWARD(fy_recipe_parse(where, recipe, strlen(recipe), &s->recipe));
    FYI_FORWARD(fy_recipe_check(s->recipe));
    if (!fyi_searches(&s->recipe->settings))
        return fyi_fail(FY_EFORMAT, "the study in '%s' is damaged: its recipe searches nothing",
                        where);
    return fill(s, where);
}

fy_status fyi_study_new(const char *where, const char *recipe, fy_study **out)
{
    fy_study *s = fyi_calloc(1, sizeof *s);
    fy_status st;

    *out = NULL;
    if (s == NULL)
        return fyi_enomem(sizeof *s, "a study");
    s->table.best = -1;
    st = read_recipe(s, where, recipe);
    if (st == FY_OK)
        *out = s;
    else
        fy_study_free(s);
    return st == FY_OK ? FY_OK : fyi_wrap(st, "while reading the recipe of a study");
}

/* ---- its trials ------------------------------------------------------------------------------ */

static fy_status fail_damaged(const fy_study *s, int64_t number, const char *what)
{
    return fyi_fail(FY_EFORMAT, "the study in '%s' is damaged: trial %lld %s", s->table.where,
                    (long long)number, what);
}

static const char *plain_or(const char *text, const char *instead)
{
    return fyi_text_is_plain(text, strlen(text)) ? text : instead;
}

fy_status fyi_study_add(fy_study *s, int64_t worker, const fy_trial *t)
{
    fyi_trial_row *row;

    if (t->number != (int64_t)s->n_rows || t->number >= FYI_MAX_TRIALS)
        return fail_damaged(s, t->number, "is not the next");
    if (t->state == FY_TRIAL_DONE && isnan(t->value))
        return fail_damaged(s, t->number, "is done and has no value");
    FYI_FORWARD(fyi_grow(&s->rows, &s->cap_rows, s->n_rows + 1, sizeof *s->rows));
    row = &s->rows[s->n_rows++];
    *row = (fyi_trial_row){ .trial = *t, .worker = worker };
    if (t->error != NULL)
        FYI_FORWARD(
            keep(s, plain_or(t->error, "a sentence that is no plain text"), &row->trial.error));
    FYI_FORWARD(take(s, (size_t)s->table.n_keys, sizeof *row->values, &row->values));
    row->trial.values = row->values;
    return FY_OK;
}

static fy_status find_row(const fy_study *s, int64_t number, fyi_trial_row **out)
{
    *out = number >= 0 && number < (int64_t)s->n_rows ? &s->rows[number] : NULL;
    return *out != NULL ? FY_OK : fail_damaged(s, number, "has settings or figures and never began");
}

fy_status fyi_study_add_value(fy_study *s, int64_t number, const char *key, const char *value)
{
    fyi_trial_row *row;

    FYI_FORWARD(find_row(s, number, &row));
    if (!fyi_text_is_plain(value, strlen(value)) || strlen(value) > FYI_RECIPE_MAX_TEXT)
        return fail_damaged(s, number, "has a value that is no plain text");
    for (int i = 0; i < s->table.n_keys; i++)
        if (strcmp(s->table.keys[i].key, key) == 0)
            return keep(s, value, &row->values[i]);
    return fail_damaged(s, number, "sets a key that the recipe does not search");
}

/* By their trials' numbers. */
fy_status fyi_study_add_point(fy_study *s, int64_t number, const fy_trial_point *p)
{
    fyi_trial_row *row;
    fy_trial_point *to;

    FYI_FORWARD(find_row(s, number, &row));
    FYI_FORWARD(fyi_grow(&s->points, &s->cap_points, s->n_points + 1, sizeof *s->points));
    to = &s->points[s->n_points];
    *to = *p;
    if (row->trial.n_points++ == 0)
        row->first_point = s->n_points;
    s->n_points++;
    return keep(s, plain_or(p->stage, "?"), &to->stage);
}

/* ---- what follows ---------------------------------------------------------------------------- */

static bool is_better(const fy_study_table *t, double v, double than)
{
    return t->higher_is_better ? v > than : v < than;
}

/* Of equals the first. */
bool fyi_study_leads(const fy_study *s, int64_t trial, double value)
{
    const fy_study_table *t = &s->table;

    return t->best < 0 || is_better(t, value, s->trials[t->best].value) ||
           (value == s->trials[t->best].value && trial <= t->best);
}

static fy_status finish_trial(fy_study *s, fyi_trial_row *row)
{
    fy_study_table *t = &s->table;
    fy_trial *trial = &s->trials[row->trial.number];

    for (int i = 0; i < t->n_keys; i++)
        if (row->values[i] == NULL)
            return fail_damaged(s, row->trial.number, "has no value for a key");
    *trial = row->trial;
    if (trial->n_points > 0)
        trial->points = s->points + row->first_point;
    t->count[trial->state]++;
    if (trial->state == FY_TRIAL_DONE &&
        (t->best < 0 || is_better(t, trial->value, s->trials[t->best].value)))
        t->best = trial->number;
    return FY_OK;
}

fy_status fyi_study_finish(fy_study *s)
{
    s->trials = fyi_calloc(s->n_rows, sizeof *s->trials);
    if (s->trials == NULL)
        return fyi_enomem(s->n_rows * sizeof *s->trials, "a study");
    for (size_t i = 0; i < s->n_rows; i++)
        FYI_FORWARD(finish_trial(s, &s->rows[i]));
    s->table.trials = s->trials;
    s->table.n_trials = (int64_t)s->n_rows;
    return FY_OK;
}

/* Those that are done and whose values still are the recipe's; how many. */
static int64_t list_places(const fy_study *s, double *places, double *values)
{
    const fyi_settings *of = &s->recipe->settings;
    int64_t n = 0;

    for (size_t i = 0; i < s->n_rows; i++) {
        bool is_whole = s->trials[i].state == FY_TRIAL_DONE;

        for (int k = 0; k < of->n_knobs && is_whole; k++)
            is_whole =
                fyi_knob_place(&of->knobs[k], s->trials[i].values[k], &places[n * of->n_knobs + k]);
        values[n] = s->trials[i].value;
        n += is_whole;
    }
    return n;
}

fy_status fyi_study_weigh(fy_study *s)
{
    const size_t k = (size_t)s->table.n_keys;
    double shares[FYI_MAX_KNOBS];
    fyi_arena arena = { 0 };
    double *places = fyi_arena_alloc(&arena, (s->n_rows + 1) * k * sizeof *places);
    double *values = fyi_arena_alloc(&arena, (s->n_rows + 1) * sizeof *values);
    fy_status st = places != NULL && values != NULL
                       ? FY_OK
                       : fyi_enomem(s->n_rows * k * sizeof *places, "a study");

    if (st == FY_OK)
        st = fyi_importance(places, values, list_places(s, places, values), (int)k, shares);
    for (size_t i = 0; i < k && st == FY_OK; i++)
        s->keys[i].importance = shares[i];
    fyi_arena_release(&arena);
    return st;
}

/* ---- from outside ---------------------------------------------------------------------------- */

static bool is_dir(const char *path)
{
    struct stat is;

    return stat(path, &is) == 0 && S_ISDIR(is.st_mode);
}

/* Of a search's directory: its own, or the one that its recipe names. */
static fy_status find_in_dir(const char *dir, fyi_arena *arena, const char **out)
{
    char *own = fyi_arena_printf(arena, "%s/study.db", dir);
    char *path = fyi_arena_printf(arena, "%s/recipe.yaml", dir);
    const char *named;
    fy_recipe *r;

    if (own == NULL || path == NULL)
        return fyi_enomem(strlen(dir), "a study");
    *out = own;
    if (fyi_path_exists(own) || !fyi_path_exists(path))
        return FY_OK;
    FYI_FORWARD(fy_recipe_read(path, &r));
    named = fy_recipe_get(r, "search.study");
    if (named != NULL && strcmp(named, "\"\"") != 0 && *named != '\0')
        *out = fyi_arena_dup(arena, named, strlen(named) + 1);
    fy_recipe_free(r);
    return *out != NULL ? FY_OK : fyi_enomem(strlen(dir), "a study");
}

fy_status fy_study_read(const char *where, const char *name, fy_study **out)
{
    fyi_arena arena = { 0 };
    fyi_store store = { 0 };
    fy_study *made = NULL;
    fy_status st;

    *out = NULL;
    if (is_dir(where))
        FY_TRY(find_in_dir(where, &arena, &where));
    FY_TRY(fyi_store_look(&store, where, name));
    FY_TRY(fyi_store_read(&store, &made));
    FY_TRY(fyi_study_weigh(made));
    *out = made;
    made = NULL;
done:
    fy_study_free(made);
    fyi_store_close(&store);
    fyi_arena_release(&arena);
    return st;
}

fy_status fyi_study_find(const fy_study *s, int64_t *trial)
{
    const fy_study_table *t = &s->table;

    if (*trial < 0 && t->best < 0)
        return fyi_fail(FY_EINVAL, "no trial of the study in '%s' is done, and so none is best",
                        t->where);
    if (*trial >= t->n_trials)
        return fyi_fail(FY_EINVAL, "the study in '%s' has %lld trials, and none of the number %lld",
                        t->where, (long long)t->n_trials, (long long)*trial);
    *trial = *trial < 0 ? t->best : *trial;
    return FY_OK;
}

fy_status fy_study_recipe(const fy_study *s, int64_t trial, fy_recipe **out)
{
    fy_status st;

    *out = NULL;
    FYI_FORWARD(fyi_study_find(s, &trial));
    FYI_FORWARD(fyi_recipe_trial(s->recipe, s->table.trials[trial].values,
                                 s->recipe->settings.run.seed.value, out));
    st = fy_recipe_put(*out, "blind", "false");
    if (st == FY_OK)
        st = fy_recipe_check(*out);
    if (st == FY_OK)
        return FY_OK;
    fy_recipe_free(*out);
    *out = NULL;
    return st;
}

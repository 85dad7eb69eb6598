/* read_trials.c: search.json, a study as fy_search_run leaves it (src/search/search_json.c has its form). */
#include "report/report.h"

#include "search/search.h"
#include "search/study.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FILE_NAME "search.json"
#define MAX_BYTES ((size_t)64 << 20)
#define MAX_CHOICES 256

/* ---- keys ------------------------------------------------------------------------------------ */

/* A number as it would be read from a recipe, a text as it is. */
static const char *read_text(fyi_report *r, const json_t *value)
{
    const char *text = json_string_value(value), *kept;
    char *dumped;

    if (text != NULL)
        return fyi_report_dup(r, text);
    if (!json_is_number(value) && !json_is_boolean(value))
        return "";
    dumped = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(9));
    kept = fyi_report_dup(r, dumped != NULL ? dumped : "");
    free(dumped);
    return kept;
}

static void read_choices(fyi_report *r, const json_t *list, fyi_trials_key *key)
{
    const size_t n = FYI_MIN(json_array_size(list), MAX_CHOICES);

    key->choices = fyi_report_alloc(r, n, sizeof *key->choices);
    for (size_t i = 0; key->choices != NULL && i < n; i++)
        key->choices[key->n_choices++] = read_text(r, json_array_get(list, i));
}

static void read_keys(fyi_report *r, const json_t *list)
{
    fyi_trials *s = &r->trials;
    const size_t n = FYI_MIN(json_array_size(list), FYI_MAX_KNOBS);

    s->keys = fyi_report_alloc(r, n, sizeof *s->keys);
    for (size_t i = 0; s->keys != NULL && i < n; i++) {
        const json_t *key = json_array_get(list, i);

        s->keys[i].name = fyi_json_text(r, key, "key");
        s->keys[i].range = fyi_json_text(r, key, "range");
        s->keys[i].importance = fyi_json_share(r, FILE_NAME, key, "importance");
        read_choices(r, json_object_get(key, "choices"), &s->keys[i]);
        s->n_keys++;
    }
}

/* ---- trials ---------------------------------------------------------------------------------- */

/* Where on its key's range; whatever the file says of a range, it is read as a recipe's would be. */
static double place_of(const fyi_trials_key *key, const char *value)
{
    const fyi_entry e = { .key = "range",
                          .items = key->n_choices > 0 ? key->choices : (const char **)&key->range,
                          .n_items = FYI_MAX(key->n_choices, 1),
                          .is_list = key->n_choices > 0 };
    fyi_knob knob;
    double place;

    if (fyi_knob_read(&e, FILE_NAME, &knob) != FY_OK || !fyi_knob_place(&knob, value, &place))
        return NAN;
    return place;
}

static fy_trial_state read_state(const json_t *trial)
{
    const char *name = json_string_value(json_object_get(trial, "state"));

    for (int i = 0; name != NULL && i < FY_TRIAL_STATES; i++)
        if (strcmp(name, fy_trial_state_name((fy_trial_state)i)) == 0)
            return (fy_trial_state)i;
    return FY_TRIAL_RUNNING;
}

static void read_values(fyi_report *r, const json_t *params, fyi_trials_row *t)
{
    const fyi_trials *s = &r->trials;

    t->values = fyi_report_alloc(r, s->n_keys, sizeof *t->values);
    t->places = fyi_report_alloc(r, s->n_keys, sizeof *t->places);
    for (size_t k = 0; k < s->n_keys && !r->no_memory; k++) {
        t->values[k] = read_text(r, json_object_get(params, s->keys[k].name));
        t->places[k] = place_of(&s->keys[k], t->values[k]);
    }
}

static void read_trial(fyi_report *r, const json_t *trial, fyi_trials_row *t)
{
    t->number = fyi_json_whole(trial, "number");
    t->state = read_state(trial);
    t->value = fyi_json_number(trial, "value");
    t->error = fyi_json_text(r, trial, "error");
    if (t->state == FY_TRIAL_DONE && isnan(t->value))
        t->state = FY_TRIAL_FAILED;
    read_values(r, json_object_get(trial, "params"), t);
}

static void read_trials(fyi_report *r, const json_t *list)
{
    fyi_trials *s = &r->trials;
    const size_t n = FYI_MIN(json_array_size(list), FYI_MAX_TRIALS);
    double most = 0;

    s->v = fyi_report_alloc(r, n, sizeof *s->v);
    while (s->v != NULL && s->n < n && !r->no_memory) {
        fyi_trials_row *t = &s->v[s->n];

        read_trial(r, json_array_get(list, s->n), t);
        s->count[t->state]++;
        most = isfinite(t->value) ? FYI_MAX(most, fabs(t->value)) : most;
        s->n++;
    }
    s->decimals = fyi_figure_decimals(most);
}

static bool is_better(const fyi_trials *s, const fyi_trials_row *a, const fyi_trials_row *b)
{
    return s->higher_is_better ? a->value > b->value : a->value < b->value;
}

static void find_best(fyi_trials *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->v[i].state == FY_TRIAL_DONE && (s->best == NULL || is_better(s, &s->v[i], s->best)))
            s->best = &s->v[i];
}

size_t fyi_trials_rank(const fyi_trials *s, const fyi_trials_row *t)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n; i++)
        n += s->v[i].state == FY_TRIAL_DONE &&
             (is_better(s, &s->v[i], t) || (s->v[i].value == t->value && &s->v[i] < t));
    return n;
}

void fyi_read_trials(fyi_report *r)
{
    json_t *root = fyi_report_json(r, FILE_NAME, MAX_BYTES);
    fyi_trials *s = &r->trials;
    const char *better;

    if (root == NULL)
        return;
    s->is_there = true;
    s->name = fyi_json_text(r, root, "name");
    s->metric = fyi_json_text(r, root, "metric");
    s->sampler = fyi_json_text(r, root, "sampler");
    s->pruner = fyi_json_text(r, root, "pruner");
    s->study = fyi_json_text(r, root, "study");
    better = json_string_value(json_object_get(root, "better"));
    s->higher_is_better = better == NULL || strcmp(better, "lower") != 0;
    s->n_seeds = json_array_size(json_object_get(root, "seeds"));
    read_keys(r, json_object_get(root, "keys"));
    read_trials(r, json_object_get(root, "trials"));
    find_best(s);
    json_decref(root);
}

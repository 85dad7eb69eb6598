/* search_json.c: a study as search.json, for the report and for programs. There are no times in it. */
#include "search/study.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* Numbers and truths as such where they are written back as they were: "0.10" is a text. */
static json_t *value_json(const char *text)
{
    json_t *v = json_loads(text, JSON_DECODE_ANY, NULL);
    char *again = v != NULL ? json_dumps(v, JSON_ENCODE_ANY | JSON_REAL_PRECISION(9)) : NULL;
    const bool is_same = again != NULL && !json_is_string(v) && strcmp(again, text) == 0;

    free(again);
    if (is_same)
        return v;
    json_decref(v);
    return json_string(text);
}

/* A value of a range is a number however it is written. */
static json_t *param_json(const fy_study_key *k, const char *text)
{
    return k->n_choices > 0 ? value_json(text) : json_loads(text, JSON_DECODE_ANY, NULL);
}

static json_t *values_json(const fy_study_table *t, const fy_trial *trial)
{
    json_t *root = json_object();

    for (int i = 0; root != NULL && i < t->n_keys; i++)
        (void)json_object_set_new(root, t->keys[i].key, param_json(&t->keys[i], trial->values[i]));
    return root;
}

static json_t *points_json(const fy_trial *trial)
{
    json_t *list = json_array();

    for (int i = 0; list != NULL && i < trial->n_points; i++)
        (void)json_array_append_new(list,
                                    json_pack("{s:s, s:I, s:o}", "stage", trial->points[i].stage,
                                              "step", (json_int_t)trial->points[i].step, "value",
                                              fyi_json_of(trial->points[i].value)));
    return list;
}

static json_t *trial_json(const fy_study_table *t, const fy_trial *trial)
{
    json_t *root = json_pack("{s:I, s:s, s:o, s:o}", "number", (json_int_t)trial->number, "state",
                             fy_trial_state_name(trial->state), "value", fyi_json_of(trial->value),
                             "params", values_json(t, trial));

    if (root != NULL && trial->error != NULL)
        (void)json_object_set_new(root, "error", json_string(trial->error));
    if (root != NULL && trial->n_points > 0)
        (void)json_object_set_new(root, "points", points_json(trial));
    return root;
}

static json_t *trials_json(const fy_study_table *t)
{
    json_t *list = json_array();

    for (int64_t i = 0; list != NULL && i < t->n_trials; i++)
        (void)json_array_append_new(list, trial_json(t, &t->trials[i]));
    return list;
}

static json_t *key_json(const fy_study_key *k)
{
    json_t *root = json_pack("{s:s, s:s, s:o}", "key", k->key, "range", k->range, "importance",
                             fyi_json_of(k->importance));
    json_t *choices = k->n_choices > 0 ? json_array() : NULL;

    for (int i = 0; choices != NULL && i < k->n_choices; i++)
        (void)json_array_append_new(choices, value_json(k->choices[i]));
    if (root != NULL && choices != NULL)
        (void)json_object_set(root, "choices", choices);
    json_decref(choices);
    return root;
}

static json_t *keys_json(const fy_study_table *t)
{
    json_t *list = json_array();

    for (int i = 0; list != NULL && i < t->n_keys; i++)
        (void)json_array_append_new(list, key_json(&t->keys[i]));
    return list;
}

static json_t *seeds_json(const fy_study_table *t)
{
    json_t *list = json_array();

    for (int i = 0; list != NULL && i < t->n_seeds; i++)
        (void)json_array_append_new(list, fyi_json_seed(t->seeds[i]));
    return list;
}

static json_t *counts_json(const fy_study_table *t)
{
    json_t *root = json_object();

    for (int i = 0; root != NULL && i < FY_TRIAL_STATES; i++)
        (void)json_object_set_new(root, fy_trial_state_name((fy_trial_state)i),
                                  json_integer((json_int_t)t->count[i]));
    return root;
}

static void put_best(const fy_study_table *t, json_t *root)
{
    const fy_trial *best = t->best >= 0 ? &t->trials[t->best] : NULL;

    (void)json_object_set_new(root, "best_trial", best ? json_integer(t->best) : json_null());
    (void)json_object_set_new(root, "best_value", best ? fyi_json_of(best->value) : json_null());
    (void)json_object_set_new(root, "best", best ? values_json(t, best) : json_null());
}

static json_t *study_json(const fy_study_table *t)
{
    json_t *root = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "name", t->name, "study", t->where,
                             "metric", t->metric, "better", t->higher_is_better ? "higher" : "lower",
                             "sampler", t->sampler, "pruner", t->pruner);

    if (root == NULL)
        return NULL;
    put_best(t, root);
    (void)json_object_set_new(root, "seeds", seeds_json(t));
    (void)json_object_set_new(root, "counts", counts_json(t));
    (void)json_object_set_new(root, "keys", keys_json(t));
    (void)json_object_set_new(root, "trials", trials_json(t));
    return root;
}

fy_status fyi_search_write(const fy_study_table *t, const char *dir)
{
    return fyi_json_write(study_json(t), dir, "search.json");
}

fy_status fyi_study_json(const fy_study_table *t, char **out)
{
    json_t *root = study_json(t);
    char *text = root != NULL ? json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;

    *out = text != NULL ? fyi_strdup(text) : NULL;
    free(text);
    json_decref(root);
    return *out != NULL ? FY_OK : fyi_enomem(0, "a study's report");
}

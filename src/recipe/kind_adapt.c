/* kind_adapt.c: what all adaptation methods take and report.
 *
 * A method gets the target without labels. Where the target has labels they go to a judge, of which
 * the method gets the eye: it takes predictions and tells nothing. */
#include "recipe/recipe.h"

#include "data/data.h"

#include <ferry/adapt.h>

#include <jansson.h>
#include <math.h>
#include <string.h>

/* ---- keys ------------------------------------------------------------------------------------ */

/* clang-format off */
#define REAL(name, max, help) { #name, FYI_KEY_REAL, offsetof(fy_choice_rule, name), 0, max, NULL, NULL, 0, help }
const fyi_key fyi_choice_keys[] = {
    REAL(source_floor, 1, "largest loss of source accuracy that a candidate may have"),
    REAL(smallest_share, 1, "least share of the rarest predicted class, relative to equal shares"),
    REAL(largest_share, 1e6, "largest share of the commonest predicted class, relative to equal shares"),
    REAL(least_gain, 1, "of information over the source model, else that one is kept"),
    REAL(least_votes, 1, "share of the voting validators that must find a candidate better than the source model"),
    { .key = NULL },
};
#undef REAL
/* clang-format on */

/* ---- data ------------------------------------------------------------------------------------ */

/* The side that the report's target figures are counted on. */
static int judged_side(const fyi_recipe_data *d)
{
    return d->side[FYI_TARGET_EVAL] != NULL ? FYI_TARGET_EVAL : FYI_TARGET;
}

/* A class that the source does not have can never be right. */
static fy_status check_judged_classes(const fyi_recipe_data *d)
{
    const int i = judged_side(d), n = fy_dataset_classes(d->side[i]);
    const int k = d->side[FYI_SOURCE] != NULL ? fy_dataset_classes(d->side[FYI_SOURCE]) : n;

    if (n <= k)
        return FY_OK;
    return fyi_fail(FY_EINVAL,
                    "'%s' has labels up to %d, the source up to %d; is a label wrong? Choose the "
                    "classes that both have with %s.classes=[...]",
                    fyi_side_names[i], n - 1, k - 1, fyi_side_names[i]);
}

/* Then what is judged was learnt from on purpose. */
static bool are_same_files(const fyi_side *a, const fyi_side *b)
{
    return a->images != NULL && b->images != NULL && strcmp(a->format, b->format) == 0 &&
           strcmp(a->images, b->images) == 0;
}

/* Samples of one set are told of as such. */
static fy_status look_alike(fyi_recipe_data *d)
{
    const fy_dataset *source = d->side[FYI_SOURCE], *target = d->side[FYI_TARGET];
    char text[192];
    fyi_alike is;

    if (source == NULL || strcmp(fy_dataset_hash(source), fy_dataset_hash(target)) == 0)
        return FY_OK;
    FYI_FORWARD(fyi_dataset_alike(source, target, &is));
    if (!is.are_alike)
        return FY_OK;
    (void)snprintf(text, sizeof text,
                   "the domains cannot be told apart (by %lld figures of %lld samples of each); "
                   "there is little to adapt to",
                   (long long)is.n_figures, (long long)is.n_samples);
    fyi_odd_note(&d->odd, "source and target", text);
    return FY_OK;
}

#define FEW 64 /* samples that speak for all */

/* Nothing can be learnt from them, and a mistake in the preparation looks so. */
static fy_status check_values(const fyi_recipe_data *d, int i)
{
    fy_data_stats s = { .n_samples = 0 };

    if (d->side[i] == NULL)
        return FY_OK;
    FYI_FORWARD(fy_dataset_stats(d->side[i], FEW, &s));
    if (s.min == s.max && s.n_samples < fy_dataset_count(d->side[i]))
        FYI_FORWARD(fy_dataset_stats(d->side[i], 0, &s));
    if (s.min < s.max)
        return FY_OK;
    return fyi_fail(FY_EINVAL,
                    "all values of '%s' are the same, %g; is it the right file, and are range and "
                    "normalisation right?",
                    fyi_side_names[i], (double)s.min);
}

static void look_at_pick(const fyi_settings *s, fyi_recipe_data *d)
{
    const fyi_side *target = &s->side[FYI_TARGET];

    if (target->limit > 0 && strcmp(target->pick, "stratified") == 0)
        fyi_odd_note(&d->odd, fyi_side_names[FYI_TARGET],
                     "pick=stratified chose its samples by their labels, but it is learnt from "
                     "without labels; pick=random does not look at them");
}

/* Every side goes through models that the source teaches. */
static fy_status check(const fyi_settings *s, fyi_recipe_data *d)
{
    static const char why[] = "the source model learns from them";

    FYI_FORWARD(check_values(d, FYI_SOURCE));
    FYI_FORWARD(check_values(d, FYI_TARGET));
    FYI_FORWARD(fyi_data_need_labels(d, FYI_SOURCE, why));
    FYI_FORWARD(fyi_data_need_labels(d, FYI_SOURCE_TEST, why));
    for (int i = FYI_SOURCE_TEST; d->side[FYI_SOURCE] != NULL && i <= FYI_TARGET_EVAL; i++)
        FYI_FORWARD(fyi_data_compare(d, FYI_SOURCE, i));
    if (d->side[FYI_SOURCE] == NULL)
        fyi_adapt_compare_pixels(s, d);
    FYI_FORWARD(look_alike(d));
    if (!are_same_files(&s->side[FYI_TARGET], &s->side[FYI_TARGET_EVAL]))
        FYI_FORWARD(fyi_data_compare(d, FYI_TARGET, FYI_TARGET_EVAL));
    look_at_pick(s, d);
    FYI_FORWARD(fyi_data_keep_apart(d, FYI_SOURCE, FYI_SOURCE_TEST));
    FYI_FORWARD(fyi_data_keep_apart(d, FYI_TARGET, FYI_TARGET_EVAL));
    FYI_FORWARD(fyi_adapt_compare_classes(s, d));
    FYI_FORWARD(check_judged_classes(d));
    fyi_data_look_at_size(d, FYI_SOURCE_TEST);
    fyi_data_look_at_size(d, judged_side(d));
    return FY_OK;
}

static fy_status check_try(const fyi_entries *t, const char *name)
{
    const char *near = fyi_nearest(name, fy_adapt_methods());

    if (!isnan(fy_adapt_method_trade_off(name)))
        return FY_OK;
    if (fyi_method_find(name) != NULL)
        return fyi_fail(FY_EINVAL,
                        "recipe %s: auto does not try %s: it tries the methods that adapt by one "
                        "stage from one "
                        "source model ('ferry help methods'); take it out of auto.methods",
                        t->path, name);
    return fyi_fail(FY_EINVAL, "recipe %s: 'auto.methods' has '%.80s', which is no method; %s%s%s",
                    t->path, name,
                    near != NULL ? "did you mean '" : "'ferry help methods' lists them",
                    near != NULL ? near : "", near != NULL ? "'?" : "");
}

/* The methods that auto is to try. */
static fy_status check_tries(const fyi_settings *s, const fyi_entries *t)
{
    const fyi_section *section;
    const fyi_key *k = fyi_settings_key(s, "auto.methods", &section);
    const fyi_texts *names;

    if (k == NULL)
        return FY_OK;
    names = (const fyi_texts *)(const void *)((const char *)section->base + k->at);
    for (int i = 0; i < names->n; i++)
        FYI_FORWARD(check_try(t, names->v[i]));
    return FY_OK;
}

/* What of the options `check` looks at. */
static void data_text(const fyi_settings *s, fyi_buf *out)
{
    const bool is_partial = *(const bool *)fyi_settings_option(s, "partial", NULL);
    const char *weights = *(const char *const *)fyi_settings_option(s, "source_weights", NULL);

    fyi_buf_puts(out, is_partial ? "partial\n" : "");
    if (!s->sections[1 + FYI_SOURCE].is_open && weights != NULL)
        fyi_buf_printf(out, "%s\n", weights);
}

static fy_status view(const fyi_settings *s, fyi_recipe_data *d)
{
    const fy_dataset *eval = d->side[judged_side(d)];

    FYI_FORWARD(check(s, d));
    FYI_FORWARD(fy_dataset_unlabel(d->side[FYI_TARGET], &d->target));
    FYI_FORWARD(fy_dataset_unlabel(eval, &d->target_eval));
    d->view.adapt = (fy_adapt_data){ .source = d->side[FYI_SOURCE],
                                     .source_test = d->side[FYI_SOURCE_TEST],
                                     .target = d->target,
                                     .target_eval = d->target_eval };
    return FY_OK;
}

/* A judge remembers what it was shown. */
static fy_status begin(fyi_recipe_data *d)
{
    const fy_dataset *eval = d->side[judged_side(d)];

    fy_judge_free(d->judge);
    d->judge = NULL;
    if (fy_dataset_has_labels(eval))
        FYI_FORWARD(fy_judge_new("target", eval, &d->judge));
    d->view.adapt.eye = fy_judge_eye(d->judge);
    return FY_OK;
}

/* ---- figures --------------------------------------------------------------------------------- */

static void score(const fyi_recipe_data *d, fy_recipe_result *r)
{
    fy_adapt_score(d->judge, &r->report.adapt);
}

static const struct way {
    const char *suffix;
    size_t at;
} ways[] = { { "", offsetof(fy_adapt_report, plain) },
             { "_matched", offsetof(fy_adapt_report, matched) },
             { "_swapped", offsetof(fy_adapt_report, swapped) } };

static const struct number {
    const char *name;
    size_t at;
} numbers[] = { { "source_only", offsetof(fy_adapt_figures, source_only) },
                { "last", offsetof(fy_adapt_figures, last) },
                { "chosen", offsetof(fy_adapt_figures, chosen) },
                { "oracle", offsetof(fy_adapt_figures, oracle) } };

static const struct number signs[] = {
    { "information", offsetof(fy_candidate, target.information) },
    { "diversity", offsetof(fy_candidate, target.diversity) },
    { "entropy", offsetof(fy_candidate, target.entropy) },
    { "source_accuracy", offsetof(fy_candidate, source_accuracy) },
};

static const char *key_of(const char *name, const struct way *w, char key[40])
{
    (void)snprintf(key, 40, "%s%s", name, w->suffix);
    return key;
}

static void put_figures(json_t *root, const fy_adapt_report *a, const struct way *w)
{
    const char *f = (const char *)a + w->at;
    const int64_t step = ((const fy_adapt_figures *)(const void *)f)->oracle_step;
    char key[40];

    for (size_t i = 0; i < FYI_LEN(numbers); i++)
        (void)json_object_set_new(root, key_of(numbers[i].name, w, key),
                                  fyi_json_of(*(const double *)(const void *)(f + numbers[i].at)));
    (void)json_object_set_new(root, key_of("oracle_step", w, key),
                              step >= 0 ? json_integer(step) : json_null());
}

/* Of the model that is handed back. */
static json_t *signs_json(const fy_candidate *c)
{
    json_t *root = json_object();

    for (size_t i = 0; i < FYI_LEN(signs); i++)
        (void)json_object_set_new(
            root, signs[i].name,
            fyi_json_of(*(const double *)(const void *)((const char *)c + signs[i].at)));
    return root;
}

static void take_signs(const json_t *from, fy_candidate *c)
{
    for (size_t i = 0; i < FYI_LEN(signs); i++)
        *(double *)(void *)((char *)c + signs[i].at) = fyi_json_at(from, signs[i].name);
}

/* Likewise; nothing where none has a value. */
static void put_validators(const fy_adapt_report *a, json_t *root)
{
    json_t *v = json_object();
    const char *const *names = fy_validators();
    bool any = false;

    for (int i = 0; names[i] != NULL; i++) {
        (void)json_object_set_new(v, names[i], fyi_json_of(a->signs.validators[i]));
        any = any || isfinite(a->signs.validators[i]);
    }
    if (any)
        (void)json_object_set(root, "validators", v);
    json_decref(v);
}

static void take_validators(const json_t *from, fy_adapt_report *a)
{
    const char *const *names = fy_validators();

    for (int i = 0; names[i] != NULL; i++)
        a->signs.validators[i] = fyi_json_at(from, names[i]);
}

/* ---- methods that were tried ------------------------------------------------------------------ */

static json_t *try_json(const fy_adapt_try *t, const char *chosen)
{
    const bool is_candidate = t->ballot.voters > 0;
    json_t *root = json_object();

    (void)json_object_set_new(root, "method", json_string(t->method));
    (void)json_object_set_new(root, "is_chosen",
                              json_boolean(chosen != NULL && strcmp(chosen, t->method) == 0));
    (void)json_object_set_new(root, "has_run", json_boolean(t->has_run));
    (void)json_object_set_new(root, "fell_back", json_boolean(t->fell_back));
    (void)json_object_set_new(root, "reason",
                              json_string(t->reason[0] != '\0' ? t->reason : t->ballot.gate));
    (void)json_object_set_new(root, "last_step", json_integer(t->last_step));
    (void)json_object_set_new(root, "chosen_step", json_integer(t->chosen_step));
    (void)json_object_set_new(root, "rollbacks", json_integer(t->times_back));
    (void)json_object_set_new(root, "place",
                              fyi_json_of(is_candidate ? t->ballot.place : (double)NAN));
    (void)json_object_set_new(root, "better", json_integer(t->ballot.better));
    (void)json_object_set_new(root, "voters", json_integer(t->ballot.voters));
    for (size_t i = 0; i < FYI_LEN(numbers); i++)
        (void)json_object_set_new(
            root, numbers[i].name,
            fyi_json_of(*(const double *)(const void *)((const char *)&t->plain + numbers[i].at)));
    (void)json_object_set_new(root, "seconds", fyi_json_of(t->seconds));
    return root;
}

static json_t *not_tried_json(const fy_adapt_report *a)
{
    json_t *list = json_array();

    for (int i = 0; i < a->n_not_tried; i++)
        (void)json_array_append_new(list, json_string(a->not_tried[i]));
    return list;
}

static void put_tries(const fy_adapt_report *a, json_t *root)
{
    json_t *list = json_array();

    for (int i = 0; i < a->n_tries; i++)
        (void)json_array_append_new(list, try_json(&a->tries[i], a->method));
    if (a->n_tries > 0) {
        (void)json_object_set_new(root, "chosen_method",
                                  a->method != NULL ? json_string(a->method) : json_null());
        (void)json_object_set_new(root, "last_method", json_string(a->stage));
        (void)json_object_set(root, "tried", list);
        (void)json_object_set_new(root, "not_tried", not_tried_json(a));
    }
    json_decref(list);
}

/* The constant; NULL where there is no such method. */
static const char *method_named(const json_t *text)
{
    const char *name = json_string_value(text);

    for (const char *const *m = fy_adapt_methods(); name != NULL && *m != NULL; m++)
        if (strcmp(*m, name) == 0)
            return *m;
    return NULL;
}

static const char *method_of(const json_t *from, const char *key)
{
    return method_named(json_object_get(from, key));
}

static void take_try(const json_t *from, fy_adapt_try *t)
{
    const char *reason = json_string_value(json_object_get(from, "reason"));

    *t = (fy_adapt_try){ .method = method_of(from, "method"),
                         .has_run = json_is_true(json_object_get(from, "has_run")),
                         .fell_back = json_is_true(json_object_get(from, "fell_back")),
                         .last_step = json_integer_value(json_object_get(from, "last_step")),
                         .chosen_step = json_integer_value(json_object_get(from, "chosen_step")),
                         .times_back = json_integer_value(json_object_get(from, "rollbacks")),
                         .seconds = fyi_json_at(from, "seconds") };
    fy_text_copy(t->reason, sizeof t->reason, reason != NULL ? reason : "");
    t->ballot.place = fyi_json_at(from, "place");
    t->ballot.better = (int)json_integer_value(json_object_get(from, "better"));
    t->ballot.voters = (int)json_integer_value(json_object_get(from, "voters"));
    for (size_t i = 0; i < FYI_LEN(numbers); i++)
        *(double *)(void *)((char *)&t->plain + numbers[i].at) = fyi_json_at(from, numbers[i].name);
}

static void take_tries(const json_t *root, fy_adapt_report *a)
{
    const json_t *list = json_object_get(root, "tried");

    a->method = method_of(root, "chosen_method");
    for (size_t i = 0; i < json_array_size(list) && a->n_tries < FY_MAX_TRIES; i++) {
        take_try(json_array_get(list, i), &a->tries[a->n_tries]);
        a->n_tries += a->tries[a->n_tries].method != NULL;
    }
}

static void take_not_tried(const json_t *list, fy_adapt_report *a)
{
    for (size_t i = 0; i < json_array_size(list) && a->n_not_tried < FY_MAX_TRIES; i++) {
        a->not_tried[a->n_not_tried] = method_named(json_array_get(list, i));
        a->n_not_tried += a->not_tried[a->n_not_tried] != NULL;
    }
}

/* ---- all of it -------------------------------------------------------------------------------- */

static void put(const fyi_recipe_data *d, const fy_recipe_result *r, json_t *root)
{
    const fy_adapt_report *a = &r->report.adapt;

    (void)json_object_set_new(root, "source_accuracy", fyi_json_of(a->source_accuracy));
    for (size_t i = 0; i < FYI_LEN(ways); i++)
        put_figures(root, a, &ways[i]);
    (void)json_object_set_new(root, "signs", signs_json(&a->signs));
    put_validators(a, root);
    (void)json_object_set_new(root, "last_step", json_integer(a->last_step));
    (void)json_object_set_new(root, "chosen_step", json_integer(a->chosen_step));
    (void)json_object_set_new(root, "rollbacks", json_integer(a->times_back));
    (void)json_object_set_new(root, "fell_back", json_boolean(a->choice.fell_back));
    (void)json_object_set_new(root, "reason", json_string(a->choice.reason));
    if (a->warning[0] != '\0')
        (void)json_object_set_new(root, "warning", json_string(a->warning));
    put_tries(a, root);
    (void)json_object_set_new(root, "target_count",
                              json_integer(fy_dataset_count(d->view.adapt.target_eval)));
}

static void take_figures(const json_t *root, fy_adapt_report *a, const struct way *w)
{
    char key[40], *f = (char *)a + w->at;
    const json_t *step = json_object_get(root, key_of("oracle_step", w, key));

    for (size_t i = 0; i < FYI_LEN(numbers); i++)
        *(double *)(void *)(f + numbers[i].at) = fyi_json_at(root, key_of(numbers[i].name, w, key));
    ((fy_adapt_figures *)(void *)f)->oracle_step =
        json_is_integer(step) ? json_integer_value(step) : -1;
}

static void take(const json_t *root, fy_recipe_result *r)
{
    fy_adapt_report *a = &r->report.adapt;
    const char *reason = json_string_value(json_object_get(root, "reason"));
    const char *warning = json_string_value(json_object_get(root, "warning"));

    a->source_accuracy = fyi_json_at(root, "source_accuracy");
    for (size_t i = 0; i < FYI_LEN(ways); i++)
        take_figures(root, a, &ways[i]);
    take_signs(json_object_get(root, "signs"), &a->signs);
    take_validators(json_object_get(root, "validators"), a);
    a->last_step = json_integer_value(json_object_get(root, "last_step"));
    a->chosen_step = json_integer_value(json_object_get(root, "chosen_step"));
    a->times_back = json_integer_value(json_object_get(root, "rollbacks"));
    a->choice.fell_back = json_is_true(json_object_get(root, "fell_back"));
    a->has_labels = !isnan(a->plain.source_only);
    take_tries(root, a);
    take_not_tried(json_object_get(root, "not_tried"), a);
    fy_text_copy(a->choice.reason, sizeof a->choice.reason, reason != NULL ? reason : "");
    fy_text_copy(a->warning, sizeof a->warning, warning != NULL ? warning : "");
}

/* What the target's predictions say about themselves, and the source's held-out samples. */
static const fyi_search_figure searched[] = {
    { "signs.information", "*", "signs.information", false, FYI_SIDES },
    { "signs.diversity", "*", "signs.diversity", false, FYI_SIDES },
    { "signs.entropy", "*", "signs.entropy", true, FYI_SIDES },
    { "signs.source_accuracy", "*", "source_test.accuracy", false, FYI_SIDES },
    { .path = NULL },
};

const fyi_kind fyi_kind_adapt = {
    .id = FY_KIND_ADAPT,
    .name = "adapt",
    .needs = FYI_SIDE(FYI_SOURCE) | FYI_SIDE(FYI_TARGET),
    .takes = FYI_SIDE(FYI_SOURCE) | FYI_SIDE(FYI_SOURCE_TEST) | FYI_SIDE(FYI_TARGET) |
             FYI_SIDE(FYI_TARGET_EVAL),
    .held_out = { { FYI_SOURCE, FYI_SOURCE_TEST } },
    .n_held_out = 1,
    .check = check_tries,
    .data_text = data_text,
    .view = view,
    .begin = begin,
    .tests = FYI_SIDE(FYI_TARGET_EVAL),
    .unlabelled = FYI_SIDE(FYI_TARGET),
    .searched = searched,
    .score = score,
    .put = put,
    .take = take,
    .figure = "chosen",
};

/* kind_distill.c: what distillation takes and reports: two labelled domains, or one, and the figures of every network on
 * both. */
#include "recipe/recipe.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

/* ---- data ------------------------------------------------------------------------------------ */

static fy_status check_domain(fyi_recipe_data *d, int train, int val, int test)
{
    static const char why[] = "networks learn from them and are judged by them";

    if (d->side[train] == NULL)
        return FY_OK;
    FYI_FORWARD(fyi_data_need_labels(d, train, why));
    FYI_FORWARD(fyi_data_need_labels(d, val, why));
    FYI_FORWARD(fyi_data_need_labels(d, test, why));
    FYI_FORWARD(fyi_data_keep_apart(d, train, val));
    FYI_FORWARD(fyi_data_keep_apart(d, train, test));
    FYI_FORWARD(fyi_data_keep_apart(d, val, test));
    FYI_FORWARD(fyi_data_compare(d, train, val));
    FYI_FORWARD(fyi_data_compare(d, train, test));
    fyi_data_look_at_size(d, val);
    fyi_data_look_at_size(d, test);
    return FY_OK;
}

/* What belongs to a target that is not there. */
static fy_status check_alone(const fyi_recipe_data *d)
{
    static const int parts[] = { FYI_TARGET_VAL, FYI_TARGET_TEST };

    for (size_t i = 0; i < FYI_LEN(parts); i++)
        if (d->side[FYI_TARGET] == NULL && d->side[parts[i]] != NULL)
            return fyi_fail(FY_EINVAL,
                            "there is a data side '%s' and no 'target'; give the target, or leave "
                            "it out",
                            fyi_side_names[parts[i]]);
    return FY_OK;
}

static fy_status view(const fyi_settings *s, fyi_recipe_data *d)
{
    (void)s;
    FYI_FORWARD(check_alone(d));
    FYI_FORWARD(check_domain(d, FYI_SOURCE, FYI_SOURCE_VAL, FYI_SOURCE_TEST));
    FYI_FORWARD(check_domain(d, FYI_TARGET, FYI_TARGET_VAL, FYI_TARGET_TEST));
    d->view.distill = (fy_distill_data){ .source = d->side[FYI_SOURCE],
                                         .source_val = d->side[FYI_SOURCE_VAL],
                                         .source_test = d->side[FYI_SOURCE_TEST],
                                         .target = d->side[FYI_TARGET],
                                         .target_val = d->side[FYI_TARGET_VAL],
                                         .target_test = d->side[FYI_TARGET_TEST],
                                         .source_teacher = d->side[FYI_SOURCE_TEACHER] };
    return FY_OK;
}

/* ---- figures --------------------------------------------------------------------------------- */

/* clang-format off */
#define AT(member) offsetof(fy_distill_report, member)
static const struct { const char *name; size_t at; } networks[] = {
    { "teacher", AT(teacher) }, { "student", AT(student) },
    { "redistilled", AT(redistilled) }, { "finetuned", AT(finetuned) },
};
static const struct { const char *name; size_t at; } wholes[] = {
    { "moved", AT(moved) }, { "values", AT(all) }, { "epochs", AT(epochs) }, { "rounds", AT(rounds) },
};
static const struct { const char *name; size_t at; } truths[] = {
    { "holds", AT(holds) }, { "teaches_target", AT(teaches_target) },
};
#undef AT
#define AT(member) offsetof(fy_distill_figures, member)
static const struct { const char *name; size_t at; } figures[] = {
    { "source", AT(source) }, { "target", AT(target) },
    { "source_val", AT(source_val) }, { "target_val", AT(target_val) },
};
#undef AT
/* clang-format on */

static json_t *figures_json(const fy_distill_figures *f)
{
    json_t *root = f->is_there ? json_object() : json_null();

    for (size_t i = 0; f->is_there && i < FYI_LEN(figures); i++)
        (void)json_object_set_new(
            root, figures[i].name,
            fyi_json_of(*(const double *)(const void *)((const char *)f + figures[i].at)));
    if (f->is_there)
        (void)json_object_set_new(root, "epoch", json_integer(f->epoch));
    return root;
}

static void put(const fyi_recipe_data *d, const fy_recipe_result *r, json_t *root)
{
    const fy_distill_report *report = &r->report.distill;
    const char *at = (const char *)report;

    (void)d;
    for (size_t i = 0; i < FYI_LEN(networks); i++)
        (void)json_object_set_new(
            root, networks[i].name,
            figures_json((const fy_distill_figures *)(const void *)(at + networks[i].at)));
    (void)json_object_set_new(root, "chosen", json_string(report->chosen));
    for (size_t i = 0; i < FYI_LEN(wholes); i++)
        (void)json_object_set_new(root, wholes[i].name,
                                  json_integer(*(const int64_t *)(const void *)(at + wholes[i].at)));
    (void)json_object_set_new(
        root, "moved_fraction",
        fyi_json_of(report->all > 0 ? (double)report->moved / (double)report->all : NAN));
    for (size_t i = 0; i < FYI_LEN(truths); i++)
        (void)json_object_set_new(root, truths[i].name,
                                  json_boolean(*(const bool *)(const void *)(at + truths[i].at)));
}

static void take_figures(const json_t *from, fy_distill_figures *f)
{
    f->is_there = json_is_object(from);
    for (size_t i = 0; i < FYI_LEN(figures); i++)
        *(double *)(void *)((char *)f + figures[i].at) = fyi_json_at(from, figures[i].name);
    f->epoch = json_integer_value(json_object_get(from, "epoch"));
}

/* The report's is a constant. */
static const char *chosen_of(const json_t *root)
{
    const char *chosen = json_string_value(json_object_get(root, "chosen"));

    for (size_t i = 0; i < FYI_LEN(networks); i++)
        if (chosen != NULL && strcmp(chosen, networks[i].name) == 0)
            return networks[i].name;
    return "student";
}

static void take(const json_t *root, fy_recipe_result *r)
{
    fy_distill_report *report = &r->report.distill;
    char *at = (char *)report;

    for (size_t i = 0; i < FYI_LEN(networks); i++)
        take_figures(json_object_get(root, networks[i].name),
                     (fy_distill_figures *)(void *)(at + networks[i].at));
    report->chosen = chosen_of(root);
    for (size_t i = 0; i < FYI_LEN(wholes); i++)
        *(int64_t *)(void *)(at + wholes[i].at) =
            json_integer_value(json_object_get(root, wholes[i].name));
    for (size_t i = 0; i < FYI_LEN(truths); i++)
        *(bool *)(void *)(at + truths[i].at) = json_is_true(json_object_get(root, truths[i].name));
}

static const fyi_search_figure searched[] = {
    { "student.target_val", "distil", "val.target", false, FYI_TARGET },
    { "student.source_val", "distil", "val.source", false, FYI_SIDES },
    { "redistilled.target_val", "redistil*", "val.target", false, FYI_TARGET },
    { "redistilled.source_val", "redistil*", "val.source", false, FYI_SIDES },
    { "finetuned.target_val", "finetune", "val.target", false, FYI_TARGET },
    { "finetuned.source_val", "finetune", "val.source", false, FYI_SIDES },
    { "teacher.target_val", "teacher", "val.target", false, FYI_TARGET },
    { "teacher.source_val", "teacher", "val.source", false, FYI_SIDES },
    { .path = NULL },
};

const fyi_kind fyi_kind_distill = {
    .id = FY_KIND_DISTILL,
    .figure = "student.target",
    .figure_without = { FYI_TARGET, "student.source" },
    .name = "distill",
    .needs = FYI_SIDE(FYI_SOURCE),
    .takes = FYI_SIDE(FYI_SOURCE) | FYI_SIDE(FYI_SOURCE_VAL) | FYI_SIDE(FYI_SOURCE_TEST) |
             FYI_SIDE(FYI_SOURCE_TEACHER) | FYI_SIDE(FYI_TARGET) | FYI_SIDE(FYI_TARGET_VAL) |
             FYI_SIDE(FYI_TARGET_TEST),
    .held_out = { { FYI_SOURCE, FYI_SOURCE_VAL }, { FYI_TARGET, FYI_TARGET_VAL } },
    .n_held_out = 2,
    .follows = { { FYI_SOURCE_VAL, FYI_SOURCE },
                 { FYI_SOURCE_TEST, FYI_SOURCE },
                 { FYI_TARGET_VAL, FYI_TARGET },
                 { FYI_TARGET_TEST, FYI_TARGET } },
    .n_follows = 4,
    .tests = FYI_SIDE(FYI_SOURCE_TEST) | FYI_SIDE(FYI_TARGET_TEST),
    .searched = searched,
    .view = view,
    .put = put,
    .take = take,
};

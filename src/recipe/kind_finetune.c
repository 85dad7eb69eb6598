/* kind_finetune.c: what methods take and report that learn from labels and are judged on other samples of the same
 * kind. */
#include "recipe/recipe.h"

#include <jansson.h>
#include <string.h>

static fy_status view(const fyi_settings *s, fyi_recipe_data *d)
{
    (void)s;
    for (int i = FYI_TRAIN; i <= FYI_TEST; i++) {
        FYI_FORWARD(fyi_data_need_labels(d, i, "the model learns from them and is judged by them"));
        if (i == FYI_TRAIN)
            continue;
        FYI_FORWARD(fyi_data_compare_names(d, FYI_TRAIN, i));
        FYI_FORWARD(fyi_data_compare(d, FYI_TRAIN, i));
        FYI_FORWARD(fyi_data_keep_apart(d, FYI_TRAIN, i));
        fyi_data_look_at_size(d, i);
    }
    FYI_FORWARD(fyi_data_keep_apart(d, FYI_VAL, FYI_TEST));
    d->view.finetune = (fy_finetune_data){ d->side[FYI_TRAIN], d->side[FYI_VAL], d->side[FYI_TEST] };
    return FY_OK;
}

/* clang-format off */
#define AT(member) offsetof(fy_finetune_report, member)
static const struct { const char *name; size_t at; } reals[] = {
    { "accuracy", AT(accuracy) }, { "val_accuracy", AT(val_accuracy) }, { "val_loss", AT(val_loss) },
    { "test_accuracy", AT(test_accuracy) }, { "before", AT(before) }, { "lr", AT(lr) }, { "ema", AT(ema) },
};
static const struct { const char *name; size_t at; } wholes[] = {
    { "epochs", AT(epochs) }, { "best_epoch", AT(best_epoch) }, { "moved", AT(moved) }, { "values", AT(all) },
};
#undef AT
/* clang-format on */

static void put(const fyi_recipe_data *d, const fy_recipe_result *r, json_t *root)
{
    const char *f = (const char *)&r->report.finetune;

    for (size_t i = 0; i < FYI_LEN(reals); i++)
        (void)json_object_set_new(root, reals[i].name,
                                  fyi_json_of(*(const double *)(const void *)(f + reals[i].at)));
    for (size_t i = 0; i < FYI_LEN(wholes); i++)
        (void)json_object_set_new(root, wholes[i].name,
                                  json_integer(*(const int64_t *)(const void *)(f + wholes[i].at)));
    (void)json_object_set_new(root, "train_count",
                              json_integer(fy_dataset_count(d->side[FYI_TRAIN])));
}

static void take(const json_t *root, fy_recipe_result *r)
{
    char *f = (char *)&r->report.finetune;

    for (size_t i = 0; i < FYI_LEN(reals); i++)
        *(double *)(void *)(f + reals[i].at) = fyi_json_at(root, reals[i].name);
    for (size_t i = 0; i < FYI_LEN(wholes); i++)
        *(int64_t *)(void *)(f + wholes[i].at) =
            json_integer_value(json_object_get(root, wholes[i].name));
}

static const fyi_search_figure searched[] = {
    { "val_accuracy", "*", "val.accuracy", false, FYI_SIDES },
    { "val_loss", "*", "val.loss", true, FYI_SIDES },
    { .path = NULL },
};

const fyi_kind fyi_kind_finetune = {
    .id = FY_KIND_FINETUNE,
    .name = "finetune",
    .needs = FYI_SIDE(FYI_TRAIN),
    .takes = FYI_SIDE(FYI_TRAIN) | FYI_SIDE(FYI_VAL) | FYI_SIDE(FYI_TEST),
    .held_out = { { FYI_TRAIN, FYI_VAL } },
    .n_held_out = 1,
    .follows = { { FYI_VAL, FYI_TRAIN }, { FYI_TEST, FYI_TRAIN } },
    .n_follows = 2,
    .tests = FYI_SIDE(FYI_TEST),
    .searched = searched,
    .view = view,
    .put = put,
    .take = take,
    .figure = "accuracy",
};

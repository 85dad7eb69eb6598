/* data.c: the data sides of a recipe as datasets, and what of them a method may see.
 *
 * A method gets the target without labels. Where the target has labels they go to a judge, of which
 * the method gets the eye: it takes predictions and tells nothing. */
#include "recipe/recipe.h"

#include <math.h>
#include <string.h>

#define FEW_SAMPLES 100

/* ---- all of them ----------------------------------------------------------------------------- */

/* Without a source_test a part of the source is kept from training. */
static fy_status hold_out(const fyi_settings *s, fyi_recipe_data *d)
{
    fy_split_opts o = fy_split_defaults();
    fy_dataset *parts[FY_MAX_PARTS] = { NULL };

    o.frac[0] = 1 - s->run.source_holdout;
    o.frac[1] = s->run.source_holdout;
    o.seed = s->run.seed.value;
    FYI_FORWARD(fy_dataset_split(d->side[FYI_SOURCE], &o, parts));
    fy_dataset_free(d->side[FYI_SOURCE]);
    d->side[FYI_SOURCE] = parts[0];
    d->side[FYI_SOURCE_TEST] = parts[1];
    return FY_OK;
}

static fy_status check_source(const fyi_recipe_data *d)
{
    static const int labelled[] = { FYI_SOURCE, FYI_SOURCE_TEST };

    for (size_t i = 0; i < FYI_LEN(labelled); i++) {
        const fy_dataset *side = d->side[labelled[i]];

        if (side != NULL && !fy_dataset_has_labels(side))
            return fyi_fail(
                FY_EINVAL,
                "the data side '%s' has no labels, but the source model learns from them; "
                "set %s.labels=FILE",
                fyi_side_names[labelled[i]], fyi_side_names[labelled[i]]);
    }
    return FY_OK;
}

/* `sides` says which side's dataset is meant: "source and target". */
static void note_odd(fyi_odd *odd, const char *sides, const char *text)
{
    fyi_warn("%s: %s", sides, text);
    if (odd->n < FYI_MAX_ODD)
        (void)snprintf(odd->text[odd->n++], sizeof odd->text[0], "%s: %s", sides, text);
}

/* Every side goes through models that the source teaches. */
static fy_status compare_sides(fyi_recipe_data *d)
{
    for (int i = FYI_SOURCE + 1; i < FYI_SIDES; i++) {
        fy_compare_report r;
        char sides[40];

        if (d->side[i] == NULL)
            continue;
        (void)snprintf(sides, sizeof sides, "source and %s", fyi_side_names[i]);
        FYI_FORWARD(fy_dataset_compare(d->side[FYI_SOURCE], d->side[i], &r));
        for (int w = 0; w < r.n_warnings; w++)
            note_odd(&d->odd, sides, r.warning[w]);
    }
    return FY_OK;
}

/* A share of n samples has a deviation of at most half over the root of n. */
static void look_at_size(const fyi_recipe_data *d, int i, fyi_odd *odd)
{
    const int64_t n = fy_dataset_count(d->side[i]);
    char text[128];

    if (n >= FEW_SAMPLES || !fy_dataset_has_labels(d->side[i]))
        return;
    (void)snprintf(text, sizeof text,
                   "an accuracy over so few samples as %lld is uncertain by %.0f points",
                   (long long)n, 50 / sqrt((double)n));
    note_odd(odd, fyi_side_names[i], text);
}

/* The side that the report's target figures are counted on. */
static int judged_side(const fyi_recipe_data *d)
{
    return d->side[FYI_TARGET_EVAL] != NULL ? FYI_TARGET_EVAL : FYI_TARGET;
}

static fy_status check_sides(fyi_recipe_data *d)
{
    FYI_FORWARD(compare_sides(d));
    look_at_size(d, FYI_SOURCE_TEST, &d->odd);
    look_at_size(d, judged_side(d), &d->odd);
    return FY_OK;
}

static fy_status make_view(fyi_recipe_data *d)
{
    const fy_dataset *eval = d->side[judged_side(d)];

    FYI_FORWARD(fy_dataset_unlabel(d->side[FYI_TARGET], &d->target));
    FYI_FORWARD(fy_dataset_unlabel(eval, &d->target_eval));
    if (fy_dataset_has_labels(eval))
        FYI_FORWARD(fy_judge_new("target", eval, &d->judge));
    d->view = (fy_adapt_data){ d->side[FYI_SOURCE], d->side[FYI_SOURCE_TEST], d->target,
                               d->target_eval, fy_judge_eye(d->judge) };
    return FY_OK;
}

fy_status fyi_recipe_data_open(const fyi_settings *s, bool is_resumed, fyi_recipe_data *d)
{
    *d = (fyi_recipe_data){ 0 };
    FYI_FORWARD(fyi_files_read(s, is_resumed, &d->files));
    for (int i = 0; i < FYI_SIDES; i++)
        if (s->sections[1 + i].is_open) {
            FYI_FORWARD(fyi_stop_if_asked("opening the data"));
            FYI_FORWARD(fyi_recipe_side_open(s, i, &d->side[i]));
        }
    FYI_FORWARD(check_source(d));
    if (d->side[FYI_SOURCE_TEST] == NULL)
        FYI_FORWARD(hold_out(s, d));
    FYI_FORWARD(check_sides(d));
    return make_view(d);
}

void fyi_recipe_data_close(fyi_recipe_data *d)
{
    fy_judge_free(d->judge);
    fy_dataset_free(d->target_eval);
    fy_dataset_free(d->target);
    for (int i = 0; i < FYI_SIDES; i++)
        fy_dataset_free(d->side[i]);
    *d = (fyi_recipe_data){ 0 };
}

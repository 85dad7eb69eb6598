/* standard.c: a recipe's vectors and series standardised, or their missing values filled in, by the numbers of the samples
 * that models learn from.
 *
 * This comes after validation samples were held out: nothing that judges has a say in the numbers. */
#include "recipe/recipe.h"

#include <string.h>

/* Of a side that was held out: what it was held out of. */
static const fyi_side *settings_of(const fyi_settings *s, int i)
{
    return &s->side[s->sections[1 + i].is_open ? i : fyi_side_learner(i)];
}

/* A side with a file of its own takes that. */
static int numbers_of(const fyi_settings *s, int i)
{
    return s->sections[1 + i].is_open && s->side[i].standard != NULL ? i : fyi_side_learner(i);
}

static bool wants(const fyi_settings *s, const fyi_recipe_data *d, int i)
{
    const fyi_side *side = settings_of(s, i);

    return d->side[i] != NULL && d->side[numbers_of(s, i)] != NULL && fyi_side_is_of_values(side) &&
           (side->standardise || strcmp(side->missing, "mean") == 0);
}

bool fyi_side_needs_another(const fyi_settings *s, int i)
{
    const fyi_side *side = &s->side[i];

    return fyi_side_learner(i) != i && s->sections[1 + fyi_side_learner(i)].is_open &&
           side->standard == NULL && fyi_side_is_of_values(side) &&
           (side->standardise || strcmp(side->missing, "mean") == 0);
}

static fy_status find_numbers(const fyi_settings *s, fyi_recipe_data *d, int i)
{
    const char *file = settings_of(s, i)->standard;
    char text[128];

    if (d->standard[i] != NULL)
        return FY_OK;
    if (file != NULL)
        FYI_FORWARD(fy_standard_read(file, &d->standard[i]));
    else
        FYI_FORWARD(fy_standard_fit(d->side[i], &d->standard[i]));
    if (fy_standard_constants(d->standard[i]) == 0)
        return FY_OK;
    (void)snprintf(text, sizeof text, "%lld of %lld columns or channels are the same everywhere",
                   (long long)fy_standard_constants(d->standard[i]),
                   (long long)fy_standard_count(d->standard[i]));
    fyi_odd_note(&d->odd, fyi_side_names[i], text);
    return FY_OK;
}

static fy_status apply(const fyi_settings *s, fyi_recipe_data *d, int i)
{
    const fy_standard *by = d->standard[numbers_of(s, i)];
    fy_dataset *made;

    if (settings_of(s, i)->standardise)
        FYI_FORWARD(fy_dataset_standardise(d->side[i], by, &made));
    else
        FYI_FORWARD(fy_dataset_fill(d->side[i], by, &made));
    fy_dataset_free(d->side[i]);
    d->side[i] = made;
    return FY_OK;
}

static fy_status with_name(fy_status st, int i)
{
    return st == FY_OK ? FY_OK
                       : fyi_wrap(st, "while standardising the data side '%s'", fyi_side_names[i]);
}

fy_status fyi_data_standardise(const fyi_settings *s, fyi_recipe_data *d)
{
    /* All numbers before any change: they are of values as they came. */
    for (int i = 0; i < FYI_SIDES; i++)
        if (wants(s, d, i))
            FYI_FORWARD(with_name(find_numbers(s, d, numbers_of(s, i)), i));
    for (int i = 0; i < FYI_SIDES; i++)
        if (wants(s, d, i))
            FYI_FORWARD(with_name(apply(s, d, i), i));
    return FY_OK;
}

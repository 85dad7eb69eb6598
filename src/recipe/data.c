/* data.c: the data sides of a recipe as datasets; the method's kind says what of them it may see. */
#include "recipe/recipe.h"

#include <math.h>
#include <string.h>

#define FEW_SAMPLES 100

/* ---- what every kind looks at ----------------------------------------------------------------- */

fy_status fyi_data_need_labels(const fyi_recipe_data *d, int i, const char *why)
{
    if (d->side[i] == NULL || fy_dataset_has_labels(d->side[i]))
        return FY_OK;
    return fyi_fail(
        FY_EINVAL,
        "the data side '%s' has no labels, but %s; set %s.labels=FILE, or of files in folders "
        "give every class a folder of its name",
        fyi_side_names[i], why, fyi_side_names[i]);
}

fy_status fyi_data_keep_apart(const fyi_recipe_data *d, int a, int b)
{
    const char *group, *one = fyi_side_names[a], *other = fyi_side_names[b];

    if (d->side[a] == NULL || d->side[b] == NULL || d->across_groups[a] || d->across_groups[b])
        return FY_OK;
    FYI_FORWARD(fy_dataset_share_group(d->side[a], d->side[b], &group));
    if (group == NULL)
        return FY_OK;
    return fyi_fail(FY_EINVAL,
                    "the data sides '%s' and '%s' both have samples of the group '%.80s', so that "
                    "figures would say little about new groups; keep it out of one of them "
                    "(%s.not_groups=[%.80s]), or agree to it with %s.across_groups=true",
                    one, other, group, one, group, one);
}

/* `sides` says which side's dataset is meant: "source and target". */
void fyi_odd_note(fyi_odd *odd, const char *sides, const char *text)
{
    fyi_warn("%s: %s", sides, text);
    if (odd->n < FYI_MAX_ODD)
        (void)snprintf(odd->text[odd->n++], sizeof odd->text[0], "%s: %s", sides, text);
}

/* Adds the key that would make side i's pictures like the base's. */
static fy_status name_key(const fyi_recipe_data *d, int base, int i, fy_status st)
{
    const fy_shape *a = fy_dataset_shape(d->side[base]), *b = fy_dataset_shape(d->side[i]);
    const char *side = fyi_side_names[i];

    if (a->rank != 3 || b->rank != 3 || fy_dataset_rate(d->side[i]) > 0)
        return st;
    if (a->d[0] != b->d[0])
        return fyi_fail(st, "%s: %s.channels=%lld", fy_last_error(), side, (long long)a->d[0]);
    if (st == FY_ESHAPE)
        return a->d[1] == a->d[2]
                   ? fyi_fail(st, "%s: %s.size=%lld", fy_last_error(), side, (long long)a->d[1])
                   : st;
    return st == FY_EINVAL ? fyi_fail(st, "%s: %s.range=...", fy_last_error(), side) : st;
}

fy_status fyi_data_compare(fyi_recipe_data *d, int base, int i)
{
    fy_compare_report r;
    char sides[40];
    fy_status st;

    if (d->side[i] == NULL)
        return FY_OK;
    (void)snprintf(sides, sizeof sides, "%s and %s", fyi_side_names[base], fyi_side_names[i]);
    st = fy_dataset_compare(d->side[base], d->side[i], &r);
    if (st != FY_OK)
        return name_key(d, base, i, st);
    for (int w = 0; w < r.n_warnings; w++)
        fyi_odd_note(&d->odd, sides, r.warning[w]);
    return FY_OK;
}

fy_status fyi_data_compare_names(const fyi_recipe_data *d, int base, int i)
{
    const fy_dataset *a = d->side[base], *b = d->side[i];
    const int n = b != NULL ? FYI_MIN(fy_dataset_classes(a), fy_dataset_classes(b)) : 0;

    for (int c = 0; c < n; c++)
        if (strcmp(fy_dataset_class_name(a, c), fy_dataset_class_name(b, c)) != 0)
            return fyi_fail(FY_EINVAL,
                            "class %d is '%.80s' in the data side '%s' and '%.80s' in '%s'; "
                            "name the classes "
                            "alike, or give both the same list of names, %s.class_file=FILE",
                            c, fy_dataset_class_name(a, c), fyi_side_names[base],
                            fy_dataset_class_name(b, c), fyi_side_names[i], fyi_side_names[base]);
    return FY_OK;
}

/* A share of n samples has a deviation of at most half over the root of n. */
void fyi_data_look_at_count(fyi_recipe_data *d, int i, int64_t n)
{
    char text[128];

    if (n >= FEW_SAMPLES)
        return;
    (void)snprintf(text, sizeof text,
                   "an accuracy over so few samples as %lld is uncertain by %.0f points",
                   (long long)n, 50 / sqrt((double)n));
    fyi_odd_note(&d->odd, fyi_side_names[i], text);
}

void fyi_data_look_at_size(fyi_recipe_data *d, int i)
{
    if (d->side[i] != NULL && fy_dataset_has_labels(d->side[i]))
        fyi_data_look_at_count(d, i, fy_dataset_count(d->side[i]));
}

/* Labels of a training side that are mostly of no class are a damaged file rather than rare classes. */
static fy_status check_classes(const fyi_recipe_data *d, int i)
{
    const int k = fy_dataset_classes(d->side[i]);
    int64_t *counts = fyi_calloc((size_t)k + 1, sizeof *counts);
    fy_status st = counts != NULL ? fy_dataset_class_counts(d->side[i], counts, k)
                                  : fyi_enomem((size_t)k * sizeof *counts, "class counts");
    int n = 0;

    for (int c = 0; st == FY_OK && c < k; c++)
        n += counts[c] > 0;
    fyi_free(counts);
    if (st == FY_OK && k > 16 && n < k / 2)
        st = fyi_fail(FY_EINVAL,
                      "the labels of '%s' name only %d of the %d classes from 0 to %d; is a label "
                      "wrong? Name the ones that are meant with %s.classes=[...]",
                      fyi_side_names[i], n, k, k - 1, fyi_side_names[i]);
    return st;
}

/* ---- what is written down ---------------------------------------------------------------------- */

static const fy_dataset *nth_of_domain(const fyi_domain *of, int *i, char name[FYI_DATA_NAME])
{
    static const char *const sets[FYI_DOMAIN_SETS] = { "train", "finetune", "val", "test" };

    for (int k = 0; k < FYI_DOMAIN_SETS; k++) {
        const int n = of->sets[k] != NULL ? fy_parts_modalities(of->sets[k]) : 0;

        if (*i < n) {
            (void)snprintf(name, FYI_DATA_NAME, "%.64s.%s.%.64s", of->name, sets[k],
                           fy_parts_name(of->sets[k], *i));
            return fy_parts_dataset(of->sets[k], *i);
        }
        *i -= n;
    }
    return NULL;
}

const fy_dataset *fyi_data_nth(const fyi_recipe_data *d, int i, char name[FYI_DATA_NAME])
{
    const fy_dataset *found = NULL;

    for (int side = 0; side < FYI_SIDES; side++)
        if (d->side[side] != NULL && i-- == 0) {
            (void)snprintf(name, FYI_DATA_NAME, "%s", fyi_side_names[side]);
            return d->side[side];
        }
    for (int t = 0; t < d->n_domains && found == NULL; t++)
        found = nth_of_domain(&d->domains[t], &i, name);
    return found;
}

/* ---- all of them ----------------------------------------------------------------------------- */

bool fyi_holds_out(const fyi_settings *s)
{
    const fyi_kind *kind = s->method->kind;
    bool any = false;

    for (int i = 0; i < kind->n_held_out; i++)
        any = any || (s->sections[1 + kind->held_out[i].of].is_open &&
                      !s->sections[1 + kind->held_out[i].part].is_open);
    return any;
}

bool fyi_side_is_hidden(const fyi_settings *s, int i)
{
    return s->run.blind && (s->method->kind->tests >> i & 1);
}

/* Without a side of its own a part of another is kept from training. */
static fy_status hold_out(const fyi_settings *s, fyi_recipe_data *d, int of, int part)
{
    fy_split_opts o = fy_split_defaults();
    fy_dataset *parts[FY_MAX_PARTS] = { NULL };
    fy_status st;

    o.frac[0] = 1 - s->run.holdout;
    o.frac[1] = s->run.holdout;
    o.seed = s->run.seed.value;
    o.across_groups = s->side[of].across_groups;
    st = fy_dataset_split(d->side[of], &o, parts);
    if (st != FY_OK)
        return fyi_wrap(st,
                        "while keeping %g of the data side '%s' from training, instead of which "
                        "the data side '%s' can be given",
                        s->run.holdout, fyi_side_names[of], fyi_side_names[part]);
    fy_dataset_free(d->side[of]);
    d->side[of] = parts[0];
    d->side[part] = parts[1];
    return FY_OK;
}

/* What models learn from, and what is kept of it. */
static fy_status part_sides(const fyi_settings *s, fyi_recipe_data *d)
{
    const fyi_kind *kind = s->method->kind;

    if (kind->part != NULL)
        FYI_FORWARD(kind->part(s, d));
    for (int i = 0; i < kind->n_held_out; i++) {
        const int of = kind->held_out[i].of, part = kind->held_out[i].part;

        if (d->side[of] == NULL)
            continue;
        FYI_FORWARD(fyi_data_need_labels(d, of, "a model learns from them"));
        if (d->side[part] == NULL)
            FYI_FORWARD(hold_out(s, d, of, part));
        FYI_FORWARD(check_classes(d, of));
    }
    return FY_OK;
}

static fy_status take_labels_off(fy_dataset **side)
{
    fy_dataset *bare;

    FYI_FORWARD(fy_dataset_unlabel(*side, &bare));
    fy_dataset_free(*side);
    *side = bare;
    return FY_OK;
}

static fy_status open_side(const fyi_settings *s, int i, fyi_recipe_data *d)
{
    FYI_FORWARD(fyi_stop_if_asked("opening the data"));
    d->across_groups[i] = s->side[i].across_groups;
    FYI_FORWARD(fyi_recipe_side_open(s, i, &d->side[i]));
    return s->run.blind && (s->method->kind->unlabelled >> i & 1) ? take_labels_off(&d->side[i])
                                                                  : FY_OK;
}

/* A test that is a share of the training samples is kept from training, and from all eyes. */
static void close_hidden(const fyi_settings *s, fyi_recipe_data *d)
{
    for (int i = 0; i < FYI_SIDES; i++)
        if (fyi_side_is_hidden(s, i)) {
            fy_dataset_free(d->side[i]);
            d->side[i] = NULL;
        }
}

fy_status fyi_recipe_data_begin(const fyi_settings *s, const fyi_files *files, fyi_recipe_data *d)
{
    d->files = *files;
    return s->method->kind->begin != NULL ? s->method->kind->begin(d) : FY_OK;
}

static bool opens_itself(const fyi_settings *s, int side)
{
    return s->method->kind->opens_itself != NULL && s->method->kind->opens_itself(s, side);
}

fy_status fyi_recipe_data_open(const fyi_settings *s, fyi_recipe_data *d)
{
    *d = (fyi_recipe_data){ .is_blind = s->run.blind };
    for (int i = 0; i < FYI_SIDES; i++)
        if (s->sections[1 + i].is_open && !opens_itself(s, i) && !fyi_side_is_hidden(s, i))
            FYI_FORWARD(open_side(s, i, d));
    FYI_FORWARD(part_sides(s, d));
    close_hidden(s, d);
    FYI_FORWARD(fyi_data_standardise(s, d));
    return s->method->kind->view(s, d);
}

void fyi_recipe_data_close(fyi_recipe_data *d)
{
    fy_judge_free(d->judge);
    fy_dataset_free(d->target_eval);
    fy_dataset_free(d->target);
    for (int i = 0; i < FYI_SPLITS; i++)
        fy_parts_free(d->parts[i]);
    for (int i = 0; i < FY_HDNET_TARGETS; i++)
        for (int k = 0; k < FYI_DOMAIN_SETS; k++)
            fy_parts_free(d->domains[i].sets[k]);
    for (int i = 0; i < FYI_SIDES; i++)
        fy_dataset_free(d->side[i]);
    for (int i = 0; i < FYI_SIDES; i++)
        fy_standard_free(d->standard[i]);
    *d = (fyi_recipe_data){ 0 };
}

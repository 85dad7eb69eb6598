/* data.c: the data sides of a recipe as datasets, and what of them a method may see.
 *
 * A method gets the target without labels. Where the target has labels they go to a judge, of which
 * the method gets the eye: it takes predictions and tells nothing. */
#include "recipe/recipe.h"

#include <math.h>
#include <string.h>

#define FEW_SAMPLES 100

/* ---- one side -------------------------------------------------------------------------------- */

static fy_image_opts image_opts(const fyi_side *s)
{
    fy_image_opts o = fy_image_defaults();

    o.channels = s->channels;
    o.height = o.width = s->size;
    o.pad = s->pad;
    o.pad_value = (float)s->pad_value;
    o.range = strcmp(s->range, "keep") == 0     ? FY_RANGE_KEEP
              : strcmp(s->range, "signed") == 0 ? FY_RANGE_SIGNED
                                                : FY_RANGE_NORMAL;
    /* One number is for all channels. */
    for (int c = 0; c < FYI_MAX_REALS; c++) {
        o.mean[c] = (float)s->mean.v[FYI_MIN(c, s->mean.n - 1)];
        o.deviation[c] = (float)s->deviation.v[FYI_MIN(c, s->deviation.n - 1)];
    }
    return o;
}

/* Sides of one run draw different samples from one seed. */
static uint64_t seed_of(const fyi_seed *s, const fyi_settings *of, const char *side)
{
    return s->follows ? fyi_hash64(side, strlen(side), of->run.seed.value) : s->value;
}

static fy_status open_idx(const fyi_settings *of, const fyi_side *s, const char *name,
                          fy_dataset **out)
{
    const fy_image_opts o = image_opts(s);
    const bool has_labels = s->labels != NULL && *s->labels != '\0';
    const char *root = of->run.data_root;
    char *images = fyi_path_join(root, s->images);
    char *labels = has_labels ? fyi_path_join(root, s->labels) : NULL;
    fy_status st;

    if (images == NULL || (has_labels && labels == NULL))
        st = fyi_enomem(strlen(root), "a file's name");
    else if (!fyi_path_exists(images))
        st = fyi_fail(
            FY_EIO,
            "there is no file '%s'; set data_root=FOLDER or the environment's FERRY_DATA to "
            "where '%s' is",
            images, s->images);
    else
        st = fy_idx_open(images, labels, name, &o, out);
    fyi_free(labels);
    fyi_free(images);
    return st;
}

static fy_status open_digits(const fyi_settings *of, const fyi_side *s, const char *name,
                             fy_dataset **out)
{
    fy_digits_opts d = fy_digits_defaults(FY_DIGITS_CLEAN);
    fy_image_opts o = image_opts(s);
    fy_dataset *drawn = NULL;
    fy_status st;

    d.seed = seed_of(&s->draw_seed, of, name);
    d.n = s->n;
    if (s->size > 0)
        d.size_px = s->size;
    o.height = o.width = 0;
    FY_TRY(fy_digit_style_find(s->style, &d.style));
    FY_TRY(fy_digits_open(&d, &drawn));
    FY_TRY(fy_dataset_prepare(drawn, &o, out));
done:
    fy_dataset_free(drawn);
    return st;
}

static fy_pick pick_of(const char *word)
{
    return strcmp(word, "first") == 0    ? FY_PICK_FIRST
           : strcmp(word, "random") == 0 ? FY_PICK_RANDOM
                                         : FY_PICK_STRATIFIED;
}

static fy_status select_samples(const fyi_settings *of, const fyi_side *s, const char *name,
                                const fy_dataset *all, fy_dataset **out)
{
    fy_select_opts o = fy_select_defaults();

    o.classes = s->classes.n > 0 ? s->classes.v : NULL;
    o.n_classes = s->classes.n;
    o.relabel = s->relabel.n > 0 ? s->relabel.v : NULL;
    o.limit = s->limit;
    o.pick = pick_of(s->pick);
    o.seed = seed_of(&s->pick_seed, of, name);
    return fy_dataset_select(all, &o, out);
}

fy_status fyi_recipe_side_open(const fyi_settings *of, int i, fy_dataset **out)
{
    const fyi_side *s = &of->side[i];
    const char *name = fyi_side_names[i];
    fy_dataset *all = NULL;
    fy_status st;

    FY_TRY(strcmp(s->format, "idx") == 0 ? open_idx(of, s, name, &all)
                                         : open_digits(of, s, name, &all));
    FY_TRY(select_samples(of, s, name, all, out));
    fyi_info("%s", fy_dataset_text(*out));
done:
    fy_dataset_free(all);
    return st == FY_OK ? FY_OK : fyi_wrap(st, "while opening the data side '%s'", name);
}

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

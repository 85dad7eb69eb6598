/* fused.c: what ferry eval and ferry predict work on where a run has learned from several modalities: its directory, and samples
 * of some of them, prepared as the run's were.
 *
 *   fused.json -> encoders and fusion;  recipe.yaml -> how a part is read;  data.json, data/standard-part_1.json -> its numbers
 * A modality that is not given is missing from every sample. */
#include "cli/cli.h"

#include <jansson.h>
#include <string.h>

#define BATCH 64

typedef struct opening {
    fyi_subject *s;
    const char *dir;
    json_t *data; /* data.json */
    int n;        /* modalities of the run */
    const char *names[FY_MAX_MODALITIES + 1];
    const char *paths[FY_MAX_MODALITIES]; /* NULL: not given */
} opening;

static fy_status put(const opening *o, int m, const char *key, const char *value)
{
    return fy_recipe_put(o->s->recipe, fyi_part_key_of(m, "", key).text, value);
}

/* ---- the run --------------------------------------------------------------------------------- */

static fy_status path_of(const opening *o, const char *name, char **path)
{
    *path = fyi_path_join(o->dir, name);
    return *path != NULL ? FY_OK : fyi_enomem(strlen(o->dir), "a file's name");
}

static fy_status find_run(const opening *o)
{
    char *path;
    bool is_there;

    FYI_FORWARD(path_of(o, "fused.json", &path));
    is_there = fyi_path_exists(path);
    fyi_free(path);
    return is_there ? FY_OK
                    : fyi_fail(FY_EIO,
                               "'%s' holds no model of several modalities: there is no fused.json "
                               "in it; give the directory of a run of 'ferry fuse'",
                               o->dir);
}

static fy_status read_recipe(const opening *o)
{
    char *path;
    fy_status st;

    FYI_FORWARD(path_of(o, "recipe.yaml", &path));
    st = fy_recipe_read(path, &o->s->recipe);
    fyi_free(path);
    FYI_FORWARD(st);
    return fy_recipe_check(o->s->recipe);
}

static fy_status read_data(opening *o)
{
    json_error_t error;
    char *path;
    fy_status st = FY_OK;

    FYI_FORWARD(path_of(o, "data.json", &path));
    o->data = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (o->data == NULL)
        st = fyi_fail(FY_EFORMAT,
                      "cannot read '%s', which says how the run's data were prepared: %s", path,
                      error.text);
    fyi_free(path);
    return st;
}

static fy_status load(opening *o)
{
    FYI_FORWARD(find_run(o));
    FYI_FORWARD(read_recipe(o));
    FYI_FORWARD(read_data(o));
    FYI_FORWARD(fyi_apply_run_settings(o->s));
    FYI_FORWARD(fy_recipe_open_device(o->s->recipe, &o->s->dev));
    FYI_FORWARD(fy_fused_load(o->s->dev, o->dir, BATCH, &o->s->fused));
    o->n = fy_fused_modalities(o->s->fused);
    for (int m = 0; m < o->n; m++)
        o->names[m] = fy_fused_name(o->s->fused, m);
    return FY_OK;
}

static fy_status find_parts(opening *o)
{
    for (int i = 0;; i++) {
        fyi_part_arg part;
        int m;

        FYI_FORWARD(fyi_part_arg_at(o->s->args, "--part", i, &part));
        if (part.path == NULL)
            return FY_OK;
        FYI_FORWARD(fyi_modality_find("--part", part.name, o->names, &m));
        if (o->paths[m] != NULL)
            return fyi_fail(FY_EINVAL, "--part: the modality '%s' is given twice: '%s', '%s'",
                            o->names[m], o->paths[m], part.path);
        o->paths[m] = part.path;
    }
}

/* ---- its data sides, of other samples ---------------------------------------------------------- */

/* What the run said about which samples, or what it would fit to them. */
static fy_status clear_choice(const opening *o, int m)
{
    static const char *const keys[] = { "labels", "groups", "not_groups",
                                        "limit",  "pick",   "pick_seed" };
    static const char *const classes[] = { "classes", "relabel" };
    char text[80];

    for (size_t i = 0; i < FYI_LEN(keys); i++) {
        (void)snprintf(text, sizeof text, "%s=", fyi_part_key_of(m, "", keys[i]).text);
        FYI_FORWARD(fy_recipe_set(o->s->recipe, text));
    }
    for (size_t i = 0; o->s->is_unlabelled && i < FYI_LEN(classes); i++) {
        (void)snprintf(text, sizeof text, "%s=", fyi_part_key_of(m, "", classes[i]).text);
        FYI_FORWARD(fy_recipe_set(o->s->recipe, text));
    }
    return FY_OK;
}

static const char *const *kinds_of_format(void)
{
    static const char *const kinds[] = { "sound", "csv vectors series", "facts",
                                         "idx digits folder list tar cifar10 cifar100 npy", NULL };

    return kinds;
}

static bool is_of_one_kind(const char *a, const char *b)
{
    for (const char *const *kind = kinds_of_format(); *kind != NULL; kind++)
        if (fy_glob(*kind, a))
            return fy_glob(*kind, b);
    return false;
}

/* A folder may hold sounds, an array series: where the name says another kind of data than the run had, the run is right. */
static fy_status put_path(const opening *o, int m)
{
    const fyi_part_key side = fyi_part_key_of(m, "", ""), format = fyi_part_key_of(m, "", "format");
    const char *lent = fy_recipe_get(o->s->recipe, format.text);
    char before[32], after[32];

    (void)snprintf(before, sizeof before, "%s", lent != NULL ? lent : "");
    FYI_FORWARD(fyi_put_data_path(o->s->recipe, side.text, o->paths[m], NULL));
    lent = fy_recipe_get(o->s->recipe, format.text);
    (void)snprintf(after, sizeof after, "%s", lent != NULL ? lent : "");
    return is_of_one_kind(before, after) ? FY_OK : put(o, m, "format", before);
}

static fy_status put_unlabelled(const opening *o, int m)
{
    if (fy_recipe_get(o->s->recipe, fyi_part_key_of(m, "", "labels").text) != NULL)
        FYI_FORWARD(put(o, m, "labels", ""));
    if (fy_recipe_get(o->s->recipe, fyi_part_key_of(m, "", "labelled").text) != NULL)
        FYI_FORWARD(put(o, m, "labelled", "false"));
    return fy_recipe_get(o->s->recipe, fyi_part_key_of(m, "", "max_broken").text) != NULL
               ? put(o, m, "max_broken", "1000000000")
               : FY_OK;
}

static fy_status put_numbers(const opening *o, int m, const char *key, const json_t *list)
{
    fyi_buf b = { 0 };
    fy_status st;

    fyi_buf_printf(&b, "%s=[", fyi_part_key_of(m, "", key).text);
    for (size_t i = 0; i < json_array_size(list); i++) {
        fyi_buf_puts(&b, i > 0 ? ", " : "");
        fyi_buf_float(&b, (float)json_number_value(json_array_get(list, i)));
    }
    fyi_buf_puts(&b, "]");
    st = b.failed ? fyi_enomem(b.len, key) : fy_recipe_set(o->s->recipe, b.p);
    fyi_buf_release(&b);
    return st;
}

/* Means that were the training data's are the same for all that comes after. */
static fy_status put_range(const opening *o, int m)
{
    const json_t *side = json_object_get(o->data, fyi_part_key_of(m, "", "").text);
    const json_t *mean = json_object_get(side, "mean"),
                 *deviation = json_object_get(side, "deviation");
    const char *range = fy_recipe_get(o->s->recipe, fyi_part_key_of(m, "", "range").text);

    if (range == NULL || !fy_glob("data train source", range))
        return FY_OK;
    if (json_array_size(mean) == 0 || json_array_size(deviation) != json_array_size(mean))
        return fyi_fail(FY_EFORMAT,
                        "'%s/data.json' does not say which mean and deviation the values of '%s' "
                        "were brought to 0 and 1 by; set part_%d.range, mean and deviation",
                        o->dir, o->names[m], m + 1);
    FYI_FORWARD(put(o, m, "range", "normal"));
    FYI_FORWARD(put_numbers(o, m, "mean", mean));
    return put_numbers(o, m, "deviation", deviation);
}

static fy_status put_standard(const opening *o, int m)
{
    char name[96], *path;
    fy_status st = FY_OK;

    (void)snprintf(name, sizeof name, "data/standard-%s.json", fyi_part_key_of(m, "", "").text);
    FYI_FORWARD(path_of(o, name, &path));
    if (fyi_path_exists(path))
        st = put(o, m, "standard", path);
    fyi_free(path);
    return st;
}

/* The command line's own words go last. */
static fy_status put_part(const opening *o, int m)
{
    FYI_FORWARD(put_range(o, m));
    FYI_FORWARD(put_standard(o, m));
    FYI_FORWARD(clear_choice(o, m));
    FYI_FORWARD(put_path(o, m));
    if (o->s->is_unlabelled)
        FYI_FORWARD(put_unlabelled(o, m));
    FYI_FORWARD(fyi_apply_settings(o->s->args, o->s->recipe, ""));
    return fy_recipe_check(o->s->recipe);
}

static fy_status open_parts(opening *o)
{
    for (int m = 0; m < o->n; m++)
        if (o->paths[m] != NULL)
            FYI_FORWARD(put_part(o, m));
    for (int m = 0; m < o->n; m++)
        if (o->paths[m] != NULL)
            FYI_FORWARD(fy_recipe_open_side(o->s->recipe, fyi_part_key_of(m, "", "").text,
                                            &o->s->sides[m]));
    return FY_OK;
}

/* ---- samples --------------------------------------------------------------------------------- */

static fy_status find_way(const opening *o, fy_pairing *by)
{
    static const char *const words[] = {
        [FY_PAIR_NUMBER] = "number", [FY_PAIR_KEY] = "key", [FY_PAIR_LABEL] = "label", NULL
    };
    const char *given = fyi_args_value(o->s->args, "--pair"), *near;
    const char *own = fy_recipe_get(o->s->recipe, "pair.by");
    const char *way = given != NULL ? given : own != NULL ? own : words[FY_PAIR_NUMBER];

    for (int i = 0; words[i] != NULL; i++)
        if (strcmp(words[i], way) == 0) {
            *by = (fy_pairing)i;
            return FY_OK;
        }
    near = fyi_nearest(way, words);
    return fyi_fail(FY_EINVAL, "--pair takes number, key or label, not '%s'%s%s%s", way,
                    near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static bool is_alone(const opening *o, int first)
{
    for (int m = first + 1; m < o->n; m++)
        if (o->paths[m] != NULL)
            return false;
    return true;
}

/* The run's, if it is given; -1: it is chosen. */
static int find_anchor(const opening *o)
{
    const char *name = fy_recipe_get(o->s->recipe, "pair.anchor");

    for (int m = 0; name != NULL && m < o->n; m++)
        if (o->paths[m] != NULL && strcmp(o->names[m], name) == 0)
            return m;
    return -1;
}

/* The first modality that is given stands in for those that are not: nobody looks at what is missing. */
static fy_status pair(opening *o)
{
    const fy_dataset *sides[FY_MAX_MODALITIES];
    fy_parts_opts how = fy_parts_defaults();
    int first = 0;

    while (o->paths[first] == NULL)
        first++;
    for (int m = 0; m < o->n; m++)
        sides[m] = o->s->sides[o->paths[m] != NULL ? m : first];
    FYI_FORWARD(find_way(o, &how.by));
    if (is_alone(o, first))
        how.by = FY_PAIR_NUMBER;
    if (how.by == FY_PAIR_LABEL && o->s->is_unlabelled)
        return fyi_fail(FY_EINVAL, "the run paired samples by label, and these have none; add "
                                   "--pair key or --pair number");
    how.anchor = find_anchor(o);
    how.keep_incomplete = true;
    FYI_FORWARD(fy_parts_open(sides, o->names, o->n, &how, &o->s->parts));
    o->s->data = fy_parts_dataset(o->s->parts, first);
    return FY_OK;
}

static fy_status compute(opening *o)
{
    unsigned subset = 0;
    fy_tensor *z = NULL;
    fy_status st;

    for (int m = 0; m < o->n; m++)
        subset |= o->paths[m] != NULL ? 1u << m : 0;
    FYI_FORWARD(fy_fused_features(o->s->fused, o->s->parts, subset, &z));
    st = fy_fused_logits(o->s->fused, z, subset, &o->s->logits);
    fy_tensor_free(z);
    return st;
}

/* Options about files of weights. */
static fy_status check_options(const opening *o)
{
    static const char *const others[] = { "--model", "--prefix", "--labels" };

    for (size_t i = 0; i < FYI_LEN(others); i++)
        if (fyi_args_has(o->s->args, others[i]))
            return fyi_fail(FY_EINVAL,
                            "%s would not be used: '%s' says how its models were made "
                            "and their data read; leave it out",
                            others[i], o->dir);
    return FY_OK;
}

static fy_status work(opening *o)
{
    FYI_FORWARD(check_options(o));
    FYI_FORWARD(load(o));
    FYI_FORWARD(find_parts(o));
    FYI_FORWARD(open_parts(o));
    FYI_FORWARD(pair(o));
    return compute(o);
}

fy_status fyi_fused_open(fyi_subject *s, const fyi_args *a, const char *dir)
{
    opening o = { .s = s, .dir = dir };
    fy_status st;

    s->args = a;
    s->dir = dir;
    st = work(&o);
    json_decref(o.data);
    return st == FY_OK ? fyi_subject_name_classes(s, fy_fused_fusion(s->fused)) : st;
}

void fyi_fused_close(fyi_subject *s)
{
    fy_tensor_free(s->logits);
    fy_parts_free(s->parts);
    for (int m = 0; m < FY_MAX_MODALITIES; m++)
        fy_dataset_free(s->sides[m]);
    fy_fused_free(s->fused);
}

/* ---- for people ------------------------------------------------------------------------------ */

void fyi_fused_parts_text(const fyi_subject *s, fyi_buf *out)
{
    const char *text;

    for (int i = 0; (text = fyi_args_nth(s->args, "--part", i)) != NULL; i++)
        fyi_buf_printf(out, "%s%s", i > 0 ? ", " : "", text);
}

void fyi_fused_models_text(const fyi_subject *s, fyi_buf *out)
{
    for (int m = 0; m < fy_fused_modalities(s->fused); m++)
        fyi_buf_printf(out, "%s%s %s", m > 0 ? ", " : "", fy_fused_name(s->fused, m),
                       fy_model_family(fy_fused_encoder(s->fused, m)));
    fyi_buf_printf(out, ", then %s", fy_model_family(fy_fused_fusion(s->fused)));
}

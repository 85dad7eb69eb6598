/* cmd_fuse.c: ferry fuse: a recipe made from the samples of several modalities, and what makes them one. */
#include "cli/cli.h"

#include <string.h>

static const fyi_option options[] = {
    { "--part", "NAME=PATH", "labelled samples of a modality, image=photos; two and more" },
    { "--val", "NAME=PATH",
      "samples to choose the best epoch by, of every modality; by default a tenth of the others" },
    { "--test", "NAME=PATH", "samples of every modality, looked at once at the end" },
    { "--pair", "WAY", "number, key or label: what makes parts one sample; by default their names" },
    { "--method", "NAME", "'ferry help methods' lists them; by default dgl" },
    FYI_OPTIONS_RUN,
};

typedef struct pick {
    const fyi_args *args;
    fy_recipe *recipe;
    int n; /* modalities */
    fyi_part_arg parts[FY_MAX_MODALITIES];
    const char *names[FY_MAX_MODALITIES + 1];
    int64_t count;  /* samples of the smallest modality */
    bool has_names; /* all have names to be paired by */
} pick;

static const char *get(const pick *p, int m, const char *key)
{
    return fy_recipe_get(p->recipe, fyi_part_key_of(m, "", key).text);
}

static bool is_format(const pick *p, int m, const char *words)
{
    const char *format = get(p, m, "format");

    return format != NULL && fy_glob(words, format);
}

/* ---- the data -------------------------------------------------------------------------------- */

/* By its path, unless the command line says another format. */
static bool is_sound(const pick *p, int m)
{
    const fyi_part_key key = fyi_part_key_of(m, "", "format");
    char said[80];

    (void)snprintf(said, sizeof said, "%s=sound", key.text);
    for (int i = 0; i < p->args->n_settings; i++)
        if (strcmp(p->args->settings[i], said) == 0)
            return true;
    return !fyi_args_sets(p->args, key.text) && is_format(p, m, "sound");
}

/* First of all, since keys that the command line has may need it. */
static fy_status choose_spectrograms(const pick *p)
{
    for (int m = 0; m < p->n; m++)
        if (is_sound(p, m))
            FYI_FORWARD(fyi_choose(p->args, p->recipe, fyi_part_key_of(m, "", "spectrogram").text,
                                   "learned from more easily than samples", "mel"));
    return FY_OK;
}

static fy_status put_parts(pick *p)
{
    char key[32];

    for (;; p->n++) {
        fyi_part_arg part;

        FYI_FORWARD(fyi_part_arg_at(p->args, "--part", p->n, &part));
        if (part.path == NULL)
            return FY_OK;
        if (p->n == FY_MAX_MODALITIES)
            return fyi_fail(FY_EINVAL, "--part is given more than %d times; the next is '%s'",
                            FY_MAX_MODALITIES, part.path);
        p->parts[p->n] = part;
        p->names[p->n] = p->parts[p->n].name;
        (void)snprintf(key, sizeof key, "encoder_%d.name", p->n + 1);
        FYI_FORWARD(fy_recipe_put(p->recipe, key, part.name));
        FYI_FORWARD(
            fyi_put_data_path(p->recipe, fyi_part_key_of(p->n, "", "").text, part.path, NULL));
    }
}

/* Those that a modality's other samples are of: what is no picture is not known by its name alone. */
static fy_status put_format_alike(const pick *p, int m, const char *split)
{
    const fyi_part_key key = fyi_part_key_of(m, split, "format");

    return is_format(p, m, "sound series vectors") && !fyi_args_sets(p->args, key.text)
               ? fy_recipe_put(p->recipe, key.text, get(p, m, "format"))
               : FY_OK;
}

static fy_status put_judges(const pick *p, const char *option, const char *split)
{
    for (int i = 0;; i++) {
        fyi_part_arg part;
        int m;

        FYI_FORWARD(fyi_part_arg_at(p->args, option, i, &part));
        if (part.path == NULL)
            return FY_OK;
        FYI_FORWARD(fyi_modality_find(option, part.name, p->names, &m));
        FYI_FORWARD(
            fyi_put_data_path(p->recipe, fyi_part_key_of(m, split, "").text, part.path, NULL));
    }
}

static fy_status put_all_judges(const pick *p)
{
    static const struct {
        const char *option, *split;
    } all[] = { { "--val", "_val" }, { "--test", "_test" } };

    for (size_t i = 0; i < FYI_LEN(all); i++)
        FYI_FORWARD(put_judges(p, all[i].option, all[i].split));
    FYI_FORWARD(fyi_apply_settings(p->args, p->recipe, ""));
    FYI_FORWARD(fy_recipe_check(p->recipe));
    for (size_t i = 0; i < FYI_LEN(all); i++)
        for (int m = 0; m < p->n && fyi_args_has(p->args, all[i].option); m++)
            FYI_FORWARD(put_format_alike(p, m, all[i].split));
    return fy_recipe_check(p->recipe);
}

/* ---- how samples look ------------------------------------------------------------------------- */

/* Chosen from the program's side unless the command line has one of the keys; `others` NULL-terminated. */
static bool any_set(const pick *p, int m, const char *const *keys)
{
    for (; *keys != NULL; keys++)
        if (fyi_args_sets(p->args, fyi_part_key_of(m, "", *keys).text))
            return true;
    return false;
}

static fy_status choose(const pick *p, int m, const char *key, const char *value, const char *why)
{
    return fyi_choose(p->args, p->recipe, fyi_part_key_of(m, "", key).text, why, "%s", value);
}

static fy_status choose_range(const pick *p, int m)
{
    static const char *const values[] = { "range", "mean", "deviation", NULL };

    return any_set(p, m, values)
               ? FY_OK
               : choose(p, m, "range", "data", "mean and deviation of the training data");
}

static const char *family_of(const pick *p, int m)
{
    char key[32];
    const char *family;

    (void)snprintf(key, sizeof key, "encoder_%d.family", m + 1);
    family = fy_recipe_get(p->recipe, key);
    return family != NULL && strcmp(family, "auto") != 0 ? family : "conv4";
}

static fy_status choose_picture(const pick *p, int m)
{
    static const char *const sizes[] = { "size", "shorter", "crop", NULL };
    char size[24];
    fy_model_opts o;

    if (is_format(p, m, "folder list tar") && !any_set(p, m, sizes)) {
        FYI_FORWARD(fy_model_family_defaults(family_of(p, m), &o));
        (void)snprintf(size, sizeof size, "%lld", (long long)o.input.d[1]);
        FYI_FORWARD(choose(p, m, "size", size, "the encoder's family"));
    }
    return choose_range(p, m);
}

/* The sounds themselves, whatever is made of them. */
static fy_status open_waves(const pick *p, int m, fy_dataset **out)
{
    fy_recipe *r;
    fy_status st;

    *out = NULL;
    FYI_FORWARD(fyi_data_recipe(p->parts[m].path, NULL, &r));
    FY_TRY(fy_recipe_put(r, "source.format", "sound"));
    FY_TRY(fy_recipe_put(r, "source.labelled", "false"));
    FY_TRY(fy_recipe_open_side(r, "source", out));
done:
    fy_recipe_free(r);
    return st;
}

/* Rate and length are written down, since other sounds must be brought to the same. */
static fy_status choose_sound(const pick *p, int m)
{
    fy_dataset *d;
    char rate[24], seconds[32];

    FYI_FORWARD(open_waves(p, m, &d));
    (void)snprintf(rate, sizeof rate, "%lld", (long long)fy_dataset_rate(d));
    (void)snprintf(seconds, sizeof seconds, "%.6g",
                   (double)fy_dataset_shape(d)->d[1] / (double)fy_dataset_rate(d));
    fy_dataset_free(d);
    FYI_FORWARD(choose(p, m, "rate", rate, "the first file's"));
    FYI_FORWARD(choose(p, m, "seconds", seconds, "the longest file's"));
    return strcmp(get(p, m, "spectrogram"), "none") != 0 ? choose_range(p, m) : FY_OK;
}

static fy_status choose_look(const pick *p, int m)
{
    if (is_format(p, m, "idx digits folder list tar cifar10 cifar100 npy"))
        return choose_picture(p, m);
    if (is_format(p, m, "sound"))
        return choose_sound(p, m);
    if (is_format(p, m, "csv vectors series"))
        return choose(p, m, "standardise", "true", "columns may be of any scale");
    return FY_OK;
}

/* ---- the training ---------------------------------------------------------------------------- */

static fy_status look_at_data(pick *p)
{
    p->count = INT64_MAX;
    p->has_names = true;
    for (int m = 0; m < p->n; m++) {
        fy_dataset *d = NULL;

        FYI_FORWARD(fy_recipe_open_side(p->recipe, fyi_part_key_of(m, "", "").text, &d));
        p->count = FYI_MIN(p->count, fy_dataset_count(d));
        p->has_names =
            p->has_names && (fy_dataset_key(d, 0) != NULL || fy_dataset_sample_name(d, 0) != NULL);
        fy_dataset_free(d);
    }
    return FY_OK;
}

static fy_status choose_pair(const pick *p)
{
    if (fyi_args_has(p->args, "--pair"))
        return FY_OK;
    return fyi_choose(p->args, p->recipe, "pair.by",
                      p->has_names ? "all samples have names" : "not all samples have names", "%s",
                      p->has_names ? "key" : "number");
}

static fy_status choose_length(const pick *p)
{
    const int64_t batch = p->count >= 512 ? 64 : FYI_MAX(p->count / 16, 4);
    const int64_t epochs = p->count < 2000 ? 30 : p->count < 20000 ? 15 : 8;
    char why[96];

    (void)snprintf(why, sizeof why, "%lld samples of the smallest modality", (long long)p->count);
    FYI_FORWARD(fyi_choose(p->args, p->recipe, "fuse.batch", why, "%lld", (long long)batch));
    return fyi_choose(p->args, p->recipe, "fuse.epochs", why, "%lld", (long long)epochs);
}

static fy_status put_words(const pick *p)
{
    const char *method = fyi_args_value(p->args, "--method");
    const char *pair = fyi_args_value(p->args, "--pair");

    if (method != NULL)
        FYI_FORWARD(fy_recipe_put(p->recipe, "method", method));
    return pair != NULL ? fy_recipe_put(p->recipe, "pair.by", pair) : FY_OK;
}

static fy_status make_recipe(void *arg)
{
    static const char text[] = "name: fuse\nmethod: dgl\n";
    pick *p = arg;

    FYI_FORWARD(fy_recipe_parse("fuse", text, sizeof text - 1, &p->recipe));
    FYI_FORWARD(put_words(p));
    FYI_FORWARD(put_parts(p));
    FYI_FORWARD(choose_spectrograms(p));
    FYI_FORWARD(put_all_judges(p));
    for (int m = 0; m < p->n; m++)
        FYI_FORWARD(choose_look(p, m));
    FYI_FORWARD(look_at_data(p));
    FYI_FORWARD(choose_pair(p));
    FYI_FORWARD(choose_length(p));
    return fyi_apply_settings(p->args, p->recipe, "");
}

static int run(const fyi_args *a)
{
    pick p = { .args = a };
    int code;

    if (a->n_plain != 0 || fyi_args_nth(a, "--part", 1) == NULL)
        return fyi_misused(a->verb, "two modalities or more are needed, each as --part NAME=PATH");
    code = fyi_make_and_run(a, make_recipe, &p, &p.recipe);
    fy_recipe_free(p.recipe);
    return code;
}

const fyi_verb fyi_verb_fuse = {
    .name = "fuse",
    .line = "learn from several modalities at once",
    .usage = "--part NAME=PATH --part NAME=PATH [options] [key=value ...]",
    .help =
        "Each --part holds labelled samples of one modality: a folder with a folder of pictures or "
        "sounds per\n"
        "class, a list, archives, a table, an idx, npy or CIFAR file. Parts that belong together "
        "are one sample:\n"
        "by their number, by their names without folder and ending, or by nothing but their label. "
        "A sample may\n"
        "lack a part (pair.keep_incomplete=true), and what comes out works with any of them. What "
        "is not given is\n"
        "picked and said; part_1 is the first --part. key=value sets any key of 'ferry help "
        "recipe'.\n"
        "\n"
        "Examples:\n"
        "  ferry fuse --part image=photos --part sound=recordings --pair key --method dgl\n"
        "  ferry fuse --part shape=mfeat-mor.csv --part pixels=mfeat-pix.csv pair.test=0.25\n"
        "  ferry fuse --part left=facts:0:2000 --part right=facts:1:2000 --method dgl_unique\n"
        "  ferry fuse --part image=digits:clean:2000 --part sound=spoken.tar --pair label \\\n"
        "      part_2.format=sound 'part_2.names={label}_{group}_{}'\n",
    .options = options,
    .run = run,
};

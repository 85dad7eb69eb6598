/* cmd_finetune.c: ferry finetune: a recipe made from a folder of labelled pictures and a pretrained model. */
#include "cli/cli.h"

#include "weights/fit.h"

#include <math.h>
#include <string.h>

static const fyi_option options[] = {
    { "--weights", "FILE",
      "pretrained: safetensors, .pth, .npz; without it training begins at random" },
    { "--model", "FAMILY", "the model; by default what --weights says" },
    FYI_OPTIONS_PART,
    FYI_OPTIONS_MAP,
    FYI_OPTION_EDIT,
    { "--val", "PATH", "labelled data to choose the best epoch by; by default a tenth of the data" },
    { "--test", "PATH", "labelled data, looked at once at the end" },
    { "--train", "WAY", "head, all, head-first or gradual; by default head-first with --weights" },
    FYI_OPTIONS_RUN,
};

/* What is known before the recipe is made. */
typedef struct pick {
    const fyi_args *args;
    fy_recipe *recipe;
    fy_weights *weights; /* NULL: training begins at random */
    const char *family;
    fy_pixels pixels;      /* what the model takes */
    const char *pixels_by; /* who says so */
    int64_t count;
    int classes;
} pick;

/* ---- the model ------------------------------------------------------------------------------- */

static fy_status read_weights(pick *p, const fyi_weights_arg *file, const char *given)
{
    FYI_FORWARD(fyi_weights_arg_open(file, &p->weights));
    FYI_FORWARD(fyi_saved_family(file->path, p->weights, given, &p->family));
    FYI_FORWARD(fyi_saved_pixels(p->weights, p->family, &p->pixels, &p->pixels_by));
    return fyi_weights_arg_put(file, p->recipe, "model.weights");
}

/* Nothing is known of values that no weights were made for. */
static fy_status look_at_family(pick *p, const char *given)
{
    fy_model_opts o;
    fy_model *m;

    if (given == NULL)
        return fyi_fail(FY_EINVAL, "there is no model to train; add --model FAMILY, 'ferry help "
                                   "models' lists them");
    p->family = given;
    FYI_FORWARD(fy_model_family_defaults(given, &o));
    FYI_FORWARD(fy_model_open(given, "probe", &o, &m));
    p->pixels = fy_model_pixels(m);
    p->pixels.deviation[0] = 0;
    p->pixels_by = "the model's family";
    fy_model_free(m);
    return FY_OK;
}

/* The file's own, since its values are of that model, then the command line's. */
static fy_status put_edits(pick *p)
{
    fyi_arena arena = { 0 };
    fyi_buf edits = { 0 };
    const char *saved = NULL;
    fy_status st = p->weights != NULL ? fyi_saved_edits(p->weights, &arena, &saved) : FY_OK;

    if (st == FY_OK)
        st = fyi_args_join(p->args, "--edit", saved, &edits);
    if (st == FY_OK && saved != NULL)
        fyi_picked(p->args, "model.edit", saved, "the weights' own word");
    if (st == FY_OK && edits.len > 0)
        st = fy_recipe_put(p->recipe, "model.edit", edits.p);
    fyi_buf_release(&edits);
    fyi_arena_release(&arena);
    return st;
}

static fy_status put_map(pick *p)
{
    fyi_buf rules = { 0 };
    fy_status st = fyi_args_join(p->args, "--map", NULL, &rules);

    if (st == FY_OK && rules.len > 0)
        st = fy_recipe_put(p->recipe, "model.map", rules.p);
    if (st == FY_OK && fyi_args_has(p->args, "--slice"))
        st = fy_recipe_put(p->recipe, "model.slice", "true");
    fyi_buf_release(&rules);
    return st;
}

static fy_status find_model(pick *p)
{
    const char *given = fyi_args_value(p->args, "--model");
    fyi_weights_arg file, second;

    FYI_FORWARD(fyi_weights_arg_at(p->args, 0, &file));
    FYI_FORWARD(fyi_weights_arg_at(p->args, 1, &second));
    if (second.path != NULL)
        return fyi_fail(FY_EINVAL, "one model is tuned, and --weights is given twice: '%s', '%s'",
                        file.path, second.path);
    if (file.path != NULL)
        FYI_FORWARD(read_weights(p, &file, given));
    else
        FYI_FORWARD(look_at_family(p, given));
    FYI_FORWARD(put_edits(p));
    FYI_FORWARD(put_map(p));
    return fy_recipe_put(p->recipe, "model.family", p->family);
}

/* ---- the data -------------------------------------------------------------------------------- */

static fy_status put_sides(const pick *p)
{
    static const struct {
        const char *option, *side;
    } sides[] = { { "--val", "val" }, { "--test", "test" } };

    FYI_FORWARD(fyi_put_data_path(p->recipe, "train", p->args->plain[0], NULL));
    for (size_t i = 0; i < FYI_LEN(sides); i++) {
        const char *path = fyi_args_value(p->args, sides[i].option);

        if (path != NULL)
            FYI_FORWARD(fyi_put_data_path(p->recipe, sides[i].side, path, NULL));
    }
    return FY_OK;
}

/* Vectors and series have no range. */
static fy_status choose_look(const pick *p)
{
    fyi_look look = { .recipe = p->recipe,
                      .side = "train.",
                      .args = p->args,
                      .prefix = "train.",
                      .why = p->pixels_by };

    FYI_FORWARD(fyi_look_put(&look, &p->pixels));
    if (p->weights != NULL || look.has_own_values || fy_recipe_get(p->recipe, "train.range") == NULL)
        return FY_OK;
    return fyi_choose(p->args, p->recipe, "train.range", "mean and deviation of the training data",
                      "data");
}

static fy_status look_at_data(pick *p)
{
    fy_dataset *d = NULL;

    FYI_FORWARD(fy_recipe_open_side(p->recipe, "train", &d));
    p->count = fy_dataset_count(d);
    p->classes = fy_dataset_classes(d);
    fy_dataset_free(d);
    return FY_OK;
}

/* ---- the training ---------------------------------------------------------------------------- */

static fy_status choose_length(const pick *p)
{
    const int64_t batch = p->count >= 512 ? 32 : FYI_MAX(p->count / 16, 2);
    const int64_t epochs = p->count < 2000 ? 12 : p->count < 20000 ? 8 : 4;
    char why[96];

    (void)snprintf(why, sizeof why, "%lld samples of %d classes", (long long)p->count, p->classes);
    FYI_FORWARD(fyi_choose(p->args, p->recipe, "finetune.batch", why, "%lld", (long long)batch));
    return fyi_choose(p->args, p->recipe, "finetune.epochs", why, "%lld", (long long)epochs);
}

/* Rates for batches of 32; smaller ones take smaller steps. */
static fy_status choose_rates(const pick *p)
{
    const char *given = fyi_args_value(p->args, "--train");
    const bool is_pretrained = p->weights != NULL;
    const char *way = given != NULL ? given : is_pretrained ? "head-first" : "all";
    const double scale = sqrt((double)FYI_MIN(p->count, 512) / 512);

    if (given != NULL)
        FYI_FORWARD(fy_recipe_put(p->recipe, "finetune.train", given));
    else
        FYI_FORWARD(fyi_choose(p->args, p->recipe, "finetune.train",
                               is_pretrained ? "a new head must not spoil what is under it"
                                             : "nothing is pretrained",
                               "%s", way));
    if (strcmp(way, "all") != 0)
        FYI_FORWARD(
            fyi_choose(p->args, p->recipe, "finetune.head_lr", "a new head", "%.3g", 0.03 * scale));
    if (strcmp(way, "head") == 0)
        return FY_OK;
    return fyi_choose(p->args, p->recipe, "finetune.lr",
                      is_pretrained ? "small steps from good values" : "from random values", "%.3g",
                      (is_pretrained ? 0.005 : 0.03) * scale);
}

static fy_status make_recipe(void *arg)
{
    static const char text[] = "name: finetune\nmethod: finetune\n";
    pick *p = arg;

    FYI_FORWARD(fy_recipe_parse("finetune", text, sizeof text - 1, &p->recipe));
    FYI_FORWARD(find_model(p));
    FYI_FORWARD(put_sides(p));
    FYI_FORWARD(choose_look(p));
    FYI_FORWARD(fyi_apply_settings(p->args, p->recipe, ""));
    FYI_FORWARD(look_at_data(p));
    FYI_FORWARD(choose_length(p));
    FYI_FORWARD(choose_rates(p));
    return fyi_apply_settings(p->args, p->recipe, "");
}

static int run(const fyi_args *a)
{
    pick p = { .args = a };
    int code;

    if (a->n_plain != 1)
        return fyi_misused(a->verb, "one path to labelled data is needed, %d were given",
                           a->n_plain);
    code = fyi_make_and_run(a, make_recipe, &p, &p.recipe);
    fy_weights_close(p.weights);
    fy_recipe_free(p.recipe);
    return code;
}

const fyi_verb fyi_verb_finetune = {
    .name = "finetune",
    .line = "teach a pretrained model new classes",
    .usage = "PATH --weights FILE [--model FAMILY] [options] [key=value ...]",
    .help =
        "PATH holds labelled data: a folder with a folder of pictures per class, a list, archives, "
        "an "
        "idx,\n"
        "npy or CIFAR file. What is not given is picked from the data and the model, and said. "
        "key=value "
        "sets\n"
        "any key of 'ferry help recipe'. The recipe made this way is in the run's directory, to be "
        "changed and\n"
        "run again.\n"
        "\n"
        "Examples:\n"
        "  ferry finetune photos --model resnet18 --weights resnet18.pth\n"
        "  ferry finetune photos --model mobilenet_v2 --weights mobilenet_v2.pth --train head \\\n"
        "      --test more-photos finetune.epochs=5\n"
        "  ferry finetune photos --model resnet18 --weights resnet18.pth --edit 'head mlp 256'\n"
        "  ferry finetune digits:clean:2000 --model lenet\n",
    .options = options,
    .run = run,
};

/* cmd_distill.c: ferry distill: a recipe made from labelled data, a teacher, and what is to become of it. */
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>

static const fyi_option options[] = {
    { "--teacher", "FILE", "the model that teaches; up to three teach together" },
    { "--teacher-model", "FAMILY",
      "of a file that does not say; without --teacher it learns PATH first" },
    { "--student", "FAMILY", "the network that learns; by default a copy of the teacher" },
    { "--target", "PATH", "labelled data of where it is to work; without it there is one domain" },
    { "--test", "PATH", "labelled data like PATH, looked at once at the end" },
    { "--target-test", "PATH", "labelled data like --target's, looked at once at the end" },
    { "--moves", "GLOBS", "the student's parameters that learn: \"layer4.* fc.*\"" },
    { "--losses", "NAMES",
      "what it learns from the teacher: \"soft hint\"; see 'ferry help losses'" },
    FYI_OPTIONS_RUN,
};

typedef struct pick {
    const fyi_args *args;
    fy_recipe *recipe;
    fy_pixels pixels; /* what the teacher takes */
    const char *pixels_by;
    bool has_values;        /* the teacher's file says which */
    int64_t source, target; /* samples */
} pick;

/* ---- the networks ---------------------------------------------------------------------------- */

static fy_status look_at_file(pick *p, const char *path)
{
    const char *given = fyi_args_value(p->args, "--teacher-model"), *family;
    fy_weights *w = NULL;
    fy_status st;

    FY_TRY(fy_weights_open(path, &w));
    FY_TRY(fyi_saved_family(path, w, given, &family));
    FY_TRY(fyi_saved_pixels(w, family, &p->pixels, &p->pixels_by));
    FY_TRY(fy_recipe_put(p->recipe, "teacher.family", family));
    p->has_values = true;
done:
    fy_weights_close(w);
    return st;
}

static fy_status look_at_family(pick *p)
{
    const char *given = fyi_args_value(p->args, "--teacher-model");
    fy_model_opts o;

    if (given == NULL)
        return fyi_fail(FY_EINVAL,
                        "there is no teacher; add --teacher FILE, or --teacher-model FAMILY "
                        "for one that learns first, 'ferry help models' lists them");
    FYI_FORWARD(fy_model_family_defaults(given, &o));
    p->pixels = (fy_pixels){ .channels = o.input.d[0], .size = o.input.d[1] };
    p->pixels_by = "the teacher's family";
    return fy_recipe_put(p->recipe, "teacher.family", given);
}

/* The first says how pictures must look; the others have to take the same. */
static fy_status put_teachers(pick *p)
{
    static const char *const keys[FY_MAX_TEACHERS] = { "teacher.weights", "teacher_2.weights",
                                                       "teacher_3.weights" };
    const char *path = fyi_args_nth(p->args, "--teacher", 0);

    if (path == NULL)
        return look_at_family(p);
    FYI_FORWARD(look_at_file(p, path));
    for (int i = 0; (path = fyi_args_nth(p->args, "--teacher", i)) != NULL; i++) {
        if (i == FY_MAX_TEACHERS)
            return fyi_fail(FY_EINVAL, "--teacher is given more than %d times; the fourth is '%s'",
                            FY_MAX_TEACHERS, path);
        FYI_FORWARD(fy_recipe_put(p->recipe, keys[i], path));
    }
    return FY_OK;
}

static fy_status put_words(const pick *p)
{
    static const struct {
        const char *option, *key;
    } words[] = { { "--student", "student.family" },
                  { "--moves", "distill.moves" },
                  { "--losses", "distill.losses" } };

    for (size_t i = 0; i < FYI_LEN(words); i++) {
        const char *value = fyi_args_value(p->args, words[i].option);

        if (value != NULL)
            FYI_FORWARD(fy_recipe_put(p->recipe, words[i].key, value));
    }
    return FY_OK;
}

/* ---- the data -------------------------------------------------------------------------------- */

static fy_status put_sides(const pick *p)
{
    static const struct {
        const char *option, *side;
    } sides[] = { { "--test", "source_test" },
                  { "--target", "target" },
                  { "--target-test", "target_test" } };

    FYI_FORWARD(fyi_put_data_path(p->recipe, "source", p->args->plain[0], NULL));
    for (size_t i = 0; i < FYI_LEN(sides); i++) {
        const char *path = fyi_args_value(p->args, sides[i].option);

        if (path != NULL)
            FYI_FORWARD(fyi_put_data_path(p->recipe, sides[i].side, path, NULL));
    }
    return FY_OK;
}

/* Vectors and series have no range. */
static fy_status choose_look(const pick *p, const char *side, const char *prefix)
{
    fyi_look look = {
        .recipe = p->recipe, .side = prefix, .args = p->args, .prefix = prefix, .why = p->pixels_by
    };
    char key[32];

    FYI_FORWARD(fyi_look_put(&look, &p->pixels));
    (void)snprintf(key, sizeof key, "%s.range", side);
    if (p->has_values || look.has_own_values || fy_recipe_get(p->recipe, key) == NULL)
        return FY_OK;
    return fyi_choose(p->args, p->recipe, key, "mean and deviation of the source", "source");
}

static fy_status count_samples(pick *p, const char *side, int64_t *n)
{
    fy_dataset *d = NULL;

    FYI_FORWARD(fy_recipe_open_side(p->recipe, side, &d));
    *n = fy_dataset_count(d);
    fy_dataset_free(d);
    return FY_OK;
}

/* ---- the training ---------------------------------------------------------------------------- */

static fy_status choose_length(const pick *p)
{
    const int64_t both = p->target > 0 ? FYI_MIN(p->source, p->target) : p->source;
    const char *holdout = fy_recipe_get(p->recipe, "holdout");
    const double kept = 1 - (holdout != NULL ? strtod(holdout, NULL) : 0.1);
    const int64_t least = FYI_MAX((int64_t)(kept * (double)both) - 1, (int64_t)2);
    const int64_t most = FYI_MAX(p->source, p->target);
    const int64_t batch = least >= 64 ? 64 : FYI_MAX(least / 2, 2);
    const int64_t epochs = most < 2000 ? 20 : most < 20000 ? 10 : 6;
    char why[96];

    (void)snprintf(why, sizeof why, "%lld samples of the source, %lld of the target",
                   (long long)p->source, (long long)p->target);
    FYI_FORWARD(fyi_choose(p->args, p->recipe, "distill.batch", why, "%lld", (long long)batch));
    return fyi_choose(p->args, p->recipe, "distill.epochs", why, "%lld", (long long)epochs);
}

static fy_status make_recipe(void *arg)
{
    static const char text[] = "name: distill\nmethod: distill\n";
    pick *p = arg;
    const bool has_target = fyi_args_value(p->args, "--target") != NULL;

    FYI_FORWARD(fy_recipe_parse("distill", text, sizeof text - 1, &p->recipe));
    FYI_FORWARD(put_teachers(p));
    FYI_FORWARD(put_words(p));
    FYI_FORWARD(put_sides(p));
    FYI_FORWARD(choose_look(p, "source", "source."));
    if (has_target)
        FYI_FORWARD(choose_look(p, "target", "target."));
    FYI_FORWARD(fyi_apply_settings(p->args, p->recipe, ""));
    FYI_FORWARD(count_samples(p, "source", &p->source));
    if (has_target)
        FYI_FORWARD(count_samples(p, "target", &p->target));
    FYI_FORWARD(choose_length(p));
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
    fy_recipe_free(p.recipe);
    return code;
}

const fyi_verb fyi_verb_distill = {
    .name = "distill",
    .line = "teach a student by what a trained model says",
    .usage = "PATH --teacher FILE [--student FAMILY] [--target PATH] [options] [key=value ...]",
    .help =
        "PATH holds labelled data of what the teacher knows: a folder with a folder of pictures "
        "per "
        "class, a\n"
        "list, archives, an idx, npy or CIFAR file. Without --target a smaller network learns what "
        "the teacher\n"
        "knows. With it the student, by default a copy of the teacher of which only the last "
        "layers "
        "move, learns\n"
        "the target's few labels and does not lose the source; then it learns the source again "
        "from "
        "itself. What\n"
        "is not given is picked and said. key=value sets any key of 'ferry help recipe'.\n"
        "\n"
        "Examples:\n"
        "  ferry distill photos --teacher resnet56.safetensors --student resnet20_cifar\n"
        "  ferry distill lab --teacher model.safetensors --target field --target-test field-test\n"
        "  ferry distill digits:clean:2000 --teacher-model lenet --target digits:noisy:200 \\\n"
        "      --losses \"soft hint\" distill.taps=conv2 distill.epochs=3\n",
    .options = options,
    .run = run,
};

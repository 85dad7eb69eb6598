/* cmd_help.c: ferry help: verbs, one verb, and the lists of keys, methods and models. */
#include "cli/cli.h"

#include <string.h>

static const fyi_option options[] = {
    FYI_OPTION_HELP,
    { NULL, NULL, NULL },
};

void fyi_print_verbs(FILE *to)
{
    fprintf(to, "ferry %s carries trained models to new data.\n\n", fy_version());
    for (size_t i = 0; fyi_verbs[i] != NULL; i++)
        fprintf(to, "  ferry %-12s %s\n", fyi_verbs[i]->name, fyi_verbs[i]->line);
    fprintf(to,
            "\n'ferry demo' is a good beginning; 'ferry help VERB' shows options and examples.\n");
}

void fyi_print_verb_help(FILE *to, const fyi_verb *v)
{
    fprintf(to, "ferry %s: %s\n\nusage: ferry %s %s\n\n%s\nOptions:\n", v->name, v->line, v->name,
            v->usage, v->help);
    for (const fyi_option *o = v->options; o->name != NULL; o++) {
        char left[48];

        (void)snprintf(left, sizeof left, "%s%s%s", o->name, o->value ? " " : "",
                       o->value ? o->value : "");
        fprintf(to, "  %-20s %s\n", left, o->help);
    }
}

int fyi_print_version(void)
{
    fy_device *dev = NULL;

    if (fy_device_open("cpu", &dev) != FY_OK)
        return fyi_failed();
    printf("ferry %s\n%s\n", fy_version(), fy_device_text(dev));
    fy_device_close(dev);
    return FYI_DONE;
}

/* ---- topics ---------------------------------------------------------------------------------- */

static void print_key(const fy_recipe_key *k)
{
    printf("  %s", k->key);
    if (k->standard[0] != '\0')
        printf(" = %s", k->standard);
    printf("\n      %s\n      %s%s%s\n", k->help, k->type, k->needs ? "; needs " : "",
           k->needs ? k->needs : "");
}

static void print_recipe(void)
{
    fy_recipe_key k;

    printf(
        "A recipe is a YAML file. 'a.b' is the key b below a:\n\n"
        "  a:\n"
        "    b: value\n\n"
        "<side> is, to adapt: source (labelled, to learn from), source_test (optional), target "
        "(to adapt to;\n"
        "its labels are never used for training), target_eval (optional). To fine-tune: train, val "
        "(optional),\n"
        "test (optional); val and test are prepared like train unless they say otherwise. To "
        "learn from\n"
        "several modalities: part_1, part_2 to part_8, each with part_1_val and part_1_test "
        "(optional), prepared\n"
        "like part_1; <m> is a modality's number. Arms "
        "are\n"
        "what 'ferry compare' runs, and a search's space is what 'ferry search' tries. After '=' "
        "stands the default.\n\n");
    for (int i = 0; fy_recipe_known(i, &k); i++)
        print_key(&k);
}

static void print_augment(void)
{
    fy_recipe_key k;

    printf("How training samples are changed each time they are shown. After '=' stands the "
           "default.\n\n");
    for (int i = 0; fy_recipe_augment_known(i, &k); i++)
        print_key(&k);
}

static void print_models(void)
{
    for (const char *const *name = fy_model_families(); *name != NULL; name++)
        printf("  %-16s %s\n", *name, fy_model_family_text(*name));
}

static void print_methods(void)
{
    for (int i = 0; fy_recipe_method(i) != NULL; i++)
        printf("  %-16s %s\n", fy_recipe_method(i), fy_recipe_method_text(i));
}

static void print_losses(void)
{
    for (const char *const *name = fy_kd_losses(); *name != NULL; name++)
        printf("  %-16s %s\n  %-16s compares %s\n", *name, fy_kd_text(*name), "",
               fy_kd_needs(*name));
}

static const struct topic {
    const char *name;
    void (*print)(void);
} topics[] = { { "recipe", print_recipe },
               { "augment", print_augment },
               { "models", print_models },
               { "methods", print_methods },
               { "losses", print_losses } };

static int run(const fyi_args *a)
{
    const fyi_verb *v;
    const char *word = a->n_plain > 0 ? a->plain[0] : NULL, *near;

    if (word == NULL)
        return fyi_print_verbs(stdout), FYI_DONE;
    for (size_t i = 0; i < FYI_LEN(topics); i++)
        if (strcmp(word, topics[i].name) == 0)
            return topics[i].print(), FYI_DONE;
    v = fyi_verb_find(word);
    if (v != NULL)
        return fyi_print_verb_help(stdout, v), FYI_DONE;
    near = fyi_verb_nearest(word);
    return fyi_misused(a->verb, "there is no verb or topic '%s'%s%s%s", word,
                       near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static const char *const words[] = { "recipe", "augment", "models", "methods", "losses", NULL };

const fyi_verb fyi_verb_help = {
    .name = "help",
    .line = "about a verb, or: recipe, augment, models, methods, losses",
    .usage = "[VERB | recipe | augment | models | methods | losses]",
    .help = "Examples:\n"
            "  ferry help run\n"
            "  ferry help recipe        # every key with type, default and meaning\n"
            "  ferry help models\n",
    .options = options,
    .run = run,
    .words = words,
};

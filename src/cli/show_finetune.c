/* show_finetune.c: what a fine-tuning came to, on the terminal. */
#include "cli/cli.h"

#include <jansson.h>
#include <math.h>

static void print_row(const char *name, double share, const char *of)
{
    if (isfinite(share))
        printf("  %-24s%7.2f%%   %s\n", name, 100 * share, of);
}

/* Of weights.json, where weights were given. */
static void print_fit(const char *run_dir)
{
    char path[FY_RUN_DIR_MAX + 16];
    json_t *root;
    const char *file, *summary;

    (void)snprintf(path, sizeof path, "%s/weights.json", run_dir);
    root = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
    file = json_string_value(json_object_get(root, "file"));
    summary = json_string_value(json_object_get(root, "summary"));
    if (file != NULL && summary != NULL)
        printf("weights '%s': %s; %s lists them\n\n", file, summary, path);
    json_decref(root);
}

void fyi_show_finetune(fy_recipe *r, const fy_recipe_result *result)
{
    const fy_finetune_report *f = &result->report.finetune;
    char of[64];

    printf("%s, seed %s: %.0f s, %lld epochs, %lld of %lld values moved in the last part\n\n",
           fy_recipe_name(r), fy_recipe_get(r, "seed"), result->seconds, (long long)f->epochs,
           (long long)f->moved, (long long)f->all);
    print_fit(result->run_dir);
    (void)snprintf(of, sizeof of, "of the %s after epoch %lld, which is kept",
                   f->ema > 0 ? "average" : "model", (long long)f->best_epoch);
    print_row("validation, at first", f->before, "before the first step");
    print_row("validation", f->val_accuracy, of);
    print_row("test", f->test_accuracy, "looked at once");
    printf("\nModel: %s/best.safetensors\n", result->run_dir);
}

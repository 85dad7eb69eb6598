/* show_distill.c: what a distillation came to, as a table of networks and domains on the terminal. */
#include "cli/cli.h"

#include <math.h>
#include <string.h>

#define SHARE_WIDTH 12

static void print_row(const char *name, const fy_distill_figures *f, bool has_target, bool is_chosen)
{
    if (!f->is_there)
        return;
    printf("  %-24s", name);
    fyi_print_share(SHARE_WIDTH, f->source);
    if (has_target)
        fyi_print_share(SHARE_WIDTH, f->target);
    fyi_print_share(SHARE_WIDTH, f->source_val);
    if (has_target)
        fyi_print_share(SHARE_WIDTH, f->target_val);
    printf("%s\n", is_chosen ? "   chosen" : "");
}

void fyi_show_distill(fy_recipe *r, const fy_recipe_result *result)
{
    const fy_distill_report *d = &result->report.distill;
    const bool has_target = isfinite(d->student.target_val);
    const struct {
        const char *name, *key;
        const fy_distill_figures *f;
    } rows[] = { { "teacher", "teacher", &d->teacher },
                 { "student", "student", &d->student },
                 { "re-distilled", "redistilled", &d->redistilled },
                 { "fine-tuned, for comparison", "", &d->finetuned } };

    printf("%s, seed %s: %.0f s, %lld epochs, %lld of %lld values of the student moved\n\n",
           fy_recipe_name(r), fy_recipe_get(r, "seed"), result->seconds, (long long)d->epochs,
           (long long)d->moved, (long long)d->all);
    printf("  %-24s%12s%s%12s%s\n", "accuracy on", "source", has_target ? "      target" : "",
           "val.", has_target ? "  val. target" : "");
    for (size_t i = 0; i < FYI_LEN(rows); i++)
        print_row(rows[i].name, rows[i].f, has_target, strcmp(rows[i].key, d->chosen) == 0);
    if (has_target && !d->holds)
        printf("\nNo epoch's student kept the source as well as was asked for "
               "(distill.source_drop).\n");
    if (has_target && isnan(d->teacher.target_val))
        printf("\nThe teacher has no class for the target's, so it was not imitated there.\n");
    else if (has_target && !d->teaches_target)
        printf("\nThe teacher is no better than chance on the target, so it was not imitated "
               "there.\n");
    printf("\nModel: %s/chosen.safetensors\n", result->run_dir);
}

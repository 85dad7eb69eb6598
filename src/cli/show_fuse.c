/* show_fuse.c: what learning from several modalities came to, on the terminal: the whole, then what each modality has come
 * to. */
#include "cli/cli.h"

#include <math.h>

#define SHARE_WIDTH 10

static void print_number(double v)
{
    if (isfinite(v))
        printf("%10.3f", v);
    else
        printf("%10s", "-");
}

static void print_branch(fy_recipe *r, int m, const fy_fuse_report *f, bool has_beta)
{
    const fy_fuse_branch *b = &f->branches[m];
    char key[32];
    const char *name;

    (void)snprintf(key, sizeof key, "encoder_%d.name", m + 1);
    name = fy_recipe_get(r, key);
    printf("  %-20s", name != NULL ? name : key);
    fyi_print_share(SHARE_WIDTH, b->accuracy);
    fyi_print_share(SHARE_WIDTH, b->val);
    fyi_print_share(SHARE_WIDTH, b->probe);
    fyi_print_share(SHARE_WIDTH, b->shapley);
    print_number(b->unique);
    if (has_beta)
        print_number(b->beta);
    printf("%s\n", m == f->weak ? "   weak" : "");
}

static bool has_betas(const fy_fuse_report *f)
{
    for (int m = 0; m < f->n; m++)
        if (isfinite(f->branches[m].beta))
            return true;
    return false;
}

void fyi_show_fuse(fy_recipe *r, const fy_recipe_result *result)
{
    const fy_fuse_report *f = &result->report.fuse;
    const bool has_beta = has_betas(f);

    printf("%s, %s, seed %s: %.0f s, %lld epochs, epoch %lld kept, %lld values moved\n\n",
           fy_recipe_name(r), fy_recipe_get(r, "method"), fy_recipe_get(r, "seed"), result->seconds,
           (long long)f->epochs, (long long)f->best_epoch, (long long)f->moved);
    printf("  %-20s%10s%10s%10s%10s%10s%s\n", "", "accuracy", "val.", "probe", "Shapley", "unique",
           has_beta ? "      beta" : "");
    printf("  %-20s", "all together");
    fyi_print_share(SHARE_WIDTH, f->fused);
    fyi_print_share(SHARE_WIDTH, f->fused_val);
    printf("\n");
    for (int m = 0; m < f->n; m++)
        print_branch(r, m, f, has_beta);
    printf(
        "\naccuracy: of the whole, or of one modality alone; probe: of a linear classifier on its "
        "features;\n"
        "Shapley: its share of the whole's accuracy; unique: nats that only it knows, at "
        "least\n"
        "\nPredict: ferry predict %s --part NAME=PATH ...\n",
        result->run_dir);
}

/* show_hdnet.c: what staged multimodal distillation came to, on the terminal: a line for each strategy on each target, and plain
 * fine-tuning beside it. */
#include "cli/cli.h"

#include <math.h>
#include <string.h>

#define SHARE_WIDTH 10

static void print_way(const fy_hdnet_way *w, const char *name, bool is_chosen)
{
    printf("    %-18s", name);
    for (int k = 0; k < FY_HDNET_STAGES; k++)
        fyi_print_share(SHARE_WIDTH, w->stages[k].is_there ? w->stages[k].fused : (double)NAN);
    fyi_print_share(SHARE_WIDTH, w->stages[w->kept].fused_val);
    printf("   stage %d%s\n", w->kept + 1, is_chosen ? ", chosen" : "");
}

static void print_target(const fy_hdnet_result *r, const char *name)
{
    static const char *const ways[FY_HDNET_WAYS] = { "soft", "hard", "hybrid" };

    printf("  %s, %lld test samples\n", name, (long long)r->test);
    for (int k = 0; k < FY_HDNET_WAYS; k++)
        if (r->ways[k].is_there)
            print_way(&r->ways[k], ways[k], k == r->chosen);
    if (!r->finetuned.is_there)
        return;
    printf("    %-18s%10s%10s", "fine-tuned", "", "");
    fyi_print_share(SHARE_WIDTH, r->finetuned.fused);
    fyi_print_share(SHARE_WIDTH, r->finetuned.fused_val);
    printf("\n");
}

/* The names in "[a, b]", one after the other; "target" where there are none. */
static void name_of(fy_recipe *r, int t, char name[80])
{
    const char *list = fy_recipe_get(r, "held_out");

    (void)snprintf(name, 80, "target");
    for (int i = 0; list != NULL && *list != '\0'; i++) {
        const size_t skip = strspn(list, "[, \""), n = strcspn(list + skip, ",]\"");

        if (n == 0)
            return;
        if (i == t)
            (void)snprintf(name, 80, "%.*s", (int)FYI_MIN(n, (size_t)79), list + skip);
        list += skip + n + (list[skip + n] == '"');
    }
}

void fyi_show_hdnet(fy_recipe *r, const fy_recipe_result *result)
{
    const fy_hdnet_report *h = &result->report.hdnet;
    char name[80];

    printf("%s, hdnet, seed %s: %.0f s, %lld epochs of the source, epoch %lld kept\n\n",
           fy_recipe_name(r), fy_recipe_get(r, "seed"), result->seconds, (long long)h->epochs,
           (long long)h->source.epoch);
    printf("  %-20s%10s%10s%10s%10s   kept\n", "test accuracy after", "stage 1", "stage 2",
           "stage 3", "val.");
    for (int t = 0; t < h->n_targets; t++) {
        name_of(r, t, name);
        print_target(&h->targets[t], name);
    }
    if (isfinite(h->finetuned))
        printf("\n%.1f %% on average, plain fine-tuning %.1f %%: %+.1f points\n", 100 * h->target,
               100 * h->finetuned, 100 * (h->target - h->finetuned));
    else
        printf("\n%.1f %% on average\n", 100 * h->target);
}

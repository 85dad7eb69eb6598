/* fused_json.c: who learned what, as JSON.
 *
 *   {"method": "dgl", "modalities": ["image", "sound"], "weak": "sound", "samples": 500, "is_test": true,
 *    "fused": 0.98, "fused_val": 0.97, "without": 0.1, "epochs": 20, "best_epoch": 12, "moved": 123456,
 *    "branches": [{"name": "image", "accuracy": .., "val": .., "probe": .., "shapley": .., "unique": .., "beta": ..}, ..],
 *    "subsets": [{"parts": ["image"], "accuracy": ..}, ..]}
 *
 * What nobody knows is null. */
#include "train/fused.h"
#include "train/json.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static json_t *names(const fy_fused *f, unsigned subset)
{
    json_t *list = json_array();
    for (int m = 0; m < f->n; m++)
        if (subset >> m & 1)
            (void)json_array_append_new(list, json_string(fy_fused_name(f, m)));
    return list;
}

static json_t *branches(const fy_fused *f, const fy_fused_figures *figures)
{
    json_t *list = json_array();
    for (int m = 0; m < f->n; m++) {
        const fy_fuse_branch *b = &figures->branches[m];
        (void)json_array_append_new(
            list, json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "name", fy_fused_name(f, m),
                            "accuracy", fyi_json_of(b->accuracy), "val", fyi_json_of(b->val),
                            "probe", fyi_json_of(b->probe), "shapley", fyi_json_of(b->shapley),
                            "unique", fyi_json_of(b->unique), "beta", fyi_json_of(b->beta)));
    }
    return list;
}

static json_t *subsets(const fy_fused *f, const fy_fused_figures *figures)
{
    json_t *list = json_array();
    for (unsigned s = 1; s < 1u << f->n; s++)
        (void)json_array_append_new(list, json_pack("{s:o, s:o}", "parts", names(f, s), "accuracy",
                                                    fyi_json_of(figures->subsets[s])));
    return list;
}

static json_t *all(const fy_fused *f, const fy_fused_figures *figures, const fy_fused_about *about)
{
    return json_pack("{s:s, s:o, s:s, s:I, s:b, s:o, s:o, s:o, s:I, s:I, s:I, s:o, s:o}", "method",
                     about->method, "modalities", names(f, FY_ALL_PARTS), "weak",
                     fy_fused_name(f, figures->weak), "samples", (json_int_t)figures->samples,
                     "is_test", figures->is_test, "fused", fyi_json_of(figures->fused), "fused_val",
                     fyi_json_of(figures->fused_val), "without", fyi_json_of(figures->subsets[0]),
                     "epochs", (json_int_t)about->epochs, "best_epoch",
                     (json_int_t)about->best_epoch, "moved", (json_int_t)about->moved, "branches",
                     branches(f, figures), "subsets", subsets(f, figures));
}

fy_status fy_run_write_fused(fy_run *r, const fy_fused *f, const fy_fused_figures *figures,
                             const fy_fused_about *about)
{
    json_t *root = all(f, figures, about);
    char *text = root ? json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(9)) : NULL;
    const fy_status st =
        text ? fy_run_write(r, "fuse.json", text, strlen(text)) : fyi_enomem(4096, "fuse.json");
    free(text);
    json_decref(root);
    return st;
}

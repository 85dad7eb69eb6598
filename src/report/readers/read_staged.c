/* read_staged.c: result.json of a staged distillation.
 *
 *   {"kind": "hdnet", "target": 0.95, "finetuned": 0.92, "targets": {"george": {"strategy": "hybrid", "test": 170, "strategies":
 *    {"hybrid": {"kept": "whole", "fused_val": .., "stages": {"source": {"fused": ..}, "branches": null, "whole": {..}}}}}},
 *    "finetune": {"george": {"fused": .., "fused_val": ..}}} */
#include "report/report.h"

#include <math.h>
#include <string.h>

#define FILE_NAME "result.json"
#define MAX_BYTES ((size_t)1 << 20)

static const char *const stages[FYI_TARGET_STAGES] = { "source", "branches", "whole" };

static void add(fyi_report *r, const fyi_carried *c)
{
    if (r->staged.n < FYI_MAX_CARRIED)
        r->staged.v[r->staged.n++] = *c;
}

static void read_way(fyi_report *r, const json_t *from, fyi_carried *c)
{
    const json_t *of = json_object_get(from, "stages");
    const char *kept = fyi_json_text(r, from, "kept");

    for (int k = 0; k < FYI_TARGET_STAGES; k++) {
        c->stage[k] = fyi_json_share(r, FILE_NAME, json_object_get(of, stages[k]), "fused");
        c->kept = strcmp(kept, stages[k]) == 0 ? k : c->kept;
    }
    c->val = fyi_json_share(r, FILE_NAME, from, "fused_val");
    add(r, c);
}

static void read_finetuned(fyi_report *r, const json_t *from, const char *target)
{
    if (json_is_object(from))
        add(r, &(fyi_carried){ .target = target,
                               .name = "plain fine-tuning",
                               .stage = { NAN, NAN, fyi_json_share(r, FILE_NAME, from, "fused") },
                               .val = fyi_json_share(r, FILE_NAME, from, "fused_val"),
                               .kept = -1 });
}

static void read_target(fyi_report *r, const char *name, const json_t *from, const json_t *finetune)
{
    const char *target = fyi_report_dup(r, name), *chosen = fyi_json_text(r, from, "strategy"), *way;
    const int64_t test = fyi_json_whole(from, "test");
    json_t *of;

    r->staged.n_targets++;
    r->staged.test += FYI_MAX(test, (int64_t)0);
    json_object_foreach(json_object_get(from, "strategies"), way, of)
        read_way(r, of,
                 &(fyi_carried){ .target = target,
                                 .name = fyi_report_dup(r, way),
                                 .is_chosen = strcmp(way, chosen) == 0 });
    read_finetuned(r, json_object_get(finetune, name), target);
}

void fyi_read_staged(fyi_report *r)
{
    json_t *root = strcmp(r->result.kind, "hdnet") == 0 ? fyi_report_json(r, FILE_NAME, MAX_BYTES)
                                                        : NULL,
           *target;
    const char *name;

    if (root == NULL)
        return;
    r->staged.is_there = true;
    r->staged.target = fyi_json_share(r, FILE_NAME, root, "target");
    r->staged.finetuned = fyi_json_share(r, FILE_NAME, root, "finetuned");
    json_object_foreach(json_object_get(root, "targets"), name, target)
        read_target(r, name, target, json_object_get(root, "finetune"));
    json_decref(root);
}

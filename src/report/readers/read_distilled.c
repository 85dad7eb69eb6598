/* read_distilled.c: result.json of a distillation.
 *
 *   {"kind": "distill", "teacher": {"source": 0.987, "target": 0.79, "source_val": .., "target_val": .., "epoch": 5},
 *    "student": .., "redistilled": .., "finetuned": null, "chosen": "redistilled", "moved": 30580, "values": 431080, ..} */
#include "report/report.h"

#include <math.h>
#include <string.h>

#define FILE_NAME "result.json"
#define MAX_BYTES ((size_t)1 << 20)

static const char *const networks[FYI_NETWORKS] = {
    [FYI_TEACHER] = "teacher", [FYI_STUDENT] = "student", [FYI_REDISTILLED] = "redistilled", [FYI_FINETUNED] = "finetuned"
};

static fyi_network read_network(fyi_report *r, const json_t *from)
{
    return (fyi_network){ .is_there = json_is_object(from),
                          .source = fyi_json_share(r, FILE_NAME, from, "source"),
                          .target = fyi_json_share(r, FILE_NAME, from, "target"),
                          .source_val = fyi_json_share(r, FILE_NAME, from, "source_val"),
                          .target_val = fyi_json_share(r, FILE_NAME, from, "target_val"),
                          .epoch = fyi_json_whole(from, "epoch") };
}

void fyi_read_distilled(fyi_report *r)
{
    fyi_distilled *d = &r->distilled;
    json_t *root =
        strcmp(r->result.kind, "distill") == 0 ? fyi_report_json(r, FILE_NAME, MAX_BYTES) : NULL;

    if (root == NULL)
        return;
    const char *chosen = fyi_json_text(r, root, "chosen");

    d->is_there = true;
    d->chosen = -1;
    for (int i = 0; i < FYI_NETWORKS; i++) {
        d->v[i] = read_network(r, json_object_get(root, networks[i]));
        d->has_target = d->has_target || isfinite(d->v[i].target);
        if (strcmp(chosen, networks[i]) == 0)
            d->chosen = i;
    }
    d->moved = fyi_json_whole(root, "moved");
    d->all = fyi_json_whole(root, "values");
    d->holds = json_is_true(json_object_get(root, "holds"));
    d->teaches_target = json_is_true(json_object_get(root, "teaches_target"));
    json_decref(root);
}

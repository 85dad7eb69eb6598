/* read_tuned.c: result.json of a fine-tuning.
 *
 *   {"kind": "finetune", "before": 0.12, "val_accuracy": 0.86, "val_loss": 0.4, "test_accuracy": null, "epochs": 10,
 *    "best_epoch": 7, "moved": 5130, "values": 11181642, "lr": 0.005, "ema": 0, ..} */
#include "report/report.h"

#include <math.h>
#include <string.h>

#define FILE_NAME "result.json"
#define MAX_BYTES ((size_t)1 << 20)

static const struct {
    const char *key;
    size_t at;
} shares[] = {
    { "before", offsetof(fyi_tuned, before) },
    { "val_accuracy", offsetof(fyi_tuned, val_accuracy) },
    { "test_accuracy", offsetof(fyi_tuned, test_accuracy) },
};

static const struct {
    const char *key;
    size_t at;
} wholes[] = {
    { "epochs", offsetof(fyi_tuned, epochs) },
    { "best_epoch", offsetof(fyi_tuned, best_epoch) },
    { "moved", offsetof(fyi_tuned, moved) },
    { "values", offsetof(fyi_tuned, all) },
};

void fyi_read_tuned(fyi_report *r)
{
    fyi_tuned *t = &r->tuned;
    json_t *root =
        strcmp(r->result.kind, "finetune") == 0 ? fyi_report_json(r, FILE_NAME, MAX_BYTES) : NULL;

    if (root == NULL)
        return;
    t->is_there = true;
    for (size_t i = 0; i < FYI_LEN(shares); i++)
        *(double *)(void *)((char *)t + shares[i].at) =
            fyi_json_share(r, FILE_NAME, root, shares[i].key);
    for (size_t i = 0; i < FYI_LEN(wholes); i++)
        *(int64_t *)(void *)((char *)t + wholes[i].at) = fyi_json_whole(root, wholes[i].key);
    t->val_loss = fyi_json_number(root, "val_loss");
    t->lr = fyi_json_number(root, "lr");
    t->ema = fyi_json_number(root, "ema");
    json_decref(root);
}

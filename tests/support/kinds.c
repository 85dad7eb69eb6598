#include "support/kinds.h"

#include <string.h>

#define MACHINE "name: small\nkernel_times: \"\"\nworkers: 0\nthreads: 1\n"
#define CLEAN "{format: digits, style: clean, n: 120, size: 28}\n"
#define NOISY "{format: digits, style: noisy, n: 60, size: 28}\n"
#define FACTS                                                                      \
    "part_1: {format: facts, modality: 0, n: 200, redundant: 2, unique: [1, 0]}\n" \
    "part_2: {format: facts, modality: 1, n: 200, redundant: 2, unique: [1, 0]}\n"

static const char finetune[] =
    "method: finetune\n"
    "train: " CLEAN "val: " NOISY "model: {family: lenet}\n"
    "finetune: {train: head-first, head_epochs: 2, epochs: 2, batch: 24}\n";

static const char adapt[] =
    "method: adda\n"
    "source: " CLEAN "target: {format: digits, style: inverted, n: 80, size: 28}\n"
    "adda: {source_epochs: 1, source_batch: 24, steps: 12, batch: 16, evaluations: 4}\n";

static const char distill[] =
    "method: distill\n"
    "source: " CLEAN "source_val: " CLEAN "target: " NOISY "target_val: " NOISY
    "teacher: {family: lenet}\n"
    "distill: {epochs: 3, batch: 24, teacher_epochs: 1, rounds: 2, redistil_epochs: 1}\n";

static const char fuse[] = "method: dgl\n" FACTS "holdout: 0.3\n"
                           "pair: {test: 0.2}\n"
                           "encoder_1: {family: mlp}\n"
                           "encoder_2: {family: mlp}\n"
                           "fuse: {fusion: fusion_concat, features: 8, epochs: 4, batch: 20}\n";

static const char hdnet[] =
    "method: hdnet\n"
    "strategy: hybrid\n" FACTS "holdout: 0.2\n"
    "domain: {of_source: 0.5, finetune: 0.3, train: 0.3, val: 0.2, test: 0.2}\n"
    "shift_1: {rotate_deg: 60}\n"
    "hdnet: {features: 8, epochs: 2, batch: 20, branch_epochs: 2, whole_epochs: 2,\n"
    "  target_batch: 10, finetuned: false}\n";

const fyt_kind fyt_kinds[] = {
    { "finetune", finetune, "finetune.lr: log 1e-5 1e-1" },
    { "adapt", adapt, "adda.target_lr: log 1e-6 1e-1" },
    { "distill", distill, "distill.lr: log 1e-6 1e-1" },
    { "fuse", fuse, "fuse.lr: log 1e-6 1e-1" },
    { "hdnet", hdnet, "hdnet.lr: log 1e-6 1e-1" },
};
const int fyt_n_kinds = LEN(fyt_kinds);

fy_recipe *fyt_kind_recipe(const fyt_kind *k, const char *more)
{
    char text[4096];
    fy_recipe *r;

    (void)snprintf(text, sizeof text, MACHINE "%s%s", k->recipe, more);
    check_ok(fy_recipe_parse(k->name, text, strlen(text), &r));
    return r;
}

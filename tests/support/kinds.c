#include "support/kinds.h"

#include <string.h>

#define MACHINE "name: small\nkernel_times: \"\"\nworkers: 0\nthreads: 1\n"
#define DIGITS(style, n) "{format: digits, style: " style ", n: " n ", size: 28}\n"
#define FACTS(modality) \
    "{format: facts, modality: " modality ", n: 200, redundant: 2, unique: [1, 0]}\n"

const fyt_kind
    fyt_kinds[] = {
        { "finetune",
          "method: finetune\ntrain: " DIGITS("clean", "120") "val: " DIGITS(
              "noisy",
              "60") "model: {family: lenet}\n"
                    "finetune: {train: head-first, head_epochs: 2, epochs: 2, batch: 24}\n",
          "finetune.lr: log 1e-5 1e-1" },
        { "adapt",
          "method: adda\nsource: " DIGITS("clean", "120") "target: " DIGITS(
              "inverted", "80") "adda: {source_epochs: 1, source_batch: 24, steps: 12, batch: 16, "
                                "evaluations: 4}\n",
          "adda.target_lr: log 1e-6 1e-1" },
        { "distill",
          "method: distill\nsource: " DIGITS("clean", "120") "source_val: " DIGITS("clean", "40") "target: " DIGITS(
              "noisy",
              "60") "target_val: " DIGITS("noisy",
                                          "40") "teacher: {family: lenet}\n"
                                                "distill: {epochs: 3, batch: 24, teacher_epochs: "
                                                "1, rounds: 2, redistil_epochs: 1}\n",
          "distill.lr: log 1e-6 1e-1" },
        { "fuse",
          "method: dgl\npart_1: " FACTS("0") "part_2: " FACTS(
              "1") "holdout: 0.3\npair: {test: 0.2}\nencoder_1: {family: mlp}\nencoder_2: {family: "
                   "mlp}\n"
                   "fuse: {fusion: fusion_concat, features: 8, epochs: 4, batch: 20}\n",
          "fuse.lr: log 1e-6 1e-1" },
        { "hdnet",
          "method: hdnet\nstrategy: hybrid\npart_1: " FACTS("0") "part_2: " FACTS(
              "1") "holdout: 0.2\ndomain: {of_source: 0.5, finetune: 0.3, train: 0.3, val: 0.2, "
                   "test: 0.2}\n"
                   "shift_1: {rotate_deg: 60}\n"
                   "hdnet: {features: 8, epochs: 2, batch: 20, branch_epochs: 2, whole_epochs: 2, "
                   "target_batch: 10, finetuned: false}\n",
          "hdnet.lr: log 1e-6 1e-1" },
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

/* hdnet.c: staged multimodal distillation, as a list of stages:
 *
 *   source                       encoders, heads and fusion learn the source, and each other
 *   joint                        the same networks once more from their beginning, by one loss alone: for the comparison
 *   <target>-<strategy>-branches encoders and heads learn the target, from source on
 *   <target>-<strategy>-whole    everything does, from there
 *   <target>-finetune            what all of it is held against, from joint */
#include "methods/hdnet/hdnet.h"

#include <stdio.h>
#include <stdlib.h>

fy_hdnet_opts fy_hdnet_defaults(void)
{
    fy_hdnet_opts o = {
        .strategy = "hybrid",
        .fusion = "fusion_attention",
        .features = 64,
        .heads = 1,
        .head_family = "head",
        .dropout = 0.5,
        .optim = { .name = "adam", .lr = 1e-3, .momentum = 0.9, .beta1 = 0.9 },
        .schedule = "cosine",
        .step_epochs = 1,
        .gamma = 0.1,
        .epochs = 20,
        .batch = 64,
        .branch_epochs = 30,
        .whole_epochs = 15,
        .target_batch = 32,
        .branch_rate = 1,
        .whole_rate = 0.1,
        .aux_loss = "ce",
        .aux_weight = 1,
        .kd_weight = 1,
        .tau = 4,
        .kd_warmup = 5,
        .soft = { .sign = 1, .temperature = 1, .floor = 0.05, .memory = 0.9, .source = 0.3 },
        .hard = { .pressure = 0.1, .is_adaptive = true, .hidden = 64, .rate = 1, .memory = 0.9 },
        .finetuned = true,
        .finetune_rate = 1,
        .augment_target = true,
        .workers = 1,
    };
    for (int m = 0; m < HDNET_MAX; m++)
        o.encoders[m].dropout = -1;
    return o;
}

/* ---- opening ---------------------------------------------------------------------------------------------- */

static void set_none(hdnet_kept *k)
{
    *k = (hdnet_kept){ .best_epoch = -1 };
}

static void set_nothing_found(hdnet_found *f)
{
    set_none(&f->source);
    set_none(&f->joint);
    for (int t = 0; t < FY_HDNET_TARGETS; t++) {
        for (int k = 0; k < FY_HDNET_WAYS; k++) {
            set_none(&f->targets[t].branches[k]);
            set_none(&f->targets[t].whole[k]);
        }
        set_none(&f->targets[t].finetuned);
    }
}

static fy_status open_all(hdnet *h)
{
    fy_status st;
    h->found = calloc(1, sizeof *h->found);
    if (!h->found)
        return fy_error(FY_ENOMEM, "hdnet: no memory for %zu bytes", sizeof *h->found);
    set_nothing_found(h->found);
    FY_TRY(fy_run_keep_data(h->run, "hdnet.found", h->found, sizeof *h->found, NULL));
    FY_TRY(hdnet_open_models(h));
done:
    return st;
}

static void close_all(hdnet *h)
{
    fy_run_forget(h->run); /* what it was asked to keep ends here */
    hdnet_close_models(h);
    free(h->found);
}

/* ---- beginnings ------------------------------------------------------------------------------------------- */

/* True once for each stage, in the order in which they are run; a resumed run is past those that had begun. */
static bool is_to_begin(hdnet *h, int64_t which)
{
    const bool is = h->found->begun <= which;
    h->found->begun = is ? which + 1 : h->found->begun;
    return is;
}

enum { BEGIN_JOINT, BEGIN_TARGETS, BEGINS_OF_TARGET = 2 * FY_HDNET_WAYS + 1 };

static fy_status begin_from(hdnet *h, int64_t which, const char *stage)
{
    return is_to_begin(h, which) ? hdnet_restore(h, stage) : FY_OK;
}

void hdnet_stage_name(const hdnet *h, int target, int way, int stage, char *name, size_t bytes)
{
    const char *of = h->data->targets[target].name;
    if (way < 0)
        (void)snprintf(name, bytes, "%.64s-finetune", of);
    else if (stage == FY_HDNET_SOURCE)
        (void)snprintf(name, bytes, "source");
    else
        (void)snprintf(name, bytes, "%.64s-%s-%s", of, hdnet_strategies[way].name,
                       stage == FY_HDNET_BRANCHES ? "branches" : "whole");
}

/* ---- the stages ------------------------------------------------------------------------------------------- */

static fy_status learn_source(hdnet *h)
{
    hdnet_stage s = { .h = h,
                      .name = "source",
                      .epochs = h->o->epochs,
                      .batch = h->o->batch,
                      .rate = 1,
                      .draws = { [HDNET_SOURCE] = true, [HDNET_UNLABELLED] = h->o->kd_on_target },
                      .moves_fusion = true,
                      .moves_heads = true,
                      .build = hdnet_build_source,
                      .kept = &h->found->source };
    return hdnet_run_stage(&s);
}

static fy_status learn_joint(hdnet *h)
{
    hdnet_stage s = { .h = h,
                      .name = "joint",
                      .epochs = h->o->epochs,
                      .batch = h->o->batch,
                      .rate = 1,
                      .draws = { [HDNET_SOURCE] = true },
                      .moves_fusion = true,
                      .build = hdnet_build_joint,
                      .kept = &h->found->joint };
    fy_status st = FY_OK;
    if (is_to_begin(h, BEGIN_JOINT))
        FY_TRY(hdnet_restart(h));
    FY_TRY(hdnet_run_stage(&s));
done:
    return st;
}

/* Who draws from the source: what is shared learns from it, too, and critics tell it apart. */
static fy_status learn_branches(hdnet *h, int target, int way)
{
    const hdnet_strategy *by = &hdnet_strategies[way];
    const bool replays = by->shares && h->o->soft.source > 0;
    hdnet_stage s = { .h = h,
                      .target = &h->data->targets[target],
                      .by = by,
                      .epochs = h->o->branch_epochs,
                      .batch = h->o->target_batch,
                      .rate = h->o->branch_rate,
                      .draws = { [HDNET_SOURCE] = replays || by->opposes,
                                 [HDNET_LABELLED] = true,
                                 [HDNET_UNLABELLED] = by->opposes },
                      .moves_heads = true,
                      .is_of_branches = true,
                      .has_critics = by->opposes,
                      .build = hdnet_build_branches,
                      .kept = &h->found->targets[target].branches[way] };
    hdnet_stage_name(h, target, way, FY_HDNET_BRANCHES, s.name, sizeof s.name);
    return hdnet_run_stage(&s);
}

static fy_status learn_whole(hdnet *h, int target, int way)
{
    double share[HDNET_MAX];
    hdnet_stage s = { .h = h,
                      .target = &h->data->targets[target],
                      .share = share,
                      .epochs = h->o->whole_epochs,
                      .batch = h->o->target_batch,
                      .rate = h->o->whole_rate,
                      .draws = { [HDNET_LABELLED] = true },
                      .moves_fusion = true,
                      .moves_heads = h->o->whole_aux > 0,
                      .build = hdnet_build_whole,
                      .kept = &h->found->targets[target].whole[way] };
    hdnet_shares(h, &hdnet_strategies[way], h->found->targets[target].branches[way].known, share);
    hdnet_stage_name(h, target, way, FY_HDNET_WHOLE, s.name, sizeof s.name);
    return hdnet_run_stage(&s);
}

/* From stage 1 by one strategy; a stage without epochs is left out. */
static fy_status carry(hdnet *h, int target, int way)
{
    const int64_t begin = BEGIN_TARGETS + (int64_t)target * BEGINS_OF_TARGET + 2 * way;
    char from[128] = "source";
    fy_status st = FY_OK;
    if (h->o->branch_epochs > 0) {
        if (h->found->begun <= begin)
            for (int m = 0; m < h->n && h->critics[m]; m++)
                FY_TRY(fy_model_init(h->critics[m], h->o->seed));
        FY_TRY(begin_from(h, begin, from));
        FY_TRY(learn_branches(h, target, way));
        hdnet_stage_name(h, target, way, FY_HDNET_BRANCHES, from, sizeof from);
    }
    if (h->o->whole_epochs > 0) {
        FY_TRY(begin_from(h, begin + 1, from));
        FY_TRY(learn_whole(h, target, way));
    }
done:
    return st;
}

/* As many steps as stages 2 and 3 together, by labels alone. */
static fy_status finetune(hdnet *h, int target)
{
    hdnet_stage s = { .h = h,
                      .target = &h->data->targets[target],
                      .epochs = h->o->branch_epochs + h->o->whole_epochs,
                      .batch = h->o->target_batch,
                      .rate = h->o->finetune_rate,
                      .draws = { [HDNET_LABELLED] = true },
                      .moves_fusion = true,
                      .build = hdnet_build_joint,
                      .kept = &h->found->targets[target].finetuned };
    fy_status st;
    FY_TRY(begin_from(h, BEGIN_TARGETS + (int64_t)(target + 1) * BEGINS_OF_TARGET - 1, "joint"));
    hdnet_stage_name(h, target, -1, 0, s.name, sizeof s.name);
    FY_TRY(hdnet_run_stage(&s));
done:
    return st;
}

static fy_status learn_target(hdnet *h, int target)
{
    fy_status st = FY_OK;
    for (int k = 0; k < FY_HDNET_WAYS; k++)
        if (h->runs[k])
            FY_TRY(carry(h, target, k));
    if (h->o->finetuned)
        FY_TRY(finetune(h, target));
done:
    return st;
}

static fy_status learn(hdnet *h)
{
    fy_status st;
    FY_TRY(learn_source(h));
    if (h->o->finetuned)
        FY_TRY(learn_joint(h));
    for (int t = 0; t < h->data->n_targets; t++)
        FY_TRY(learn_target(h, t));
done:
    return st;
}

fy_status fy_hdnet(fy_run *r, fy_device *dev, const fy_hdnet_data *data, const fy_hdnet_opts *o,
                   fy_hdnet_report *report)
{
    hdnet h = { .run = r,
                .dev = dev,
                .o = o,
                .data = data,
                .n = fy_parts_modalities(data->source),
                .n_classes = fy_dataset_classes(fy_parts_dataset(data->source, 0)) };
    fy_status st;
    *report = (fy_hdnet_report){ 0 };
    FY_TRY(hdnet_runs(o->strategy, h.runs));
    FY_TRY(hdnet_check(&h));
    FY_TRY(open_all(&h));
    FY_TRY(learn(&h));
    FY_TRY(hdnet_judge(&h, report));
done:
    close_all(&h);
    return st;
}

/* judge.c: what came of it. Validation samples have said by now which epoch of each stage is best; here they say which stage and which
 * strategy. Only then are tests looked at, each kept model once. */
#include "methods/hdnet/hdnet.h"

#include <math.h>
#include <stdlib.h>

/* ---- choosing --------------------------------------------------------------------------------------------- */

static const hdnet_kept *kept_of(const hdnet *h, int target, int way, int stage)
{
    return stage == FY_HDNET_BRANCHES ? &h->found->targets[target].branches[way]
                                      : &h->found->targets[target].whole[way];
}

static bool has_stage(const hdnet *h, int stage)
{
    return stage == FY_HDNET_SOURCE ||
           (stage == FY_HDNET_BRANCHES ? h->o->branch_epochs : h->o->whole_epochs) > 0;
}

/* On the target's validation samples. Stage 1 is where the first of the others began. */
static const hdnet_look *look_of(const hdnet *h, int target, int way, int stage)
{
    const int first = has_stage(h, FY_HDNET_BRANCHES) ? FY_HDNET_BRANCHES : FY_HDNET_WHOLE;
    return stage == FY_HDNET_SOURCE ? &kept_of(h, target, way, first)->first
                                    : &kept_of(h, target, way, stage)->best;
}

static int best_stage(const hdnet *h, int target, int way)
{
    int best = FY_HDNET_SOURCE;
    for (int k = FY_HDNET_BRANCHES; k < FY_HDNET_STAGES; k++)
        if (has_stage(h, k) && look_of(h, target, way, k)->fused.accuracy >=
                                   look_of(h, target, way, best)->fused.accuracy)
            best = k;
    return best;
}

static int best_way(const hdnet *h, int target, const fy_hdnet_result *r)
{
    int best = -1;
    for (int k = 0; k < FY_HDNET_WAYS; k++) {
        if (!h->runs[k])
            continue;
        if (best < 0 || hdnet_is_better(look_of(h, target, best, r->ways[best].kept),
                                        look_of(h, target, k, r->ways[k].kept), false, h->n))
            best = k;
    }
    return best;
}

/* ---- figures ---------------------------------------------------------------------------------------------- */

static void put_val(const hdnet *h, const hdnet_look *l, fy_hdnet_figures *f)
{
    f->fused_val = l->fused.accuracy;
    for (int m = 0; m < h->n; m++)
        f->branch_val[m] = l->branch[m].accuracy;
}

static void put_test(const hdnet *h, const hdnet_look *l, fy_hdnet_figures *f)
{
    f->fused = l->fused.accuracy;
    for (int m = 0; m < h->n; m++)
        f->branch[m] = l->branch[m].accuracy;
}

static fy_hdnet_figures no_figures(void)
{
    fy_hdnet_figures f = { .fused = NAN, .fused_val = NAN, .moved = NAN };
    for (int m = 0; m < HDNET_MAX; m++)
        f.branch[m] = f.branch_val[m] = NAN;
    return f;
}

/* ---- what moved ------------------------------------------------------------------------------------------- */

static double count_values(const fy_model *m, const char *globs)
{
    double n = 0;
    for (int i = 0; i < fy_model_count(m); i++)
        if (!fy_model_param_is_buffer(m, i) && fy_glob(globs, fy_model_param_name(m, i)))
            n += (double)fy_shape_numel(fy_param_shape(fy_model_param(m, i)));
    return n;
}

/* Share of the values of encoders, heads and fusion that a stage could move. */
static double moved_share(const hdnet *h, bool heads, bool fusion)
{
    const double of_fusion = count_values(h->fusion, "*");
    double all = of_fusion, moved = fusion ? of_fusion : 0;
    for (int m = 0; m < h->n; m++) {
        const double of_heads = (double)h->o->heads * count_values(h->heads[m][0], "*");
        all += count_values(h->encoders[m], "*") + of_heads;
        moved += count_values(h->encoders[m], h->moves[m]) + (heads ? of_heads : 0);
    }
    return moved / all;
}

static double moved_by(const hdnet *h, int stage)
{
    return stage == FY_HDNET_SOURCE     ? moved_share(h, true, true)
           : stage == FY_HDNET_BRANCHES ? moved_share(h, true, false)
                                        : moved_share(h, h->o->whole_aux > 0, true);
}

/* ---- one target ------------------------------------------------------------------------------------------- */

static void fill_stage(const hdnet *h, int target, int way, int stage, fy_hdnet_figures *f)
{
    *f = no_figures();
    if (!has_stage(h, stage))
        return;
    f->is_there = true;
    f->epoch = stage == FY_HDNET_SOURCE ? h->found->source.best_epoch
                                        : kept_of(h, target, way, stage)->best_epoch;
    f->moved = moved_by(h, stage);
    put_val(h, look_of(h, target, way, stage), f);
}

static void fill_way(const hdnet *h, int target, int way, fy_hdnet_way *w)
{
    const hdnet_kept *k = kept_of(h, target, way, FY_HDNET_BRANCHES);
    const hdnet_strategy *by = &hdnet_strategies[way];
    const bool has_critics = by->opposes && has_stage(h, FY_HDNET_BRANCHES);
    for (int stage = 0; stage < FY_HDNET_STAGES; stage++)
        fill_stage(h, target, way, stage, &w->stages[stage]);
    w->is_there = true;
    w->kept = best_stage(h, target, way);
    hdnet_shares(h, by, k->known, w->share);
    for (int m = 0; m < HDNET_MAX; m++) {
        w->critic[m] = has_critics ? k->won[m] : (double)NAN;
        w->pressure[m] = has_critics ? hdnet_pressure(&h->o->hard, k->won[m]) : (double)NAN;
    }
}

static void fill_target(const hdnet *h, int target, fy_hdnet_result *r)
{
    const fy_parts *test = h->data->targets[target].test;
    r->test = test ? fy_parts_count(test) : 0;
    r->finetuned = no_figures();
    for (int k = 0; k < FY_HDNET_WAYS; k++)
        if (h->runs[k])
            fill_way(h, target, k, &r->ways[k]);
    r->chosen = best_way(h, target, r);
    if (!h->o->finetuned)
        return;
    r->finetuned.is_there = true;
    r->finetuned.epoch = h->found->targets[target].finetuned.best_epoch;
    r->finetuned.moved = moved_share(h, false, true);
    r->finetuned.fused_val = h->found->targets[target].finetuned.best.fused.accuracy;
}

/* ---- tests ------------------------------------------------------------------------------------------------ */

static fy_status test_stage(hdnet *h, int target, const char *stage, hdnet_look *l)
{
    fy_status st;
    FY_TRY(hdnet_restore(h, stage));
    FY_TRY(hdnet_look_at(h, h->data->targets[target].test, h->o->test_views, l));
done:
    return st;
}

/* Of a strategy that was not chosen only where all of them were asked for. */
static bool is_tested(const hdnet *h, const fy_hdnet_result *r, int way)
{
    return h->runs[way] && (way == r->chosen || h->o->strategy[1] == 'l'); /* "all" */
}

static fy_status test_way(hdnet *h, int target, int way, const hdnet_look *source, fy_hdnet_way *w)
{
    char name[128];
    hdnet_look l;
    fy_status st = FY_OK;
    put_test(h, source, &w->stages[FY_HDNET_SOURCE]);
    for (int k = FY_HDNET_BRANCHES; k < FY_HDNET_STAGES; k++) {
        if (!has_stage(h, k))
            continue;
        hdnet_stage_name(h, target, way, k, name, sizeof name);
        FY_TRY(test_stage(h, target, name, &l));
        put_test(h, &l, &w->stages[k]);
    }
done:
    return st;
}

static fy_status test_target(hdnet *h, int target, fy_hdnet_result *r)
{
    char name[128];
    hdnet_look source, l;
    fy_status st = FY_OK;
    if (!h->data->targets[target].test)
        return st;
    FY_TRY(test_stage(h, target, "source", &source));
    for (int k = 0; k < FY_HDNET_WAYS; k++)
        if (is_tested(h, r, k))
            FY_TRY(test_way(h, target, k, &source, &r->ways[k]));
    if (r->finetuned.is_there) {
        hdnet_stage_name(h, target, -1, 0, name, sizeof name);
        FY_TRY(test_stage(h, target, name, &l));
        r->finetuned.fused = l.fused.accuracy;
    }
done:
    return st;
}

/* ---- what is handed back ---------------------------------------------------------------------------------- */

static fy_status write_subsets(hdnet *h, const fy_hdnet_report *r)
{
    const fy_hdnet_target *t = &h->data->targets[0];
    const fy_hdnet_result *of = &r->targets[0];
    const fy_hdnet_way *w = &of->ways[of->chosen];
    const fy_fused_about about = { "hdnet", h->found->source.epochs, w->stages[w->kept].epoch, 0 };
    fy_fused_figures *v = malloc(sizeof *v);
    fy_status st;
    if (!v)
        return fy_error(FY_ENOMEM, "hdnet: no memory for the figures");
    FY_TRY(fy_fused_measure(h->fused, t->finetune, t->val, t->test, NULL, v));
    FY_TRY(fy_run_write_fused(h->run, h->fused, v, &about));
done:
    free(v);
    return st;
}

static fy_status hand_back(hdnet *h, const fy_hdnet_report *r)
{
    const fy_hdnet_result *of = &r->targets[0];
    const int kept = of->ways[of->chosen].kept;
    char name[128];
    fy_status st;
    hdnet_stage_name(h, 0, of->chosen, kept, name, sizeof name);
    FY_TRY(hdnet_restore(h, name));
    FY_TRY(fy_fused_save(h->fused, h->run));
    FY_TRY(write_subsets(h, r));
done:
    return st;
}

fy_status hdnet_judge(hdnet *h, fy_hdnet_report *r)
{
    const int n = h->data->n_targets;
    fy_status st = FY_OK;
    r->n = h->n;
    r->n_targets = n;
    r->epochs = h->found->source.epochs;
    r->source = no_figures();
    r->source.is_there = true;
    r->source.epoch = h->found->source.best_epoch;
    put_val(h, &h->found->source.best, &r->source);
    r->target = r->finetuned = 0;
    for (int t = 0; t < n; t++)
        fill_target(h, t, &r->targets[t]);
    for (int t = 0; t < n; t++) {
        fy_hdnet_result *of = &r->targets[t];
        FY_TRY(test_target(h, t, of));
        const fy_hdnet_way *w = &of->ways[of->chosen];
        r->target += w->stages[w->kept].fused / n;
        r->finetuned += of->finetuned.fused / n;
    }
    FY_TRY(hand_back(h, r));
done:
    return st;
}

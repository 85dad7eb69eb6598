/* kind_hdnet.c: what staged multimodal distillation takes and reports: modalities of a source, and of one or several targets, and what
 * every stage came to on each of them. */
#include "recipe/hdnet.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

/* ---- what keys alone cannot say -------------------------------------------------------------- */

static fy_status check(const fyi_settings *s, const fyi_entries *t)
{
    static const char *const fronts[] = { "encoder_", "augment_", "shift_", NULL };
    const fyi_pair_settings *pair = &fyi_fuse_options_of(s)->pair;

    for (int m = fyi_fuse_count(s); m < FY_MAX_MODALITIES; m++)
        if (fyi_has_side(s, FYI_PART + m))
            return fyi_fail(FY_EINVAL,
                            "recipe %s: there is a data side '%s' and no '%s'; number the "
                            "modalities without a gap",
                            t->path, fyi_side_names[FYI_PART + m],
                            fyi_side_names[FYI_PART + fyi_fuse_count(s)]);
    FYI_FORWARD(fyi_fuse_check_sections(s, t, fronts));
    FYI_FORWARD(fyi_fuse_check_names(s, t));
    FYI_FORWARD(fyi_fuse_check_modality(s, t, "pair.anchor", pair->anchor));
    if (pair->test > 0)
        return fyi_fail(FY_EINVAL,
                        "recipe %s: 'pair.test' is for methods of one domain; a target's test is "
                        "domain.test of its samples",
                        t->path);
    return fyi_domains_check(s, t);
}

/* What decides which samples are in which set. */
static void data_text(const fyi_settings *s, fyi_buf *out)
{
    const fyi_hdnet_options *o = fyi_hdnet_options_of(s);

    fyi_fuse_data_text(s, out);
    for (int i = 0; i < s->run.held_out.n; i++)
        fyi_buf_printf(out, "held out %s\n", s->run.held_out.v[i]);
    for (int k = 0; k < FYI_DOMAIN_SETS; k++)
        fyi_buf_printf(out, "%a\n", o->domain.sets[k]);
    fyi_buf_printf(out, "%a %llu\n", o->domain.of_source, (unsigned long long)s->run.seed.value);
    for (int m = 0; m < fyi_fuse_count(s); m++) {
        const fyi_shift_settings *shift = &o->shift[m];

        fyi_buf_printf(out, "%a %a %a %a %d %llu\n", shift->o.rotate_deg, shift->o.scale,
                       shift->o.offset, shift->o.noise, shift->seed.follows,
                       (unsigned long long)shift->seed.value);
    }
}

/* ---- what the method sees ---------------------------------------------------------------------- */

static fy_status check_source(fyi_recipe_data *d, int m)
{
    FYI_FORWARD(fyi_fuse_need_labels(d, FYI_PART + m));
    FYI_FORWARD(fyi_data_keep_apart(d, FYI_PART + m, FYI_PART_VAL + m));
    return fyi_data_compare(d, FYI_PART + m, FYI_PART_TARGET + m);
}

/* A blind run has them kept from training, and from all eyes. */
static void close_tests(fyi_recipe_data *d)
{
    for (int t = 0; t < d->n_domains; t++) {
        fy_parts **test = &d->domains[t].sets[FYI_DOMAIN_TEST];

        fy_parts_free(*test);
        *test = NULL;
    }
}

static void see(const fyi_recipe_data *d, fy_hdnet_data *out)
{
    *out = (fy_hdnet_data){ .source = d->parts[FYI_SPLIT_TRAIN],
                            .source_val = d->parts[FYI_SPLIT_VAL],
                            .n_targets = d->n_domains };
    for (int t = 0; t < d->n_domains; t++) {
        fy_parts *const *sets = d->domains[t].sets;

        out->targets[t] = (fy_hdnet_target){ .name = d->domains[t].name,
                                             .train = sets[FYI_DOMAIN_TRAIN],
                                             .finetune = sets[FYI_DOMAIN_FINETUNE],
                                             .val = sets[FYI_DOMAIN_VAL],
                                             .test = sets[FYI_DOMAIN_TEST] };
    }
}

/* Training samples lose parts as the recipe says. */
static fy_status drop_source(const fyi_settings *s, fyi_recipe_data *d)
{
    const fyi_pair_settings *o = &fyi_fuse_options_of(s)->pair;
    fy_parts **parts = &d->parts[FYI_SPLIT_TRAIN], *left;

    if (o->drop == 0)
        return FY_OK;
    FYI_FORWARD(fy_parts_drop(*parts, o->drop, fyi_seed_value(s, &o->seed, "source"), &left));
    fy_parts_free(*parts);
    *parts = left;
    return FY_OK;
}

static fy_status view(const fyi_settings *s, fyi_recipe_data *d)
{
    for (int m = 0; m < fyi_fuse_count(s); m++)
        FYI_FORWARD(check_source(d, m));
    FYI_FORWARD(fyi_fuse_pair(s, d, FYI_SPLIT_TRAIN, &d->parts[FYI_SPLIT_TRAIN]));
    FYI_FORWARD(fyi_fuse_pair(s, d, FYI_SPLIT_VAL, &d->parts[FYI_SPLIT_VAL]));
    FYI_FORWARD(drop_source(s, d));
    FYI_FORWARD(fyi_domains_open(s, d));
    if (d->is_blind)
        close_tests(d);
    for (int t = 0; t < d->n_domains; t++)
        if (d->domains[t].sets[FYI_DOMAIN_TEST] != NULL)
            fyi_data_look_at_count(d, FYI_PART_TARGET,
                                   fy_parts_count(d->domains[t].sets[FYI_DOMAIN_TEST]));
    see(d, &d->view.hdnet);
    return FY_OK;
}

/* ---- figures --------------------------------------------------------------------------------- */

static const char *const stage_names[FY_HDNET_STAGES] = { "source", "branches", "whole" };
static const char *const way_names[FY_HDNET_WAYS] = { "soft", "hard", "hybrid" };

static const char *modality(const fyi_recipe_data *d, int m)
{
    return fy_parts_name(d->parts[FYI_SPLIT_TRAIN], m);
}

static void put_number(json_t *to, const char *name, double v)
{
    (void)json_object_set_new(to, name, fyi_json_of(v));
}

/* {"image": .., "sound": ..} */
static json_t *by_modality(const fyi_recipe_data *d, int n, const double *v)
{
    json_t *root = json_object();

    for (int m = 0; m < n; m++)
        put_number(root, modality(d, m), v[m]);
    return root;
}

static json_t *figures_json(const fyi_recipe_data *d, int n, const fy_hdnet_figures *f)
{
    json_t *root = f->is_there ? json_object() : json_null();

    if (!f->is_there)
        return root;
    put_number(root, "fused", f->fused);
    put_number(root, "fused_val", f->fused_val);
    (void)json_object_set_new(root, "branches", by_modality(d, n, f->branch));
    (void)json_object_set_new(root, "branches_val", by_modality(d, n, f->branch_val));
    (void)json_object_set_new(root, "epoch", json_integer(f->epoch));
    put_number(root, "moved", f->moved);
    return root;
}

static json_t *stages_json(const fyi_recipe_data *d, int n, const fy_hdnet_way *w)
{
    json_t *root = json_object();

    for (int k = 0; k < FY_HDNET_STAGES; k++)
        (void)json_object_set_new(root, stage_names[k], figures_json(d, n, &w->stages[k]));
    return root;
}

/* One strategy: what it handed back, and what it did to get there. */
static json_t *way_json(const fyi_recipe_data *d, int n, const fy_hdnet_way *w)
{
    json_t *root = figures_json(d, n, &w->stages[w->kept]);

    (void)json_object_set_new(root, "kept", json_string(stage_names[w->kept]));
    (void)json_object_set_new(root, "share", by_modality(d, n, w->share));
    (void)json_object_set_new(root, "critic", by_modality(d, n, w->critic));
    (void)json_object_set_new(root, "pressure", by_modality(d, n, w->pressure));
    (void)json_object_set_new(root, "stages", stages_json(d, n, w));
    return root;
}

static json_t *target_json(const fyi_recipe_data *d, int n, const fy_hdnet_result *r)
{
    const fy_hdnet_way *chosen = &r->ways[r->chosen];
    json_t *root = figures_json(d, n, &chosen->stages[chosen->kept]), *ways = json_object();

    (void)json_object_set_new(root, "strategy", json_string(way_names[r->chosen]));
    (void)json_object_set_new(root, "kept", json_string(stage_names[chosen->kept]));
    (void)json_object_set_new(root, "test", json_integer(r->test));
    for (int k = 0; k < FY_HDNET_WAYS; k++)
        if (r->ways[k].is_there)
            (void)json_object_set_new(ways, way_names[k], way_json(d, n, &r->ways[k]));
    (void)json_object_set_new(root, "strategies", ways);
    return root;
}

/* The mean over the targets of what chose their models. */
static double target_val(const fy_hdnet_report *r)
{
    double sum = 0;

    for (int t = 0; t < r->n_targets; t++) {
        const fy_hdnet_way *w = &r->targets[t].ways[r->targets[t].chosen];

        sum += w->stages[w->kept].fused_val;
    }
    return r->n_targets > 0 ? sum / r->n_targets : (double)NAN;
}

static void put(const fyi_recipe_data *d, const fy_recipe_result *result, json_t *root)
{
    const fy_hdnet_report *r = &result->report.hdnet;
    json_t *targets = json_object(), *stages = json_object(), *finetune = json_object(),
           *names = json_array();

    for (int m = 0; m < r->n; m++)
        (void)json_array_append_new(names, json_string(modality(d, m)));
    for (int t = 0; t < r->n_targets; t++) {
        const fy_hdnet_result *of = &r->targets[t];
        const char *name = d->domains[t].name;

        (void)json_object_set_new(targets, name, target_json(d, r->n, of));
        (void)json_object_set_new(stages, name, stages_json(d, r->n, &of->ways[of->chosen]));
        (void)json_object_set_new(finetune, name, figures_json(d, 0, &of->finetuned));
    }
    put_number(root, "target", r->target);
    put_number(root, "target_val", target_val(r));
    put_number(root, "finetuned", r->finetuned);
    put_number(root, "gain", r->target - r->finetuned);
    (void)json_object_set_new(root, "modalities", names);
    (void)json_object_set_new(root, "targets", targets);
    (void)json_object_set_new(root, "finetune", finetune);
    (void)json_object_set_new(root, "stages", stages);
    (void)json_object_set_new(root, "source", figures_json(d, r->n, &r->source));
    (void)json_object_set_new(root, "epochs", json_integer(r->epochs));
}

/* ---- and back ---------------------------------------------------------------------------------- */

static int index_of(const char *const *names, int n, const json_t *name)
{
    const char *text = json_string_value(name);

    for (int i = 0; i < n && text != NULL; i++)
        if (strcmp(names[i], text) == 0)
            return i;
    return 0;
}

/* Modalities come in the order in which they were put. */
static void take_modalities(const json_t *from, double v[FY_MAX_MODALITIES])
{
    const char *name;
    json_t *value;
    int m = 0;

    for (int i = 0; i < FY_MAX_MODALITIES; i++)
        v[i] = NAN;
    json_object_foreach((json_t *)from, name, value)
    {
        if (m < FY_MAX_MODALITIES)
            v[m++] = json_is_number(value) ? json_number_value(value) : (double)NAN;
    }
}

static void take_figures(const json_t *from, fy_hdnet_figures *f)
{
    f->is_there = json_is_object(from);
    f->fused = fyi_json_at(from, "fused");
    f->fused_val = fyi_json_at(from, "fused_val");
    f->moved = fyi_json_at(from, "moved");
    f->epoch = json_integer_value(json_object_get(from, "epoch"));
    take_modalities(json_object_get(from, "branches"), f->branch);
    take_modalities(json_object_get(from, "branches_val"), f->branch_val);
}

static void take_way(const json_t *from, fy_hdnet_way *w)
{
    const json_t *stages = json_object_get(from, "stages");

    w->is_there = json_is_object(from);
    w->kept = index_of(stage_names, FY_HDNET_STAGES, json_object_get(from, "kept"));
    take_modalities(json_object_get(from, "share"), w->share);
    take_modalities(json_object_get(from, "critic"), w->critic);
    take_modalities(json_object_get(from, "pressure"), w->pressure);
    for (int k = 0; k < FY_HDNET_STAGES; k++)
        take_figures(json_object_get(stages, stage_names[k]), &w->stages[k]);
}

static void take_target(const json_t *from, fy_hdnet_result *r)
{
    const json_t *ways = json_object_get(from, "strategies");

    r->chosen = index_of(way_names, FY_HDNET_WAYS, json_object_get(from, "strategy"));
    r->test = json_integer_value(json_object_get(from, "test"));
    for (int k = 0; k < FY_HDNET_WAYS; k++)
        take_way(json_object_get(ways, way_names[k]), &r->ways[k]);
}

static void take(const json_t *root, fy_recipe_result *result)
{
    fy_hdnet_report *r = &result->report.hdnet;
    const json_t *finetune = json_object_get(root, "finetune");
    const char *name;
    json_t *target;

    *r = (fy_hdnet_report){ .target = fyi_json_at(root, "target"),
                            .finetuned = fyi_json_at(root, "finetuned"),
                            .epochs = json_integer_value(json_object_get(root, "epochs")) };
    r->n = (int)FYI_MIN(json_array_size(json_object_get(root, "modalities")),
                        (size_t)FY_MAX_MODALITIES);
    take_figures(json_object_get(root, "source"), &r->source);
    json_object_foreach(json_object_get(root, "targets"), name, target)
    {
        if (r->n_targets == FY_HDNET_TARGETS)
            break;
        take_target(target, &r->targets[r->n_targets]);
        take_figures(json_object_get(finetune, name), &r->targets[r->n_targets++].finetuned);
    }
}

static const fyi_search_figure searched[] = {
    { "target_val", "*-branches *-whole", "val.fused", false, FYI_SIDES },
    { "targets.*.fused_val", "*-branches *-whole", "val.fused", false, FYI_SIDES },
    { "source.fused_val", "source", "val.fused", false, FYI_SIDES },
    { .path = NULL },
};

/* clang-format off */
#define EACH(X) X(0), X(1), X(2), X(3), X(4), X(5), X(6), X(7)
#define HELD_OUT(m) { FYI_PART + (m), FYI_PART_VAL + (m) }
#define TARGET_FOLLOWS(m) { FYI_PART_TARGET + (m), FYI_PART + (m) }
#define ALL_OF(first) ((FYI_SIDE(FY_MAX_MODALITIES) - 1) << (first))
/* clang-format on */
const fyi_kind fyi_kind_hdnet = {
    .id = FY_KIND_HDNET,
    .name = "hdnet",
    .figure = "target",
    .needs = FYI_SIDE(FYI_PART),
    .takes = ALL_OF(FYI_PART) | ALL_OF(FYI_PART_TARGET),
    .held_out = { EACH (HELD_OUT) },
    .n_held_out = FY_MAX_MODALITIES,
    .follows = { EACH (TARGET_FOLLOWS) },
    .n_follows = FY_MAX_MODALITIES,
    .settle = fyi_domains_settle,
    .check = check,
    .data_text = data_text,
    .opens_itself = fyi_domains_opens,
    .part = fyi_domains_part,
    .view = view,
    .searched = searched,
    .put = put,
    .take = take,
};

/* plan.c: a graph and its objectives, compiled once for one device and run many times. The passes are
 * listed in passes/passes.h; this file runs them, and holds what a caller does with the result. */
#include "graph/plan.h"
#include "graph/backward.h"
#include "graph/fit.h"
#include "graph/frozen.h"

#include <stdlib.h>
#include <string.h>

fy_plan_opts fy_plan_defaults(void)
{
    return (fy_plan_opts){ .seed = 0 };
}

/* ---- compiling -------------------------------------------------------------------------------------------- */

/* A fed value is an input from here on; what computed it is dead. */
static fy_status cut_feeds(fy_graph *g, const fy_plan_opts *o)
{
    for (int i = 0; i < o->n_feeds; i++) {
        const fyi_id v = o->feeds[i].id;
        if (v <= 0 || (size_t)v >= g->n_values)
            return fyi_fail(FY_EINVAL, "plan: feed %d is no node of this graph", i);
        fyi_node *n = &g->nodes[g->values[v].node];
        if (n->n_dst != 1)
            return fyi_fail(FY_EINVAL, "plan: '%s' has several results and cannot be fed", n->name);
        fyi_input_attr a = { .spec = g->values[v].spec };
        if (!(n->attr = fyi_arena_dup(&g->arena, &a, sizeof a)))
            return fyi_enomem(sizeof a, n->name);
        n->op = &fyi_op_input;
        n->n_src = 0;
    }
    return FY_OK;
}

static fy_status collect_slots(fy_plan *p)
{
    const fy_graph *g = p->program.g;
    for (size_t i = 0; i < p->program.n_order; i++) {
        const fyi_node *n = &g->nodes[p->program.order[i]];
        if (n->op != &fyi_op_use)
            continue;
        fy_param *param = ((const fyi_use_attr *)n->attr)->param;
        FYI_FORWARD(fyi_grow(&p->slots, &p->cap_slots, p->n_slots + 1, sizeof *p->slots));
        p->slots[p->n_slots++] = (fyi_slot){
            .param = param, .use = n->dst, .buffer = -1, .moved = fyi_is_moved(g, param)
        };
    }
    return FY_OK;
}

void fyi_mark_outputs(const fyi_program *p, const fy_plan_opts *o, bool *outputs)
{
    for (int i = 0; i < o->n_outputs; i++)
        outputs[p->shown[o->outputs[i].id]] = true;
    for (size_t k = 0; k < p->g->n_objectives; k++)
        outputs[p->g->objectives[k].loss] = true;
}

static fy_status mark_values(fy_plan *p, const fy_plan_opts *o)
{
    const fy_graph *g = p->program.g;
    p->n_values = g->n_values;
    p->variant_of = fyi_calloc(p->n_values, sizeof *p->variant_of);
    p->fixed = fyi_calloc(p->n_values, sizeof *p->fixed);
    p->is_output = fyi_calloc(p->n_values, sizeof *p->is_output);
    if (!p->variant_of || !p->fixed || !p->is_output)
        return fyi_enomem(p->n_values, "a plan");
    for (size_t v = 0; v < p->n_values; v++)
        p->variant_of[v] = -1;
    fyi_mark_outputs(&p->program, o, p->is_output);
    fyi_mark_fixed(&p->program, p->fixed);
    return FY_OK;
}

static fy_status checked(const fy_plan *p, fy_status st, const char *pass)
{
    if (st != FY_OK)
        return st;
    FYI_FORWARD(fy_graph_status(p->program.g));
    fyi_debug_graph(&p->program, pass);
    return FYI_IS_DEBUG ? fyi_check(&p->program, pass) : FY_OK;
}

/* From the caller's graph to nodes in order. */
static fy_status put_in_order(fy_plan *p, const fyi_plan_of *of)
{
    fyi_program *prog = &p->program;
    const fy_plan_opts *o = of->o;
    FYI_FORWARD(fyi_graph_clone(of->g, &prog->g));
    FYI_FORWARD(cut_feeds(prog->g, o));
    FYI_FORWARD(checked(p, fyi_pass_sequence(prog, o), "sequence"));
    FYI_FORWARD(checked(p, fyi_pass_fold(prog), "fold"));
    FYI_FORWARD(checked(p, fyi_pass_fuse(prog, p->dev, p->precision), "fuse"));
    return checked(p, fyi_pass_order(prog), "order");
}

/* From the program that is in order already. */
static fy_status drop_some(fy_plan *p, const fyi_course *dropping)
{
    FYI_FORWARD(fyi_program_clone(dropping->p, &p->program));
    return checked(p, fyi_pass_recompute(&p->program, dropping), "recompute");
}

static fy_status compile(fy_plan *p, const fyi_plan_of *of, const fyi_course *dropping)
{
    FYI_FORWARD(dropping ? drop_some(p, dropping) : put_in_order(p, of));
    FYI_FORWARD(mark_values(p, of->o));
    FYI_FORWARD(collect_slots(p));
    FYI_FORWARD(fyi_plan_place(p));
    return fyi_plan_lay_out(p);
}

fy_status fyi_plan_compile(const fyi_plan_of *of, const fyi_course *dropping, fy_plan **out)
{
    *out = NULL;
    fy_plan *p = fyi_calloc(1, sizeof *p);
    if (!p)
        return fyi_enomem(sizeof *p, "a plan");
    p->dev = of->dev;
    p->seed = of->o->seed;
    p->precision = of->dev->precision;
    const fy_status st = compile(p, of, dropping);
    if (st != FY_OK) {
        fy_plan_free(p);
        return st;
    }
    *out = p;
    return FY_OK;
}

fy_status fyi_plan_new_bare(const fy_graph *g, fy_device *dev, const fy_plan_opts *o, fy_plan **out)
{
    const fy_plan_opts defaults = fy_plan_defaults();
    const fyi_plan_of of = { .g = g, .dev = dev, .o = o ? o : &defaults };
    fy_plan *p = NULL;
    *out = NULL;
    FYI_FORWARD(fy_graph_status(g));
    FYI_FORWARD(fyi_plan_compile(&of, NULL, &p));
    const fy_status st = fyi_plan_fit(&of, &p);
    if (st != FY_OK) {
        fy_plan_free(p);
        return st;
    }
    *out = p;
    return FY_OK;
}

fy_status fy_plan_new(const fy_graph *g, fy_device *dev, const fy_plan_opts *o, fy_plan **out)
{
    FYI_FORWARD(fyi_plan_new_bare(g, dev, o, out));
    const fy_status st = fyi_plan_take_memory(*out);
    if (st != FY_OK) {
        fy_plan_free(*out);
        *out = NULL;
        return st;
    }
    fyi_debug_plan(*out);
    return FY_OK;
}

static void release_runs(fy_plan *p)
{
    for (size_t i = 0; i < p->n_runs; i++)
        if (p->runs[i].kernel && p->runs[i].kernel->destroy && p->runs[i].state)
            p->runs[i].kernel->destroy(p->runs[i].state);
    fyi_free(p->runs);
}

static void release_slots(fy_plan *p)
{
    for (size_t i = 0; i < p->n_slots; i++) {
        fy_param *param = p->slots[i].param;
        if (param->holder == p)
            (void)fyi_plan_put_back(p, (int32_t)i); /* a reorder of memory at hand does not fail */
        fyi_mover_release(&p->slots[i].in);
        fyi_mover_release(&p->slots[i].out);
    }
    fyi_free(p->slots);
}

void fy_plan_free(fy_plan *p)
{
    if (!p)
        return;
    fyi_debug_times(p);
    release_slots(p);
    release_runs(p);
    for (size_t i = 0; i < p->n_buffers; i++)
        if (p->buffers[i].store == FYI_STORE_OWN)
            fyi_free(p->buffers[i].ptr);
    fyi_free(p->block);
    fyi_free(p->buffers);
    fyi_free(p->variants);
    fyi_free(p->variant_of);
    fyi_free(p->fixed);
    fyi_free(p->is_output);
    fyi_free(p->inputs);
    fyi_free(p->states);
    fyi_program_release(&p->program);
    fyi_arena_release(&p->arena);
    fyi_free(p);
}

/* ---- parameters ---------------------------------------------------------------------------------------------- */

fy_status fyi_plan_put_back(fy_plan *p, int32_t slot)
{
    const fyi_slot *s = &p->slots[slot];
    FYI_ASSERT(s->param->holder == p && !s->direct);
    s->param->holder = NULL;
    return fyi_mover_run(&s->out, p->dev, p->buffers[s->buffer].ptr, s->param->data);
}

/* ---- inputs ----------------------------------------------------------------------------------------------------- */

static fyi_input *input_of(const fy_plan *p, fyi_id v)
{
    for (size_t i = 0; i < p->n_inputs; i++)
        if (p->inputs[i].value == v)
            return &p->inputs[i];
    return NULL;
}

void fyi_plan_hash_kernels(const fy_plan *p, fyi_sha256 *h, bool *by_threads)
{
    *by_threads = false;
    for (size_t i = 0; i < p->n_runs; i++) {
        const fyi_site *s = &p->runs[i].site;
        const fyi_kernel *kernel = p->runs[i].kernel;
        fyi_sha256_update(h, s->op->name, strlen(s->op->name) + 1);
        fyi_sha256_update(h, kernel->name, strlen(kernel->name) + 1);
        fyi_sha256_update(h, &s->precision, sizeof s->precision);
        for (int k = 0; k < s->n_src; k++)
            fyi_sha256_update(h, &s->src[k].dtype, sizeof s->src[k].dtype);
        for (int k = 0; k < s->n_dst; k++)
            fyi_sha256_update(h, &s->dst[k].dtype, sizeof s->dst[k].dtype);
        *by_threads |= kernel->by_threads;
    }
}

bool fyi_plan_reads(const fy_plan *p, fy_node input)
{
    return input_of(p, input.id) != NULL;
}

fy_status fy_plan_feed(fy_plan *p, fy_node input, const void *data)
{
    fyi_input *in = input_of(p, input.id);
    if (!in) {
        const bool known = input.id > 0 && (size_t)input.id < p->program.n_shown;
        const fyi_node *n = known ? fyi_def(p->program.g, input.id) : NULL;
        if (n && n->op == &fyi_op_input)
            return FY_OK; /* an input that nothing alive reads */
        return fyi_fail(FY_EINVAL, "feed: '%s' is no input of this plan", n ? n->name : "?");
    }
    in->fed = data;
    if (!in->own)
        p->buffers[in->buffer].ptr = (void *)(uintptr_t)data; /* kernels read inputs only */
    return FY_OK;
}

static bool is_scalar(const fy_plan *p, const fyi_input *in)
{
    return in->own && in->name && p->program.g->values[in->value].spec.shape.rank == 0;
}

int fy_plan_scalar_count(const fy_plan *p)
{
    int n = 0;
    for (size_t i = 0; i < p->n_inputs; i++)
        n += is_scalar(p, &p->inputs[i]);
    return n;
}

const char *fy_plan_scalar_name(const fy_plan *p, int i)
{
    for (size_t k = 0; k < p->n_inputs; k++)
        if (is_scalar(p, &p->inputs[k]) && i-- == 0)
            return p->inputs[k].name;
    return NULL;
}

static fyi_input *scalar_named(const fy_plan *p, const char *name)
{
    for (size_t i = 0; i < p->n_inputs; i++) {
        const fyi_input *in = &p->inputs[i];
        if (is_scalar(p, in) && strcmp(in->name, name) == 0)
            return &p->inputs[i];
    }
    return NULL;
}

static fy_status no_such_scalar(const fy_plan *p, const char *name)
{
    const char **names = fyi_calloc(p->n_inputs + 1, sizeof *names);
    if (!names)
        return fyi_enomem(p->n_inputs, "a message");
    size_t n = 0;
    for (size_t i = 0; i < p->n_inputs; i++)
        if (p->inputs[i].name && p->program.g->values[p->inputs[i].value].spec.shape.rank == 0)
            names[n++] = p->inputs[i].name;
    const char *near = fyi_nearest(name, names);
    const fy_status st =
        fyi_fail(FY_EINVAL, "plan: it has no scalar input '%s'%s%s%s", name,
                 near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    fyi_free((void *)names);
    return st;
}

/* A set scalar lives in the plan's own copy of the input's attributes. */
static float *scalar_value(const fy_plan *p, const fyi_input *in)
{
    return &((fyi_input_attr *)(uintptr_t)fyi_def(p->program.g, in->value)->attr)->value;
}

fy_status fy_plan_set(fy_plan *p, const char *name, float value)
{
    fyi_input *in = scalar_named(p, name);
    if (!in)
        return no_such_scalar(p, name);
    *scalar_value(p, in) = value;
    in->fed = scalar_value(p, in);
    return FY_OK;
}

fy_status fy_plan_get(const fy_plan *p, const char *name, float *value)
{
    const fyi_input *in = scalar_named(p, name);
    if (!in)
        return no_such_scalar(p, name);
    *value = *scalar_value(p, in);
    return FY_OK;
}

/* ---- results ------------------------------------------------------------------------------------------------------ */

static fy_status read_as(fy_plan *p, fy_node x, fy_dtype as, void *dst, int64_t n)
{
    if (x.id <= 0 || (size_t)x.id >= p->program.n_shown)
        return fyi_fail(FY_EINVAL, "read: no node of this plan");
    const fyi_id v = p->program.shown[x.id];
    const fyi_spec *spec = &p->program.g->values[v].spec;
    const char *name = p->program.g->values[v].name ? p->program.g->values[v].name
                                                    : fyi_def(p->program.g, v)->name;
    if (!p->is_output[v])
        return fyi_fail(FY_EINVAL,
                        "read: '%s' is no output of this plan; list it in fy_plan_opts.outputs",
                        name);
    if (n != fy_shape_numel(&spec->shape))
        return fyi_fail(FY_ESHAPE, "read: '%s' has %lld elements, room was given for %lld", name,
                        (long long)fy_shape_numel(&spec->shape), (long long)n);
    if (!p->ran)
        return fyi_fail(FY_EINVAL, "read: '%s' holds nothing before the first step", name);
    const fyi_variant *k = &p->variants[p->variant_of[v]];
    const void *src = p->buffers[k->buffer].ptr;
    if (k->desc.dtype == as && fyi_layout_is_plain(&k->desc.layout)) {
        memcpy(dst, src, (size_t)n * fy_dtype_bytes(as));
        return FY_OK;
    }
    const fyi_desc plain = fyi_desc_plain(as, &spec->shape);
    return fyi_convert(p->dev, &k->desc, src, &plain, dst);
}

fy_status fy_plan_read(fy_plan *p, fy_node x, void *dst, int64_t n)
{
    const bool known = x.id > 0 && (size_t)x.id < p->program.n_shown;
    const fy_dtype t = known ? p->program.g->values[p->program.shown[x.id]].spec.dtype : FY_F32;
    return read_as(p, x, fyi_dtype_is_float(t) ? FY_F32 : t, dst, n);
}

fy_status fyi_plan_read_f64(fy_plan *p, fy_node x, double *dst, int64_t n)
{
    return read_as(p, x, FY_F64, dst, n);
}

uint64_t fy_plan_steps(const fy_plan *p)
{
    return p->steps;
}
void fy_plan_set_steps(fy_plan *p, uint64_t steps)
{
    p->steps = steps;
}

/* ---- optimiser state ---------------------------------------------------------------------------------------------- */

static const fyi_variant *state_variant(const fy_plan *p, int i)
{
    FYI_ASSERT(i >= 0 && (size_t)i < p->n_states);
    return &p->variants[p->variant_of[p->states[i].value]];
}

int fy_plan_state_count(const fy_plan *p)
{
    return (int)p->n_states;
}
const char *fy_plan_state_name(const fy_plan *p, int i)
{
    return p->states[i].name;
}
const fy_shape *fy_plan_state_shape(const fy_plan *p, int i)
{
    return &state_variant(p, i)->desc.shape;
}

static fy_status check_state(const fy_plan *p, int i, int64_t n)
{
    const int64_t have = fy_shape_numel(fy_plan_state_shape(p, i));
    if (n == have)
        return FY_OK;
    return fyi_fail(FY_ESHAPE, "optimiser state '%s' has %lld elements, %lld were given",
                    p->states[i].name, (long long)have, (long long)n);
}

fy_status fy_plan_state_read(fy_plan *p, int i, float *dst, int64_t n)
{
    FYI_FORWARD(check_state(p, i, n));
    const fyi_variant *k = state_variant(p, i);
    const fyi_desc plain = fyi_desc_plain(FY_F32, &k->desc.shape);
    return fyi_convert(p->dev, &k->desc, p->buffers[k->buffer].ptr, &plain, dst);
}

fy_status fy_plan_state_write(fy_plan *p, int i, const float *src, int64_t n)
{
    FYI_FORWARD(check_state(p, i, n));
    const fyi_variant *k = state_variant(p, i);
    const fyi_desc plain = fyi_desc_plain(FY_F32, &k->desc.shape);
    return fyi_convert(p->dev, &plain, src, &k->desc, p->buffers[k->buffer].ptr);
}

void fy_plan_describe(const fy_plan *p, fy_plan_info *info)
{
    *info = p->info;
}

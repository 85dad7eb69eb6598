/* place.c: chooses a kernel and the layouts for every node in execution order, and inserts a reorder only
 * where a kernel wants a source otherwise than it lies. Parameters that nobody has touched yet take the
 * layout their first reader wants and keep it between steps. */
#include "graph/plan.h"

#include <string.h>

static fyi_desc plain_desc(const fy_plan *p, fyi_id v)
{
    return fyi_desc_stored(p->dev, &p->program.g->values[v].spec);
}

static fy_status add_buffer(fy_plan *p, fyi_store store, size_t bytes, int32_t *out)
{
    FYI_FORWARD(fyi_grow(&p->buffers, &p->cap_buffers, p->n_buffers + 1, sizeof *p->buffers));
    p->buffers[p->n_buffers] =
        (fyi_buffer){ .store = store, .bytes = bytes, .first = -1, .last = -1, .same_as = -1 };
    *out = (int32_t)p->n_buffers++;
    return FY_OK;
}

/* Adds a variant to the end of v's list: the first stays the one it was produced in. */
static fy_status add_variant(fy_plan *p, fyi_id v, const fyi_desc *d, int32_t buffer, int32_t *out)
{
    FYI_FORWARD(fyi_grow(&p->variants, &p->cap_variants, p->n_variants + 1, sizeof *p->variants));
    const int32_t at = (int32_t)p->n_variants++;
    p->variants[at] = (fyi_variant){ .desc = *d, .buffer = buffer, .next = -1 };
    int32_t *end = &p->variant_of[v];
    while (*end >= 0)
        end = &p->variants[*end].next;
    *end = at;
    if (out)
        *out = at;
    return FY_OK;
}

static fy_status add_value(fy_plan *p, fyi_id v, const fyi_desc *d, fyi_store store, int32_t *buffer)
{
    FYI_FORWARD(add_buffer(p, store, fyi_desc_bytes(d), buffer));
    return add_variant(p, v, d, *buffer, NULL);
}

/* ---- sources -------------------------------------------------------------------------------------------- */

static fyi_slot *slot_of(fy_plan *p, fyi_id use)
{
    for (size_t i = 0; i < p->n_slots; i++)
        if (p->slots[i].use == use)
            return &p->slots[i];
    return NULL;
}

/* A parameter's place once its layout is known: its own plain data where that is what is wanted. */
static fy_status decide_slot(fy_plan *p, fyi_slot *s, const fyi_desc *d)
{
    FYI_FORWARD(fyi_param_begin(s->param)); /* now: a step allocates nothing */
    s->direct = d->dtype == FY_F32 && fyi_layout_is_plain(&d->layout);
    FYI_FORWARD(add_value(p, s->use, d, s->direct ? FYI_STORE_LENT : FYI_STORE_OWN, &s->buffer));
    if (s->direct) {
        p->buffers[s->buffer].ptr = s->param->data;
        return FY_OK;
    }
    const fyi_desc plain = fyi_desc_plain(FY_F32, &d->shape);
    FYI_FORWARD(fyi_mover_init(&s->in, p->dev, &plain, d));
    return fyi_mover_init(&s->out, p->dev, d, &plain);
}

static fy_status place_use(fy_plan *p, const fyi_node *n)
{
    fyi_slot *s = slot_of(p, n->dst);
    const fyi_desc d = plain_desc(p, n->dst);
    return s->moved ? FY_OK : decide_slot(p, s, &d);
}

static fy_status place_input(fy_plan *p, const fyi_node *n)
{
    const fyi_input_attr *a = n->attr;
    const fyi_desc d = plain_desc(p, n->dst);
    FYI_FORWARD(fyi_grow(&p->inputs, &p->cap_inputs, p->n_inputs + 1, sizeof *p->inputs));
    fyi_input *in = &p->inputs[p->n_inputs++];
    const bool scalar = d.shape.rank == 0 && a->spec.dtype == FY_F32;
    *in = (fyi_input){ .value = n->dst, .name = p->program.g->values[n->dst].name };
    in->own = scalar || d.dtype != a->spec.dtype;
    FYI_FORWARD(add_value(p, n->dst, &d, in->own ? FYI_STORE_OWN : FYI_STORE_LENT, &in->buffer));
    if (scalar)
        in->fed = &a->value;
    return FY_OK;
}

static fy_status place_state(fy_plan *p, const fyi_node *n)
{
    FYI_FORWARD(fyi_grow(&p->states, &p->cap_states, p->n_states + 1, sizeof *p->states));
    p->states[p->n_states++] =
        (fyi_plan_state){ .value = n->dst, .name = ((const fyi_state_attr *)n->attr)->name };
    return FY_OK; /* its layout follows from the update that uses it */
}

/* Constants are written here once; their memory is the arena's. */
static fy_status place_constant(fy_plan *p, const fyi_node *n)
{
    const fyi_desc d = plain_desc(p, n->dst);
    const int64_t count = fy_shape_numel(&d.shape);
    int32_t buffer;
    FYI_FORWARD(add_value(p, n->dst, &d, FYI_STORE_LENT, &buffer));
    char *data = fyi_arena_alloc(&p->arena, fyi_desc_bytes(&d) + 64);
    if (!data)
        return fyi_enomem(fyi_desc_bytes(&d), n->name);
    data += (64 - (uintptr_t)data % 64) % 64;
    if (n->op == &fyi_op_constant) {
        const fyi_constant_attr *a = n->attr;
        fy_cast(d.dtype, data, a->spec.dtype, a->data, count);
    } else {
        const float value = ((const fyi_fill_attr *)n->attr)->value;
        for (int64_t i = 0; i < count; i++)
            fy_cast(d.dtype, data + (size_t)i * fy_dtype_bytes(d.dtype), FY_F32, &value, 1);
    }
    p->buffers[buffer].ptr = data;
    return FY_OK;
}

static fy_status place_source(fy_plan *p, const fyi_node *n)
{
    static const struct {
        const fyi_op *op;
        fy_status (*place)(fy_plan *, const fyi_node *);
    } how[] = {
        { &fyi_op_use, place_use },           { &fyi_op_input, place_input },
        { &fyi_op_state, place_state },       { &fyi_op_fill, place_constant },
        { &fyi_op_constant, place_constant },
    };
    for (size_t i = 0; i < FYI_LEN(how); i++)
        if (how[i].op == n->op)
            return how[i].place(p, n);
    return fyi_fail(FY_EINVAL, "'%s' is a source that plans do not know", n->name);
}

/* ---- runs ----------------------------------------------------------------------------------------------- */

static fy_status add_run(fy_plan *p, const fyi_site *site, fyi_run **out)
{
    FYI_FORWARD(fyi_grow(&p->runs, &p->cap_runs, p->n_runs + 1, sizeof *p->runs));
    fyi_run *r = &p->runs[p->n_runs];
    *r = (fyi_run){ .site = *site, .scratch = -1 };
    const size_t ns = (size_t)FYI_MAX(site->n_src, 1), nd = (size_t)FYI_MAX(site->n_dst, 1);
    r->src_buffer = fyi_arena_alloc(&p->arena, ns * sizeof *r->src_buffer);
    r->dst_buffer = fyi_arena_alloc(&p->arena, nd * sizeof *r->dst_buffer);
    r->src = fyi_arena_alloc(&p->arena, ns * sizeof *r->src);
    r->dst = fyi_arena_alloc(&p->arena, nd * sizeof *r->dst);
    if (!r->src_buffer || !r->dst_buffer || !r->src || !r->dst)
        return fyi_enomem(ns * sizeof *r->src, site->name);
    *out = r;
    return FY_OK;
}

/* The run is complete: its kernel makes its state, and its scratch becomes a buffer of this run alone. */
static fy_status finish_run(fy_plan *p, fyi_run *r, const fyi_kernel *kernel)
{
    r->kernel = kernel;
    if (r->site.scratch_bytes)
        FYI_FORWARD(add_buffer(p, r->once ? FYI_STORE_OWN : FYI_STORE_BLOCK, r->site.scratch_bytes,
                               &r->scratch));
    p->n_runs++; /* from here on the plan releases it */
    if (kernel->create)
        FYI_FORWARD(kernel->create(p->dev, &r->site, &r->state));
    return FY_OK;
}

static fy_status dup_descs(fy_plan *p, fyi_site *s, int n_src, int n_dst)
{
    s->src = fyi_arena_alloc(&p->arena, (size_t)FYI_MAX(n_src, 1) * sizeof *s->src);
    s->dst = fyi_arena_alloc(&p->arena, (size_t)FYI_MAX(n_dst, 1) * sizeof *s->dst);
    s->n_src = n_src;
    s->n_dst = n_dst;
    return s->src && s->dst ? FY_OK : fyi_enomem(sizeof *s->src, s->name);
}

/* A copy of variant `from` of v as d says. */
static fy_status add_reorder(fy_plan *p, fyi_id v, int32_t from, const fyi_desc *d, int32_t *variant)
{
    fyi_site site = { .op = &fyi_op_reorder, .name = fyi_def(p->program.g, v)->name };
    fyi_run *r;
    FYI_FORWARD(dup_descs(p, &site, 1, 1));
    site.src[0] = p->variants[from].desc;
    site.dst[0] = *d;
    const fyi_kernel *kernel = fyi_kernel_find(p->dev, &site);
    if (!kernel)
        return fyi_fail(FY_ENOKERNEL, "'%s': no kernel on '%s' reorders its result", site.name,
                        p->dev->name);
    int32_t buffer;
    FYI_FORWARD(
        add_buffer(p, p->fixed[v] ? FYI_STORE_OWN : FYI_STORE_BLOCK, fyi_desc_bytes(d), &buffer));
    FYI_FORWARD(add_run(p, &site, &r));
    r->once = p->fixed[v];
    r->src_buffer[0] = p->variants[from].buffer;
    r->dst_buffer[0] = buffer;
    p->info.n_reorders += !r->once;
    FYI_FORWARD(finish_run(p, r, kernel));
    return add_variant(p, v, d, buffer, variant);
}

/* Rows of pairs, as products of bf16 want them, without the pairs: OIhw8i16o2i becomes OIhw16i16o, which is
 * how gradients in f32 come. */
static fyi_layout without_pairs(const fyi_layout *l)
{
    fyi_layout out = *l;
    const int last = l->n_inner - 1;
    for (int i = 0; i < last; i++)
        if (l->inner_size[last] == 2 && l->inner_axis[i] == l->inner_axis[last]) {
            out.inner_size[i] = (uint8_t)(2 * l->inner_size[i]);
            out.n_inner = (uint8_t)last;
            return out;
        }
    return out;
}

/* Gives a parameter or a state without a layout the one in d. What an optimiser moves stays f32: a reader that
 * wants bf16 gets a copy. */
static fy_status decide(fy_plan *p, fyi_id v, const fyi_desc *d)
{
    fyi_slot *s = slot_of(p, v);
    fyi_desc master = *d;
    int32_t buffer;
    if (d->dtype == FY_BF16) {
        master.dtype = p->dev->float_store;
        master.layout = without_pairs(&d->layout);
    }
    return s ? decide_slot(p, s, &master) : add_value(p, v, &master, FYI_STORE_OWN, &buffer);
}

/* v in the layout and type of d: as it lies, as an earlier copy, or as a new copy. */
static fy_status obtain(fy_plan *p, fyi_id v, const fyi_desc *d, int32_t *variant)
{
    if (p->variant_of[v] < 0)
        FYI_FORWARD(decide(p, v, d));
    for (int32_t k = p->variant_of[v]; k >= 0; k = p->variants[k].next)
        if (fyi_desc_equal(&p->variants[k].desc, d)) {
            *variant = k;
            return FY_OK;
        }
    return add_reorder(p, v, p->variant_of[v], d, variant);
}

static fy_status offer(fy_plan *p, const fyi_node *n, fyi_site *site, const fyi_kernel **kernel)
{
    *site = (fyi_site){ .op = n->op, .attr = n->attr, .name = n->name, .precision = p->precision };
    FYI_FORWARD(dup_descs(p, site, n->n_src, n->n_dst));
    for (int i = 0; i < n->n_src; i++) {
        const fyi_id v = n->src[i];
        site->src[i] = p->variant_of[v] < 0 ? plain_desc(p, v) : p->variants[p->variant_of[v]].desc;
    }
    for (int j = 0; j < n->n_dst; j++)
        site->dst[j] = plain_desc(p, n->dst + j);
    site->inplace = n->op->flags & FYI_OP_INPLACE;
    *kernel = fyi_kernel_find(p->dev, site);
    if (*kernel)
        return FY_OK;
    char spec[FYI_SPEC_CHARS] = "";
    if (n->n_src)
        fyi_spec_text(site->src[0].dtype, &site->src[0].shape, spec);
    return fyi_fail(FY_ENOKERNEL, "'%s': no kernel on device '%s' takes %s of %s", n->name,
                    p->dev->name, n->op->name, spec);
}

/* An update's destination takes its source's storage, which therefore has to lie as the kernel writes it. */
static fy_status place_alias(fy_plan *p, const fyi_run *r, int j, fyi_id dst, fyi_id src)
{
    const int32_t k = p->variant_of[src];
    if (k < 0 || !fyi_desc_equal(&p->variants[k].desc, &r->site.dst[j]))
        return fyi_fail(FY_ENOKERNEL,
                        "'%s': kernel '%s' cannot update '%s' in the layout it lies in",
                        r->site.name, r->kernel ? r->kernel->name : "?",
                        p->program.g->values[src].name ? p->program.g->values[src].name : "state");
    const fyi_variant v = p->variants[k]; /* a copy: adding a variant moves the array */
    r->dst_buffer[j] = v.buffer;
    return add_variant(p, dst, &v.desc, v.buffer, NULL);
}

static fy_status place_destinations(fy_plan *p, const fyi_node *n, fyi_run *r)
{
    for (int j = 0; j < n->n_dst; j++) {
        const fyi_id v = n->dst + j, from = p->program.g->values[v].alias;
        if (from)
            FYI_FORWARD(place_alias(p, r, j, v, from));
        else
            FYI_FORWARD(add_value(p, v, &r->site.dst[j], r->once ? FYI_STORE_OWN : FYI_STORE_BLOCK,
                                  &r->dst_buffer[j]));
    }
    return FY_OK;
}

static fy_status place_node(fy_plan *p, const fyi_node *n)
{
    fyi_site site;
    const fyi_kernel *kernel;
    fyi_run *r;
    FYI_FORWARD(offer(p, n, &site, &kernel));
    int32_t *variants = fyi_arena_alloc(&p->arena, (size_t)FYI_MAX(n->n_src, 1) * sizeof *variants);
    if (!variants)
        return fyi_enomem(sizeof *variants, n->name);
    for (int i = 0; i < n->n_src; i++) /* reorders first: they are runs of their own */
        FYI_FORWARD(obtain(p, n->src[i], &site.src[i], &variants[i]));
    FYI_FORWARD(add_run(p, &site, &r));
    r->kernel = kernel;
    r->node = (int32_t)(n - p->program.g->nodes);
    r->once = p->fixed[n->dst];
    for (int i = 0; i < n->n_src; i++)
        r->src_buffer[i] = p->variants[variants[i]].buffer;
    FYI_FORWARD(place_destinations(p, n, r));
    return finish_run(p, r, kernel);
}

/* The same bytes under another name or shape. */
static fy_status place_view(fy_plan *p, const fyi_node *n)
{
    const fyi_id v = n->src[0];
    int32_t k = p->variant_of[v];
    const bool same_shape = fy_shape_equal(&p->program.g->values[v].spec.shape,
                                           &p->program.g->values[n->dst].spec.shape);
    if (k < 0 || !same_shape) {
        fyi_desc plain = plain_desc(p, v);
        if (k >= 0)
            plain.dtype = p->variants[k].desc.dtype;
        FYI_FORWARD(obtain(p, v, &plain, &k));
    }
    fyi_desc d = plain_desc(p, n->dst);
    d.dtype = p->variants[k].desc.dtype;
    if (same_shape)
        d.layout = p->variants[k].desc.layout;
    return add_variant(p, n->dst, &d, p->variants[k].buffer, NULL);
}

/* Parameters that nothing reads in the end, and state of updates that move nothing: plain. */
static fy_status decide_rest(fy_plan *p)
{
    for (size_t i = 0; i < p->n_slots + p->n_states; i++) {
        const fyi_id v = i < p->n_slots ? p->slots[i].use : p->states[i - p->n_slots].value;
        const fyi_desc plain = plain_desc(p, v);
        if (p->variant_of[v] < 0)
            FYI_FORWARD(decide(p, v, &plain));
    }
    return FY_OK;
}

fy_status fyi_plan_place(fy_plan *p)
{
    const fy_graph *g = p->program.g;
    for (size_t i = 0; i < p->program.n_order; i++) {
        const fyi_node *n = &g->nodes[p->program.order[i]];
        if (n->op->flags & FYI_OP_SOURCE)
            FYI_FORWARD(place_source(p, n));
        else if (n->op->flags & FYI_OP_VIEW)
            FYI_FORWARD(place_view(p, n));
        else
            FYI_FORWARD(place_node(p, n));
    }
    return decide_rest(p);
}

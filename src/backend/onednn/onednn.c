/* onednn.c: the library's engine and stream, and the life of a primitive. */
#include "backend/onednn/onednn.h"

#include "backend/backend.h"
#include "backend/cpu.h"

#include <string.h>
#ifdef _OPENMP
#include <omp.h>
#endif

/* ---- the device ------------------------------------------------------------------------------ */

typedef struct library {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
} library;

static void close_library(fy_device *dev)
{
    library *lib = dev->ctx;
    dev->ctx = NULL;
    if (!lib)
        return;
    if (lib->stream)
        dnnl_stream_destroy(lib->stream);
    if (lib->engine)
        dnnl_engine_destroy(lib->engine);
    fyi_free(lib);
}

fy_status fyi_onednn_open(fy_device *dev)
{
    const dnnl_version_t *v = dnnl_version();
    library *lib = fyi_calloc(1, sizeof *lib);
    if (!lib)
        return fyi_enomem(sizeof *lib, "oneDNN");
    dev->ctx = lib;
    dev->close = close_library;
    if (v->major != DNNL_VERSION_MAJOR)
        return fyi_fail(FY_EDEVICE, "oneDNN: built against version %d, found version %d at run time",
                        DNNL_VERSION_MAJOR, v->major);
#if FYI_X86_64
    if (!fyi_cpu_has_avx512()) /* too late once a primitive was made, which is no mistake */
        (void)dnnl_set_max_cpu_isa(dnnl_cpu_isa_avx2);
#endif
    if (dnnl_engine_create(&lib->engine, dnnl_cpu, 0) != dnnl_success ||
        dnnl_stream_create(&lib->stream, lib->engine, dnnl_stream_default_flags) != dnnl_success)
        return fyi_fail(FY_EDEVICE, "oneDNN %d.%d.%d: cannot make an engine and a stream", v->major,
                        v->minor, v->patch);
    fyi_device_says(dev, "oneDNN %d.%d.%d", v->major, v->minor, v->patch);
    return FY_OK;
}

/* ---- describing a node ----------------------------------------------------------------------- */

void fyi_store_product(const fyi_maker *m, fyi_desc *d)
{
    if (!m->is_final)
        d->dtype = m->site->precision;
}

void fyi_store_sum(const fyi_maker *m, fyi_desc *d)
{
    if (!m->is_final)
        d->dtype = FY_F32;
}

fyi_md fyi_md_own(fyi_maker *m, fyi_md md)
{
    if (!md)
        return NULL;
    FYI_ASSERT((size_t)m->n_mds < FYI_LEN(m->mds));
    m->mds[m->n_mds++] = md;
    return md;
}

fyi_md fyi_md_kept(fyi_maker *m, const fyi_desc *d)
{
    return fyi_md_own(m, fyi_md_of(d));
}

fyi_md fyi_md_free_choice(fyi_maker *m, const fyi_desc *d)
{
    if (m->is_final)
        return fyi_md_kept(m, d);
    const dnnl_data_type_t t = fyi_dnnl_type(d->dtype);
    if (t == dnnl_data_type_undef || d->shape.rank < 1)
        return NULL;
    return fyi_md_own(m, fyi_md_any(d->shape.rank, d->shape.d, t));
}

fyi_md fyi_md_plain(fyi_maker *m, fyi_desc *d)
{
    d->layout = fyi_layout_plain(d->shape.rank);
    return fyi_md_kept(m, d);
}

bool fyi_adopt(fyi_desc *d, fyi_md md)
{
    return fyi_md_to_layout(md, d, &d->layout);
}

bool fyi_adopt_query(const fyi_maker *m, fyi_desc *d, dnnl_query_t what)
{
    return m->is_final || fyi_adopt(d, dnnl_primitive_desc_query_md(m->pd, what, 0));
}

bool fyi_keep_if_fast(fyi_maker *m)
{
    const char *name = NULL;
    const dnnl_status_t st = dnnl_primitive_desc_query(m->pd, dnnl_query_impl_info_str, 0, &name);
    if (st == dnnl_success && name && strncmp(name, "ref", 3) != 0)
        return true;
    dnnl_primitive_desc_destroy(m->pd);
    m->pd = NULL;
    return false;
}

void fyi_bind(fyi_maker *m, int arg, fyi_from from, int i)
{
    FYI_ASSERT(m->n_bound < FYI_MAX_BOUND);
    m->bound[m->n_bound++] = (fyi_bound){ .arg = arg, .from = from, .i = i };
}

bool fyi_set_post_ops(fyi_maker *m)
{
    return dnnl_primitive_attr_set_post_ops(m->attr, m->post_ops) == dnnl_success;
}

bool fyi_reset_post_ops(fyi_maker *m)
{
    dnnl_post_ops_destroy(m->post_ops);
    m->post_ops = NULL;
    return dnnl_post_ops_create(&m->post_ops) == dnnl_success;
}

/* The library has no f64, and empty tensors are not worth its time. */
static bool is_usable(const fyi_desc *d)
{
    return fy_shape_numel(&d->shape) > 0 && fyi_dnnl_type(d->dtype) != dnnl_data_type_undef;
}

static bool site_is_usable(const fyi_site *s)
{
    bool all = true;
    for (int i = 0; i < s->n_src; i++)
        all &= is_usable(&s->src[i]);
    for (int i = 0; i < s->n_dst; i++)
        all &= is_usable(&s->dst[i]);
    return all;
}

/* Workspaces come from the plan's block, so that a step allocates nothing. */
static bool maker_init(fyi_maker *m, fy_device *dev, fyi_site *site, bool is_final)
{
    *m = (fyi_maker){ .engine = ((library *)dev->ctx)->engine,
                      .site = site,
                      .is_final = is_final,
                      .copied_src = -1 };
#ifdef _OPENMP
    /* Primitives are laid out for the number of threads seen when they are made. */
    if (omp_get_max_threads() != fyi_threads())
        omp_set_num_threads(fyi_threads());
#endif
    return dnnl_primitive_attr_create(&m->attr) == dnnl_success &&
           dnnl_primitive_attr_set_scratchpad_mode(m->attr, dnnl_scratchpad_mode_user) ==
               dnnl_success &&
           dnnl_post_ops_create(&m->post_ops) == dnnl_success;
}

static void maker_release(fyi_maker *m)
{
    if (m->pd)
        dnnl_primitive_desc_destroy(m->pd);
    if (m->hint)
        dnnl_primitive_desc_destroy(m->hint);
    if (m->post_ops)
        dnnl_post_ops_destroy(m->post_ops);
    if (m->attr)
        dnnl_primitive_attr_destroy(m->attr);
    for (int i = 0; i < m->n_mds; i++)
        fyi_md_free(m->mds[i]);
}

bool fyi_onednn_propose(fy_device *dev, fyi_site *site, fyi_make_fn make)
{
    fyi_maker m;
    const bool taken =
        dev->ctx && maker_init(&m, dev, site, false) && site_is_usable(site) && make(&m);
    if (taken) {
        const fyi_md pad = dnnl_primitive_desc_query_md(m.pd, dnnl_query_scratchpad_md, 0);
        site->scratch_bytes = pad ? dnnl_memory_desc_get_size(pad) : 0;
        site->inplace = false;
    }
    if (dev->ctx)
        maker_release(&m);
    return taken;
}

/* ---- running --------------------------------------------------------------------------------- */

typedef struct primitive {
    dnnl_primitive_t p;
    dnnl_exec_arg_t args[FYI_MAX_BOUND + 1];
    void *last[FYI_MAX_BOUND + 1]; /* where each argument's memory points now */
    fyi_bound bound[FYI_MAX_BOUND];
    int n_bound, n_args; /* n_args counts the scratchpad too */
    int copied_src;
    size_t copied_bytes;
} primitive;

void fyi_onednn_destroy(void *state)
{
    primitive *s = state;
    if (!s)
        return;
    for (int i = 0; i < s->n_args; i++)
        dnnl_memory_destroy(s->args[i].memory);
    if (s->p)
        dnnl_primitive_destroy(s->p);
    fyi_free(s);
}

static bool add_arg(primitive *s, dnnl_engine_t engine, int arg, fyi_md md)
{
    dnnl_memory_t memory = NULL;
    if (!md || dnnl_memory_create(&memory, md, engine, DNNL_MEMORY_NONE) != dnnl_success)
        return false;
    s->args[s->n_args++] = (dnnl_exec_arg_t){ .arg = arg, .memory = memory };
    return true;
}

/* Grouped weights are described by the primitive itself: Ferry's four axes would not do. */
static bool add_bound(primitive *s, const fyi_maker *m, const fyi_bound *b)
{
    const fyi_desc *d = b->from == FYI_FROM_SRC ? &m->site->src[b->i] : &m->site->dst[b->i];
    const fyi_md exact = dnnl_primitive_desc_query_md(m->pd, dnnl_query_exec_arg_md, b->arg);
    if (exact && dnnl_memory_desc_get_size(exact) > 0)
        return add_arg(s, m->engine, b->arg, exact);
    const fyi_md md = fyi_md_of(d);
    const bool added = add_arg(s, m->engine, b->arg, md);
    fyi_md_free(md);
    return added;
}

static bool fill_primitive(primitive *s, const fyi_maker *m)
{
    const fyi_md pad = dnnl_primitive_desc_query_md(m->pd, dnnl_query_scratchpad_md, 0);
    s->copied_src = m->copied_src;
    s->copied_bytes = m->copied_src < 0 ? 0 : fyi_desc_bytes(&m->site->dst[0]);
    s->n_bound = m->n_bound;
    memcpy(s->bound, m->bound, sizeof s->bound);
    for (int i = 0; i < m->n_bound; i++)
        if (!add_bound(s, m, &m->bound[i]))
            return false;
    if (pad && dnnl_memory_desc_get_size(pad) > 0 &&
        !add_arg(s, m->engine, DNNL_ARG_SCRATCHPAD, pad))
        return false;
    return dnnl_primitive_create(&s->p, m->pd) == dnnl_success;
}

fy_status fyi_onednn_create(fy_device *dev, const fyi_site *site, fyi_make_fn make, void **state)
{
    fyi_site settled = *site; /* make functions write only while proposing */
    fyi_maker m;
    primitive *s = fyi_calloc(1, sizeof *s);
    *state = NULL;
    if (!s)
        return fyi_enomem(sizeof *s, "a oneDNN primitive");
    const bool made = maker_init(&m, dev, &settled, true) && make(&m) && fill_primitive(s, &m);
    maker_release(&m);
    if (!made) {
        fyi_onednn_destroy(s);
        return fyi_fail(FY_ENOKERNEL, "'%s': oneDNN took %s as proposed and now refuses it",
                        site->name, site->op->name);
    }
    *state = s;
    return FY_OK;
}

static dnnl_status_t point(primitive *s, int i, void *to)
{
    if (s->last[i] == to)
        return dnnl_success;
    s->last[i] = to;
    return dnnl_memory_set_data_handle(s->args[i].memory, to);
}

static fy_status failed(const fyi_launch *l, dnnl_status_t st)
{
    return fyi_fail(FY_EDEVICE, "'%s': oneDNN's %s failed with status %d", l->site->name,
                    l->site->op->name, (int)st);
}

typedef struct copy_job {
    char *to;
    const char *from;
} copy_job;

static void copy_range(void *ctx, int64_t begin, int64_t end)
{
    const copy_job *j = ctx;
    memcpy(j->to + begin, j->from + begin, (size_t)(end - begin));
}

fy_status fyi_onednn_run(const fyi_launch *l)
{
    primitive *s = l->state;
    const library *lib = l->dev->ctx;
    dnnl_status_t st = dnnl_success;
    for (int i = 0; i < s->n_bound && st == dnnl_success; i++) {
        const fyi_bound *b = &s->bound[i];
        st = point(s, i, b->from == FYI_FROM_SRC ? l->src[b->i] : l->dst[b->i]);
    }
    if (st == dnnl_success && s->n_args > s->n_bound)
        st = point(s, s->n_bound, l->scratch);
    if (st != dnnl_success)
        return failed(l, st);
    if (s->copied_src >= 0) {
        copy_job j = { .to = l->dst[0], .from = l->src[s->copied_src] };
        fyi_parallel((int64_t)s->copied_bytes, 1 << 16, copy_range, &j);
    }
    st = dnnl_primitive_execute(s->p, lib->stream, s->n_args, s->args);
    if (st == dnnl_success)
        st = dnnl_stream_wait(lib->stream);
    return st == dnnl_success ? FY_OK : failed(l, st);
}

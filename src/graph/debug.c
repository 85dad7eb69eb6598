/* debug.c: what FY_DEBUG=1..4 shows, as lines of the log: 1 every plan once it is compiled, 2 its kernels'
 * times when it is freed, 3 the graph after each pass, 4 the first value that is not finite. Each level shows
 * what the lower ones do. */
#include "graph/plan.h"

#include <math.h>

/* ---- the plan -------------------------------------------------------------------------------------------- */

static void show_plan(const fy_plan *p, const char *title)
{
    const size_t n = fy_plan_text(p, NULL, 0);
    char *text = fyi_alloc(n + 1);
    if (text) {
        (void)fy_plan_text(p, text, n + 1);
        fyi_debug_text(title);
        fyi_debug_text(text);
    }
    fyi_free(text);
}

void fyi_debug_plan(const fy_plan *p)
{
    if (fyi_debug_level() >= 1)
        show_plan(p, "plan, as compiled:");
}

void fyi_debug_times(const fy_plan *p)
{
    char title[96];
    if (fyi_debug_level() < 2 || p->steps == 0)
        return;
    (void)snprintf(title, sizeof title,
                   "plan, mean times of %llu steps:", (unsigned long long)p->steps);
    show_plan(p, title);
}

/* ---- the graph ------------------------------------------------------------------------------------------- */

/* What the caller named: an input, a parameter, a node; NULL where there is no name. */
static const char *name_of(const fy_graph *g, const fyi_node *n)
{
    if (n->op == &fyi_op_use)
        return ((const fyi_use_attr *)n->attr)->param->name;
    return g->values[n->dst].name;
}

/* "  %12 relu.7: relu %11 -> f32[64, 20]", "  %2 use.2: use 'conv1.weight' -> f32[20, 1, 5, 5]" */
static void put_node(fyi_buf *b, const fy_graph *g, int32_t k)
{
    const fyi_node *n = &g->nodes[k];
    const char *name = name_of(g, n);
    char spec[FYI_SPEC_CHARS];
    fyi_buf_printf(b, "  %%%d %s: %s", (int)n->dst, n->name, n->op->name);
    if (name)
        fyi_buf_printf(b, " '%s'", name);
    for (int i = 0; i < n->n_src; i++)
        fyi_buf_printf(b, " %%%d", (int)n->src[i]);
    fyi_buf_puts(b, " ->");
    for (int i = 0; i < n->n_dst; i++) {
        const fyi_spec *s = &g->values[n->dst + i].spec;
        fyi_buf_printf(b, " %s", fyi_spec_text(s->dtype, &s->shape, spec));
    }
    fyi_buf_puts(b, "\n");
}

void fyi_debug_graph(const fyi_program *p, const char *pass)
{
    const bool ordered = p->n_order > 0;
    const size_t n = ordered ? p->n_order : p->g->n_nodes - 1;
    fyi_buf b = { 0 };
    if (fyi_debug_level() < 3)
        return;
    fyi_buf_printf(&b, "graph after %s: %zu %s\n", pass, n,
                   ordered ? "live nodes, in order of execution" : "nodes, dead ones among them");
    for (size_t i = 0; i < n; i++)
        put_node(&b, p->g, ordered ? p->order[i] : (int32_t)i + 1);
    if (!b.failed)
        fyi_debug_text(b.p);
    fyi_buf_release(&b);
}

/* ---- values ---------------------------------------------------------------------------------------------- */

static double first_bad_f64(const double *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            return x[i];
    return 0;
}

/* Looked at in plain order, for the padding of a blocked layout means nothing. *bad is 0 if all are finite. */
static fy_status look_at(const fy_plan *p, const fyi_desc *d, const void *x, double *bad)
{
    const int64_t n = fy_shape_numel(&d->shape);
    const fyi_desc plain = fyi_desc_plain(FY_F32, &d->shape);
    float *v;
    fy_status st;
    *bad = 0;
    if (d->dtype == FY_F64 && fyi_layout_is_plain(&d->layout)) {
        *bad = first_bad_f64(x, n);
        return FY_OK;
    }
    v = fyi_calloc((size_t)n + 1, sizeof *v); /* the last one is 0: found when no other is */
    if (!v)
        return fyi_enomem((size_t)n * sizeof *v, "a look at a kernel's result");
    st = fyi_convert(p->dev, d, x, &plain, v);
    if (st == FY_OK)
        *bad = (double)v[fyi_first_not_finite(v, n)];
    fyi_free(v);
    return st;
}

fy_status fyi_debug_values(const fy_plan *p, const fyi_run *r)
{
    for (int k = 0; k < r->site.n_dst; k++) {
        double bad;
        if (!fyi_dtype_is_float(r->site.dst[k].dtype))
            continue;
        FYI_FORWARD(look_at(p, &r->site.dst[k], p->buffers[r->dst_buffer[k]].ptr, &bad));
        if (!isfinite(bad))
            return fyi_fail(FY_ENAN, "step %llu: '%s' (%s, kernel %s) computed %g",
                            (unsigned long long)p->steps, r->site.name, r->site.op->name,
                            r->kernel->name, bad);
    }
    return FY_OK;
}

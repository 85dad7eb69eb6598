/* model.c: a family's function run once to learn the parameters, then once per application. */
#include "nn/nn.h"

#include <math.h>
#include <string.h>

static const fyi_family *const families[] = {
#define FAMILY(name) &fyi_family_##name,
#include "nn/models/models.def"
#undef FAMILY
};

static const char *const family_names[] = {
#define FAMILY(name) #name,
#include "nn/models/models.def"
#undef FAMILY
    NULL,
};

const char *const *fy_model_families(void)
{
    return family_names;
}

static const fyi_family *family_named(const char *name)
{
    for (size_t i = 0; i < FYI_LEN(families); i++)
        if (strcmp(families[i]->name, name) == 0)
            return families[i];
    return NULL;
}

const char *fy_model_family_text(const char *family)
{
    const fyi_family *f = family_named(family);
    return f ? f->text : NULL;
}

fy_model_opts fy_model_defaults(void)
{
    return (fy_model_opts){ .input = FY_SHAPE(1, 28, 28), .n_classes = 10 };
}

void fy_model_free(fy_model *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->n_params; i++)
        fy_param_free(m->params[i].param);
    fyi_free(m->params);
    fyi_free(m->activation);
    fyi_free(m->name);
    fyi_free(m);
}

/* Builds the model once on a graph that is thrown away. */
static fy_status learn(fy_model *m)
{
    if (m->opts.input.rank < 1 || m->opts.input.rank >= FY_MAX_RANK)
        return fyi_fail(FY_ESHAPE, "model '%s': its input has rank %d, expected 1 to %d", m->name,
                        m->opts.input.rank, FY_MAX_RANK - 1);
    fy_graph *g;
    FYI_FORWARD(fy_graph_new(&g));
    fy_layers l = { .g = g, .m = m, .mode = FY_TRAIN, .learning = true };
    const fy_node x = fy_input(g, "x", FY_F32, fy_shape_batch(2, &m->opts.input));
    const fy_shape y = fy_node_shape(g, m->build(&l, &m->opts, x));
    m->output = (fy_shape){ .rank = FYI_MAX(y.rank - 1, 0) };
    for (int i = 0; i < m->output.rank; i++)
        m->output.d[i] = y.d[i + 1];
    fy_status st = fy_graph_status(g);
    if (st != FY_OK)
        st = fyi_wrap(st, "while building model '%s'", m->name);
    fy_graph_free(g);
    return st;
}

static fy_status open_as(const char *family, const char *name, fy_build_fn build,
                         const fy_model_opts *o, fy_model **out)
{
    *out = NULL;
    fy_model *m = fyi_calloc(1, sizeof *m);
    if (!m)
        return fyi_enomem(sizeof *m, name);
    m->family = family;
    m->build = build;
    m->opts = *o;
    m->name = fyi_strdup(name);
    m->activation = o->activation ? fyi_strdup(o->activation) : NULL;
    m->opts.activation = m->activation;
    fy_status st =
        m->name && (!o->activation || m->activation) ? learn(m) : fyi_enomem(strlen(name), name);
    if (st != FY_OK) {
        fy_model_free(m);
        return st;
    }
    *out = m;
    return FY_OK;
}

/* The model as its seed makes it. */
static fy_status initialised(fy_model **m, uint64_t seed)
{
    const fy_status st = fy_model_init(*m, seed);
    if (st != FY_OK) {
        fy_model_free(*m);
        *m = NULL;
    }
    return st;
}

fy_status fy_model_open(const char *family, const char *name, const fy_model_opts *o, fy_model **out)
{
    *out = NULL;
    const fyi_family *f = family_named(family);
    if (f) {
        FYI_FORWARD(open_as(f->name, name, f->build, o, out));
        return initialised(out, o->seed);
    }
    const char *near = fyi_nearest(family, family_names);
    return fyi_fail(FY_EINVAL, "there is no model family '%s'%s%s%s", family,
                    near ? "; did you mean '" : "; 'ferry inspect' lists them", near ? near : "",
                    near ? "'?" : "");
}

fy_status fy_model_new(const char *name, fy_build_fn build, const fy_model_opts *o, fy_model **out)
{
    FYI_FORWARD(open_as("custom", name, build, o, out));
    return initialised(out, o->seed);
}

fy_status fy_model_clone(fy_model *m, const char *name, fy_model **out)
{
    FYI_FORWARD(open_as(m->family, name, m->build, &m->opts, out));
    const fy_status st = fy_model_copy(*out, m);
    if (st != FY_OK) {
        fy_model_free(*out);
        *out = NULL;
    }
    return st;
}

fy_node fy_model_apply(fy_graph *g, fy_model *m, fy_node x, fy_mode mode)
{
    fy_layers l = { .g = g, .m = m, .mode = mode };
    return fy_graph_status(g) == FY_OK ? m->build(&l, &m->opts, x) : FY_NO_NODE;
}

/* ---- values ------------------------------------------------------------------------------------------- */

/* Uniform in +- bound; four numbers of the stream at a time, as single draws would give them. */
static void fill_uniform(float *v, int64_t n, float bound, const fy_rng *r)
{
    for (int64_t i = 0; i < n; i += 4) {
        uint32_t word[4];
        fyi_rng_block(r, (uint64_t)i / 4, word);
        for (int64_t k = 0; k < 4 && i + k < n; k++)
            v[i + k] = bound * (2.0f * ((float)(word[k] >> 8) * 0x1p-24f) - 1.0f);
    }
}

static fy_status init_param(const fyi_model_param *p, uint64_t seed)
{
    const int64_t n = fy_shape_numel(fy_param_shape(p->param));
    float *v = fyi_calloc((size_t)n, sizeof *v);
    if (!v)
        return fyi_enomem((size_t)n * sizeof *v, fy_param_name(p->param));
    const fy_rng r = fy_rng_named(seed, fy_param_name(p->param));
    if (p->init == FYI_INIT_FAN_IN && p->fan_in > 0)
        fill_uniform(v, n, 1.0f / sqrtf((float)p->fan_in), &r);
    for (int64_t i = 0; p->init == FYI_INIT_ONE && i < n; i++)
        v[i] = 1.0f;
    const fy_status st = fy_param_write(p->param, v, n);
    fyi_free(v);
    return st;
}

fy_status fy_model_init(fy_model *m, uint64_t seed)
{
    for (size_t i = 0; i < m->n_params; i++)
        FYI_FORWARD(init_param(&m->params[i], seed));
    return FY_OK;
}

fy_status fy_model_copy(fy_model *to, fy_model *from)
{
    for (size_t i = 0; i < to->n_params; i++) {
        fy_param *dst = to->params[i].param, *src = fy_model_find(from, to->params[i].name);
        if (!src)
            return fyi_fail(FY_EINVAL, "copying model '%s' into '%s': it has no '%s'", from->name,
                            to->name, to->params[i].name);
        FYI_FORWARD(fyi_param_settle(src));
        FYI_FORWARD(fy_param_write(dst, src->data, fy_shape_numel(&src->shape)));
    }
    return FY_OK;
}

fy_status fy_model_hash(fy_model *m, char hex[65])
{
    fyi_sha256 h;
    fyi_sha256_init(&h);
    for (size_t i = 0; i < m->n_params; i++) {
        fy_param *p = m->params[i].param;
        FYI_FORWARD(fyi_param_settle(p));
        fyi_sha256_update(&h, m->params[i].name, strlen(m->params[i].name) + 1);
        fyi_sha256_update(&h, p->shape.d, (size_t)p->shape.rank * sizeof p->shape.d[0]);
        fyi_sha256_update(&h, p->data, fyi_shape_bytes(&p->shape, FY_F32));
    }
    fyi_sha256_hex(&h, hex);
    return FY_OK;
}

/* ---- looking at a model --------------------------------------------------------------------------------- */

const char *fy_model_name(const fy_model *m)
{
    return m->name;
}
const char *fy_model_family(const fy_model *m)
{
    return m->family;
}
const fy_model_opts *fy_model_options(const fy_model *m)
{
    return &m->opts;
}
const fy_shape *fy_model_output(const fy_model *m)
{
    return &m->output;
}
int fy_model_count(const fy_model *m)
{
    return (int)m->n_params;
}
const char *fy_model_param_name(const fy_model *m, int i)
{
    return m->params[i].name;
}
fy_param *fy_model_param(const fy_model *m, int i)
{
    return m->params[i].param;
}
bool fy_model_param_is_buffer(const fy_model *m, int i)
{
    return m->params[i].is_buffer;
}

fy_param *fy_model_find(const fy_model *m, const char *param_name)
{
    for (size_t i = 0; i < m->n_params; i++)
        if (strcmp(m->params[i].name, param_name) == 0)
            return m->params[i].param;
    return NULL;
}

void fy_objective_moves_model(fy_graph *g, fy_objective o, fy_model *m, const char *globs,
                              const char *group)
{
    bool any = false;
    for (size_t i = 0; i < m->n_params; i++)
        if (fyi_glob(globs, m->params[i].name)) {
            fy_objective_moves(g, o, m->params[i].param, group);
            any = true;
        }
    if (!any)
        fy_graph_fail(g, fyi_fail(FY_EINVAL,
                                  "no parameter of model '%s' matches '%s'; the first is '%s'",
                                  m->name, globs, m->n_params ? m->params[0].name : "none at all"));
}

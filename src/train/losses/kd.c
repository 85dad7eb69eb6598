/* kd.c: the table of distillation losses, and what a loss is between fy_kd_new and fy_kd_free. */
#include "nn/nn.h"
#include "train/losses/losses.h"

#include <math.h>
#include <string.h>

static const fyi_kd_loss *const losses[] = {
#define LOSS(name) &fyi_kd_##name,
#include "train/losses/losses.def"
#undef LOSS
};

static const char *const loss_names[] = {
#define LOSS(name) #name,
#include "train/losses/losses.def"
#undef LOSS
    NULL,
};

const char *const *fy_kd_losses(void)
{
    return loss_names;
}

static const fyi_kd_loss *find(const char *name)
{
    for (size_t i = 0; i < FYI_LEN(losses); i++)
        if (strcmp(losses[i]->name, name) == 0)
            return losses[i];
    return NULL;
}

static fy_status unknown(const char *name)
{
    const char *near = fyi_nearest(name, loss_names);
    return fyi_fail(FY_EINVAL, "there is no distillation loss '%s'%s%s%s", name,
                    near ? "; did you mean '" : "; docs/guide.md lists them", near ? near : "",
                    near ? "'?" : "");
}

const char *fy_kd_text(const char *loss)
{
    const fyi_kd_loss *l = find(loss);
    return l ? l->text : NULL;
}

const char *fy_kd_needs(const char *loss)
{
    static const struct {
        unsigned needs;
        const char *text;
    } texts[] = {
        { FYI_KD_LOGITS, "logits" },
        { FYI_KD_ONE_OF, "logits or features" },
        { FYI_KD_LOGITS | FYI_KD_LABELS, "logits, labels" },
        { FYI_KD_FEATURES, "features" },
        { FYI_KD_FEATURES | FYI_KD_MAY_LABELS, "features, labels where there are" },
        { FYI_KD_LAYERS, "layers or features" },
        { FYI_KD_MAPS, "layers that are maps" },
    };
    const fyi_kd_loss *l = find(loss);
    for (size_t i = 0; l && i < FYI_LEN(texts); i++)
        if (texts[i].needs == l->needs)
            return texts[i].text;
    return NULL;
}

double fy_kd_usual_weight(const char *loss)
{
    const fyi_kd_loss *l = find(loss);
    return l ? l->usual_weight : NAN;
}

/* ---- options -------------------------------------------------------------------------------------------------- */

fy_kd_opts fy_kd_defaults(void)
{
    return (fy_kd_opts){ .tau = -1, .alpha = -1, .beta = -1, .gamma = -1, .width = -1 };
}

/* A number that a loss may read, and its bounds: above 0, or 0 as well, and at most `most`. */
static const struct {
    const char *name;
    size_t at;
    double most;
    bool may_be_0;
} numbers[] = {
    { "tau", offsetof(fy_kd_opts, tau), 1000, false },
    { "alpha", offsetof(fy_kd_opts, alpha), 1e6, true },
    { "beta", offsetof(fy_kd_opts, beta), 1e6, true },
    { "gamma", offsetof(fy_kd_opts, gamma), 100, false },
};

static fy_status settle_number(fy_kd *k, size_t i)
{
    double *x = (double *)((char *)&k->o + numbers[i].at);
    const double own = *(const double *)((const char *)&k->loss->defaults + numbers[i].at);
    if (!(*x >= 0))
        *x = own;
    if (own == 0 || (*x <= numbers[i].most && (*x > 0 || numbers[i].may_be_0)))
        return FY_OK;
    return fyi_fail(FY_EINVAL,
                    "loss '%s' of '%s': %s must be %s and at most %g, not %g; a negative number "
                    "asks for the loss's own",
                    k->loss->name, k->name, numbers[i].name,
                    numbers[i].may_be_0 ? "0 or more" : "above 0", numbers[i].most, *x);
}

#define MAX_WIDTH 65536

static fy_status settle_width(fy_kd *k)
{
    const int64_t own = k->loss->defaults.width, asked = k->o.width;
    if (asked < 0 || own == 0)
        k->o.width = FYI_MAX(own, 0);
    else if (asked < 1 || asked > MAX_WIDTH)
        return fyi_fail(FY_EINVAL,
                        "loss '%s' of '%s': width must be 1 to %d, not %lld; a negative number "
                        "asks for the loss's own",
                        k->loss->name, k->name, MAX_WIDTH, (long long)asked);
    return FY_OK;
}

static fy_status settle(fy_kd *k)
{
    for (size_t i = 0; i < FYI_LEN(numbers); i++)
        FYI_FORWARD(settle_number(k, i));
    return settle_width(k);
}

/* ---- making --------------------------------------------------------------------------------------------------- */

/* The views as losses see them: the features are a layer where nothing is tapped. */
static fy_kd_view seen(const fy_kd *k, fy_kd_view v)
{
    if ((k->needs & FYI_KD_LAYERS) && v.n_layers == 0 && v.features.id) {
        v.layers[0] = v.features;
        v.n_layers = 1;
    }
    return v;
}

static fy_kd_in seen_by(const fy_kd *k, const fy_kd_in *in)
{
    fy_kd_in to = *in;
    to.student = seen(k, in->student);
    to.teacher = seen(k, in->teacher);
    return to;
}

static fy_status fill(fy_kd *k, const char *name, const fy_graph *g, const fy_kd_in *in,
                      const fy_kd_opts *o)
{
    if (!(k->name = fyi_strdup(name)))
        return fyi_enomem(strlen(name), name);
    k->o = o ? *o : fy_kd_defaults();
    k->needs = k->loss->needs;
    if (k->needs == FYI_KD_ONE_OF)
        k->needs = k->o.critic_on_features ? FYI_KD_FEATURES : FYI_KD_LOGITS;
    const fy_kd_in to = seen_by(k, in);
    FYI_FORWARD(settle(k));
    FYI_FORWARD(fy_graph_status(g));
    FYI_FORWARD(fyi_kd_check(k, g, &to));
    return k->loss->open ? k->loss->open(k, g, &to) : FY_OK;
}

fy_status fy_kd_new(const char *loss, const char *name, const fy_graph *g, const fy_kd_in *in,
                    const fy_kd_opts *o, fy_kd **out)
{
    const fyi_kd_loss *l = find(loss);
    *out = NULL;
    if (!l)
        return unknown(loss);
    fy_kd *k = fyi_calloc(1, sizeof *k);
    if (!k)
        return fyi_enomem(sizeof *k, name);
    k->loss = l;
    const fy_status st = fill(k, name, g, in, o);
    if (st != FY_OK) {
        fy_kd_free(k);
        return st;
    }
    *out = k;
    return FY_OK;
}

void fy_kd_free(fy_kd *k)
{
    if (!k)
        return;
    for (int i = 0; i < k->n_adapters; i++)
        fy_model_free(k->adapters[i]);
    fy_model_free(k->critic);
    fyi_free(k->name);
    fyi_free(k);
}

fy_status fyi_kd_add_adapter(fy_kd *k, fy_build_fn build, fy_shape x, int64_t width, int64_t hidden)
{
    fy_model_opts o = fy_model_defaults();
    fyi_buf name = { 0 };
    o.input = fyi_sample_of(x);
    o.n_classes = width;
    o.hidden = hidden;
    o.seed = k->o.seed;
    fyi_buf_printf(&name, "%s.adapter%d", k->name, k->n_adapters);
    const fy_status st = name.failed ? fyi_enomem(name.cap, k->name)
                                     : fy_model_new(name.p, build, &o, &k->adapters[k->n_adapters]);
    fyi_buf_release(&name);
    k->n_adapters += st == FY_OK;
    return st;
}

fy_status fyi_kd_add_critic(fy_kd *k, fy_shape x)
{
    fy_model_opts o = fy_model_defaults();
    fyi_buf name = { 0 };
    o.input = fyi_sample_of(x);
    o.n_classes = 1;
    o.hidden = k->o.width;
    o.activation = "leaky_relu";
    o.seed = k->o.seed;
    fyi_buf_printf(&name, "%s.critic", k->name);
    const fy_status st = name.failed ? fyi_enomem(name.cap, k->name)
                                     : fy_model_open("critic", name.p, &o, &k->critic);
    fyi_buf_release(&name);
    return st;
}

/* ---- using ---------------------------------------------------------------------------------------------------- */

static fy_node detached(fy_graph *g, fy_node x)
{
    return x.id ? fy_detach(g, x) : x;
}

static void detach_view(fy_graph *g, fy_kd_view *v)
{
    v->logits = detached(g, v->logits);
    v->features = detached(g, v->features);
    for (int i = 0; i < v->n_layers; i++)
        v->layers[i] = detached(g, v->layers[i]);
}

/* One of the loss's functions on views that it may have, with the teacher and the weights detached. */
static fy_node build(fy_graph *g, const fy_kd *k, const fy_kd_in *in,
                     fy_node (*fn)(fy_graph *, const fy_kd *, const fy_kd_in *), bool student_moves)
{
    fy_kd_in to = seen_by(k, in);
    if (fy_graph_status(g) != FY_OK)
        return FY_NO_NODE;
    const fy_status st = fyi_kd_check(k, g, &to);
    if (st != FY_OK) {
        fy_graph_fail(g, st);
        return FY_NO_NODE;
    }
    detach_view(g, &to.teacher);
    if (!student_moves)
        detach_view(g, &to.student);
    to.rows = detached(g, to.rows);
    return fn(g, k, &to);
}

fy_node fy_kd_apply(fy_graph *g, fy_kd *k, const fy_kd_in *in)
{
    return build(g, k, in, k->loss->build, true);
}

fy_node fy_kd_critic_loss(fy_graph *g, fy_kd *k, const fy_kd_in *in)
{
    return k->loss->critic ? build(g, k, in, k->loss->critic, false) : FY_NO_NODE;
}

fy_model *fy_kd_adapter(const fy_kd *k, int i)
{
    return i >= 0 && i < k->n_adapters ? k->adapters[i] : NULL;
}

fy_model *fy_kd_critic(const fy_kd *k)
{
    return k->critic;
}

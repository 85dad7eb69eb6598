/* check.c: may a loss be had of two views? What is missing or does not fit is named. */
#include "train/losses/losses.h"

/* A value of one side. */
typedef struct value {
    const char *side, *what;
    fy_node x;
} value;

static fy_status want(const fy_kd *k, const fy_graph *g, const value *v, unsigned ranks,
                      const char *form)
{
    char text[FYI_SPEC_CHARS];
    if (!v->x.id)
        return fyi_fail(FY_EINVAL, "loss '%s' of '%s' compares %s, and the %s gives none",
                        k->loss->name, k->name, v->what, v->side);
    const fy_shape s = fy_node_shape(g, v->x);
    if ((ranks >> s.rank & 1) && fy_node_dtype(g, v->x) == FY_F32 && s.d[0] > 0)
        return FY_OK;
    return fyi_fail(FY_ESHAPE, "loss '%s' of '%s': the %s's %s must be %s, not %s", k->loss->name,
                    k->name, v->side, v->what, form, fy_shape_text(&s, text, sizeof text));
}

static fy_status want_same_samples(const fy_kd *k, const fy_graph *g, const char *what, fy_node a,
                                   fy_node b)
{
    const int64_t n = fy_node_shape(g, a).d[0], m = fy_node_shape(g, b).d[0];
    if (n == m)
        return FY_OK;
    return fyi_fail(FY_ESHAPE,
                    "loss '%s' of '%s': the student's %s are of %lld samples and the teacher's of "
                    "%lld; both must see the same batch",
                    k->loss->name, k->name, what, (long long)n, (long long)m);
}

enum { RANK_2 = 1 << 2, RANK_4 = 1 << 4 };

static fy_status want_both(const fy_kd *k, const fy_graph *g, const char *what, fy_node student,
                           fy_node teacher, unsigned ranks, const char *form)
{
    const value s = { "student", what, student }, t = { "teacher", what, teacher };
    FYI_FORWARD(want(k, g, &s, ranks, form));
    FYI_FORWARD(want(k, g, &t, ranks, form));
    return want_same_samples(k, g, what, student, teacher);
}

static fy_status want_logits(const fy_kd *k, const fy_graph *g, const fy_kd_in *in)
{
    FYI_FORWARD(want_both(k, g, "logits", in->student.logits, in->teacher.logits, RANK_2, "[n, k]"));
    const int64_t s = fy_node_shape(g, in->student.logits).d[1];
    const int64_t t = fy_node_shape(g, in->teacher.logits).d[1];
    if (s == t && s > 0)
        return FY_OK;
    return fyi_fail(FY_ESHAPE,
                    "loss '%s' of '%s' compares logits of the same classes, and the student has "
                    "%lld classes and the teacher %lld; losses on features or layers, such as hint "
                    "and similarity, do not ask for that",
                    k->loss->name, k->name, (long long)s, (long long)t);
}

static fy_status want_features(const fy_kd *k, const fy_graph *g, const fy_kd_in *in)
{
    return want_both(k, g, "features", in->student.features, in->teacher.features, RANK_2, "[n, d]");
}

/* ---- layers ------------------------------------------------------------------------------------------------- */

static fy_status want_layer(const fy_kd *k, const fy_graph *g, const fy_kd_in *in, int i)
{
    char what[32];
    snprintf(what, sizeof what, "values of layer %d", i + 1);
    const fy_node s = in->student.layers[i], t = in->teacher.layers[i];
    const bool maps = k->needs & FYI_KD_MAPS;
    FYI_FORWARD(want_both(k, g, what, s, t, maps ? RANK_4 : RANK_2 | RANK_4,
                          maps ? "[n, c, h, w]" : "[n, c, h, w] or [n, d]"));
    const fy_shape a = fy_node_shape(g, s), b = fy_node_shape(g, t);
    if (a.rank == b.rank && fy_shape_numel(&a) > 0 && fy_shape_numel(&b) > 0)
        return FY_OK;
    char at[FYI_SPEC_CHARS], bt[FYI_SPEC_CHARS];
    return fyi_fail(FY_ESHAPE,
                    "loss '%s' of '%s': layer %d is %s in the student and %s in the teacher; tap "
                    "maps in both or features in both",
                    k->loss->name, k->name, i + 1, fy_shape_text(&a, at, sizeof at),
                    fy_shape_text(&b, bt, sizeof bt));
}

static fy_status want_layers(const fy_kd *k, const fy_graph *g, const fy_kd_in *in)
{
    const int n = in->student.n_layers, m = in->teacher.n_layers;
    const int least = FYI_MAX(k->loss->min_layers, 1);
    if (n != m)
        return fyi_fail(
            FY_EINVAL,
            "loss '%s' of '%s': the student gives %d layers and the teacher %d; the i-th "
            "of one is compared with the i-th of the other",
            k->loss->name, k->name, n, m);
    if (n < least || n > FY_KD_MAX_LAYERS)
        return fyi_fail(FY_EINVAL, "loss '%s' of '%s' compares %d to %d layers, and %d are given",
                        k->loss->name, k->name, least, FY_KD_MAX_LAYERS, n);
    for (int i = 0; i < n; i++)
        FYI_FORWARD(want_layer(k, g, in, i));
    return FY_OK;
}

/* ---- labels and weights --------------------------------------------------------------------------------------- */

static int64_t samples(const fy_kd *k, const fy_graph *g, const fy_kd_in *in)
{
    const fy_node x = k->needs & FYI_KD_LOGITS     ? in->student.logits
                      : k->needs & FYI_KD_FEATURES ? in->student.features
                                                   : in->student.layers[0];
    return fy_node_shape(g, x).d[0];
}

static fy_status want_vector(const fy_kd *k, const fy_graph *g, const char *what, fy_node x,
                             fy_dtype t, int64_t n)
{
    char text[FYI_SPEC_CHARS];
    const fy_shape s = fy_node_shape(g, x);
    if (s.rank == 1 && s.d[0] == n && fy_node_dtype(g, x) == t)
        return FY_OK;
    return fyi_fail(FY_ESHAPE, "loss '%s' of '%s': %s must be %s[%lld], one per sample, not %s",
                    k->loss->name, k->name, what, fy_dtype_name(t), (long long)n,
                    fyi_spec_text(fy_node_dtype(g, x), &s, text));
}

static fy_status want_vectors(const fy_kd *k, const fy_graph *g, const fy_kd_in *in)
{
    const int64_t n = samples(k, g, in);
    if ((k->needs & FYI_KD_LABELS) && !in->y.id)
        return fyi_fail(FY_EINVAL, "loss '%s' of '%s' needs labels, and none are given",
                        k->loss->name, k->name);
    if (in->y.id)
        FYI_FORWARD(want_vector(k, g, "labels", in->y, FY_I32, n));
    return in->rows.id ? want_vector(k, g, "the weights of samples", in->rows, FY_F32, n) : FY_OK;
}

fy_status fyi_kd_check(const fy_kd *k, const fy_graph *g, const fy_kd_in *in)
{
    static const struct {
        unsigned needs;
        fy_status (*want)(const fy_kd *, const fy_graph *, const fy_kd_in *);
    } checks[] = {
        { FYI_KD_LOGITS, want_logits },
        { FYI_KD_FEATURES, want_features },
        { FYI_KD_LAYERS | FYI_KD_MAPS, want_layers },
    };
    for (size_t i = 0; i < FYI_LEN(checks); i++)
        if (k->needs & checks[i].needs)
            FYI_FORWARD(checks[i].want(k, g, in));
    FYI_FORWARD(want_vectors(k, g, in));
    return k->loss->check ? k->loss->check(k, g, in) : FY_OK;
}

/* pid_samples.c: decompositions of what samples show: the frequencies of values, or of k-means clusters of features.
 *
 * Entropies of frequencies are too small by about (values - 1) / (2 n) nats (Miller 1955), so that information looks too large,
 * most where most cells are: in both variables together. How large it looks where there is none, shuffled labels show. */
#include "train/pid.h"
#include "train/space.h"

static fy_status check_values(const char *what, const int32_t *v, int64_t n, int n_values)
{
    for (int64_t i = 0; i < n; i++)
        if (v[i] < 0 || v[i] >= n_values)
            return fyi_fail(FY_EINVAL,
                            "decomposition: %s of sample %lld is %d, but values are 0 to %d", what,
                            (long long)i, (int)v[i], n_values - 1);
    return FY_OK;
}

static fy_status check_samples(const fy_pid_samples *s, const fy_pid_opts *o)
{
    if (s->n < 1)
        return fyi_fail(FY_EINVAL, "decomposition: there are %lld samples", (long long)s->n);
    if (o->shuffles < 0)
        return fyi_fail(FY_EINVAL, "decomposition: %d shuffles; 0 or more are possible",
                        o->shuffles);
    FYI_FORWARD(fyi_pid_check_sizes(s->n1, s->n2, s->ny));
    FYI_FORWARD(check_values("x1", s->x1, s->n, s->n1));
    FYI_FORWARD(check_values("x2", s->x2, s->n, s->n2));
    return check_values("y", s->y, s->n, s->ny);
}

/* order NULL: each sample has its own label. */
static fy_status decompose(const fy_pid_samples *s, const int64_t *order, const fy_pid_opts *o,
                           fy_pid_bits *out)
{
    const size_t n1 = (size_t)s->n1, n2 = (size_t)s->n2;
    fy_pid_opts counted = *o;
    double *p = fyi_calloc((size_t)s->ny * n1, n2 * sizeof *p);
    fy_status st;

    if (p == NULL)
        return fyi_enomem((size_t)s->ny * n1 * n2 * sizeof *p, "a table of samples");
    for (int64_t i = 0; i < s->n; i++) {
        const size_t y = (size_t)s->y[order != NULL ? order[i] : i];

        p[(y * n1 + (size_t)s->x1[i]) * n2 + (size_t)s->x2[i]]++;
    }
    counted.are_counts = true;
    st = fy_pid(p, s->n1, s->n2, s->ny, &counted, out);
    fyi_free(p);
    return st;
}

static void add_share(fy_pid_bits *sum, const fy_pid_bits *b, int n)
{
    sum->redundant += b->redundant / n;
    sum->synergy += b->synergy / n;
    sum->both += b->both / n;
    sum->gap += b->gap / n;
    sum->iterations += b->iterations;
    for (int i = 0; i < 2; i++) {
        sum->unique[i] += b->unique[i] / n;
        sum->information[i] += b->information[i] / n;
    }
}

static fy_status find_chance(const fy_pid_samples *s, const fy_pid_opts *o, fy_pid_bits *chance)
{
    const fy_rng root = fy_rng_named(o->seed, "pid.chance");
    int64_t *order = fyi_calloc((size_t)s->n, sizeof *order);
    fy_status st = FY_OK;

    *chance = (fy_pid_bits){ 0 };
    if (order == NULL)
        return fyi_enomem((size_t)s->n * sizeof *order, "shuffled labels");
    for (int64_t i = 0; i < s->n; i++)
        order[i] = i;
    for (int k = 0; k < o->shuffles; k++) {
        fy_rng r = fy_rng_child(&root, (uint64_t)k);
        fy_pid_bits b;

        fy_rng_shuffle(&r, order, (size_t)s->n);
        FY_TRY(decompose(s, order, o, &b));
        add_share(chance, &b, o->shuffles);
    }
done:
    fyi_free(order);
    return st;
}

fy_status fy_pid_of_samples(const fy_pid_samples *s, const fy_pid_opts *o, fy_pid_bits *out,
                            fy_pid_bits *chance)
{
    const fy_pid_opts defaults = fy_pid_defaults();

    *out = (fy_pid_bits){ 0 };
    if (o == NULL)
        o = &defaults;
    FYI_FORWARD(check_samples(s, o));
    FYI_FORWARD(decompose(s, NULL, o, out));
    return chance != NULL ? find_chance(s, o, chance) : FY_OK;
}

#define RESTARTS 5

fy_status fy_pid_of_features(const fy_tensor *x1, const fy_tensor *x2, const int32_t *y, int ny,
                             const fy_pid_opts *o, fy_pid_bits *out, fy_pid_bits *chance)
{
    const fy_pid_opts defaults = fy_pid_defaults();
    int32_t *label;
    int64_t n;
    fy_status st;

    *out = (fy_pid_bits){ 0 };
    if (o == NULL)
        o = &defaults;
    FYI_FORWARD(fyi_check_points(x1, "decomposition, x1"));
    FYI_FORWARD(fyi_check_points(x2, "decomposition, x2"));
    n = fy_tensor_shape(x1)->d[0];
    if (fy_tensor_shape(x2)->d[0] != n)
        return fyi_fail(FY_ESHAPE, "decomposition: x1 has %lld samples, x2 %lld", (long long)n,
                        (long long)fy_tensor_shape(x2)->d[0]);
    label = fyi_calloc((size_t)n, 2 * sizeof *label);
    if (label == NULL)
        return fyi_enomem((size_t)n * 2 * sizeof *label, "clusters");
    FY_TRY(fy_kmeans(x1, o->clusters, RESTARTS, o->seed, label, NULL, NULL));
    FY_TRY(fy_kmeans(x2, o->clusters, RESTARTS, o->seed, label + n, NULL, NULL));
    st = fy_pid_of_samples(
        &(fy_pid_samples){ label, label + n, y, n, o->clusters, o->clusters, ny }, o, out, chance);
done:
    fyi_free(label);
    return st;
}

/* subspace.c: subspace alignment (Fernando et al., ICCV 2013): the main axes of the source's features are turned into those of the target's,
 * and the classifier learns the source there. With axes P_S, P_T [q, d] and means of both domains,
 *
 *   f_s' = mean_T + (f_s - mean_S) P_S^T (P_S P_T^T) P_T          (equation 2, back in the space of the features)
 *
 * and of the target's features only their part along P_T is looked at: a linear classifier is projected on the axes before it is looked
 * at itself, which changes nothing of what it says of any f_s'. */
#include "methods/carry/map.h"

#include <stdlib.h>
#include <string.h>

#define USUAL_AXES 20

/* ---- the map ---------------------------------------------------------------------------------------------- */

typedef struct axes {
    fy_tensor *mean, *axes; /* [d], [q, d] */
} axes;

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int axes_of(const carry_mapping *m)
{
    const fy_shape *s = fy_tensor_shape(m->source), *t = fy_tensor_shape(m->target);
    const int64_t most = least(s->d[1], least(s->d[0], t->d[0]) - 1);
    const int64_t wanted = m->o->subspace_axes > 0 ? m->o->subspace_axes : USUAL_AXES;
    return (int)least(wanted, most);
}

static fy_status find_axes(const fy_tensor *x, int q, uint64_t seed, axes *out)
{
    fy_tensor *deviation = NULL;
    const fy_status st = fy_pca(x, q, seed, &out->mean, &out->axes, &deviation);
    fy_tensor_free(deviation);
    return st;
}

/* turn [q, q] = P_S P_T^T */
static void find_turn(const float *from, const float *to, int q, int64_t d, double *turn)
{
    for (int a = 0; a < q; a++)
        for (int b = 0; b < q; b++) {
            double sum = 0;
            for (int64_t j = 0; j < d; j++)
                sum += (double)from[a * d + j] * (double)to[b * d + j];
            turn[a * q + b] = sum;
        }
}

static void combine(const double *weights, const float *axis, int q, int64_t d, const float *mean,
                    float *to)
{
    for (int64_t j = 0; j < d; j++) {
        double sum = (double)mean[j];
        for (int a = 0; a < q; a++)
            sum += weights[a] * (double)axis[a * d + j];
        to[j] = (float)sum;
    }
}

/* z [n, q]: along the source's axes; room: q numbers. */
static void turn_rows(carry_mapping *m, const fy_tensor *z, const double *turn, double *room)
{
    const int q = (int)fy_tensor_shape(z)->d[1];
    const int64_t n = fy_tensor_shape(z)->d[0], d = fy_tensor_shape(m->to)->d[1];
    const float *at = fy_tensor_const_data(z);
    for (int64_t i = 0; i < n; i++, at += q) {
        for (int b = 0; b < q; b++) {
            room[b] = 0;
            for (int a = 0; a < q; a++)
                room[b] += (double)at[a] * turn[a * q + b];
        }
        combine(room, fy_tensor_const_data(m->axes), q, d, fy_tensor_const_data(m->mean),
                (float *)fy_tensor_data(m->to) + i * d);
    }
}

fy_status subspace_map(carry_mapping *m)
{
    const int q = axes_of(m);
    const int64_t d = fy_tensor_shape(m->source)->d[1];
    axes source = { 0 }, target = { 0 };
    fy_tensor *z = NULL;
    double *turn = calloc((size_t)(q + 1) * (size_t)(q + 1), sizeof *turn);
    fy_status st;
    if (!turn)
        return fy_error(FY_ENOMEM, "subspace: no memory for %d axes", q);
    FY_TRY(find_axes(m->source, q, m->o->seed, &source));
    FY_TRY(find_axes(m->target, q, m->o->seed, &target));
    m->mean = target.mean;
    m->axes = target.axes;
    FY_TRY(fy_project(m->source, source.mean, source.axes, NULL, false, &z));
    find_turn(fy_tensor_const_data(source.axes), fy_tensor_const_data(target.axes), q, d, turn);
    turn_rows(m, z, turn, turn + q * q);
done:
    if (m->axes != target.axes) {
        fy_tensor_free(target.mean);
        fy_tensor_free(target.axes);
    }
    fy_tensor_free(z);
    fy_tensor_free(source.mean);
    fy_tensor_free(source.axes);
    free(turn);
    return st;
}

/* ---- the classifier --------------------------------------------------------------------------------------- */

/* w [d] becomes its part along the axes, was [d] what it was; what it loses, it said of every mapped feature: the sum over the mean. */
static double project(const carry_mapping *m, float *w, float *was)
{
    const float *axis = fy_tensor_const_data(m->axes), *mean = fy_tensor_const_data(m->mean);
    const int64_t q = fy_tensor_shape(m->axes)->d[0], d = fy_tensor_shape(m->axes)->d[1];
    double lost = 0;
    memcpy(was, w, (size_t)d * sizeof *was);
    memset(w, 0, (size_t)d * sizeof *w);
    for (int64_t a = 0; a < q; a++) {
        double along = 0;
        for (int64_t j = 0; j < d; j++)
            along += (double)axis[a * d + j] * (double)was[j];
        for (int64_t j = 0; j < d; j++)
            w[j] += (float)(along * (double)axis[a * d + j]);
    }
    for (int64_t j = 0; j < d; j++)
        lost += ((double)was[j] - (double)w[j]) * (double)mean[j];
    return lost;
}

static fy_status settle(carrying *c)
{
    fy_param *weight = fy_model_find(c->classifier, "fc.weight");
    fy_param *bias = fy_model_find(c->classifier, "fc.bias");
    const int64_t k = fy_param_shape(weight)->d[0], d = fy_param_shape(weight)->d[1];
    float *w = malloc((size_t)(k * d + k + d) * sizeof *w), *b;
    fy_status st;
    if (!w)
        return fy_error(FY_ENOMEM, "subspace: no memory for %lld classes", (long long)k);
    b = w + k * d;
    FY_TRY(fy_param_read(weight, w, k * d));
    FY_TRY(fy_param_read(bias, b, k));
    for (int64_t i = 0; i < k; i++)
        b[i] += (float)project(c->mapping, w + i * d, b + k);
    FY_TRY(fy_param_write(weight, w, k * d));
    FY_TRY(fy_param_write(bias, b, k));
done:
    free(w);
    return st;
}

static fy_status check(const carrying *c)
{
    if (strcmp(fy_model_family(c->classifier), "linear") != 0)
        return fy_error(FY_EINVAL,
                        "subspace: its classifier is projected on the target's axes and has to be "
                        "of the family 'linear', not '%s'; transport takes any",
                        fy_model_family(c->classifier));
    return carry_check_features(c);
}

const carry_method carry_subspace = {
    .name = "subspace",
    .text = "main axes of the source's features are turned into the target's, and the classifier "
            "learns there (subspace alignment, Fernando et al. 2013)",
    .flags = CARRY_BALANCED,
    .moves = CARRY_CLASSIFIER,
    .check = check,
    .map = subspace_map,
    .settle = settle,
};

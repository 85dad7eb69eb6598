/* shot.c: source hypothesis transfer (Liang et al. 2020): the classifier stays, and the encoder learns the target alone, from nothing but
 * the source model. With m = mean p:
 *
 *   mean H(p_t) - H(m) + w CE(C(f_t), y^)
 *
 * y^, given anew at every evaluation (section 3.4): the class of the nearest centroid by cosine, first of centroids
 * sum_i p_ik f_i / sum_i p_ik, then of those of the classes that these give. */
#include "methods/carry/carry.h"

#include "methods/losses.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- labels from centroids -------------------------------------------------------------------------------- */

typedef struct centroids {
    int64_t n, d; /* samples; features and a 1 */
    int k;
    double *z;      /* [n, d], of length 1 */
    double *p;      /* [n, k], what a sample has of each class */
    double *centre; /* [k, d], of length 1, or 0: nobody is of the class */
} centroids;

static void shorten(double *v, int64_t d)
{
    double square = 0;
    for (int64_t j = 0; j < d; j++)
        square += v[j] * v[j];
    const double scale = square > 0 ? 1 / sqrt(square) : 0;
    for (int64_t j = 0; j < d; j++)
        v[j] *= scale;
}

static void fill_features(centroids *c, const float *z)
{
    for (int64_t i = 0; i < c->n; i++) {
        double *row = c->z + i * c->d;
        for (int64_t j = 0; j < c->d - 1; j++)
            row[j] = (double)z[i * (c->d - 1) + j];
        row[c->d - 1] = 1;
        shorten(row, c->d);
    }
}

/* The directions alone count, so that sums need no division. */
static void find_centres(centroids *c)
{
    memset(c->centre, 0, (size_t)(c->k * c->d) * sizeof *c->centre);
    for (int64_t i = 0; i < c->n; i++)
        for (int j = 0; j < c->k; j++) {
            const double w = c->p[i * c->k + j];
            for (int64_t l = 0; w > 0 && l < c->d; l++)
                c->centre[j * c->d + l] += w * c->z[i * c->d + l];
        }
    for (int j = 0; j < c->k; j++)
        shorten(c->centre + j * c->d, c->d);
}

/* A class that nobody is of has no direction, and a cosine below all others. */
static double cosine(const centroids *c, int64_t i, int class)
{
    const double *z = c->z + i * c->d, *centre = c->centre + class * c->d;
    double sum = 0, square = 0;
    for (int64_t j = 0; j < c->d; j++) {
        sum += z[j] * centre[j];
        square += centre[j] * centre[j];
    }
    return square > 0 ? sum : -2;
}

static int nearest(const centroids *c, int64_t i)
{
    int best = 0;
    double most = cosine(c, i, 0);
    for (int j = 1; j < c->k; j++) {
        const double is = cosine(c, i, j);
        if (is > most) {
            most = is;
            best = j;
        }
    }
    return best;
}

static void assign(centroids *c, int32_t *label)
{
    find_centres(c);
    for (int64_t i = 0; i < c->n; i++)
        label[i] = nearest(c, i);
}

static fy_status label(carrying *a)
{
    const fy_shape *z = fy_tensor_shape(a->adapt.target.z);
    centroids c = { .n = z->d[0], .k = a->adapt.classes };
    c.d = fy_tensor_numel(a->adapt.target.z) / c.n + 1;
    c.z = calloc((size_t)(c.n * c.d), sizeof *c.z);
    c.p = calloc((size_t)(c.n * c.k), sizeof *c.p);
    c.centre = calloc((size_t)(c.k * c.d), sizeof *c.centre);
    fy_status st = FY_OK;
    if (!c.z || !c.p || !c.centre) {
        st = fy_error(FY_ENOMEM, "shot: no memory for %lld samples", (long long)c.n);
        goto done;
    }
    fill_features(&c, fy_tensor_const_data(a->adapt.target.z));
    FY_TRY(fy_probabilities_of(a->adapt.target.logits, c.p));
    assign(&c, a->labels);
    memset(c.p, 0, (size_t)(c.n * c.k) * sizeof *c.p);
    for (int64_t i = 0; i < c.n; i++)
        c.p[i * c.k + a->labels[i]] = 1;
    assign(&c, a->labels);
done:
    free(c.centre);
    free(c.p);
    free(c.z);
    return st;
}

/* ---- the objective ---------------------------------------------------------------------------------------- */

static void build(carry_stage *s)
{
    const fy_stream labelled = { .y = s->labels };
    const fy_node information = fy_information_loss(s->g, s->lt);
    const fy_node pseudo = loss_cross_entropy(s->g, s->lt, &labelled, 0);
    carry_watch(s, "target.information", information);
    carry_watch(s, "target.pseudo", pseudo);
    const fy_node loss = fy_add(s->g, information, fy_scale(s->g, pseudo, (float)s->c->trade_off));
    (void)carry_objective(s, "adapt", loss, CARRY_ENCODER);
}

const carry_method carry_shot = {
    .name = "shot",
    .text = "without the source's samples: certain and varied predictions, and labels by the "
            "nearest centroid (SHOT, Liang et al. 2020)",
    .flags = CARRY_SOURCE_FREE | CARRY_LABELS | CARRY_BALANCED,
    .moves = CARRY_ENCODER,
    .trade_off = 0.3,
    .epochs = 15,
    .build = build,
    .label = label,
};

/* terms.c: the pieces that the stages' losses are made of. */
#include "methods/hdnet/hdnet.h"

#include "methods/losses.h"

#include <math.h>
#include <stdio.h>

fy_node hdnet_rows(const hdnet_stage *s, fy_node x, int set)
{
    const hdnet_set *of = &s->sets[set];
    return fy_node_shape(s->g, x).d[0] == of->rows ? x : fy_slice(s->g, x, 0, of->first, of->rows);
}

/* ---- answers ---------------------------------------------------------------------------------------------- */

fy_node hdnet_branch(hdnet_stage *s, fy_node z, int m, bool is_fixed)
{
    fy_node sum = FY_NO_NODE;
    for (int k = 0; k < s->h->o->heads; k++) {
        fy_model *head = s->h->heads[m][k];
        sum = loss_sum(s->g, sum,
                       is_fixed ? fy_model_apply_fixed(s->g, head, z)
                                : fy_model_apply(s->g, head, z, FY_TRAIN));
    }
    return fy_scale(s->g, sum, 1 / (float)s->h->o->heads);
}

fy_node hdnet_whole(hdnet_stage *s, int set)
{
    fy_node z[HDNET_MAX];
    for (int m = 0; m < s->h->n; m++)
        z[m] = hdnet_rows(s, s->z[m], set);
    return fy_model_apply(s->g, s->h->fusion,
                          fy_parts_together(s->g, z, s->sets[set].there, s->h->n), FY_TRAIN);
}

/* ---- means ------------------------------------------------------------------------------------------------ */

fy_node hdnet_mean(const hdnet_stage *s, int set, fy_node values, int m)
{
    const hdnet_set *of = &s->sets[set];
    if (m < 0 || !of->there[m].id)
        return fy_mean_all(s->g, values);
    const fy_node there = fy_reshape(s->g, of->there[m], FY_SHAPE(of->rows));
    const fy_node n = fy_clip(s->g, fy_sum_all(s->g, there), 1, INFINITY);
    return fy_div(s->g, fy_sum_all(s->g, fy_mul(s->g, values, there)), n);
}

fy_node hdnet_cross_entropy(const hdnet_stage *s, int set, fy_node logits, int m)
{
    return hdnet_mean(s, set, fy_cross_entropy(s->g, logits, s->sets[set].y), m);
}

/* tau^2 KL(p_t || p_s), no gradient to t (Hinton et al. 2015, section 2). */
fy_node hdnet_kd(const hdnet_stage *s, int set, fy_node t, fy_node logits, int m)
{
    fy_graph *g = s->g;
    const float tau = (float)s->h->o->tau;
    const fy_node p = fy_softmax(g, fy_scale(g, fy_detach(g, t), 1 / tau));
    const fy_node log_q = fy_log_softmax(g, fy_scale(g, logits, 1 / tau));
    return fy_scale(g, hdnet_mean(s, set, fy_kl(g, p, log_q), m), tau * tau);
}

/* ---- names ------------------------------------------------------------------------------------------------ */

static void name_of(const hdnet_stage *s, const char *what, int m, char *name, size_t bytes)
{
    if (m < 0)
        (void)snprintf(name, bytes, "%s", what);
    else
        (void)snprintf(name, bytes, "%s.%.64s", what, fy_parts_name(s->h->data->source, m));
}

int hdnet_watch(hdnet_stage *s, const char *what, int m, fy_node scalar)
{
    const int i = s->n_watches++;
    name_of(s, what, m, s->names[i], sizeof s->names[i]);
    s->watches[i] = (fy_watch){ s->names[i], scalar };
    return i;
}

/* 1 where the row's largest logit is the label's, else 0. */
static fy_node is_right(const hdnet_stage *s, int set, fy_node logits)
{
    static const int classes[] = { 1 };
    const int64_t k = s->h->n_classes;
    const fy_node said = fy_one_hot(s->g, fy_argmax(s->g, fy_detach(s->g, logits)), k);
    return fy_sum(s->g, fy_mul(s->g, said, fy_one_hot(s->g, s->sets[set].y, k)), classes, 1, false);
}

void hdnet_watch_branch(hdnet_stage *s, int set, fy_node logits, int m)
{
    fy_graph *g = s->g;
    const fy_node there = s->sets[set].there[m], plain = fy_detach(g, logits);
    const fy_node surprise = fy_cross_entropy(g, plain, s->sets[set].y);
    const fy_node certainty = hdnet_mean(s, set, fy_exp(g, fy_scale(g, surprise, -1)), m);
    (void)hdnet_watch(s, "train", m, hdnet_mean(s, set, is_right(s, set, logits), m));
    (void)hdnet_watch(s, "entropy", m, hdnet_mean(s, set, fy_entropy(g, plain), m));
    s->known_watch[m] = hdnet_watch(s, "certainty", m, certainty);
    if (there.id)
        s->has_watch[m] = hdnet_watch(s, "there", m, fy_clip(g, fy_sum_all(g, there), 0, 1));
}

fy_node hdnet_scalar(hdnet_stage *s, const char *what, int m)
{
    char name[96];
    name_of(s, what, m, name, sizeof name);
    return fy_input(s->g, name, FY_F32, FY_SCALAR);
}

fy_status hdnet_set_scalar(const hdnet_stage *s, fy_plan *plan, const char *what, int m,
                           double value)
{
    char name[96];
    name_of(s, what, m, name, sizeof name);
    return fy_plan_set(plan, name, (float)value);
}

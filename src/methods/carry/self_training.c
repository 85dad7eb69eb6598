/* self_training.c: labels that the network gives itself, with consistency (FixMatch, Sohn et al. 2020, equation 4): of each target
 * sample there are two views, and where the network is certain of the one, it learns that class from the other.
 *
 *   CE_s + w mean 1[max p(weak) >= threshold] CE(C(F(strong)), argmax p(weak)) */
#include "methods/carry/carry.h"

static fy_status check(const carrying *c)
{
    return c->o->threshold > 0 && c->o->threshold < 1
               ? FY_OK
               : fy_error(FY_EINVAL,
                          "self_training: the threshold is %g; expected 0 to 1, without both",
                          c->o->threshold);
}

/* [n], 1 where the class y is at least that certain, else 0. */
static fy_node are_certain(const carry_stage *s, fy_node logits, fy_node y)
{
    static const int classes[] = { 1 };
    const fy_node p = fy_softmax(s->g, fy_detach(s->g, logits));
    const fy_node most = fy_sum(
        s->g, fy_mul(s->g, p, fy_one_hot(s->g, y, fy_node_shape(s->g, p).d[1])), classes, 1, false);
    const float steep = 1e6f, from = (float)s->c->o->threshold;
    return fy_clip(s->g, fy_affine(s->g, most, steep, 1 - steep * from), 0, 1);
}

static fy_node term(carry_stage *s)
{
    const fy_node y = fy_argmax(s->g, s->lt);
    const fy_node counts = are_certain(s, s->lt, y);
    carry_watch(s, "target.certain", fy_mean_all(s->g, counts));
    return fy_mean_all(s->g, fy_mul(s->g, fy_cross_entropy(s->g, s->strong, y), counts));
}

const carry_method carry_self_training = {
    .name = "self_training",
    .text = "where a sample's class is certain, another view of it learns that class (FixMatch, "
            "Sohn et al. 2020)",
    .flags = CARRY_VIEWS,
    .moves = CARRY_ENCODER | CARRY_CLASSIFIER,
    .trade_off = 1,
    .check = check,
    .term = term,
};

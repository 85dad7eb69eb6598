/* whole.c: stage 3, everything learns the target, at a part of the rate, from labels and from the heads as stage 2 left them:
 *
 *   L = CE(s_0) + k mean_m M w_m KD(s_m -> s_0) [+ b sum_m CE(s_m)]
 *
 * Heads only teach, without dropout and without gradient, unless b > 0. */
#include "methods/hdnet/hdnet.h"

void hdnet_build_whole(hdnet_stage *s)
{
    const fy_hdnet_opts *o = s->h->o;
    const fy_node whole = hdnet_whole(s, HDNET_LABELLED);
    (void)hdnet_watch(s, "train.fused", -1, fy_accuracy(s->g, whole, s->sets[HDNET_LABELLED].y));
    s->loss = hdnet_cross_entropy(s, HDNET_LABELLED, whole, -1);
    for (int m = 0; m < s->h->n; m++) {
        const fy_node z = hdnet_rows(s, s->z[m], HDNET_LABELLED);
        const fy_node said = hdnet_branch(s, fy_detach(s->g, z), m, true);
        const fy_node kd = hdnet_kd(s, HDNET_LABELLED, said, whole, m);
        const double weight = o->kd_weight * s->share[m]; /* 1 / M of M w_m */
        s->loss = fy_add(s->g, s->loss, fy_scale(s->g, kd, (float)weight));
        if (!s->moves_heads)
            continue;
        const fy_node own = hdnet_branch(s, z, m, false);
        hdnet_watch_branch(s, HDNET_LABELLED, own, m);
        s->loss = fy_add(
            s->g, s->loss,
            fy_scale(s->g, hdnet_cross_entropy(s, HDNET_LABELLED, own, m), (float)o->whole_aux));
    }
}

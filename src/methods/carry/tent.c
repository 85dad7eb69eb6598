/* tent.c: test-time entropy minimisation (Wang et al. 2021, "Tent"): scale and shift of batch norms move, by the mean entropy of the
 * target's predictions under the batch's own statistics. The running ones follow the target, since whoever predicts with the model that is
 * saved has no batch. */
#include "methods/carry/carry.h"

static void build(carry_stage *s)
{
    const fy_node entropy = fy_mean_all(s->g, fy_entropy(s->g, s->lt));
    carry_watch(s, "target.entropy", entropy);
    carry_move_norms(s, carry_objective(s, "adapt", entropy, 0));
}

const carry_method carry_tent = {
    .name = "tent",
    .text = "batch norms make the target's predictions certain (Tent, Wang et al. 2021)",
    .flags = CARRY_SOURCE_FREE,
    .epochs = 1,
    .check = carry_check_norms,
    .build = build,
    .encode = carry_encode_by_norms,
};

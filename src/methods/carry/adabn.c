/* adabn.c: adaptive batch normalisation (Li et al. 2017): batch norms take the target's statistics, and nothing else changes. They follow
 * the target's batches as in training, by the running means that the layers keep. */
#include "methods/carry/carry.h"

/* Of the loss only its way through the norms matters. */
static void build(carry_stage *s)
{
    const fy_node entropy = fy_mean_all(s->g, fy_entropy(s->g, s->lt));
    carry_watch(s, "target.entropy", entropy);
    carry_move_statistics(s, carry_objective(s, "adapt", entropy, 0));
}

const carry_method carry_adabn = {
    .name = "adabn",
    .text = "batch norms take the target's statistics, and nothing else changes (AdaBN, Li et al. "
            "2017)",
    .flags = CARRY_SOURCE_FREE | CARRY_STILL,
    .epochs = 1,
    .check = carry_check_norms,
    .build = build,
    .encode = carry_encode_by_norms,
};

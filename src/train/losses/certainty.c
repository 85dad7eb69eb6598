/* certainty.c: how sure a prediction is of itself, 1 + exp(-H(p)). M. Long, Z. Cao, J. Wang and M. Jordan (NeurIPS 2018),
 * "Conditional Adversarial Domain Adaptation", section 3.3. */
#include <ferry/domains.h>

fy_node fy_certainty(fy_graph *g, fy_node logits)
{
    return fy_affine(g, fy_exp(g, fy_scale(g, fy_entropy(g, logits), -1)), 1, 1);
}

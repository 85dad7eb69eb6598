/* attr_hash.c: the attributes of operators, field by field: between fields lie bytes that mean nothing and that differ
 * from run to run. Shapes are left out, since those of a node's values say the same. */
#include "graph/frozen.h"
#include "graph/ops/attr.h"

#include <stddef.h>

typedef struct field {
    size_t at, bytes;
} field;

#define MAX_FIELDS 7
#define IN(attr, member)                                                \
    {                                                                   \
        offsetof(fyi_##attr, member), sizeof(((fyi_##attr *)0)->member) \
    }

static const struct {
    const fyi_op *op;
    field fields[MAX_FIELDS];
} known[] = {
    { &fyi_op_conv2d,
      { IN(conv_attr, o), IN(conv_attr, has_bias), IN(conv_attr, has_other), IN(conv_attr, has_act),
        IN(conv_attr, lo), IN(conv_attr, hi) } },
    { &fyi_op_max_pool2d,
      { IN(pool_attr, o.kernel), IN(pool_attr, o.stride), IN(pool_attr, o.pad),
        IN(pool_attr, o.ceil_mode), IN(pool_attr, o.count_include_pad) } },
    { &fyi_op_avg_pool2d,
      { IN(pool_attr, o.kernel), IN(pool_attr, o.stride), IN(pool_attr, o.pad),
        IN(pool_attr, o.ceil_mode), IN(pool_attr, o.count_include_pad) } },
    { &fyi_op_adaptive_avg_pool2d, { IN(adaptive_attr, o) } },
    { &fyi_op_batch_norm_infer, { IN(batch_norm_attr, eps) } },
    { &fyi_op_layer_norm, { IN(layer_norm_attr, eps) } },
    { &fyi_op_linear, { IN(linear_attr, has_bias), IN(linear_attr, relu) } },
    { &fyi_op_matmul, { IN(matmul_attr, trans_a), IN(matmul_attr, trans_b) } },
    { &fyi_op_affine, { IN(affine_attr, scale), IN(affine_attr, shift) } },
    { &fyi_op_relu, { IN(relu_attr, slope) } },
    { &fyi_op_clip, { IN(clip_attr, lo), IN(clip_attr, hi) } },
    { &fyi_op_concat, { IN(axis_attr, axis) } },
    { &fyi_op_slice,
      { IN(axis_attr, axis), IN(axis_attr, begin), IN(axis_attr, size), IN(axis_attr, step) } },
    { &fyi_op_pad,
      { IN(axis_attr, axis), IN(axis_attr, begin), IN(axis_attr, whole), IN(axis_attr, step) } },
    { &fyi_op_sum, { IN(sum_attr, on), IN(sum_attr, keep) } },
    { &fyi_op_transpose, { IN(transpose_attr, axes) } },
    { &fyi_op_fill, { IN(fill_attr, value) } },
    { &fyi_op_reshape, { { 0 } } },
    { &fyi_op_broadcast, { { 0 } } },
    { &fyi_op_one_hot, { { 0 } } },
    { &fyi_op_input, { { 0 } } },
};

bool fyi_attr_hash(const fyi_node *n, fyi_sha256 *h)
{
    size_t i = 0;
    if (!n->attr)
        return true;
    while (i < FYI_LEN(known) && known[i].op != n->op)
        i++;
    for (int k = 0; i < FYI_LEN(known) && k < MAX_FIELDS; k++)
        fyi_sha256_update(h, (const char *)n->attr + known[i].fields[k].at,
                          known[i].fields[k].bytes);
    return i < FYI_LEN(known);
}

/* test_native_conv.c: convolution + bias + max pooling + ReLU, which the compiler makes one kernel of, and
 * Winograd convolution without pooling: values and gradients against ref; and that the fast kernel is what
 * runs where the processor has AVX-512. */
#include "support/op_check.h"

#include <string.h>

typedef struct conv_pool_case {
    op_row row;
    int64_t n, ic, h, w, oc, k, pad;
} conv_pool_case;

static fy_node build(op_test *t, const void *row)
{
    const conv_pool_case *c = row;
    const float scale = 1.0f / (float)(c->k * (c->ic < 16 ? 1 : 4));
    fy_conv_opts o = fy_conv_defaults();
    const fy_pool_opts two = fy_pool_defaults(2);
    o.pad[0] = o.pad[1] = c->pad;
    const fy_node x = op_param(t, FY_SHAPE(c->n, c->ic, c->h, c->w), -1, 1);
    const fy_node w = op_param(t, FY_SHAPE(c->oc, c->ic, c->k, c->k), -scale, scale);
    const fy_node b = op_param(t, FY_SHAPE(c->oc), -0.5f, 0.5f);
    const fy_node y = fy_bias(t->g, fy_conv2d(t->g, x, w, &o), b);
    return fy_relu(t->g, fy_max_pool2d(t->g, y, &two));
}

/* n, ic, h, w, oc, k, pad */
static const conv_pool_case cases[] = {
    { { "1 -> 32, 5x5", "LeNet's first layer", build, 1e-5 }, 5, 1, 12, 12, 32, 5, 0 },
    { { "1 -> 16, 5x5", "one block of channels alone", build, 1e-5 }, 2, 1, 10, 14, 16, 5, 0 },
    { { "1 -> 48, 3x3 pad", "an odd number of blocks, a border", build, 1e-5 },
      2, 1, 8, 10, 48, 3, 1 },
    { { "3 -> 16, 3x3 pad odd", "several plain channels; a last row in no window", build, 1e-5 },
      3, 3, 9, 7, 16, 3, 1 },
    { { "4 -> 16, 4x4", "an even kernel; the most plain channels", build, 1e-5 },
      1, 4, 9, 11, 16, 4, 0 },
    { { "1 -> 16, 1x1", "a window of one element", build, 1e-5 }, 1, 1, 4, 6, 16, 1, 0 },
    { { "2 -> 16, 2x2 narrow", "fewer columns than a tile has", build, 1e-5 },
      2, 2, 6, 5, 16, 2, 0 },
    { { "16 -> 16, 5x5", "the smallest blocked case", build, 1e-5 }, 1, 16, 6, 6, 16, 5, 0 },
    { { "32 -> 64, 5x5", "LeNet's second layer; 16 windows fill a register", build, 1e-5 },
      5, 32, 12, 12, 64, 5, 0 },
    { { "32 -> 48, 5x5 odd", "tiles and windows that do not divide the image", build, 1e-5 },
      3, 32, 11, 13, 48, 5, 0 },
    { { "16 -> 32, 5x5 pad 2", "tiles over every edge", build, 1e-5 }, 9, 16, 7, 8, 32, 5, 2 },
    { { "16 -> 16, 3x3", "4x4 results per tile", build, 1e-5 }, 2, 16, 10, 10, 16, 3, 0 },
    { { "16 -> 80, 3x3 pad", "four blocks of channels and one more", build, 1e-5 },
      2, 16, 14, 14, 80, 3, 1 },
    { { "48 -> 32, 3x3 pad odd", "a tile whose last windows do not exist", build, 1e-5 },
      9, 48, 7, 9, 32, 3, 1 },
};

/* ---- not pooled: Winograd ---------------------------------------------------------------------------- */

static fy_node plain_conv(op_test *t, const conv_pool_case *c)
{
    const float scale = 1.0f / (float)(c->k * 4);
    fy_conv_opts o = fy_conv_defaults();
    o.pad[0] = o.pad[1] = c->pad;
    const fy_node x = op_param(t, FY_SHAPE(c->n, c->ic, c->h, c->w), -1, 1);
    const fy_node w = op_param(t, FY_SHAPE(c->oc, c->ic, c->k, c->k), -scale, scale);
    return fy_conv2d(t->g, x, w, &o);
}

static fy_node bare(op_test *t, const void *row)
{
    return plain_conv(t, row);
}

static fy_node with_bias_and_relu(op_test *t, const void *row)
{
    const conv_pool_case *c = row;
    const fy_node b = op_param(t, FY_SHAPE(c->oc), -0.5f, 0.5f);
    return fy_relu(t->g, fy_bias(t->g, plain_conv(t, c), b));
}

static fy_node with_residual(op_test *t, const void *row)
{
    const conv_pool_case *c = row;
    const fy_node b = op_param(t, FY_SHAPE(c->oc), -0.5f, 0.5f);
    const fy_node other = op_param(t, FY_SHAPE(c->n, c->oc, c->h, c->w), -1, 1);
    return fy_relu(t->g, fy_add(t->g, fy_bias(t->g, plain_conv(t, c), b), other));
}

static const conv_pool_case plain_cases[] = {
    { { "plain 32 -> 32, 3x3 pad", "the smallest; tiles fit the image", bare, 1e-5 },
      3, 32, 16, 16, 32, 3, 1 },
    { { "plain 32 -> 48, 3x3 odd", "results that tiles hang over", bare, 1e-5 },
      6, 32, 13, 11, 48, 3, 0 },
    { { "plain 48 -> 32, 5x5 pad", "2x2 results per tile; a border on each side", bare, 1e-5 },
      3, 48, 9, 7, 32, 5, 2 },
    { { "plain 32 -> 32, 5x5", "the gradient needs a wider border than the result", bare, 1e-5 },
      4, 32, 12, 12, 32, 5, 0 },
    { { "plain bias, relu", "fused", with_bias_and_relu, 1e-5 }, 3, 32, 15, 16, 64, 3, 1 },
    { { "plain residual", "fused with another tensor", with_residual, 1e-5 },
      3, 32, 14, 16, 32, 3, 1 },
};

/* ---- which kernel runs ------------------------------------------------------------------------------ */

static bool has_avx512(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#else
    return false;
#endif
}

static fyi_conv_pool_attr attr_of(const conv_pool_case *c)
{
    fyi_conv_pool_attr a = { .conv = fy_conv_defaults(), .pool = fy_pool_defaults(2), .relu = true,
                             .src = FY_SHAPE(c->n, c->ic, c->h, c->w),
                             .weights = FY_SHAPE(c->oc, c->ic, c->k, c->k) };
    a.conv.pad[0] = a.conv.pad[1] = c->pad;
    return a;
}

static bool is_fast(const conv_pool_case *c, fy_device *dev)
{
    const fyi_conv_pool_attr a = attr_of(c);
    const fy_shape dst = FY_SHAPE(c->n, c->oc, (c->h + 2 * c->pad - c->k + 1) / 2,
                                  (c->w + 2 * c->pad - c->k + 1) / 2);
    const fyi_spec src[] = { { FY_F32, a.src }, { FY_F32, a.weights }, { FY_F32, FY_SHAPE(c->oc) } };
    const fyi_spec to[] = { { FY_F32, dst }, { FY_U8, dst } };
    return fyi_kernel_is_fast(dev, &fyi_op_conv_pool, &a, 3, src, 2, to);
}

static void fast_kernel_takes_every_row(void **state)
{
    fy_device *dev;
    (void)state;
    if (!has_avx512())
        skip();
    check_ok(fy_device_open("cpu", &dev));
    for (size_t i = 0; i < FYI_LEN(cases); i++)
        if (!is_fast(&cases[i], dev))
            fail_msg("%s: no fast kernel takes it", cases[i].row.name);
    fy_device_close(dev);
}

static void what_does_not_fit_is_declined(void **state)
{
    static const conv_pool_case others[] = {
        { { "17 channels", "not blocks of 16", build, 0 }, 1, 17, 8, 8, 16, 3, 0 },
        { { "24 of dst", "not blocks of 16", build, 0 }, 1, 16, 8, 8, 24, 3, 0 },
        { { "7x7 blocked", "no Winograd for it", build, 0 }, 1, 16, 12, 12, 16, 7, 0 },
        { { "no window", "a result of one row", build, 0 }, 1, 16, 3, 8, 16, 3, 0 },
    };
    fy_device *dev;
    (void)state;
    check_ok(fy_device_open("cpu", &dev));
    for (size_t i = 0; i < FYI_LEN(others); i++)
        if (is_fast(&others[i], dev))
            fail_msg("%s: taken", others[i].row.name);
    fy_device_close(dev);
}

/* Values and gradients on "cpu" against "ref". Differences are left out: maxima and ReLU have kinks
 * wherever the random values happen to put them, and ref's own gradient has rows without. */
static size_t add_row(struct CMUnitTest *tests, size_t n, const op_row *row)
{
    struct CMUnitTest three[OP_ROW_TESTS];
    op_row_tests(row, three);
    tests[n] = three[0];
    tests[n + 1] = three[2];
    return n + 2;
}

int main(void)
{
    struct CMUnitTest tests[2 * (FYI_LEN(cases) + FYI_LEN(plain_cases)) + 2];
    size_t n = 0;
    for (size_t i = 0; i < FYI_LEN(cases); i++)
        n = add_row(tests, n, &cases[i].row);
    for (size_t i = 0; i < FYI_LEN(plain_cases); i++)
        n = add_row(tests, n, &plain_cases[i].row);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(fast_kernel_takes_every_row);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(what_does_not_fit_is_declined);
    return cmocka_run_group_tests_name("native conv", tests, NULL, NULL);
}

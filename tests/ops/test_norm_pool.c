/* test_norm_pool.c: the native norm_pool and its gradient give the bytes that the kernels they stand for give one after the
 * other, for both stored types and any number of threads. */
#include "backend/backend.h"
#include "graph/ops/attr.h"
#include "support/support.h"

#include <math.h>
#include <string.h>

enum { N = 3, C = 24, H = 9, W = 10, OH = 5, OW = 5, MAX_ENDS = 7 };

/* ---- tensors and launches, by hand ---------------------------------------------------------------- */

typedef struct tensor {
    fyi_desc d;
    void *p;
} tensor;

/* Images lie in blocks and are stored as `t`, positions too; vectors are plain. */
static tensor image(fy_dtype t, int64_t h, int64_t w)
{
    tensor x = { .d = { t, FY_SHAPE(N, C, h, w), fyi_layout_channel_block(4, 16) } };
    x.p = fyi_alloc_block(fyi_desc_bytes(&x.d));
    memset(x.p, 0, fyi_desc_bytes(&x.d));
    return x;
}

static tensor vector(void)
{
    tensor x = { .d = { FY_F32, FY_SHAPE(C), fyi_layout_plain(1) } };
    x.p = fyi_alloc_block(fyi_desc_bytes(&x.d));
    return x;
}

/* Few values, so that windows hold equal ones; exact in bf16. */
static void fill(tensor *x, fy_rng *r)
{
    const int64_t n = fyi_layout_numel(&x->d.layout, &x->d.shape);
    for (int64_t i = 0; i < n; i++) {
        const float v = (float)fy_rng_below(r, 33) / 8 - 2;
        const bool pad = x->d.shape.rank == 4 &&
                         i / (x->d.shape.d[2] * x->d.shape.d[3] * 16) % 2 == 1 && i % 16 >= C - 16;
        uint32_t bits;
        memcpy(&bits, &v, sizeof bits);
        if (x->d.dtype == FY_BF16)
            ((uint16_t *)x->p)[i] = pad ? 0 : (uint16_t)(bits >> 16);
        else
            ((float *)x->p)[i] = pad ? 0 : v;
    }
}

/* The native kernel that takes the node, run once. */
static void run(const fyi_op *op, const void *attr, int n_src, const tensor *src, int n_dst,
                const tensor *dst)
{
    fyi_desc src_d[MAX_ENDS], dst_d[MAX_ENDS];
    void *src_p[MAX_ENDS], *dst_p[MAX_ENDS];
    for (int i = 0; i < n_src; i++) {
        src_d[i] = src[i].d;
        src_p[i] = src[i].p;
    }
    for (int i = 0; i < n_dst; i++) {
        dst_d[i] = dst[i].d;
        dst_p[i] = dst[i].p;
    }
    fyi_site site = { .op = op,
                      .attr = attr,
                      .name = op->name,
                      .n_src = n_src,
                      .n_dst = n_dst,
                      .src = src_d,
                      .dst = dst_d };
    const fyi_kernel *const *k = fyi_native_kernels;
    while (*k && ((*k)->op != op || !(*k)->propose(NULL, &site)))
        k++;
    assert_non_null(*k);
    void *scratch = fyi_alloc_block(site.scratch_bytes + 1);
    const fyi_launch l = { .site = &site, .src = src_p, .dst = dst_p, .scratch = scratch };
    check_ok((*k)->run(&l));
    fyi_free(scratch);
}

static void check_same(const char *what, const tensor *a, const tensor *b)
{
    if (memcmp(a->p, b->p, fyi_desc_bytes(&a->d)) != 0)
        fail_msg("%s: other bytes", what);
}

/* ---- one after the other, and as one ----------------------------------------------------------------- */

static fy_pool_opts windows(void)
{
    fy_pool_opts o = fy_pool_defaults(3);
    o.stride[0] = o.stride[1] = 2;
    o.pad[0] = o.pad[1] = 1;
    return o;
}

static const fyi_norm_act_attr norm = { .eps = 1e-5f, .lo = 0, .hi = 1.5f };

static void check_type(fy_dtype t)
{
    const fyi_norm_pool_attr both = { norm.eps, norm.lo, norm.hi, windows() };
    const fyi_pool_attr pool = { .o = windows(), .src = FY_SHAPE(N, C, H, W) };
    fy_rng r = fy_rng_named(3, "norm_pool");
    tensor x = image(t, H, W), y = image(t, H, W), dy = image(t, H, W), diff = image(t, OH, OW);
    tensor scale = vector(), shift = vector();
    tensor d[2] = { image(t, OH, OW), image(t, OH, OW) }, dx[2] = { image(t, H, W), image(t, H, W) };
    tensor index[2] = { image(FY_U8, OH, OW), image(FY_U8, OH, OW) }, v[2][4];
    for (int i = 0; i < 8; i++)
        v[i / 4][i % 4] = vector(); /* mean, var, diff_scale, diff_shift */
    fill(&x, &r);
    fill(&diff, &r);
    fill(&scale, &r);
    fill(&shift, &r);
    run(&fyi_op_norm_act, &norm, 3, (tensor[]){ x, scale, shift }, 3,
        (tensor[]){ y, v[0][0], v[0][1] });
    run(&fyi_op_max_pool2d, &pool, 1, &y, 2, (tensor[]){ d[0], index[0] });
    run(&fyi_op_max_pool2d_bwd, &pool, 2, (tensor[]){ diff, index[0] }, 1, &dy);
    run(&fyi_op_norm_act_bwd, &norm, 6, (tensor[]){ dy, y, x, v[0][0], v[0][1], scale }, 3,
        (tensor[]){ dx[0], v[0][2], v[0][3] });
    run(&fyi_op_norm_pool, &both, 3, (tensor[]){ x, scale, shift }, 4,
        (tensor[]){ d[1], index[1], v[1][0], v[1][1] });
    run(&fyi_op_norm_pool_bwd, &both, 7,
        (tensor[]){ diff, d[1], index[1], x, v[1][0], v[1][1], scale }, 3,
        (tensor[]){ dx[1], v[1][2], v[1][3] });
    check_same("dst", &d[0], &d[1]);
    check_same("index", &index[0], &index[1]);
    check_same("diff_src", &dx[0], &dx[1]);
    for (int i = 0; i < 4; i++)
        check_same("mean, var, diff_scale or diff_shift", &v[0][i], &v[1][i]);
    const tensor all[] = { x,    y,    dy,    diff,  scale,    shift,
                           d[0], d[1], dx[0], dx[1], index[0], index[1] };
    for (size_t i = 0; i < LEN(all); i++)
        fyi_free(all[i].p);
    for (int i = 0; i < 8; i++)
        fyi_free(v[i / 4][i % 4].p);
}

static void one_kernel_gives_the_bytes_of_two(void **state)
{
    (void)state;
    fy_device *dev;
    check_ok(fy_device_open("cpu", &dev));
    const bool has_it = strstr(fy_device_text(dev), "AVX-512") != NULL;
    fy_device_close(dev);
    if (!has_it)
        skip();
    for (int threads = 1; threads <= 5; threads++) {
        fy_threads_set(threads);
        check_type(FY_F32);
        check_type(FY_BF16);
    }
    fy_threads_set(0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_kernel_gives_the_bytes_of_two),
    };
    return cmocka_run_group_tests_name("norm_pool", tests, NULL, NULL);
}

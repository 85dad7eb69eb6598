/* test_norm_pool.c: the native norm_pool and its gradient give the bytes that the kernels they stand for give one after the
 * other, for both stored types and any number of threads. */
#include "backend/backend.h"
#include "graph/ops/attr.h"
#include "support/support.h"

#include <math.h>
#include <string.h>

enum { N = 3, C = 24, MAX_ENDS = 7 };

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

static void check_same(const char *why, const char *what, const tensor *a, const tensor *b)
{
    if (memcmp(a->p, b->p, fyi_desc_bytes(&a->d)) != 0)
        fail_msg("%s: other bytes in %s", why, what);
}

/* ---- one after the other, and as one ----------------------------------------------------------------- */

/* clang-format off */
static const struct windows {
    const char *why;
    fy_pool_opts o;
    int64_t h, w, oh, ow;
} windows[] = {
    { "windows that overlap and begin in the padding",
      { { 3, 3 }, { 2, 2 }, { 1, 1 }, false, true }, 9, 10, 5, 5 },
    { "windows side by side",
      { { 2, 2 }, { 2, 2 }, { 0, 0 }, false, true }, 8, 10, 4, 5 },
    { "a row and a column in no window",
      { { 2, 2 }, { 2, 2 }, { 0, 0 }, false, true }, 9, 11, 4, 5 },
    { "several strips, the last one shorter",
      { { 2, 2 }, { 2, 2 }, { 0, 0 }, false, true }, 21, 40, 10, 20 },
};
/* clang-format on */

static const fyi_norm_act_attr norm = { .eps = 1e-5f, .lo = 0, .hi = 1.5f };

static void check_windows(const struct windows *c, fy_dtype t)
{
    const fyi_norm_pool_attr both = { norm.eps, norm.lo, norm.hi, c->o };
    const fyi_pool_attr pool = { .o = c->o, .src = FY_SHAPE(N, C, c->h, c->w) };
    fy_rng r = fy_rng_named(3, "norm_pool");
    tensor x = image(t, c->h, c->w), y = image(t, c->h, c->w), dy = image(t, c->h, c->w),
           diff = image(t, c->oh, c->ow);
    tensor scale = vector(), shift = vector();
    tensor d[2] = { image(t, c->oh, c->ow), image(t, c->oh, c->ow) },
           dx[2] = { image(t, c->h, c->w), image(t, c->h, c->w) };
    tensor index[2] = { image(FY_U8, c->oh, c->ow), image(FY_U8, c->oh, c->ow) }, v[2][4];
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
    check_same(c->why, "dst", &d[0], &d[1]);
    check_same(c->why, "index", &index[0], &index[1]);
    check_same(c->why, "diff_src", &dx[0], &dx[1]);
    for (int i = 0; i < 4; i++)
        check_same(c->why, "mean, var, diff_scale or diff_shift", &v[0][i], &v[1][i]);
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
        for (size_t i = 0; i < LEN(windows); i++) {
            check_windows(&windows[i], FY_F32);
            check_windows(&windows[i], FY_BF16);
        }
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

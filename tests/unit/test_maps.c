/* Guards maps of fixed features: subspace alignment and optimal transport come to what NumPy does; what they say of shapes, shares and
 * classes holds; and what they cannot be given is refused in words. */
#include "support/support.h"

#include "methods/carry/map.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct golden_map {
    int64_t axes; /* 0: a transport */
    double entropy, classes;
    float mapped[60];
};
#include "../golden/maps.inc"

static fy_tensor *tensor(fy_dtype type, fy_shape s, const void *from)
{
    fy_tensor *t;
    check_ok(fy_tensor_new(type, s, &t));
    if (from)
        memcpy(fy_tensor_data(t), from, (size_t)fy_tensor_numel(t) * 4);
    return t;
}

typedef struct made {
    fy_adapt_opts o;
    carry_mapping m;
} made;

static void make(made *to, const float *s, int64_t n, const float *t, int64_t m, int64_t d,
                 const int32_t *y)
{
    *to = (made){ .o = fy_adapt_defaults() };
    to->m.o = &to->o;
    to->m.source = tensor(FY_F32, FY_SHAPE(n, d), s);
    to->m.target = tensor(FY_F32, FY_SHAPE(m, d), t);
    to->m.labels = tensor(FY_I32, FY_SHAPE(n), y);
    to->m.to = tensor(FY_F32, FY_SHAPE(n, d), NULL);
}

static void drop(made *of)
{
    fy_tensor *const all[] = { of->m.source, of->m.target, of->m.labels,
                               of->m.to,     of->m.mean,   of->m.axes };
    for (size_t i = 0; i < LEN(all); i++)
        fy_tensor_free(all[i]);
}

static void maps_are_those_of_numpy(void **state)
{
    made of;
    (void)state;
    for (size_t i = 0; i < LEN(maps); i++) {
        const struct golden_map *g = &maps[i];
        make(&of, source, N, target, M, D, label);
        of.o.subspace_axes = g->axes;
        of.o.transport_entropy = g->entropy;
        of.o.transport_classes = g->classes;
        check_ok(g->axes > 0 ? subspace_map(&of.m) : transport_map(&of.m));
        check_close(fy_tensor_const_data(of.m.to), g->mapped, N * D, 2e-5, 2e-5);
        drop(&of);
    }
}

/* With all axes there are, the source goes onto the target as far as turns alone can bring it: a copy of it stays. */
static void a_domain_aligned_with_itself_stays(void **state)
{
    made of;
    (void)state;
    make(&of, source, N, source, N, D, label);
    of.o.subspace_axes = 100; /* more than there are */
    check_ok(subspace_map(&of.m));
    assert_int_equal(fy_tensor_shape(of.m.axes)->d[0], D);
    check_close(fy_tensor_const_data(of.m.to), source, N * D, 1e-5, 1e-5);
    drop(&of);
}

/* Two groups far apart that have moved: each goes where its own has gone, whatever the labels. */
static void transport_follows_what_moved(void **state)
{
    enum { EACH = 5 };
    float s[2 * EACH * 2], t[2 * EACH * 2];
    int32_t y[2 * EACH];
    made of;
    (void)state;
    for (int i = 0; i < 2 * EACH; i++) {
        y[i] = i / EACH;
        s[2 * i] = (float)(10 * y[i]) + 0.1F * (float)(i % EACH);
        s[2 * i + 1] = 0;
        t[2 * i] = s[2 * i];
        t[2 * i + 1] = 3;
    }
    make(&of, s, 2 * EACH, t, 2 * EACH, 2, y);
    of.o.transport_entropy = 0.01;
    check_ok(transport_map(&of.m));
    const float *to = fy_tensor_const_data(of.m.to);
    for (int i = 0; i < 2 * EACH; i++) {
        assert_true(fabsf(to[2 * i + 1] - 3) < 1e-4F);
        assert_true(fabsf(to[2 * i] - (float)(10 * y[i])) < 0.5F);
    }
    drop(&of);
}

/* Two classes between two clouds of the target: labels keep them apart where distances alone would not. */
static void labels_keep_classes_apart(void **state)
{
    static const float s[] = { -0.1F, 0.1F, -0.1F, 0.1F }, t[] = { -1, -1, 1, 1 };
    static const int32_t y[] = { 0, 1, 0, 1 };
    float apart[2];
    made of;
    (void)state;
    for (int with = 0; with < 2; with++) {
        make(&of, s, 4, t, 4, 1, y);
        of.o.transport_entropy = 0.3;
        of.o.transport_classes = with ? 1 : 0;
        check_ok(transport_map(&of.m));
        const float *to = fy_tensor_const_data(of.m.to);
        assert_true(fabsf(to[0] - to[2]) < 1e-5F); /* one class goes one way */
        apart[with] = to[1] - to[0];
        drop(&of);
    }
    assert_true(apart[1] > 1.5F * apart[0] && apart[1] > 1);
}

/* How far apart the classes come of eight samples in two mixed classes, on m samples of the target between 0 and 1. */
static float apart_of(float *t, int64_t m, double classes)
{
    static const float s[8] = { 0.1F, 0.2F, 0.35F, 0.55F, 0.45F, 0.65F, 0.8F, 0.9F };
    static const int32_t y[8] = { 0, 0, 0, 0, 1, 1, 1, 1 };
    float sum = 0;
    made of;
    for (int64_t j = 0; j < m; j++)
        t[j] = ((float)j + 0.5F) / (float)m;
    make(&of, s, 8, t, m, 1, y);
    of.o.transport_entropy = 0.2;
    of.o.transport_classes = classes;
    check_ok(transport_map(&of.m));
    const float *to = fy_tensor_const_data(of.m.to);
    for (int i = 0; i < 8; i++)
        sum += y[i] ? to[i] : -to[i];
    drop(&of);
    return sum / 4;
}

/* A large target's samples get little mass each, and classes are kept apart there all the same. */
static void labels_count_whatever_the_size(void **state)
{
    enum { LARGE = 3000 };
    float *t = calloc(LARGE, sizeof *t);
    float apart[2][2];
    (void)state;
    assert_non_null(t);
    for (int large = 0; large < 2; large++)
        for (int with = 0; with < 2; with++)
            apart[large][with] = apart_of(t, large ? LARGE : 30, with ? 0.1 : 0);
    free(t);
    for (int large = 0; large < 2; large++)
        assert_true(apart[large][1] > apart[large][0] + 0.15F);
    assert_true(fabsf(apart[1][1] - apart[0][1]) < 0.02F);
}

static void equal_features_have_no_cost(void **state)
{
    static const float same[6] = { 1, 2, 1, 2, 1, 2 };
    static const int32_t y[3] = { 0, 1, 1 };
    made of;
    (void)state;
    make(&of, same, 3, same, 3, 2, y);
    check_ok(transport_map(&of.m));
    check_close(fy_tensor_const_data(of.m.to), same, 6, 1e-6, 1e-6);
    drop(&of);
}

/* ---- many of them ---------------------------------------------------------------------------------------- */

/* Two domains of n samples of four numbers, the first in two classes. */
static void draw(int64_t n, fy_tensor **x, fy_tensor **y, fy_tensor **z)
{
    fy_rng r = fy_rng_named(0, "test");
    *x = tensor(FY_F32, FY_SHAPE(n, 4), NULL);
    *y = tensor(FY_I32, FY_SHAPE(n), NULL);
    *z = tensor(FY_F32, FY_SHAPE(n, 4), NULL);
    for (int64_t i = 0; i < 4 * n; i++) {
        ((float *)fy_tensor_data(*x))[i] = fy_rng_uniform(&r);
        ((float *)fy_tensor_data(*z))[i] = 1 + fy_rng_uniform(&r);
        ((int32_t *)fy_tensor_data(*y))[i / 4] = (int32_t)(i / 4 % 2);
    }
}

static void threads_change_no_plan(void **state)
{
    enum { MANY = 1800 }; /* for three threads */
    const fy_transport_opts o = { .entropy = 1, .classes = 0.1 };
    fy_tensor *x, *y, *z, *to[2];
    (void)state;
    draw(MANY, &x, &y, &z);
    for (int i = 0; i < 2; i++) {
        fyi_set_threads(i ? 3 : 1);
        check_ok(fy_transport(x, y, z, &o, &to[i]));
    }
    fyi_set_threads(0);
    assert_memory_equal(fy_tensor_const_data(to[0]), fy_tensor_const_data(to[1]),
                        MANY * 4 * sizeof(float));
    for (int i = 0; i < 2; i++)
        fy_tensor_free(to[i]);
    fy_tensor_free(z);
    fy_tensor_free(y);
    fy_tensor_free(x);
}

typedef struct asking {
    volatile sig_atomic_t flag;
    int64_t rounds, stop_at; /* of all plans; 0: never */
} asking;

static fy_status count_round(void *arg, const fy_transport_round *at)
{
    asking *a = arg;
    a->rounds += at->round > 0;
    a->flag = a->rounds == a->stop_at;
    return FY_OK;
}

static void a_plan_stops_within_a_round(void **state)
{
    asking a = { .stop_at = 0 };
    const fy_transport_opts o = { 0.05, 0.1, count_round, &a };
    const volatile sig_atomic_t *before = fy_cancel_set(&a.flag);
    fy_tensor *x, *y, *z, *to;
    (void)state;
    draw(20, &x, &y, &z);
    a.stop_at = -1;
    check_ok(fy_transport(x, y, z, &o, &to));
    fy_tensor_free(to);
    const int64_t all = a.rounds;
    assert_true(all > 30);
    for (int64_t at = 1; at < all; at += 7) {
        a = (asking){ .stop_at = at };
        check_status(fy_transport(x, y, z, &o, &to), FY_ECANCELED);
        check_sentence("stopped while finding a plan of transport");
        assert_true(a.rounds == at && !to);
    }
    (void)fy_cancel_set(before);
    fy_tensor_free(z);
    fy_tensor_free(y);
    fy_tensor_free(x);
}

static void mistakes_are_sentences(void **state)
{
    static const struct {
        fy_transport_opts o;
        const char *why;
    } rows[] = {
        { { .entropy = NAN }, "transport: the weight of the entropy is nan; expected 0.01" },
        { { .entropy = 0.009 }, "transport: the weight of the entropy is 0.009" },
        { { .entropy = 1, .classes = -1 }, "the weight of not mixing classes is -1; expected 0" },
        { { .entropy = 1, .classes = NAN }, "the weight of not mixing classes is nan" },
        { { .entropy = 1 }, "transport: label -1 of sample 3; expected 0 to " },
    };
    fy_tensor *x, *y, *z, *to;
    (void)state;
    draw(20, &x, &y, &z);
    ((int32_t *)fy_tensor_data(y))[3] = -1;
    for (size_t i = 0; i < LEN(rows); i++) {
        check_status(fy_transport(x, y, z, &rows[i].o, &to), FY_EINVAL);
        check_sentence(rows[i].why);
        assert_null(to);
    }
    check_status(fy_transport(x, x, z, &rows[4].o, &to), FY_ESHAPE);
    check_sentence("transport: there are 80 labels for 20 samples");
    check_status(fy_transport(x, y, y, &rows[4].o, &to), FY_EDTYPE);
    fy_tensor_free(z);
    fy_tensor_free(y);
    fy_tensor_free(x);
}

/* Before a source model is trained for it. */
static void a_plan_of_large_data_is_refused(void **state)
{
    const fy_adapt_opts o = fy_adapt_defaults();
    fy_tensor *x = tensor(FY_F32, FY_SHAPE(9000, 1), NULL);
    fy_dataset *d;
    (void)state;
    check_ok(fy_dataset_from_tensors("zeros", x, NULL, 0, &d));
    const fy_adapt_data data = { .source = d, .target = d };
    const carrying c = { .method = &carry_transport, .o = &o, .data = &data };
    check_status(carry_transport.check(&c), FY_EINVAL);
    check_sentence("transport: 9000 samples of the source and 9000 of the target");
    fy_dataset_free(d);
    fy_tensor_free(x);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(maps_are_those_of_numpy),
        cmocka_unit_test(a_domain_aligned_with_itself_stays),
        cmocka_unit_test(transport_follows_what_moved),
        cmocka_unit_test(labels_keep_classes_apart),
        cmocka_unit_test(labels_count_whatever_the_size),
        cmocka_unit_test(equal_features_have_no_cost),
        cmocka_unit_test(threads_change_no_plan),
        cmocka_unit_test(a_plan_stops_within_a_round),
        cmocka_unit_test(mistakes_are_sentences),
        cmocka_unit_test(a_plan_of_large_data_is_refused),
    };
    return cmocka_run_group_tests_name("maps", tests, NULL, NULL);
}

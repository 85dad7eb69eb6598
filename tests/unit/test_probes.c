/* Guards the mixtures by which models are compared: which samples are mixed, in what shares and of which classes, that partners once
 * settled stay, and that the same look gives the same bytes. */
#include "support/support.h"

#include "methods/probes.h"

#include <string.h>

enum { N = 6, K = 3 };

/* Classes by place in the list of samples, and with whom each is mixed because of them: the next of its class, round the end; the only one
 * of class 2 with whoever follows. */
static const int32_t classes[N] = { 0, 1, 0, 2, 1, 0 };
static const int64_t partners[N] = { 2, 4, 5, 4, 1, 0 };
/* The same samples seen otherwise. */
static const int32_t other_classes[N] = { 1, 1, 0, 0, 2, 2 };
static const int64_t other_partners[N] = { 1, 0, 3, 2, 5, 4 };

/* A model that gives back what it is given, so that a mixture's logits are the mixture. */
typedef struct scene {
    fy_device *dev;
    fy_model *chain[2];
    fy_predictor *predictor;
    fy_dataset *target;
    probes p;
} scene;

static fy_node same(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    (void)o;
    return fy_scale(fy_layers_graph(l), x, 1);
}

/* No two mixtures of these are equal. */
static float value(int64_t i, int64_t j)
{
    return (float)(i * i + 10 * j) + 0.25F;
}

static fy_dataset *samples(int64_t n)
{
    fy_tensor *x;
    fy_dataset *d;
    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(n, K), &x));
    for (int64_t i = 0; i < n * K; i++)
        ((float *)fy_tensor_data(x))[i] = value(i / K, i % K);
    check_ok(fy_dataset_from_tensors("target", x, NULL, 0, &d));
    fy_tensor_free(x);
    return d;
}

static void open_scene(scene *s)
{
    const fy_model_opts o = { .input = FY_SHAPE(K), .n_classes = K };
    *s = (scene){ .target = samples(N) };
    check_ok(fy_device_open("cpu", &s->dev));
    check_ok(fy_model_new("encoder", same, &o, &s->chain[0]));
    check_ok(fy_model_new("classifier", same, &o, &s->chain[1]));
    check_ok(fy_predictor_new(s->dev, s->chain, 2, 4, &s->predictor));
    check_ok(probes_open(s->target, &s->p));
    assert_int_equal(s->p.n, N);
}

static void close_scene(scene *s)
{
    probes_close(&s->p);
    fy_dataset_free(s->target);
    fy_predictor_free(s->predictor);
    fy_model_free(s->chain[1]);
    fy_model_free(s->chain[0]);
    fy_device_close(s->dev);
}

/* of [N]: what the model says of the samples, by their place in the list. */
static void look(scene *s, const int32_t *of)
{
    fy_tensor *logits;
    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(N, K), &logits));
    memset(fy_tensor_data(logits), 0, N * K * sizeof(float));
    for (int i = 0; i < N; i++)
        ((float *)fy_tensor_data(logits))[s->p.index[i] * K + of[i]] = 1;
    check_ok(probes_look(&s->p, s->predictor, logits));
    fy_tensor_free(logits);
}

/* Rows of both halves: 55% of each sample with 45% of the one at the other end of the list, then of its partner. */
static void check_mixtures(const scene *s, const int64_t *with)
{
    float want[2 * N * K];
    for (int i = 0; i < 2 * N; i++) {
        const int64_t a = s->p.index[i % N], b = s->p.index[i < N ? N - 1 - i : with[i - N]];
        for (int j = 0; j < K; j++)
            want[i * K + j] = 0.55F * value(a, j) + 0.45F * value(b, j);
    }
    assert_int_equal(fy_tensor_numel(s->p.mixed.logits), 2 * N * K);
    check_close(fy_tensor_const_data(s->p.mixed.logits), want, LEN(want), 1e-6, 0); /* rounding */
}

static void check_classes(const scene *s, const int32_t *of, const int64_t *with)
{
    for (int i = 0; i < 2 * N; i++) {
        assert_int_equal(s->p.mixed.first[i], of[i % N]);
        assert_int_equal(s->p.mixed.second[i], of[i < N ? N - 1 - i : with[i - N]]);
    }
}

static void every_sample_is_mixed_with_two(void **state)
{
    scene s;
    (void)state;
    open_scene(&s);
    look(&s, classes);
    check_mixtures(&s, partners);
    check_classes(&s, classes, partners);
    close_scene(&s);
}

/* A model that moves is asked about pairs of what it says now. */
static void partners_follow_the_newest_look(void **state)
{
    scene s;
    (void)state;
    open_scene(&s);
    look(&s, classes);
    look(&s, other_classes);
    check_mixtures(&s, other_partners);
    check_classes(&s, other_classes, other_partners);
    close_scene(&s);
}

/* What frozen layers made of the mixtures is kept by dataset, so that this has to be the same one; classes are still those of now. */
static void settled_partners_stay(void **state)
{
    const fy_run_opts o = fy_run_defaults();
    fy_run *r;
    scene s;
    (void)state;
    open_scene(&s);
    check_ok(fy_run_open(&o, &r));
    check_ok(probes_settle(&s.p, r));
    look(&s, classes);
    const fy_dataset *first = s.p.mixtures;
    look(&s, other_classes);
    assert_true(first && s.p.mixtures == first);
    check_mixtures(&s, partners);
    check_classes(&s, other_classes, partners);
    fy_run_close(r);
    close_scene(&s);
}

static void the_same_look_gives_the_same_bytes(void **state)
{
    scene a, b;
    (void)state;
    open_scene(&a);
    open_scene(&b);
    look(&a, classes);
    look(&b, classes);
    assert_memory_equal(a.p.index, b.p.index, N * sizeof *a.p.index);
    assert_memory_equal(fy_tensor_const_data(a.p.logits), fy_tensor_const_data(b.p.logits),
                        2 * N * K * sizeof(float));
    close_scene(&b);
    close_scene(&a);
}

/* Of a sorted target too both ends of the list have all of it. */
static void a_large_target_is_thinned_evenly(void **state)
{
    enum { MOST = 500, COUNT = 1250 };
    fy_dataset *d = samples(COUNT);
    bool is_there[COUNT] = { false };
    int64_t sum = 0;
    probes p;
    (void)state;
    check_ok(probes_open(d, &p));
    assert_int_equal(p.n, MOST);
    for (int i = 0; i < MOST / 2; i++)
        sum += p.index[i];
    assert_true(sum > MOST / 2 * (COUNT / 2 - 100) && sum < MOST / 2 * (COUNT / 2 + 100));
    for (int i = 0; i < MOST; i++)
        is_there[p.index[i]] = true;
    for (int i = 0; i < MOST; i++)
        assert_true(is_there[i * COUNT / MOST]);
    probes_close(&p);
    fy_dataset_free(d);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sample_is_mixed_with_two),
        cmocka_unit_test(partners_follow_the_newest_look),
        cmocka_unit_test(settled_partners_stay),
        cmocka_unit_test(the_same_look_gives_the_same_bytes),
        cmocka_unit_test(a_large_target_is_thinned_evenly),
    };
    return cmocka_run_group_tests_name("probes", tests, NULL, NULL);
}

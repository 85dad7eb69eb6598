/* Guards what a stage's streams feed: mixed labels reach the loss, and an input that does not fit what a
 * loader gives is refused before anything is read. */
#include "support/support.h"

#include <ferry/ferry.h>

#define COUNT 40
#define BATCH 8
#define F 6
#define K 3

static fy_dataset *blobs(void)
{
    fy_rng r = fy_rng_named(5, "blobs");
    fy_tensor *x, *y;
    fy_dataset *d;

    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(COUNT, F), &x));
    check_ok(fy_tensor_new(FY_I32, FY_SHAPE(COUNT), &y));
    for (int i = 0; i < COUNT * F; i++)
        ((float *)fy_tensor_data(x))[i] =
            0.3f * fy_rng_normal(&r) + (i % F == i / F % K ? 3.0f : 0.0f);
    for (int i = 0; i < COUNT; i++)
        ((int32_t *)fy_tensor_data(y))[i] = i % K;
    check_ok(fy_dataset_from_tensors("blobs", x, y, K, &d));
    fy_tensor_free(y);
    fy_tensor_free(x);
    return d;
}

static const struct way {
    const char *name;
    int64_t f, k; /* of the inputs */
    bool mixes;
    fy_status st;
    const char *part;
} ways[] = {
    { "mixed labels are learnt from", F, K, true, FY_OK, NULL },
    { "a loader that does not mix", F, K, false, FY_EINVAL, "its loader does not mix" },
    { "labels of other classes", F, K + 1, true, FY_ESHAPE, "8 samples and 3 classes" },
    { "samples of another size", F + 1, K, true, FY_ESHAPE, "do not fill an input of [8, 7]" },
};

/* -mean sum_k q log softmax */
static void build(const struct way *w, fy_graph *g, fy_param *weight, fy_stage *s)
{
    const fy_node x = fy_input(g, "x", FY_F32, FY_SHAPE(BATCH, w->f));
    const fy_node q = fy_input(g, "q", FY_F32, FY_SHAPE(BATCH, w->k));
    const fy_node logits = fy_matmul(g, x, false, fy_use(g, weight), false);
    const fy_node each = fy_mul(g, q, fy_log_softmax(g, logits));
    const fy_node loss = fy_affine(g, fy_sum_all(g, each), -1.0f / BATCH, 0);
    const fy_optim sgd = fy_sgd(0.5f, 0, 0);

    fy_objective_moves(g, fy_objective_add(g, "task", loss, &sgd), weight, NULL);
    *s = fy_stage_defaults("fit", g);
    s->streams[0] = (fy_stream){ .x = x, .q = q };
    s->n_streams = 1;
    s->watches[0] = (fy_watch){ "loss", loss };
    s->n_watches = 1;
    s->steps = 30;
}

/* Class c is where feature c is large. */
static void check_learnt(fy_param *weight)
{
    float v[F * K];

    check_ok(fy_param_read(weight, v, F * K));
    for (int c = 0; c < K; c++)
        for (int other = 0; other < K; other++)
            assert_true(c == other || v[c * K + c] > v[c * K + other]);
}

static void streams_feed_what_fits(void **state)
{
    const struct way *w = *state;
    fy_augment augment = fy_augment_none();
    fy_loader_opts lo = fy_loader_defaults();
    fy_run_opts ro = fy_run_defaults();
    fy_dataset *d = blobs();
    fy_param *weight;
    fy_device *dev;
    fy_graph *g;
    fy_run *r;
    fy_stage s;

    augment.mix.mixup_alpha = w->mixes ? 0.4f : 0;
    lo.batch = BATCH;
    lo.augment = &augment;
    check_ok(fy_device_open("cpu", &dev));
    check_ok(fy_param_new("w", FY_SHAPE(w->f, w->k), &weight));
    check_ok(fy_graph_new(&g));
    build(w, g, weight, &s);
    check_ok(fy_run_open(&ro, &r));
    check_ok(fy_loader_open(d, &lo, &s.streams[0].loader));
    check_status(fy_stage_run(r, dev, &s), w->st);
    if (w->part != NULL)
        check_sentence(w->part);
    else
        check_learnt(weight);
    fy_loader_close(s.streams[0].loader);
    fy_run_close(r);
    fy_graph_free(g);
    fy_param_free(weight);
    fy_device_close(dev);
    fy_dataset_free(d);
}

int main(void)
{
    struct CMUnitTest tests[LEN(ways)];

    for (size_t i = 0; i < LEN(ways); i++)
        tests[i] = (struct CMUnitTest){ ways[i].name, streams_feed_what_fits, NULL, NULL,
                                        (void *)(uintptr_t)&ways[i] };
    return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}

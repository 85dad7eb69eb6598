/* Guards what an adaptation leaves for the report to draw. The critic's moments: however many evaluations there are, the report gets the
 * first, the last and evenly spread ones between. Features: those that ran away are left out, and lose nobody the run that they are of. */
#include "support/support.h"

#include "methods/pictures.h"

#include <jansson.h>

/* ---- the critic ------------------------------------------------------------------------------ */

enum { N = 6, STRIDE = 7 };

/* Samples of two values, which are the critic's logits. */
static fy_dataset *pairs(void)
{
    fy_tensor *x;
    fy_dataset *d;

    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(N, 2), &x));
    for (int i = 0; i < N; i++)
        ((float *)fy_tensor_data(x))[2 * i + 1] = (float)i - 2.5f;
    check_ok(fy_dataset_from_tensors("pairs", x, NULL, 0, &d));
    fy_tensor_free(x);
    return d;
}

static fy_node same(void *arg, fy_graph *g, bool is_target, fy_node x)
{
    return is_target || arg ? fy_scale(g, x, 1) : x;
}

static int64_t count(const int32_t bins[PICTURE_BINS])
{
    int64_t n = 0;

    for (int i = 0; i < PICTURE_BINS; i++)
        n += bins[i];
    return n;
}

static void check_spread(const picture_moments *m, int64_t last)
{
    const int64_t even = last > PICTURE_MOMENTS - 1 ? last / (PICTURE_MOMENTS - 1) : 1;

    assert_int_equal(m->n, last < PICTURE_MOMENTS ? last + 1 : PICTURE_MOMENTS);
    assert_int_equal(m->moment[0].step, 0);
    assert_int_equal(m->moment[m->n - 1].step, last * STRIDE);
    for (int64_t i = 1; i < m->n; i++) {
        const int64_t gap = (m->moment[i].step - m->moment[i - 1].step) / STRIDE;

        assert_true(gap == even || (gap == even + 1 && last % (PICTURE_MOMENTS - 1) != 0));
        assert_int_equal(count(m->moment[i].source), N);
        assert_int_equal(count(m->moment[i].target), N);
    }
}

static void moments_are_thinned_evenly(void **state)
{
    static const int64_t lasts[] = { 1, 20, 62, 63, 64, 100, 126, 255 };
    fy_dataset *d = pairs();
    const fy_adapt_data data = { .source = d, .target = d };
    fy_device *dev;

    (void)state;
    check_ok(fy_device_open("cpu", &dev));
    const picture_critic_of critic = { .dev = dev, .data = &data, .fn = same };
    for (size_t k = 0; k < LEN(lasts); k++) {
        picture_moments m = { .last = lasts[k] };

        for (int64_t i = 0; i <= lasts[k]; i++)
            check_ok(picture_critic(&m, &critic, i * STRIDE));
        check_spread(&m, lasts[k]);
        check_status(picture_critic(&m, &critic, 1 << 20), FY_EINVAL);
    }
    fy_device_close(dev);
    fy_dataset_free(d);
}

/* ---- features -------------------------------------------------------------------------------- */

enum { SAMPLES = 40, K = 3 };

static fy_node as_it_is(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    (void)o;
    return fy_scale(fy_layers_graph(l), x, 1);
}

/* Ten times the largest float is none. */
static fy_node ran_away(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    (void)o;
    return fy_scale(fy_layers_graph(l), fy_scale(fy_layers_graph(l), x, 3e38F), 10);
}

static fy_model *model(const char *name,
                       fy_node (*layers)(fy_layers *, const fy_model_opts *, fy_node))
{
    const fy_model_opts o = { .input = FY_SHAPE(K), .n_classes = K };
    fy_model *m;
    check_ok(fy_model_new(name, layers, &o, &m));
    return m;
}

static fy_dataset *samples(void)
{
    fy_tensor *x;
    fy_dataset *d;
    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(SAMPLES, K), &x));
    for (int i = 0; i < SAMPLES * K; i++)
        ((float *)fy_tensor_data(x))[i] = (float)(i * i % 17 + 1);
    check_ok(fy_dataset_from_tensors("target", x, NULL, 0, &d));
    fy_tensor_free(x);
    return d;
}

/* Of features.json, which is JSON whatever ran away. */
static size_t count_views(const char *dir)
{
    json_t *root = json_load_file(fyt_path(dir, "features.json"), 0, NULL);
    assert_non_null(root);
    const size_t n = json_array_size(json_object_get(root, "views"));
    json_decref(root);
    return n;
}

static void features_that_ran_away_are_left_out(void **state)
{
    static const struct {
        const char *why;
        bool before, last; /* what ran away */
        size_t views;
    } rows[] = {
        { "the target before and after", false, false, 2 },
        { "before has a plane of its own", false, true, 1 },
        { "without the first there is no plane", true, false, 0 },
        { "a run that is lost already", true, true, 0 },
    };
    fy_model *encoders[] = { model("encoder", as_it_is), model("wild", ran_away) };
    fy_model *classifier = model("classifier", as_it_is);
    fy_dataset *target = samples();
    const fy_adapt_data data = { .target = target };
    fy_run_opts where = fy_run_defaults();
    picture_of of = { .data = &data };
    where.dir = *state;
    check_ok(fy_device_open("cpu", &of.dev));
    check_ok(fy_run_open(&where, &of.run));
    for (size_t i = 0; i < LEN(rows); i++) {
        of.before[0] = encoders[rows[i].before];
        of.last[0] = encoders[rows[i].last];
        of.before[1] = of.last[1] = classifier;
        check_ok(picture_write_features(&of, true, 1));
        assert_int_equal(count_views(*state), rows[i].views);
    }
    fy_run_close(of.run);
    fy_device_close(of.dev);
    fy_dataset_free(target);
    fy_model_free(classifier);
    fy_model_free(encoders[1]);
    fy_model_free(encoders[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_are_thinned_evenly),
        cmocka_unit_test_setup_teardown(features_that_ran_away_are_left_out, fyt_tmpdir_setup,
                                        fyt_tmpdir_teardown),
    };
    return cmocka_run_group_tests_name("pictures", tests, NULL, NULL);
}

/* Guards the model families: sizes as published, options, heads, features and names. */
#include "support/support.h"

#include "graph/frozen.h"
#include "graph/param.h"

#include <ferry/ferry.h>

#include <math.h>
#include <string.h>

/* ---- sizes ----------------------------------------------------------------------------------- */

/* Parameters without running statistics, and multiply-adds: torchvision's num_params and _ops. */
static const struct size_case {
    const char *family;
    float width;
    int64_t n_values, n_features;
    double giga_macs; /* 0: not published */
} sizes[] = {
    { "cnn", 1, 2145034, 512, 0 },
    { "alexnet", 1, 61100840, 4096, 0.714 },
    { "vgg11", 1, 132863336, 4096, 7.609 },
    { "vgg11_bn", 1, 132868840, 4096, 7.609 },
    { "vgg16", 1, 138357544, 4096, 15.470 },
    { "vgg16_bn", 1, 138365992, 4096, 15.470 },
    { "resnet18", 1, 11689512, 512, 1.814 },
    { "resnet34", 1, 21797672, 512, 3.664 },
    { "resnet50", 1, 25557032, 2048, 4.089 },
    { "resnet20_cifar", 1, 269722, 64, 0.041 },
    { "resnet56_cifar", 1, 853018, 64, 0 },
    { "mobilenet_v2", 1, 3504872, 1280, 0.301 },
    { "mobilenet_v2", 0.35f, 1677128, 1280, 0 },
    { "squeezenet1_1", 1, 1235496, 512, 0.349 },
    { "googlenet", 1, 6624904, 1024, 1.498 },
    { "densenet121", 1, 7978856, 1024, 2.834 },
    { "m5", 1, 558090, 512, 0 },
};

static fy_model *open_with(const char *family, const fy_model_opts *o)
{
    fy_model *m;
    check_ok(fy_model_open(family, "m", o, &m));
    return m;
}

static fy_model_opts opts_of(const char *family)
{
    fy_model_opts o;
    check_ok(fy_model_family_defaults(family, &o));
    return o;
}

static int64_t count_values(const fy_model *m)
{
    int64_t n = 0;
    for (int i = 0; i < fy_model_count(m); i++)
        if (!fy_model_param_is_buffer(m, i))
            n += fy_shape_numel(fy_param_shape(fy_model_param(m, i)));
    return n;
}

static void sizes_are_those_published(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(sizes); i++) {
        fy_model_opts o = opts_of(sizes[i].family);
        o.width = sizes[i].width;
        fy_model *m = open_with(sizes[i].family, &o);
        const int64_t n = count_values(m);
        if (n != sizes[i].n_values)
            fail_msg("%s: %lld values instead of %lld", sizes[i].family, (long long)n,
                     (long long)sizes[i].n_values);
        assert_int_equal(fy_model_output(m)->rank, 1);
        assert_int_equal(fy_model_output(m)->d[0], o.n_classes);
        fy_model_free(m);
    }
}

/* ---- summaries ------------------------------------------------------------------------------- */

static void summaries_count_what_is_published(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(sizes); i++) {
        fy_model_opts o = opts_of(sizes[i].family);
        fy_summary *s;
        o.width = sizes[i].width;
        fy_model *m = open_with(sizes[i].family, &o);
        check_ok(fy_model_summary(m, &s));
        assert_int_equal(s->total.n_values, sizes[i].n_values);
        const double giga = round((double)s->total.macs / 1e6) / 1e3;
        if (sizes[i].giga_macs != 0 && fabs(giga - sizes[i].giga_macs) > 1e-9)
            fail_msg("%s: %.3f G multiply-adds instead of %.3f", sizes[i].family, giga,
                     sizes[i].giga_macs);
        fy_summary_free(s);
        fy_model_free(m);
    }
}

/* A layer that is used twice has its parameters in one line only. */
static fy_node shared(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    (void)o;
    x = fy_relu(fy_layers_graph(l), fy_layer_linear(l, "fc", x, 4, true));
    return fy_layer_linear(l, "fc", x, 4, true);
}

static void a_line_has_its_layers_arithmetic(void **state)
{
    static const fy_layer_line expected[] = {
        { "fc", "linear", { 1, { 4 } }, 20, 0, 16, 36 },
        { "", "relu", { 1, { 4 } }, 0, 0, 0, 4 },
        { "fc", "linear", { 1, { 4 } }, 0, 0, 16, 36 },
    };
    const fy_model_opts o = { .input = FY_SHAPE(4) };
    fy_model *m;
    fy_summary *s;
    (void)state;
    check_ok(fy_model_new("m", shared, &o, &m));
    check_ok(fy_model_summary(m, &s));
    assert_int_equal(s->n_lines, LEN(expected));
    for (int i = 0; i < s->n_lines; i++) {
        assert_string_equal(s->lines[i].name, expected[i].name);
        assert_string_equal(s->lines[i].kind, expected[i].kind);
        assert_true(fy_shape_equal(&s->lines[i].output, &expected[i].output));
        assert_int_equal(s->lines[i].n_values, expected[i].n_values);
        assert_int_equal(s->lines[i].macs, expected[i].macs);
        assert_int_equal(s->lines[i].flops, expected[i].flops);
    }
    assert_int_equal(s->total.flops, 76);
    fy_summary_free(s);
    fy_model_free(m);
}

static fy_status summarise(void *arg)
{
    fy_summary *s;
    FYI_FORWARD(fy_model_summary(arg, &s));
    fy_summary_free(s);
    return FY_OK;
}

static void running_out_of_memory_leaves_nothing(void **state)
{
    const fy_model_opts o = opts_of("lenet");
    fy_model *m = open_with("lenet", &o);
    (void)state;
    fyt_check_alloc_failures(summarise, m);
    fy_model_free(m);
}

/* ---- heads and features ---------------------------------------------------------------------- */

static void a_head_may_have_other_classes_and_another_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(sizes); i++) {
        fy_model_opts o = opts_of(sizes[i].family);
        o.n_classes = 7;
        o.head = "novel";
        fy_model *m = open_with(sizes[i].family, &o);
        assert_int_equal(fy_model_output(m)->d[0], 7);
        assert_non_null(fy_model_find(m, "novel.weight"));
        const fy_shape *s = fy_param_shape(fy_model_find(m, "novel.bias"));
        assert_int_equal(s->d[0], 7);
        fy_model_free(m);
    }
}

static void without_classes_a_model_gives_features(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(sizes); i++) {
        fy_model_opts o = opts_of(sizes[i].family);
        const int64_t with_head = sizes[i].n_features;
        o.width = sizes[i].width;
        o.n_classes = 0;
        fy_model *m = open_with(sizes[i].family, &o);
        assert_int_equal(fy_model_output(m)->rank, 1);
        assert_int_equal(fy_model_output(m)->d[0], with_head);
        fy_model_free(m);
    }
}

/* Of everything frozen but the head, the features alone are kept per sample: no batch norm and no dropout is in
 * training mode before them. */
static void features_are_computed_once_per_sample(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(sizes); i++) {
        fy_model_opts o = opts_of(sizes[i].family);
        o.head = "head";
        fy_model *m = open_with(sizes[i].family, &o);
        const fy_optim sgd = fy_sgd(0.1f, 0, 0);
        fy_graph *g;
        fy_node cut[FYI_MAX_CUT];
        int n;
        check_ok(fy_graph_new(&g));
        const fy_node x = fy_input(g, "x", FY_F32, fy_shape_batch(2, &o.input));
        const fy_node y = fy_model_apply_moving(g, m, x, "head.*");
        fy_objective_moves_model(g, fy_objective_add(g, "o", fy_mean_all(g, y), &sgd), m, "head.*",
                                 NULL);
        check_ok(fyi_frozen_cut(&(fyi_frozen_of){ .g = g, .x = x }, cut, &n));
        assert_int_equal(n, 1);
        assert_int_equal(cut[0].id, fy_model_tap(g, m, y, "features").id);
        fy_graph_free(g);
        fy_model_free(m);
    }
}

/* ---- names ----------------------------------------------------------------------------------- */

static void layers_are_found_by_name(void **state)
{
    static const struct {
        const char *family, *layer;
        fy_shape shape;
    } taps[] = {
        { "resnet18", "conv1", { 4, { 1, 64, 112, 112 } } },
        { "resnet18", "layer3", { 4, { 1, 256, 14, 14 } } },
        { "resnet18", "layer3.1", { 4, { 1, 256, 14, 14 } } },
        { "resnet18", "layer4.0.bn1", { 4, { 1, 512, 7, 7 } } },
        { "resnet18", "layer2.0.downsample.1", { 4, { 1, 128, 28, 28 } } },
        { "resnet18", "features", { 2, { 1, 512 } } },
        { "resnet18", "fc", { 2, { 1, 1000 } } },
        { "resnet20_cifar", "layer2.0", { 4, { 1, 32, 16, 16 } } },
        { "mobilenet_v2", "features.17.conv", { 4, { 1, 320, 7, 7 } } },
        { "squeezenet1_1", "features.9", { 4, { 1, 384, 13, 13 } } },
        { "googlenet", "inception4e", { 4, { 1, 832, 14, 14 } } },
        { "densenet121", "features.denseblock4.denselayer16", { 4, { 1, 1024, 7, 7 } } },
        { "vgg16", "classifier.3", { 2, { 1, 4096 } } },
    };
    (void)state;
    for (size_t i = 0; i < LEN(taps); i++) {
        const fy_model_opts o = opts_of(taps[i].family);
        fy_model *m = open_with(taps[i].family, &o);
        fy_graph *g;
        check_ok(fy_graph_new(&g));
        const fy_node x = fy_input(
            g, "x", FY_F32, (fy_shape){ 4, { 1, o.input.d[0], o.input.d[1], o.input.d[2] } });
        const fy_node y = fy_model_apply(g, m, x, FY_EVAL);
        const fy_shape s = fy_node_shape(g, fy_model_tap(g, m, y, taps[i].layer));
        if (!fy_shape_equal(&s, &taps[i].shape))
            fail_msg("%s: '%s' has another shape or is not there", taps[i].family, taps[i].layer);
        assert_int_equal(fy_model_tap(g, m, y, "layer9").id, 0);
        fy_graph_free(g);
        fy_model_free(m);
    }
}

static void a_layer_that_is_not_there_is_named(void **state)
{
    static const struct {
        const char *layer, *sentence; /* NULL: it is there */
    } rows[] = {
        { "layer2.0", NULL },
        { "conv9", "'model' has no layer 'conv9'; did you mean 'conv1'? 'ferry inspect --model "
                   "resnet20_cifar' lists them" },
        { "layer9", "did you mean 'layer1'?" },
        { "layer2.0.cnv2", "did you mean 'layer2.0.conv2'?" },
        { "nothing",
          "'model' has no layer 'nothing'; 'ferry inspect --model resnet20_cifar' lists" },
        { "", "'model' has no layer ''; 'ferry" },
    };
    const fy_model_opts o = opts_of("resnet20_cifar");
    fy_model *m;
    fy_graph *g;
    (void)state;
    check_ok(fy_model_open("resnet20_cifar", "model", &o, &m));
    check_ok(fy_graph_new(&g));
    const fy_node x = fy_input(g, "x", FY_F32, FY_SHAPE(2, 3, 32, 32));
    const fy_node y = fy_model_apply(g, m, x, FY_TRAIN);
    for (size_t i = 0; i < LEN(rows); i++) {
        fy_node at;
        const fy_status st = fy_model_find_tap(g, m, y, rows[i].layer, &at);
        assert_int_equal(st, rows[i].sentence ? FY_EINVAL : FY_OK);
        assert_int_equal(at.id, fy_model_tap(g, m, y, rows[i].layer).id);
        if (rows[i].sentence)
            check_sentence(rows[i].sentence);
    }
    fy_graph_free(g);
    fy_model_free(m);
}

static void each_application_has_its_own_layers(void **state)
{
    const fy_model_opts o = opts_of("resnet20_cifar");
    fy_model *m = open_with("resnet20_cifar", &o);
    fy_graph *g;
    (void)state;
    check_ok(fy_graph_new(&g));
    const fy_node x = fy_input(g, "x", FY_F32, FY_SHAPE(2, 3, 32, 32));
    const fy_node a = fy_model_apply(g, m, x, FY_TRAIN), b = fy_model_apply(g, m, x, FY_EVAL);
    const fy_node in_a = fy_model_tap(g, m, a, "layer1"), in_b = fy_model_tap(g, m, b, "layer1");
    assert_true(in_a.id > 0 && in_a.id < a.id);
    assert_true(in_b.id > a.id && in_b.id < b.id);
    fy_graph_free(g);
    fy_model_free(m);
}

static fy_node never_left(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    (void)o;
    fy_layers_enter(l, "a");
    fy_layers_enter(l, "%s", "b");
    return fy_layers_leave(l, fy_layer_linear(l, "c", x, 2, true));
}

static fy_node never_entered(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    (void)o;
    return fy_layers_leave(l, x);
}

static fy_node too_deep(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    (void)o;
    for (int i = 0; i < 20; i++)
        fy_layers_enter(l, "scope%d", i);
    return x;
}

/* A scope around nothing must not rename what the model was given. */
static fy_node gives_back(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    (void)o;
    fy_layers_enter(l, "nothing");
    return fy_layer_linear(l, "fc", fy_layers_leave(l, x), 2, true);
}

static void scopes_that_do_not_match_are_mistakes(void **state)
{
    static const struct {
        fy_build_fn build;
        const char *sentence;
    } mistakes[] = {
        { never_left, "model 'm': the scope 'a.' was not left" },
        { never_entered, "model 'm': a scope was left that was not entered" },
        { too_deep, "too long or too deep" },
    };
    const fy_model_opts o = { .input = FY_SHAPE(3) };
    fy_model *m;
    fy_graph *g;
    (void)state;
    for (size_t i = 0; i < LEN(mistakes); i++) {
        check_status(fy_model_new("m", mistakes[i].build, &o, &m), FY_EINVAL);
        check_sentence(mistakes[i].sentence);
    }
    check_ok(fy_model_new("m", gives_back, &o, &m));
    check_ok(fy_graph_new(&g));
    const fy_node x = fy_input(g, "x", FY_F32, FY_SHAPE(1, 3));
    assert_true(fy_model_apply(g, m, x, FY_EVAL).id > 0);
    assert_int_equal(fy_graph_find(g, "x").id, x.id);
    fy_graph_free(g);
    fy_model_free(m);
}

/* ---- options --------------------------------------------------------------------------------- */

static void options_that_make_no_sense_are_refused(void **state)
{
    static const struct {
        const char *family;
        fy_model_opts o;
        const char *sentence;
    } mistakes[] = {
        { "resnet18", { .width = 0.35f }, "family 'resnet18' has one width, 1; it cannot be 0.35" },
        { "mobilenet_v2", { .width = -1 }, "width is a factor above 0 and at most 64, not -1" },
        { "mobilenet_v2", { .width = NAN }, "width is a factor above 0 and at most 64, not nan" },
        { "resnet18", { .pool = "axg" }, "pool 'axg' is none of avg, max, l2; did you mean 'avg'?" },
        { "vgg16", { .pool = "max" }, "family 'vgg16' does not pool whole images" },
        { "lenet", { .dropout = 1 }, "dropout is a probability below 1, not 1" },
        { "resnet18", { .input = { 1, { 5 } } }, "takes rank 4" },
        { "m5",
          { .input = { 3, { 1, 28, 28 } } },
          "takes series [channels, steps], its samples have 3 axes" },
        { "resnet81",
          { .width = 1 },
          "there is no model family 'resnet81'; did you mean 'resnet18'?" },
    };
    (void)state;
    for (size_t i = 0; i < LEN(mistakes); i++) {
        fy_model_opts o = mistakes[i].o;
        fy_model *m;
        if (o.input.rank == 0)
            o.input = FY_SHAPE(3, 64, 64);
        o.n_classes = 10;
        assert_true(fy_model_open(mistakes[i].family, "m", &o, &m) != FY_OK);
        assert_null(m);
        check_sentence(mistakes[i].sentence);
    }
}

static void what_is_left_open_is_the_familys_own(void **state)
{
    fy_model_opts o = fy_model_defaults();
    fy_model *m;
    (void)state;
    o.input = FY_SHAPE(3, 32, 32);
    check_ok(fy_model_open("mobilenet_v2", "m", &o, &m));
    assert_true(fy_model_options(m)->dropout == 0.2f && fy_model_options(m)->width == 1);
    fy_model_free(m);
    o.dropout = 0;
    check_ok(fy_model_open("mobilenet_v2", "m", &o, &m));
    assert_true(fy_model_options(m)->dropout == 0);
    fy_model_free(m);
    check_status(fy_model_family_defaults("lenett", &o), FY_EINVAL);
    check_sentence("did you mean 'lenet'?");
}

/* Of one map of what a ReLU gave: the mean is below the root of the mean of squares, that below the largest. */
static void pooling_is_as_asked_for(void **state)
{
    static const char *const pools[] = { "avg", "l2", "max" };
    float y[3][2 * 64], x[2 * 3 * 32 * 32];
    fy_device *dev;
    (void)state;
    fy_rng r = fy_rng_named(3, "x");
    for (size_t i = 0; i < LEN(x); i++)
        x[i] = fy_rng_normal(&r);
    check_ok(fy_device_open("cpu", &dev));
    for (int k = 0; k < 3; k++) {
        fy_model_opts o = opts_of("resnet20_cifar");
        fy_graph *g;
        fy_plan *plan;
        o.pool = pools[k];
        o.n_classes = 0;
        fy_model *m = open_with("resnet20_cifar", &o);
        check_ok(fy_graph_new(&g));
        const fy_node in = fy_input(g, "x", FY_F32, FY_SHAPE(2, 3, 32, 32));
        const fy_node out = fy_model_apply(g, m, in, FY_EVAL);
        const fy_plan_opts po = { .outputs = &out, .n_outputs = 1 };
        check_ok(fy_plan_new(g, dev, &po, &plan));
        check_ok(fy_plan_feed(plan, in, x));
        check_ok(fy_plan_step(plan));
        check_ok(fy_plan_read(plan, out, y[k], LEN(y[k])));
        fy_plan_free(plan);
        fy_graph_free(g);
        fy_model_free(m);
    }
    for (size_t i = 0; i < LEN(y[0]); i++)
        assert_true(y[0][i] <= y[1][i] && y[1][i] <= y[2][i]);
    assert_true(y[0][0] < y[1][0] && y[1][0] < y[2][0]);
    fy_device_close(dev);
}

/* ---- first values ---------------------------------------------------------------------------- */

/* torchvision's: PyTorch's uniform has deviation 1 / sqrt(3 fan), He's sqrt(2 / fan). */
static const struct init_case {
    const char *family, *param;
    double deviation, largest; /* 0: not bounded */
} inits[] = {
    { "resnet18", "layer1.0.conv1.weight", 0.058926, 0 },      /* sqrt(2 / (64 9)) */
    { "resnet18", "layer4.0.downsample.0.weight", 0.0625, 0 }, /* sqrt(2 / 512) */
    { "resnet18", "fc.weight", 0.025516, 0.044194 },           /* 1 / sqrt(3 512) */
    { "resnet18", "fc.bias", 0.025516, 0.044194 },
    { "resnet18", "layer1.0.bn1.weight", 0, 1 },
    { "resnet20_cifar", "layer3.1.conv1.weight", 0.058926, 0 }, /* fan in: 64 9 */
    { "resnet20_cifar", "linear.weight", 0.176777, 0 },         /* sqrt(2 / 64) */
    { "alexnet", "features.3.weight", 0.014434, 0.025 },        /* 1 / sqrt(3 64 25) */
    { "vgg11", "features.3.weight", 0.041667, 0 },              /* sqrt(2 / (128 9)) */
    { "vgg11", "features.3.bias", 0, 0 },
    { "vgg11", "classifier.6.weight", 0.01, 0 },
    { "mobilenet_v2", "features.2.conv.1.0.weight", 0.048113, 0 }, /* fan out: 96 9 */
    { "mobilenet_v2", "classifier.1.weight", 0.01, 0 },
    { "squeezenet1_1", "features.3.expand3x3.weight", 0.117851, 0.204124 }, /* sqrt(6 / (16 9)) */
    { "squeezenet1_1", "classifier.1.weight", 0.01, 0 },
    { "googlenet", "inception4a.branch2.1.conv.weight", 0.01, 0 },
    { "densenet121", "features.denseblock1.denselayer1.conv2.weight", 0.041667, 0 }, /* 128 9 */
    { "densenet121", "classifier.weight", 0.018042, 0.03125 },
    { "densenet121", "classifier.bias", 0, 0 },
};

static void check_init(const struct init_case *c, const float *v, int64_t n)
{
    double sum = 0, squares = 0, largest = 0;
    for (int64_t i = 0; i < n; i++) {
        sum += v[i];
        squares += (double)v[i] * v[i];
        largest = fmax(largest, fabs(v[i]));
    }
    const double mean = sum / (double)n,
                 deviation = sqrt(fmax(squares / (double)n - mean * mean, 0));
    /* Of n draws the deviation is off by 1 / sqrt(2 n) of it. */
    const double slack = 5 / sqrt(2 * (double)n) * c->deviation;
    if (fabs(deviation - c->deviation) > slack + 1e-12 ||
        (c->largest > 0 && largest > 1.0001 * c->largest))
        fail_msg("%s %s: deviation %g, largest %g", c->family, c->param, deviation, largest);
}

static void first_values_are_drawn_as_torchvision_draws_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(inits); i++) {
        const fy_model_opts o = opts_of(inits[i].family);
        fy_model *m = open_with(inits[i].family, &o);
        fy_param *p = fy_model_find(m, inits[i].param);
        assert_non_null(p);
        const int64_t n = fy_shape_numel(fy_param_shape(p));
        float *v = fyi_calloc((size_t)n, sizeof *v);
        check_ok(fy_param_read(p, v, n));
        check_init(&inits[i], v, n);
        fyi_free(v);
        fy_model_free(m);
    }
}

static void values_come_when_they_are_needed(void **state)
{
    const fy_model_opts o = opts_of("resnet20_cifar");
    fy_model *m = open_with("resnet20_cifar", &o);
    fy_param *p = fy_model_find(m, "conv1.weight");
    float drawn[16 * 3 * 9], again[LEN(drawn)];
    (void)state;
    assert_null(p->data);
    check_ok(fy_param_read(p, drawn, LEN(drawn)));
    assert_null(fy_model_find(m, "linear.weight")->data);
    for (size_t i = 0; i < LEN(drawn); i++)
        again[i] = 1;
    check_ok(fy_param_write(p, again, LEN(drawn)));
    check_ok(fy_model_init(m, o.seed));
    check_ok(fy_param_read(p, again, LEN(drawn)));
    assert_memory_equal(drawn, again, sizeof drawn);
    check_ok(fy_model_init(m, o.seed + 1));
    check_ok(fy_param_read(p, again, LEN(drawn)));
    assert_memory_not_equal(drawn, again, sizeof drawn);
    fy_model_free(m);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_those_published),
        cmocka_unit_test(summaries_count_what_is_published),
        cmocka_unit_test(a_line_has_its_layers_arithmetic),
        cmocka_unit_test(running_out_of_memory_leaves_nothing),
        cmocka_unit_test(a_head_may_have_other_classes_and_another_name),
        cmocka_unit_test(without_classes_a_model_gives_features),
        cmocka_unit_test(features_are_computed_once_per_sample),
        cmocka_unit_test(layers_are_found_by_name),
        cmocka_unit_test(a_layer_that_is_not_there_is_named),
        cmocka_unit_test(each_application_has_its_own_layers),
        cmocka_unit_test(scopes_that_do_not_match_are_mistakes),
        cmocka_unit_test(options_that_make_no_sense_are_refused),
        cmocka_unit_test(what_is_left_open_is_the_familys_own),
        cmocka_unit_test(pooling_is_as_asked_for),
        cmocka_unit_test(first_values_are_drawn_as_torchvision_draws_them),
        cmocka_unit_test(values_come_when_they_are_needed),
    };
    return cmocka_run_group_tests_name("models", tests, NULL, NULL);
}

/* Guards edits of models: what stays keeps its bytes, an edited model is the one that somebody would have written by
 * hand, it is saved and loaded like any other, and whatever does not fit is refused with a sentence.
 * timeout: 120 */
#include "support/support.h"

#include "nn/edit.h"

#include <ferry/ferry.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 16, BATCH = 4 };

static fy_model_opts opts(const char *edits)
{
    return (fy_model_opts){
        .input = FY_SHAPE(3, SIDE, SIDE), .n_classes = 10, .dropout = -1, .seed = 5, .edits = edits
    };
}

static fy_model *open_net(const char *edits)
{
    const fy_model_opts o = opts(edits);
    fy_model *m;
    check_ok(fy_model_open("resnet20_cifar", "m", &o, &m));
    return m;
}

/* ---- the text -------------------------------------------------------------------------------- */

static const struct text_case {
    const char *text, *saved;
    int64_t n_classes;
} texts[] = {
    { "", NULL, 10 },
    { " ; \n ", NULL, 10 },
    { "drop   layer3.1", "drop layer3.1", 10 },
    { "drop layer3.1\ndrop layer3.2;", "drop layer3.1; drop layer3.2", 10 },
    { "drop layer3.1; replace layer3.1 conv 64 3", "replace layer3.1 conv 64 3", 10 },
    { "insert after layer1 relu; insert after layer1 relu",
      "insert after layer1 as layer1_after relu; insert after layer1 as layer1_after2 relu", 10 },
    { "insert before layer1.0.conv1 as mine conv 16 1 identity",
      "insert before layer1.0.conv1 as mine conv 16 1 identity", 10 },
    { "head linear 7", "head linear", 7 },
    { "head mlp 32 7", "head mlp 32", 7 },
    { "head mlp 32", "head mlp 32", 10 },
    { "head none", NULL, 0 },
    { "head none; head linear 3", "head linear", 3 },
    { "insert after layer1 dropout 0.25", "insert after layer1 as layer1_after dropout 0.25", 10 },
};

static void edits_are_saved_in_one_way(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(texts); i++) {
        fy_model *m = open_net(texts[i].text), *again;
        const fy_model_opts *o = fy_model_options(m);
        if (texts[i].saved)
            assert_string_equal(o->edits, texts[i].saved);
        else
            assert_null(o->edits);
        assert_int_equal(o->n_classes, texts[i].n_classes);
        check_ok(fy_model_open("resnet20_cifar", "m", o, &again));
        assert_int_equal(fy_model_count(again), fy_model_count(m));
        fy_model_free(again);
        fy_model_free(m);
    }
}

static const struct refusal {
    const char *edits, *sentence;
    fy_status status;
} refusals[] = {
    { "remove layer1", "it begins with none of drop, replace, insert and head", FY_EINVAL },
    { "dropp layer1", "did you mean 'drop'?", FY_EINVAL },
    { "drop", "the name of a layer or block is missing", FY_EINVAL },
    { "drop layer1 layer2", "edit 'drop layer1 layer2': 'layer2' is too much", FY_EINVAL },
    { "drop layer1;drop a/b", "edit 'drop a/b': 'a/b' is no layer's name", FY_EINVAL },
    { "drop layer4", "there is no layer 'layer4'; did you mean 'layer1'?", FY_EINVAL },
    { "drop layer3.1; drop layer3.1.conv1", "another edit takes 'layer3.1.conv1' out", FY_EINVAL },
    { "replace layer1", "a layer is missing; there are 'conv OUT K [STRIDE] [identity]'",
      FY_EINVAL },
    { "replace layer1 convolution 3 3", "'convolution' is none; there are", FY_EINVAL },
    { "replace layer1 cnv 3 3", "'cnv' is none; did you mean 'conv'?", FY_EINVAL },
    { "replace layer1 conv 3", "a number is missing; write 'conv OUT K [STRIDE] [identity]'",
      FY_EINVAL },
    { "replace layer1 conv 0 3", "'0' is no whole number from 1 to 65536", FY_EINVAL },
    { "replace layer1 conv 16 3.5", "'3.5' is no whole number from 1 to 63", FY_EINVAL },
    { "replace layer1 conv -16 3", "'-16' is no whole number", FY_EINVAL },
    { "replace layer1 conv 99999999999999999999 3", "is no whole number", FY_EINVAL },
    { "replace layer1 conv 16 3 1 2", "'2' is too much", FY_EINVAL },
    { "replace layer1 dropout 1", "'1' is no number from 0 to below 1", FY_EINVAL },
    { "replace layer1 conv 16 2 identity", "an identity has a window of an odd size", FY_EINVAL },
    { "replace layer1 conv 16 3 2 identity", "an identity has a window of an odd size", FY_EINVAL },
    { "insert after layer1 conv 32 1 identity",
      "'layer1_after' is to be an identity, and gives 32 channels or features of 16", FY_ESHAPE },
    { "insert near layer1 relu", "write 'insert before NAME LAYER'", FY_EINVAL },
    { "insert after layer1 as relu", "a layer is missing", FY_EINVAL },
    { "insert after layer1 as a.b relu", "after 'as' comes a name of letters, digits and '_'",
      FY_EINVAL },
    { "insert after layer1 as x relu; insert before layer2 as x relu",
      "an edit before it inserts a layer of that name, 'x'", FY_EINVAL },
    { "insert after conv1 as layer2 relu", "the model has a layer of the name 'layer2' already",
      FY_EINVAL },
    { "insert after a as b relu; insert after b as a relu", "there is no layer 'a'", FY_EINVAL },
    { "drop linear", "'linear' is the head; 'head linear N'", FY_EINVAL },
    { "replace linear linear 7", "'linear' is the head", FY_EINVAL },
    { "head conv 7 1", "'conv' is none; there are 'head linear [N]', 'head mlp HIDDEN [N]'",
      FY_EINVAL },
    { "head", "a layer is missing", FY_EINVAL },
    { "head none; head linear", "the model has no classes; say how many, 'head linear 10'",
      FY_EINVAL },
    { "insert after linear linear 4", "gives [4], and its 10 classes need [10]", FY_ESHAPE },
    { "drop layer3", "'layer2.2' gives 32 channels or features, and 'linear' expects 64",
      FY_ESHAPE },
    { "drop layer2.0", "'layer1.2' gives 16 channels or features, and 'layer2.1.conv1' expects 32",
      FY_ESHAPE },
    { "replace layer3.1.conv2 conv 32 3",
      "'layer3.1.conv2' gives 32 channels or features, and 'layer3.1.bn2' expects 64", FY_ESHAPE },
    { "replace layer3.1.conv2 conv 32 3; drop layer3.1.bn2",
      "with 'replace layer3.1.conv2 conv 32 3; drop layer3.1.bn2', in 'layer3.1': add", FY_ESHAPE },
    { "insert before layer2 conv 32 1",
      "'layer2_before' gives [2, 32, 16, 16], and the block 'layer2' reads "
      "[2, 16, 16, 16]; a layer before a block keeps the shape",
      FY_ESHAPE },
    { "insert after layer1 linear 16", "layer 'layer1_after' of model 'm' takes rank 2", FY_ESHAPE },
};

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(refusals); i++) {
        const fy_model_opts o = opts(refusals[i].edits);
        fy_model *m;
        check_status(fy_model_open("resnet20_cifar", "m", &o, &m), refusals[i].status);
        check_sentence(refusals[i].sentence);
        assert_null(m);
    }
}

static void long_texts_are_refused(void **state)
{
    static char text[40000];
    fy_model *m;
    fy_model_opts o = opts(text);
    (void)state;
    memset(text, 'a', 20000);
    check_status(fy_model_open("resnet20_cifar", "m", &o, &m), FY_EINVAL);
    check_sentence("its edits have 20000 bytes, 16384 at most");
    memset(text, 0, sizeof text);
    for (int i = 0; i < 300; i++)
        strcat(text, "insert after conv1 relu;");
    check_status(fy_model_open("resnet20_cifar", "m", &o, &m), FY_EINVAL);
    check_sentence("more than 256 edits");
    o.edits = "drop a b c d e f g h i j k l m n";
    check_status(fy_model_open("resnet20_cifar", "m", &o, &m), FY_EINVAL);
    check_sentence("it has more than 12 words");
}

/* ---- what an edit makes ---------------------------------------------------------------------- */

static const struct made_case {
    const char *why, *edits, *param;
    fy_shape shape; /* rank 0: it is not there */
    fy_shape output;
} made[] = {
    { "a block goes with all in it", "drop layer3.1", "layer3.1.conv1.weight", { 0 }, { 1, { 10 } } },
    { "what is behind it stays",
      "drop layer3.1",
      "layer3.2.conv1.weight",
      { 4, { 64, 64, 3, 3 } },
      { 1, { 10 } } },
    { "the first stage is the input's channels",
      "drop layer1",
      "layer2.0.conv1.weight",
      { 4, { 32, 16, 3, 3 } },
      { 1, { 10 } } },
    { "all that a block has",
      "drop layer1.0; drop layer1.1; drop layer1.2",
      "layer1.0.conv1.weight",
      { 0 },
      { 1, { 10 } } },
    { "one layer", "drop layer3.1.bn2", "layer3.1.bn2.weight", { 0 }, { 1, { 10 } } },
    { "a block becomes a layer",
      "replace layer3 conv 64 3 2",
      "layer3.weight",
      { 4, { 64, 32, 3, 3 } },
      { 1, { 10 } } },
    { "another window",
      "replace layer3.0.conv2 conv 64 1",
      "layer3.0.conv2.weight",
      { 4, { 64, 64, 1, 1 } },
      { 1, { 10 } } },
    { "no bias where there was none",
      "replace layer3.0.conv2 conv 64 1",
      "layer3.0.conv2.bias",
      { 0 },
      { 1, { 10 } } },
    { "the stride stays",
      "replace layer3.0.conv1 conv 64 5",
      "layer3.0.conv1.weight",
      { 4, { 64, 32, 5, 5 } },
      { 1, { 10 } } },
    { "two that fit each other",
      "replace layer3.1.conv1 conv 32 3; replace layer3.1.bn1 batch_norm; "
      "replace layer3.1.conv2 conv 64 3",
      "layer3.1.conv2.weight",
      { 4, { 64, 32, 3, 3 } },
      { 1, { 10 } } },
    { "after a block",
      "insert after layer1 conv 16 1",
      "layer1_after.weight",
      { 4, { 16, 16, 1, 1 } },
      { 1, { 10 } } },
    { "with a bias",
      "insert after layer1 conv 16 1",
      "layer1_after.bias",
      { 1, { 16 } },
      { 1, { 10 } } },
    { "before a block",
      "insert before layer2 as a conv 16 1",
      "a.weight",
      { 4, { 16, 16, 1, 1 } },
      { 1, { 10 } } },
    { "before a block and its first part",
      "insert before layer2 as a conv 16 1; insert before layer2.0 as b conv 16 1",
      "layer2.b.weight",
      { 4, { 16, 16, 1, 1 } },
      { 1, { 10 } } },
    { "before a block that goes",
      "insert before layer2.1 conv 32 1; drop layer2.1",
      "layer2.1_before.weight",
      { 4, { 32, 32, 1, 1 } },
      { 1, { 10 } } },
    { "within a block",
      "insert before layer1.0.conv2 as n batch_norm",
      "layer1.0.n.running_var",
      { 1, { 16 } },
      { 1, { 10 } } },
    { "after what was inserted",
      "insert after layer1 as a conv 24 1; insert after a as b conv 16 1",
      "b.weight",
      { 4, { 16, 24, 1, 1 } },
      { 1, { 10 } } },
    { "a head for a narrower map",
      "drop layer3; head linear",
      "linear.weight",
      { 2, { 10, 32 } },
      { 1, { 10 } } },
    { "another head", "head linear 7", "linear.weight", { 2, { 7, 64 } }, { 1, { 7 } } },
    { "two layers", "head mlp 24 7", "linear.0.weight", { 2, { 24, 64 } }, { 1, { 7 } } },
    { "the second", "head mlp 24 7", "linear.2.weight", { 2, { 7, 24 } }, { 1, { 7 } } },
    { "no head", "head none", "linear.weight", { 0 }, { 1, { 64 } } },
    { "before the head",
      "insert before linear as f linear 64 identity",
      "f.weight",
      { 2, { 64, 64 } },
      { 1, { 10 } } },
};

static void layers_are_as_the_edits_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(made); i++) {
        const struct made_case *c = &made[i];
        fy_model *m = open_net(c->edits);
        const fy_param *p = fy_model_find(m, c->param);
        if ((p != NULL) != (c->shape.rank > 0) ||
            (p && !fy_shape_equal(fy_param_shape(p), &c->shape)))
            fail_msg("%s: '%s' after '%s'", c->why, c->param, c->edits);
        assert_true(fy_shape_equal(fy_model_output(m), &c->output));
        fy_model_free(m);
    }
}

/* A window in the place of one that is not padded is not padded either. */
static void padding_is_that_of_what_is_replaced(void **state)
{
    static const struct {
        const char *edits;
        fy_shape fc1; /* behind a 5x5 convolution and pooling of 12x12 */
    } rows[] = {
        { "replace conv2 conv 50 5", { 2, { 500, 50 * 4 * 4 } } },
        { "replace conv2 conv 30 3; replace fc1 linear 500", { 2, { 500, 30 * 5 * 5 } } },
        { "insert after conv2 conv 50 3", { 2, { 500, 50 * 4 * 4 } } },
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        fy_model_opts o = fy_model_defaults();
        fy_model *m;
        o.edits = rows[i].edits;
        check_ok(fy_model_open("lenet", "m", &o, &m));
        assert_true(fy_shape_equal(fy_param_shape(fy_model_find(m, "fc1.weight")), &rows[i].fc1));
        fy_model_free(m);
    }
}

/* Every family has a head that an edit changes, also where it is a convolution; but for late fusion, which has one for each part, and for
 * one whose weights are made of others. */
static void every_family_takes_another_head(void **state)
{
    (void)state;
    for (const char *const *f = fy_model_families(); *f; f++) {
        fy_model_opts o;
        fy_model *m;
        check_ok(fy_model_family_defaults(*f, &o));
        if (strcmp(*f, "critic") == 0 || strcmp(*f, "linear") == 0)
            o.input = FY_SHAPE(8);
        o.edits = "head mlp 12 3";
        if (strcmp(*f, "fusion_late") == 0 || strcmp(*f, "linear_norm") == 0) {
            check_status(fy_model_open(*f, "m", &o, &m), FY_EINVAL);
            check_sentence("the model has no head");
            continue;
        }
        check_ok(fy_model_open(*f, "m", &o, &m));
        assert_int_equal(fy_model_output(m)->d[0], 3);
        assert_int_equal(fy_shape_numel(fy_model_output(m)), 3);
        assert_string_equal(fy_model_param_edit(m, fy_model_count(m) - 1), "head mlp 12");
        fy_model_free(m);
    }
}

/* ---- values ---------------------------------------------------------------------------------- */

static float *values_of(fy_param *p)
{
    const int64_t n = fy_shape_numel(fy_param_shape(p));
    float *v = fyi_calloc((size_t)n + 1, sizeof *v);
    check_ok(fy_param_read(p, v, n));
    return v;
}

static bool are_same(fy_param *a, fy_param *b)
{
    float *x = values_of(a), *y = values_of(b);
    const bool same = fy_shape_equal(fy_param_shape(a), fy_param_shape(b)) &&
                      memcmp(x, y, (size_t)fy_shape_numel(fy_param_shape(a)) * sizeof *x) == 0;
    fyi_free(x);
    fyi_free(y);
    return same;
}

/* Other values than the seed gives. */
static void disturb(fy_model *m)
{
    for (int i = 0; i < fy_model_count(m); i++) {
        fy_param *p = fy_model_param(m, i);
        float *v = values_of(p);
        v[0] += 0.5f;
        check_ok(fy_param_write(p, v, fy_shape_numel(fy_param_shape(p))));
        fyi_free(v);
    }
}

static void check_stays(fy_model *edited, fy_model *from, fy_model *fresh)
{
    for (int i = 0; i < fy_model_count(edited); i++) {
        const char *name = fy_model_param_name(edited, i);
        fy_param *p = fy_model_param(edited, i), *was = fy_model_find(from, name);
        fy_param *expected = fy_model_param_edit(edited, i) ? fy_model_find(fresh, name) : was;
        assert_non_null(expected);
        if (!are_same(p, expected))
            fail_msg("'%s' has other values", name);
    }
}

/* What stays to the byte; what is new as it would be in a new model of the same edits and seed. */
static void values_that_stay_are_the_same(void **state)
{
    static const char *const edits[] = {
        "drop layer1.1; drop layer3.2",
        "replace layer3.0.conv2 conv 64 3",
        "insert after layer2 conv 32 1; insert before layer1 batch_norm",
        "head linear",
        "head mlp 16 3; drop layer2.1",
    };
    fy_model *m = open_net(NULL);
    (void)state;
    disturb(m);
    for (size_t i = 0; i < LEN(edits); i++) {
        fy_model *edited, *fresh = open_net(edits[i]);
        check_ok(fy_model_edit(m, "m", edits[i], &edited));
        check_stays(edited, m, fresh);
        fy_model_free(edited);
        fy_model_free(fresh);
    }
    fy_model_free(m);
}

/* An edit adds to those before it, which keep what has been learnt since. */
static void edits_add_up(void **state)
{
    fy_model *m = open_net("insert after layer1 conv 16 1; head linear 4"), *twice, *clone;
    (void)state;
    disturb(m);
    check_ok(fy_model_edit(m, "m", "insert after layer1 conv 16 1; drop layer3.1", &twice));
    assert_string_equal(fy_model_options(twice)->edits,
                        "insert after layer1 as layer1_after conv 16 1; head linear; "
                        "insert after layer1 as layer1_after2 conv 16 1; drop layer3.1");
    assert_true(are_same(fy_model_find(m, "layer1_after.weight"),
                         fy_model_find(twice, "layer1_after.weight")));
    assert_true(are_same(fy_model_find(m, "linear.weight"), fy_model_find(twice, "linear.weight")));
    check_ok(fy_model_clone(twice, "other", &clone));
    assert_int_equal(fy_model_count(clone), fy_model_count(twice));
    assert_true(are_same(fy_model_find(twice, "layer1_after2.bias"),
                         fy_model_find(clone, "layer1_after2.bias")));
    fy_model_free(clone);
    check_ok(fy_model_edit(twice, "m", "head linear", &clone));
    assert_false(
        are_same(fy_model_find(twice, "linear.weight"), fy_model_find(clone, "linear.weight")));
    fy_model_free(clone);
    fy_model_free(twice);
    fy_model_free(m);
}

static void class_names_stay_with_the_head(void **state)
{
    static const char *const names[] = { "a", "b", "c" };
    fy_model *m = open_net("head linear 3"), *edited;
    (void)state;
    check_ok(fy_model_set_classes(m, names, 3));
    check_ok(fy_model_edit(m, "m", "drop layer1.1", &edited));
    assert_string_equal(fy_model_class_name(edited, 2), "c");
    fy_model_free(edited);
    check_ok(fy_model_edit(m, "m", "head linear 3", &edited));
    assert_null(fy_model_class_name(edited, 0));
    fy_model_free(edited);
    fy_model_free(m);
}

/* ---- what it computes ------------------------------------------------------------------------ */

static void fill(float *v, int64_t n, const char *name)
{
    fy_rng r = fy_rng_named(1, name);
    for (int64_t i = 0; i < n; i++)
        v[i] = fy_rng_normal(&r);
}

static void evaluate(fy_device *dev, fy_model *m, float *y, int64_t n)
{
    static float x[BATCH * 3 * SIDE * SIDE];
    fy_graph *g;
    fy_plan *plan;
    fill(x, LEN(x), "x");
    check_ok(fy_graph_new(&g));
    const fy_node in = fy_input(g, "x", FY_F32, FY_SHAPE(BATCH, 3, SIDE, SIDE));
    const fy_node out = fy_model_apply(g, m, in, FY_EVAL);
    const fy_plan_opts o = { .outputs = &out, .n_outputs = 1 };
    check_ok(fy_plan_new(g, dev, &o, &plan));
    check_ok(fy_plan_feed(plan, in, x));
    check_ok(fy_plan_step(plan));
    check_ok(fy_plan_read(plan, out, y, n));
    fy_plan_free(plan);
    fy_graph_free(g);
}

/* Steps that move `moves`. */
static void train(fy_device *dev, fy_model *m, const char *moves)
{
    static float x[BATCH * 3 * SIDE * SIDE];
    const int32_t labels[BATCH] = { 0, 1, 2, 1 };
    const fy_optim sgd = fy_sgd(0.05f, 0, 0);
    fy_graph *g;
    fy_plan *plan;
    fill(x, LEN(x), "x");
    check_ok(fy_graph_new(&g));
    const fy_node in = fy_input(g, "x", FY_F32, FY_SHAPE(BATCH, 3, SIDE, SIDE));
    const fy_node y = fy_input(g, "y", FY_I32, FY_SHAPE(BATCH));
    const fy_node out = fy_model_apply_moving(g, m, in, moves);
    const fy_node loss = fy_mean_all(g, fy_cross_entropy(g, out, y));
    fy_objective_moves_model(g, fy_objective_add(g, "o", loss, &sgd), m, moves, NULL);
    check_ok(fy_plan_new(g, dev, NULL, &plan));
    for (int i = 0; i < 2; i++) {
        check_ok(fy_plan_feed(plan, in, x));
        check_ok(fy_plan_feed(plan, y, labels));
        check_ok(fy_plan_step(plan));
    }
    fy_plan_free(plan);
    fy_graph_free(g);
}

static const char many[] =
    "drop layer1.1; drop layer1.2; drop layer2.1; drop layer2.2; replace layer3 conv 64 3 2; "
    "replace layer1.0.conv2 conv 16 1; insert before layer1 as first conv 16 1; "
    "insert after layer1 as second batch_norm; insert before layer2.0.conv2 as third leaky_relu; "
    "head mlp 8 3";

static fy_node hand_conv(fy_layers *l, const char *name, fy_node x, int64_t oc, int64_t k,
                         int64_t stride, bool bias)
{
    fy_conv_opts o = fy_conv_defaults();
    o.stride[0] = o.stride[1] = stride;
    o.pad[0] = o.pad[1] = (k - 1) / 2;
    return fy_layer_conv2d(l, name, x, oc, k, &o, bias);
}

static fy_node hand_block2(fy_layers *l, fy_node x)
{
    fy_graph *g = fy_layers_graph(l);
    fy_node y = hand_conv(l, "conv1", x, 32, 3, 2, false), s = x;
    y = fy_leaky_relu(g, fy_relu(g, fy_layer_batch_norm(l, "bn1", y)), 0.2f);
    y = fy_layer_batch_norm(l, "bn2", hand_conv(l, "conv2", y, 32, 3, 1, false));
    s = fy_slice_step(g, fy_slice_step(g, s, 2, 0, SIDE / 2, 2), 3, 0, SIDE / 2, 2);
    return fy_relu(g, fy_add(g, y, fy_pad(g, s, 1, 8, 8)));
}

/* resnet20_cifar after `many`, written down. */
static fy_node by_hand(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    fy_graph *g = fy_layers_graph(l);
    (void)o;
    x = fy_relu(g, fy_layer_batch_norm(l, "bn1", hand_conv(l, "conv1", x, 16, 3, 1, false)));
    x = hand_conv(l, "first", x, 16, 1, 1, true);
    fy_layers_enter(l, "layer1.0");
    fy_node y = fy_relu(g, fy_layer_batch_norm(l, "bn1", hand_conv(l, "conv1", x, 16, 3, 1, false)));
    y = fy_layer_batch_norm(l, "bn2", hand_conv(l, "conv2", y, 16, 1, 1, false));
    x = fy_layers_leave(l, fy_relu(g, fy_add(g, y, x)));
    x = fy_layer_batch_norm(l, "second", x);
    fy_layers_enter(l, "layer2.0");
    x = fy_layers_leave(l, hand_block2(l, x));
    x = hand_conv(l, "layer3", x, 64, 3, 2, true);
    x = fy_relu(g, fy_layer_linear(l, "linear.0", fy_global_avg_pool(g, x), 8, true));
    return fy_layer_linear(l, "linear.2", x, 3, true);
}

static void check_alike(fy_model *a, fy_model *b)
{
    assert_int_equal(fy_model_count(a), fy_model_count(b));
    for (int i = 0; i < fy_model_count(a); i++) {
        assert_string_equal(fy_model_param_name(a, i), fy_model_param_name(b, i));
        if (!are_same(fy_model_param(a, i), fy_model_param(b, i)))
            fail_msg("'%s' differs", fy_model_param_name(a, i));
    }
}

static void it_computes_what_a_model_by_hand_does(void **state)
{
    const fy_model_opts o = opts(NULL);
    fy_model *m = open_net(many), *hand;
    float y[BATCH * 3], expected[BATCH * 3];
    fy_device *dev;
    (void)state;
    check_ok(fy_device_open("cpu", &dev));
    check_ok(fy_model_new("m", by_hand, &o, &hand));
    check_ok(fy_model_copy(hand, m));
    evaluate(dev, m, y, BATCH * 3);
    evaluate(dev, hand, expected, BATCH * 3);
    assert_memory_equal(y, expected, sizeof y);
    train(dev, m, "*");
    train(dev, hand, "*");
    check_alike(m, hand);
    fy_device_close(dev);
    fy_model_free(hand);
    fy_model_free(m);
}

/* Gradients reach what is inserted, and through it what is before it; what does not move stays. */
static void what_is_inserted_learns(void **state)
{
    fy_model *m = open_net(many), *before;
    fy_device *dev;
    (void)state;
    check_ok(fy_device_open("cpu", &dev));
    check_ok(fy_model_clone(m, "m", &before));
    train(dev, m, "first.* second.* conv1.*");
    for (int i = 0; i < fy_model_count(m); i++) {
        const char *name = fy_model_param_name(m, i);
        assert_int_equal(are_same(fy_model_param(m, i), fy_model_param(before, i)),
                         !fy_glob("first.* second.* conv1.*", name));
    }
    fy_device_close(dev);
    fy_model_free(before);
    fy_model_free(m);
}

/* An identity changes nothing at first. */
static void an_identity_changes_nothing(void **state)
{
    static const char *const edits[] = {
        "insert after layer1 conv 16 1 identity",
        "insert before layer2 conv 16 3 identity",
        "insert before linear linear 64 identity",
        "insert after layer2.1.bn1 conv 32 5 identity; insert after layer3 dropout 0.5",
    };
    fy_model *m = open_net(NULL);
    float y[BATCH * 10], expected[BATCH * 10];
    fy_device *dev;
    (void)state;
    check_ok(fy_device_open("cpu", &dev));
    evaluate(dev, m, expected, BATCH * 10);
    for (size_t i = 0; i < LEN(edits); i++) {
        fy_model *edited;
        check_ok(fy_model_edit(m, "m", edits[i], &edited));
        evaluate(dev, edited, y, BATCH * 10);
        check_close(y, expected, BATCH * 10, 1e-5, 1e-6);
        fy_model_free(edited);
    }
    fy_device_close(dev);
    fy_model_free(m);
}

/* ---- names ----------------------------------------------------------------------------------- */

static void layers_are_found_by_name(void **state)
{
    static const struct {
        const char *layer;
        fy_shape shape; /* rank 0: there is none */
    } taps[] = {
        { "first", { 4, { 1, 16, 16, 16 } } },
        { "layer1", { 4, { 1, 16, 16, 16 } } },
        { "layer1.1", { 0 } },
        { "second", { 4, { 1, 16, 16, 16 } } },
        { "layer2.0.third", { 4, { 1, 32, 8, 8 } } },
        { "layer3", { 4, { 1, 64, 4, 4 } } },
        { "features", { 2, { 1, 64 } } },
        { "linear", { 2, { 1, 3 } } },
        { "linear.0", { 2, { 1, 8 } } },
    };
    fy_model *m = open_net(many);
    fy_graph *g;
    (void)state;
    check_ok(fy_graph_new(&g));
    const fy_node x = fy_input(g, "x", FY_F32, FY_SHAPE(1, 3, SIDE, SIDE));
    const fy_node y = fy_model_apply(g, m, x, FY_EVAL);
    for (size_t i = 0; i < LEN(taps); i++) {
        const fy_node at = fy_model_tap(g, m, y, taps[i].layer);
        const fy_shape s = fy_node_shape(g, at);
        if ((at.id > 0) != (taps[i].shape.rank > 0) || !fy_shape_equal(&s, &taps[i].shape))
            fail_msg("'%s' has another shape or is not there", taps[i].layer);
    }
    fy_graph_free(g);
    fy_model_free(m);
}

/* A stage that is taken out whole does not lend its name to what is before it. */
static void an_empty_block_has_no_name(void **state)
{
    fy_model *m = open_net("drop layer1.0; drop layer1.1; drop layer1.2");
    fy_graph *g;
    (void)state;
    check_ok(fy_graph_new(&g));
    const fy_node x = fy_input(g, "x", FY_F32, FY_SHAPE(1, 3, SIDE, SIDE));
    const fy_node y = fy_model_apply(g, m, x, FY_EVAL);
    assert_int_equal(fy_model_tap(g, m, y, "layer1").id, 0);
    assert_true(fy_model_tap(g, m, y, "bn1").id > 0);
    fy_graph_free(g);
    fy_model_free(m);
}

static void a_summary_has_what_is_there(void **state)
{
    fy_model *m = open_net(many);
    int64_t n = 0;
    bool has_first = false;
    fy_summary *s;
    (void)state;
    check_ok(fy_model_summary(m, &s));
    for (int i = 0; i < fy_model_count(m); i++)
        n += fy_model_param_is_buffer(m, i) ? 0
                                            : fy_shape_numel(fy_param_shape(fy_model_param(m, i)));
    assert_int_equal(s->total.n_values, n);
    for (int i = 0; i < s->n_lines; i++) {
        has_first |= strcmp(s->lines[i].name, "first") == 0;
        assert_int_not_equal(strncmp(s->lines[i].name, "layer1.1", 8), 0);
    }
    assert_true(has_first);
    fy_summary_free(s);
    fy_model_free(m);
}

/* ---- blocks that cannot be changed ----------------------------------------------------------- */

static fy_node leaky(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    (void)o;
    fy_layers_enter(l, "a");
    const fy_node inner = fy_layer_linear(l, "fc1", x, 4, true);
    x = fy_layers_leave(l, fy_relu(fy_layers_graph(l), inner));
    fy_layers_enter(l, "b");
    x = fy_layers_leave(l, fy_add(fy_layers_graph(l), fy_layer_linear(l, "fc2", x, 4, true), inner));
    return fy_layer_linear(l, "fc", x, 2, true);
}

static void some_blocks_cannot_be_changed(void **state)
{
    static const struct {
        const char *edits, *sentence;
    } rows[] = {
        { "drop a", "other layers read what 'a' computes inside; it cannot be taken out whole" },
        { "drop b", "the block 'b' reads more than one value from before it" },
        { "insert before b relu",
          "the block 'b' does not read what was computed last before it, or more" },
        { "head linear 3", "the model has no head" },
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        const fy_model_opts o = { .input = FY_SHAPE(3), .edits = rows[i].edits };
        fy_model *m;
        check_status(fy_model_new("m", leaky, &o, &m), FY_EINVAL);
        check_sentence(rows[i].sentence);
    }
}

/* ---- files ----------------------------------------------------------------------------------- */

static void an_edited_model_is_saved_and_loaded(void **state)
{
    const char *path = fyt_path(*state, "m.safetensors");
    fy_model_opts none = fy_model_defaults();
    fy_model *m = open_net(many), *again, *plain = open_net("head linear 3");
    fy_weights *w;
    none.input.rank = 0;
    disturb(m);
    check_ok(fy_model_save(m, path));
    check_ok(fy_weights_open(path, &w));
    check_contains(fy_weights_meta(w, "ferry.options"),
                   "\"edits\":\"drop layer1.1; drop layer1.2;");
    check_ok(fy_model_open_saved(w, NULL, "m", &none, &again));
    fy_weights_close(w);
    check_ok(fy_model_load(again, path));
    check_alike(m, again);
    check_status(fy_model_load(plain, path), FY_ESHAPE);
    check_sentence("the file's model was changed; give this one the same edits");
    fy_model_free(plain);
    fy_model_free(again);
    fy_model_free(m);
}

/* What an edit made begins anew in a model of a file without it, and is loaded from one with it. */
static void new_layers_are_not_loaded_from_other_models(void **state)
{
    static const char *const both =
        "replace layer3.0.conv2 conv 64 3; insert after layer1 as a conv 16 1";
    const char *path = fyt_path(*state, "m.safetensors");
    fy_model *plain = open_net(NULL), *m = open_net(both),
             *half = open_net("insert after layer1 as a conv 16 1");
    fy_fit *fit;
    disturb(plain);
    disturb(half);
    check_ok(fy_model_save(plain, path));
    check_ok(fy_model_load_partly(m, path, NULL, &fit));
    assert_int_equal(fit->count[FY_FIT_NEW_LAYER], 3);
    assert_int_equal(fit->count[FY_FIT_LOADED], fy_model_count(m) - 3);
    assert_int_equal(fit->count[FY_FIT_MISSING] + fit->count[FY_FIT_UNEXPECTED], 0);
    check_contains(fit->summary, "3 new layer");
    fy_fit_free(fit);
    assert_false(are_same(fy_model_find(m, "layer3.0.conv2.weight"),
                          fy_model_find(plain, "layer3.0.conv2.weight")));
    check_ok(fy_model_save(half, path));
    check_ok(fy_model_load_partly(m, path, NULL, &fit));
    assert_int_equal(fit->count[FY_FIT_NEW_LAYER], 1);
    assert_string_equal(fit->edits, "insert after layer1 as a conv 16 1");
    fy_fit_free(fit);
    assert_true(are_same(fy_model_find(m, "a.weight"), fy_model_find(half, "a.weight")));
    fy_model_free(half);
    fy_model_free(m);
    fy_model_free(plain);
}

static fy_status open_edited(void *arg)
{
    const fy_model_opts o = opts(arg);
    fy_model *m, *edited;
    fy_status st;
    FYI_FORWARD(fy_model_open(
        "lenet", "m",
        &(fy_model_opts){ .input = FY_SHAPE(1, 28, 28), .n_classes = 2, .edits = o.edits }, &m));
    st = fy_model_edit(m, "m", "head linear", &edited);
    fy_model_free(edited);
    fy_model_free(m);
    return st;
}

static void running_out_of_memory_leaves_nothing(void **state)
{
    static char edits[] = "insert after conv1 as a conv 20 1; replace fc1 linear 500";
    (void)state;
    fyt_check_alloc_failures(open_edited, edits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edits_are_saved_in_one_way),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(long_texts_are_refused),
        cmocka_unit_test(layers_are_as_the_edits_say),
        cmocka_unit_test(padding_is_that_of_what_is_replaced),
        cmocka_unit_test(every_family_takes_another_head),
        cmocka_unit_test(values_that_stay_are_the_same),
        cmocka_unit_test(edits_add_up),
        cmocka_unit_test(class_names_stay_with_the_head),
        cmocka_unit_test(it_computes_what_a_model_by_hand_does),
        cmocka_unit_test(what_is_inserted_learns),
        cmocka_unit_test(an_identity_changes_nothing),
        cmocka_unit_test(layers_are_found_by_name),
        cmocka_unit_test(an_empty_block_has_no_name),
        cmocka_unit_test(a_summary_has_what_is_there),
        cmocka_unit_test(some_blocks_cannot_be_changed),
        cmocka_unit_test_setup_teardown(an_edited_model_is_saved_and_loaded, fyt_tmpdir_setup,
                                        fyt_tmpdir_teardown),
        cmocka_unit_test_setup_teardown(new_layers_are_not_loaded_from_other_models,
                                        fyt_tmpdir_setup, fyt_tmpdir_teardown),
        cmocka_unit_test(running_out_of_memory_leaves_nothing),
    };
    return cmocka_run_group_tests_name("edit", tests, NULL, NULL);
}

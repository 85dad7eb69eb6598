/* Guards what fusions make of a sample's parts: the numbers of tests/golden/make_fusions.py, with parts that are there and parts that are
 * missing; what stands in a missing part is never looked at; any number of modalities; fixed parameters keep still and let gradients
 * through; and more losses run no encoder again. */
#include "support/numbers.h"
#include "support/support.h"

#include <ferry/ferry.h>

#include <math.h>
#include <string.h>

enum {
    PARTS = 3,
    WIDTH = 8,
    CLASSES = 4,
    ROWS = 3,
    COLUMNS = WIDTH + 1,
    VALUES = ROWS * PARTS * COLUMNS
};

static const float there[ROWS][PARTS] = { { 1, 1, 1 }, { 1, 0, 1 }, { 0, 0, 1 } };

static const struct fusion_case {
    const char *family;
    double y[ROWS * CLASSES];
} cases[] = {
#include "golden/fusions.inc"
};

static fy_model *open_fusion(const char *family, int64_t parts, int64_t width)
{
    fy_model_opts o = fy_model_defaults();
    fy_model *m;
    o.input = FY_SHAPE(parts, width + 1);
    o.n_classes = CLASSES;
    check_ok(fy_model_open(family, "m", &o, &m));
    fyt_fill_model(m);
    return m;
}

static void fuse(fy_model *m, const float *x, float *y)
{
    fy_device *dev;
    fy_graph *g;
    fy_plan *plan;
    check_ok(fy_device_open("cpu", &dev));
    check_ok(fy_graph_new(&g));
    const fy_node in = fy_input(g, "x", FY_F32, FY_SHAPE(ROWS, PARTS, COLUMNS));
    const fy_node out = fy_model_apply(g, m, in, FY_EVAL);
    const fy_plan_opts o = { .outputs = &out, .n_outputs = 1 };
    check_ok(fy_plan_new(g, dev, &o, &plan));
    check_ok(fy_plan_feed(plan, in, x));
    check_ok(fy_plan_step(plan));
    check_ok(fy_plan_read(plan, out, y, ROWS * CLASSES));
    fy_plan_free(plan);
    fy_graph_free(g);
    fy_device_close(dev);
}

/* By name and position; missing parts hold `missing`. */
static void fill_parts(float x[VALUES], float missing)
{
    float *v = fyt_numbers("x", VALUES);
    memcpy(x, v, VALUES * sizeof *x);
    fyi_free(v);
    for (int i = 0; i < ROWS * PARTS; i++) {
        const float is = there[i / PARTS][i % PARTS];
        for (int k = 0; k < WIDTH && is == 0; k++)
            x[i * COLUMNS + k] = missing;
        x[i * COLUMNS + WIDTH] = is;
    }
}

static void results_are_those_of_the_definition(void **state)
{
    const struct fusion_case *c = *state;
    float x[VALUES], y[ROWS * CLASSES];
    double found[ROWS * CLASSES];
    fy_model *m = open_fusion(c->family, PARTS, WIDTH);
    fill_parts(x, 3);
    fuse(m, x, y);
    for (int i = 0; i < ROWS * CLASSES; i++)
        found[i] = y[i];
    check_close_f64(found, c->y, ROWS * CLASSES, 1e-5, 1e-5);
    fy_model_free(m);
}

static void a_missing_part_is_not_looked_at(void **state)
{
    const struct fusion_case *c = *state;
    float x[VALUES], y[2][ROWS * CLASSES];
    fy_model *m = open_fusion(c->family, PARTS, WIDTH);
    fill_parts(x, 0.5f);
    fuse(m, x, y[0]);
    fill_parts(x, -70);
    fuse(m, x, y[1]);
    assert_memory_equal(y[0], y[1], sizeof y[0]);
    fy_model_free(m);
}

/* One to four modalities; each parameter learns where all parts are there. */
static void all_of_it_moves(void **state)
{
    const struct fusion_case *c = *state;
    const fy_optim sgd = fy_sgd(0.1f, 0, 0);
    for (int64_t parts = 1; parts <= 4; parts++) {
        char was[65], is[65];
        fy_device *dev;
        fy_graph *g;
        fy_plan *plan;
        fy_model *m = open_fusion(c->family, parts, WIDTH), *copy;
        check_ok(fy_model_clone(m, "was", &copy));
        check_ok(fy_device_open("cpu", &dev));
        check_ok(fy_graph_new(&g));
        fy_node z[4];
        for (int64_t i = 0; i < parts; i++) {
            char name[8];
            (void)snprintf(name, sizeof name, "z%d", (int)i);
            float *v = fyt_numbers(name, ROWS * WIDTH);
            z[i] = fy_constant(g, FY_F32, FY_SHAPE(ROWS, WIDTH), v);
            fyi_free(v);
        }
        const fy_node y = fy_model_apply(g, m, fy_parts_together(g, z, NULL, (int)parts), FY_TRAIN);
        const fy_node loss = fy_mean_all(g, fy_square(g, y));
        fy_objective_moves_model(g, fy_objective_add(g, "o", loss, &sgd), m, "*", NULL);
        check_ok(fy_plan_new(g, dev, NULL, &plan));
        check_ok(fy_plan_step(plan));
        fy_plan_free(plan);
        for (int i = 0; i < fy_model_count(m); i++) {
            const int64_t n = fy_shape_numel(fy_param_shape(fy_model_param(m, i)));
            float *a = fyi_calloc((size_t)n, sizeof *a), *b = fyi_calloc((size_t)n, sizeof *b);
            check_ok(fy_param_read(fy_model_param(m, i), a, n));
            check_ok(fy_param_read(fy_model_param(copy, i), b, n));
            /* With one token there is nothing to choose between: queries and keys have no effect. */
            const bool is_idle =
                strcmp(c->family, "fusion_attention") == 0 &&
                (strcmp(fy_model_param_name(m, i), "key.bias") == 0 ||
                 (parts == 1 && (fy_glob("query.* key.*", fy_model_param_name(m, i)))));
            if (!is_idle && memcmp(a, b, (size_t)n * sizeof *a) == 0)
                fail_msg("%s of %d modalities: '%s' did not move", c->family, (int)parts,
                         fy_model_param_name(m, i));
            fyi_free(a);
            fyi_free(b);
        }
        check_ok(fy_model_hash(m, is));
        check_ok(fy_model_hash(copy, was));
        fy_model_free(copy);
        fy_model_free(m);
        fy_graph_free(g);
        fy_device_close(dev);
    }
}

/* An objective that names them moves nothing through a fixed application; what is before it moves. */
static void fixed_parameters_pass_gradients_through(void **state)
{
    const fy_optim sgd = fy_sgd(0.1f, 0, 0);
    const char *family = ((const struct fusion_case *)*state)->family;
    fy_model *m = open_fusion(family, 2, WIDTH), *encoder;
    fy_model_opts o = fy_model_defaults();
    char before[65], after[65], first[65], then[65];
    fy_device *dev;
    fy_graph *g;
    fy_plan *plan;
    o.input = FY_SHAPE(5);
    o.n_classes = WIDTH;
    check_ok(fy_model_open("linear", "e", &o, &encoder));
    check_ok(fy_device_open("cpu", &dev));
    check_ok(fy_graph_new(&g));
    float *v = fyt_numbers("x", ROWS * 5);
    const fy_node x = fy_constant(g, FY_F32, FY_SHAPE(ROWS, 5), v);
    fyi_free(v);
    const fy_node z = fy_model_apply(g, encoder, x, FY_TRAIN), both[] = { z, z };
    const fy_node y = fy_model_apply_fixed(g, m, fy_parts_together(g, both, NULL, 2));
    const fy_objective task = fy_objective_add(g, "o", fy_mean_all(g, fy_square(g, y)), &sgd);
    fy_objective_moves_model(g, task, encoder, "*", NULL);
    check_ok(fy_model_hash(m, before));
    check_ok(fy_model_hash(encoder, first));
    check_ok(fy_plan_new(g, dev, NULL, &plan));
    check_ok(fy_plan_step(plan));
    fy_plan_free(plan);
    check_ok(fy_model_hash(m, after));
    check_ok(fy_model_hash(encoder, then));
    assert_string_equal(before, after);
    assert_string_not_equal(first, then);
    fy_graph_free(g);
    fy_model_free(encoder);
    fy_model_free(m);
    fy_device_close(dev);
}

/* The loss of both parts; with is_apart over features without gradient, and beside it one of each part alone, the fusion
 * fixed. */
static fy_node loss_of(fy_graph *g, fy_model *fusion, const fy_node z[2], bool is_apart)
{
    fy_node both[2] = { z[0], z[1] };
    for (int m = 0; m < 2 && is_apart; m++)
        both[m] = fy_detach(g, z[m]);
    fy_node y = fy_model_apply(g, fusion, fy_parts_together(g, both, NULL, 2), FY_TRAIN);
    fy_node loss = fy_mean_all(g, fy_square(g, y));
    for (int m = 0; m < 2 && is_apart; m++) {
        const fy_node is[2] = { fy_fill(g, FY_SHAPE(ROWS, 1), m == 0),
                                fy_fill(g, FY_SHAPE(ROWS, 1), m == 1) };
        y = fy_model_apply_fixed(g, fusion, fy_parts_together(g, z, is, 2));
        loss = fy_add(g, loss, fy_mean_all(g, fy_square(g, y)));
    }
    return loss;
}

static int count_convolutions(const fy_plan *plan)
{
    int n = 0;
    for (int i = 0; i < fy_plan_launch_count(plan); i++)
        n += strncmp(fy_plan_launch(plan, i).op, "conv2d", strlen("conv2d")) == 0;
    return n;
}

/* Of a step in which two encoders and the fusion learn; forward and both gradients. */
static int convolutions_of(const char *family, bool is_apart)
{
    const fy_optim adam = fy_adam(1e-3f);
    fy_model_opts o = fy_model_defaults();
    fy_model *encoder[2], *fusion = open_fusion(family, 2, WIDTH);
    fy_device *dev;
    fy_graph *g;
    fy_plan *plan;
    fy_node z[2];
    o.input = FY_SHAPE(1, 8, 8);
    o.n_classes = WIDTH;
    check_ok(fy_device_open("cpu", &dev));
    check_ok(fy_graph_new(&g));
    for (int m = 0; m < 2; m++) {
        check_ok(fy_model_open("conv4", m ? "b" : "a", &o, &encoder[m]));
        const fy_node x = fy_input(g, m ? "x1" : "x0", FY_F32, fy_shape_batch(ROWS, &o.input));
        z[m] = fy_model_apply(g, encoder[m], x, FY_TRAIN);
    }
    const fy_objective task = fy_objective_add(g, "o", loss_of(g, fusion, z, is_apart), &adam);
    for (int m = 0; m < 2; m++)
        fy_objective_moves_model(g, task, encoder[m], "*", NULL);
    fy_objective_moves_model(g, task, fusion, "*", NULL);
    check_ok(fy_plan_new(g, dev, NULL, &plan));
    const int n = count_convolutions(plan);
    fy_plan_free(plan);
    fy_graph_free(g);
    for (int m = 0; m < 2; m++)
        fy_model_free(encoder[m]);
    fy_model_free(fusion);
    fy_device_close(dev);
    return n;
}

/* Four layers of two encoders: forward, the weights' gradients, and those of the sources but the first's. Losses more do not
 * run an encoder again: they are what disentangled learning may cost. */
static void encoders_run_once(void **state)
{
    const char *family = ((const struct fusion_case *)*state)->family;
    assert_int_equal(convolutions_of(family, false), 2 * (4 + 4 + 3));
    assert_int_equal(convolutions_of(family, true), 2 * (4 + 4 + 3));
}

static void other_inputs_are_refused(void **state)
{
    fy_model_opts o = fy_model_defaults();
    fy_model *m;
    (void)state;
    check_status(fy_model_open("fusion_sum", "m", &o, &m), FY_ESHAPE);
    check_sentence("fuses 1 to 8 modalities, [n, modalities, features + 1], and its input is");
    o.input = FY_SHAPE(9, 4);
    check_status(fy_model_open("fusion_concat", "m", &o, &m), FY_ESHAPE);
}

int main(void)
{
    static const struct {
        const char *name;
        CMUnitTestFunction run;
    } kinds[] = { { "results", results_are_those_of_the_definition },
                  { "missing", a_missing_part_is_not_looked_at },
                  { "moves", all_of_it_moves },
                  { "fixed", fixed_parameters_pass_gradients_through },
                  { "once", encoders_run_once } };
    struct CMUnitTest tests[LEN(kinds) * LEN(cases) + 1];
    static char names[LEN(kinds) * LEN(cases)][64];
    size_t n = 0;
    for (size_t k = 0; k < LEN(kinds); k++)
        for (size_t i = 0; i < LEN(cases); i++) {
            (void)snprintf(names[n], sizeof names[n], "%s.%s", cases[i].family, kinds[k].name);
            tests[n] = (struct CMUnitTest){ names[n], kinds[k].run, NULL, NULL,
                                            (void *)(uintptr_t)&cases[i] };
            n++;
        }
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(other_inputs_are_refused);
    return cmocka_run_group_tests_name("fusions", tests, NULL, NULL);
}

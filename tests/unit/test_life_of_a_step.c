/* Guards docs/life-of-a-step.md: the step of ADDA that the page walks through is compiled to what it shows. */
#include "support/support.h"

#include "backend/cpu.h"
#include "tensor/tensor.h"

#include <ferry/ferry.h>

#include <string.h>

enum { BATCH = 128 };

/* In this order, with others between: an operator, and the shape of what it makes. */
static const struct bone {
    const char *op, *dst;
} bones[] = {
    { "conv_pool", "f32[128, 20, 12, 12]" }, /* M_T: convolution, bias, ReLU and pooling in one */
    { "conv_pool", "f32[128, 50, 4, 4]" },
    { "linear", "f32[128, 500]" },
    { "linear", "f32[128, 10]" },  /* C_T: this is ht */
    { "concat", "f32[256, 10]" },  /* hs, from the cache, and ht */
    { "linear", "f32[256, 500]" }, /* D */
    { "linear", "f32[256, 500]" },
    { "linear", "f32[256, 2]" },
    { "cross_entropy", "f32[256]" },
    { "cross_entropy_bwd", "f32[256, 2]" },
    { "linear_bwd_weights", "f32[500, 10]" },
    { "adam", "f32" }, /* D -> D', all six tensors at once; a count of steps comes first */
    { "linear", "f32[128, 500]" }, /* D' of ht alone */
    { "linear", "f32[128, 500]" },
    { "linear", "f32[128, 2]" },
    { "cross_entropy_bwd", "f32[128, 2]" },
    { "linear_bwd_data", "f32[128, 10]" },            /* down to ht, and on through C_T and M_T */
    { "conv_pool_bwd_weights", "f32[50, 20, 5, 5]" }, /* while its diff_dst is there */
    { "conv_pool_bwd_data", "f32[128, 20, 12, 12]" }, /* pooling, ReLU and convolution backwards */
    { "conv_pool_bwd_weights", "f32[20, 1, 5, 5]" },
    { "linear_bwd_weights", "f32[500, 800]" }, /* larger than what it is made from: it waits */
    { "adam", "f32" },                         /* M_T, C_T -> M_T', C_T', all eight */
};

static fy_model *model(const char *family, const char *name, fy_shape input, int64_t classes)
{
    fy_model_opts o = fy_model_defaults();
    fy_model *m;
    o.input = input;
    o.n_classes = classes;
    o.hidden = 500;
    check_ok(fy_model_open(family, name, &o, &m));
    return m;
}

static fy_node domain_loss(fy_graph *g, fy_model *critic, fy_node h)
{
    const int64_t n = fy_node_shape(g, h).d[0];
    int32_t is_target[2 * BATCH] = { 0 };
    const fy_node y = fy_constant(g, FY_I32, FY_SHAPE(n), is_target);
    return fy_mean_all(g, fy_cross_entropy(g, fy_model_apply(g, critic, h, FY_TRAIN), y));
}

/* The critic looks at class scores; hs is fed from the cache. */
static fy_plan *compile(fy_device *dev, fy_model *encoder, fy_model *classifier, fy_model *critic)
{
    const fy_optim adam = fy_adam(1e-4f);
    fy_graph *g;
    fy_plan *p;
    check_ok(fy_graph_new(&g));
    const fy_node hs = fy_input(g, "hs", FY_F32, FY_SHAPE(BATCH, 10));
    const fy_node xt = fy_input(g, "xt", FY_F32, FY_SHAPE(BATCH, 1, 28, 28));
    const fy_node ft = fy_model_apply(g, encoder, xt, FY_TRAIN);
    const fy_node ht = fy_model_apply(g, classifier, ft, FY_TRAIN);
    const fy_node both = fy_concat2(g, 0, hs, fy_detach(g, ht));
    const fy_objective tell = fy_objective_add(g, "critic", domain_loss(g, critic, both), &adam);
    fy_objective_moves_model(g, tell, critic, "*", NULL);
    const fy_objective hide = fy_objective_add(g, "target", domain_loss(g, critic, ht), &adam);
    fy_objective_moves_model(g, hide, encoder, "*", NULL);
    fy_objective_moves_model(g, hide, classifier, "*", NULL);
    check_ok(fy_plan_new(g, dev, NULL, &p));
    fy_graph_free(g);
    return p;
}

static void check_bones(const fy_plan *p)
{
    size_t next = 0;
    for (int i = 0; next < LEN(bones) && i < fy_plan_launch_count(p); i++) {
        const fy_launch_time t = fy_plan_launch(p, i);
        char dst[FYI_SPEC_CHARS];
        fyi_spec_text(FY_F32, &t.dst, dst);
        next += strcmp(t.op, bones[next].op) == 0 && strcmp(dst, bones[next].dst) == 0;
    }
    if (next < LEN(bones)) {
        static char text[1 << 16];
        (void)fy_plan_text(p, text, sizeof text);
        fail_msg("there is no %s to %s in its place:\n%s", bones[next].op, bones[next].dst, text);
    }
}

static void the_plan_is_as_the_page_has_it(void **state)
{
    fy_device *dev;
    (void)state;
#ifndef FYI_HAVE_ONEDNN
    skip();
#endif
    if (!fyi_cpu_has_avx512())
        skip();
    check_ok(fy_device_open("cpu", &dev));
    fy_model *encoder = model("lenet", "encoder", FY_SHAPE(1, 28, 28), 0);
    fy_model *classifier = model("linear", "classifier", FY_SHAPE(500), 10);
    fy_model *critic = model("critic", "critic", FY_SHAPE(10), 2);
    fy_plan *p = compile(dev, encoder, classifier, critic);
    check_bones(p);
    fy_plan_free(p);
    fy_model_free(critic);
    fy_model_free(classifier);
    fy_model_free(encoder);
    fy_device_close(dev);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_plan_is_as_the_page_has_it),
    };
    return cmocka_run_group_tests_name("life_of_a_step", tests, NULL, NULL);
}

/* test_device.c: devices by name, their lists of kernels, and the choice among them. Guards that
 * every operator can run somewhere and that a kernel which declines leaves nothing behind. */
#include "support/support.h"

#include "backend/backend.h"

#include <stdlib.h>
#include <string.h>

/* ---- opening --------------------------------------------------------------------------------- */

static void devices_are_opened_by_name(void **state)
{
    static const char *const names[] = { "cpu", "ref" };
    (void)state;
    for (size_t i = 0; i < LEN(names); i++) {
        fy_device *dev;
        check_ok(fy_device_open(names[i], &dev));
        assert_string_equal(fy_device_name(dev), names[i]);
        assert_true(strlen(fy_device_text(dev)) > 0);
        assert_null(strchr(fy_device_text(dev), '\n'));
        fy_device_close(dev);
    }
    fy_device_close(NULL);
}

static void unknown_devices_are_named(void **state)
{
    fy_device *dev;
    (void)state;
    check_status(fy_device_open("gpu", &dev), FY_EINVAL);
    assert_null(dev);
    check_sentence("no device is called 'gpu'");
    check_sentence("there are cpu and ref");
    check_status(fy_device_open("reff", &dev), FY_EINVAL);
    check_sentence("(is 'ref' meant?)");
}

static void the_reference_device_computes_in_double(void **state)
{
    fy_device *ref, *cpu;
    (void)state;
    check_ok(fy_device_open("ref", &ref));
    check_ok(fy_device_open("cpu", &cpu));
    assert_int_equal(ref->float_store, FY_F64);
    assert_int_equal(cpu->float_store, FY_F32);
    for (const fyi_kernel *const *k = ref->kernels; *k; k++)
        assert_string_equal((*k)->name, "ref");
    fy_device_close(cpu);
    fy_device_close(ref);
}

/* ---- lists ----------------------------------------------------------------------------------- */

static bool has_kernel(const fy_device *dev, const fyi_op *op)
{
    for (const fyi_kernel *const *k = dev->kernels; *k; k++)
        if ((*k)->op == op)
            return true;
    return false;
}

static void every_operator_has_a_kernel(void **state)
{
    static const fyi_op *const ops[] = {
#define OP(name) &fyi_op_##name,
#include "graph/ops/ops.def"
#undef OP
    };
    fy_device *dev;
    (void)state;
    check_ok(fy_device_open("ref", &dev));
    for (size_t i = 0; i < LEN(ops); i++)
        if (has_kernel(dev, ops[i]) == ((ops[i]->flags & FYI_OP_SOURCE) != 0))
            fail_msg("operator '%s' %s a reference kernel", ops[i]->name,
                     has_kernel(dev, ops[i]) ? "is a source and has" : "lacks");
    fy_device_close(dev);
}

static void reference_kernels_stand_last(void **state)
{
    fy_device *dev;
    bool in_ref = false;
    (void)state;
    check_ok(fy_device_open("cpu", &dev));
    for (const fyi_kernel *const *k = dev->kernels; *k; k++) {
        const bool is_ref = strcmp((*k)->name, "ref") == 0;
        assert_false(in_ref && !is_ref);
        in_ref = is_ref;
    }
    assert_true(in_ref);
    fy_device_close(dev);
}

/* A name in a file of times, a plan or a report stands for one kernel. */
static void no_operator_has_two_kernels_of_one_name(void **state)
{
    fy_device *dev;
    (void)state;
    check_ok(fy_device_open("cpu", &dev));
    for (const fyi_kernel *const *k = dev->kernels; *k; k++)
        for (const fyi_kernel *const *j = dev->kernels; j < k; j++)
            if ((*k)->op == (*j)->op && strcmp((*k)->name, (*j)->name) == 0)
                fail_msg("%s has two kernels called %s", (*k)->op->name, (*k)->name);
    fy_device_close(dev);
}

static void the_environment_restricts_the_lists(void **state)
{
    fy_device *dev;
    (void)state;
    setenv("FY_KERNELS", "ref", 1);
    check_ok(fy_device_open("cpu", &dev));
    for (const fyi_kernel *const *k = dev->kernels; *k; k++)
        assert_string_equal((*k)->name, "ref");
    fy_device_close(dev);
    setenv("FY_KERNELS", "onednn,rfe", 1);
    check_status(fy_device_open("cpu", &dev), FY_EINVAL);
    check_sentence("while opening device 'cpu'");
    check_sentence("FY_KERNELS names 'rfe'; the lists are native, onednn and ref");
    unsetenv("FY_KERNELS");
}

static void the_environment_names_the_most_instructions(void **state)
{
    const char *before = getenv("FY_CPU");
    char *kept = before ? fyi_strdup(before) : NULL;
    fy_device *dev;
    (void)state;
    setenv("FY_CPU", "x86-64", 1);
    check_ok(fy_device_open("cpu", &dev));
    assert_null(strstr(fy_device_text(dev), "AVX"));
    fy_device_close(dev);
#if defined(__x86_64__)
    setenv("FY_CPU", "AVX2", 1);
    check_status(fy_device_open("cpu", &dev), FY_EINVAL);
    check_sentence("FY_CPU is 'AVX2'; expected x86-64, avx2, avx512 or avx512-bf16");
#endif
    if (kept)
        setenv("FY_CPU", kept, 1);
    else
        unsetenv("FY_CPU");
    fyi_free(kept);
}

/* ---- choosing -------------------------------------------------------------------------------- */

/* Asks for another layout, then declines. */
static bool ask_and_decline(fy_device *dev, fyi_site *site)
{
    (void)dev;
    site->src[0].layout = fyi_layout_channel_block(4, 16);
    site->dst[0].shape.d[0] = 99;
    site->scratch_bytes = 1000;
    site->inplace = true;
    return false;
}

static bool take_plain_images(fy_device *dev, fyi_site *site)
{
    (void)dev;
    return site->src[0].shape.rank == 4;
}

static fy_status run_nothing(const fyi_launch *l)
{
    (void)l;
    return FY_OK;
}

static const fyi_kernel shy = {
    .name = "shy", .op = &fyi_op_relu, .propose = ask_and_decline, .run = run_nothing
};
static const fyi_kernel quick = {
    .name = "quick", .op = &fyi_op_relu, .propose = take_plain_images, .run = run_nothing
};

static void a_kernel_that_declines_leaves_nothing_behind(void **state)
{
    const fyi_kernel *const kernels[] = { &shy, &quick, NULL };
    fy_device dev = { .name = "test", .kernels = kernels, .float_store = FY_F32 };
    const fyi_desc image = { FY_F32, FY_SHAPE(2, 3, 4, 5), fyi_layout_plain(4) };
    fyi_desc src = image, dst = image;
    fyi_site site = {
        .op = &fyi_op_relu, .name = "relu", .n_src = 1, .n_dst = 1, .src = &src, .dst = &dst
    };
    (void)state;
    assert_ptr_equal(fyi_kernel_find(&dev, &site), &quick);
    assert_true(fyi_layout_is_plain(&src.layout));
    assert_int_equal(dst.shape.d[0], 2);
    assert_int_equal(site.scratch_bytes, 0);
    assert_false(site.inplace);
    site.op = &fyi_op_exp;
    assert_null(fyi_kernel_find(&dev, &site));
}

static void only_kernels_beside_ref_are_fast(void **state)
{
    const fyi_kernel ref = { .name = "ref", .op = &fyi_op_relu, .propose = take_plain_images };
    const fyi_kernel *const fast[] = { &shy, &quick, &ref, NULL }, *const slow[] = { &ref, NULL };
    fy_device dev = { .name = "test", .float_store = FY_F32 };
    fy_graph *g;
    (void)state;
    check_ok(fy_graph_new(&g));
    const fy_node image = fy_relu(g, fy_input(g, "image", FY_F32, FY_SHAPE(2, 3, 4, 5)));
    const fy_node row = fy_relu(g, fy_input(g, "row", FY_F32, FY_SHAPE(2, 3)));
    dev.kernels = fast;
    assert_true(fyi_kernel_is_fast(&dev, FY_F32, g, fyi_def(g, image.id)));
    assert_false(fyi_kernel_is_fast(&dev, FY_F32, g, fyi_def(g, row.id)));
    dev.kernels = slow;
    assert_false(fyi_kernel_is_fast(&dev, FY_F32, g, fyi_def(g, image.id)));
    fy_graph_free(g);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static fy_status open_and_close(void *name)
{
    fy_device *dev;
    const fy_status st = fy_device_open(name, &dev);
    fy_device_close(dev);
    return st;
}

static void opening_survives_every_failed_allocation(void **state)
{
    char name[] = "ref";
    (void)state;
    fyt_check_alloc_failures(open_and_close, name);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(devices_are_opened_by_name),
        cmocka_unit_test(unknown_devices_are_named),
        cmocka_unit_test(the_reference_device_computes_in_double),
        cmocka_unit_test(every_operator_has_a_kernel),
        cmocka_unit_test(reference_kernels_stand_last),
        cmocka_unit_test(no_operator_has_two_kernels_of_one_name),
        cmocka_unit_test(the_environment_names_the_most_instructions),
        cmocka_unit_test(the_environment_restricts_the_lists),
        cmocka_unit_test(a_kernel_that_declines_leaves_nothing_behind),
        cmocka_unit_test(only_kernels_beside_ref_are_fast),
        cmocka_unit_test(opening_survives_every_failed_allocation),
    };
    return cmocka_run_group_tests_name("device", tests, NULL, NULL);
}

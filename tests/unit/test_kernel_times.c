/* test_kernel_times.c: which kernel runs a convolution is timed once and kept; what stands in the file is followed
 * if it is a choice at all, and whatever else stands there does no harm. */
#include "support/support.h"

#include "backend/cpu.h"

#include <ferry/ferry.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The plan's table for a convolution that both native and oneDNN's kernels take; fyi_free. */
static char *plan_on(fy_device *dev, int64_t channels)
{
    fy_graph *g;
    fy_plan *plan;
    fy_plan_opts o = fy_plan_defaults();
    fy_conv_opts c = fy_conv_defaults();
    c.pad[0] = c.pad[1] = 1;
    check_ok(fy_graph_new(&g));
    const fy_node x = fy_input(g, "x", FY_F32, FY_SHAPE(4, channels, 16, 16));
    const fy_node w = fy_input(g, "w", FY_F32, FY_SHAPE(channels, channels, 3, 3));
    const fy_node y = fy_conv2d(g, x, w, &c);
    o.outputs = &y;
    o.n_outputs = 1;
    check_ok(fy_plan_new(g, dev, &o, &plan));
    const size_t n = fy_plan_text(plan, NULL, 0);
    char *text = fyi_calloc(n + 1, 1);
    assert_non_null(text);
    (void)fy_plan_text(plan, text, n + 1);
    fy_plan_free(plan);
    fy_graph_free(g);
    return text;
}

static char *plan_with(const char *times, int64_t channels)
{
    fy_device *dev;
    check_ok(fy_device_open("cpu", &dev));
    check_ok(fy_device_set_kernel_times(dev, times));
    char *text = plan_on(dev, channels);
    fy_device_close(dev);
    return text;
}

static void compile_with(const char *times, int64_t channels)
{
    fyi_free(plan_with(times, channels));
}

static char *contents(const char *path)
{
    char *text = NULL;
    size_t bytes = 0;
    check_ok(fyi_file_read(path, 1 << 20, &text, &bytes));
    return text;
}

static int lines_of(const char *path)
{
    char *text = contents(path);
    int n = 0;
    for (const char *p = text; (p = strchr(p, '\n')) != NULL; p++)
        n++;
    fyi_free(text);
    return n;
}

#if defined(FYI_HAVE_ONEDNN) && defined(__x86_64__)
#define HAS_TWO fyi_cpu_has_avx2()
#else
#define HAS_TWO false /* kernels to choose between */
#endif

static void timed_once(void **state)
{
    if (!HAS_TWO)
        skip();
    compile_with(fyt_path(*state, "deep/kernels.txt"), 32);
    char *first = contents(fyt_path(*state, "deep/kernels.txt"));
    assert_non_null(strstr(first, "native-winograd/f32 "));
    assert_non_null(strstr(first, "onednn/f32 "));
    compile_with(fyt_path(*state, "deep/kernels.txt"), 32);
    char *again = contents(fyt_path(*state, "deep/kernels.txt"));
    assert_string_equal(first, again);
    compile_with(fyt_path(*state, "deep/kernels.txt"), 48);
    assert_int_equal(lines_of(fyt_path(*state, "deep/kernels.txt")), 3);
    fyi_free(again);
    fyi_free(first);
}

/* "<key>\t<choice> ..." with another choice first. */
static void choose(const char *path, const char *choice)
{
    fyi_buf b = { 0 };
    char *text = NULL;
    size_t bytes = 0;
    check_ok(fyi_file_read(path, 1 << 20, &text, &bytes));
    size_t key = strcspn(text, "\t") + 1;
    key += strcspn(text + key, "\t") + 1;
    fyi_buf_append(&b, text, key);
    fyi_buf_printf(&b, "%s 1\n", choice);
    check_ok(fyi_file_write(path, b.p, b.len));
    fyi_buf_release(&b);
    fyi_free(text);
}

static void check_kernel(const char *path, const char *choice, const char *runs)
{
    choose(path, choice);
    char *plan = plan_with(path, 32);
    if (!strstr(plan, runs))
        fail_msg("chosen %s, but this runs:\n%s", choice, plan);
    fyi_free(plan);
}

static void what_is_known_is_followed(void **state)
{
    if (!HAS_TWO)
        skip();
    compile_with(fyt_path(*state, "follow.txt"), 32);
    check_kernel(fyt_path(*state, "follow.txt"), "native-winograd/f32", "native-winograd");
    check_kernel(fyt_path(*state, "follow.txt"), "onednn/f32", "onednn");
    assert_int_equal(lines_of(fyt_path(*state, "follow.txt")), 2);
    check_kernel(fyt_path(*state, "follow.txt"), "none/f32", "conv2d"); /* measured again */
    assert_int_equal(lines_of(fyt_path(*state, "follow.txt")), 3);
    compile_with(fyt_path(*state, "follow.txt"), 32); /* and that counts from now on */
    assert_int_equal(lines_of(fyt_path(*state, "follow.txt")), 3);
}

static void damage_is_ignored(void **state)
{
    static const char zeros[64];
    if (!HAS_TWO)
        skip();
    check_ok(fyi_file_write(fyt_path(*state, "zeros.txt"), zeros, sizeof zeros));
    compile_with(fyt_path(*state, "zeros.txt"), 32);
    assert_int_equal(lines_of(fyt_path(*state, "zeros.txt")), 2);
    check_ok(fyi_file_write(fyt_path(*state, "cut.txt"), "half a line", 11));
    compile_with(fyt_path(*state, "cut.txt"), 32);
    compile_with(fyt_path(*state, "cut.txt"), 32);
    assert_int_equal(lines_of(fyt_path(*state, "cut.txt")), 2);
}

static void only_a_warning(void *arg, fy_log_level level, const char *line)
{
    if (level == FY_LOG_WARN && strstr(line, "cannot be kept"))
        ++*(int *)arg;
}

/* A folder where the file should be, and a file where its folder should be: measured, used, and said once. */
static void file_that_cannot_be_written(void **state)
{
    static const char *const paths[] = { "taken/kernels.txt", "a_file/kernels.txt" };
    if (!HAS_TWO)
        skip();
    check_ok(fyi_mkdirs(fyt_path(*state, "taken/kernels.txt")));
    check_ok(fyi_file_write(fyt_path(*state, "a_file"), "x", 1));
    for (size_t i = 0; i < LEN(paths); i++) {
        int warnings = 0;
        fy_log_set(only_a_warning, &warnings);
        compile_with(fyt_path(*state, paths[i]), 32);
        fy_log_set(NULL, NULL);
        assert_int_equal(warnings, 1);
    }
}

/* Layers of 32 and of 48 channels in turn. */
static void *compile_some(void *dev)
{
    for (int64_t i = 0; i < 6; i++)
        fyi_free(plan_on(dev, 32 + i % 2 * 16));
    return NULL;
}

static void threads_share_a_device(void **state)
{
    enum { N = 3 };
    const char *path = fyt_path(*state, "times");
    pthread_t thread[N];
    fy_device *dev;
    if (!HAS_TWO)
        skip();
    check_ok(fy_device_open("cpu", &dev));
    check_ok(fy_device_set_kernel_times(dev, path));
    for (int i = 0; i < N; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, compile_some, dev), 0);
    for (int i = 0; i < N; i++)
        assert_int_equal(pthread_join(thread[i], NULL), 0);
    assert_int_equal(lines_of(path), 1 + 2); /* each was timed once */
    fy_device_close(dev);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(threads_share_a_device, fyt_tmpdir_setup,
                                        fyt_tmpdir_teardown),
        cmocka_unit_test_setup_teardown(timed_once, fyt_tmpdir_setup, fyt_tmpdir_teardown),
        cmocka_unit_test_setup_teardown(what_is_known_is_followed, fyt_tmpdir_setup,
                                        fyt_tmpdir_teardown),
        cmocka_unit_test_setup_teardown(damage_is_ignored, fyt_tmpdir_setup, fyt_tmpdir_teardown),
        cmocka_unit_test_setup_teardown(file_that_cannot_be_written, fyt_tmpdir_setup,
                                        fyt_tmpdir_teardown),
    };
    return cmocka_run_group_tests_name("kernel_times", tests, NULL, NULL);
}

/* Guards files of samples, counts and predictions: what lines become, three files by name, and memory that runs out. The sentences
 * of what is refused are checked by cli.pid. */
#include "support/support.h"

#include "train/pid.h"

#include <string.h>

static void lines_become_numbers(void **state)
{
    static const char text[] = "x1,x2,y,count\nred,\"a,b\",7,2\r\n\nblue,c,10,0.5\nred,c,7,0\n";
    static const int32_t want[3][3] = { { 1, 0, 1 }, { 0, 1, 1 }, { 1, 0, 1 } };
    static const double counts[3] = { 2, 0.5, 0 };
    fyi_pid_file f = { 0 };

    (void)state;
    check_ok(fyi_pid_file_parse("text", text, sizeof text - 1, false, &f));
    assert_int_equal(f.n, 3);
    for (int v = 0; v < 3; v++) {
        assert_int_equal(f.n_values[v], 2);
        assert_memory_equal(f.v[v], want[v], sizeof want[v]);
    }
    assert_memory_equal(f.count, counts, sizeof counts);
    fyi_pid_file_release(&f);
}

/* Written into the test's directory. */
static void write_three(const char *dir, const char *paths[3])
{
    static const char *const names[3] = { "one.csv", "two.csv", "labels.txt" };
    static const char *const texts[3] = { "name,class_1,p_1\nb,cat,0.5\na,dog,0.5\n",
                                          "a,cat\nb,cat\n", "path\tlabel\nb\t1\na\t0\n" };

    for (int i = 0; i < 3; i++) {
        paths[i] = fyt_path(dir, names[i]);
        check_ok(fyi_file_write(paths[i], texts[i], strlen(texts[i])));
    }
}

static void files_are_joined_by_name(void **state)
{
    const char *paths[3];
    fyi_pid_file f = { 0 };
    fy_pid_bits bits;

    write_three(*state, paths);
    check_ok(fyi_pid_files_read(paths, &f));
    assert_int_equal(f.n, 2);
    assert_true(f.n_values[0] == 2 && f.n_values[1] == 1 && f.n_values[2] == 2);
    assert_true(f.v[0][0] == 1 && f.v[0][1] == 0 && f.v[2][0] == 0 && f.v[2][1] == 1);
    check_ok(fyi_pid_of_file(&f, &(fy_pid_opts){ .gap = 1e-6, .max_iterations = 50 }, &bits, NULL));
    assert_true(bits.unique[0] > 0.999 && bits.redundant < 1e-3);
    fyi_pid_file_release(&f);
}

static fy_status parse(void *arg)
{
    static const char text[] = "0,0,0,1\n1,0,1,2\n";
    const fy_pid_opts o = { .gap = 1e-6, .max_iterations = 50 };
    fyi_pid_file f = { 0 };
    fy_pid_bits bits;
    fy_status st = fyi_pid_file_parse("text", text, sizeof text - 1, false, &f);

    (void)arg;
    if (st == FY_OK)
        st = fyi_pid_of_file(&f, &o, &bits, NULL);
    fyi_pid_file_release(&f);
    return st;
}

static fy_status join(void *arg)
{
    fyi_pid_file f = { 0 };
    const fy_status st = fyi_pid_files_read(arg, &f);

    fyi_pid_file_release(&f);
    return st;
}

static void running_out_of_memory_leaves_nothing(void **state)
{
    const char *paths[3];

    write_three(*state, paths);
    fyt_check_alloc_failures(parse, NULL);
    fyt_check_alloc_failures(join, paths);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_become_numbers),
        cmocka_unit_test_setup_teardown(files_are_joined_by_name, fyt_tmpdir_setup,
                                        fyt_tmpdir_teardown),
        cmocka_unit_test_setup_teardown(running_out_of_memory_leaves_nothing, fyt_tmpdir_setup,
                                        fyt_tmpdir_teardown),
    };
    return cmocka_run_group_tests_name("pid_file", tests, NULL, NULL);
}

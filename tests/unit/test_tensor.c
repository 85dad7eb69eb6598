/* Guards counted storage: views must see the same bytes, outlive their parent, and free it exactly
 * once, from any thread.
 *
 * labels: threads */
#include "support/support.h"

#include "tensor/tensor.h"

#include <pthread.h>
#include <string.h>

static fy_tensor *new_counting(void)
{
    fy_tensor *t;
    float *v;

    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(4, 3), &t));
    v = fy_tensor_data(t);
    for (int i = 0; i < 12; i++)
        v[i] = (float)i;
    return t;
}

static void new_tensor_is_zero_and_aligned(void **state)
{
    static const fy_shape shapes[] = {
        { 0, { 0 } }, { 1, { 0 } }, { 2, { 3, 5 } }, { 1, { 700000 } }
    };

    (void)state;
    for (size_t i = 0; i < LEN(shapes); i++) {
        fy_tensor *t;
        const char *bytes;

        check_ok(fy_tensor_new(FY_F32, shapes[i], &t));
        bytes = fy_tensor_const_data(t);
        assert_int_equal((uintptr_t)bytes % 64, 0);
        for (size_t k = 0; k < fyi_shape_bytes(&shapes[i], FY_F32); k++)
            assert_int_equal(bytes[k], 0);
        assert_true(fy_shape_equal(fy_tensor_shape(t), &shapes[i]));
        assert_int_equal(fy_tensor_numel(t), fy_shape_numel(&shapes[i]));
        assert_int_equal(fy_tensor_dtype(t), FY_F32);
        fy_tensor_free(t);
    }
    fy_tensor_free(NULL);
}

static void view_shares_rows_and_outlives_its_parent(void **state)
{
    fy_tensor *t = new_counting(), *rows, *row;
    const float *v;

    (void)state;
    check_ok(fy_tensor_view(t, 1, 2, &rows));
    check_ok(fy_tensor_view(rows, 1, 1, &row));
    ((float *)fy_tensor_data(t))[7] = 70.0f;
    fy_tensor_free(t);
    fy_tensor_free(rows);
    v = fy_tensor_const_data(row);
    assert_int_equal(fy_tensor_numel(row), 3);
    check_close(v, ((const float[]){ 6, 70, 8 }), 3, 0, 0);
    fy_tensor_free(row);
}

static void empty_views_are_legal_at_both_ends(void **state)
{
    fy_tensor *t = new_counting(), *none;

    (void)state;
    check_ok(fy_tensor_view(t, 0, 0, &none));
    fy_tensor_free(none);
    check_ok(fy_tensor_view(t, 4, 0, &none));
    assert_int_equal(fy_tensor_numel(none), 0);
    fy_tensor_free(none);
    fy_tensor_free(t);
}

static const struct view_case {
    int64_t begin, n;
    const char *why;
} bad_views[] = {
    { 3, 2, "past the end" },          { -1, 2, "before the start" },
    { 0, -1, "a negative count" },     { 5, 0, "starts past the end" },
    { 1, INT64_MAX, "the sum wraps" }, { INT64_MAX, 1, "the start itself" },
};

static void rows_that_are_not_there_are_refused(void **state)
{
    fy_tensor *t = new_counting(), *scalar, *out;

    (void)state;
    for (size_t i = 0; i < LEN(bad_views); i++) {
        out = t;
        check_status(fy_tensor_view(t, bad_views[i].begin, bad_views[i].n, &out), FY_ESHAPE);
        check_sentence("f32[4, 3]");
        assert_null(out);
    }
    check_ok(fy_tensor_new(FY_F32, FY_SCALAR, &scalar));
    check_status(fy_tensor_view(scalar, 0, 1, &out), FY_ESHAPE);
    fy_tensor_free(scalar);
    fy_tensor_free(t);
}

static void reshape_shares_and_keeps_the_count(void **state)
{
    fy_tensor *t = new_counting(), *r;

    (void)state;
    check_ok(fy_tensor_reshape(t, FY_SHAPE(2, 6), &r));
    assert_ptr_equal(fy_tensor_data(r), fy_tensor_data(t));
    fy_tensor_free(r);
    check_status(fy_tensor_reshape(t, FY_SHAPE(5, 2), &r), FY_ESHAPE);
    check_sentence("f32[4, 3] has 12 elements, f32[5, 2] would have 10");
    assert_null(r);
    check_status(fy_tensor_reshape(t, FY_SHAPE(-4, -3), &r), FY_ESHAPE);
    fy_tensor_free(t);
}

static void copy_has_bytes_of_its_own(void **state)
{
    fy_tensor *t = new_counting(), *copy;

    (void)state;
    check_ok(fy_tensor_copy(t, &copy));
    assert_memory_equal(fy_tensor_data(copy), fy_tensor_data(t), 48);
    ((float *)fy_tensor_data(t))[0] = -1.0f;
    assert_true(((const float *)fy_tensor_const_data(copy))[0] == 0.0f);
    fy_tensor_free(t);
    fy_tensor_free(copy);
}

static void size_that_no_machine_has_is_a_failure(void **state)
{
    fy_tensor *t = (fy_tensor *)state;

    check_status(fy_tensor_new(FY_F64, FY_SHAPE(INT64_C(1) << 40, INT64_C(1) << 40), &t), FY_ESHAPE);
    assert_null(t);
}

static fy_status make_all(void *arg)
{
    fy_tensor *t = NULL, *view = NULL, *shaped = NULL, *copy = NULL;
    fy_status st;

    (void)arg;
    FY_TRY(fy_tensor_new(FY_F32, FY_SHAPE(4, 3), &t));
    FY_TRY(fy_tensor_view(t, 1, 2, &view));
    FY_TRY(fy_tensor_reshape(view, FY_SHAPE(6), &shaped));
    FY_TRY(fy_tensor_copy(shaped, &copy));
done:
    fy_tensor_free(copy);
    fy_tensor_free(shaped);
    fy_tensor_free(view);
    fy_tensor_free(t);
    return st;
}

static void running_out_of_memory_leaves_nothing(void **state)
{
    (void)state;
    fyt_check_alloc_failures(make_all, NULL);
}

/* Each thread reads through a view of its own and frees it; whoever is last frees the storage. */
static void *sum_and_free(void *arg)
{
    fy_tensor *view = arg;
    const float *v = fy_tensor_const_data(view);
    float sum = 0;

    for (int64_t i = 0; i < fy_tensor_numel(view); i++)
        sum += v[i];
    fy_tensor_free(view);
    return sum > 0 ? NULL : arg;
}

static void views_may_be_freed_in_different_threads(void **state)
{
    (void)state;
    for (int round = 0; round < 50; round++) {
        fy_tensor *t = new_counting();
        pthread_t threads[4];

        for (int i = 0; i < 4; i++) {
            fy_tensor *view;

            check_ok(fy_tensor_view(t, i, 1, &view));
            assert_int_equal(pthread_create(&threads[i], NULL, sum_and_free, view), 0);
        }
        fy_tensor_free(t);
        for (int i = 0; i < 4; i++) {
            void *failed;

            pthread_join(threads[i], &failed);
            assert_null(failed);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_tensor_is_zero_and_aligned),
        cmocka_unit_test(view_shares_rows_and_outlives_its_parent),
        cmocka_unit_test(empty_views_are_legal_at_both_ends),
        cmocka_unit_test(rows_that_are_not_there_are_refused),
        cmocka_unit_test(reshape_shares_and_keeps_the_count),
        cmocka_unit_test(copy_has_bytes_of_its_own),
        cmocka_unit_test(size_that_no_machine_has_is_a_failure),
        cmocka_unit_test(running_out_of_memory_leaves_nothing),
        cmocka_unit_test(views_may_be_freed_in_different_threads),
    };

    return cmocka_run_group_tests_name("tensor", tests, NULL, NULL);
}

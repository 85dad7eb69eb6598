/* Guards the npy reader against NumPy's own files; test_foreign.c has damaged ones. */
#include "support/support.h"

#include "data/data.h"

#include <stdlib.h>
#include <string.h>

static char *golden(const char *name, size_t *n)
{
    char path[64];

    (void)snprintf(path, sizeof path, "npy/%s", name);
    return fyt_golden(path, n);
}

static const struct type_row {
    const char *file;
    fy_dtype type;
} type_rows[] = {
    { "f4.npy", FY_F32 },     { "f8.npy", FY_F64 },     { "i4.npy", FY_I32 },
    { "i8.npy", FY_I64 },     { "u1.npy", FY_U8 },      { "f2.npy", FY_F32 },
    { "i1.npy", FY_I32 },     { "i2.npy", FY_I32 },     { "u2.npy", FY_I32 },
    { "u4.npy", FY_I64 },     { "u8.npy", FY_I64 },     { "big_f8.npy", FY_F64 },
    { "big_i2.npy", FY_I32 }, { "big_u8.npy", FY_I64 }, { "big_f2.npy", FY_F32 },
};

static void every_type_is_read(void **state)
{
    const struct type_row *row = *state;
    const float expected[6] = { 0, 1, 2, 3, 4, 5 };
    float values[6];
    fy_tensor *t;
    size_t n;
    char *bytes = golden(row->file, &n);

    check_ok(fyi_npy_parse(row->file, bytes, n, &t));
    assert_int_equal(fy_tensor_dtype(t), row->type);
    assert_true(fy_shape_equal(fy_tensor_shape(t), &FY_SHAPE(2, 3)));
    if (row->type == FY_F64)
        for (int i = 0; i < 6; i++)
            values[i] = (float)((const double *)fy_tensor_const_data(t))[i];
    else
        fy_cast(FY_F32, values, row->type, fy_tensor_const_data(t), 6);
    check_close(values, expected, 6, 0, 0);
    fy_tensor_free(t);
    fyi_free(bytes);
}

static void scalars_and_vectors_have_their_rank(void **state)
{
    fy_tensor *t;
    size_t n;
    char *bytes = golden("scalar.npy", &n);

    (void)state;
    check_ok(fyi_npy_parse("scalar", bytes, n, &t));
    assert_int_equal(fy_tensor_shape(t)->rank, 0);
    fy_tensor_free(t);
    fyi_free(bytes);
    bytes = golden("vector.npy", &n);
    check_ok(fyi_npy_parse("vector", bytes, n, &t));
    assert_true(fy_shape_equal(fy_tensor_shape(t), &FY_SHAPE(3)));
    fy_tensor_free(t);
    fyi_free(bytes);
}

/* Other orders give the same tensor as the plain one. */
static void fortran_order_and_big_endian_are_put_right(void **state)
{
    static const char *const files[] = { "fortran.npy", "big_f4.npy", "version2.npy",
                                         "version3.npy", "python2.npy" };
    const float expected[6] = { 0, 1, 2, 3, 4, 5 };
    fy_tensor *t;
    size_t n;

    (void)state;
    for (size_t i = 0; i < LEN(files); i++) {
        char *bytes = golden(files[i], &n);

        check_ok(fyi_npy_parse(files[i], bytes, n, &t));
        assert_true(fy_shape_equal(fy_tensor_shape(t), &FY_SHAPE(2, 3)));
        assert_int_equal(fy_tensor_dtype(t), FY_F32);
        check_close(fy_tensor_const_data(t), expected, 6, 0, 0);
        fy_tensor_free(t);
        fyi_free(bytes);
    }
}

/* fortran3.npy: arange(24).reshape(2, 3, 4), '>u2', columns first. */
static void three_axes_in_fortran_order_are_walked(void **state)
{
    const int32_t *v;
    fy_tensor *t;
    size_t n;
    char *bytes = golden("fortran3.npy", &n);

    (void)state;
    check_ok(fyi_npy_parse("fortran3", bytes, n, &t));
    assert_int_equal(fy_tensor_dtype(t), FY_I32);
    v = fy_tensor_const_data(t);
    for (int i = 0; i < 24; i++)
        assert_int_equal(v[i], 60000 + i);
    fy_tensor_free(t);
    fyi_free(bytes);
}

static const struct refusal_row {
    const char *file, *sentence;
} refusal_rows[] = {
    { "complex.npy", ".astype" },
    { "object.npy", "Python objects" },
    { "fields.npy", "compound type" },
    { "large_u8.npy", "above 2^63 - 1" },
};

static void what_cannot_be_read_says_what_to_do(void **state)
{
    fy_tensor *t;
    size_t n;

    (void)state;
    for (size_t i = 0; i < LEN(refusal_rows); i++) {
        char *bytes = golden(refusal_rows[i].file, &n);

        check_status(fyi_npy_parse(refusal_rows[i].file, bytes, n, &t), FY_EDTYPE);
        check_sentence(refusal_rows[i].sentence);
        assert_null(t);
        fyi_free(bytes);
    }
}

/* What numpy.save wrote is written again, byte for byte. */
static void written_files_are_numpys(void **state)
{
    static const char *const files[] = { "f4.npy",    "f8.npy",     "i4.npy",
                                         "i8.npy",    "u1.npy",     "scalar.npy",
                                         "empty.npy", "vector.npy", "rank6.npy" };
    size_t n, m;

    for (size_t i = 0; i < LEN(files); i++) {
        const char *path = fyt_path(*state, files[i]);
        char *bytes = golden(files[i], &n), *written;
        fy_tensor *t;

        check_ok(fyi_npy_parse(files[i], bytes, n, &t));
        check_ok(fy_npy_write(path, t));
        check_ok(fyi_file_read(path, 1u << 20, &written, &m));
        assert_int_equal(n, m);
        assert_memory_equal(bytes, written, n);
        fyi_free(written);
        fy_tensor_free(t);
        fyi_free(bytes);
    }
}

static void numpy_has_no_bf16(void **state)
{
    fy_tensor *t;

    check_ok(fy_tensor_new(FY_BF16, FY_SHAPE(2), &t));
    check_status(fy_npy_write(fyt_path(*state, "b.npy"), t), FY_EDTYPE);
    check_sentence("convert it to f32");
    assert_int_equal(fyt_count_entries(*state), 0);
    fy_tensor_free(t);
}

static void archives_are_read_and_written(void **state)
{
    const char *const names[] = { "first", "deep/name.weight" };
    const char *path = fyt_path(*state, "a.npz");
    fy_tensor *t[2], *back;

    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(2, 2), &t[0]));
    check_ok(fy_tensor_new(FY_I64, FY_SCALAR, &t[1]));
    *(int64_t *)fy_tensor_data(t[1]) = 77;
    check_ok(fy_npz_write(path, 2, names, (const fy_tensor *const *)t));
    check_ok(fy_npz_read(path, "deep/name.weight", &back));
    assert_int_equal(*(const int64_t *)fy_tensor_const_data(back), 77);
    fy_tensor_free(back);
    check_status(fy_npz_read(path, "second", &back), FY_EINVAL);
    check_sentence("the first is 'first.npy'");
    check_status(fy_npz_write(path, 0, names, NULL), FY_EINVAL);
    fy_tensor_free(t[1]);
    fy_tensor_free(t[0]);
}

/* tests/golden/npy/{plain,packed}.npz: numpy.savez and numpy.savez_compressed. */
static void numpys_archives_are_read(void **state)
{
    static const char *const files[] = { "npy/plain.npz", "npy/packed.npz" };
    const float expected[3] = { 1, -2, 65504 };
    fy_tensor *t;

    (void)state;
    for (size_t i = 0; i < LEN(files); i++) {
        const char *path = fyt_golden_path(files[i]);

        check_ok(fy_npz_read(path, "half", &t));
        check_close(fy_tensor_const_data(t), expected, 3, 0, 0);
        fy_tensor_free(t);
        check_ok(fy_npz_read(path, "zeros", &t));
        assert_int_equal(fy_tensor_numel(t), 4096);
        fy_tensor_free(t);
    }
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, fyt_tmpdir_setup, fyt_tmpdir_teardown)

int main(void)
{
    const struct CMUnitTest fixed[] = {
        cmocka_unit_test(scalars_and_vectors_have_their_rank),
        cmocka_unit_test(fortran_order_and_big_endian_are_put_right),
        cmocka_unit_test(three_axes_in_fortran_order_are_walked),
        cmocka_unit_test(what_cannot_be_read_says_what_to_do),
        IN_DIR(written_files_are_numpys),
        IN_DIR(numpy_has_no_bf16),
        IN_DIR(archives_are_read_and_written),
        cmocka_unit_test(numpys_archives_are_read),
    };
    struct CMUnitTest tests[LEN(fixed) + LEN(type_rows)];

    memcpy(tests, fixed, sizeof fixed);
    for (size_t i = 0; i < LEN(type_rows); i++)
        tests[LEN(fixed) + i] = (struct CMUnitTest){ type_rows[i].file, every_type_is_read, NULL,
                                                     NULL, (void *)(uintptr_t)&type_rows[i] };
    return cmocka_run_group_tests_name("npy", tests, NULL, NULL);
}

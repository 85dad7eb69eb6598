/* Guards the npy reader against NumPy's own files, and against every cut of them. */
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
    { "f4.npy", FY_F32 }, { "f8.npy", FY_F64 }, { "i4.npy", FY_I32 },
    { "i8.npy", FY_I64 }, { "u1.npy", FY_U8 },
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

static void what_cannot_be_read_says_what_to_do(void **state)
{
    fy_tensor *t;
    size_t n;
    char *bytes = golden("fortran.npy", &n);

    (void)state;
    check_status(fyi_npy_parse("fortran", bytes, n, &t), FY_EFORMAT);
    check_sentence("ascontiguousarray");
    fyi_free(bytes);
    bytes = golden("complex.npy", &n);
    check_status(fyi_npy_parse("complex", bytes, n, &t), FY_EDTYPE);
    check_sentence(".astype");
    fyi_free(bytes);
}

static void every_truncation_is_refused(void **state)
{
    size_t n;
    char *bytes = golden("f4.npy", &n);
    fy_tensor *t;

    (void)state;
    for (size_t cut = 0; cut < n; cut++) {
        char *exact = malloc(cut + (cut == 0));

        memcpy(exact, bytes, cut);
        check_status(fyi_npy_parse("cut", exact, cut, &t), FY_EFORMAT);
        assert_null(t);
        free(exact);
    }
    fyi_free(bytes);
}

/* Any single changed byte of the header: read or refused, never a crash; sanitizers watch. */
static void changed_bytes_do_no_harm(void **state)
{
    size_t n;
    char *bytes = golden("f4.npy", &n);
    fy_tensor *t;

    (void)state;
    for (size_t at = 0; at < n; at++)
        for (int v = 0; v < 256; v++) {
            const char kept = bytes[at];

            bytes[at] = (char)v;
            (void)!fyi_npy_parse("changed", bytes, n, &t);
            fy_tensor_free(t);
            bytes[at] = kept;
        }
    fyi_free(bytes);
}

int main(void)
{
    struct CMUnitTest tests[16] = {
        cmocka_unit_test(scalars_and_vectors_have_their_rank),
        cmocka_unit_test(what_cannot_be_read_says_what_to_do),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(changed_bytes_do_no_harm),
    };
    size_t n = 4;

    for (size_t i = 0; i < LEN(type_rows); i++)
        tests[n++] = (struct CMUnitTest){ type_rows[i].file, every_type_is_read, NULL, NULL,
                                          (void *)(uintptr_t)&type_rows[i] };
    return _cmocka_run_group_tests("npy", tests, n, NULL, NULL);
}

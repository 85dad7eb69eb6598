/* Guards the readers of PyTorch's files: every type and every kind of view by PyTorch itself, both forms and two
 * protocols; what a pickle may ask for and what not; nested checkpoints; the real file under $FERRY_DATA.
 * tests/golden/make_torch.py made the files. */
#include "support/damage.h"

#include "weights/weights.h"

#include <string.h>

static const char *golden(const char *name)
{
    return fyt_path(fyt_golden_path("torch"), name);
}

/* Tensor i of w against the tensor of the same name in `other`, both as f64. */
static void check_same(fy_weights *w, int i, fy_weights *other)
{
    const int at = fy_weights_find(other, fy_weights_name(w, i));
    const int64_t n = fy_shape_numel(fy_weights_shape(w, i));
    double *a = fyi_calloc((size_t)n, sizeof *a), *b = fyi_calloc((size_t)n, sizeof *b);

    if (at < 0 || !fy_shape_equal(fy_weights_shape(w, i), fy_weights_shape(other, at)))
        fail_msg("'%s' is not expected, or not in this shape", fy_weights_name(w, i));
    check_ok(fy_weights_read(w, i, FY_F64, a, n));
    check_ok(fy_weights_read(other, at, FY_F64, b, n));
    check_close_f64(a, b, n, 0, 0);
    fyi_free(b);
    fyi_free(a);
}

static const struct form_row {
    const char *file, *format;
} form_rows[] = {
    { "zip.pth", "PyTorch zip" },
    { "legacy.pth", "PyTorch legacy" },
    { "protocol4.pth", "PyTorch zip" },
    { "legacy4.pth", "PyTorch legacy" },
};

static void what_torch_saved_is_read(void **state)
{
    const struct form_row *row = *state;
    fy_weights *w, *expected;

    check_ok(fy_weights_open(golden(row->file), &w));
    check_ok(fy_weights_open(golden("expected.npz"), &expected));
    assert_string_equal(fy_weights_format(w), row->format);
    assert_int_equal(fy_weights_count(w), fy_weights_count(expected));
    for (int i = 0; i < fy_weights_count(w); i++)
        check_same(w, i, expected);
    assert_string_equal(fy_weights_stored(w, fy_weights_find(w, "f16")), "F16");
    assert_string_equal(fy_weights_stored(w, fy_weights_find(w, "bool")), "BOOL");
    assert_int_equal(fy_weights_dtype(w, fy_weights_find(w, "bf16")), FY_BF16);
    fy_weights_close(expected);
    fy_weights_close(w);
}

static void check_values(fy_weights *w, const char *name, const float *expected, int64_t n)
{
    const int i = fy_weights_find(w, name);
    float got[4];

    if (i < 0)
        fail_msg("no tensor '%s'", name);
    check_ok(fy_weights_read(w, i, FY_F32, got, n));
    check_close(got, expected, n, 0, 0);
}

/* byteorder "big", a storage without a type, a uint16: what newer versions write. */
static void later_files_are_read(void **state)
{
    const float counts[] = { 1, 256, 65535 }, floats[] = { 1.5f, -2 };
    fy_weights *w;

    (void)state;
    check_ok(fy_weights_open(golden("later.pth"), &w));
    check_values(w, "counts", counts, 3);
    check_values(w, "floats", floats, 2);
    assert_string_equal(fy_weights_stored(w, fy_weights_find(w, "counts")), "U16");
    fy_weights_close(w);
}

static void the_state_of_a_checkpoint_is_found(void **state)
{
    static const char *const files[] = { "nested.pth", "nested_legacy.pth" };
    const float weight[] = { 1, 2 }, average[] = { 2, 3 };
    fy_weights *w;

    (void)state;
    for (size_t i = 0; i < LEN(files); i++) {
        check_ok(fy_weights_open(golden(files[i]), &w));
        assert_int_equal(fy_weights_count(w), 2);
        check_values(w, "module.fc.weight", weight, 2);
        assert_string_equal(fy_weights_meta(w, "epoch"), "3");
        assert_string_equal(fy_weights_meta(w, "best_prec1"), "91.75");
        assert_string_equal(fy_weights_meta(w, "arch"), "tiny");
        assert_string_equal(fy_weights_meta(w, "done"), "true");
        assert_null(fy_weights_meta(w, "note"));
        fy_weights_close(w);
        check_ok(fy_weights_open_part(golden(files[i]), "state_dict_ema", &w));
        check_values(w, "module.fc.weight", average, 2);
        fy_weights_close(w);
        check_ok(fy_weights_open_part(golden(files[i]), "optimizer.state", &w));
        assert_true(fy_weights_find(w, "0.momentum_buffer") >= 0);
        fy_weights_close(w);
    }
}

static void a_part_that_is_not_there_is_named(void **state)
{
    fy_weights *w;

    (void)state;
    check_status(fy_weights_open_part(golden("nested.pth"), "weights", &w), FY_EINVAL);
    check_sentence("no part 'weights'");
    check_sentence("'state_dict_ema'");
    check_status(fy_weights_open_part(golden("expected.npz"), "weights", &w), FY_EINVAL);
    check_sentence("has no parts");
}

static void other_nests_give_dotted_names(void **state)
{
    const float ones[] = { 1, 1 }, zeros[] = { 0, 0 };
    fy_weights *w;

    (void)state;
    check_ok(fy_weights_open(golden("pair.pth"), &w));
    check_values(w, "encoder.fc.weight", ones, 2);
    check_values(w, "heads.0.bias", zeros, 2);
    fy_weights_close(w);
    check_ok(fy_weights_open(golden("tensor.pth"), &w));
    check_values(w, "tensor", ones, 2);
    fy_weights_close(w);
}

static const struct refusal_row {
    const char *file, *sentence;
} refusal_rows[] = {
    { "evil.pth", "asks for 'posix.system', which Ferry neither knows nor runs" },
    { "evil_legacy.pth", "asks for 'posix.system'" },
    { "os_system.pth", "asks for 'os.system', which Ferry neither knows nor runs" },
    { "module.pth", "asks for 'torch.nn.modules.linear.Linear'" },
    { "complex.pth", "asks for 'torch.ComplexFloatStorage'" },
    { "no_tensors.pth", "without a tensor in it" },
    { "plain_pickle.pth", "not one by torch.save" },
};

static void what_is_no_weights_is_refused(void **state)
{
    const struct refusal_row *row = *state;
    fy_weights *w;

    check_status(fy_weights_open(golden(row->file), &w), FY_EFORMAT);
    check_sentence(row->file);
    check_sentence(row->sentence);
    assert_null(w);
}

/* ---- pickles made by hand -------------------------------------------------------------------------------- */

#define PROTO "\x80\x02"
#define PICKLE(text) text, sizeof text - 1

static const struct pickle_row {
    const char *name, *pickle;
    size_t bytes;
    const char *sentence;
} pickle_rows[] = {
    { "empty stack", PICKLE(PROTO "."), "does not end with one value" },
    { "two values", PICKLE(PROTO "NN."), "does not end with one value" },
    { "mark left", PICKLE(PROTO "(N."), "does not end with one value" },
    { "pop under mark", PICKLE(PROTO "N(0."), "empty stack" },
    { "no mark", PICKLE(PROTO "t."), "misses a mark" },
    { "marked nothing", PICKLE(PROTO "(u."), "empty stack" },
    { "odd pairs", PICKLE(PROTO "}(Nu."), "key without a value" },
    { "append to none", PICKLE(PROTO "NNa."), "holds no others" },
    { "memo unset", PICKLE(PROTO "h\5."), "never remembered" },
    { "memo beyond", PICKLE(PROTO "j\xff\xff\xff\xff."), "never remembered" },
    { "memo too large", PICKLE(PROTO "Nr\xff\xff\xff\xff."), "too large a number" },
    { "text too long", PICKLE(PROTO "X\xff\xff\xff\x7f."), "ends in the middle" },
    { "text of 2^63", PICKLE(PROTO "\x8d\xff\xff\xff\xff\xff\xff\xff\x7f."), "ends in the middle" },
    { "long too long", PICKLE(PROTO "\x8b\xff\xff\xff\xff."), "ends in the middle" },
    { "frame too long", PICKLE("\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\xff."),
      "ends in the middle" },
    { "protocol 9", PICKLE("\x80\x09N."), "protocol 9" },
    { "no end", PICKLE(PROTO "N"), "ends in the middle" },
    { "unknown opcode", PICKLE(PROTO "\xff."), "does not exist" },
    { "an instance", PICKLE(PROTO "(ios\nsystem\n."), "opcode INST" },
    { "an object", PICKLE(PROTO "ccollections\nOrderedDict\n)\x81."), "opcode NEWOBJ" },
    { "eval", PICKLE(PROTO "c__builtin__\neval\n."), "'__builtin__.eval'" },
    { "by stack", PICKLE("\x80\x04\x8c\2os\x8c\6system\x93."), "'os.system'" },
    { "name of a number", PICKLE("\x80\x04K\1K\2\x93."), "no name" },
    { "call a number", PICKLE(PROTO "K\1)R."), "no function" },
    { "call a class", PICKLE(PROTO "ctorch\nFloatStorage\n)R."), "as if it were a function" },
    { "tensor of nothing", PICKLE(PROTO "ctorch._utils\n_rebuild_tensor_v2\n)R."),
      "without a storage" },
    { "dict of numbers", PICKLE(PROTO "ccollections\nOrderedDict\n](K\1K\2e\x85R."), "than pairs" },
    { "persistent text", PICKLE(PROTO "X\1\0\0\0xQ."), "no tuple" },
    { "persistent module", PICKLE(PROTO "(X\6\0\0\0moduletQ."), "no storage" },
    { "state for a list", PICKLE(PROTO "]}b."), "has none" },
};

/* As the object of an old file: behind three good pickles. */
static void a_broken_pickle_is_refused(void **state)
{
    static const char front[] = "\x80\x02\x8a\nl\xfc\x9c"
                                "F\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}.";
    const struct pickle_row *row = *state;
    char file[256];
    fy_weights *w;

    memcpy(file, front, sizeof front - 1);
    memcpy(file + sizeof front - 1, row->pickle, row->bytes);
    check_status(fyi_weights_parse("f.pth", file, sizeof front - 1 + row->bytes, &w), FY_EFORMAT);
    check_sentence("'f.pth'");
    check_sentence(row->sentence);
}

/* ---- a real file -------------------------------------------------------------------------------------------- */

/* Bit for bit what the safetensors file holds, under names that lack "module.". */
static void the_public_resnet20_is_read(void **state)
{
    const char *torch = fyt_data_path("weights/resnet20-12fca82f.th"),
               *safe = fyt_data_path("weights/resnet20_cifar10.safetensors");
    static float a[65536], b[65536];
    fy_weights *w, *s;

    (void)state;
    if (!torch || !safe)
        skip();
    check_ok(fy_weights_open(torch, &w));
    check_ok(fy_weights_open(safe, &s));
    assert_int_equal(fy_weights_count(w), 97);
    assert_int_equal(fy_weights_count(s), 97);
    for (int i = 0; i < 97; i++) {
        const int at = fy_weights_find(s, fy_weights_name(w, i) + strlen("module."));
        const int64_t n = fy_shape_numel(fy_weights_shape(w, i));

        assert_true(at >= 0 && n <= 65536);
        assert_true(fy_shape_equal(fy_weights_shape(w, i), fy_weights_shape(s, at)));
        check_ok(fy_weights_read(w, i, FY_F32, a, n));
        check_ok(fy_weights_read(s, at, FY_F32, b, n));
        assert_memory_equal(a, b, (size_t)n * sizeof *a);
    }
    check_contains(fy_weights_meta(w, "best_prec1"), "91.78");
    fy_weights_close(s);
    fy_weights_close(w);
}

/* ---- out of memory -------------------------------------------------------------------------------------------- */

static fy_status open_and_read(void *arg)
{
    fy_weights *w = NULL;
    fy_status st;

    FYI_FORWARD(fy_weights_open(arg, &w));
    st = FY_OK;
    for (int i = 0; i < fy_weights_count(w) && st == FY_OK; i++) {
        fy_tensor *t;

        st = fy_weights_tensor(w, i, &t);
        fy_tensor_free(t);
    }
    fy_weights_close(w);
    return st;
}

static void running_out_of_memory_leaves_nothing(void **state)
{
    static const char *const files[] = { "nested.pth", "nested_legacy.pth", "later.pth" };

    (void)state;
    for (size_t i = 0; i < LEN(files); i++)
        fyt_check_alloc_failures(open_and_read, (void *)(uintptr_t)golden(files[i]));
}

int main(void)
{
    const struct CMUnitTest fixed[] = {
        cmocka_unit_test(later_files_are_read),
        cmocka_unit_test(the_state_of_a_checkpoint_is_found),
        cmocka_unit_test(a_part_that_is_not_there_is_named),
        cmocka_unit_test(other_nests_give_dotted_names),
        cmocka_unit_test(the_public_resnet20_is_read),
        cmocka_unit_test(running_out_of_memory_leaves_nothing),
    };
    struct CMUnitTest tests[LEN(fixed) + LEN(form_rows) + LEN(refusal_rows) + LEN(pickle_rows)];
    size_t n = LEN(fixed);

    memcpy(tests, fixed, sizeof fixed);
    for (size_t i = 0; i < LEN(form_rows); i++)
        tests[n++] = (struct CMUnitTest){ form_rows[i].file, what_torch_saved_is_read, NULL, NULL,
                                          (void *)(uintptr_t)&form_rows[i] };
    for (size_t i = 0; i < LEN(refusal_rows); i++)
        tests[n++] = (struct CMUnitTest){ refusal_rows[i].file, what_is_no_weights_is_refused, NULL,
                                          NULL, (void *)(uintptr_t)&refusal_rows[i] };
    for (size_t i = 0; i < LEN(pickle_rows); i++)
        tests[n++] = (struct CMUnitTest){ pickle_rows[i].name, a_broken_pickle_is_refused, NULL,
                                          NULL, (void *)(uintptr_t)&pickle_rows[i] };
    return cmocka_run_group_tests_name("torch", tests, NULL, NULL);
}

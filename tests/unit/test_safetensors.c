/* Guards the safetensors reader against hostile headers and every cut and flip of a file, and the writer's
 * promises: same bytes for the same content, aligned data, nothing on disk before the commit. */
#include "support/support.h"

#include "weights/weights.h"

#include <math.h>
#include <string.h>

/* ---- files made by hand ------------------------------------------------------------------------- */

/* A file of `header`, padded by `pad` spaces, and data_bytes of 1, 2, 3, ... Free with fyi_free. */
static uint8_t *make_file(const char *header, size_t pad, size_t data_bytes, size_t *bytes)
{
    const size_t text = strlen(header), length = text + pad;
    uint8_t *file = fyi_calloc(8 + length + data_bytes, 1);

    assert_non_null(file);
    for (size_t i = 0; i < 8; i++)
        file[i] = (uint8_t)(length >> (8 * i) & 0xff);
    memcpy(file + 8, header, text);
    memset(file + 8 + text, ' ', pad);
    for (size_t i = 0; i < data_bytes; i++)
        file[8 + length + i] = (uint8_t)(i + 1);
    *bytes = 8 + length + data_bytes;
    return file;
}

#define T(name, dtype, shape, begin, end)                                                   \
    "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":[" shape "],\"data_offsets\":[" #begin \
    "," #end "]}"

static const struct header_row {
    const char *name, *why, *header;
    size_t data_bytes;
    fy_status status;
    const char *sentence;
} rows[] = {
    { "empty table", "legal: no tensors, no data", "{}", 0, FY_OK, "" },
    { "scalar", "rank 0 is legal", "{" T("a", "F32", "", 0, 4) "}", 4, FY_OK, "" },
    { "empty tensor", "a size of 0 is legal", "{" T("a", "F32", "0,3", 0, 0) "}", 0, FY_OK, "" },
    { "empty between", "an empty tensor shares its place",
      "{" T("a", "F32", "1", 0, 4) "," T("b", "F32", "0", 4, 4) "," T("c", "U8", "1", 4, 5) "}", 5,
      FY_OK, "" },
    { "out of order", "the header need not follow the data",
      "{" T("z", "U8", "2", 2, 4) "," T("a", "U8", "2", 0, 2) "}", 4, FY_OK, "" },
    { "metadata", "texts are kept", "{\"__metadata__\":{\"format\":\"pt\"}}", 0, FY_OK, "" },
    { "six axes", "FY_MAX_RANK is taken", "{" T("a", "U8", "1,1,1,1,1,1", 0, 1) "}", 1, FY_OK, "" },

    { "seven axes", "named, not truncated", "{" T("deep", "U8", "1,1,1,1,1,1,1", 0, 1) "}", 1,
      FY_ESHAPE, "'deep' has 7 axes" },
    { "hole", "bytes that nobody owns could hide anything",
      "{" T("a", "U8", "1", 0, 1) "," T("b", "U8", "1", 2, 3) "}", 3, FY_EFORMAT,
      "'b' leaves a hole" },
    { "hole at the front", "", "{" T("a", "U8", "1", 1, 2) "}", 2, FY_EFORMAT, "'a' leaves a hole" },
    { "overlap", "two names for the same bytes",
      "{" T("a", "U8", "2", 0, 2) "," T("b", "U8", "2", 1, 3) "}", 3, FY_EFORMAT, "'b' overlaps" },
    { "same bytes", "", "{" T("a", "U8", "2", 0, 2) "," T("b", "U8", "2", 0, 2) "}", 2, FY_EFORMAT,
      "overlaps" },
    { "rest", "bytes after the last tensor", "{" T("a", "U8", "1", 0, 1) "}", 3, FY_EFORMAT,
      "last 2 bytes belong to no tensor" },
    { "past the end", "the file was cut off", "{" T("a", "U8", "9", 0, 9) "}", 8, FY_EFORMAT,
      "cut off" },
    { "backwards", "end before begin", "{" T("a", "U8", "0", 1, 0) "}", 1, FY_EFORMAT,
      "bytes 1 to 0" },
    { "negative offset", "", "{" T("a", "U8", "1", -1, 0) "}", 1, FY_EFORMAT, "claims bytes -1" },
    { "huge offset", "no such JSON number for us",
      "{" T("a", "U8", "1", 0, 99999999999999999999) "}", 1, FY_EFORMAT, "not JSON" },
    { "real offset", "1.0 is no whole number", "{" T("a", "U8", "1", 0.0, 1.0) "}", 1, FY_EFORMAT,
      "data_offsets" },
    { "three offsets", "", "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1,1]}}", 1,
      FY_EFORMAT, "data_offsets" },
    { "span", "shape and bytes disagree", "{" T("a", "F32", "2", 0, 4) "}", 4, FY_EFORMAT,
      "F32 [2], which is 8 bytes, but has 4" },
    { "overflow", "the product wraps to 0 in 64 bits",
      "{" T("a", "F32", "4294967296,4294967296", 0, 0) "}", 0, FY_EFORMAT, "address space" },
    { "overflow by bytes", "the product fits, the bytes do not",
      "{" T("a", "F64", "1152921504606846976,2", 0, 0) "}", 0, FY_EFORMAT, "address space" },
    { "negative size", "", "{" T("a", "U8", "-1", 0, 1) "}", 1, FY_EFORMAT, "whole number" },
    { "text size", "", "{" T("a", "U8", "\"1\"", 0, 1) "}", 1, FY_EFORMAT, "whole number" },
    { "half", "", "{" T("a", "F16", "1", 0, 2) "}", 2, FY_OK, "" },
    { "bool", "", "{" T("a", "BOOL", "1", 0, 1) "}", 1, FY_OK, "" },
    { "unsigned 64", "", "{" T("a", "U64", "1", 0, 8) "}", 8, FY_OK, "" },
    { "complex", "known to the format, not to us", "{" T("conv.weight", "C64", "1", 0, 8) "}", 8,
      FY_EDTYPE, "'conv.weight' is C64" },
    { "float 8", "", "{" T("a", "F8_E4M3", "1", 0, 1) "}", 1, FY_EDTYPE, "F8_E4M3" },
    { "unknown type", "", "{" T("a", "F33", "1", 0, 4) "}", 4, FY_EFORMAT, "no \"dtype\"" },
    { "no type", "", "{\"a\":{\"shape\":[1],\"data_offsets\":[0,1],\"x\":1}}", 1, FY_EFORMAT,
      "no \"dtype\"" },
    { "shape is no list", "", "{\"a\":{\"dtype\":\"U8\",\"shape\":1,\"data_offsets\":[0,1]}}", 1,
      FY_EFORMAT, "list \"shape\"" },
    { "a fourth key", "room for a second meaning",
      "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"more\":0}}", 1, FY_EFORMAT,
      "exactly" },
    { "tensor is a number", "", "{\"a\":1}", 0, FY_EFORMAT, "exactly" },
    { "twice", "which of the two would count?",
      "{" T("a", "U8", "1", 0, 1) "," T("a", "U8", "1", 1, 2) "}", 2, FY_EFORMAT, "duplicate" },
    { "a key twice inside", "",
      "{\"a\":{\"dtype\":\"U8\",\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1,
      FY_EFORMAT, "duplicate" },
    { "metadata is a list", "", "{\"__metadata__\":[]}", 0, FY_EFORMAT, "not an object" },
    { "metadata holds a number", "", "{\"__metadata__\":{\"epoch\":3}}", 0, FY_EFORMAT,
      "'epoch' is not a text" },
    { "ferry's key without seal", "a flip in the seal's own name must not hide it",
      "{\"__metadata__\":{\"ferry.version\":\"0.1.0\"}}", 0, FY_EFORMAT, "damaged or was changed" },
    { "seal elsewhere", "only in front does it cover all",
      "{\"__metadata__\":{\"a\":\"b\",\"ferry.sha256\":\"00\"}}", 0, FY_EFORMAT,
      "damaged or was changed" },
    { "not an object", "", "[]", 0, FY_EFORMAT, "begin with '{'" },
    { "leading space", "the format wants '{' first", " {}", 0, FY_EFORMAT, "begin with '{'" },
    { "text after", "", "{}{}", 0, FY_EFORMAT, "not JSON" },
    { "not UTF-8", "", "{\"\xff\":1}", 0, FY_EFORMAT, "not JSON" },
    { "NUL in a name", "C would see another name", "{\"a\\u0000b\":1}", 0, FY_EFORMAT, "not JSON" },
};

static void header_is_judged(void **state)
{
    const struct header_row *row = *state;
    fy_weights *w = NULL;

    for (size_t pad = 0; pad < 2; pad++) {
        size_t bytes;
        uint8_t *file = make_file(row->header, pad, row->data_bytes, &bytes);

        check_status(fyi_weights_parse("f.safetensors", file, bytes, &w), row->status);
        if (row->status == FY_OK) {
            fy_weights_close(w);
        } else {
            check_sentence("f.safetensors");
            check_sentence(row->sentence);
            assert_null(w);
        }
        fyi_free(file);
    }
}

static void lengths_are_held_against_the_file(void **state)
{
    uint8_t file[16] = { 0 };
    fy_weights *w;

    (void)state;
    for (size_t n = 0; n < 8; n++)
        check_status(fyi_weights_parse("f", file, n, &w), FY_EFORMAT);
    check_status(fyi_weights_parse("f", file, 8, &w), FY_EFORMAT);
    file[0] = 9; /* one more than follow */
    check_status(fyi_weights_parse("f", file, 16, &w), FY_EFORMAT);
    check_sentence("cut off");
    memset(file, 0xff, 8);
    check_status(fyi_weights_parse("f", file, 16, &w), FY_EFORMAT);
    check_sentence("18446744073709551615");
}

static void deep_nesting_is_an_error_and_no_overflow(void **state)
{
    const size_t n = 1000000;
    char *header = fyi_calloc(n + 8, 1);
    size_t bytes;
    uint8_t *file;
    fy_weights *w;

    (void)state;
    memcpy(header, "{\"a\":", 5);
    memset(header + 5, '[', n);
    file = make_file(header, 0, 0, &bytes);
    check_status(fyi_weights_parse("deep", file, bytes, &w), FY_EFORMAT);
    fyi_free(file);
    fyi_free(header);
}

/* Types of several widths after an odd header: nothing is where C wants it. */
static void unaligned_data_is_read(void **state)
{
    uint8_t got[8];
    const char *header =
        "{" T("b", "U8", "1", 0, 1) "," T("f", "F64", "1", 1, 9) "," T("h", "BF16", "2", 9, 13) "}";
    fy_weights *w;

    (void)state;
    for (size_t pad = 0; pad < 8; pad++) {
        size_t bytes;
        uint8_t *file = make_file(header, pad, 13, &bytes);
        const uint8_t *data = file + bytes - 13;
        int i;

        check_ok(fyi_weights_parse("f", file, bytes, &w));
        i = fy_weights_find(w, "f");
        check_ok(fy_weights_read(w, i, FY_F64, got, 1));
        assert_memory_equal(got, data + 1, 8);
        i = fy_weights_find(w, "h");
        check_ok(fy_weights_read(w, i, FY_BF16, got, 2));
        assert_memory_equal(got, data + 9, 4);
        check_status(fy_weights_read(w, i, FY_BF16, got, 3), FY_ESHAPE);
        check_sentence("'h' has 2 values, not 3");
        assert_int_equal(fy_weights_find(w, "g"), -1);
        fy_weights_close(w);
        fyi_free(file);
    }
}

/* ---- files by the writer -------------------------------------------------------------------------- */

static const float values[6] = { 0, -1, 2.5f, INFINITY, -NAN, 1e-40f };

/* The same content in the order given by `order`. */
static fy_status write_sample(const char *path, int order)
{
    static const int64_t steps[2] = { INT64_MIN, 7 };
    static const uint8_t byte = 200;
    fy_weights_file *f = NULL;
    fy_status st;

    FYI_FORWARD(fy_weights_create(path, &f));
    for (int i = 0; i < 5; i++) {
        switch ((i + order) % 5) {
        case 0: FY_TRY(fy_weights_add(f, "fc.weight", FY_F32, &FY_SHAPE(2, 3), values)); break;
        case 1: FY_TRY(fy_weights_add(f, "flag", FY_U8, &FY_SCALAR, &byte)); break;
        case 2:
            FY_TRY(fy_weights_add(f, "a \"quoted\\\" \t\xc3\xa9", FY_I64, &FY_SHAPE(2), steps));
            break;
        case 3: FY_TRY(fy_weights_add(f, "nothing", FY_F32, &FY_SHAPE(3, 0), values)); break;
        default:
            FY_TRY(fy_weights_add_meta(f, order % 2 ? "zz" : "note", order % 2 ? "" : "two\nlines"));
            FY_TRY(fy_weights_add_meta(f, order % 2 ? "note" : "zz", order % 2 ? "two\nlines" : ""));
        }
    }
    return fy_weights_commit(f);
done:
    fy_weights_abort(f);
    return st;
}

static char *read_sample(const char *path, size_t *bytes)
{
    char *file;

    check_ok(fyi_file_read(path, 1 << 20, &file, bytes));
    return file;
}

static void what_is_written_is_read_back(void **state)
{
    const char *path = fyt_path(*state, "w.safetensors");
    int64_t steps[2];
    uint8_t flag;
    float got[6];
    fy_weights *w;
    int i;

    check_ok(write_sample(path, 0));
    check_ok(fy_weights_open(path, &w));
    assert_int_equal(fy_weights_count(w), 4);
    i = fy_weights_find(w, "fc.weight");
    assert_int_equal(fy_weights_dtype(w, i), FY_F32);
    assert_true(fy_shape_equal(fy_weights_shape(w, i), &FY_SHAPE(2, 3)));
    check_ok(fy_weights_read(w, i, FY_F32, got, 6));
    assert_memory_equal(got, values, sizeof values);
    i = fy_weights_find(w, "a \"quoted\\\" \t\xc3\xa9");
    check_ok(fy_weights_read(w, i, FY_I64, steps, 2));
    assert_int_equal(steps[0], INT64_MIN);
    i = fy_weights_find(w, "flag");
    assert_int_equal(fy_weights_shape(w, i)->rank, 0);
    check_ok(fy_weights_read(w, i, FY_U8, &flag, 1));
    assert_int_equal(flag, 200);
    assert_int_equal(fy_weights_shape(w, fy_weights_find(w, "nothing"))->d[1], 0);
    assert_string_equal(fy_weights_meta(w, "note"), "two\nlines");
    assert_string_equal(fy_weights_meta(w, "zz"), "");
    assert_string_equal(fy_weights_meta(w, "ferry.version"), fy_version());
    assert_null(fy_weights_meta(w, "absent"));
    fy_weights_close(w);
}

static void the_order_of_adding_changes_nothing(void **state)
{
    size_t n, m;
    char *first, *other;

    check_ok(write_sample(fyt_path(*state, "first"), 0));
    first = read_sample(fyt_path(*state, "first"), &n);
    assert_int_equal((8 + (uint8_t)first[0] + 256 * (uint8_t)first[1]) % 64, 0);
    for (int order = 1; order < 5; order++) {
        check_ok(write_sample(fyt_path(*state, "other"), order));
        other = read_sample(fyt_path(*state, "other"), &m);
        assert_int_equal(n, m);
        assert_memory_equal(first, other, n);
        fyi_free(other);
    }
    fyi_free(first);
}

static void every_truncation_is_refused(void **state)
{
    fy_weights *w;
    size_t bytes;
    char *file;

    check_ok(write_sample(fyt_path(*state, "w"), 0));
    file = read_sample(fyt_path(*state, "w"), &bytes);
    for (size_t n = 0; n < bytes; n++) {
        char *cut = fyi_alloc(n); /* exact, for the sanitizer's sake */

        memcpy(cut, file, n);
        check_status(fyi_weights_parse("cut", cut, n, &w), FY_EFORMAT);
        fyi_free(cut);
    }
    fyi_free(file);
}

static void every_byte_flip_is_refused(void **state)
{
    static const uint8_t masks[] = { 0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff };
    fy_weights *w;
    size_t bytes;
    char *file;

    check_ok(write_sample(fyt_path(*state, "w"), 0));
    file = read_sample(fyt_path(*state, "w"), &bytes);
    for (size_t i = 0; i < bytes; i++) {
        for (size_t m = 0; m < LEN(masks); m++) {
            file[i] = (char)(file[i] ^ masks[m]);
            if (fyi_weights_parse("flip", file, bytes, &w) == FY_OK)
                fail_msg("byte %zu xor %02x is accepted", i, masks[m]);
            file[i] = (char)(file[i] ^ masks[m]);
        }
    }
    check_ok(fyi_weights_parse("whole", file, bytes, &w));
    fy_weights_close(w);
    fyi_free(file);
}

static void added_bytes_are_refused(void **state)
{
    fy_weights *w;
    size_t bytes;
    char *file, *longer;

    check_ok(write_sample(fyt_path(*state, "w"), 0));
    file = read_sample(fyt_path(*state, "w"), &bytes);
    longer = fyi_calloc(bytes + 1, 1);
    memcpy(longer, file, bytes);
    check_status(fyi_weights_parse("longer", longer, bytes + 1, &w), FY_EFORMAT);
    check_sentence("damaged");
    fyi_free(longer);
    fyi_free(file);
}

static void misuse_of_the_writer_is_named(void **state)
{
    fy_weights_file *f;

    check_ok(fy_weights_create(fyt_path(*state, "w"), &f));
    check_ok(fy_weights_add(f, "a", FY_F32, &FY_SHAPE(1), values));
    check_status(fy_weights_add(f, "a", FY_F32, &FY_SHAPE(1), values), FY_EINVAL);
    check_sentence("'a' was added twice");
    check_status(fy_weights_add(f, "__metadata__", FY_F32, &FY_SHAPE(1), values), FY_EINVAL);
    check_status(fy_weights_add(f, "\xff", FY_F32, &FY_SHAPE(1), values), FY_EINVAL);
    check_sentence("UTF-8");
    check_status(fy_weights_add(f, "b", FY_F32, &FY_SHAPE(-1), values), FY_ESHAPE);
    check_ok(fy_weights_add_meta(f, "k", "v"));
    check_status(fy_weights_add_meta(f, "k", "v"), FY_EINVAL);
    check_status(fy_weights_add_meta(f, "ferry.sha256", "v"), FY_EINVAL);
    check_sentence("the writer's own");
    assert_int_equal(fyt_count_entries(*state), 0); /* nothing before the commit */
    fy_weights_abort(f);
    assert_int_equal(fyt_count_entries(*state), 0);
}

static void a_failed_commit_leaves_the_old_file(void **state)
{
    fy_weights_file *f;

    check_ok(fy_weights_create(fyt_path(*state, "missing/w"), &f));
    check_status(fy_weights_commit(f), FY_EIO);
    check_sentence("missing/w");
    assert_int_equal(fyt_count_entries(*state), 0);
}

static void an_empty_file_of_ours_is_legal(void **state)
{
    fy_weights_file *f;
    fy_weights *w;

    check_ok(fy_weights_create(fyt_path(*state, "w"), &f));
    check_ok(fy_weights_commit(f));
    check_ok(fy_weights_open(fyt_path(*state, "w"), &w));
    assert_int_equal(fy_weights_count(w), 0);
    fy_weights_close(w);
}

static void a_missing_file_is_named(void **state)
{
    fy_weights *w;

    check_status(fy_weights_open(fyt_path(*state, "absent"), &w), FY_EIO);
    check_sentence("absent");
}

/* A file by the Python package, from tests/golden/make_safetensors.py. */
static void a_file_by_others_is_read(void **state)
{
    const float expected[3] = { 1.5f, -2, 0.25f };
    float got[3];
    int64_t steps;
    fy_weights *w;
    int i;

    (void)state;
    check_ok(fy_weights_open(fyt_golden_path("python.safetensors"), &w));
    assert_int_equal(fy_weights_count(w), 4);
    assert_string_equal(fy_weights_meta(w, "format"), "np");
    i = fy_weights_find(w, "b.f64");
    check_ok(fy_weights_read(w, i, FY_F32, got, 3));
    check_close(got, expected, 3, 0, 0);
    i = fy_weights_find(w, "a.f32");
    assert_true(fy_shape_equal(fy_weights_shape(w, i), &FY_SHAPE(1, 3)));
    check_ok(fy_weights_read(w, i, FY_F32, got, 3));
    assert_memory_equal(got, expected, sizeof expected);
    i = fy_weights_find(w, "num_batches_tracked");
    check_ok(fy_weights_read(w, i, FY_I64, &steps, 1));
    assert_int_equal(steps, 1234567890123);
    assert_int_equal(fy_weights_dtype(w, fy_weights_find(w, "bytes")), FY_U8);
    fy_weights_close(w);
}

/* The corpus is made in Python: the seal as docs/formats.md says it, computed a second time. */
static void a_seal_by_another_program_holds(void **state)
{
    const char *dir = fyt_source_path("tests/fuzz/corpus/safetensors");
    fy_weights *w;
    float value;

    (void)state;
    check_ok(fy_weights_open(fyt_path(dir, "sealed"), &w));
    check_ok(fy_weights_read(w, 0, FY_F32, &value, 1));
    assert_true(value == 1);
    fy_weights_close(w);
    check_status(fy_weights_open(fyt_path(dir, "sealed_broken"), &w), FY_EFORMAT);
    check_sentence("is damaged: its bytes do not have the SHA-256");
}

/* ---- out of memory ------------------------------------------------------------------------------------ */

static fy_status write_and_read(void *arg)
{
    fy_weights *w = NULL;

    FYI_FORWARD(write_sample(arg, 0));
    FYI_FORWARD(fy_weights_open(arg, &w));
    fy_weights_close(w);
    return FY_OK;
}

static fy_status parse_unaligned(void *arg)
{
    size_t bytes;
    fy_weights *w = NULL;
    const uint8_t *file = arg;

    memcpy(&bytes, file, sizeof bytes);
    FYI_FORWARD(fyi_weights_parse("f", file + sizeof bytes + 1, bytes, &w));
    fy_weights_close(w);
    return FY_OK;
}

static void running_out_of_memory_leaves_nothing(void **state)
{
    const char *header = "{" T("f", "F64", "1", 0, 8) "}";
    const size_t pad = (8 - (8 + strlen(header)) % 8) % 8;
    size_t bytes;
    uint8_t *file = make_file(header, pad, 8, &bytes),
            *shifted = fyi_alloc(bytes + sizeof bytes + 1);

    fyt_check_alloc_failures(write_and_read, (void *)(uintptr_t)fyt_path(*state, "w"));
    assert_int_equal(fyt_count_entries(*state), 1);
    memcpy(shifted, &bytes, sizeof bytes);
    memcpy(shifted + sizeof bytes + 1, file, bytes);
    fyt_check_alloc_failures(parse_unaligned, shifted);
    fyi_free(shifted);
    fyi_free(file);
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, fyt_tmpdir_setup, fyt_tmpdir_teardown)

int main(void)
{
    const struct CMUnitTest fixed[] = {
        cmocka_unit_test(lengths_are_held_against_the_file),
        cmocka_unit_test(deep_nesting_is_an_error_and_no_overflow),
        cmocka_unit_test(unaligned_data_is_read),
        IN_DIR(what_is_written_is_read_back),
        IN_DIR(the_order_of_adding_changes_nothing),
        IN_DIR(every_truncation_is_refused),
        IN_DIR(every_byte_flip_is_refused),
        IN_DIR(added_bytes_are_refused),
        IN_DIR(misuse_of_the_writer_is_named),
        IN_DIR(a_failed_commit_leaves_the_old_file),
        IN_DIR(an_empty_file_of_ours_is_legal),
        IN_DIR(a_missing_file_is_named),
        cmocka_unit_test(a_file_by_others_is_read),
        cmocka_unit_test(a_seal_by_another_program_holds),
        IN_DIR(running_out_of_memory_leaves_nothing),
    };
    struct CMUnitTest tests[LEN(rows) + LEN(fixed)];

    for (size_t i = 0; i < LEN(rows); i++)
        tests[i] = (struct CMUnitTest){ rows[i].name, header_is_judged, NULL, NULL,
                                        (void *)(uintptr_t)&rows[i] };
    memcpy(tests + LEN(rows), fixed, sizeof fixed);
    return cmocka_run_group_tests_name("safetensors", tests, NULL, NULL);
}

/* Guards the front door of weights files: formats are told apart by content, files of none are refused, and the
 * public files under $FERRY_DATA are read to the last number. */
#include "support/support.h"

#include "weights/weights.h"

#include <math.h>
#include <string.h>

static const struct foreign_row {
    const char *name, *bytes;
    size_t n;
    const char *sentence;
} foreign_rows[] = {
    { "empty", "", 0, "no weights file: it has 0 bytes" },
    { "text", "Once upon a time", 16, "is no weights file: it begins neither" },
    { "JPEG", "\xff\xd8\xff\xe0\0\x10JFIF\0", 11, "is no weights file" },
    { "HDF5", "\x89HDF\r\n\x1a\n\0\0\0\0\0\0\0\0", 16, "is no weights file" },
    { "GGUF", "GGUF\3\0\0\0\0\0\0\0", 12, "is no weights file" },
    { "archive of nothing that is one", "PK\3\4", 4, "not a valid zip archive" },
    { "pickle", "\x80\x04N.", 4, "not one by torch.save" },
    { "npy without a header", "\x93NUMPY\1\0", 8, "not an npy file" },
};

static void what_is_no_weights_file_is_refused(void **state)
{
    const struct foreign_row *row = *state;
    fy_weights *w;

    check_status(fyi_weights_parse(row->name, row->bytes, row->n, &w), FY_EFORMAT);
    check_sentence(row->name);
    check_sentence(row->sentence);
    assert_null(w);
}

/* 640 is 0x280, and a pickle of protocol 2 begins with 0x80 0x02. */
static void a_header_of_640_bytes_is_no_pickle(void **state)
{
    const char *header = "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}";
    char file[8 + 640 + 1] = { (char)0x80, 2 };
    fy_weights *w;

    (void)state;
    memset(file + 8, ' ', 640);
    memcpy(file + 8, header, strlen(header));
    check_ok(fyi_weights_parse("f", file, sizeof file, &w));
    assert_string_equal(fy_weights_format(w), "safetensors");
    fy_weights_close(w);
}

static const struct real_row {
    const char *path;
    int n_tensors;
    int64_t n_values;
} real_rows[] = {
    { "weights/squeezenet1_1.safetensors", 52, 1235496 },
    { "weights/mobilenet_v2_backbone.safetensors", 260, 2257984 },
    { "weights/resnet18_layer1to3.safetensors", 75, 2787264 },
    { "weights/resnet20_cifar10.safetensors", 97, 271098 },
    { "weights/resnet56_cifar10.safetensors", 277, 857082 },
    { "weights/resnet20-12fca82f.th", 97, 271098 },
    { "weights/squeezenet1_1_test0_input.npy", 1, 150528 },
    { "weights/squeezenet1_1_test0_output.npy", 1, 1000 },
};

static int64_t count_finite(fy_weights *w, int i)
{
    const int64_t n = fy_shape_numel(fy_weights_shape(w, i));
    float *v = fyi_calloc((size_t)n, sizeof *v);
    int64_t n_finite = 0;

    check_ok(fy_weights_read(w, i, FY_F32, v, n));
    for (int64_t k = 0; k < n; k++)
        n_finite += isfinite(v[k]) != 0;
    fyi_free(v);
    return n_finite;
}

static void public_files_are_read(void **state)
{
    const struct real_row *row = *state;
    const char *path = fyt_data_path(row->path);
    int64_t n = 0;
    fy_weights *w;

    if (!path)
        skip();
    check_ok(fy_weights_open(path, &w));
    assert_int_equal(fy_weights_count(w), row->n_tensors);
    for (int i = 0; i < fy_weights_count(w); i++)
        n += count_finite(w, i);
    assert_int_equal(n, row->n_values);
    fy_weights_close(w);
}

int main(void)
{
    struct CMUnitTest tests[1 + LEN(foreign_rows) + LEN(real_rows)] = {
        cmocka_unit_test(a_header_of_640_bytes_is_no_pickle),
    };
    size_t n = 1;

    for (size_t i = 0; i < LEN(foreign_rows); i++)
        tests[n++] = (struct CMUnitTest){ foreign_rows[i].name, what_is_no_weights_file_is_refused,
                                          NULL, NULL, (void *)(uintptr_t)&foreign_rows[i] };
    for (size_t i = 0; i < LEN(real_rows); i++)
        tests[n++] = (struct CMUnitTest){ real_rows[i].path, public_files_are_read, NULL, NULL,
                                          (void *)(uintptr_t)&real_rows[i] };
    return cmocka_run_group_tests_name("weights", tests, NULL, NULL);
}

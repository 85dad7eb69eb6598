/* Guards the idx reader: right values from plain and gzip files, and a sentence, never a wrong
 * array, from every damaged one. */
#include "support/support.h"

#include "data/data.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* clang-format off */
static const uint8_t images_file[] = { 0, 0, 8, 3,  0, 0, 0, 3,  0, 0, 0, 2,  0, 0, 0, 2,
                                       0, 255, 51, 102,  1, 2, 3, 4,  250, 251, 252, 253 };
/* clang-format on */
static const uint8_t labels_file[] = { 0, 0, 8, 1, 0, 0, 0, 3, 1, 0, 2 };

/* gzip of n bytes; returns the length. */
static size_t pack(const void *src, size_t n, uint8_t *dst, size_t room)
{
    z_stream z = { 0 };

    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 16 + 15, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (Bytef *)(uintptr_t)src;
    z.avail_in = (uInt)n;
    z.next_out = dst;
    z.avail_out = (uInt)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    n = room - z.avail_out;
    deflateEnd(&z);
    return n;
}

static fy_status parse(const void *p, size_t n, fyi_idx_kind kind, fyi_idx *a)
{
    fyi_sha256 sum;
    uint8_t *exact = malloc(n + (n == 0)); /* so that a read past the end is seen */
    fy_status st;

    memcpy(exact, p, n);
    fyi_sha256_init(&sum);
    st = fyi_idx_parse("some-file", exact, n, kind, &sum, a);
    free(exact);
    return st;
}

/* Both files in dir, gzip if asked for. */
static void write_files(const char *dir, bool packed)
{
    uint8_t buf[256];
    size_t n = sizeof images_file;

    memcpy(buf, images_file, n);
    if (packed)
        n = pack(images_file, sizeof images_file, buf, sizeof buf);
    check_ok(fyi_file_write(fyt_path(dir, "images"), buf, n));
    n = sizeof labels_file;
    memcpy(buf, labels_file, n);
    if (packed)
        n = pack(labels_file, sizeof labels_file, buf, sizeof buf);
    check_ok(fyi_file_write(fyt_path(dir, "labels"), buf, n));
}

static void check_content(const fy_dataset *d)
{
    const float expected[4] = { 0.0f, 1.0f, 0.2f, 0.4f };
    float x[4];
    int32_t y;

    assert_int_equal(fy_dataset_count(d), 3);
    assert_true(fy_shape_equal(fy_dataset_shape(d), &FY_SHAPE(1, 2, 2)));
    assert_int_equal(fy_dataset_classes(d), 3);
    assert_string_equal(fy_dataset_class_name(d, 2), "2");
    assert_null(fy_dataset_class_name(d, 3));
    check_ok(fy_dataset_get(d, 0, x, 4, &y));
    check_close(x, expected, 4, 1e-6, 0);
    assert_int_equal(y, 1);
    check_ok(fy_dataset_label(d, 2, &y));
    assert_int_equal(y, 2);
}

static void plain_and_gzip_files_are_the_same_data(void **state)
{
    fy_dataset *plain, *packed;

    write_files(*state, false);
    check_ok(
        fy_idx_open(fyt_path(*state, "images"), fyt_path(*state, "labels"), "tiny", NULL, &plain));
    write_files(*state, true);
    check_ok(
        fy_idx_open(fyt_path(*state, "images"), fyt_path(*state, "labels"), NULL, NULL, &packed));
    check_content(plain);
    check_content(packed);
    assert_string_equal(fy_dataset_hash(plain), fy_dataset_hash(packed));
    assert_string_equal(fy_dataset_view_hash(plain), fy_dataset_view_hash(packed));
    assert_string_equal(fy_dataset_name(plain), "tiny");
    assert_string_equal(fy_dataset_name(packed), "images");
    assert_string_equal(fy_dataset_text(plain), "tiny: 3 samples [1, 2, 2], 3 classes");
    fy_dataset_free(packed);
    fy_dataset_free(plain);
}

static void the_hash_is_sha256_of_images_then_labels(void **state)
{
    fyi_sha256 sum;
    char hex[65];
    fy_dataset *d;

    write_files(*state, true);
    check_ok(fy_idx_open(fyt_path(*state, "images"), fyt_path(*state, "labels"), NULL, NULL, &d));
    fyi_sha256_init(&sum);
    fyi_sha256_update(&sum, images_file, sizeof images_file);
    fyi_sha256_update(&sum, labels_file, sizeof labels_file);
    fyi_sha256_hex(&sum, hex);
    assert_string_equal(fy_dataset_hash(d), hex);
    fy_dataset_free(d);
}

static void images_alone_have_no_labels(void **state)
{
    fy_dataset *d;
    float x[4];
    int32_t y;

    write_files(*state, false);
    check_ok(fy_idx_open(fyt_path(*state, "images"), NULL, NULL, NULL, &d));
    assert_false(fy_dataset_has_labels(d));
    assert_int_equal(fy_dataset_classes(d), 0);
    check_ok(fy_dataset_get(d, 1, x, 4, NULL));
    check_status(fy_dataset_get(d, 1, x, 4, &y), FY_EINVAL);
    check_sentence("has no labels");
    check_status(fy_dataset_get(d, 3, x, 4, NULL), FY_EINVAL);
    check_status(fy_dataset_get(d, 0, x, 5, NULL), FY_ESHAPE);
    fy_dataset_free(d);
}

static void rank_four_has_channels(void **state)
{
    const uint8_t file[] = { 0, 0, 8, 4, 0, 0, 0, 1, 0, 0, 0, 3, 0,
                             0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6 };
    fy_dataset *d;

    check_ok(fyi_file_write(fyt_path(*state, "colour"), file, sizeof file));
    check_ok(fy_idx_open(fyt_path(*state, "colour"), NULL, NULL, NULL, &d));
    assert_true(fy_shape_equal(fy_dataset_shape(d), &FY_SHAPE(3, 1, 2)));
    fy_dataset_free(d);
}

static void every_truncation_is_refused(void **state)
{
    fyi_idx a;

    (void)state;
    for (size_t n = 0; n < sizeof images_file; n++) {
        check_status(parse(images_file, n, FYI_IDX_IMAGES, &a), FY_EFORMAT);
        check_sentence("'some-file'");
        assert_null(a.data);
    }
    for (size_t n = 0; n < sizeof labels_file; n++)
        check_status(parse(labels_file, n, FYI_IDX_LABELS, &a), FY_EFORMAT);
}

static void every_truncation_of_a_gzip_file_is_refused(void **state)
{
    uint8_t packed[256];
    const size_t whole = pack(images_file, sizeof images_file, packed, sizeof packed);
    fyi_idx a;

    (void)state;
    for (size_t n = 0; n < whole; n++) {
        check_status(parse(packed, n, FYI_IDX_IMAGES, &a), FY_EFORMAT);
        check_sentence("'some-file'");
    }
    check_ok(parse(packed, whole, FYI_IDX_IMAGES, &a));
    fyi_free(a.data);
}

/* A flipped bit may fall into the gzip header's time or name; then the values must still be
 * right. */
static void no_flipped_bit_changes_values(void **state)
{
    uint8_t packed[256];
    const size_t n = pack(images_file, sizeof images_file, packed, sizeof packed);
    fyi_idx a;

    (void)state;
    for (size_t bit = 0; bit < n * 8; bit++) {
        packed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (parse(packed, n, FYI_IDX_IMAGES, &a) == FY_OK)
            assert_memory_equal(a.data, images_file + 16, 12);
        fyi_free(a.data);
        packed[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static const struct magic_row {
    const char *name;
    uint8_t magic[4];
    fyi_idx_kind kind;
    const char *part; /* of the sentence */
} magic_rows[] = {
    { "labels given as images", { 0, 0, 8, 1 }, FYI_IDX_IMAGES, "swapped" },
    { "images given as labels", { 0, 0, 8, 3 }, FYI_IDX_LABELS, "swapped" },
    { "colour given as labels", { 0, 0, 8, 4 }, FYI_IDX_LABELS, "swapped" },
    { "floats", { 0, 0, 0x0d, 3 }, FYI_IDX_IMAGES, "only u8" },
    { "rank 2", { 0, 0, 8, 2 }, FYI_IDX_IMAGES, "0x00000803" },
    { "rank 255", { 0, 0, 8, 255 }, FYI_IDX_LABELS, "0x00000801" },
    { "a PNG", { 137, 'P', 'N', 'G' }, FYI_IDX_IMAGES, "not an idx file" },
    { "little-endian", { 3, 8, 0, 0 }, FYI_IDX_IMAGES, "not an idx file" },
};

static void wrong_magic_says_what_is_wrong(void **state)
{
    const struct magic_row *row = *state;
    uint8_t file[sizeof images_file];
    fyi_idx a;

    memcpy(file, images_file, sizeof file);
    memcpy(file, row->magic, 4);
    check_status(parse(file, sizeof file, row->kind, &a), FY_EFORMAT);
    check_sentence(row->part);
}

static const struct size_row {
    const char *name;
    uint8_t sizes[12];
    const char *part;
} size_rows[] = {
    { "no images", { 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 2 }, "no values" },
    { "no columns", { 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 0 }, "no values" },
    { "one too many", { 0, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0, 2 }, "[4, 2, 2]" },
    { "one too few", { 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2 }, "more bytes follow" },
    { "product overflows", { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 }, "header" },
    { "product wraps to 0", { 128, 0, 0, 0, 128, 0, 0, 0, 0, 0, 0, 4 }, "header" },
};

/* Plain and gzip: the header of a small gzip file must not make us take memory for a large one. */
static void sizes_are_held_against_the_file(void **state)
{
    const struct size_row *row = *state;
    uint8_t file[sizeof images_file], packed[256];
    fyi_idx a;

    memcpy(file, images_file, sizeof file);
    memcpy(file + 4, row->sizes, 12);
    check_status(parse(file, sizeof file, FYI_IDX_IMAGES, &a), FY_EFORMAT);
    check_sentence(row->part);
    check_status(parse(packed, pack(file, sizeof file, packed, sizeof packed), FYI_IDX_IMAGES, &a),
                 FY_EFORMAT);
}

static void bytes_after_the_end_are_refused(void **state)
{
    uint8_t file[sizeof images_file + 1] = { 0 }, packed[256];
    size_t n = pack(images_file, sizeof images_file, packed, sizeof packed);
    fyi_idx a;

    (void)state;
    memcpy(file, images_file, sizeof images_file);
    check_status(parse(file, sizeof file, FYI_IDX_IMAGES, &a), FY_EFORMAT);
    packed[n] = 0;
    check_status(parse(packed, n + 1, FYI_IDX_IMAGES, &a), FY_EFORMAT);
    check_sentence("follow the end of the gzip data");
}

static void gzip_members_in_a_row_are_one_file(void **state)
{
    uint8_t packed[512];
    size_t n = pack(images_file, 10, packed, sizeof packed);
    fyi_idx a;

    (void)state;
    n += pack(images_file + 10, sizeof images_file - 10, packed + n, sizeof packed - n);
    check_ok(parse(packed, n, FYI_IDX_IMAGES, &a));
    assert_memory_equal(a.data, images_file + 16, 12);
    fyi_free(a.data);
}

static void labels_of_another_count_are_refused(void **state)
{
    const uint8_t two[] = { 0, 0, 8, 1, 0, 0, 0, 2, 1, 0 };
    fy_dataset *d;

    write_files(*state, false);
    check_ok(fyi_file_write(fyt_path(*state, "two"), two, sizeof two));
    check_status(fy_idx_open(fyt_path(*state, "images"), fyt_path(*state, "two"), NULL, NULL, &d),
                 FY_EFORMAT);
    check_sentence("2 labels");
    check_sentence("3 images");
    assert_null(d);
    check_status(fy_idx_open(fyt_path(*state, "labels"), fyt_path(*state, "images"), NULL, NULL, &d),
                 FY_EFORMAT);
    check_sentence("swapped");
    check_status(fy_idx_open(fyt_path(*state, "none"), NULL, NULL, NULL, &d), FY_EIO);
}

static fy_status open_and_free(void *dir)
{
    fy_image_opts o = fy_image_defaults();
    fy_dataset *d;
    fy_status st;

    o.height = o.width = 3;
    st = fy_idx_open(fyt_path(dir, "images"), fyt_path(dir, "labels"), NULL, &o, &d);
    fy_dataset_free(d);
    return st;
}

static void opening_survives_lack_of_memory(void **state)
{
    write_files(*state, true);
    fyt_check_alloc_failures(open_and_free, *state);
}

/* ---- real files, where they are -------------------------------------------------------------- */

static void check_real(const char *images, const char *labels, int64_t n, const int64_t *counts,
                       double mean, double deviation)
{
    const char *images_path = fyt_data_path(images), *labels_path;
    int64_t found[10];
    fy_data_stats s;
    fy_dataset *d;

    if (images_path == NULL)
        skip();
    images_path = strdup(images_path);
    labels_path = strdup(fyt_data_path(labels));
    check_ok(fy_idx_open(images_path, labels_path, NULL, NULL, &d));
    assert_int_equal(fy_dataset_count(d), n);
    check_ok(fy_dataset_class_counts(d, found, 10));
    assert_memory_equal(found, counts, sizeof found);
    check_ok(fy_dataset_stats(d, 0, &s));
    assert_true(s.min == 0.0f && s.max == 1.0f);
    check_close_f64(&s.mean, &mean, 1, 0, 5e-5);
    check_close_f64(&s.deviation, &deviation, 1, 0, 5e-5);
    fy_dataset_free(d);
    free((char *)(uintptr_t)images_path);
    free((char *)(uintptr_t)labels_path);
}

static void mnist_is_read_whole(void **state)
{
    const int64_t counts[10] = { 5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949 };

    (void)state;
    check_real("mnist/train-images-idx3-ubyte.gz", "mnist/train-labels-idx1-ubyte.gz", 60000,
               counts, 0.13066, 0.30811);
}

static void usps_is_read_whole(void **state)
{
    const int64_t counts[10] = { 359, 264, 198, 166, 200, 160, 170, 147, 166, 177 };

    (void)state;
    check_real("usps/usps-test-images-idx3-ubyte.gz", "usps/usps-test-labels-idx1-ubyte.gz", 2007,
               counts, 0.26761, 0.39259);
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, fyt_tmpdir_setup, fyt_tmpdir_teardown)

int main(void)
{
    struct CMUnitTest tests[64] = {
        IN_DIR(plain_and_gzip_files_are_the_same_data),
        IN_DIR(the_hash_is_sha256_of_images_then_labels),
        IN_DIR(images_alone_have_no_labels),
        IN_DIR(rank_four_has_channels),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(every_truncation_of_a_gzip_file_is_refused),
        cmocka_unit_test(no_flipped_bit_changes_values),
        cmocka_unit_test(bytes_after_the_end_are_refused),
        cmocka_unit_test(gzip_members_in_a_row_are_one_file),
        IN_DIR(labels_of_another_count_are_refused),
        IN_DIR(opening_survives_lack_of_memory),
        cmocka_unit_test(mnist_is_read_whole),
        cmocka_unit_test(usps_is_read_whole),
    };
    size_t n = 13;

    for (size_t i = 0; i < LEN(magic_rows); i++)
        tests[n++] = (struct CMUnitTest){ magic_rows[i].name, wrong_magic_says_what_is_wrong, NULL,
                                          NULL, (void *)(uintptr_t)&magic_rows[i] };
    for (size_t i = 0; i < LEN(size_rows); i++)
        tests[n++] = (struct CMUnitTest){ size_rows[i].name, sizes_are_held_against_the_file, NULL,
                                          NULL, (void *)(uintptr_t)&size_rows[i] };
    return _cmocka_run_group_tests("idx", tests, n, NULL, NULL);
}

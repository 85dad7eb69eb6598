/* Guards images out of arrays: CIFAR's records, plain and gzip, and NumPy's arrays in every order of
 * their axes. */
#include "support/support.h"

#include "data/data.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define RECORDS 3

/* Records with labels i (and 10 i before it for CIFAR-100); pixel k is (i + k) mod 251. */
static size_t make_records(bool is_100, uint8_t *p)
{
    const uint8_t *begin = p;

    for (int i = 0; i < RECORDS; i++) {
        if (is_100)
            *p++ = (uint8_t)(5 * i);
        *p++ = (uint8_t)i;
        for (int k = 0; k < 3072; k++)
            *p++ = (uint8_t)((i + k) % 251);
    }
    return (size_t)(p - begin);
}

static size_t pack(const void *src, size_t n, uint8_t *dst, size_t room)
{
    z_stream z = { .next_in = (Bytef *)(uintptr_t)src, .avail_in = (uInt)n };

    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 16 + 15, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_out = dst;
    z.avail_out = (uInt)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    return room - z.avail_out;
}

static fy_status parse(const void *p, size_t n, fy_cifar_kind kind, fyi_cifar *c)
{
    fyi_sha256 sum;
    uint8_t *exact = malloc(n + (n == 0)); /* so that a read past the end is seen */
    fy_status st;

    *c = (fyi_cifar){ 0 };
    memcpy(exact, p, n);
    fyi_sha256_init(&sum);
    st = fyi_cifar_parse("some-file", exact, n, kind, &sum, c);
    free(exact);
    return st;
}

static const struct kind_row {
    const char *name;
    fy_cifar_kind kind;
    bool is_100;
    int32_t last_label;
} kind_rows[] = {
    { "CIFAR-10", FY_CIFAR10, false, 2 },
    { "CIFAR-100, fine", FY_CIFAR100_FINE, true, 2 },
    { "CIFAR-100, coarse", FY_CIFAR100_COARSE, true, 10 },
};

static void records_are_images_and_labels(void **state)
{
    const struct kind_row *row = *state;
    uint8_t file[RECORDS * 3074], packed[sizeof file];
    const size_t n = make_records(row->is_100, file);
    fyi_cifar c;

    for (int k = 0; k < 2; k++) {
        if (k == 0)
            check_ok(parse(file, n, row->kind, &c));
        else
            check_ok(parse(packed, pack(file, n, packed, sizeof packed), row->kind, &c));
        assert_int_equal(c.n, RECORDS);
        assert_int_equal(c.label[2], row->last_label);
        assert_int_equal(c.pixels[2 * 3072 + 1000], 1002 % 251);
        fyi_cifar_release(&c);
    }
}

static void every_truncation_is_refused(void **state)
{
    uint8_t file[RECORDS * 3074], packed[sizeof file];
    const size_t n = make_records(false, file), m = pack(file, n, packed, sizeof packed);
    fyi_cifar c;

    (void)state;
    for (size_t cut = 0; cut < n; cut += cut % 3073 < 5 || cut % 3073 > 3068 ? 1 : 61) {
        if (cut > 0 && cut % 3073 == 0)
            continue;
        check_status(parse(file, cut, FY_CIFAR10, &c), FY_EFORMAT);
        check_sentence("'some-file'");
        fyi_cifar_release(&c);
    }
    for (size_t cut = 0; cut < m; cut++) {
        check_status(parse(packed, cut, FY_CIFAR10, &c), FY_EFORMAT);
        fyi_cifar_release(&c);
    }
}

static void flipped_bytes_do_no_harm(void **state)
{
    uint8_t file[RECORDS * 3074], packed[sizeof file];
    const size_t n = make_records(false, file), m = pack(file, n, packed, sizeof packed);
    fyi_cifar c;

    (void)state;
    for (size_t i = 0; i < m; i++) {
        packed[i] ^= 0xff;
        if (parse(packed, m, FY_CIFAR10, &c) == FY_OK)
            assert_int_equal(c.n, RECORDS);
        fyi_cifar_release(&c);
        packed[i] ^= 0xff;
    }
    for (size_t i = 0; i < n; i += 7) {
        file[i] ^= 0xff;
        if (parse(file, n, FY_CIFAR10, &c) != FY_OK)
            check_sentence("is labelled");
        fyi_cifar_release(&c);
        file[i] ^= 0xff;
    }
}

static void the_other_cifar_is_recognised(void **state)
{
    uint8_t file[RECORDS * 3074];
    fyi_cifar c;

    (void)state;
    check_status(parse(file, make_records(true, file), FY_CIFAR10, &c), FY_EFORMAT);
    fyi_cifar_release(&c);
    memset(file, 0, sizeof file);
    check_status(parse(file, sizeof file, FY_CIFAR10, &c), FY_EFORMAT);
    check_sentence("it looks like CIFAR-100");
    fyi_cifar_release(&c);
    check_status(parse(file, 3073, FY_CIFAR100_FINE, &c), FY_EFORMAT);
    check_sentence("it looks like CIFAR-10");
    fyi_cifar_release(&c);
}

static void several_files_and_names_make_a_dataset(void **state)
{
    static const char names[] =
        "airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n";
    uint8_t file[RECORDS * 3074];
    const size_t n = make_records(false, file);
    fy_dataset *d;
    float x[3072];

    check_ok(fyi_file_write(fyt_path(*state, "b_1.bin"), file, n));
    check_ok(fyi_file_write(fyt_path(*state, "b_2.bin"), file, n - 3073));
    check_ok(fyi_file_write(fyt_path(*state, "batches.meta.txt"), names, strlen(names)));
    check_ok(fy_cifar_open(fyt_path(*state, "b_{1..2}.bin"), FY_CIFAR10, NULL, NULL, &d));
    assert_int_equal(fy_dataset_count(d), 5);
    assert_int_equal(fy_dataset_classes(d), 10);
    assert_string_equal(fy_dataset_class_name(d, 9), "truck");
    assert_true(fy_shape_equal(fy_dataset_shape(d), &FY_SHAPE(3, 32, 32)));
    check_ok(fy_dataset_get(d, 4, x, 3072, NULL));
    assert_true(x[7] == 8.0f / 255.0f);
    fy_dataset_free(d);
}

static void real_cifar_is_read(void **state)
{
    const char *path = fyt_data_path("cifar10/data_batch_first5000.bin.gz");
    static const int32_t first[] = { 6, 9, 9, 4, 1, 1, 2, 7, 8, 3 };
    fy_dataset *d;
    int32_t label;

    (void)state;
    if (path == NULL)
        skip();
    check_ok(fy_cifar_open(path, FY_CIFAR10, NULL, NULL, &d));
    assert_int_equal(fy_dataset_count(d), 5000);
    for (int i = 0; i < 10; i++) {
        check_ok(fy_dataset_label(d, i, &label));
        assert_int_equal(label, first[i]);
    }
    fy_dataset_free(d);
}

static fy_status open_and_free(void *arg)
{
    fy_dataset *d;
    const fy_status st = fy_cifar_open(arg, FY_CIFAR10, NULL, NULL, &d);

    fy_dataset_free(d);
    return st;
}

static void lack_of_memory_leaves_nothing_behind(void **state)
{
    uint8_t file[RECORDS * 3074], packed[sizeof file];
    const size_t n = make_records(false, file);

    check_ok(fyi_file_write(fyt_path(*state, "a"), packed, pack(file, n, packed, sizeof packed)));
    fyt_check_alloc_failures(open_and_free, (void *)(uintptr_t)fyt_path(*state, "a"));
}

/* ---- NumPy ----------------------------------------------------------------------------------- */

static void write_npy(const char *path, const char *type, const char *shape, const void *p, size_t n)
{
    fyi_buf b = { 0 };

    fyi_buf_append(&b, "\x93NUMPY\x01\x00\x76\x00", 10);
    fyi_buf_printf(&b, "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", type, shape);
    while (b.len < 127)
        fyi_buf_puts(&b, " ");
    fyi_buf_puts(&b, "\n");
    fyi_buf_append(&b, p, n);
    check_ok(fyi_file_write(path, b.p, b.len));
    fyi_buf_release(&b);
}

/* Two images of 5 x 6 with three channels: value 100 c + position, modulo 256. */
static const struct npy_row {
    const char *name, *shape;
    fy_shape expected;
    bool is_last; /* channels are the last axis */
} npy_rows[] = {
    { "grey", "2, 5, 6", { 3, { 1, 5, 6 } }, false },
    { "channels last", "2, 5, 6, 3", { 3, { 3, 5, 6 } }, true },
    { "channels first", "2, 3, 5, 6", { 3, { 3, 5, 6 } }, false },
    { "one channel, last", "2, 5, 6, 1", { 3, { 1, 5, 6 } }, true },
};

static void arrays_become_images(void **state)
{
    static void *dir;
    const struct npy_row *row = *state;
    const int64_t c = row->expected.d[0], n = c * 30;
    const int64_t labels[] = { 4, 1 };
    uint8_t p[180];
    float x[90];
    fy_dataset *d;

    assert_int_equal(fyt_tmpdir_setup(&dir), 0);
    for (int64_t i = 0; i < 2 * n; i++) {
        const int64_t at = i % n, k = row->is_last ? at % c : at / 30;

        p[i] = (uint8_t)(100 * k + (row->is_last ? at / c : at % 30));
    }
    write_npy(fyt_path(dir, "x.npy"), "|u1", row->shape, p, (size_t)(2 * n));
    write_npy(fyt_path(dir, "y.npy"), "<i8", "2,", labels, sizeof labels);
    check_ok(fy_npy_images_open(fyt_path(dir, "x.npy"), fyt_path(dir, "y.npy"), NULL, NULL, &d));
    assert_true(fy_shape_equal(fy_dataset_shape(d), &row->expected));
    assert_int_equal(fy_dataset_classes(d), 5);
    check_ok(fy_dataset_get(d, 1, x, n, NULL));
    for (int64_t i = 0; i < n; i++)
        assert_true(x[i] == (float)(uint8_t)(100 * (i / 30) + i % 30) / 255.0f);
    fy_dataset_free(d);
    assert_int_equal(fyt_tmpdir_teardown(&dir), 0);
}

static void other_arrays_are_refused(void **state)
{
    const uint8_t p[50] = { 0 };
    fy_dataset *d;

    write_npy(fyt_path(*state, "x.npy"), "|u1", "1, 5, 5, 2, 1", p, 50);
    check_status(fy_npy_images_open(fyt_path(*state, "x.npy"), NULL, NULL, NULL, &d), FY_ESHAPE);
    check_sentence("[1, 5, 5, 2, 1]");
    write_npy(fyt_path(*state, "x.npy"), "|u1", "1, 5, 2, 5", p, 50);
    check_status(fy_npy_images_open(fyt_path(*state, "x.npy"), NULL, NULL, NULL, &d), FY_ESHAPE);
    check_sentence("at most 4 channels");
    write_npy(fyt_path(*state, "x.npy"), "<f8", "1, 2, 3", p, 48);
    check_status(fy_npy_images_open(fyt_path(*state, "x.npy"), NULL, NULL, NULL, &d), FY_EDTYPE);
    assert_null(d);
}

/* Far behind what a comparison would look at. */
static void a_value_that_is_no_number_is_found(void **state)
{
    static float p[1100 * 4];
    fy_dataset *d;

    p[4 * 1001 + 2] = NAN;
    write_npy(fyt_path(*state, "x.npy"), "<f4", "1100, 2, 2", p, sizeof p);
    check_status(fy_npy_images_open(fyt_path(*state, "x.npy"), NULL, NULL, NULL, &d), FY_EFORMAT);
    check_sentence("x.npy': value 2 of sample 1001, counted from 0, is not a number; every value");
    p[4 * 1001 + 2] = -INFINITY;
    write_npy(fyt_path(*state, "x.npy"), "<f4", "1100, 2, 2", p, sizeof p);
    check_status(fy_npy_images_open(fyt_path(*state, "x.npy"), NULL, NULL, NULL, &d), FY_EFORMAT);
    check_sentence("is infinite");
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, fyt_tmpdir_setup, fyt_tmpdir_teardown)
#define ADD(rows, test)                                                       \
    for (size_t i = 0; i < LEN(rows); i++)                                    \
        tests[n++] = (struct CMUnitTest)                                      \
        {                                                                     \
            (rows)[i].name, test, NULL, NULL, (void *)(uintptr_t) & (rows)[i] \
        }

int main(void)
{
    struct CMUnitTest tests[32] = {
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(flipped_bytes_do_no_harm),
        cmocka_unit_test(the_other_cifar_is_recognised),
        cmocka_unit_test(real_cifar_is_read),
        IN_FOLDER(several_files_and_names_make_a_dataset),
        IN_FOLDER(lack_of_memory_leaves_nothing_behind),
        IN_FOLDER(a_value_that_is_no_number_is_found),
        IN_FOLDER(other_arrays_are_refused),
    };
    size_t n = 8;

    ADD(kind_rows, records_are_images_and_labels);
    ADD(npy_rows, arrays_become_images);
    return _cmocka_run_group_tests("cifar", tests, n, NULL, NULL);
}

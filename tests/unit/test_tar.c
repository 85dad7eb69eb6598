/* Guards pictures in tar files: samples and labels of every dialect, and a sentence, never a wrong
 * sample, from damaged archives.
 * timeout: 120 */
#include "support/support.h"

#include "data/picture.h"

#include <stdlib.h>
#include <string.h>

static const char *golden_path(const char *name)
{
    return fyt_path(fyt_golden_path("tar"), name);
}

static char *golden(const char *name, size_t *n)
{
    char path[64];

    (void)snprintf(path, sizeof path, "tar/%s", name);
    return fyt_golden(path, n);
}

/* ---- samples --------------------------------------------------------------------------------- */

#define FOUR "deep/deep/deep/deep/"

static const char *const dialects[] = { "ustar.tar", "gnu.tar", "pax.tar" };

static void every_dialect_holds_the_same_samples(void **state)
{
    static const char *const names[] = { "a/000.jpg", FOUR FOUR FOUR FOUR FOUR FOUR "sample.PNG",
                                         "a/..b/escape.png", "...d/absolute.png" };
    static const int32_t labels[] = { 1, 0, 2, 1 };
    const char *file = *state;
    char name[256];
    fy_dataset *d;

    check_ok(fy_image_tar_open(golden_path(file), NULL, &d));
    assert_int_equal(fy_dataset_count(d), LEN(names));
    assert_int_equal(fy_dataset_classes(d), 3);
    assert_true(fy_shape_equal(fy_dataset_shape(d), &FY_SHAPE(3, 13, 11)));
    for (size_t i = 0; i < LEN(names); i++) {
        int32_t label;

        (void)snprintf(name, sizeof name, "%s/%s", file, names[i]);
        assert_string_equal(fy_dataset_sample_name(d, (int64_t)i), name);
        check_ok(fy_dataset_label(d, (int64_t)i, &label));
        assert_int_equal(label, labels[i]);
    }
    fy_dataset_free(d);
}

/* Sample 0 is rgb8.png, sample 1 palette4.png. */
static void pixels_are_those_of_the_members(void **state)
{
    float x[3 * 13 * 11], expected[3 * 13 * 11];
    fy_tensor *t;
    size_t n;
    char *file = fyt_golden("images/palette4.npy", &n);
    fy_dataset *d;

    (void)state;
    check_ok(fyi_npy_parse("palette4", file, n, &t));
    check_ok(fy_image_tar_open(golden_path("pax.tar"), NULL, &d));
    check_ok(fy_dataset_get(d, 1, x, LEN(x), NULL));
    for (int i = 0; i < 13 * 11; i++)
        for (int c = 0; c < 3; c++)
            expected[c * 13 * 11 + i] =
                (float)((const uint8_t *)fy_tensor_const_data(t))[3 * i + c] / 255.0f;
    check_close(x, expected, LEN(x), 0, 0);
    fy_dataset_free(d);
    fy_tensor_free(t);
    fyi_free(file);
}

static void several_shards_follow_each_other(void **state)
{
    fy_picture_opts o = fy_picture_defaults();
    fy_dataset *d, *same;
    size_t n;

    for (int i = 8; i <= 10; i++) {
        char *bytes = golden(dialects[i % 3], &n), name[32];

        (void)snprintf(name, sizeof name, "s-%03d.tar", i);
        check_ok(fyi_file_write(fyt_path(*state, name), bytes, n));
        fyi_free(bytes);
    }
    check_ok(fy_image_tar_open(fyt_path(*state, "s-{008..010}.tar"), NULL, &d));
    assert_int_equal(fy_dataset_count(d), 12);
    assert_string_equal(fy_dataset_sample_name(d, 4), "s-009.tar/a/000.jpg");
    assert_string_equal(fy_dataset_name(d), "s-{008..010}.tar");
    o.is_unlabelled = true;
    o.name = "shards";
    check_ok(fy_image_tar_open(fyt_path(*state, "s-*.tar"), &o, &same));
    assert_int_equal(fy_dataset_count(same), 12);
    assert_false(fy_dataset_has_labels(same));
    assert_string_equal(fy_dataset_name(same), "shards");
    fy_dataset_free(same);
    fy_dataset_free(d);
    check_status(fy_image_tar_open(fyt_path(*state, "s-{8..10}.tar"), NULL, &d), FY_EIO);
    check_status(fy_image_tar_open(fyt_path(*state, "t-*.tar"), NULL, &d), FY_EIO);
    check_sentence("no file is called");
}

static const struct label_row {
    const char *name, *member, *content, *field, *part;
} label_rows[] = {
    { "another field", "k.json", "{\"class\": \"dog\"}", "class", NULL },
    { "no text", "k.json", "{\"label\": [1]}", NULL, "neither a text nor a whole number" },
    { "no JSON", "k.json", "{\"label\": ", NULL, "is no JSON" },
    { "names", "k.cls", "dog\n", NULL, NULL },
};

/* One file member. */
static void put_member(fyi_buf *b, const char *name, const void *p, size_t n)
{
    char head[512] = { 0 };
    unsigned sum = 0;

    (void)snprintf(head, 100, "%s", name);
    (void)snprintf(head + 124, 12, "%011zo", n);
    memcpy(head + 148, "        ", 8);
    head[156] = '0';
    memcpy(head + 257,
           "ustar\0"
           "00",
           8);
    for (int i = 0; i < 512; i++)
        sum += (unsigned char)head[i];
    (void)snprintf(head + 148, 8, "%06o", sum);
    fyi_buf_append(b, head, sizeof head);
    fyi_buf_append(b, p, n);
    memset(head, 0, sizeof head);
    fyi_buf_append(b, head, (512 - n % 512) % 512);
}

static void labels_come_from_members(void **state)
{
    static void *dir;
    const struct label_row *row = *state;
    fy_picture_opts o = fy_picture_defaults();
    fyi_buf b = { 0 };
    char zeros[1024] = { 0 };
    fy_dataset *d;
    size_t n;
    char *png = fyt_golden("images/rgb8.png", &n);

    assert_int_equal(fyt_tmpdir_setup(&dir), 0);
    put_member(&b, "k.png", png, n);
    put_member(&b, row->member, row->content, strlen(row->content));
    fyi_buf_append(&b, zeros, sizeof zeros);
    check_ok(fyi_file_write(fyt_path(dir, "x.tar"), b.p, b.len));
    o.label_field = row->field;
    if (row->part == NULL) {
        check_ok(fy_image_tar_open(fyt_path(dir, "x.tar"), &o, &d));
        assert_string_equal(fy_dataset_class_name(d, 0), "dog");
        fy_dataset_free(d);
    } else {
        check_status(fy_image_tar_open(fyt_path(dir, "x.tar"), &o, &d), FY_EFORMAT);
        check_sentence(row->part);
    }
    fyi_buf_release(&b);
    fyi_free(png);
    assert_int_equal(fyt_tmpdir_teardown(&dir), 0);
}

/* ---- damage ---------------------------------------------------------------------------------- */

static fy_status scan(const void *p, size_t n)
{
    uint8_t *exact = malloc(n + (n == 0)); /* so that a read past the end is seen */
    fyi_album album = { 0 };
    fyi_infile *file;
    fyi_tar *tar;
    fy_status st;

    memcpy(exact, p, n);
    check_ok(fyi_infile_lend("some.tar", exact, n, &file));
    st = fyi_tar_open(file, &tar);
    if (st == FY_OK)
        st = fyi_tar_gather(tar, "some.tar", &(fyi_scan_opts){ .media = &fyi_pictures }, &album);
    for (size_t i = 0; st == FY_OK && i < album.n; i++)
        assert_true(album.v[i].bytes >= 0 && album.v[i].at + (uint64_t)album.v[i].bytes <= n);
    fyi_tar_close(tar);
    fyi_infile_close(file);
    fyi_album_release(&album);
    free(exact);
    return st;
}

static const struct other_row {
    const char *name, *bytes;
    size_t n;
    const char *part;
} other_rows[] = {
    { "empty", "", 0, "is empty" },
    { "gzip", "\x1f\x8b\x08", 3, "unpack it with gunzip" },
    { "zstd", "\x28\xb5\x2f\xfd", 4, "unpack it with unzstd" },
    { "text", "hello", 5, "cut off" },
};

static void other_files_are_refused(void **state)
{
    const struct other_row *row = *state;

    check_status(scan(row->bytes, row->n), FY_EFORMAT);
    check_sentence(row->part);
}

static void what_is_no_tar_file_is_said(void **state)
{
    char junk[2048];

    (void)state;
    memset(junk, 'x', sizeof junk);
    check_status(scan(junk, sizeof junk), FY_EFORMAT);
    check_sentence("it is no tar file");
}

static void names_that_lead_out_are_refused(void **state)
{
    static const char *const names[] = { "../x.png", "a/../../x.png", "/etc/x.png", "a\\..\\x.png",
                                         "a/.." };

    (void)state;
    for (size_t i = 0; i < LEN(names); i++) {
        fyi_buf b = { 0 };

        put_member(&b, "a/k.png", "x", 1);
        put_member(&b, names[i], "x", 1);
        check_status(scan(b.p, b.len), FY_EFORMAT);
        check_sentence(names[i]);
        check_sentence("leads out of the archive");
        fyi_buf_release(&b);
    }
}

/* A size beyond the file, in octal and as a big-endian number. */
static void sizes_are_held_against_the_file(void **state)
{
    fyi_buf b = { 0 };
    unsigned sum = 8 * ' ';

    (void)state;
    put_member(&b, "a.png", "x", 1);
    memset(b.p + 124, 0xff, 12);
    b.p[124] = (char)0x80;
    b.p[125] = 0x7f;
    for (int i = 0; i < 512; i++)
        sum += i >= 148 && i < 156 ? 0 : (unsigned char)b.p[i];
    (void)snprintf(b.p + 148, 8, "%06o", sum);
    check_status(scan(b.p, b.len), FY_EFORMAT);
    check_sentence("size in the header at byte 0 is damaged");
    fyi_buf_release(&b);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static fy_status open_and_free(void *arg)
{
    fy_dataset *d;
    const fy_status st = fy_image_tar_open(arg, NULL, &d);

    fy_dataset_free(d);
    return st;
}

static void lack_of_memory_leaves_nothing_behind(void **state)
{
    char path[512];

    (void)state;
    (void)snprintf(path, sizeof path, "%s", golden_path("gnu.tar"));
    fyt_check_alloc_failures(open_and_free, path);
}

#define ADD(rows, test, label, row)                           \
    for (size_t i = 0; i < LEN(rows); i++)                    \
        tests[n++] = (struct CMUnitTest)                      \
        {                                                     \
            label, test, NULL, NULL, (void *)(uintptr_t)(row) \
        }

int main(void)
{
    struct CMUnitTest tests[64] = {
        cmocka_unit_test(pixels_are_those_of_the_members),
        cmocka_unit_test_setup_teardown(several_shards_follow_each_other, fyt_tmpdir_setup,
                                        fyt_tmpdir_teardown),
        cmocka_unit_test(what_is_no_tar_file_is_said),
        cmocka_unit_test(names_that_lead_out_are_refused),
        cmocka_unit_test(sizes_are_held_against_the_file),
        cmocka_unit_test(lack_of_memory_leaves_nothing_behind),
    };
    size_t n = 6;

    ADD(dialects, every_dialect_holds_the_same_samples, dialects[i], dialects[i]);
    ADD(label_rows, labels_come_from_members, label_rows[i].name, &label_rows[i]);
    ADD(other_rows, other_files_are_refused, other_rows[i].name, &other_rows[i]);
    return _cmocka_run_group_tests("tar", tests, n, NULL, NULL);
}

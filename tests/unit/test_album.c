/* Guards folders of pictures: their order, classes and samples are torchvision's; broken files are
 * named and left out up to the limit; what is decoded does not depend on the number of workers.
 * labels: threads
 * timeout: 120 */
#include "support/support.h"

#include "data/picture.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- making folders -------------------------------------------------------------------------- */

/* Copies tests/golden/images/file to dir/to, its first `bytes` (0: all). */
static void put(const char *dir, const char *file, const char *to, size_t bytes)
{
    char name[64], path[512];
    size_t n;
    char *p;

    (void)snprintf(name, sizeof name, "images/%s", file);
    p = fyt_golden(name, &n);
    (void)snprintf(path, sizeof path, "%s/%s", dir, to);
    *strrchr(path, '/') = '\0';
    check_ok(fyi_mkdirs(path));
    check_ok(fyi_file_write(fyt_path(dir, to), p, bytes > 0 ? bytes : n));
    fyi_free(p);
}

static void put_text(const char *dir, const char *to, const char *text)
{
    check_ok(fyi_file_write(fyt_path(dir, to), text, strlen(text)));
}

/* Six pictures of 13 x 11 in two classes. */
static void put_two_classes(const char *dir)
{
    put(dir, "rgb8.png", "b/2.png", 0);
    put(dir, "rgb8_interlaced.png", "b/10.PNG", 0);
    put(dir, "palette8.png", "b/deep/er/1.png", 0);
    put(dir, "rgba8.png", "b/deep-er/0.png", 0);
    put(dir, "grey8.png", "a/x.png", 0);
    put(dir, "rgb16.png", "a/.hidden.png", 0);
    put(dir, "rgb16.png", "a/y.jpg", 0);
    put_text(dir, "a/notes.txt", "not a picture");
}

static fy_dataset *open_folder(const char *dir, const fy_picture_opts *o)
{
    fy_dataset *d;

    check_ok(fy_image_folder_open(dir, o, &d));
    return d;
}

/* ---- order and classes ----------------------------------------------------------------------- */

static void folders_are_classes_in_byte_order(void **state)
{
    static const char *const names[] = { "a/x.png", "a/y.jpg",         "b/10.PNG",
                                         "b/2.png", "b/deep-er/0.png", "b/deep/er/1.png" };
    static const int32_t labels[] = { 0, 0, 1, 1, 1, 1 };
    fy_dataset *d;
    int32_t label;

    put_two_classes(*state);
    d = open_folder(*state, NULL);
    assert_int_equal(fy_dataset_count(d), LEN(names));
    assert_int_equal(fy_dataset_classes(d), 2);
    assert_string_equal(fy_dataset_class_name(d, 1), "b");
    assert_true(fy_shape_equal(fy_dataset_shape(d), &FY_SHAPE(3, 13, 11)));
    for (size_t i = 0; i < LEN(names); i++) {
        assert_string_equal(fy_dataset_sample_name(d, (int64_t)i), names[i]);
        check_ok(fy_dataset_label(d, (int64_t)i, &label));
        assert_int_equal(label, labels[i]);
    }
    assert_null(fy_dataset_sample_name(d, 6));
    fy_dataset_free(d);
}

static void a_flat_folder_has_no_labels(void **state)
{
    fy_picture_opts o = fy_picture_defaults();
    fy_dataset *d;

    put(*state, "grey8.png", "2.png", 0);
    put(*state, "grey4.png", "1.png", 0);
    d = open_folder(*state, NULL);
    assert_false(fy_dataset_has_labels(d));
    assert_string_equal(fy_dataset_sample_name(d, 0), "1.png");
    assert_true(fy_shape_equal(fy_dataset_shape(d), &FY_SHAPE(1, 13, 11))); /* all are grey */
    fy_dataset_free(d);
    put(*state, "rgb8.png", "sub/3.png", 0);
    o.is_unlabelled = true;
    d = open_folder(*state, &o);
    assert_false(fy_dataset_has_labels(d));
    assert_int_equal(fy_dataset_count(d), 3);
    assert_true(fy_shape_equal(fy_dataset_shape(d), &FY_SHAPE(3, 13, 11)));
    fy_dataset_free(d);
}

static void class_files_give_the_order(void **state)
{
    fy_dataset *d, *other;
    int32_t label;

    put_two_classes(*state);
    put_text(*state, "classes.txt", "b\r\nz\na\n");
    check_ok(fyi_mkdirs(fyt_path(*state, "z")));
    d = open_folder(*state, NULL);
    assert_int_equal(fy_dataset_classes(d), 3);
    assert_string_equal(fy_dataset_sample_name(d, 0), "a/x.png");
    check_ok(fy_dataset_label(d, 0, &label));
    assert_int_equal(label, 2);
    fy_dataset_free(d);
    put_text(*state, "classes.txt", "b\nz\n");
    check_status(fy_image_folder_open(*state, NULL, &other), FY_EFORMAT);
    check_sentence("the folder 'a', which is none of the 2 classes");
    assert_null(other);
}

static void links_in_a_circle_end(void **state)
{
    fy_dataset *d;

    put(*state, "rgb8.png", "a/1.png", 0);
    put(*state, "rgb8.png", "a/b/2.png", 0);
    assert_int_equal(symlink("../..", fyt_path(*state, "a/b/up")), 0);
    assert_int_equal(symlink("nowhere", fyt_path(*state, "a/b/gone.png")), 0);
    d = open_folder(*state, NULL);
    assert_int_equal(fy_dataset_count(d), 2);
    fy_dataset_free(d);
}

static void a_single_picture_is_a_folder_of_one(void **state)
{
    fy_dataset *d;

    put(*state, "rgb444.jpg", "a.jpg", 0);
    check_ok(fy_image_folder_open(fyt_path(*state, "a.jpg"), NULL, &d));
    assert_int_equal(fy_dataset_count(d), 1);
    assert_string_equal(fy_dataset_sample_name(d, 0), "a.jpg");
    assert_false(fy_dataset_has_labels(d));
    fy_dataset_free(d);
}

static void what_holds_no_pictures_is_refused(void **state)
{
    fy_dataset *d;

    check_status(fy_image_folder_open(*state, NULL, &d), FY_EINVAL);
    check_sentence("holds no JPEG, PNG or WebP pictures");
    put_text(*state, "file", "text");
    check_status(fy_image_folder_open(fyt_path(*state, "file"), NULL, &d), FY_EIO);
    check_status(fy_image_folder_open(fyt_path(*state, "none"), NULL, &d), FY_EIO);
    check_sentence("none");
}

/* ---- samples --------------------------------------------------------------------------------- */

static const struct sample_row {
    const char *file;
    int grey;
    int64_t height, width, shorter, crop_h, crop_w;
    int64_t shape[3]; /* h, w, c */
    int64_t at;       /* in samples.npy */
} sample_rows[] = {
#include "golden/images/samples.inc"
};

static void check_sample(const fy_dataset *d, const struct sample_row *row)
{
    const int64_t h = row->shape[0], w = row->shape[1], c = row->shape[2], n = h * w * c;
    float *x = malloc((size_t)n * sizeof *x), *expected = malloc((size_t)n * sizeof *x);
    fy_tensor *t;
    size_t bytes;
    char *file = fyt_golden("images/samples.npy", &bytes);
    const uint8_t *p;

    check_ok(fyi_npy_parse("samples.npy", file, bytes, &t));
    p = (const uint8_t *)fy_tensor_const_data(t) + row->at;
    assert_true(fy_shape_equal(fy_dataset_shape(d), &FY_SHAPE(c, h, w)));
    check_ok(fy_dataset_get(d, 0, x, n, NULL));
    for (int64_t k = 0; k < c; k++)
        for (int64_t i = 0; i < h * w; i++)
            expected[k * h * w + i] = (float)p[i * c + k] / 255.0f;
    check_close(x, expected, n, 0, 1.0 / 255 + 1e-6);
    fy_tensor_free(t);
    fyi_free(file);
    free(expected);
    free(x);
}

static void samples_are_torchvisions(void **state)
{
    static void *dir;
    const struct sample_row *row = *state;
    fy_picture_opts o = fy_picture_defaults();
    fy_dataset *d;

    assert_int_equal(fyt_tmpdir_setup(&dir), 0);
    put(dir, row->file, row->file, 0);
    o.channels = row->grey;
    o.height = row->height;
    o.width = row->width;
    o.shorter = row->shorter;
    o.crop_h = row->crop_h;
    o.crop_w = row->crop_w;
    d = open_folder(dir, &o);
    check_sample(d, row);
    fy_dataset_free(d);
    assert_int_equal(fyt_tmpdir_teardown(&dir), 0);
}

static void different_sizes_need_one_size(void **state)
{
    fy_picture_opts o = fy_picture_defaults();
    fy_dataset *d;

    put(*state, "rgb8.png", "a.png", 0);
    put(*state, "late_exif.png", "b.png", 0);
    check_status(fy_image_folder_open(*state, NULL, &d), FY_ESHAPE);
    check_sentence("'a.png' is 11x13, 'b.png' 13x11");
    o.shorter = 8;
    check_status(fy_image_folder_open(*state, &o, &d), FY_ESHAPE);
    o.crop_h = o.crop_w = 8;
    d = open_folder(*state, &o);
    assert_true(fy_shape_equal(fy_dataset_shape(d), &FY_SHAPE(3, 8, 8)));
    fy_dataset_free(d);
}

static const struct refusal {
    const char *name;
    fy_picture_opts o;
    const char *part;
} refusals[] = {
    { "two channels", { .channels = 2 }, "1 or 3 channels" },
    { "a height alone", { .height = 8 }, "height and width" },
    { "two ways", { .height = 8, .width = 8, .shorter = 8 }, "or to a shorter side" },
    { "too large", { .shorter = 70000 }, "0 to 65535 pixels" },
    { "negative", { .crop_h = -1 }, "0 to 65535 pixels" },
    { "no class file", { .classes_path = "/nowhere" }, "/nowhere" },
};

static void impossible_options_are_refused(void **state)
{
    static void *dir;
    const struct refusal *row = *state;
    fy_dataset *d;

    assert_int_equal(fyt_tmpdir_setup(&dir), 0);
    put(dir, "rgb8.png", "a/1.png", 0);
    assert_int_not_equal(fy_image_folder_open(dir, &row->o, &d), FY_OK);
    check_sentence(row->part);
    assert_null(d);
    assert_int_equal(fyt_tmpdir_teardown(&dir), 0);
}

/* ---- broken files ---------------------------------------------------------------------------- */

/* Good pictures 0 and 3, and three broken ones. */
static void put_broken(const char *dir)
{
    put(dir, "rgb8.png", "a/0.png", 0);
    put(dir, "rgb8.png", "a/1.png", 100);
    put_text(dir, "a/2.jpg", "");
    put(dir, "rgb8.png", "b/3.png", 0);
    put_text(dir, "b/4.png", "<html>not found</html>");
}

static void broken_files_are_named_and_left_out(void **state)
{
    fy_picture_opts o = fy_picture_defaults();
    fy_dataset *d, *none, *view;

    put_broken(*state);
    d = open_folder(*state, &o);
    assert_int_equal(fy_dataset_count(d), 2);
    assert_int_equal(fy_dataset_n_broken(d), 3);
    check_contains(fy_dataset_broken(d, 0), "'a/1.png'");
    check_contains(fy_dataset_broken(d, 1), "'a/2.jpg' is empty");
    check_contains(fy_dataset_broken(d, 2), "an HTML page");
    assert_null(fy_dataset_broken(d, 3));
    check_contains(fy_dataset_text(d), "3 broken files left out");
    assert_int_equal(fy_dataset_origin(d, 1), 3); /* numbers stay when files are mended */
    assert_string_equal(fy_dataset_sample_name(d, 1), "b/3.png");
    check_ok(fy_dataset_prepare(d, NULL, &view));
    assert_int_equal(fy_dataset_n_broken(view), 3);
    assert_string_equal(fy_dataset_sample_name(view, 1), "b/3.png");
    fy_dataset_free(view);
    fy_dataset_free(d);
    o.max_broken = 2;
    check_status(fy_image_folder_open(*state, &o, &none), FY_EFORMAT);
    check_sentence("3 of 5 pictures cannot be read, at most 2 may be left out");
    check_sentence("'a/1.png'");
}

static void all_broken_is_a_failure(void **state)
{
    fy_dataset *d;

    put(*state, "rgb8.png", "a/1.png", 50);
    check_status(fy_image_folder_open(*state, NULL, &d), FY_EFORMAT);
    check_sentence("none of its 1 pictures can be read");
}

/* Damage that only decoding shows: a JPEG whose end comes before all of its blocks. */
static void put_damaged_jpeg(const char *dir, const char *to)
{
    size_t n;
    char *p = fyt_golden("images/rgb420.jpg", &n);

    memcpy(p + n - 60, "\xff\xd9", 2);
    check_ok(fyi_file_write(fyt_path(dir, to), p, n));
    fyi_free(p);
}

static void late_damage_is_black_up_to_the_limit(void **state)
{
    fy_picture_opts o = fy_picture_defaults();
    float x[3 * 29 * 37];
    fy_tensor *all;
    fy_dataset *d;

    put(*state, "rgb444.jpg", "0.jpg", 0);
    put_damaged_jpeg(*state, "1.jpg");
    put_damaged_jpeg(*state, "2.jpg");
    o.max_broken = 1;
    d = open_folder(*state, &o);
    assert_int_equal(fy_dataset_n_broken(d), 0);
    for (int k = 0; k < 2; k++) {
        check_ok(fy_dataset_get(d, 1, x, LEN(x), NULL));
        for (size_t i = 0; i < LEN(x); i++)
            assert_true(x[i] == 0.0f);
    }
    assert_true(fy_dataset_is_broken(d, 1));
    assert_false(fy_dataset_is_broken(d, 0) || fy_dataset_is_broken(d, -1));
    check_status(fy_dataset_get(d, 2, x, LEN(x), NULL), FY_EFORMAT);
    check_sentence("2 pictures turned out to be broken");
    check_sentence("'2.jpg'");
    check_status(fy_dataset_read(d, NULL, 0, &all, NULL), FY_EFORMAT); /* as often as it is asked */
    check_sentence("turned out to be broken");
    assert_null(all);
    fy_dataset_free(d);
    o.check = FY_CHECK_PIXELS;
    o.max_broken = 2;
    d = open_folder(*state, &o);
    assert_int_equal(fy_dataset_n_broken(d), 2);
    fy_dataset_free(d);
}

static void names_alone_open_nothing(void **state)
{
    fy_picture_opts o = fy_picture_defaults();
    float x[3 * 8 * 8];
    fy_dataset *d;

    put_broken(*state);
    o.check = FY_CHECK_NAMES;
    o.height = o.width = 8;
    d = open_folder(*state, &o);
    assert_int_equal(fy_dataset_count(d), 5);
    check_ok(fy_dataset_get(d, 0, x, LEN(x), NULL));
    check_ok(fy_dataset_get(d, 1, x, LEN(x), NULL));
    fy_dataset_free(d);
    o.height = o.width = 0;
    d = open_folder(*state, &o); /* the first picture's size */
    assert_true(fy_shape_equal(fy_dataset_shape(d), &FY_SHAPE(3, 13, 11)));
    fy_dataset_free(d);
}

/* ---- hashes ---------------------------------------------------------------------------------- */

static void hashes_follow_names_bytes_and_options(void **state)
{
    fy_picture_opts o = fy_picture_defaults();
    fy_dataset *a, *b;

    put(*state, "rgb8.png", "one/x/1.png", 0);
    put(*state, "rgb8.png", "two/x/1.png", 0);
    a = open_folder(fyt_path(*state, "one"), NULL);
    b = open_folder(fyt_path(*state, "two/"), NULL);
    assert_string_equal(fy_dataset_name(b), "two");
    assert_string_equal(fy_dataset_hash(a), fy_dataset_hash(b));
    assert_string_equal(fy_dataset_view_hash(a), fy_dataset_view_hash(b));
    fy_dataset_free(b);
    o.shorter = 8;
    b = open_folder(fyt_path(*state, "one"), &o);
    assert_string_equal(fy_dataset_hash(a), fy_dataset_hash(b));
    assert_string_not_equal(fy_dataset_view_hash(a), fy_dataset_view_hash(b));
    fy_dataset_free(b);
    put(*state, "rgb8_interlaced.png", "two/x/1.png", 0);
    b = open_folder(fyt_path(*state, "two"), NULL);
    assert_string_not_equal(fy_dataset_hash(a), fy_dataset_hash(b));
    fy_dataset_free(b);
    fy_dataset_free(a);
}

/* ---- loading --------------------------------------------------------------------------------- */

static void any_number_of_workers_gives_the_same_bytes(void **state)
{
    static const int workers[] = { 0, 1, 2, 4 };
    fy_picture_opts o = fy_picture_defaults();
    char first[65], hex[65];
    fy_dataset *d;

    put_two_classes(*state);
    put(*state, "progressive.jpg", "a/large.jpg", 0);
    put_damaged_jpeg(*state, "b/damaged.jpg");
    o.shorter = 12;
    o.crop_h = o.crop_w = 10;
    d = open_folder(*state, &o);
    for (size_t k = 0; k < LEN(workers); k++) {
        fy_loader_opts lo = fy_loader_defaults();
        fyi_sha256 sum;
        fy_loader *l;
        fy_batch b;

        lo.batch = 3;
        lo.workers = workers[k];
        check_ok(fy_loader_open(d, &lo, &l));
        fyi_sha256_init(&sum);
        for (int i = 0; i < 20; i++) {
            check_ok(fy_loader_next(l, &b));
            fyi_sha256_update(&sum, b.x, 3 * 300 * sizeof *b.x);
            fyi_sha256_update(&sum, b.y, 3 * sizeof *b.y);
        }
        fyi_sha256_hex(&sum, k == 0 ? first : hex);
        assert_string_equal(first, k == 0 ? first : hex);
        fy_loader_close(l);
    }
    fy_dataset_free(d);
}

static void all_at_once_is_one_by_one(void **state)
{
    float one[3 * 13 * 11];
    fy_tensor *x, *y;
    fy_dataset *d;
    int32_t label;

    put_two_classes(*state);
    d = open_folder(*state, NULL);
    check_ok(fy_dataset_read(d, NULL, 0, &x, &y));
    for (int64_t i = 0; i < fy_dataset_count(d); i++) {
        check_ok(fy_dataset_get(d, i, one, LEN(one), &label));
        assert_memory_equal((const float *)fy_tensor_const_data(x) + i * (int64_t)LEN(one), one,
                            sizeof one);
        assert_int_equal(((const int32_t *)fy_tensor_const_data(y))[i], label);
    }
    fy_tensor_free(y);
    fy_tensor_free(x);
    fy_dataset_free(d);
}

static fy_status open_and_read(void *arg)
{
    fy_picture_opts o = fy_picture_defaults();
    fy_dataset *d;
    float x[3 * 8 * 8];
    fy_status st;

    o.height = o.width = 8;
    FYI_FORWARD(fy_image_folder_open(arg, &o, &d));
    st = fy_dataset_get(d, 0, x, LEN(x), NULL);
    fy_dataset_free(d);
    return st;
}

static void lack_of_memory_leaves_nothing_behind(void **state)
{
    put(*state, "rgb8.png", "a/1.png", 0);
    put(*state, "turned6.jpg", "b/2.jpg", 0);
    fyt_check_alloc_failures(open_and_read, *state);
}

static void opening_stops_when_asked(void **state)
{
    const volatile sig_atomic_t flag = 1;
    fy_dataset *d;

    put(*state, "rgb8.png", "1.png", 0);
    (void)fy_cancel_set(&flag);
    check_status(fy_image_folder_open(*state, NULL, &d), FY_ECANCELED);
    (void)fy_cancel_set(NULL);
    assert_null(d);
}

/* ---- real data ------------------------------------------------------------------------------- */

static void pacs_is_read_as_it_is(void **state)
{
    const char *path = fyt_data_path("pacs/sketch");
    int64_t counts[7];
    fy_dataset *d;
    float x[3 * 227 * 227];

    (void)state;
    if (path == NULL)
        skip();
    d = open_folder(path, NULL);
    assert_int_equal(fy_dataset_count(d), 385);
    assert_int_equal(fy_dataset_classes(d), 7);
    assert_string_equal(fy_dataset_class_name(d, 6), "person");
    assert_true(fy_shape_equal(fy_dataset_shape(d), &FY_SHAPE(3, 227, 227)));
    check_ok(fy_dataset_class_counts(d, counts, 7));
    for (int c = 0; c < 7; c++)
        assert_int_equal(counts[c], 55);
    check_ok(fy_dataset_get(d, 384, x, LEN(x), NULL));
    fy_dataset_free(d);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, fyt_tmpdir_setup, fyt_tmpdir_teardown)
    struct CMUnitTest tests[64] = {
        IN_FOLDER(folders_are_classes_in_byte_order),
        IN_FOLDER(a_flat_folder_has_no_labels),
        IN_FOLDER(class_files_give_the_order),
        IN_FOLDER(links_in_a_circle_end),
        IN_FOLDER(what_holds_no_pictures_is_refused),
        IN_FOLDER(a_single_picture_is_a_folder_of_one),
        IN_FOLDER(different_sizes_need_one_size),
        IN_FOLDER(broken_files_are_named_and_left_out),
        IN_FOLDER(all_broken_is_a_failure),
        IN_FOLDER(late_damage_is_black_up_to_the_limit),
        IN_FOLDER(names_alone_open_nothing),
        IN_FOLDER(hashes_follow_names_bytes_and_options),
        IN_FOLDER(any_number_of_workers_gives_the_same_bytes),
        IN_FOLDER(all_at_once_is_one_by_one),
        IN_FOLDER(lack_of_memory_leaves_nothing_behind),
        IN_FOLDER(opening_stops_when_asked),
        cmocka_unit_test(pacs_is_read_as_it_is),
    };
    size_t n = 17;
    static char names[LEN(sample_rows)][64];

    for (size_t i = 0; i < LEN(sample_rows); i++) {
        (void)snprintf(names[i], sizeof names[i], "%s, sample %zu", sample_rows[i].file, i);
        tests[n++] = (struct CMUnitTest){ names[i], samples_are_torchvisions, NULL, NULL,
                                          (void *)(uintptr_t)&sample_rows[i] };
    }
    for (size_t i = 0; i < LEN(refusals); i++)
        tests[n++] = (struct CMUnitTest){ refusals[i].name, impossible_options_are_refused, NULL,
                                          NULL, (void *)(uintptr_t)&refusals[i] };
    return _cmocka_run_group_tests("album", tests, n, NULL, NULL);
}

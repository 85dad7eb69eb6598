/* Guards decoding: pixels are Pillow's for every kind of JPEG, PNG and WebP, upright and over white;
 * other files are named, and sizes held against what is there. test_foreign.c has damaged files. */
#include "support/support.h"

#include "data/picture.h"

#include <stdlib.h>
#include <string.h>

static const struct picture_row {
    const char *file;
    int64_t h, w;
    int c, orientation, tolerance;
} picture_rows[] = {
#include "golden/images/images.inc"
};

static char *golden(const char *file, size_t *n)
{
    char path[128];

    (void)snprintf(path, sizeof path, "images/%s", file);
    return fyt_golden(path, n);
}

/* "rgb8.png" -> the pixels of rgb8.npy */
static fy_tensor *golden_pixels(const char *file)
{
    char name[64];
    fy_tensor *t;
    size_t n;
    char *bytes;

    (void)snprintf(name, sizeof name, "%.*s.npy", (int)strcspn(file, "."), file);
    bytes = golden(name, &n);
    check_ok(fyi_npy_parse(name, bytes, n, &t));
    fyi_free(bytes);
    return t;
}

static void check_pixels(const fyi_picture *p, const fy_tensor *expected, int tolerance)
{
    const uint8_t *e = fy_tensor_const_data(expected);
    int worst = 0;

    assert_true(fy_shape_equal(fy_tensor_shape(expected), &FY_SHAPE(p->h, p->w, p->c)));
    for (int64_t i = 0; i < p->h * p->w * p->c; i++)
        worst = FYI_MAX(worst, abs(p->p[i] - e[i]));
    if (worst > tolerance)
        fail_msg("pixels differ by up to %d, allowed are %d", worst, tolerance);
}

static fy_status decode(const void *p, size_t n, fyi_picture *out)
{
    const fyi_encoded e = { "some-file", p, n };

    return fyi_picture_decode(&e, &(fyi_decode_opts){ .max_pixels = 1 << 16 }, out);
}

static void pixels_are_pillows(void **state)
{
    const struct picture_row *row = *state;
    fy_tensor *expected = golden_pixels(row->file);
    fyi_picture_info info;
    fyi_picture p;
    fyi_encoded e = { .name = row->file };
    char *bytes = golden(row->file, &e.n);

    e.p = (const uint8_t *)bytes;
    check_ok(fyi_picture_check(&e, &info));
    assert_int_equal(info.h, row->h);
    assert_int_equal(info.w, row->w);
    assert_int_equal(info.c, row->c);
    assert_int_equal(info.orientation, row->orientation);
    check_ok(decode(bytes, e.n, &p));
    check_pixels(&p, expected, row->tolerance);
    fyi_picture_release(&p);
    fyi_free(bytes);
    fy_tensor_free(expected);
}

/* large.jpg is 162 x 120: decoded at no less than twice the size wanted. */
static const struct scale_row {
    const char *name;
    int64_t h, w;
    int divisor;
} scale_rows[] = {
    { "a bit too large", 31, 30, 1 },
    { "a half", 30, 40, 2 },
    { "wide enough, not high", 30, 3, 2 },
    { "a quarter", 15, 20, 4 },
    { "an eighth", 7, 10, 8 },
    { "never less", 1, 1, 8 },
    { "full size", 0, 0, 1 },
    { "one unknown", 0, 10, 1 },
};

static void large_pictures_are_decoded_smaller(void **state)
{
    const struct scale_row *row = *state;
    fyi_encoded e = { .name = "large.jpg" };
    char *bytes = golden("large.jpg", &e.n), file[32];
    fyi_picture p;

    e.p = (const uint8_t *)bytes;
    check_ok(fyi_picture_decode(&e, &(fyi_decode_opts){ .h = row->h, .w = row->w }, &p));
    assert_int_equal(p.h, (120 + row->divisor - 1) / row->divisor);
    assert_true(p.end_x == 162.0f / (float)row->divisor);
    assert_true(p.end_y == 120.0f / (float)row->divisor);
    if (row->divisor > 1) {
        fy_tensor *expected;

        (void)snprintf(file, sizeof file, "large_by%d.", row->divisor);
        expected = golden_pixels(file);
        check_pixels(&p, expected, 1);
        fy_tensor_free(expected);
    }
    fyi_picture_release(&p);
    fyi_free(bytes);
}

static void channels_are_converted(void **state)
{
    static const uint8_t rgb[] = { 255, 255, 255, 255, 0, 0, 0, 255, 0, 0, 0, 255 };
    static const uint8_t grey[] = { 255, 76, 150, 29 }; /* Pillow's convert("L") */
    fyi_picture p;

    (void)state;
    check_ok(fyi_picture_new(&p, 2, 2, 3));
    memcpy(p.p, rgb, sizeof rgb);
    check_ok(fyi_picture_set_channels(&p, 1));
    assert_memory_equal(p.p, grey, sizeof grey);
    check_ok(fyi_picture_set_channels(&p, 3));
    assert_int_equal(p.c, 3);
    assert_int_equal(p.p[3], 76);
    assert_int_equal(p.p[5], 76);
    fyi_picture_release(&p);
}

static const struct ending_row {
    const char *name;
    bool is_picture;
} ending_rows[] = { { "a.jpg", true },      { "b.JPEG", true }, { "c.tar.png", true },
                    { "d.webp", true },     { "png", false },   { "a.gif", false },
                    { "a.jpg.txt", false }, { ".png", true },   { "a.", false } };

static void endings_tell_pictures(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(ending_rows); i++)
        assert_true(fyi_media_has_ending(&fyi_pictures, ending_rows[i].name) ==
                    ending_rows[i].is_picture);
}

/* ---- damage ---------------------------------------------------------------------------------- */

static const struct other_row {
    const char *name, *bytes, *part;
} other_rows[] = {
    { "empty", "", "is empty" },
    { "a GIF", "GIF89a........", "but a GIF" },
    { "a web page", "<!DOCTYPE html>", "but an HTML page" },
    { "a pointer", "version https://git-lfs.github.com/spec/v1", "git lfs pull" },
    { "text", "hello", "begins with 0x68656c6c" },
    { "one byte", "\xff", "begins with 0xff" },
};

static void other_files_are_named(void **state)
{
    const struct other_row *row = *state;
    fyi_picture p;

    check_status(decode(row->bytes, strlen(row->bytes), &p), FY_EFORMAT);
    check_sentence("'some-file'");
    check_sentence(row->part);
    assert_null(p.p);
}

/* All of them, by the chunks' checksums. */
static void no_flipped_bit_of_a_png_passes_the_check(void **state)
{
    fyi_encoded e = { .name = "some-file" };
    char *bytes = golden("rgb8.png", &e.n);
    fyi_picture_info info;

    (void)state;
    e.p = (const uint8_t *)bytes;
    for (size_t bit = 0; bit < e.n * 8; bit++) {
        bytes[bit / 8] ^= (char)(1u << bit % 8);
        check_status(fyi_picture_check(&e, &info), FY_EFORMAT);
        bytes[bit / 8] ^= (char)(1u << bit % 8);
    }
    fyi_free(bytes);
}

/* A header that promises more than its file can hold is refused before memory is taken for it. */
static void sizes_are_held_against_the_file(void **state)
{
    size_t n;
    char *bytes = golden("rgb420.jpg", &n);
    uint8_t *frame = memmem(bytes, n, "\xff\xc0", 2);
    fyi_encoded e = { "some-file", (const uint8_t *)bytes, n };
    fyi_picture_info info;

    (void)state;
    frame[5] = frame[7] = 0x1f;
    check_status(fyi_picture_probe(&e, 0, &info), FY_EFORMAT);
    check_sentence("bytes cannot hold");
    frame[5] = frame[7] = 0xff;
    check_status(fyi_picture_probe(&e, 0, &info), FY_EFORMAT);
    check_sentence("at most 134217728 in all");
    frame[5] = frame[7] = 0;
    check_status(fyi_picture_probe(&e, 1000, &info), FY_EFORMAT);
    check_sentence("at most 1000 in all");
    fyi_free(bytes);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static fy_status decode_and_free(void *arg)
{
    const fyi_encoded *e = arg;
    fyi_picture p;
    const fy_status st = fyi_picture_decode(e, &(fyi_decode_opts){ 0 }, &p);

    fyi_picture_release(&p);
    return st;
}

/* What is written is read back, grey and in colour. */
static void pixels_written_are_read(void **state)
{
    uint8_t pixels[3 * 4 * 5];

    (void)state;
    for (int i = 0; i < 60; i++)
        pixels[i] = (uint8_t)(i * 37 % 256);
    for (int64_t planes = 1; planes <= 3; planes += 2) {
        fyi_buf png = { 0 };
        fyi_picture p;

        assert_true(fyi_png_put(&png, pixels, planes, 4, 5));
        check_ok(fyi_picture_decode(&(fyi_encoded){ "written.png", (const uint8_t *)png.p, png.len },
                                    &(fyi_decode_opts){ 0 }, &p));
        assert_true(p.h == 4 && p.w == 5 && p.c == planes);
        for (int64_t i = 0; i < planes * 20; i++)
            assert_int_equal(p.p[i % 20 * planes + i / 20], pixels[i]);
        fyi_picture_release(&p);
        fyi_buf_release(&png);
    }
}

static void lack_of_memory_leaves_nothing_behind(void **state)
{
    static const char *const files[] = { "turned6.jpg", "cmyk_adobe.jpg", "late_exif.png",
                                         "rgba8_interlaced.png", "exif.webp" };

    (void)state;
    for (size_t i = 0; i < LEN(files); i++) {
        fyi_encoded e = { .name = files[i] };
        char *bytes = golden(files[i], &e.n);

        e.p = (const uint8_t *)bytes;
        fyt_check_alloc_failures(decode_and_free, &e);
        fyi_free(bytes);
    }
}

#define ADD(rows, test, label)                                       \
    for (size_t i = 0; i < LEN(rows); i++)                           \
        tests[n++] = (struct CMUnitTest)                             \
        {                                                            \
            label, test, NULL, NULL, (void *)(uintptr_t) & (rows)[i] \
        }

int main(void)
{
    struct CMUnitTest tests[128] = {
        cmocka_unit_test(channels_are_converted),
        cmocka_unit_test(endings_tell_pictures),
        cmocka_unit_test(no_flipped_bit_of_a_png_passes_the_check),
        cmocka_unit_test(sizes_are_held_against_the_file),
        cmocka_unit_test(pixels_written_are_read),
        cmocka_unit_test(lack_of_memory_leaves_nothing_behind),
    };
    size_t n = 6;

    ADD(picture_rows, pixels_are_pillows, picture_rows[i].file);
    ADD(scale_rows, large_pictures_are_decoded_smaller, scale_rows[i].name);
    ADD(other_rows, other_files_are_named, other_rows[i].name);
    return _cmocka_run_group_tests("codecs", tests, n, NULL, NULL);
}

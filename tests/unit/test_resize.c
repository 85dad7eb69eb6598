/* Guards resizing: bytes are Pillow's BILINEAR with and without a box, up and down, to one grey level
 * where Pillow's versions differ among themselves; a part of the outputs is the part of the whole. */
#include "support/support.h"

#include "data/picture.h"

#include <stdlib.h>
#include <string.h>

static const struct resize_row {
    int64_t h, w;
    int c;
    int64_t to_h, to_w;
    float y0, x0, y1, x1;
    int64_t at; /* of the first expected byte */
    int tolerance;
} resize_rows[] = {
#include "golden/images/resize.inc"
};

static fy_tensor *expected; /* u8, all rows' results */

static int read_expected(void **state)
{
    size_t n;
    char *bytes = fyt_golden("images/resize.npy", &n);

    (void)state;
    check_ok(fyi_npy_parse("resize.npy", bytes, n, &expected));
    fyi_free(bytes);
    return 0;
}

static int free_expected(void **state)
{
    (void)state;
    fy_tensor_free(expected);
    return 0;
}

/* The same formula stands in tests/golden/make_images.py. */
static fyi_picture source(int64_t h, int64_t w, int c)
{
    fyi_picture p;

    check_ok(fyi_picture_new(&p, h, w, c));
    for (int64_t i = 0; i < h * w * c; i++)
        p.p[i] = (uint8_t)((uint32_t)((uint64_t)i * 2654435761u) >> 24);
    return p;
}

static void bytes_are_pillows(void **state)
{
    const struct resize_row *row = *state;
    const int64_t n = row->to_h * row->to_w * row->c;
    fyi_picture src = source(row->h, row->w, row->c);
    const uint8_t *want = (const uint8_t *)fy_tensor_const_data(expected) + row->at;
    uint8_t *dst = malloc((size_t)n);
    int worst = 0;

    check_ok(
        fyi_picture_resize(&src, &(fyi_resize_axis){ row->y0, row->y1, row->to_h, 0, row->to_h },
                           &(fyi_resize_axis){ row->x0, row->x1, row->to_w, 0, row->to_w }, dst));
    for (int64_t i = 0; i < n; i++)
        worst = FYI_MAX(worst, abs(dst[i] - want[i]));
    assert_in_range(worst, 0, row->tolerance);
    free(dst);
    fyi_picture_release(&src);
}

static void a_part_is_the_part_of_the_whole(void **state)
{
    fyi_picture src = source(31, 44, 3);
    uint8_t whole[20][16][3], part[7][5][3];

    (void)state;
    check_ok(fyi_picture_resize(&src, &(fyi_resize_axis){ 0, 31, 20, 0, 20 },
                                &(fyi_resize_axis){ 0, 44, 16, 0, 16 }, &whole[0][0][0]));
    check_ok(fyi_picture_resize(&src, &(fyi_resize_axis){ 0, 31, 20, 9, 16 },
                                &(fyi_resize_axis){ 0, 44, 16, 3, 8 }, &part[0][0][0]));
    for (int y = 0; y < 7; y++)
        assert_memory_equal(part[y], whole[9 + y][3], sizeof part[y]);
    fyi_picture_release(&src);
}

static fy_status resize_small(void *arg)
{
    uint8_t dst[9];

    return fyi_picture_resize(arg, &(fyi_resize_axis){ 0, 8, 3, 0, 3 },
                              &(fyi_resize_axis){ 0, 8, 3, 0, 3 }, dst);
}

static void lack_of_memory_leaves_nothing_behind(void **state)
{
    fyi_picture src = source(8, 8, 1);

    (void)state;
    fyt_check_alloc_failures(resize_small, &src);
    fyi_picture_release(&src);
}

int main(void)
{
    struct CMUnitTest tests[64] = { cmocka_unit_test(a_part_is_the_part_of_the_whole),
                                    cmocka_unit_test(lack_of_memory_leaves_nothing_behind) };
    static char names[LEN(resize_rows)][48];
    size_t n = 2;

    for (size_t i = 0; i < LEN(resize_rows); i++) {
        const struct resize_row *r = &resize_rows[i];

        (void)snprintf(names[i], sizeof names[i], "%lldx%lldx%d to %lldx%lld", (long long)r->h,
                       (long long)r->w, r->c, (long long)r->to_h, (long long)r->to_w);
        tests[n++] =
            (struct CMUnitTest){ names[i], bytes_are_pillows, NULL, NULL, (void *)(uintptr_t)r };
    }
    return _cmocka_run_group_tests("resize", tests, n, read_expected, free_expected);
}

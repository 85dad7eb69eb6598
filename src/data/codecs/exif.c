/* exif.c: which way up a picture is: EXIF's tag 0x0112 (JEITA CP-3451, 4.6.4), and turning it.
 *
 *   1 upright   2 mirrored   3 half a turn   4 upside down mirror   5 to 8: the same, transposed
 * EXIF data is a TIFF file: a byte order mark, 42, and the place of a directory of 12-byte entries:
 * tag, type, count, value. */
#include "data/picture.h"

#include <string.h>

#define TAG_ORIENTATION 0x0112
#define TYPE_SHORT 3

/* ---- the tag --------------------------------------------------------------------------------- */

typedef struct tiff {
    const uint8_t *p;
    size_t n;
    bool is_big;
} tiff;

/* `bytes` bytes at `at`, which must be inside. */
static uint32_t number(const tiff *t, size_t at, int bytes)
{
    uint32_t v = 0;

    for (int i = 0; i < bytes; i++)
        v = v << 8 | t->p[at + (size_t)(t->is_big ? i : bytes - 1 - i)];
    return v;
}

/* The directory's place; 0 if there is none. */
static size_t find_directory(tiff *t)
{
    size_t at;

    if (t->n < 8 || (memcmp(t->p, "II", 2) != 0 && memcmp(t->p, "MM", 2) != 0))
        return 0;
    t->is_big = t->p[0] == 'M';
    at = number(t, 4, 4);
    return number(t, 2, 2) == 42 && at >= 8 && at <= t->n - 2 ? at : 0;
}

int fyi_exif_orientation(const uint8_t *p, size_t n)
{
    tiff t = { p, n, false };
    size_t at = find_directory(&t), count;

    if (at == 0)
        return 1;
    count = number(&t, at, 2);
    at += 2;
    for (; count > 0 && n - at >= 12; count--, at += 12)
        if (number(&t, at, 2) == TAG_ORIENTATION && number(&t, at + 2, 2) == TYPE_SHORT) {
            const uint32_t v = number(&t, at + 8, 2);

            return v >= 1 && v <= 8 ? (int)v : 1;
        }
    return 1;
}

/* ---- turning --------------------------------------------------------------------------------- */

/* Of the stored rows and columns, before they are transposed. */
static const struct {
    bool is_transposed, mirrors_rows, mirrors_columns;
} turns[] = {
    [1] = { false, false, false }, [2] = { false, false, true }, [3] = { false, true, true },
    [4] = { false, true, false },  [5] = { true, false, false }, [6] = { true, true, false },
    [7] = { true, true, true },    [8] = { true, false, true },
};

/* dst(y, x) = src(start + y * down + x * along), all in bytes. */
static void copy_pixels(const uint8_t *start, int64_t down, int64_t along, const fyi_picture *dst)
{
    uint8_t *p = dst->p;

    for (int64_t y = 0; y < dst->h; y++)
        for (int64_t x = 0; x < dst->w; x++)
            for (int k = 0; k < dst->c; k++)
                *p++ = start[y * down + x * along + k];
}

fy_status fyi_picture_turn(fyi_picture *p, int orientation)
{
    const int64_t row = p->w * p->c, column = p->c;
    int64_t start = 0, down = row, along = column;
    fyi_picture made;
    bool turned;

    if (orientation < 2)
        return FY_OK;
    turned = turns[orientation].is_transposed;
    if (turns[orientation].mirrors_rows) {
        start += (p->h - 1) * row;
        down = -row;
    }
    if (turns[orientation].mirrors_columns) {
        start += (p->w - 1) * column;
        along = -column;
    }
    FYI_FORWARD(fyi_picture_new(&made, turned ? p->w : p->h, turned ? p->h : p->w, p->c));
    copy_pixels(p->p + start, turned ? along : down, turned ? down : along, &made);
    made.end_y = turned ? p->end_x : p->end_y;
    made.end_x = turned ? p->end_y : p->end_x;
    fyi_picture_release(p);
    *p = made;
    return FY_OK;
}

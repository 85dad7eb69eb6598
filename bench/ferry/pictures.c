/* pictures.c: a folder of JPEG files of 500x375, as photographs on the net are, in ten classes: pieces of the photographs
 * in $FERRY_DATA/pacs side by side, or drawn where there are none. */
#include "bench.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <jpeglib.h>

#define WIDE 500
#define HIGH 375
#define QUALITY 90

typedef struct source {
    fy_dataset *photos; /* of one size; NULL: pictures are drawn */
    int64_t n, h, w;
    float *photo; /* [3, h, w] */
} source;

static fy_status open_photos(source *s)
{
    const char *data = getenv("FERRY_DATA");
    fy_picture_opts o = fy_picture_defaults();
    char path[1024];
    struct stat found;
    fy_status st;
    snprintf(path, sizeof path, "%s/pacs/photo", data ? data : "");
    if (!data || stat(path, &found) != 0)
        return FY_OK;
    o.channels = 3;
    FY_TRY(fy_image_folder_open(path, &o, &s->photos));
    s->n = fy_dataset_count(s->photos);
    s->h = fy_dataset_shape(s->photos)->d[1];
    s->w = fy_dataset_shape(s->photos)->d[2];
    s->photo = malloc((size_t)(3 * s->h * s->w) * sizeof *s->photo);
    if (!s->photo)
        FY_TRY(fy_error(FY_ENOMEM, "no memory for a photograph"));
done:
    return st;
}

/* One photograph into the picture, its corner at (left, top). */
static void lay(const source *s, int64_t left, int64_t top, uint8_t *rgb)
{
    for (int64_t y = 0; y < s->h && top + y < HIGH; y++)
        for (int64_t x = 0; x < s->w && left + x < WIDE; x++)
            for (int64_t c = 0; c < 3; c++)
                rgb[((top + y) * WIDE + left + x) * 3 + c] =
                    (uint8_t)lrintf(255 * s->photo[(c * s->h + y) * s->w + x]);
}

static fy_status lay_photos(const source *s, int64_t i, uint8_t *rgb)
{
    int64_t next = i * 7;
    for (int64_t top = 0; top < HIGH; top += s->h)
        for (int64_t left = 0; left < WIDE; left += s->w) {
            const fy_status st =
                fy_dataset_get(s->photos, next++ % s->n, s->photo, 3 * s->h * s->w, NULL);
            if (st != FY_OK)
                return st;
            lay(s, left, top, rgb);
        }
    return FY_OK;
}

/* Waves of some size and grain. */
static void draw(int64_t i, uint8_t *rgb)
{
    const fy_rng all = fy_rng_named(1, "pictures");
    fy_rng r = fy_rng_child(&all, (uint64_t)i);
    float wave[3][3];
    for (int c = 0; c < 9; c++)
        wave[c / 3][c % 3] = 0.01f + 0.1f * fy_rng_uniform(&r);
    for (int64_t p = 0; p < WIDE * HIGH; p++)
        for (int64_t c = 0; c < 3; c++) {
            const float x = (float)(p % WIDE), y = (float)(p / WIDE), *k = wave[c];
            const float v = sinf(k[0] * x) + sinf(k[1] * y) + sinf(k[2] * (x + y));
            rgb[p * 3 + c] = (uint8_t)lrintf(127.5f + 35 * v + 20 * (fy_rng_uniform(&r) - 0.5f));
        }
}

static void encode(FILE *f, uint8_t *rgb)
{
    struct jpeg_compress_struct z;
    struct jpeg_error_mgr errors;
    z.err = jpeg_std_error(&errors);
    jpeg_create_compress(&z);
    jpeg_stdio_dest(&z, f);
    z.image_width = WIDE;
    z.image_height = HIGH;
    z.input_components = 3;
    z.in_color_space = JCS_RGB;
    jpeg_set_defaults(&z);
    jpeg_set_quality(&z, QUALITY, TRUE);
    jpeg_start_compress(&z, TRUE);
    while (z.next_scanline < z.image_height) {
        JSAMPROW row = rgb + (size_t)z.next_scanline * WIDE * 3;
        jpeg_write_scanlines(&z, &row, 1);
    }
    jpeg_finish_compress(&z);
    jpeg_destroy_compress(&z);
}

static fy_status make_folder(const char *path)
{
    if (mkdir(path, 0777) == 0 || errno == EEXIST)
        return FY_OK;
    return fy_error(FY_EIO, "'%s' cannot be made: %s", path, strerror(errno));
}

static fy_status write_picture(const source *s, const char *folder, int64_t i, uint8_t *rgb)
{
    char path[1100];
    fy_status st;
    snprintf(path, sizeof path, "%.1000s/%d", folder, (int)(i % 10));
    FY_TRY(make_folder(path));
    snprintf(path, sizeof path, "%.1000s/%d/%04d.jpg", folder, (int)(i % 10), (int)i);
    if (s->photos)
        FY_TRY(lay_photos(s, i, rgb));
    else
        draw(i, rgb);
    FILE *f = fopen(path, "wb");
    if (f)
        encode(f, rgb);
    if (!f || fclose(f) != 0)
        FY_TRY(fy_error(FY_EIO, "'%s' cannot be written: %s", path, strerror(errno)));
done:
    return st;
}

fy_status begin_pictures(bench *b)
{
    static uint8_t rgb[WIDE * HIGH * 3];
    source s = { 0 };
    fy_status st;
    char half[1024];
    if (!b->folder)
        return fy_error(FY_EINVAL, "where should pictures go? Add --folder PATH");
    snprintf(half, sizeof half, "%s.part", b->folder);
    FY_TRY(open_photos(&s));
    FY_TRY(make_folder(half));
    for (int64_t i = 0; i < b->images; i++)
        FY_TRY(write_picture(&s, half, i, rgb));
    if (rename(half, b->folder) != 0)
        FY_TRY(fy_error(FY_EIO, "'%s' cannot be made: %s", b->folder, strerror(errno)));
done:
    fy_dataset_free(s.photos);
    free(s.photo);
    return st;
}

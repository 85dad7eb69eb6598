/* png.c: PNG through libpng: all colour types and depths, interlaced or not.
 *
 *   signature, then chunks: length (big-endian), type, content, CRC-32 of type and content
 * 16 bits become the upper 8, as Pillow has it; palettes become RGB; whatever is transparent shows
 * white. Colour profiles and gamma are not looked at. libpng leaves by longjmp; all that it works on
 * is in one struct. */
#include "data/picture.h"

#include <setjmp.h>
#include <string.h>

#include <png.h>
#include <zlib.h>

/* Deflate's best, see fyi_bytes_bound. */
#define MAX_EXPANSION 1032

typedef struct reader {
    png_structp png;
    png_infop info;
    const fyi_encoded *e;
    size_t at;
    char text[128];
    bool is_out_of_memory;
    uint8_t **rows; /* [h], into raw */
    uint8_t *raw;   /* [h, w, 1 to 4] */
} reader;

/* ---- what libpng calls ----------------------------------------------------------------------- */

static void on_error(png_structp png, png_const_charp text)
{
    reader *r = png_get_error_ptr(png);

    (void)snprintf(r->text, sizeof r->text, "%s", text);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

static png_voidp allocate(png_structp png, png_alloc_size_t bytes)
{
    reader *r = png_get_mem_ptr(png);
    void *p = fyi_alloc(bytes);

    r->is_out_of_memory = r->is_out_of_memory || p == NULL;
    return p;
}

static void release(png_structp png, png_voidp p)
{
    (void)png;
    fyi_free(p);
}

static void read_bytes(png_structp png, png_bytep dst, size_t n)
{
    reader *r = png_get_io_ptr(png);

    if (n > r->e->n - r->at)
        png_error(png, "it was cut off");
    memcpy(dst, r->e->p + r->at, n);
    r->at += n;
}

/* ---- the header ------------------------------------------------------------------------------ */

static fy_status fail(const reader *r)
{
    if (r->is_out_of_memory || r->png == NULL)
        return fyi_enomem(r->e->n, r->e->name);
    return fyi_fail(FY_EFORMAT, "'%s': its PNG data is damaged (%s)", r->e->name, r->text);
}

static bool read_header(reader *r)
{
    r->png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, r, on_error, on_warning, r, allocate,
                                      release);
    if (r->png == NULL)
        return false;
    if (setjmp(png_jmpbuf(r->png)) != 0)
        return false;
    r->info = png_create_info_struct(r->png);
    if (r->info == NULL)
        return false;
    png_set_user_limits(r->png, FYI_MAX_SIDE, FYI_MAX_SIDE);
    png_set_read_fn(r->png, r, read_bytes);
    png_read_info(r->png, r->info);
    return true;
}

static fy_status check_header(const reader *r, int64_t max_pixels)
{
    const int64_t h = png_get_image_height(r->png, r->info);
    const int64_t w = png_get_image_width(r->png, r->info);
    const uint64_t bytes = (uint64_t)h * (png_get_rowbytes(r->png, r->info) + 1);

    FYI_FORWARD(fyi_picture_check_size(r->e, "PNG", h, w, max_pixels));
    if (bytes / MAX_EXPANSION > r->e->n)
        return fyi_fail(FY_EFORMAT,
                        "'%s': its PNG header says %lldx%lld pixels, which %zu bytes cannot hold; "
                        "the file was cut off or its header is damaged",
                        r->e->name, (long long)w, (long long)h, r->e->n);
    return FY_OK;
}

static fy_status open_file(reader *r, const fyi_encoded *e, int64_t max_pixels)
{
    *r = (reader){ .e = e };
    if (!read_header(r))
        return fail(r);
    return check_header(r, max_pixels);
}

static void close_file(reader *r)
{
    if (r->png != NULL)
        png_destroy_read_struct(&r->png, &r->info, NULL);
    fyi_free(r->rows);
    fyi_free(r->raw);
}

static bool is_png(const uint8_t *p, size_t n)
{
    return n >= 8 && memcmp(p, "\x89PNG\r\n\x1a\n", 8) == 0;
}

/* ---- the structure --------------------------------------------------------------------------- */

typedef struct chunk {
    const uint8_t *type, *p; /* NULL type: no whole chunk is left */
    uint32_t n, crc;
} chunk;

static chunk next_chunk(const fyi_encoded *e, size_t *at)
{
    const uint8_t *p = e->p + *at;
    chunk c = { 0 };

    if (e->n - *at < 12)
        return c;
    c.n = png_get_uint_32(p);
    if (c.n > e->n - *at - 12)
        return c;
    c.type = p + 4;
    c.p = p + 8;
    c.crc = png_get_uint_32(c.p + c.n);
    *at += (size_t)c.n + 12;
    return c;
}

/* EXIF data may come after the pixels. */
static int read_orientation(const fyi_encoded *e)
{
    size_t at = 8;

    for (chunk c = next_chunk(e, &at); c.type != NULL; c = next_chunk(e, &at))
        if (memcmp(c.type, "eXIf", 4) == 0)
            return fyi_exif_orientation(c.p, c.n);
    return 1;
}

static fy_status check(const fyi_encoded *e)
{
    size_t at = 8;

    for (chunk c = next_chunk(e, &at); c.type != NULL; c = next_chunk(e, &at)) {
        if (crc32(crc32(0, c.type, 4), c.p, c.n) != c.crc)
            return fyi_fail(FY_EFORMAT,
                            "'%s': its PNG data is damaged (checksum of the chunk at "
                            "byte %zu)",
                            e->name, at - c.n - 12);
        if (memcmp(c.type, "IEND", 4) == 0)
            return FY_OK;
    }
    return fyi_fail(FY_EFORMAT, "'%s' ends inside its PNG data (%zu bytes); it was cut off",
                    e->name, e->n);
}

static fy_status probe(const fyi_encoded *e, int64_t max_pixels, fyi_picture_info *out)
{
    reader r;
    const fy_status st = open_file(&r, e, max_pixels);

    if (st == FY_OK)
        *out = (fyi_picture_info){ png_get_image_height(r.png, r.info),
                                   png_get_image_width(r.png, r.info),
                                   png_get_color_type(r.png, r.info) & PNG_COLOR_MASK_COLOR ? 3 : 1,
                                   read_orientation(e) };
    close_file(&r);
    return st;
}

/* ---- pixels ---------------------------------------------------------------------------------- */

/* Everything to 8 bits, with coverage as the last channel where there is any. */
static bool set_format(reader *r)
{
    if (setjmp(png_jmpbuf(r->png)) != 0)
        return false;
    png_set_expand(r->png);
    png_set_strip_16(r->png);
    (void)png_set_interlace_handling(r->png);
    png_read_update_info(r->png, r->info);
    return true;
}

static fy_status take_rows(reader *r)
{
    const size_t h = png_get_image_height(r->png, r->info);
    const size_t row = png_get_rowbytes(r->png, r->info);

    r->rows = fyi_calloc(h, sizeof *r->rows);
    r->raw = fyi_alloc(h * row);
    if (r->rows == NULL || r->raw == NULL)
        return fyi_enomem(h * row, r->e->name);
    for (size_t y = 0; y < h; y++)
        r->rows[y] = r->raw + y * row;
    return FY_OK;
}

static bool read_pixels(reader *r)
{
    if (setjmp(png_jmpbuf(r->png)) != 0)
        return false;
    png_read_image(r->png, r->rows);
    return true;
}

static fy_status decode_pixels(reader *r, fyi_picture *out)
{
    int c;

    if (!set_format(r))
        return fail(r);
    FYI_FORWARD(take_rows(r));
    if (!read_pixels(r))
        return fail(r);
    c = png_get_channels(r->png, r->info);
    *out = (fyi_picture){ .h = png_get_image_height(r->png, r->info),
                          .w = png_get_image_width(r->png, r->info),
                          .c = c < 3 ? 1 : 3,
                          .p = r->raw };
    out->end_y = (float)out->h;
    out->end_x = (float)out->w;
    r->raw = NULL;
    if (c != out->c)
        fyi_picture_over_white(out->p, out->h * out->w, out->c, out->p);
    return FY_OK;
}

static fy_status decode(const fyi_encoded *e, const fyi_decode_opts *o,
                        const fyi_picture_info *info, fyi_picture *out)
{
    reader r;
    fy_status st = open_file(&r, e, o->max_pixels);

    (void)info;
    if (st == FY_OK)
        st = decode_pixels(&r, out);
    close_file(&r);
    return st;
}

static const char *version(char room[64])
{
    (void)snprintf(room, 64, "libpng %s", png_get_libpng_ver(NULL));
    return room;
}

const fyi_codec fyi_codec_png = { "PNG", version, is_png, probe, check, decode };

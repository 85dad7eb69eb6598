/* png_write.c: 8-bit PNG, grey or RGB, without filters: for small pictures in reports and sheets. */
#include "data/picture.h"

#include <string.h>

#include <zlib.h>

static void put_be32(uint8_t out[4], uint32_t v)
{
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* Length, name, bytes, checksum of name and bytes. */
static void put_chunk(fyi_buf *b, const char *name, const void *p, size_t n)
{
    const uLong sum = crc32(crc32(0, (const Bytef *)name, 4), p, (uInt)n);
    uint8_t word[4];

    put_be32(word, (uint32_t)n);
    fyi_buf_append(b, word, 4);
    fyi_buf_append(b, name, 4);
    fyi_buf_append(b, p, n);
    put_be32(word, (uint32_t)sum);
    fyi_buf_append(b, word, 4);
}

/* Rows of pixels, each behind a byte that says "not filtered". */
static void put_rows(uint8_t *raw, const uint8_t *pixels, int64_t planes, int64_t h, int64_t w)
{
    for (int64_t y = 0; y < h; y++) {
        *raw++ = 0;
        for (int64_t x = 0; x < w; x++)
            for (int64_t c = 0; c < planes; c++)
                *raw++ = pixels[(c * h + y) * w + x];
    }
}

bool fyi_png_put(fyi_buf *png, const uint8_t *pixels, int64_t planes, int64_t h, int64_t w)
{
    const size_t raw_bytes = (size_t)(h * (1 + w * planes));
    uLongf packed_bytes = compressBound((uLong)raw_bytes);
    uint8_t *raw = fyi_alloc(raw_bytes), *packed = fyi_alloc(packed_bytes), head[13];
    bool ok = raw != NULL && packed != NULL;

    if (ok) {
        put_rows(raw, pixels, planes, h, w);
        ok = compress2(packed, &packed_bytes, raw, (uLong)raw_bytes, 9) == Z_OK;
    }
    if (ok) {
        put_be32(head, (uint32_t)w);
        put_be32(head + 4, (uint32_t)h);
        memcpy(head + 8, (const uint8_t[]){ 8, planes == 3 ? 2 : 0, 0, 0, 0 }, 5);
        fyi_buf_append(png, "\x89PNG\r\n\x1A\n", 8);
        put_chunk(png, "IHDR", head, sizeof head);
        put_chunk(png, "IDAT", packed, packed_bytes);
        put_chunk(png, "IEND", "", 0);
    }
    fyi_free(packed);
    fyi_free(raw);
    return ok && !png->failed;
}

/* base64.c: bytes as text (RFC 4648, section 4), with padding, and back. */
#include "base/base.h"

#include <string.h>

#define PIECE ((size_t)768) /* bytes at a time: a multiple of three */

static const char digits64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void fy_base64(const void *bytes, size_t n, char *text)
{
    const uint8_t *p = bytes;

    for (size_t i = 0; i < n; i += 3) {
        const size_t left = n - i;
        const uint32_t v = (uint32_t)p[i] << 16 | (left > 1 ? (uint32_t)p[i + 1] << 8 : 0) |
                           (left > 2 ? (uint32_t)p[i + 2] : 0);

        *text++ = digits64[v >> 18];
        *text++ = digits64[v >> 12 & 63];
        *text++ = left > 1 ? digits64[v >> 6 & 63] : '=';
        *text++ = left > 2 ? digits64[v & 63] : '=';
    }
    *text = '\0';
}

void fyi_base64_put(fyi_buf *b, const uint8_t *p, size_t n)
{
    char piece[FY_BASE64_CHARS(PIECE)];

    for (size_t i = 0; i < n; i += PIECE) {
        fy_base64(p + i, FYI_MIN(n - i, PIECE), piece);
        fyi_buf_puts(b, piece);
    }
}

int64_t fyi_base64_decode(const char *s, uint8_t *out, size_t cap)
{
    const size_t len = strlen(s);
    const size_t pad = len >= 2 && s[len - 1] == '=' ? (s[len - 2] == '=' ? 2 : 1) : 0;
    uint32_t bits = 0;
    size_t n = 0;

    if (len % 4 != 0 || len / 4 * 3 - pad > cap)
        return -1;
    for (size_t i = 0; i < len; i++) {
        const char *at = i < len - pad ? strchr(digits64, s[i]) : digits64;

        if (at == NULL)
            return -1;
        bits = bits << 6 | (uint32_t)(at - digits64);
        if (i % 4 != 3)
            continue;
        for (int shift = 16; shift >= 0 && n < len / 4 * 3 - pad; shift -= 8)
            out[n++] = (uint8_t)(bits >> shift);
    }
    return (int64_t)n;
}

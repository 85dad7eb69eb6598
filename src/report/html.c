/* html.c: markup, escaped text, and numbers written for people.
 *
 * Numbers are put together from integers: printf's %f would write a comma where the caller's
 * locale has one, and an SVG with commas for points is a broken picture. */
#include "report/html.h"

#include "data/picture.h"

#include <math.h>
#include <string.h>

#define REPLACEMENT "\xEF\xBF\xBD"
#define MINUS "\xE2\x88\x92"
#define DASH "\xE2\x80\x93"

/* ---- text ------------------------------------------------------------------------------------ */

/* Bytes of the UTF-8 sequence at s, 0 if it is none. Overlong forms, surrogates and numbers past
 * U+10FFFF are none. */
static size_t utf8_length(const uint8_t *s)
{
    const size_t n = s[0] < 0x80   ? 1
                     : s[0] < 0xC2 ? 0
                     : s[0] < 0xE0 ? 2
                     : s[0] < 0xF0 ? 3
                     : s[0] < 0xF5 ? 4
                                   : 0;

    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    if ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F) ||
        (s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] > 0x8F))
        return 0;
    return n;
}

static const char *entity_of(uint8_t c)
{
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return (c < 0x20 && c != '\n' && c != '\t') || c == 0x7F ? REPLACEMENT : NULL;
    }
}

void fyi_html_text(fyi_buf *b, const char *s)
{
    while (*s != '\0') {
        const size_t n = utf8_length((const uint8_t *)s);
        const char *entity = n == 0 ? REPLACEMENT : n == 1 ? entity_of((uint8_t)*s) : NULL;

        if (entity != NULL)
            fyi_buf_puts(b, entity);
        else
            fyi_buf_append(b, s, n);
        s += n == 0 ? 1 : n;
    }
}

void fyi_html_put(fyi_buf *b, const char *markup, const char *const *args)
{
    for (const char *at; (at = strchr(markup, '@')) != NULL; markup = at + 1) {
        fyi_buf_append(b, markup, (size_t)(at - markup));
        FYI_ASSERT(*args != NULL);
        fyi_html_text(b, *args++);
    }
    FYI_ASSERT(*args == NULL);
    fyi_buf_puts(b, markup);
}

/* ---- numbers --------------------------------------------------------------------------------- */

static const double tens[] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9 };

/* |v| with `decimals` digits after the point; thousands parted by commas when asked. */
static void put_magnitude(char *s, size_t size, double v, int decimals, bool commas)
{
    const double scaled = fabs(v) * tens[decimals];
    const long long all = scaled < 9e17 ? llround(scaled) : 900000000000000000LL;
    const long long scale = (long long)tens[decimals], whole = all / scale;
    char digits[32];
    const int n = snprintf(digits, sizeof digits, "%lld", whole);
    size_t at = 0;

    for (int i = 0; i < n && at + 2 < size; i++) {
        if (commas && i > 0 && (n - i) % 3 == 0)
            s[at++] = ',';
        s[at++] = digits[i];
    }
    s[at] = '\0';
    if (decimals == 0 || at + (size_t)decimals + 2 > size)
        return;
    s[at++] = '.';
    s[at + (size_t)decimals] = '\0';
    for (long long left = all % scale, i = decimals - 1; i >= 0; i--, left /= 10)
        s[at + (size_t)i] = (char)('0' + left % 10);
}

/* No "-0.00": the sign is of what is written. */
static bool shows_minus(double v, int decimals)
{
    return v < 0 && fabs(v) * tens[decimals] >= 0.5;
}

fyi_num fyi_fixed(double v, int decimals)
{
    fyi_num out = { DASH };
    char text[40];

    if (!isfinite(v))
        return out;
    put_magnitude(text, sizeof text, v, decimals, true);
    snprintf(out.s, sizeof out.s, "%s%s", shows_minus(v, decimals) ? MINUS : "", text);
    return out;
}

fyi_num fyi_percent(double share)
{
    fyi_num out = fyi_fixed(share * 100, 1);

    if (isfinite(share))
        strncat(out.s, "%", sizeof out.s - strlen(out.s) - 1);
    return out;
}

fyi_num fyi_points(double share)
{
    const fyi_num text = fyi_fixed(share * 100, 1);
    const double tenths = round(share * 1000);
    fyi_num out;

    snprintf(out.s, sizeof out.s, "%s%.30s points",
             tenths > 0    ? "+"
             : tenths == 0 ? "\xC2\xB1"
                           : "",
             text.s);
    return out;
}

fyi_num fyi_whole(int64_t n)
{
    fyi_num out;
    char text[40];

    put_magnitude(text, sizeof text, (double)n, 0, true);
    snprintf(out.s, sizeof out.s, "%s%s", n < 0 ? MINUS : "", text);
    return out;
}

fyi_num fyi_plain(int64_t n)
{
    fyi_num out;

    snprintf(out.s, sizeof out.s, "%lld", (long long)n);
    return out;
}

/* v = mantissa * 10^exponent with 1 <= |mantissa| < 10 after rounding to `digits` digits. */
static int exponent_of(double v, int digits)
{
    const int e = (int)floor(log10(fabs(v)));

    return fabs(v) / pow(10, e) + 0.5 / tens[digits - 1] >= 10 ? e + 1 : e;
}

static void put_digits(char *s, size_t size, double v, int digits)
{
    const int e = v != 0 ? exponent_of(v, digits) : 0;
    char text[40];

    if (e >= 7 || e < -4) {
        put_magnitude(text, sizeof text, v / pow(10, e), digits - 1, false);
        snprintf(s, size, "%.20se%d", text, e);
    } else {
        put_magnitude(s, size, v, FYI_MIN(FYI_MAX(digits - 1 - e, 0), 9), false);
    }
}

/* "5.00e-10" becomes "5e-10", "0.500" becomes "0.5". */
static void strip_zeros(char *s)
{
    char *power = s + strcspn(s, "e"), *end = power;

    if (memchr(s, '.', (size_t)(power - s)) == NULL)
        return;
    while (end[-1] == '0')
        end--;
    if (end[-1] == '.')
        end--;
    memmove(end, power, strlen(power) + 1);
}

fyi_num fyi_figure(double v)
{
    fyi_num out = { DASH };
    char text[40];

    if (!isfinite(v))
        return out;
    put_digits(text, sizeof text, v, 3);
    strip_zeros(text);
    snprintf(out.s, sizeof out.s, "%s%s", v < 0 ? MINUS : "", text);
    return out;
}

fyi_num fyi_duration(double seconds)
{
    const bool is_sane = isfinite(seconds) && seconds >= 0 && seconds < 1e12;
    const long long s = is_sane ? llround(seconds) : 0;
    fyi_num out = { DASH };

    if (!is_sane)
        return out;
    if (seconds < 9.95)
        snprintf(out.s, sizeof out.s, "%.20s s", fyi_fixed(seconds, 1).s);
    else if (s < 60)
        snprintf(out.s, sizeof out.s, "%lld s", s);
    else if (s < 3600)
        snprintf(out.s, sizeof out.s, "%lld min %lld s", s / 60, s % 60);
    else
        snprintf(out.s, sizeof out.s, "%lld h %lld min", s / 3600, s % 3600 / 60);
    return out;
}

static void put_ascii(fyi_buf *b, double v, const char *text)
{
    if (v < 0 && strcmp(text, "0") != 0)
        fyi_buf_puts(b, "-");
    fyi_buf_puts(b, text);
}

void fyi_html_coord(fyi_buf *b, double v)
{
    char text[40];

    put_magnitude(text, sizeof text, isfinite(v) ? v : 0, 1, false);
    strip_zeros(text);
    put_ascii(b, v, text);
}

void fyi_html_value(fyi_buf *b, double v)
{
    char text[40];

    put_digits(text, sizeof text, isfinite(v) ? v : 0, 6);
    strip_zeros(text);
    put_ascii(b, v, text);
}

void fyi_html_put_coords(fyi_buf *b, const char *markup, const double *v)
{
    for (const char *at; (at = strchr(markup, '#')) != NULL; markup = at + 1) {
        fyi_buf_append(b, markup, (size_t)(at - markup));
        fyi_html_coord(b, *v++);
    }
    fyi_buf_puts(b, markup);
}

/* ---- pictures -------------------------------------------------------------------------------- */

bool fyi_html_png(fyi_buf *b, const uint8_t *pixels, int64_t c, int64_t h, int64_t w,
                  const char *alt)
{
    fyi_buf png = { 0 };
    const bool ok = fyi_png_put(&png, pixels, c == 3 ? 3 : 1, h, w);

    if (ok) {
        fyi_html(b, "<img width=\"@\" height=\"@\" alt=\"@\" src=\"data:image/png;base64,",
                 fyi_plain(w).s, fyi_plain(h).s, alt);
        fyi_base64_put(b, (const uint8_t *)png.p, png.len);
        fyi_buf_puts(b, "\" />");
    } else {
        b->failed = true;
    }
    fyi_buf_release(&png);
    return ok;
}

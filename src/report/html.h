/* html.h: markup from literals, text from strangers, numbers for people. */
#ifndef FYI_REPORT_HTML_H
#define FYI_REPORT_HTML_H

#include "base/base.h"

/* Escaped for text and for attributes in double quotes. Bytes that are not UTF-8, and control
 * characters, become U+FFFD. */
void fyi_html_text(fyi_buf *b, const char *s);

/* Writes `markup`, a literal, with each '@' replaced by the next argument, escaped. All arguments
 * are strings and none is NULL: whatever comes from a file can only be an argument. */
#define fyi_html(b, markup, ...) \
    fyi_html_put((b), (markup), (const char *const[]){ __VA_ARGS__, NULL })
void fyi_html_put(fyi_buf *b, const char *markup, const char *const *args);

/* Short texts by value: fyi_percent(x).s. They do not depend on the locale. */
typedef struct fyi_num {
    char s[48];
} fyi_num;

fyi_num fyi_percent(double share);         /* "90.1%"; an en dash for NaN */
fyi_num fyi_points(double share);          /* "+15.8 points" */
fyi_num fyi_whole(int64_t n);              /* "9,500" */
fyi_num fyi_plain(int64_t n);              /* "9500" */
fyi_num fyi_fixed(double v, int decimals); /* "-0.120" with a true minus sign */
fyi_num fyi_figure(double v);              /* three digits: "0.693", "1.2e-5" */
fyi_num fyi_duration(double seconds);      /* "12 min 34 s" */

/* For attributes that programs read: a point, an ASCII minus, as few digits as are needed. */
void fyi_html_coord(fyi_buf *b, double v); /* to a tenth */
void fyi_html_value(fyi_buf *b, double v); /* to six digits */
/* Writes `markup` with each '#' replaced by the next coordinate. */
#define fyi_html_coords(b, markup, ...) \
    fyi_html_put_coords((b), (markup), (const double[]){ __VA_ARGS__ })
void fyi_html_put_coords(fyi_buf *b, const char *markup, const double *v);

/* An <img> with an 8-bit PNG inside, pixels [c, h, w]; c 3 is colour, otherwise the first plane is
 * grey. False when it cannot be made. */
bool fyi_html_png(fyi_buf *b, const uint8_t *pixels, int64_t c, int64_t h, int64_t w,
                  const char *alt);

/* The style sheet and the script of a page. */
void fyi_html_style(fyi_buf *b);
void fyi_html_script(fyi_buf *b);

#endif

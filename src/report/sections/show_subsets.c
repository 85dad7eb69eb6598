/* show_subsets.c: the accuracy with every subset of parts as bars, the best first. Of many subsets the picture has those
 * of one part, of all parts and of all but one; the others stand below it, folded. */
#include "report/report.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_SHOWN = 31 }; /* all subsets of five parts */

typedef struct row {
    unsigned parts;
    double accuracy;
} row;

/* Of equals the one of all parts is first; the others have an order too, so that the same run gives the same page. */
static int compare(const void *a, const void *b)
{
    const row *x = a, *y = b;

    return x->accuracy != y->accuracy ? (x->accuracy < y->accuracy) - (x->accuracy > y->accuracy)
                                      : (x->parts < y->parts) - (x->parts > y->parts);
}

static size_t list_rows(const fyi_modalities *m, row rows[FYI_SUBSETS])
{
    size_t n = 0;

    for (unsigned s = 1; s <= fyi_all_parts(m); s++)
        if (isfinite(m->subset[s]))
            rows[n++] = (row){ s, m->subset[s] };
    qsort(rows, n, sizeof *rows, compare);
    return n;
}

static bool is_single(unsigned s)
{
    return (s & (s - 1)) == 0;
}

static bool is_plain(const fyi_modalities *m, unsigned s)
{
    const unsigned left_out = fyi_all_parts(m) & ~s;

    return is_single(s) || is_single(left_out);
}

/* A dot of the modality's colour, or a small one where the subset lacks it. */
static void put_dot(const fyi_modalities *m, int i, bool has, fyi_buf *b)
{
    fyi_buf_puts(b, "<td class=\"dots\"><svg class=\"icon\" viewBox=\"-8 -8 16 16\" width=\"16\" "
                    "height=\"16\" ");
    if (has)
        fyi_html(b, "role=\"img\" aria-label=\"@\"><path class=\"has c@\" d=\"M0 0h0\" />",
                 m->v[i].name, fyi_plain(i).s);
    else
        fyi_buf_puts(b, "aria-hidden=\"true\"><path class=\"lacks\" d=\"M0 0h0\" />");
    fyi_buf_puts(b, "</svg></td>");
}

/* Filled up to the accuracy; a line where the most frequent class is. */
static void put_bar(const fyi_modalities *m, double accuracy, fyi_buf *b)
{
    fyi_html(b,
             "<td>@</td><td class=\"length\"><svg class=\"gauge\" viewBox=\"0 0 100 6\" "
             "preserveAspectRatio=\"none\" aria-hidden=\"true\"><path class=\"rest\" d=\"M0 "
             "0H100V6H0z\" />",
             fyi_percent(accuracy).s);
    fyi_html_coords(b, "<path class=\"fill\" d=\"M0 0H#V6H0z\" />", 100 * accuracy);
    if (isfinite(m->subset[0]))
        fyi_html_coords(b, "<path class=\"chance\" d=\"M# 0V6\" />", 100 * m->subset[0]);
    fyi_buf_puts(b, "</svg></td>");
}

static void put_row(const fyi_modalities *m, const row *at, fyi_buf *b)
{
    const double lost = at->accuracy - m->subset[fyi_all_parts(m)];
    int only = 0;

    while ((at->parts >> only & 1) == 0)
        only++;
    if (is_single(at->parts))
        fyi_html(b, "<tr class=\"c@\">", fyi_plain(only).s);
    else
        fyi_buf_puts(b, at->parts == fyi_all_parts(m) ? "<tr class=\"every\">" : "<tr>");
    for (int i = 0; i < m->n; i++)
        put_dot(m, i, (at->parts >> i & 1) != 0, b);
    put_bar(m, at->accuracy, b);
    fyi_html(b, "<td>@</td></tr>\n",
             at->parts != fyi_all_parts(m) && isfinite(lost) ? fyi_points(lost).s : "");
}

/* Those that the picture has, or all. */
static void put_table(const fyi_modalities *m, const row *rows, size_t n, bool plain_only,
                      fyi_buf *b)
{
    fyi_buf_puts(b, "<table class=\"subsets\">\n<thead><tr>");
    for (int i = 0; i < m->n; i++)
        fyi_html(b, "<th scope=\"col\" class=\"dots\">@</th>", m->v[i].name);
    fyi_buf_puts(b,
                 "<th scope=\"col\">accuracy</th><th></th><th scope=\"col\">against all parts</th>"
                 "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < n; i++)
        if (!plain_only || is_plain(m, rows[i].parts))
            put_row(m, &rows[i], b);
    fyi_buf_puts(b, "</tbody>\n</table>\n");
}

static void put_rest(const fyi_modalities *m, const row *rows, size_t n, fyi_buf *b)
{
    fyi_html(b, "<details class=\"card\">\n<summary>All @ subsets</summary>\n<div class=\"scroll\">",
             fyi_whole((int64_t)n).s);
    put_table(m, rows, n, false, b);
    fyi_buf_puts(b, "</div>\n</details>\n");
}

void fyi_show_subsets(fyi_report *r, fyi_buf *b)
{
    const fyi_modalities *m = &r->modalities;
    row rows[FYI_SUBSETS];
    const size_t n = m->n > 1 ? list_rows(m, rows) : 0;
    const bool is_long = n > MOST_SHOWN;

    if (n == 0)
        return;
    fyi_section_begin(b, "subsets", "With some of the parts",
                      fyi_learns_alone(m)
                          ? "Accuracy with these parts of the samples and no others: each "
                            "modality's own model, and of several the sum of their logits."
                          : "Accuracy with these parts of the samples and no others. What a "
                            "missing part costs is what the model makes of it.");
    fyi_buf_puts(b, "<div class=\"card full scroll\">\n");
    put_table(m, rows, n, is_long, b);
    if (isfinite(m->subset[0]))
        fyi_html(b, "<p class=\"hint\">The line across the bars: the most frequent class, @.</p>\n",
                 fyi_percent(m->subset[0]).s);
    fyi_buf_puts(b, "</div>\n");
    if (is_long)
        put_rest(m, rows, n, b);
    fyi_section_end(b);
}

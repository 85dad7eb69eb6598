/* show_confusion.c: the confusion matrix as a heat map: rows are labels, columns what they were taken for. Colour is
 * the share of the row, so that rare classes show as well. Of many classes those with most mistakes. */
#include "report/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_SHOWN = 60,   /* classes */
    MOST_COUNTED = 24, /* classes whose cells have their counts in them */
    LABEL_CHARS = 18,
};

/* The classes that are drawn, in their order. */
typedef struct view {
    const fyi_eval *e;
    int class[MOST_SHOWN];
    int n;
    double cell, left, top;
} view;

static int64_t count_at(const view *v, int row, int column)
{
    return v->e->confusion[(int64_t)v->class[row] * v -> e -> n_classes + v -> class[column]];
}

/* Samples of class c that are taken for another, or taken for it and are another. */
static int64_t count_mistakes(const fyi_eval *e, int c)
{
    int64_t n = 0;

    for (int i = 0; i < e->n_classes; i++)
        if (i != c)
            n += e->confusion[(int64_t)c * e->n_classes + i] +
                 e->confusion[(int64_t)i * e->n_classes + c];
    return n;
}

typedef struct ranked {
    int class;
    int64_t mistakes;
} ranked;

static int most_first(const void *a, const void *b)
{
    const ranked *x = a, *y = b;

    return x->mistakes != y->mistakes ? (x->mistakes < y->mistakes ? 1 : -1)
                                      : (x->class > y->class) - (x->class < y->class);
}

static int by_number(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* False when out of memory. */
static bool choose(fyi_report *r, view *v)
{
    const fyi_eval *e = v->e;
    ranked *all = fyi_report_alloc(r, (size_t)e->n_classes, sizeof *all);

    if (all == NULL)
        return false;
    for (int c = 0; c < e->n_classes; c++)
        all[c] = (ranked){ c, e->n_classes > MOST_SHOWN ? count_mistakes(e, c) : 0 };
    qsort(all, (size_t)e->n_classes, sizeof *all, most_first);
    v->n = FYI_MIN(e->n_classes, MOST_SHOWN);
    for (int i = 0; i < v->n; i++)
        v->class[i] = all[i].class;
    qsort(v->class, (size_t)v->n, sizeof *v->class, by_number);
    return true;
}

/* ---- drawing --------------------------------------------------------------------------------- */

/* At most LABEL_CHARS bytes, cut between characters. */
static const char *short_name(const view *v, int i, char text[LABEL_CHARS + 4])
{
    const char *name = v->e->classes[v->class[i]].name;
    size_t n = strlen(name);

    if (n > LABEL_CHARS) {
        n = LABEL_CHARS - 1;
        while (n > 0 && ((uint8_t)name[n] & 0xC0) == 0x80)
            n--;
        snprintf(text, LABEL_CHARS + 4, "%.*s\xE2\x80\xA6", (int)n, name);
        return text;
    }
    return name;
}

static void lay_out(view *v)
{
    size_t longest = 1;
    char text[LABEL_CHARS + 4];

    for (int i = 0; i < v->n; i++)
        longest = FYI_MAX(longest, strlen(short_name(v, i, text)));
    v->left = v->top = 20 + 7.2 * (double)longest;
    v->cell = v->n <= 10 ? 52 : v->n <= 16 ? 40 : v->n <= MOST_COUNTED ? 32 : 13;
}

static double support_of(const view *v, int row)
{
    const int64_t n = v->e->classes[v->class[row]].support;

    return n > 0 ? (double)n : 1;
}

static void put_cell(const view *v, int row, int column, fyi_buf *b)
{
    const int64_t n = count_at(v, row, column);
    const double share = (double)n / support_of(v, row), x = v->left + v->cell * column,
                 y = v->top + v->cell * row;

    if (n == 0)
        return;
    fyi_html_coords(b, "<rect x=\"#\" y=\"#\" width=\"#\" height=\"#\"", x + 0.5, y + 0.5,
                    v->cell - 1, v->cell - 1);
    fyi_html(b, " class=\"heat @\" fill-opacity=\"", row == column ? "right" : "wrong");
    fyi_html_value(b, FYI_MIN(0.08 + 0.92 * sqrt(share), 1));
    fyi_html(b, "\"><title>@ taken for @: @ of @, @</title></rect>",
             v->e->classes[v->class[row]].name, v->e->classes[v->class[column]].name,
             fyi_whole(n).s, fyi_whole((int64_t)support_of(v, row)).s, fyi_percent(share).s);
    if (v->n <= MOST_COUNTED)
        fyi_plot_text(b, x + v->cell / 2, y + v->cell / 2 + 4.5, "middle",
                      share > 0.3 ? "count on" : "count", fyi_whole(n).s);
}

static void put_names(const view *v, fyi_buf *b)
{
    for (int i = 0; i < v->n; i++) {
        const double middle = v->cell * (i + 0.5);
        char text[LABEL_CHARS + 4];

        fyi_plot_text(b, v->left - 8, v->top + middle + 4.5, "end", "tick", short_name(v, i, text));
        fyi_html_coords(b, "<g transform=\"translate(# #) rotate(-90)\">", v->left + middle + 4.5,
                        v->top - 8);
        fyi_plot_text(b, 0, 0, "start", "tick", short_name(v, i, text));
        fyi_buf_puts(b, "</g>");
    }
}

static void put_map(const view *v, fyi_buf *b)
{
    const double side = v->cell * v->n, w = v->left + side + 4, h = v->top + side + 24;

    fyi_html_coords(b,
                    "<svg class=\"map\" viewBox=\"0 0 # #\" width=\"#\" height=\"#\" role=\"img\"",
                    w, h, w, h);
    fyi_html(
        b, " aria-label=\"Confusion matrix of @ classes: rows are labels, columns predictions.\">",
        fyi_whole(v->n).s);
    fyi_html_coords(b, "<rect x=\"#\" y=\"#\" width=\"#\" height=\"#\" class=\"field\" />", v->left,
                    v->top, side, side);
    put_names(v, b);
    for (int row = 0; row < v->n; row++)
        for (int column = 0; column < v->n; column++)
            put_cell(v, row, column, b);
    fyi_plot_text(b, v->left + side / 2, h - 4, "middle", "name",
                  "columns: taken for \xC2\xB7 rows: labelled as");
    fyi_buf_puts(b, "</svg>");
}

/* ---- the pairs ------------------------------------------------------------------------------- */

enum { PAIRS = 8 };

typedef struct pair {
    int label, predicted;
    int64_t n;
} pair;

/* The commonest mistakes, most first. */
static int find_pairs(const fyi_eval *e, pair best[PAIRS])
{
    int n = 0;

    for (int i = 0; i < e->n_classes; i++)
        for (int k = 0; k < e->n_classes; k++) {
            const int64_t times = i != k ? e->confusion[(int64_t)i * e->n_classes + k] : 0;
            int at = n;

            while (at > 0 && best[at - 1].n < times)
                at--;
            if (times == 0 || at == PAIRS)
                continue;
            n = FYI_MIN(n + 1, PAIRS);
            memmove(&best[at + 1], &best[at], (size_t)(n - 1 - at) * sizeof *best);
            best[at] = (pair){ i, k, times };
        }
    return n;
}

static void put_pairs(const fyi_eval *e, fyi_buf *b)
{
    pair best[PAIRS];
    const int n = find_pairs(e, best);

    if (n == 0)
        return;
    fyi_buf_puts(b, "<div class=\"card\">\n<h3>The commonest mistakes</h3>\n<table class=\"dense "
                    "left\"><tbody>\n");
    for (int i = 0; i < n; i++) {
        const int64_t support = e->classes[best[i].label].support;

        fyi_html(
            b, "<tr><th scope=\"row\">@ <span class=\"to\">taken for</span> @</th><td>@</td><td>@</td></tr>\n",
            e->classes[best[i].label].name, e->classes[best[i].predicted].name,
            fyi_whole(best[i].n).s,
            fyi_percent(support > 0 ? (double)best[i].n / (double)support : (double)NAN).s);
    }
    fyi_buf_puts(b, "</tbody></table>\n<p class=\"hint\">Times, and the share of the class's "
                    "samples.</p>\n</div>\n");
}

void fyi_show_confusion(fyi_report *r, fyi_buf *b)
{
    view v = { .e = &r->eval };

    if (!r->eval.is_there || r->eval.confusion == NULL || !choose(r, &v))
        return;
    lay_out(&v);
    fyi_section_begin(b, "confusion", "What is taken for what",
                      "Each row is a class as labelled, each column what it was taken for. Colour "
                      "is the share of the "
                      "row: green on the diagonal is right, orange elsewhere is wrong.");
    fyi_buf_puts(b, "<div class=\"beside\">\n<figure class=\"card scroll\">");
    put_map(&v, b);
    if (v.n < r->eval.n_classes)
        fyi_html(b,
                 "<figcaption>The @ of @ classes with most mistakes; mistakes with others are not "
                 "drawn.</figcaption>",
                 fyi_whole(v.n).s, fyi_whole(r->eval.n_classes).s);
    fyi_buf_puts(b, "</figure>\n");
    put_pairs(&r->eval, b);
    fyi_buf_puts(b, "</div>\n");
    fyi_section_end(b);
}

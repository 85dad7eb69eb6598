/* show_classes.c: precision, recall and F1 of every class that has samples or predictions, and what it is most often
 * taken for. */
#include "report/report.h"

enum { OPEN_UP_TO = 40 }; /* rows of a table that is shown unfolded */

static void put_class(const fyi_eval *e, int c, fyi_buf *b)
{
    const fyi_eval_class *of = &e->classes[c];
    int64_t times;
    const int other = fyi_eval_confused(e, c, &times);

    fyi_html(b, "<tr><th scope=\"row\">@</th><td>@</td>", of->name, fyi_whole(of->support).s);
    fyi_put_share(b, of->precision);
    fyi_put_share(b, of->recall);
    fyi_put_share(b, of->f1);
    if (other >= 0)
        fyi_html(b, "<td>@ <span class=\"to\">@</span></td></tr>\n", e->classes[other].name,
                 fyi_whole(times).s);
    else
        fyi_buf_puts(b, "<td></td></tr>\n");
}

static void put_mean(const fyi_eval *e, fyi_buf *b)
{
    fyi_buf_puts(b, "<tr class=\"of\"><th scope=\"row\">mean over the classes</th><td></td>");
    fyi_put_share(b, e->macro_precision);
    fyi_put_share(b, e->macro_recall);
    fyi_put_share(b, e->macro_f1);
    fyi_buf_puts(b, "<td></td></tr>\n");
}

void fyi_show_classes(fyi_report *r, fyi_buf *b)
{
    const fyi_eval *e = &r->eval;
    const bool is_long = e->n_classes > OPEN_UP_TO;

    if (!e->is_there || e->n_classes == 0)
        return;
    fyi_section_begin(b, "classes", "Class by class",
                      "Precision: of what is taken for the class, so much is. Recall: of the "
                      "class, so much is found. F1 "
                      "is their harmonic mean.");
    fyi_buf_puts(b, is_long ? "<details class=\"card full\">\n<summary>All classes</summary>\n<div "
                              "class=\"scroll\">"
                            : "<div class=\"card full scroll\">");
    fyi_buf_puts(
        b, "<table class=\"shares\">\n<thead><tr><th scope=\"col\">class</th><th "
           "scope=\"col\">samples</th>"
           "<th scope=\"col\">precision</th><th scope=\"col\">recall</th><th scope=\"col\">F1</th>"
           "<th scope=\"col\">most often taken for</th></tr></thead>\n<tbody>\n");
    for (int c = 0; c < e->n_classes; c++)
        if (e->classes[c].support != 0 || e->classes[c].predicted != 0)
            put_class(e, c, b);
    put_mean(e, b);
    fyi_buf_puts(b, "</tbody>\n</table>\n</div>\n");
    fyi_buf_puts(b, is_long ? "</details>\n" : "");
    fyi_section_end(b);
}

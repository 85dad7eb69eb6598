/* show_about.c: what was evaluated: of which files, on which data, prepared how. */
#include "report/report.h"

#include <string.h>

/* "data_sha256" is for programs; people read "data sha256". */
static void put_name(fyi_buf *b, const char *name)
{
    char text[64];

    snprintf(text, sizeof text, "%s", name);
    for (char *at = text; (at = strchr(at, '_')) != NULL;)
        *at = ' ';
    fyi_html(b, "<tr><th scope=\"row\">@</th>", text);
}

void fyi_show_about(fyi_report *r, fyi_buf *b)
{
    const fyi_eval *e = &r->eval;

    if (!e->is_there || e->n_about == 0)
        return;
    fyi_section_begin(b, "about", "What was evaluated",
                      "The same weights, data and preparation give the same figures.");
    fyi_buf_puts(b, "<div class=\"card full scroll\">\n<table class=\"left about\"><tbody>\n");
    for (size_t i = 0; i < e->n_about; i++) {
        put_name(b, e->about[i].name);
        fyi_html(b, "<td>@</td></tr>\n", e->about[i].value);
    }
    fyi_buf_puts(b, "</tbody></table>\n</div>\n");
    fyi_section_end(b);
}

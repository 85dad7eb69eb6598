/* show_mistakes.c: the mistakes that the model was surest of, as pictures: the quickest way to wrong labels, odd
 * pictures, and classes that look alike. */
#include "report/report.h"

enum { SMALL_PX = 64 }; /* pictures of so few pixels are enlarged pixel by pixel */

static void put_mistake(const fyi_eval *e, const fyi_eval_mistake *m, fyi_buf *b)
{
    const char *label = e->classes[m->label].name, *predicted = e->classes[m->predicted].name;
    const fyi_num number = m->origin >= 0 ? fyi_whole(m->origin) : (fyi_num){ "?" };
    char alt[160];

    fyi_html(b, "<li class=\"sample mistake@\">", FYI_MAX(e->h, e->w) > SMALL_PX ? " smooth" : "");
    snprintf(alt, sizeof alt, "a sample labelled %.60s", label);
    if (m->pixels != NULL)
        fyi_html_png(b, m->pixels, e->c, e->h, e->w, alt);
    fyi_html(b,
             "<p class=\"guess\"><span class=\"is\">@</span> <span class=\"odds\">@</span></p>"
             "<p class=\"sure\">labelled <b>@</b> @</p>",
             predicted, fyi_percent(m->p).s, label, fyi_percent(m->p_label).s);
    if (m->name[0] != '\0')
        fyi_html(b, "<p class=\"nr\">@</p></li>\n", m->name);
    else
        fyi_html(b, "<p class=\"nr\">no. @</p></li>\n", number.s);
}

void fyi_show_mistakes(fyi_report *r, fyi_buf *b)
{
    const fyi_eval *e = &r->eval;

    if (!e->is_there || e->n_mistakes == 0)
        return;
    fyi_section_begin(b, "mistakes", "Surest mistakes",
                      "What the model was surest of and wrong about, with the probability of the "
                      "predicted class and of "
                      "the label. Some of these labels may be the mistake.");
    fyi_buf_puts(b, "<ul class=\"samples mistakes\">\n");
    for (size_t i = 0; i < e->n_mistakes; i++)
        put_mistake(e, &e->mistakes[i], b);
    fyi_buf_puts(b, "</ul>\n");
    fyi_section_end(b);
}

/* show_samples.c: target samples as they are, and what was said of each before the first step and
 * after the last. No labels: nobody needs them to see what a picture shows. */
#include "report/report.h"

#include <math.h>
#include <string.h>

static const char *name_of(const fyi_report *r, fyi_guess g, fyi_num *own)
{
    if (g.class >= 0 && g.class < r->samples.n_classes)
        return r->samples.classes[g.class];
    *own = g.class >= 0 ? fyi_plain(g.class) : (fyi_num){ "?" };
    return own->s;
}

static fyi_num sure(fyi_guess g)
{
    fyi_num out = fyi_fixed(g.p * 100, 0);

    if (isfinite(g.p))
        strncat(out.s, "%", sizeof out.s - strlen(out.s) - 1);
    return out;
}

static bool has_changed(const fyi_sample *s)
{
    return s->before.class >= 0 && s->last.class >= 0 && s->before.class != s->last.class;
}

static void put_sample(const fyi_report *r, fyi_buf *b, const fyi_sample *s)
{
    fyi_num own[2], number = s->index >= 0 ? fyi_whole(s->index) : (fyi_num){ "?" };
    const char *before = name_of(r, s->before, &own[0]), *last = name_of(r, s->last, &own[1]);
    char alt[160];

    snprintf(alt, sizeof alt, "target sample %s", number.s);
    fyi_html(b, "<li class=\"sample@\">", has_changed(s) ? " changed" : "");
    fyi_html_png(b, s->pixels, r->samples.c, r->samples.h, r->samples.w, alt);
    fyi_html(b,
             "<p class=\"guess\"><span class=\"was\">@</span><span class=\"to\" "
             "aria-label=\"then\">\xE2\x86\x92</span>"
             "<span class=\"is\">@</span></p>",
             before, last);
    fyi_html(b, "<p class=\"sure\">@ \xE2\x86\x92 @</p><p class=\"nr\">no. @</p></li>\n",
             sure(s->before).s, sure(s->last).s, number.s);
}

static void put_lead(const fyi_report *r, fyi_buf *b)
{
    int64_t n = 0;

    for (size_t i = 0; i < r->samples.n; i++)
        n += has_changed(&r->samples.v[i]);
    fyi_html(b,
             "<p class=\"lead\">Predicted class before adaptation \xE2\x86\x92 after its last "
             "step, with the model's own certainty. @ of these @ changed and are framed. Whether a "
             "change is "
             "right, the picture tells.",
             fyi_whole(n).s, fyi_whole((int64_t)r->samples.n).s);
    fyi_say_handed_back(&r->result, b);
    fyi_buf_puts(b, "</p>\n");
}

void fyi_show_samples(fyi_report *r, fyi_buf *b)
{
    if (r->samples.n == 0)
        return;
    fyi_section_begin(b, "samples", "Samples of the target", "");
    put_lead(r, b);
    fyi_buf_puts(b, "<ul class=\"samples\">\n");
    for (size_t i = 0; i < r->samples.n; i++)
        put_sample(r, b, &r->samples.v[i]);
    fyi_buf_puts(b, "</ul>\n");
    fyi_section_end(b);
}

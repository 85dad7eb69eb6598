/* show_fit.c: what of the pretrained weights' file the model took, and what not. */
#include "report/report.h"

static const char *const meanings[FY_FIT_KINDS] = {
    [FY_FIT_LOADED] = "taken over from the file",
    [FY_FIT_MAPPED] = "taken over from what has another name in the file",
    [FY_FIT_SLICED] = "the leading part of what is larger in the file",
    [FY_FIT_NEW_HEAD] = "the last layer, for other classes: it began anew",
    [FY_FIT_NEW_LAYER] = "of layers that an edit made: they began anew",
    [FY_FIT_SKIPPED] = "left alone because the recipe said so",
    [FY_FIT_MISSING] = "of the model, not in the file: they began anew",
    [FY_FIT_WRONG_SHAPE] = "of other sizes in the file: they began anew",
    [FY_FIT_WRONG_DTYPE] = "no floating-point numbers in the file: they began anew",
    [FY_FIT_UNEXPECTED] = "of the file, not in the model: not used",
    [FY_FIT_IGNORED] = "counters that no model needs",
};

static void put_counts(const fyi_fit *f, fyi_buf *b)
{
    fyi_buf_puts(
        b,
        "<div class=\"card full scroll\">\n<table class=\"left\">\n<thead><tr><th "
        "scope=\"col\">kind</th>"
        "<th scope=\"col\">tensors</th><th scope=\"col\">which are</th></tr></thead>\n<tbody>\n");
    for (int k = 0; k < FY_FIT_KINDS; k++)
        if (f->kinds[k].count > 0 || k == FY_FIT_LOADED)
            fyi_html(b, "<tr><th scope=\"row\">@</th><td>@</td><td>@</td></tr>\n",
                     fy_fit_kind_text((fy_fit_kind)k), fyi_whole(f->kinds[k].count).s, meanings[k]);
    fyi_buf_puts(b, "</tbody>\n</table>\n</div>\n");
}

static void put_names(const fyi_fit_kind *k, const char *text, fyi_buf *b)
{
    if (k->n == 0)
        return;
    fyi_html(b,
             "<details class=\"card\">\n<summary>@: @</summary>\n<div class=\"scroll\"><table "
             "class=\"left dense\">\n"
             "<thead><tr><th scope=\"col\">tensor</th><th scope=\"col\">in the file</th>"
             "<th scope=\"col\">in the model</th></tr></thead>\n<tbody>\n",
             text, fyi_whole(k->count).s);
    for (size_t i = 0; i < k->n; i++)
        fyi_html(b, "<tr><th scope=\"row\">@</th><td>@</td><td>@</td></tr>\n", k->v[i].name,
                 k->v[i].in_file, k->v[i].in_model);
    fyi_buf_puts(b, "</tbody>\n</table></div>\n");
    if (k->count > (int64_t)k->n)
        fyi_html(b, "<p class=\"hint\">and @ more, in weights.json</p>\n",
                 fyi_whole(k->count - (int64_t)k->n).s);
    fyi_buf_puts(b, "</details>\n");
}

void fyi_show_fit(fyi_report *r, fyi_buf *b)
{
    const fyi_fit *f = &r->fit;

    if (!f->is_there)
        return;
    fyi_section_begin(b, "fit", "What of the weights fitted", "");
    fyi_html(b, "<p class=\"lead\">@ (@), for a model of the family @.", f->file, f->format,
             f->family);
    if (f->prefix[0] != '\0')
        fyi_html(b, " \xE2\x80\x9C@\xE2\x80\x9D was taken off the file's names.", f->prefix);
    fyi_buf_puts(b, "</p>\n");
    put_counts(f, b);
    for (int k = 0; k < FY_FIT_KINDS; k++)
        put_names(&f->kinds[k], fy_fit_kind_text((fy_fit_kind)k), b);
    fyi_section_end(b);
}

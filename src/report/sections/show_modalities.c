/* show_modalities.c: every modality's figures as a table. Columns of which nothing is known are left out. */
#include "report/report.h"

#include <math.h>

static fyi_num in_thousandths(double v)
{
    return fyi_fixed(v, 3);
}

static fyi_num in_points(double v)
{
    return fyi_fixed(100 * v, 1);
}

/* clang-format off */
#define AT(member) offsetof(fyi_modality, member)
static const struct column { const char *title; size_t at; fyi_num (*text)(double); } columns[] = {
    { "branch", AT(accuracy), NULL }, /* NULL: a share */
    { "validation", AT(val), NULL },
    { "linear probe", AT(probe), NULL },
    { "Shapley, points", AT(shapley), in_points },
    { "unique, nats", AT(unique), in_thousandths },
    { "beta", AT(beta), in_thousandths },
};
#undef AT
/* clang-format on */

static double value_of(const fyi_modality *v, const struct column *c)
{
    return *(const double *)(const void *)((const char *)v + c->at);
}

static bool is_known(const fyi_modalities *m, const struct column *c)
{
    for (int i = 0; i < m->n; i++)
        if (isfinite(value_of(&m->v[i], c)))
            return true;
    return false;
}

static void put_value(const struct column *c, double v, fyi_buf *b)
{
    if (c->text == NULL)
        fyi_put_share(b, v);
    else
        fyi_html(b, "<td>@</td>", c->text(v).s);
}

/* With the colour and the stroke of its curves. */
static void put_name(fyi_buf *b, const char *css, const char *name, const char *remark)
{
    fyi_html(b,
             "<tr><th scope=\"row\"><svg class=\"icon\" viewBox=\"0 0 22 12\" width=\"22\" "
             "height=\"12\" aria-hidden=\"true\"><path class=\"line @\" d=\"M1 6H21\" /></svg> "
             "@@</th>",
             css, name, remark);
}

static void put_modality(const fyi_modalities *m, int i, fyi_buf *b)
{
    put_name(b, fyi_modality_css(i).s, m->v[i].name, m->n > 1 && i == m->weak ? " (weak)" : "");
    for (size_t c = 0; c < FYI_LEN(columns); c++)
        if (is_known(m, &columns[c]))
            put_value(&columns[c], value_of(&m->v[i], &columns[c]), b);
    fyi_buf_puts(b, "</tr>\n");
}

static void put_together(const fyi_modalities *m, fyi_buf *b)
{
    const fyi_modality all = { .accuracy = m->fused,
                               .val = m->fused_val,
                               .probe = NAN,
                               .shapley = fyi_keeps_one(m) ? NAN : m->fused - m->subset[0],
                               .unique = NAN,
                               .beta = NAN };

    put_name(b, "whole", fyi_keeps_one(m) ? "handed back" : "together", "");
    for (size_t c = 0; c < FYI_LEN(columns); c++) {
        const double v = value_of(&all, &columns[c]);

        if (is_known(m, &columns[c]) && isfinite(v))
            put_value(&columns[c], v, b);
        else if (is_known(m, &columns[c]))
            fyi_buf_puts(b, "<td></td>");
    }
    fyi_buf_puts(b, "</tr>\n");
}

void fyi_show_modalities(fyi_report *r, fyi_buf *b)
{
    const fyi_modalities *m = &r->modalities;

    if (!m->is_there)
        return;
    fyi_section_begin(b, "modalities", "The modalities",
                      "Branch: the whole model with this part alone, over the samples that have "
                      "it. Linear probe: what such a classifier reads from the encoder's "
                      "features. Shapley: the part's fair share of the points over the most "
                      "frequent class. Unique: how much better, at least, the label is known with "
                      "these features than from the others alone; below 0 nothing was found.");
    fyi_buf_puts(b, "<div class=\"card full scroll\">\n<table class=\"shares parts\">\n<thead><tr>"
                    "<th scope=\"col\">modality</th>");
    for (size_t c = 0; c < FYI_LEN(columns); c++)
        if (is_known(m, &columns[c]))
            fyi_html(b, "<th scope=\"col\">@</th>", columns[c].title);
    fyi_buf_puts(b, "</tr></thead>\n<tbody>\n");
    for (int i = 0; i < m->n; i++)
        put_modality(m, i, b);
    if (m->n > 1)
        put_together(m, b);
    fyi_buf_puts(b, "</tbody>\n</table>\n</div>\n");
    fyi_section_end(b);
}

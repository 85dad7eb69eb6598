/* show_leaders.c: methods ranked by what the choice without labels gained with each, beside its harm; and the shifts likewise. */
#include "report/report.h"

#include <math.h>

enum { STRIP_WIDTH = 184, STRIP_HEIGHT = 22, STRIP_MARGIN = 8 };

/* In the order of their columns. */
static const struct column {
    size_t by;
    int number; /* of fyi_number_looks */
    const char *name;
} columns[] = {
    { FYI_BY_SOURCE_ONLY, FYI_SOURCE_ONLY, "source only" },
    { FYI_BY_CHOSEN, FYI_CHOSEN, "choice" },
    { FYI_BY_LAST, FYI_LAST, "last step" },
    { FYI_BY_ORACLE, FYI_ORACLE, "oracle" },
};

/* ---- the order ------------------------------------------------------------------------------- */

static bool is_ahead(const fyi_choosings *v, size_t a, size_t b)
{
    const double x = v[a].v[FYI_BY_CHOSEN].gain, y = v[b].v[FYI_BY_CHOSEN].gain;
    const double p = isfinite(x) ? x : -INFINITY, q = isfinite(y) ? y : -INFINITY;

    return p > q || (p == q && a < b);
}

static size_t place_of(const fyi_choosings *v, size_t n, size_t i)
{
    size_t place = 0;

    for (size_t k = 0; k < n; k++)
        place += k != i && is_ahead(v, k, i);
    return place;
}

static const fyi_choosings *find_place(const fyi_choosings *v, size_t n, size_t place)
{
    for (size_t i = 0; i < n; i++)
        if (place_of(v, n, i) == place)
            return &v[i];
    return NULL;
}

/* ---- the four numbers on one scale ----------------------------------------------------------- */

static fyi_plot strip_of(void)
{
    return (fyi_plot){ .w = STRIP_WIDTH,
                       .h = STRIP_HEIGHT,
                       .left = STRIP_MARGIN,
                       .right = STRIP_MARGIN,
                       .x = { .lo = 0, .hi = 1 },
                       .y = { .lo = 0, .hi = 1 } };
}

static void put_way(const fyi_choosings *of, const fyi_plot *p, fyi_buf *b)
{
    const double from = of->v[FYI_BY_SOURCE_ONLY].accuracy, to = of->v[FYI_BY_CHOSEN].accuracy;

    if (!isfinite(from) || !isfinite(to))
        return;
    fyi_html(b, "<path class=\"line v-@\" d=\"", to >= from ? "better" : "worse");
    fyi_html_coords(b, "M# #H#\" />", fyi_plot_x(p, from), fyi_plot_y(p, 0.5), fyi_plot_x(p, to));
}

static void put_mark(const fyi_choosings *of, const struct column *c, const fyi_plot *p, fyi_buf *b)
{
    const fyi_number_look *look = &fyi_number_looks[c->number];
    const double v = of->v[c->by].accuracy;

    fyi_plot_mark(b, p, &(fyi_mark){ v, 0.5, c->name, look->css, look->mark }, 0);
}

static void put_strip(const fyi_choosings *of, fyi_buf *b)
{
    const fyi_plot p = strip_of();

    fyi_html_coords(b, "<td class=\"strip\"><svg viewBox=\"0 0 # #\" aria-hidden=\"true\">", p.w,
                    p.h);
    fyi_html_coords(b, "<path class=\"grid\" d=\"M# #H#M# 4v14M# 4v14M# 4v14\" />",
                    fyi_plot_x(&p, 0), fyi_plot_y(&p, 0.5), fyi_plot_x(&p, 1), fyi_plot_x(&p, 0),
                    fyi_plot_x(&p, 0.5), fyi_plot_x(&p, 1));
    put_way(of, &p, b);
    for (size_t i = FYI_LEN(columns); i-- > 0;)
        if (columns[i].by != FYI_BY_CHOSEN)
            put_mark(of, &columns[i], &p, b);
    put_mark(of, &columns[FYI_BY_CHOSEN], &p, b); /* seen where they meet */
    fyi_buf_puts(b, "</svg></td>");
}

/* ---- rows ------------------------------------------------------------------------------------ */

static void put_failed(const fyi_choosing *of, fyi_buf *b)
{
    if (of->failed > 0)
        fyi_html(b, "<td class=\"word v-worse\">@ of @</td>", fyi_whole((int64_t)of->failed).s,
                 fyi_whole((int64_t)(of->n + of->failed)).s);
    else
        fyi_buf_puts(b, "<td>0</td>");
}

static fyi_num gain_of(const fyi_choosing *of)
{
    const double points = 100 * of->gain;
    fyi_num text = { "" };

    (void)snprintf(text.s, sizeof text.s, "%s%.40s", points >= 0.05 ? "+" : "",
                   fyi_fixed(points, 1).s);
    return text;
}

/* After its name: figures, and failures where any cell has failed. */
static void put_figures(const fyi_choosings *of, bool has_failed, fyi_buf *b)
{
    put_strip(of, b);
    for (size_t i = 0; i < FYI_LEN(columns); i++)
        fyi_html(b, columns[i].by == FYI_BY_CHOSEN ? "<td><b>@</b></td>" : "<td>@</td>",
                 fyi_percent(of->v[columns[i].by].accuracy).s);
    fyi_html(b, "<td>@</td>", gain_of(&of->v[FYI_BY_CHOSEN]).s);
    fyi_put_rate(b, of->v[FYI_BY_CHOSEN].harm_rate);
    fyi_put_rate(b, of->v[FYI_BY_LAST].harm_rate);
    fyi_html(b, "<td>@</td>", fyi_percent(of->v[FYI_BY_CHOSEN].kept_rate).s);
    if (has_failed)
        put_failed(&of->v[FYI_BY_CHOSEN], b);
    fyi_buf_puts(b, "</tr>\n");
}

static void put_head(const char *what, bool has_failed, fyi_buf *b)
{
    fyi_html(b,
             "<table class=\"leaders\">\n<thead><tr><th scope=\"col\">@</th><th scope=\"col\" "
             "class=\"strip\">0 to 100%</th>",
             what);
    for (size_t i = 0; i < FYI_LEN(columns); i++) {
        const fyi_number_look *look = &fyi_number_looks[columns[i].number];

        fyi_buf_puts(b, "<th scope=\"col\">");
        fyi_mark_icon(b, look->mark, look->css);
        fyi_html(b, "@</th>", columns[i].name);
    }
    fyi_buf_puts(b, "<th scope=\"col\">gained</th><th scope=\"col\">harm, choice</th><th "
                    "scope=\"col\">harm, last step</th><th scope=\"col\">kept</th>");
    fyi_buf_puts(b, has_failed ? "<th scope=\"col\">failed</th>" : "");
    fyi_buf_puts(b, "</tr></thead>\n<tbody>\n");
}

static void put_table(const fyi_cells *c, const char *what, const fyi_choosings *v, size_t n,
                      fyi_buf *b)
{
    const bool has_failed = c->n_failed > 0;

    put_head(what, has_failed, b);
    for (size_t place = 0; place < n; place++) {
        const fyi_choosings *of = find_place(v, n, place);

        fyi_html(b, "<tr><th scope=\"row\"><span class=\"rank\">@</span>@</th>",
                 fyi_whole((int64_t)place + 1).s, of->name);
        put_figures(of, has_failed, b);
    }
    fyi_buf_puts(b, "<tr class=\"all\"><th scope=\"row\"><span class=\"rank\"></span>all</th>");
    put_figures(&c->all, has_failed, b);
    fyi_buf_puts(b, "</tbody>\n</table>\n");
}

void fyi_show_leaders(fyi_report *r, fyi_buf *b)
{
    const fyi_cells *c = &r->cells;

    if (c->n == 0 || c->n_methods == 0 || r->no_memory)
        return;
    fyi_section_begin(
        b, "leaders", "Method by method, shift by shift",
        "Target accuracy, means over the cells that ended, ranked by what the choice "
        "without labels gained over the source model, in points. Harm is the share of all cells "
        "that end more than a point below their source model, or failed; kept is the share that "
        "are handed back their source model.");
    fyi_buf_puts(b, "<div class=\"card scroll\">\n");
    put_table(c, "method", c->methods, c->n_methods, b);
    fyi_buf_puts(b, "</div>\n");
    if (c->n_shifts > 0) {
        fyi_buf_puts(b, "<div class=\"card scroll\">\n");
        put_table(c, "shift", c->shifts, c->n_shifts, b);
        fyi_buf_puts(b, "</div>\n");
    }
    fyi_section_end(b);
}

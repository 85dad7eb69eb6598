/* runs_curves.c: the curves of many runs side by side: a picture for each figure that was recorded along the way, with a line
 * for each run and stage. */
#include "report/runs.h"

#include <math.h>
#include <string.h>

#define MOST_PICTURES 8
#define MOST_NAMES 256
#define COLOURS 8

/* ---- which figures --------------------------------------------------------------------------- */

typedef struct name {
    const char *text;
    size_t n; /* runs that have it */
} name;

static bool is_wanted(const fyi_series *s)
{
    return fyi_series_has_value(s) && s->n > 1;
}

static void count_name(name *names, size_t *n, const char *text)
{
    for (size_t i = 0; i < *n; i++)
        if (strcmp(names[i].text, text) == 0) {
            names[i].n++;
            return;
        }
    if (*n < MOST_NAMES)
        names[(*n)++] = (name){ text, 1 };
}

static size_t count_names(const fyi_runs *runs, name *names)
{
    size_t n = 0;

    for (size_t i = 0; i < runs->n; i++) {
        const fyi_report *r = &runs->v[i].report;

        for (size_t k = 0; k < r->n_series; k++)
            if (is_wanted(&r->series[k]) &&
                fyi_report_series(r, NULL, r->series[k].name) == &r->series[k])
                count_name(names, &n, r->series[k].name);
    }
    return n;
}

/* Validation and target figures first, then what more runs have. */
static int rank_of(const name *x)
{
    static const char *const fronts[] = { "val.", "target.", "signs.", "source_test." };

    for (size_t i = 0; i < FYI_LEN(fronts); i++)
        if (strncmp(x->text, fronts[i], strlen(fronts[i])) == 0)
            return (int)i;
    return (int)FYI_LEN(fronts);
}

static bool comes_before(const name *a, const name *b)
{
    return rank_of(a) != rank_of(b) ? rank_of(a) < rank_of(b) : a->n > b->n;
}

static const name *next_name(const name *names, size_t n, const name *last)
{
    const name *next = NULL;

    for (size_t i = 0; i < n; i++) {
        const bool is_after = last == NULL || comes_before(last, &names[i]) ||
                              (!comes_before(&names[i], last) && &names[i] > last);

        if (is_after && (next == NULL || comes_before(&names[i], next)))
            next = &names[i];
    }
    return next;
}

/* ---- a picture ------------------------------------------------------------------------------- */

static void widen(fyi_runs *runs, const char *of, fyi_plot *p)
{
    double lo = INFINITY, hi = -INFINITY, last = 1, room;

    for (size_t i = 0; i < runs->n; i++)
        for (size_t k = 0; k < runs->v[i].report.n_series; k++) {
            const fyi_series *s = &runs->v[i].report.series[k];

            if (strcmp(s->name, of) != 0 || !is_wanted(s))
                continue;
            last = FYI_MAX(last, s->p[s->n - 1].x);
            if (!fyi_axis_fit(s->p, s->n, &lo, &hi))
                runs->page.no_memory = true;
        }
    room = (hi - lo) * 0.06;
    p->y = fyi_axis_of(lo - room, hi + room, 5, FYI_TICK_FIGURE);
    p->x = fyi_axis_of(0, last, 5, FYI_TICK_WHOLE);
    p->x.title = "step of its stage";
}

static void put_run(const fyi_runs *runs, size_t i, const char *of, const fyi_plot *p, fyi_buf *b)
{
    const fyi_report *r = &runs->v[i].report;
    char css[24];

    (void)snprintf(css, sizeof css, "s%d", (int)(i % COLOURS));
    fyi_html(b, "<g class=\"curve\" data-run=\"@\"><title>@</title>", fyi_plain((int64_t)i).s,
             runs->v[i].dir);
    for (size_t k = 0; k < r->n_series; k++)
        if (strcmp(r->series[k].name, of) == 0 && is_wanted(&r->series[k]))
            fyi_plot_trace(b, p, r->series[k].p, r->series[k].n, css);
    fyi_buf_puts(b, "</g>");
}

static void put_picture(fyi_runs *runs, const name *of, fyi_buf *b)
{
    fyi_plot p = { .w = 520,
                   .h = 300,
                   .left = 60,
                   .right = 20,
                   .top = 12,
                   .bottom = 44,
                   .about = "One line for each run and stage.",
                   .id = ++runs->page.plots };

    widen(runs, of->text, &p);
    fyi_html(b, "<figure class=\"card\">\n<h3>@</h3>\n<div class=\"plot\">", of->text);
    fyi_plot_begin(b, &p);
    for (size_t i = 0; i < runs->n; i++)
        put_run(runs, i, of->text, &p, b);
    fyi_plot_end(b);
    fyi_html(b, "</div>\n<figcaption>@ of @ runs</figcaption>\n</figure>\n",
             fyi_whole((int64_t)of->n).s, fyi_whole((int64_t)runs->n).s);
}

void fyi_show_runs_curves(fyi_runs *runs, fyi_buf *b)
{
    name *names = fyi_report_alloc(&runs->page, MOST_NAMES, sizeof *names);
    const name *at = NULL;
    size_t n;

    if (names == NULL || (n = count_names(runs, names)) == 0)
        return;
    fyi_section_begin(
        b, "curves", "Side by side",
        "Figures along the way, a line for each run. The pointer on a row of the table "
        "brings its lines out; what the table hides is hidden here.");
    fyi_buf_puts(b, "<div class=\"pair\">\n");
    for (int i = 0; i < MOST_PICTURES && (at = next_name(names, n, at)) != NULL; i++)
        put_picture(runs, at, b);
    fyi_buf_puts(b, "</div>\n");
    fyi_section_end(b);
}

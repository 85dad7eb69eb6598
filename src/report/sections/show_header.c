/* show_header.c: what ran: recipe, method, seed, size, time; and the way to the parts of the
 * page. */
#include "report/report.h"

#include <math.h>
#include <string.h>

static void put_fact(fyi_buf *b, const char *name, const char *value)
{
    if (value[0] != '\0')
        fyi_html(b, "<div><dt>@</dt><dd>@</dd></div>\n", name, value);
}

static const char *find_version(const fyi_report *r)
{
    for (size_t i = 0; i < r->versions.n; i++)
        if (strcmp(r->versions.v[i].name, "ferry") == 0)
            return r->versions.v[i].value;
    return "";
}

/* Parts that are there, so that no link leads nowhere. */
static void put_links(const fyi_report *r, fyi_buf *b)
{
    const fyi_eval *e = &r->eval;
    const struct {
        const char *id, *text;
        bool is_there;
    } links[] = {
        { "leaders", "Method by method", r->cells.n_methods > 0 },
        { "choosers", "Who chooses", r->cells.n > 0 },
        { "cells", "Every cell", r->cells.n > 0 },
        { "arms", "Arms", r->versus.n_arms > 0 },
        { "intervals", "Intervals", r->versus.n_arms > 0 && r->versus.n_seeds > 0 },
        { "runs", "Every run", r->versus.n_arms > 0 && r->versus.n_seeds > 0 },
        { "best", "Best trials", r->trials.best != NULL },
        { "history", "Trial by trial", r->trials.best != NULL && r->trials.n_keys > 0 },
        { "importance", "Which keys matter",
          r->trials.best != NULL && r->trials.n_keys > 0 && isfinite(r->trials.keys[0].importance) },
        { "modalities", "Modalities", r->modalities.is_there },
        { "subsets", "With some parts", r->modalities.is_there && r->modalities.n > 1 },
        { "numbers", "Four numbers", r->result.is_adaptation },
        { "choice", "The choice", r->ballots.n > 0 },
        { "training", "Training", r->n_series > 0 },
        { "lr-find", "Learning rate", r->n_lr_tests > 0 },
        { "critic", "Critic", r->n_moments > 0 },
        { "features", "Features", r->n_views > 0 },
        { "samples", "Samples", r->samples.n > 0 },
        { "scores", "How good it is", e->is_there },
        { "confusion", "Confusion", e->confusion != NULL },
        { "calibration", "Calibration", e->n_bins > 0 && isfinite(e->ece) },
        { "classes", "Classes", e->n_classes > 0 },
        { "mistakes", "Mistakes", e->n_mistakes > 0 },
        { "figures", "All figures", r->result.is_adaptation || r->n_series > 0 },
        { "fit", "Weights", r->fit.is_there },
        { "kernels", "Time", r->n_times > 0 },
        { "about", "What was evaluated", e->n_about > 0 },
        { "origin", "Doing it again", !e->is_there || r->result.is_there },
    };

    fyi_buf_puts(b, "<nav aria-label=\"Parts of this report\">");
    for (size_t i = 0; i < FYI_LEN(links); i++)
        if (links[i].is_there)
            fyi_html(b, "<a href=\"#@\">@</a>", links[i].id, links[i].text);
    fyi_buf_puts(b, "</nav>\n");
}

static void put_count(fyi_buf *b, const char *name, size_t n)
{
    put_fact(b, name, n > 0 ? fyi_whole((int64_t)n).s : "");
}

static void put_comparison(const fyi_versus *v, const fyi_cells *c, fyi_buf *b)
{
    put_fact(b, "Figure", v->is_tested ? v->metric : "");
    put_fact(b, "Baseline", v->baseline);
    if (v->is_tested)
        put_fact(b, "Arms", fyi_whole((int64_t)v->n_arms).s);
    put_count(b, "Shifts", c->n_shifts);
    put_count(b, "Methods", c->n_methods);
    put_count(b, "Cells", c->n);
    put_fact(b, "Seeds", fyi_whole((int64_t)v->n_seeds).s);
}

static void put_search(const fyi_trials *s, fyi_buf *b)
{
    put_fact(b, "Figure", s->metric);
    put_fact(b, "Trials", fyi_whole((int64_t)s->n).s);
    put_fact(b, "Sampler", s->sampler);
    put_fact(b, "Stopped early by", strcmp(s->pruner, "none") != 0 ? s->pruner : "");
    put_fact(b, "Seeds of each", s->n_seeds > 0 ? fyi_whole((int64_t)s->n_seeds).s : "");
    put_fact(b, "Study", s->study);
}

/* Facts of a run; what was evaluated where there is no run. */
static void put_facts(const fyi_report *r, fyi_buf *b)
{
    const fyi_result *res = &r->result;
    const fyi_eval *e = &r->eval;
    const bool fuses = r->modalities.is_there;
    const int64_t epochs = fuses ? r->modalities.epochs : r->tuned.epochs;

    put_fact(b, "Method", fuses && res->method[0] == '\0' ? r->modalities.method : res->method);
    put_fact(b, "Seed", res->seed);
    put_fact(b, "Steps",
             res->step[FYI_PLAIN][FYI_LAST] > 0 ? fyi_whole(res->step[FYI_PLAIN][FYI_LAST]).s : "");
    put_fact(b, "Epochs", epochs > 0 ? fyi_whole(epochs).s : "");
    put_fact(b, "Time", isfinite(res->seconds) ? fyi_duration(res->seconds).s : "");
    put_fact(b, "Ferry", find_version(r));
    put_fact(b, "Directory", res->run_dir);
    if (r->versus.is_there)
        put_comparison(&r->versus, &r->cells, b);
    if (r->trials.is_there)
        put_search(&r->trials, b);
    if (res->is_there)
        return;
    put_fact(b, "Data", fyi_eval_about(e, "data"));
    put_fact(b, "Weights", fyi_eval_about(e, "weights"));
    put_fact(b, "Precision", fyi_eval_about(e, "precision"));
}

const char *fyi_report_title(const fyi_report *r)
{
    const char *model = fyi_eval_about(&r->eval, "model");

    if (r->result.recipe[0] != '\0')
        return r->result.recipe;
    if (r->versus.is_there && r->versus.name[0] != '\0')
        return r->versus.name;
    if (r->trials.is_there && r->trials.name[0] != '\0')
        return r->trials.name;
    return !r->result.is_there && model[0] != '\0' ? model : "A run";
}

void fyi_report_brand(fyi_buf *b)
{
    fyi_buf_puts(
        b, "<header>\n<p class=\"brand\"><svg viewBox=\"0 0 32 24\" width=\"32\" height=\"24\" "
           "aria-hidden=\"true\"><path class=\"hull\" d=\"M3 12H29L25 18H7zM10 11V5H20V11zM13 "
           "4V1H16V4z\" />"
           "<path class=\"wave\" d=\"M1 21q3.75-3 7.5 0t7.5 0t7.5 0t7.5 0\" /></svg>Ferry "
           "report</p>\n");
}

void fyi_show_header(fyi_report *r, fyi_buf *b)
{
    fyi_report_brand(b);
    fyi_html(b, "<h1>@</h1>\n<dl class=\"facts\">\n", fyi_report_title(r));
    put_facts(r, b);
    fyi_buf_puts(b, "</dl>\n");
    put_links(r, b);
    fyi_buf_puts(b, "</header>\n");
}

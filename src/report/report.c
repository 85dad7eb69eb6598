/* report.c: a run's directory becomes report.html: every reader reads, every section writes, and
 * the page is on disk whole or not at all. */
#include "report/report.h"

#include <string.h>

static const fyi_report_reader readers[] = {
    fyi_read_result,  fyi_read_tuned,  fyi_read_metrics,   fyi_read_critic,     fyi_read_features,
    fyi_read_samples, fyi_read_origin, fyi_read_eval,      fyi_read_lr_find,    fyi_read_fit,
    fyi_read_kernels, fyi_read_versus, fyi_read_distilled, fyi_read_modalities, fyi_read_trials,
    fyi_read_staged,  fyi_read_choice,
};

/* In the order in which somebody reads who asks first whether it worked, then how, then from
 * what. */
static const fyi_report_section sections[] = {
    fyi_show_verdict,      fyi_show_tuned,          fyi_show_distilled,     fyi_show_staged,
    fyi_show_fused,        fyi_show_versus_verdict, fyi_show_cells_verdict, fyi_show_failed_cells,
    fyi_show_notes,        fyi_show_leaders,        fyi_show_choosers,      fyi_show_cells,
    fyi_show_versus_table, fyi_show_intervals,      fyi_show_versus_runs,   fyi_show_trials_verdict,
    fyi_show_best_trials,  fyi_show_history,        fyi_show_importance,    fyi_show_modalities,
    fyi_show_subsets,      fyi_show_fusing,         fyi_show_numbers,       fyi_show_choice,
    fyi_show_target,       fyi_show_training,       fyi_show_learning,      fyi_show_lr_find,
    fyi_show_critic,       fyi_show_signs,          fyi_show_features,      fyi_show_samples,
    fyi_show_scores,       fyi_show_confusion,      fyi_show_calibration,   fyi_show_classes,
    fyi_show_mistakes,     fyi_show_figures,        fyi_show_fit,           fyi_show_kernels,
    fyi_show_about,        fyi_show_origin,
};

void fyi_section_begin(fyi_buf *b, const char *id, const char *title, const char *lead)
{
    fyi_html(b, "<section id=\"@\">\n<h2>@</h2>\n", id, title);
    if (lead[0] != '\0')
        fyi_html(b, "<p class=\"lead\">@</p>\n", lead);
}

void fyi_section_end(fyi_buf *b)
{
    fyi_buf_puts(b, "</section>\n");
}

void fyi_say_handed_back(const fyi_result *res, fyi_buf *b)
{
    const int64_t chosen = res->step[FYI_PLAIN][FYI_CHOSEN], last = res->step[FYI_PLAIN][FYI_LAST];

    if (res->fell_back)
        fyi_buf_puts(b, " The run hands back the source model instead.");
    else if (chosen >= 0 && last >= 0 && chosen != last)
        fyi_html(b, " The run hands back the model of step @ instead.", fyi_whole(chosen).s);
}

void fyi_report_page_begin(fyi_buf *b, const char *title)
{
    fyi_buf_puts(b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\" />\n"
                    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />\n"
                    "<meta name=\"color-scheme\" content=\"light dark\" />\n");
    fyi_html(b, "<title>@: Ferry report</title>\n", title);
    fyi_html_style(b);
    fyi_buf_puts(b, "</head>\n<body>\n<div class=\"page\">\n");
}

void fyi_report_page_end(fyi_buf *b, const char *from)
{
    fyi_html(b,
             "</main>\n<footer>Written by Ferry @ @. It needs "
             "no network and "
             "no other file.</footer>\n</div>\n",
             fy_version(), from);
}

static void write_page(fyi_report *r, fyi_buf *b)
{
    fyi_report_page_begin(b, fyi_report_title(r));
    fyi_show_header(r, b);
    fyi_buf_puts(b, "<main>\n");
    for (size_t i = 0; i < FYI_LEN(sections); i++)
        sections[i](r, b);
    fyi_report_page_end(b, "from the files in this directory");
    fyi_html_script(b);
    fyi_buf_puts(b, "</body>\n</html>\n");
}

static fy_status read_run(fyi_report *r)
{
    for (size_t i = 0; i < FYI_LEN(readers) && !r->no_memory; i++)
        readers[i](r);
    return r->no_memory ? fyi_enomem(0, "reading a run for its report") : FY_OK;
}

void fyi_report_release(fyi_report *r)
{
    for (size_t i = 0; i < r->n_series; i++)
        fyi_free(r->series[i].p);
    fyi_free(r->series);
    fyi_free(r->versions.v);
    fyi_free(r->data.v);
    fyi_free(r->warnings.v);
    fyi_free(r->notes);
    fyi_arena_release(&r->arena);
}

/* A run that is done, also without a recipe, an evaluation, or a comparison. */
static fy_status has_anything(const char *run_dir, bool *out)
{
    static const char *const files[] = { "result.json", "eval.json", "compare.json", "fuse.json",
                                         "search.json" };

    *out = false;
    for (size_t i = 0; i < FYI_LEN(files); i++) {
        char *path = fyi_path_join(run_dir, files[i]);

        if (path == NULL)
            return fyi_enomem(strlen(run_dir), "a report's path");
        *out = *out || fyi_path_exists(path);
        fyi_free(path);
    }
    return FY_OK;
}

static fy_status check_run(const char *run_dir, char **report)
{
    bool is_there;

    FYI_FORWARD(has_anything(run_dir, &is_there));
    *report = fyi_path_join(run_dir, "report.html");
    if (*report == NULL)
        return fyi_enomem(strlen(run_dir), "a report's path");
    if (!is_there)
        return fyi_fail(FY_EIO,
                        "cannot report on '%s': there is no result.json in it, nor an eval.json; a "
                        "run leaves the first "
                        "when it is done, and a run that was stopped can be resumed",
                        run_dir);
    return FY_OK;
}

fy_status fy_report_write(const char *run_dir)
{
    fyi_report r = { .dir = run_dir };
    char *path = NULL;
    fyi_buf page = { 0 };
    fy_status st;

    FY_TRY(check_run(run_dir, &path));
    FY_TRY(read_run(&r));
    write_page(&r, &page);
    if (page.failed || r.no_memory)
        FY_TRY(fyi_enomem(page.len, "a report"));
    FY_TRY(fyi_file_write(path, page.p, page.len));
done:
    fyi_buf_release(&page);
    fyi_report_release(&r);
    fyi_free(path);
    return st;
}

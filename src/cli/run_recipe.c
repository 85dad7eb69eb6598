/* run_recipe.c: a recipe run from the command line, its report, and its figures. */
#include "cli/cli.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

fy_status fyi_apply_settings(const fyi_args *a, fy_recipe *r, const char *prefix)
{
    for (int i = 0; i < a->n_settings; i++) {
        fyi_buf text = { 0 };
        fy_status st;

        fyi_buf_printf(&text, "%s%s", prefix, a->settings[i]);
        st = text.failed ? fyi_enomem(text.len, "a setting") : fy_recipe_set(r, text.p);
        fyi_buf_release(&text);
        FYI_FORWARD(st);
    }
    return FY_OK;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

int fyi_print_json(json_t *root)
{
    char *text = root != NULL ? json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;

    json_decref(root);
    if (text == NULL) {
        (void)fyi_enomem(0, "a JSON line");
        return fyi_failed();
    }
    printf("%s\n", text);
    free(text);
    return FYI_DONE;
}

int fyi_print_json_file(const char *dir, const char *name)
{
    char path[FY_RUN_DIR_MAX + 16];
    json_error_t error;
    json_t *root;

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    root = json_load_file(path, 0, &error);
    if (root == NULL) {
        (void)fyi_fail(FY_EIO, "cannot read '%s' back: %s", path, error.text);
        return fyi_failed();
    }
    return fyi_print_json(root);
}

void fyi_print_failure_json(fy_status st, const char *dir)
{
    const char *sentence = fy_last_error();
    json_t *root = json_pack("{s:s, s:s, s:s}", "error", sentence, "status", fy_status_name(st),
                             "run_dir", dir);

    (void)fyi_print_json(root);
}

/* ---- running --------------------------------------------------------------------------------- */

int fyi_recipe_failed(const fyi_args *a, fy_status st)
{
    (void)fyi_failed();
    if (fyi_args_has(a, "--json"))
        fyi_print_failure_json(st, "");
    return st == FY_EINVAL || st == FY_EFORMAT ? FYI_MISUSED : FYI_FAILED;
}

static int run_failed(const fyi_args *a, fy_status st, const fy_recipe_result *result)
{
    (void)fyi_failed();
    if (st == FY_ECANCELED && result->run_dir[0] != '\0')
        fprintf(stderr, "resume with: ferry run --resume %s\n", result->run_dir);
    else if (st == FY_ECANCELED)
        fprintf(stderr, "nothing had begun\n");
    else if (st == FY_EIO && result->run_dir[0] != '\0')
        fprintf(stderr, "when that is mended, go on with: ferry run --resume %s\n", result->run_dir);
    if (fyi_args_has(a, "--json"))
        fyi_print_failure_json(st, result->run_dir);
    return FYI_FAILED;
}

static fy_recipe_run_opts opts_of(const fyi_args *a)
{
    fy_recipe_run_opts o = fy_recipe_run_defaults();
    const char *resume = fyi_args_value(a, "--resume"), *runs = fyi_args_value(a, "--runs");

    o.resume = resume != NULL;
    o.run_dir = resume != NULL ? resume : fyi_args_value(a, "--out");
    if (runs != NULL)
        o.runs_dir = runs;
    o.progress = fyi_progress_show;
    o.cancel = fyi_interrupt_flag();
    return o;
}

static void print_result(fy_recipe *r, const fy_recipe_result *result)
{
    static void (*const show[])(fy_recipe * r, const fy_recipe_result *result) = {
        [FY_KIND_ADAPT] = fyi_show_adapt,     [FY_KIND_FINETUNE] = fyi_show_finetune,
        [FY_KIND_DISTILL] = fyi_show_distill, [FY_KIND_FUSE] = fyi_show_fuse,
        [FY_KIND_HDNET] = fyi_show_hdnet,
    };

    show[result->kind](r, result);
    printf("Report: %s/report.html\n", result->run_dir);
}

int fyi_run_recipe(const fyi_args *a, fy_recipe *r)
{
    const fy_recipe_run_opts o = opts_of(a);
    fy_recipe_result result;
    fy_status st = fy_recipe_check(r);

    if (st != FY_OK)
        return fyi_recipe_failed(a, st);
    fyi_interrupt_begin();
    fyi_progress_begin(fyi_args_has(a, "--quiet"));
    st = fy_recipe_run(r, &o, &result);
    if (st == FY_OK)
        st = fy_report_write(result.run_dir);
    fyi_progress_end();
    if (st != FY_OK)
        return run_failed(a, st, &result);
    if (fyi_args_has(a, "--json"))
        return fyi_print_json_file(result.run_dir, "result.json");
    print_result(r, &result);
    return FYI_DONE;
}

int fyi_make_and_run(const fyi_args *a, fy_status (*make)(void *arg), void *arg, fy_recipe **r)
{
    fy_status st;

    fyi_progress_begin(fyi_args_has(a, "--quiet"));
    st = make(arg);
    fyi_progress_end();
    return st == FY_OK ? fyi_run_recipe(a, *r) : fyi_recipe_failed(a, st);
}

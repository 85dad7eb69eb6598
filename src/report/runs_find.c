/* runs_find.c: the runs in and below some directories: whatever has a result.json is one. */
#include "report/runs.h"

#include "recipe/recipe.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_DEPTH 4
#define MAX_RESULT ((size_t)1 << 20)

/* ---- one run --------------------------------------------------------------------------------- */

static bool has_file(const char *dir, const char *name)
{
    char path[PATH_MAX];

    return (size_t)snprintf(path, sizeof path, "%s/%s", dir, name) < sizeof path &&
           fyi_path_exists(path);
}

/* What is wrong with a recipe is its run's own affair. */
static fy_status read_recipe(fyi_one_run *run)
{
    char path[PATH_MAX];
    fy_status st;

    if (!has_file(run->dir, "recipe.yaml"))
        return FY_OK;
    (void)snprintf(path, sizeof path, "%s/recipe.yaml", run->dir);
    st = fy_recipe_read(path, &run->recipe);
    return st == FY_ENOMEM ? st : FY_OK;
}

/* "../../runs/x/report.html" from the page's folder: both are absolute and end without a slash. */
static char *way_from(const char *folder, const char *to)
{
    size_t same = 0;
    fyi_buf way = { 0 };
    char *text;

    for (size_t i = 0; folder[i] == to[i] || (folder[i] == '\0' && to[i] == '/'); i++) {
        if (to[i] == '/')
            same = i;
        if (folder[i] == '\0' || to[i] == '\0')
            break;
    }
    for (const char *c = folder + same; *c != '\0'; c++)
        if (*c == '/' && c[1] != '\0')
            fyi_buf_puts(&way, "../");
    fyi_buf_printf(&way, "%s/report.html", to + same + 1);
    text = way.failed ? NULL : fyi_strdup(way.p);
    fyi_buf_release(&way);
    return text;
}

static fy_status find_link(fyi_one_run *run, const char *page)
{
    const char *name = fyi_base_name(page);
    char folder[PATH_MAX], dir[PATH_MAX], here[PATH_MAX];

    (void)snprintf(folder, sizeof folder, "%.*s", (int)(name - page), page);
    if (!has_file(run->dir, "report.html") ||
        realpath(*folder != '\0' ? folder : ".", here) == NULL || realpath(run->dir, dir) == NULL)
        return FY_OK;
    run->link = way_from(here, dir);
    return run->link != NULL ? FY_OK : fyi_enomem(strlen(dir), "a run's name");
}

static fy_status add_run(fyi_runs *runs, const char *dir, const char *page)
{
    fyi_one_run *run;

    if (runs->n == FYI_MAX_RUNS) {
        fyi_report_note(&runs->page, "more than %d runs: '%.80s' and what follows is left out.",
                        FYI_MAX_RUNS, dir);
        return FY_OK;
    }
    FYI_FORWARD(fyi_grow(&runs->v, &runs->cap, runs->n + 1, sizeof *runs->v));
    run = &runs->v[runs->n++];
    *run = (fyi_one_run){ .dir = fyi_strdup(dir) };
    if (run->dir == NULL)
        return fyi_enomem(strlen(dir), "a run's name");
    run->report.dir = run->dir;
    run->result = fyi_report_json(&run->report, "result.json", MAX_RESULT);
    fyi_read_metrics(&run->report);
    FYI_FORWARD(read_recipe(run));
    FYI_FORWARD(find_link(run, page));
    return run->report.no_memory ? fyi_enomem(0, "reading a run for a page") : FY_OK;
}

/* ---- directories ----------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    return strverscmp(*(char *const *)a, *(char *const *)b);
}

typedef struct names {
    char **v;
    size_t n, cap;
} names;

static void release_names(names *list)
{
    for (size_t i = 0; i < list->n; i++)
        fyi_free(list->v[i]);
    fyi_free(list->v);
}

static fy_status list_folder(const char *dir, names *out)
{
    DIR *d = opendir(dir);
    fy_status st = FY_OK;

    for (struct dirent *e; d != NULL && st == FY_OK && (e = readdir(d)) != NULL;) {
        if (e->d_name[0] == '.')
            continue;
        st = fyi_grow(&out->v, &out->cap, out->n + 1, sizeof *out->v);
        if (st == FY_OK && (out->v[out->n] = fyi_path_join(dir, e->d_name)) != NULL)
            out->n++;
        else if (st == FY_OK)
            st = fyi_enomem(strlen(dir), "a folder's files");
    }
    if (d != NULL)
        closedir(d);
    if (out->n > 0)
        qsort(out->v, out->n, sizeof *out->v, by_name);
    return st;
}

static bool is_folder(const char *path)
{
    struct stat is;

    return lstat(path, &is) == 0 && S_ISDIR(is.st_mode);
}

static fy_status find_below(fyi_runs *runs, const char *dir, const char *page, int depth)
{
    names list = { 0 };
    fy_status st;

    if (has_file(dir, "result.json"))
        return add_run(runs, dir, page);
    if (depth == MAX_DEPTH)
        return FY_OK;
    st = list_folder(dir, &list);
    for (size_t i = 0; i < list.n && st == FY_OK; i++)
        if (is_folder(list.v[i]))
            st = find_below(runs, list.v[i], page, depth + 1);
    release_names(&list);
    return st;
}

fy_status fyi_runs_find(fyi_runs *runs, const char *const *dirs, size_t n, const char *page)
{
    for (size_t i = 0; i < n; i++) {
        const size_t before = runs->n;

        if (!fyi_path_exists(dirs[i]))
            return fyi_fail(FY_EIO, "there is no directory '%s' to report on", dirs[i]);
        FYI_FORWARD(find_below(runs, dirs[i], page, 0));
        if (runs->n == before)
            fyi_report_note(&runs->page, "'%.200s' holds no run that is done.", dirs[i]);
    }
    if (runs->n == 0)
        return fyi_fail(FY_EIO, "no run in '%s' is done: there is no result.json in it or below it",
                        n > 0 ? dirs[0] : "");
    return FY_OK;
}

void fyi_runs_release(fyi_runs *runs)
{
    for (size_t i = 0; i < runs->n; i++) {
        fyi_one_run *run = &runs->v[i];

        fyi_report_release(&run->report);
        json_decref(run->result);
        fy_recipe_free(run->recipe);
        fyi_free(run->link);
        fyi_free(run->dir);
    }
    fyi_free(runs->v);
    fyi_report_release(&runs->page);
}

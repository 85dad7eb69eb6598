/* search_open.c: a worker before its first trial: the recipe, the directory, the study that it joins. What is wrong with any
 * of them is said here. */
#include "search/search_run.h"

#include <string.h>

fy_search_opts fy_search_defaults(void)
{
    return (fy_search_opts){ .runs_dir = "runs" };
}

/* ---- the directory --------------------------------------------------------------------------- */

static bool is_server(const char *study)
{
    return fyi_db_postgres.takes(study);
}

/* "tries.db" -> "tries-search". */
static fy_status name_after_study(const char *study, char *dir, size_t size)
{
    const char *name = fyi_base_name(study), *dot = strrchr(name, '.');
    const int len = (int)(dot != NULL && dot > name ? dot - study : (ptrdiff_t)strlen(study));

    if ((size_t)snprintf(dir, size, "%.*s-search", len, study) >= size)
        return fyi_fail(FY_EINVAL, "the study's name '%.80s...' is too long", study);
    return FY_OK;
}

static fy_status choose_dir(fy_search *s, const fyi_settings *of)
{
    const char *study = of->search.study;
    char name[160];

    if (s->o.dir != NULL && strlen(s->o.dir) >= sizeof s->dir)
        return fyi_fail(FY_EINVAL, "the directory name '%.80s...' is too long", s->o.dir);
    if (s->o.dir != NULL) {
        (void)snprintf(s->dir, sizeof s->dir, "%s", s->o.dir);
        return FY_OK;
    }
    if (study != NULL && *study != '\0' && !is_server(study))
        return name_after_study(study, s->dir, sizeof s->dir);
    (void)snprintf(name, sizeof name, "%s-search", of->run.name);
    return fyi_place_path(s->o.runs_dir, name, s->dir, sizeof s->dir);
}

/* Trials are named by their numbers: a directory is of one study. */
static fy_status check_dir(fy_recipe *now, fy_recipe *then, const char *dir)
{
    const char *a = fy_recipe_get(now, "search.study"), *b = fy_recipe_get(then, "search.study");

    if (!fyi_searches(&then->settings))
        return fyi_fail(FY_EINVAL,
                        "'%s' holds a run or a comparison, and no search; choose "
                        "another directory with --out",
                        dir);
    if (a != NULL && b != NULL && strcmp(a, b) != 0)
        return fyi_fail(FY_EINVAL,
                        "'%s' holds the trials of the study '%s', and this one is '%s'; choose "
                        "another directory with --out",
                        dir, *b != '\0' ? b : "study.db", *a != '\0' ? a : "study.db");
    return FY_OK;
}

static fy_status check_old(fy_recipe *r, const char *path, const char *dir)
{
    fy_recipe *then;
    fy_status st;

    FYI_FORWARD(fy_recipe_read(path, &then));
    st = fy_recipe_check(then);
    if (st == FY_OK)
        st = check_dir(r, then, dir);
    fy_recipe_free(then);
    return st;
}

static fy_status make_dir(fy_search *s, fy_recipe *r)
{
    char path[FY_RUN_DIR_MAX + 16];

    FYI_FORWARD(choose_dir(s, &r->settings));
    FYI_FORWARD(fyi_mkdirs(s->dir));
    FYI_FORWARD(fyi_place_path(s->dir, "recipe.yaml", path, sizeof path));
    return fyi_path_exists(path) ? check_old(r, path, s->dir) : FY_OK;
}

/* After the study was joined: what a directory says is true. One worker at a time, so that what killed ones left can go. */
static fy_status write_recipe(fy_search *s)
{
    char path[FY_RUN_DIR_MAX + 16];

    FYI_FORWARD(fyi_place_path(s->dir, "recipe.yaml", path, sizeof path));
    FYI_FORWARD(fyi_store_begin(&s->store));
    fyi_drop_temporaries(s->dir);
    return fyi_store_end(&s->store, fy_recipe_write(s->recipe, path));
}

/* ---- the study ------------------------------------------------------------------------------- */

static fy_status join(fy_search *s, const char *where, const char *core)
{
    char sha256[65];
    const fyi_study_id id = { s->recipe->settings.run.name, sha256, core };

    FYI_FORWARD(fyi_recipe_sha256(&s->recipe->settings, sha256));
    return fyi_store_join(&s->store, where, &id);
}

static fy_status join_study(fy_search *s)
{
    const char *study = s->recipe->settings.search.study;
    char own[FY_RUN_DIR_MAX + 16];
    fyi_buf core = { 0 };
    fy_status st;

    FYI_FORWARD(fyi_place_path(s->dir, "study.db", own, sizeof own));
    fyi_recipe_core(&s->recipe->settings, &core);
    st = core.failed ? fyi_enomem(core.len, "a recipe's text")
                     : join(s, study != NULL && *study != '\0' ? study : own, core.p);
    fyi_buf_release(&core);
    return st;
}

/* ---- opening --------------------------------------------------------------------------------- */

static fy_status open(fy_search *s, fy_recipe *r)
{
    FYI_FORWARD(fy_recipe_check(r));
    if (!fyi_searches(&r->settings))
        return fyi_fail(FY_EINVAL,
                        "recipe %s has nothing to search: it needs a section 'search' with a "
                        "'space'",
                        r->entries.path);
    FYI_FORWARD(fy_recipe_copy(r, &s->recipe));
    FYI_FORWARD(fy_recipe_check(s->recipe));
    FYI_FORWARD(make_dir(s, s->recipe));
    FYI_FORWARD(fyi_share_features(s->recipe, s->dir));
    FYI_FORWARD(join_study(s));
    FYI_FORWARD(write_recipe(s));
    return fy_lab_open(&s->lab);
}

fy_status fy_search_open(fy_recipe *r, const fy_search_opts *o, fy_search **out)
{
    fy_search *s = fyi_calloc(1, sizeof *s);
    fy_status st;

    *out = NULL;
    if (s == NULL)
        return fyi_enomem(sizeof *s, "a search");
    s->o = o != NULL ? *o : fy_search_defaults();
    st = open(s, r);
    if (st == FY_OK)
        *out = s;
    else
        fy_search_close(s);
    return st;
}

void fy_search_close(fy_search *s)
{
    if (s == NULL)
        return;
    fy_lab_close(s->lab);
    fyi_store_close(&s->store);
    fy_recipe_free(s->recipe);
    fyi_free(s);
}

const char *fy_search_dir(const fy_search *s)
{
    return s->dir;
}

fy_status fy_search_study(fy_search *s, fy_study **out)
{
    fy_status st;

    FYI_FORWARD(fyi_store_read(&s->store, out));
    st = fyi_study_weigh(*out);
    if (st == FY_OK)
        return FY_OK;
    fy_study_free(*out);
    *out = NULL;
    return st;
}

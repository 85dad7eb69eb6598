/* place.c: the directory of a run, or of a comparison: chosen, or checked, and made. What has begun there has a
 * recipe.yaml. */
#include "recipe/recipe.h"

#include "train/train.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

fy_status fyi_place_path(const char *dir, const char *name, char *path, size_t size)
{
    if ((size_t)snprintf(path, size, "%s/%s", dir, name) >= size)
        return fyi_fail(FY_EINVAL, "the directory name '%.80s...' is too long", dir);
    return FY_OK;
}

static bool has_file(const char *dir, const char *name, bool counts_empty)
{
    char path[FY_RUN_DIR_MAX + 32];
    struct stat info;

    return fyi_place_path(dir, name, path, sizeof path) == FY_OK && stat(path, &info) == 0 &&
           (counts_empty || info.st_size > 0);
}

bool fyi_place_is_unused(const char *dir)
{
    const bool has_begun = has_file(dir, "recipe.yaml", true) && has_file(dir, "data.json", true) &&
                           has_file(dir, "versions.json", true);
    const bool has_learnt = has_file(dir, "checkpoint.safetensors", true) ||
                            has_file(dir, "metrics.jsonl", false) ||
                            has_file(dir, "result.json", true);

    return has_begun && !has_learnt && !fyi_run_is_going_on(dir);
}

/* mkdir itself decides whether a name is free, so that runs started at one moment do not share
 * one. */
static fy_status make_next(const fyi_place *p, char *dir, size_t size)
{
    for (int i = 1; i <= 9999; i++) {
        char name[192];

        (void)snprintf(name, sizeof name, i == 1 ? "%s" : "%s-%d", p->stem, i);
        FYI_FORWARD(fyi_place_path(p->parent, name, dir, size));
        if (mkdir(dir, 0777) == 0)
            return FY_OK;
        if (errno != EEXIST)
            return fyi_fail(FY_EIO,
                            "cannot make the %s's directory '%s': %s; choose another place with "
                            "--out",
                            p->what, dir, strerror(errno));
    }
    return fyi_fail(FY_EIO, "'%s' is full of %ss named '%s'; remove some", p->parent, p->what,
                    p->stem);
}

/* What a run that learnt nothing may have left, with a dot before it a file that was not finished; of a result fyi_rundir_finished says
 * whose it is. */
static bool may_be_ours(const char *name)
{
    static const char *const ours[] = { "data",          "data.json",   "versions.json",
                                        "metrics.jsonl", "result.json", "recipe.yaml" };

    for (size_t i = 0; i < FYI_LEN(ours); i++)
        if (strcmp(name, ours[i]) == 0)
            return true;
    return name[0] == '.';
}

/* Among files of others a run's would be lost, or be taken for data: by the name of the first. */
static fy_status check_empty(const fyi_place *p, const char *dir)
{
    DIR *d = opendir(dir);
    const struct dirent *e = NULL;
    fy_status st = FY_OK;

    if (d == NULL)
        return FY_OK; /* it is made, or what is wrong is said then */
    while ((e = readdir(d)) != NULL && may_be_ours(e->d_name))
        ;
    if (e != NULL)
        st =
            fyi_fail(FY_EINVAL,
                     "'%s' holds '%.80s' and no %s: its files would lie among others; choose a new "
                     "directory with --out",
                     dir, e->d_name, p->what);
    (void)closedir(d);
    return st;
}

static fy_status make_given(const fyi_place *p, char *dir, size_t size)
{
    bool has_begun, is_unused;

    if (strlen(p->dir) >= size)
        return fyi_fail(FY_EINVAL, "the directory name '%.80s...' is too long", p->dir);
    (void)snprintf(dir, size, "%s", p->dir);
    has_begun = has_file(dir, "recipe.yaml", true);
    is_unused = p->may_be_refused && fyi_place_is_unused(dir);
    if (has_begun && !p->resume && !is_unused)
        return fyi_fail(FY_EINVAL,
                        "'%s' already holds a %s; continue it with %s %s, or choose another "
                        "directory",
                        dir, p->what, p->go_on, dir);
    if (!has_begun && p->resume)
        return fyi_fail(FY_EINVAL, "'%s' holds no %s to resume: there is no recipe.yaml in it", dir,
                        p->what);
    if (!has_begun || is_unused)
        FYI_FORWARD(check_empty(p, dir));
    return fyi_mkdirs(dir);
}

fy_status fyi_place_make(const fyi_place *p, char *dir, size_t size)
{
    const char *given = p->dir != NULL ? p->dir : p->parent;
    fy_status st;

    if (*given == '\0' || !fyi_text_is_plain(given, strlen(given)))
        return fyi_fail(
            FY_EINVAL,
            "the %s's directory '%.80s' has no name, or one that is not plain UTF-8 text and "
            "could not be written down; choose another with --out",
            p->what, given);
    if (p->dir != NULL) {
        st = make_given(p, dir, size);
    } else {
        st = fyi_mkdirs(p->parent);
        if (st == FY_OK)
            st = make_next(p, dir, size);
    }
    if (st != FY_OK)
        dir[0] = '\0';
    return st;
}

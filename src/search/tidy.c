/* tidy.c: of all runs of a search only those of the best trial keep their models and checkpoints.
 *
 * A trial that is not the best never becomes it again, so that workers need not ask each other; and what one that was killed has
 * left, the next one finds. */
#include "search/search_run.h"

#include <dirent.h>
#include <string.h>
#include <unistd.h>

fy_status fyi_search_run_dir(const fy_search *s, int64_t number, uint64_t seed, char *dir,
                             size_t size)
{
    char name[64];

    (void)snprintf(name, sizeof name, "runs/%lld-%llu", (long long)number, (unsigned long long)seed);
    return fyi_place_path(s->dir, name, dir, size);
}

static bool is_model(const char *name)
{
    static const char ending[] = ".safetensors";
    const size_t n = strlen(name), m = sizeof ending - 1;

    return n > m && strcmp(name + n - m, ending) == 0;
}

/* A file that stays does no harm. */
static void drop_models(const char *dir)
{
    DIR *d = opendir(dir);

    for (const struct dirent *e; d != NULL && (e = readdir(d)) != NULL;)
        if (is_model(e->d_name))
            (void)unlinkat(dirfd(d), e->d_name, 0);
    if (d != NULL)
        closedir(d);
}

static void tidy_trial(const fy_search *s, const fy_study_table *t, int64_t number)
{
    char dir[FY_RUN_DIR_MAX];

    for (int i = 0; i < t->n_seeds; i++)
        if (fyi_search_run_dir(s, number, t->seeds[i], dir, sizeof dir) == FY_OK)
            drop_models(dir);
}

void fyi_search_tidy(const fy_search *s, const fy_study_table *t, int64_t newest)
{
    const bool is_all = newest < 0 || newest == t->best;

    for (int64_t i = 0; i < t->n_trials; i++)
        if ((is_all || i == newest) && i != t->best && t->trials[i].state != FY_TRIAL_RUNNING)
            tidy_trial(s, t, i);
}

/* fuzz_study.c: any bytes as a study's file. What is read has as many values as keys for every trial, and a best trial that is
 * done; a file that is damaged is refused with a sentence. */
#include "base/base.h"

#include <ferry/search.h>

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_trial(const fy_study_table *t, const fy_trial *trial)
{
    for (int k = 0; k < t->n_keys; k++)
        if (trial->values[k] == NULL)
            abort();
    if (trial->state == FY_TRIAL_DONE && isnan(trial->value))
        abort();
    for (int i = 0; i < trial->n_points; i++)
        if (trial->points[i].stage == NULL)
            abort();
}

static void check_study(const fy_study *s)
{
    const fy_study_table *t = fy_study_result(s);

    for (int64_t i = 0; i < t->n_trials; i++)
        check_trial(t, &t->trials[i]);
    if (t->best >= 0 && t->trials[t->best].state != FY_TRIAL_DONE)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char path[64];
    fy_study *s;

    (void)snprintf(path, sizeof path, "/tmp/ferry-fuzz-study-%ld", (long)getpid());
    if (fyi_file_write(path, data, size) != FY_OK)
        abort();
    if (fy_study_read(path, NULL, &s) == FY_OK)
        check_study(s);
    else if (fy_last_error()[0] == '\0')
        abort();
    fy_study_free(s);
    (void)unlink(path);
    return 0;
}

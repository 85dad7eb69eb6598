/* read_critic.c: critic.json, how a critic judged samples of both domains along the way.
 *
 *   {"bins": 20, "moments": [{"step": 0, "source": [counts], "target": [counts]}, ...]} */
#include "report/report.h"

#define MAX_BYTES ((size_t)16 << 20)
#define MAX_BINS 100
#define MAX_MOMENTS 4096

/* The counts as shares of their sum; NULL when they are no counts. */
static double *read_shares(fyi_report *r, const json_t *list, size_t n)
{
    double *share = fyi_report_alloc(r, n, sizeof *share), sum = 0;

    if (share == NULL || json_array_size(list) != n)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        share[i] = fyi_json_real(json_array_get(list, i));
        if (!(share[i] >= 0 && share[i] < 1e15))
            return NULL;
        sum += share[i];
    }
    for (size_t i = 0; i < n; i++)
        share[i] = sum > 0 ? share[i] / sum : 0;
    return share;
}

static bool read_moment(fyi_report *r, const json_t *from, size_t bins, fyi_moment *m)
{
    m->step = fyi_json_whole(from, "step");
    m->n_bins = (int)bins;
    m->share[0] = read_shares(r, json_object_get(from, "source"), bins);
    m->share[1] = read_shares(r, json_object_get(from, "target"), bins);
    return m->step >= 0 && m->share[0] != NULL && m->share[1] != NULL;
}

static void read_moments(fyi_report *r, const json_t *root)
{
    const json_t *list = json_object_get(root, "moments");
    const int64_t bins = fyi_json_whole(root, "bins");
    const size_t n = FYI_MIN(json_array_size(list), MAX_MOMENTS);
    size_t bad = 0;

    if (!json_is_array(list) || bins < 1 || bins > MAX_BINS) {
        fyi_report_note(
            r, "critic.json is left out: it needs \"bins\" from 1 to %d and a list \"moments\".",
            MAX_BINS);
        return;
    }
    r->moments = fyi_report_alloc(r, n, sizeof *r->moments);
    for (size_t i = 0; r->moments != NULL && i < n; i++) {
        if (read_moment(r, json_array_get(list, i), (size_t)bins, &r->moments[r->n_moments]))
            r->n_moments++;
        else
            bad++;
    }
    if (bad > 0)
        fyi_report_note(
            r, "critic.json: %zu moments are left out: each needs a step and %lld counts of either domain.",
            bad, (long long)bins);
}

void fyi_read_critic(fyi_report *r)
{
    json_t *root = fyi_report_json(r, "critic.json", MAX_BYTES);

    if (root != NULL)
        read_moments(r, root);
    json_decref(root);
}

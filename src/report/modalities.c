/* modalities.c: what the sections of a run with several modalities ask of its figures. */
#include "report/report.h"

#include <math.h>
#include <string.h>

unsigned fyi_all_parts(const fyi_modalities *m)
{
    return (1u << m->n) - 1;
}

double fyi_alone(const fyi_modalities *m, int i)
{
    const double v = m->subset[1u << i];

    return isfinite(v) ? v : m->v[i].accuracy;
}

int fyi_best_alone(const fyi_modalities *m, int but)
{
    int best = -1;

    for (int i = 0; i < m->n; i++)
        if (i != but && isfinite(fyi_alone(m, i)) &&
            (best < 0 || fyi_alone(m, i) > fyi_alone(m, best)))
            best = i;
    return best;
}

bool fyi_keeps_one(const fyi_modalities *m)
{
    return strcmp(m->method, "alone") == 0;
}

bool fyi_learns_alone(const fyi_modalities *m)
{
    return fyi_keeps_one(m) || strcmp(m->method, "late") == 0;
}

bool fyi_learns_apart(const fyi_modalities *m)
{
    return fyi_learns_alone(m) || strcmp(m->method, "dgl") == 0 ||
           strcmp(m->method, "dgl_unique") == 0;
}

double fyi_chance_between(const fyi_modalities *m, double p, double q)
{
    return m->samples > 0 ? 2 * sqrt((p * (1 - p) + q * (1 - q)) / (double)m->samples) : (double)NAN;
}

fyi_num fyi_modality_css(int i)
{
    fyi_num css;

    snprintf(css.s, sizeof css.s, "s%d d%d", i, i);
    return css;
}

const fyi_series *fyi_modality_series(const fyi_report *r, const char *stage, const char *figure,
                                      const char *modality)
{
    char name[128];
    const int n = snprintf(name, sizeof name, "%s.%s", figure, modality);

    return n < (int)sizeof name ? fyi_report_series(r, stage, name) : NULL;
}

/* Guards the statistics of comparisons: Student's t, Wilcoxon's signed ranks and Holm's correction against SciPy and
 * statsmodels, and what too few, equal, tied and missing values come to. */
#include "support/support.h"

#include "search/search.h"

#include <math.h>

#define MOST 24

static void is_close(double actual, double expected, double rtol)
{
    if (isnan(expected) ? !isnan(actual)
                        : !(fabs(actual - expected) <= rtol * fabs(expected) + 1e-14))
        fail_msg("%.17g, expected %.17g", actual, expected);
}

/* ---- against others -------------------------------------------------------------------------- */

static const struct tail {
    double t, v, p;
} tails[] = {
#define WANT_TAILS
#include "golden/paired.inc"
#undef WANT_TAILS
};

static const struct level {
    double level, v, t;
} levels[] = {
#define WANT_LEVELS
#include "golden/paired.inc"
#undef WANT_LEVELS
};

static void students_t_is_scipys(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(tails); i++) {
        is_close(fyi_student_p(tails[i].t, tails[i].v), tails[i].p, 1e-11);
        is_close(fyi_student_p(-tails[i].t, tails[i].v), tails[i].p, 1e-11);
    }
    for (size_t i = 0; i < LEN(levels); i++)
        is_close(fyi_student_quantile(levels[i].level, levels[i].v), levels[i].t, 1e-10);
    is_close(fyi_student_p(0, 3), 1, 0);
    is_close(fyi_student_p(INFINITY, 3), 0, 0);
    is_close(fyi_student_p(1e200, 3), 0, 0);
    is_close(fyi_student_p(NAN, 3), NAN, 0);
}

static const struct pairs {
    int n;
    double level, arm[MOST], base[MOST], mean, sd, low, high, t, p, p_wilcoxon;
} cases[] = {
#define WANT_CASES
#include "golden/paired.inc"
#undef WANT_CASES
};

static void paired_tests_are_scipys(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct pairs *c = &cases[i];
        fyi_paired r;

        check_ok(fyi_paired_compare(c->arm, c->base, c->n, c->level, &r));
        assert_int_equal(r.diff.n, c->n);
        is_close(r.diff.mean, c->mean, 1e-11);
        is_close(r.diff.sd, c->sd, 1e-11);
        is_close(r.diff.low, c->low, 1e-9);
        is_close(r.diff.high, c->high, 1e-9);
        is_close(r.t, c->t, 1e-9);
        is_close(r.p, c->p, 1e-9);
        is_close(r.p_wilcoxon, c->p_wilcoxon, 1e-12);
    }
}

static const struct holm {
    int n;
    double p[5], adjusted[5];
} holms[] = {
#define WANT_HOLM
#include "golden/paired.inc"
#undef WANT_HOLM
    { 4, { 0.03, NAN, 0.01, NAN }, { 0.03, NAN, 0.02, NAN } },
    { 1, { NAN }, { NAN } },
};

static void holms_correction_is_statsmodels(void **state)
{
    double got[5];

    (void)state;
    for (size_t i = 0; i < LEN(holms); i++) {
        check_ok(fyi_holm(holms[i].p, holms[i].n, got));
        for (int k = 0; k < holms[i].n; k++)
            is_close(got[k], holms[i].adjusted[k], 1e-14);
    }
    check_ok(fyi_holm(NULL, 0, got));
}

/* ---- what has no test ------------------------------------------------------------------------ */

static const struct odd {
    const char *why;
    int n;
    double arm[4], base[4];
    int n_pairs;
    double mean, sd, low, p, p_wilcoxon;
    bool is_constant;
} odds[] = {
    { "one pair has a difference and nothing else",
      1,
      { 0.5 },
      { 0.25 },
      1,
      0.25,
      NAN,
      NAN,
      NAN,
      NAN,
      false },
    { "nothing", 0, { 0 }, { 0 }, 0, NAN, NAN, NAN, NAN, NAN, false },
    { "all the same", 3, { 0.5, 0.25, 1 }, { 0.5, 0.25, 1 }, 3, 0, 0, 0, 1, 1, true },
    { "always better by as much: no t, and the ranks of three pairs",
      3,
      { 0.5, 0.75, 1 },
      { 0.25, 0.5, 0.75 },
      3,
      0.25,
      0,
      NAN,
      NAN,
      0.25,
      true },
    { "equal but for rounding", 2, { 0.3, 0.8 }, { 0.1, 0.6 }, 2, 0.2, 0, NAN, NAN, 0.5, true },
    { "a failed run takes its pair along",
      3,
      { 0.5, NAN, 0.75 },
      { 0.25, 0.5, NAN },
      1,
      0.25,
      NAN,
      NAN,
      NAN,
      NAN,
      false },
    { "all failed", 2, { NAN, NAN }, { 0.25, 0.5 }, 0, NAN, NAN, NAN, NAN, NAN, false },
    { "infinite is no figure", 2, { INFINITY, 0.5 }, { 0.25, 0.5 }, 1, 0, NAN, NAN, NAN, NAN, false },
};

static void what_cannot_be_tested_is_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(odds); i++) {
        const struct odd *c = &odds[i];
        fyi_paired r;

        check_ok(fyi_paired_compare(c->arm, c->base, c->n, 0.95, &r));
        if (r.diff.n != c->n_pairs || r.is_constant != c->is_constant)
            fail_msg("%s: %d pairs", c->why, r.diff.n);
        is_close(r.diff.mean, c->mean, 1e-12);
        is_close(r.diff.sd, c->sd, 0);
        is_close(r.diff.low, c->low, 0);
        is_close(r.p, c->p, 0);
        is_close(r.p_wilcoxon, c->p_wilcoxon, 1e-15);
    }
}

static void many_pairs_are_ranked_exactly(void **state)
{
    double d[256], p;

    (void)state;
    for (int i = 0; i < 256; i++)
        d[i] = i % 2 ? i + 1 : -(i + 1);
    check_ok(fyi_wilcoxon_p(d, 256, 0, &p));
    assert_true(p > 0.9 && p <= 1);
    for (int i = 0; i < 256; i++)
        d[i] = i + 1;
    check_ok(fyi_wilcoxon_p(d, 256, 0, &p));
    is_close(p, ldexp(1, -255), 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(students_t_is_scipys),
        cmocka_unit_test(paired_tests_are_scipys),
        cmocka_unit_test(holms_correction_is_statsmodels),
        cmocka_unit_test(what_cannot_be_tested_is_not),
        cmocka_unit_test(many_pairs_are_ranked_exactly),
    };
    return cmocka_run_group_tests_name("paired", tests, NULL, NULL);
}

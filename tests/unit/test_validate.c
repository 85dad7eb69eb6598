/* Guards what is said of a model without labels: each validator against values worked out by hand for a perfect model, a collapsed one
 * and one that knows nothing; those that compare two domains against NumPy's where the target has moved; what is unknown is NaN; what does
 * not fit is refused in words; docs/adapting.md has all of them. */
#include "support/support.h"

#include <ferry/validate.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 60, K = 3, D = 2 };

typedef struct scene {
    fy_tensor *z, *logits, *y;
    fy_dataset *labelled;
} scene;

static scene new_scene(int n)
{
    scene s = { .labelled = NULL };
    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(n, D), &s.z));
    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(n, K), &s.logits));
    check_ok(fy_tensor_new(FY_I32, FY_SHAPE(n), &s.y));
    return s;
}

/* Three clouds, far apart. */
static float place(int i, int axis)
{
    static const float centre[K][D] = { { 0, 0 }, { 8, 0 }, { 0, 8 } };
    return centre[i % K][axis] + (float)((i * 7 + axis * 3) % 5) / 10;
}

/* certain: of the right class; collapsed: of class 0; else of none. */
static scene open_scene(float certain, float collapsed)
{
    scene s = new_scene(N);
    float *z = fy_tensor_data(s.z), *v = fy_tensor_data(s.logits);
    for (int i = 0; i < N; i++) {
        ((int32_t *)fy_tensor_data(s.y))[i] = i % K;
        for (int j = 0; j < D; j++)
            z[i * D + j] = place(i, j);
        for (int c = 0; c < K; c++)
            v[i * K + c] = (c == i % K ? certain : 0) + (c == 0 ? collapsed : 0);
    }
    check_ok(fy_dataset_from_tensors("source", s.z, s.y, K, &s.labelled));
    return s;
}

static void close_scene(scene *s)
{
    fy_dataset_free(s->labelled);
    fy_tensor_free(s->y);
    fy_tensor_free(s->logits);
    fy_tensor_free(s->z);
}

static fy_pass pass_of(const scene *s)
{
    return (fy_pass){ .source_z = s->z,
                      .source_logits = s->logits,
                      .source = s->labelled,
                      .target_z = s->z,
                      .target_logits = s->logits };
}

static int index_of(const char *name)
{
    int i = 0;
    while (fy_validators()[i] && strcmp(fy_validators()[i], name) != 0)
        i++;
    assert_non_null(fy_validators()[i]);
    return i;
}

static void extreme_models_have_known_values(void **state)
{
    static const struct {
        const char *name;
        double perfect, collapsed, guess;
    } rows[] = {
        { "source_accuracy", 1, 1.0 / 3, 1.0 / 3 },
        { "entropy", 0, 0, 1 },
        { "diversity", 1, 0, 1 },
        { "information", 1, 0, 0 },
        { "nuclear_norm", 1, 0.5773502691896258, 1.0 / 3 },
        { "density", 0.7221129, 1, 1 }, /* log 19 / log 59 */
        { "clusters", 1, 0, 0 },
        { "risk", 0, 2.0 / 3, 2.0 / 3 },
        { "reverse", 1, 1.0 / 3, 1.0 / 3 },
    };
    (void)state;
    for (int m = 0; m < 3; m++) {
        scene s = open_scene(m == 0 ? 60 : 0, m == 1 ? 60 : 0);
        const fy_pass p = pass_of(&s);
        double v[FY_MAX_VALIDATORS];
        check_ok(fy_validate(&p, v));
        for (size_t i = 0; i < LEN(rows); i++) {
            const double want = m == 0   ? rows[i].perfect
                                : m == 1 ? rows[i].collapsed
                                         : rows[i].guess;
            const double is = v[index_of(rows[i].name)];
            if (!(fabs(is - want) < 1e-3))
                fail_msg("%s of model %d: %.9g, expected %.9g", rows[i].name, m, is, want);
        }
        close_scene(&s);
    }
}

/* ---- against NumPy ----------------------------------------------------------------------------------------- */

static const struct moved_case {
    int n_source, n_target, shift;
    double risk, off, reverse;
} moved[] = {
#include "golden/validate.inc"
};

/* As make_validate.py draws them: features in quarters, and more mistakes of the model on the right. */
static scene draw_scene(int n, int salt, int shift)
{
    scene s = new_scene(n);
    float *z = fy_tensor_data(s.z), *v = fy_tensor_data(s.logits);
    for (int i = 0; i < n; i++) {
        const int y = i * 7 % 11 % K;
        int at[D];
        for (int j = 0; j < D; j++)
            at[j] = y * (j + 3) % 5 * 4 + (i * i * (j + 2) + salt * i + 31 * i * j) % 23;
        const int said = at[0] > 15 + i * 5 % 17 ? (y + 1) % K : y;
        for (int c = 0; c < K; c++)
            v[i * K + c] = c == said;
        ((int32_t *)fy_tensor_data(s.y))[i] = y;
        z[i * D] = (float)(at[0] + shift) / 4;
        z[i * D + 1] = (float)at[1];
    }
    check_ok(fy_dataset_from_tensors("source", s.z, s.y, K, &s.labelled));
    return s;
}

/* Domains of other places and sizes, where weights are not 1: the sign of eta, which way round the ratio is, n_s / n_t, and who learns
 * from whom all count. The regression's slope is at most its tolerance, by which the risk may be `off`. */
static void moved_targets_are_numpys(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(moved); i++) {
        const struct moved_case *c = &moved[i];
        scene s = draw_scene(c->n_source, 3, 0), t = draw_scene(c->n_target, 10, c->shift);
        double v[FY_MAX_VALIDATORS];
        fy_pass p = pass_of(&s);
        p.target_z = t.z;
        p.target_logits = t.logits;
        check_ok(fy_validate(&p, v));
        check_close_f64(&v[index_of("risk")], &c->risk, 1, 0, c->off);
        check_close_f64(&v[index_of("reverse")], &c->reverse, 1, 0, 1e-9);
        close_scene(&t);
        close_scene(&s);
    }
}

/* ---- what else a pass has ---------------------------------------------------------------------------------- */

/* Pairs of one class and of two: of the first three of four mixtures are what they should be, of the second one of two. */
static void mixtures_are_counted_by_kind(void **state)
{
    static const int32_t said[] = { 0, 1, 2, 0, 1, 2 }, first[] = { 0, 1, 2, 2, 1, 1 },
                         second[] = { 0, 1, 2, 2, 0, 0 };
    scene s = open_scene(60, 0);
    fy_tensor *logits;
    double v[FY_MAX_VALIDATORS];
    fy_pass p = pass_of(&s);
    (void)state;
    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(LEN(said), K), &logits));
    for (size_t i = 0; i < LEN(said); i++)
        for (int c = 0; c < K; c++)
            ((float *)fy_tensor_data(logits))[i * K + (size_t)c] = c == said[i];
    const fy_mixed mixed = { logits, first, second };
    p.mixed = &mixed;
    check_ok(fy_validate(&p, v));
    assert_true(fabs(v[index_of("mixed")] - (0.75 + 0.5) / 2) < 1e-12);
    fy_tensor_free(logits);
    close_scene(&s);
}

static void agreement_is_with_the_ensemble(void **state)
{
    scene s = open_scene(60, 0);
    fy_tensor *ensemble, *wide;
    double v[FY_MAX_VALIDATORS];
    fy_pass p = pass_of(&s);
    (void)state;
    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(N, K), &ensemble));
    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(N, K + 1), &wide));
    for (int i = 0; i < N * K; i++) /* class 0 of all, which a third of the samples is of */
        ((float *)fy_tensor_data(ensemble))[i] = i % K == 0;
    p.ensemble = ensemble;
    check_ok(fy_validate(&p, v));
    assert_true(fabs(v[index_of("agreement")] - 1.0 / 3) < 1e-12);
    p.ensemble = wide;
    check_status(fy_validate(&p, v), FY_ESHAPE);
    check_sentence("the ensemble's probabilities are no f32 [n, 3]");
    fy_tensor_free(wide);
    fy_tensor_free(ensemble);
    close_scene(&s);
}

static void what_is_unknown_is_nan(void **state)
{
    (void)state;
    scene s = open_scene(5, 0);
    fy_pass p = pass_of(&s);
    double v[FY_MAX_VALIDATORS];
    p.source_z = p.source_logits = NULL;
    p.source = NULL;
    check_ok(fy_validate(&p, v));
    assert_true(isnan(v[index_of("source_accuracy")]) && isnan(v[index_of("risk")]) &&
                isnan(v[index_of("reverse")]));
    assert_true(isfinite(v[index_of("clusters")]) && isfinite(v[index_of("density")]));
    assert_true(isnan(v[index_of("mixed")]) && isnan(v[index_of("agreement")]));
    ((float *)fy_tensor_data(s.logits))[7] = NAN;
    check_ok(fy_validate(&p, v));
    for (int i = 0; i < FY_MAX_VALIDATORS; i++)
        assert_true(isnan(v[i]));
    close_scene(&s);
}

static void other_shapes_are_refused(void **state)
{
    (void)state;
    scene s = open_scene(5, 0);
    fy_tensor *fewer;
    double v[FY_MAX_VALIDATORS];
    fy_pass p = pass_of(&s);
    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(N - 1, D), &fewer));
    p.target_z = fewer;
    check_status(fy_validate(&p, v), FY_ESHAPE);
    check_sentence("validating: the target's features are no f32 [60, d]");
    fy_tensor_free(fewer);
    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(N, D + 1), &fewer));
    p.target_z = fewer;
    check_status(fy_validate(&p, v), FY_ESHAPE);
    check_sentence("the source has 2 features and 3 classes, the target 3 and 3");
    fy_tensor_free(fewer);
    close_scene(&s);
}

static fy_status validate_once(void *arg)
{
    const fy_pass p = pass_of(arg);
    double v[FY_MAX_VALIDATORS];
    return fy_validate(&p, v);
}

static void failing_allocations_are_survived(void **state)
{
    (void)state;
    scene s = open_scene(5, 0);
    fyt_check_alloc_failures(validate_once, &s);
    close_scene(&s);
}

static void the_guide_has_every_validator(void **state)
{
    char *guide;
    (void)state;
    check_ok(fyi_file_read(fyt_source_path("docs/adapting.md"), 1 << 20, &guide, &(size_t){ 0 }));
    for (const char *const *v = fy_validators(); *v; v++) {
        char row[256];
        snprintf(row, sizeof row, "| `%s` | %s | %s |", *v, fy_validator_text(*v),
                 fy_validator_is_gain(*v) ? "more" : "less");
        check_contains(guide, row);
    }
    assert_null(fy_validator_text("nothing"));
    fyi_free(guide);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(extreme_models_have_known_values),
        cmocka_unit_test(moved_targets_are_numpys),
        cmocka_unit_test(mixtures_are_counted_by_kind),
        cmocka_unit_test(agreement_is_with_the_ensemble),
        cmocka_unit_test(what_is_unknown_is_nan),
        cmocka_unit_test(other_shapes_are_refused),
        cmocka_unit_test(failing_allocations_are_survived),
        cmocka_unit_test(the_guide_has_every_validator),
    };
    return cmocka_run_group_tests_name("validate", tests, NULL, NULL);
}

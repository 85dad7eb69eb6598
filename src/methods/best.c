/* best.c: looks at a model after each epoch, keeps the best, and judges it in the end. */
#include "best.h"

#include <math.h>

fy_status best_open(best *b, fy_run *r, const fy_dataset *val)
{
    *b = (best){ .run = r, .val = val, .kept = { .best_epoch = -1 } };
    return fy_run_keep_data(r, "best", &b->kept, sizeof b->kept, NULL);
}

static fy_status figures_of(const best *b, fy_predictor *p, double v[2])
{
    fy_evaluate_opts o = fy_evaluate_defaults();
    fy_evaluation *e = NULL;
    fy_status st;
    o.n_mistakes = 0;
    FY_TRY(fy_evaluate(p, b->val, &o, &e));
    v[0] = e->figures->accuracy;
    v[1] = e->figures->nll;
done:
    fy_evaluation_free(e);
    return st;
}

static bool is_better(const struct best_kept *k, double accuracy, double loss)
{
    return k->best_epoch < 0 || accuracy > k->accuracy ||
           (accuracy == k->accuracy && loss < k->loss);
}

static fy_status keep_if_best(best *b, double accuracy, double loss)
{
    struct best_kept *k = &b->kept;
    if (!is_better(k, accuracy, loss)) {
        k->worse++;
        return FY_OK;
    }
    k->accuracy = accuracy;
    k->loss = loss;
    k->best_epoch = k->epochs;
    k->worse = 0;
    return fy_run_save_model(b->run, "best", b->model);
}

fy_status best_look(best *b, fy_predictor *p, const char *stage, int64_t step)
{
    static const char *const names[] = { "val.accuracy", "val.loss" };
    double v[2];
    fy_status st;
    if (step == 0)
        b->kept.worse = 0;
    if (step == 0 && b->kept.best_epoch >= 0)
        return FY_OK;
    FY_TRY(figures_of(b, p, v));
    FY_TRY(fy_run_metrics(b->run, stage, step, 2, names, v));
    if (step == 0)
        b->kept.before = v[0];
    else
        b->kept.epochs++;
    FY_TRY(keep_if_best(b, v[0], v[1]));
done:
    return st;
}

fy_status best_finish(best *b, fy_predictor *p, const fy_dataset *test, const fy_pixels *pixels,
                      double *test_accuracy)
{
    const fy_dataset *d = test ? test : b->val;
    const fy_about about[] = { { "part", test ? "test" : "validation" },
                               { "samples", fy_dataset_text(d) },
                               { "model", "best.safetensors" } };
    fy_evaluate_opts o = fy_evaluate_defaults();
    fy_evaluation *e = NULL;
    fy_status st;
    o.pixels = pixels;
    FY_TRY(fy_run_load_model(b->run, "best", b->model));
    FY_TRY(fy_evaluate(p, d, &o, &e));
    FY_TRY(fy_run_write_evaluation(b->run, "eval.json", e, about, 3));
    *test_accuracy = test ? e->figures->accuracy : NAN;
done:
    fy_evaluation_free(e);
    return st;
}

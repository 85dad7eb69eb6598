/* auto_models.c: the models that tries made, in the copies of the source model: their mean prediction, and the files of the one that is
 * handed back. */
#include "methods/carry/auto.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool moves_classifier(const char *method)
{
    const carry_method *m;
    return carry_method_find(method, &m) == FY_OK && (m->moves & CARRY_CLASSIFIER);
}

fy_status trying_load_source(trying *t)
{
    fy_status st;
    FY_TRY(fy_model_copy(t->c.encoder, t->c.source));
    FY_TRY(fy_model_copy(t->c.classifier, t->c.source_classifier));
done:
    return st;
}

fy_status trying_load(trying *t, const char *method, const char *name)
{
    char file[96];
    fy_status st;
    FY_TRY(trying_load_source(t));
    (void)snprintf(file, sizeof file, "tries/%s/%s", method, name);
    FY_TRY(fy_run_load_model(t->c.run, file, t->c.encoder));
    (void)snprintf(file, sizeof file, "tries/%s/%s_classifier", method, name);
    if (moves_classifier(method))
        FY_TRY(fy_run_load_model(t->c.run, file, t->c.classifier));
done:
    return st;
}

/* ---- what all of them say ----------------------------------------------------------------------------------- */

typedef struct crowd {
    fy_predictor *predictor;
    fy_tensor *logits[FY_MAX_TRIES + 1]; /* [n, k] of each candidate */
    fy_tensor *mean;                     /* [n, k], of their probabilities */
    double *p;                           /* [n, k], scratch */
} crowd;

static fy_status see(trying *t, crowd *c, int i)
{
    fy_tensor **outs[] = { NULL, &c->logits[i] };
    fy_status st;
    if (t->of[i] < 0)
        FY_TRY(trying_load_source(t));
    else
        FY_TRY(trying_load(t, t->methods[i], "chosen"));
    FY_TRY(fy_predict(c->predictor, t->c.data->target, outs));
done:
    return st;
}

/* A sum does for the largest of a row. */
static fy_status sum_up(const trying *t, crowd *c)
{
    const size_t n = (size_t)fy_tensor_numel(c->logits[0]);
    fy_status st;
    FY_TRY(fy_tensor_new(FY_F32, *fy_tensor_shape(c->logits[0]), &c->mean));
    c->p = calloc(n, sizeof *c->p);
    if (!c->p)
        return fy_error(FY_ENOMEM, "auto: no memory for %zu probabilities", n);
    float *mean = fy_tensor_data(c->mean);
    memset(mean, 0, n * sizeof *mean);
    for (int i = 0; i < t->n; i++) {
        FY_TRY(fy_probabilities_of(c->logits[i], c->p));
        for (size_t at = 0; at < n; at++)
            mean[at] += (float)c->p[at];
    }
done:
    return st;
}

static double *place_of_agreement(fy_candidate *c)
{
    int v = 0;
    while (strcmp(fy_validators()[v], "agreement") != 0)
        v++;
    return &c->validators[v];
}

static void close_crowd(crowd *c, int n)
{
    free(c->p);
    fy_tensor_free(c->mean);
    for (int i = 0; i < n; i++)
        fy_tensor_free(c->logits[i]);
    fy_predictor_free(c->predictor);
}

fy_status trying_find_agreement(trying *t)
{
    fy_model *const chain[] = { t->c.encoder, t->c.classifier };
    const freeze_look look = carry_look(&t->c);
    crowd c = { 0 };
    fy_status st;
    FY_TRY(freeze_predictor(&look, chain, 2, FREEZE_LOOK_BATCH, &c.predictor));
    for (int i = 0; i < t->n; i++)
        FY_TRY(see(t, &c, i));
    FY_TRY(sum_up(t, &c));
    for (int i = 0; i < t->n; i++)
        FY_TRY(fy_agreement(c.logits[i], c.mean, place_of_agreement(&t->candidates[i])));
done:
    close_crowd(&c, t->n);
    return st;
}

/* ---- files --------------------------------------------------------------------------------------------------- */

static fy_status save(trying *t, const char *name, bool with_classifier)
{
    char file[64];
    fy_status st;
    FY_TRY(fy_run_save_model(t->c.run, name, t->c.encoder));
    (void)snprintf(file, sizeof file, "%s_classifier", name);
    if (with_classifier)
        FY_TRY(fy_run_save_model(t->c.run, file, t->c.classifier));
done:
    return st;
}

fy_status trying_hand_back(trying *t, const char *shown, const fy_choice *choice)
{
    const bool with_classifier = moves_classifier(shown);
    fy_status st;
    if (choice->fell_back)
        FY_TRY(trying_load_source(t));
    else
        FY_TRY(trying_load(t, shown, "chosen"));
    FY_TRY(save(t, "chosen", with_classifier));
    FY_TRY(trying_load(t, shown, "last"));
    FY_TRY(save(t, "last", with_classifier));
    FY_TRY(carry_draw(&t->c));
done:
    return st;
}

/* adapt.c: candidates and choice, the same for every adaptation method. */
#include "adapt.h"

#include "freeze.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int64_t adapt_steps(int64_t steps, int64_t epochs, const fy_dataset *d, int64_t batch)
{
    return steps > 0 ? steps : epochs * (fy_dataset_count(d) / (batch > 0 ? batch : 1));
}

fy_status adapt_check(const char *method, const adapt_batch *rows, int n, int64_t evaluations)
{
    for (int i = 0; i < n; i++)
        if (rows[i].batch < 1 || rows[i].batch > fy_dataset_count(rows[i].d))
            return fy_error(FY_EINVAL,
                            "%s: %s is %lld and '%s' has %lld samples; expected 1 to that many: "
                            "lower it, or add samples",
                            method, rows[i].what, (long long)rows[i].batch,
                            fy_dataset_name(rows[i].d), (long long)fy_dataset_count(rows[i].d));
    if (evaluations < 1 || evaluations >= ADAPT_MAX_CANDIDATES)
        return fy_error(FY_EINVAL, "%s: %lld evaluations; expected 1 to %d", method,
                        (long long)evaluations, ADAPT_MAX_CANDIDATES - 1);
    return FY_OK;
}

/* Candidate `step`'s name for model i. */
static const char *candidate_name(int64_t step, int i, char buf[64])
{
    snprintf(buf, 64, "candidate-%lld%s", (long long)step, i ? "-classifier" : "");
    return buf;
}

fy_status adapt_open(adapt *a, fy_run *r, fy_device *dev, const fy_adapt_data *data,
                     const char *stage, const adapt_chain *chain)
{
    const freeze_look look_at = { r, dev, chain->moves };
    *a = (adapt){ .run = r, .dev = dev, .data = data, .stage = stage, .chain = *chain };
    a->classes = (int)fy_shape_numel(fy_model_output(chain->models[ADAPT_MODELS - 1]));
    if (!fy_run_dir(r))
        return fy_error(FY_EINVAL,
                        "stage '%s': adaptation keeps its candidates on disk; open the run with a "
                        "directory",
                        stage);
    a->kept = calloc(1, sizeof *a->kept);
    if (!a->kept)
        return fy_error(FY_ENOMEM, "stage '%s': no memory for its candidates", stage);
    fy_status st = fy_run_keep_data(r, "adapt.candidates", a->kept, sizeof *a->kept, NULL);
    if (st == FY_OK && data->eye)
        st = fy_eye_keep(data->eye, r);
    if (st == FY_OK)
        st = freeze_predictor(&look_at, a->chain.models, ADAPT_MODELS, FREEZE_LOOK_BATCH,
                              &a->predictor);
    if (st == FY_OK)
        st = probes_open(data->target, &a->probes);
    return st == FY_OK && chain->moves ? probes_settle(&a->probes, r) : st;
}

static void forget_look(struct adapt_look *l)
{
    fy_tensor_free(l->z);
    fy_tensor_free(l->logits);
    *l = (struct adapt_look){ 0 };
}

void adapt_close(adapt *a)
{
    forget_look(&a->source);
    forget_look(&a->target);
    fy_predictor_free(a->predictor);
    probes_close(&a->probes);
    free(a->kept);
    *a = (adapt){ 0 };
}

/* ---- one evaluation ----------------------------------------------------------------------------------------- */

/* Features and logits of a dataset: the chain's results; features NULL: not wanted. */
static fy_status look(adapt *a, const fy_dataset *d, fy_tensor **z, fy_tensor **logits)
{
    fy_tensor **outs[ADAPT_MODELS] = { z, logits };
    return fy_predict(a->predictor, d, outs);
}

static fy_status look_again(adapt *a, const fy_dataset *d, struct adapt_look *l)
{
    forget_look(l);
    return look(a, d, &l->z, &l->logits);
}

static fy_status look_at_target(adapt *a, int64_t step, fy_candidate *c)
{
    fy_tensor *judged = NULL;
    fy_status st;
    FY_TRY(look_again(a, a->data->target, &a->target));
    FY_TRY(fy_signs_of(a->target.logits, &c->target));
    if (a->data->eye) {
        FY_TRY(look(a, a->data->target_eval, NULL, &judged));
        FY_TRY(fy_eye_see(a->data->eye, a->run, a->stage, step, judged));
    }
done:
    fy_tensor_free(judged);
    return st;
}

static fy_status look_at_source(adapt *a, fy_candidate *c)
{
    fy_status st;
    c->source_accuracy = NAN;
    if (!a->data->source_test)
        return FY_OK;
    FY_TRY(look_again(a, a->data->source_test, &a->source));
    FY_TRY(fy_accuracy_of(a->source.logits, a->data->source_test, &c->source_accuracy));
done:
    return st;
}

static fy_status save_candidate(adapt *a, int64_t step)
{
    char name[64];
    fy_status st = FY_OK;
    for (int i = 0; i < a->chain.n_moved; i++)
        FY_TRY(fy_run_save_model(a->run, candidate_name(step, i, name), a->chain.models[i]));
done:
    return st;
}

static fy_status log_signs(adapt *a, const fy_candidate *c)
{
    static const char *const names[] = { "signs.entropy", "signs.diversity", "signs.information",
                                         "signs.largest", "signs.smallest",  "source_test.accuracy" };
    const double values[] = { c->target.entropy, c->target.diversity, c->target.information,
                              c->target.largest, c->target.smallest,  c->source_accuracy };
    return fy_run_metrics(a->run, a->stage, c->step, 6, names, values);
}

static fy_status log_validators(adapt *a, int64_t step, const double *values)
{
    char names[FY_MAX_VALIDATORS][48];
    const char *list[FY_MAX_VALIDATORS];
    int n = 0;
    for (const char *const *v = fy_validators(); *v; v++, n++) {
        (void)snprintf(names[n], sizeof names[n], "validator.%s", *v);
        list[n] = names[n];
    }
    return fy_run_metrics(a->run, a->stage, step, n, list, values);
}

/* Features that are no vectors say nothing. */
static fy_status validate(adapt *a, int64_t step, double *values)
{
    const bool mixes = a->probes.n > 1;
    const fy_pass p = { .source_z = a->source.z,
                        .source_logits = a->source.logits,
                        .source = a->data->source_test,
                        .target_z = a->target.z,
                        .target_logits = a->target.logits,
                        .mixed = mixes ? &a->probes.mixed : NULL };
    fy_status st;
    for (int i = 0; i < FY_MAX_VALIDATORS; i++)
        values[i] = NAN;
    if (!a->target.z || fy_tensor_shape(a->target.z)->rank != 2)
        return FY_OK;
    if (mixes)
        FY_TRY(probes_look(&a->probes, a->predictor, a->target.logits));
    FY_TRY(fy_validate(&p, values));
    FY_TRY(log_validators(a, step, values));
done:
    return st;
}

fy_status adapt_evaluate(adapt *a, int64_t step)
{
    fy_candidate c = { .step = step };
    fy_status st;
    if (a->kept->n == ADAPT_MAX_CANDIDATES)
        return fy_error(FY_EINVAL, "stage '%s': more than %d evaluations; ask for fewer", a->stage,
                        ADAPT_MAX_CANDIDATES);
    FY_TRY(look_at_target(a, step, &c));
    FY_TRY(look_at_source(a, &c));
    FY_TRY(log_signs(a, &c));
    FY_TRY(validate(a, step, c.validators));
    FY_TRY(save_candidate(a, step));
    a->kept->candidates[a->kept->n++] = c;
done:
    return st;
}

/* ---- going back ----------------------------------------------------------------------------------------------- */

static fy_status load_candidate(adapt *a, int64_t step)
{
    char name[64];
    fy_status st = FY_OK;
    for (int i = 0; i < a->chain.n_moved; i++)
        FY_TRY(fy_run_load_model(a->run, candidate_name(step, i, name), a->chain.models[i]));
done:
    return st;
}

static double rate_of(const adapt *a)
{
    return ldexp(1, -(int)a->kept->times_back);
}

static bool has_collapsed(const adapt *a, const fy_choice_rule *rule, int64_t i)
{
    const fy_candidate *c = a->kept->candidates;
    return fy_has_collapsed(rule, &c[0].target, &c[i].target, a->classes);
}

/* The newest of the first n that has not collapsed; -1: none. */
static int64_t find_sound(const adapt *a, const fy_choice_rule *rule, int64_t n)
{
    int64_t i = n - 1;
    while (i >= 0 && has_collapsed(a, rule, i))
        i--;
    return i;
}

/* Why the run goes on from its collapse; NULL: it goes back. `to`: where it could. */
static const char *why_stay(const adapt *a, const adapt_way_back *w, int64_t to, char text[64])
{
    if (w->none)
        return w->none;
    if (to < 0)
        return "there is nothing sound to go back to";
    (void)snprintf(text, 64, "it goes on, having gone back %lld of %lld times",
                   (long long)a->kept->times_back, (long long)w->most);
    return a->kept->times_back >= w->most ? text : NULL;
}

/* `then`: what the run does about it. */
static void say_collapsed(const adapt *a, const fy_candidate *c, const char *then)
{
    char text[96] = "predictions of the target are not finite";
    if (isfinite(c->target.smallest) && isfinite(c->target.largest))
        (void)snprintf(text, sizeof text, "classes take %.1f%% to %.1f%% of the target",
                       100 * c->target.smallest, 100 * c->target.largest);
    fy_log_write(FY_LOG_NOTE, "stage '%s' has collapsed at step %lld, where %s: %s", a->stage,
                 (long long)c->step, text, then);
}

static fy_status go_back(adapt *a, fy_candidate *from, const fy_candidate *to)
{
    static const char *const names[] = { "rollback.to_step", "rollback.rate" };
    char then[96];
    from->went_back = true;
    from->back_to = to->step;
    a->kept->goes_back = 1;
    a->kept->times_back++;
    const double values[] = { (double)to->step, rate_of(a) };
    (void)snprintf(then, sizeof then, "back to step %lld, at %g of the learning rate",
                   (long long)to->step, rate_of(a));
    say_collapsed(a, from, then);
    return fy_run_metrics(a->run, a->stage, from->step, 2, names, values);
}

fy_status adapt_watch(adapt *a, const adapt_way_back *w)
{
    fy_candidate *c = a->kept->candidates;
    const int64_t now = a->kept->n - 1, to = find_sound(a, w->rule, now);
    const char *stays;
    char text[64];
    if (now == 0 || !has_collapsed(a, w->rule, now))
        return FY_OK;
    stays = why_stay(a, w, to, text);
    if (!stays)
        return go_back(a, &c[now], &c[to]);
    say_collapsed(a, &c[now], stays);
    return FY_OK;
}

/* Nobody reads it after the stage, but a checkpoint takes no value that is no number. */
static fy_status begin_again(fy_model *m)
{
    return m ? fy_model_init(m, fy_model_options(m)->seed) : FY_OK;
}

fy_status adapt_recover(adapt *a, int64_t step)
{
    struct adapt_kept *k = a->kept;
    fy_status st;
    if (k->n == 0)
        return FY_ENAN;
    fy_log_write(FY_LOG_WARN, "%s. The stage is over, and the choice is among what came before",
                 fy_last_error());
    k->ran_away = step;
    FY_TRY(begin_again(a->chain.beside));
    FY_TRY(load_candidate(a, k->candidates[k->n - 1].step));
done:
    return st;
}

/* Not by adapt_watch: an evaluation that is broken off leaves the models as they are. */
fy_status adapt_step(adapt *a, double *rate)
{
    struct adapt_kept *k = a->kept;
    fy_status st = FY_OK;
    if (k->goes_back)
        FY_TRY(load_candidate(a, k->candidates[k->n - 1].back_to));
    k->goes_back = 0;
    *rate = rate_of(a);
done:
    return st;
}

/* ---- the end -------------------------------------------------------------------------------------------------- */

static fy_status save_models(adapt *a, const char *name)
{
    char full[64];
    fy_status st = FY_OK;
    for (int i = 0; i < a->chain.n_moved; i++) {
        snprintf(full, sizeof full, "%s%s", name, i ? "_classifier" : "");
        FY_TRY(fy_run_save_model(a->run, full, a->chain.models[i]));
    }
done:
    return st;
}

/* The chosen weights have their own files now. */
static void drop_candidates(const adapt *a)
{
    char name[64];
    for (int64_t k = 0; k < a->kept->n; k++)
        for (int i = 0; i < a->chain.n_moved; i++)
            fy_run_drop_model(a->run, candidate_name(a->kept->candidates[k].step, i, name));
}

/* The choice in files of its own. The models hold the newest candidate's values before and after. Done once: a run
 * killed later finds it done, and no candidate is dropped before a checkpoint says so. */
static fy_status settle(adapt *a, int64_t last_step, int64_t chosen_step)
{
    fy_status st = FY_OK;
    if (!a->kept->settled) {
        FY_TRY(save_models(a, "last"));
        FY_TRY(load_candidate(a, chosen_step));
        FY_TRY(save_models(a, "chosen"));
        FY_TRY(load_candidate(a, last_step));
        a->kept->settled = 1;
        FY_TRY(fy_run_checkpoint(a->run));
    }
    drop_candidates(a);
done:
    return st;
}

/* "...; its values ran away after step 32" */
static void say_ran_away(const struct adapt_kept *k, fy_choice *choice)
{
    const size_t n = strlen(choice->reason);
    if (k->ran_away > 0)
        (void)snprintf(choice->reason + n, sizeof choice->reason - n,
                       "; its values ran away after step %lld", (long long)k->ran_away);
}

static fy_status choose(adapt *a, const fy_choice_rule *rule, fy_choice *out)
{
    const struct adapt_kept *k = a->kept;
    const fy_contest t = { .candidates = k->candidates, .n = (int)k->n, .k = a->classes };
    fy_ballot *ballots = calloc((size_t)k->n + 1, sizeof *ballots);
    fy_status st;
    if (!ballots)
        return fy_error(FY_ENOMEM, "stage '%s': no memory for its choice", a->stage);
    FY_TRY(fy_choose(&t, rule, ballots, out));
    say_ran_away(k, out);
    FY_TRY(fy_choice_write(a->run, &t, ballots, out));
done:
    free(ballots);
    return st;
}

fy_status adapt_finish(adapt *a, const fy_choice_rule *rule, fy_adapt_report *report)
{
    const struct adapt_kept *k = a->kept;
    fy_status st;
    FY_TRY(choose(a, rule, &report->choice));
    report->last_step = k->candidates[k->n - 1].step;
    report->signs = k->candidates[report->choice.index];
    report->source = k->candidates[0];
    report->chosen_step = report->signs.step;
    report->stage = a->stage;
    report->times_back = k->times_back;
    fy_adapt_score(NULL, report);
    FY_TRY(settle(a, report->last_step, report->chosen_step));
done:
    return st;
}

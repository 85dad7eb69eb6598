/* auto.c: several methods tried one after the other, from one source model, and the choice among what they made: each try is a run within
 * the run, with checkpoints of its own, and hands its choice to the same rule by which it was chosen. */
#include "methods/carry/auto.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Different ideas first, then others of the same families. */
static const char *const usual[] = {
    "shot", "mcc", "cdan_e", "self_training", "adabn", "bnm", "mcd", "tent",
    "mmd",  "jan", "coral",  "cdan",          "dann",  "mdd", "afn",
};

static const carry_method carry_auto = {
    .name = "auto", .flags = CARRY_SOURCE_FREE, /* some of them do */
};

fy_auto_opts fy_auto_defaults(void)
{
    return (fy_auto_opts){ .trials = 5 };
}

static double now_s(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- the plan ------------------------------------------------------------------------------------------------ */

static fy_status add_method(trying *t, const char *name)
{
    const carry_method *m;
    fy_status st;
    FY_TRY(carry_method_find(name, &m));
    for (int i = 0; i < t->n_plan; i++)
        if (t->plan[i] == m->name)
            return fy_error(FY_EINVAL, "auto: '%s' is there twice among its methods", name);
    t->plan[t->n_plan++] = m->name;
done:
    return st;
}

static fy_status make_plan(trying *t)
{
    const fy_auto_opts *o = t->tries;
    fy_status st = FY_OK;
    if (o->n_methods < 0 || o->n_methods > FY_MAX_TRIES)
        return fy_error(FY_EINVAL, "auto: %d methods; expected at most %d", o->n_methods,
                        FY_MAX_TRIES);
    for (int i = 0; i < o->n_methods; i++)
        FY_TRY(add_method(t, o->methods[i]));
    for (size_t i = 0; o->n_methods == 0 && i < sizeof usual / sizeof *usual; i++)
        if (t->c.data->source || fy_adapt_method_spares_source(usual[i]))
            FY_TRY(add_method(t, usual[i]));
done:
    return st;
}

static double spent_s(const trying *t)
{
    return t->kept->seconds + now_s() - t->began_s;
}

/* Another method begins as long as there are trials and time for it. */
static bool is_over(const trying *t)
{
    const struct trying_kept *k = t->kept;
    const double spent = spent_s(t), budget = 60 * t->tries->minutes;
    if (k->n == t->n_plan || (t->tries->trials > 0 && k->n_run >= t->tries->trials))
        return true;
    return budget > 0 && k->n_run > 0 && spent + k->longest_s > budget;
}

/* ---- one try ------------------------------------------------------------------------------------------------- */

static void note(trying *t, const fy_adapt_report *r, double seconds)
{
    struct trying_kept *k = t->kept;
    fy_adapt_try *to = &k->tries[k->n];
    *to = (fy_adapt_try){ .has_run = true,
                          .fell_back = r->choice.fell_back,
                          .last_step = r->last_step,
                          .chosen_step = r->chosen_step,
                          .times_back = r->times_back,
                          .seconds = seconds,
                          .signs = r->signs };
    if (to->fell_back)
        fy_text_copy(to->reason, sizeof to->reason, r->choice.reason);
    memcpy(k->warnings[k->n], r->warning, sizeof r->warning);
    k->source = r->source;
    k->n_run++;
    k->longest_s = fmax(k->longest_s, seconds);
}

static void note_failure(trying *t)
{
    struct trying_kept *k = t->kept;
    fy_adapt_try *to = &k->tries[k->n];
    *to = (fy_adapt_try){ .has_run = false };
    fy_text_copy(to->reason, sizeof to->reason, fy_last_error());
    fy_log_write(FY_LOG_WARN, "auto leaves out '%s': %s", t->plan[k->n], fy_last_error());
}

static fy_status run_within(trying *t, const char *method, fy_adapt_report *report)
{
    fy_adapt_opts o = *t->c.o;
    carry_part part = { .dev = t->c.dev, .data = t->c.data, .stage = method };
    char name[64];
    fy_status st;
    (void)snprintf(name, sizeof name, "tries/%s", method);
    o.method = method;
    o.weights = NULL; /* the source model's files have them */
    o.source_weights = t->files[0];
    o.classifier_weights = t->files[1];
    o.source_weights_part = o.source_weights_prefix = NULL;
    o.classifier_weights_part = o.classifier_weights_prefix = NULL;
    FY_TRY(fy_run_open_within(t->c.run, name, &part.run));
    FY_TRY(carry_adapt(&part, &o, report));
    FY_TRY(fy_run_take_metrics(t->c.run, part.run));
done:
    fy_run_close(part.run);
    return st;
}

/* What does not suit this method may suit another. */
static bool is_the_trys(fy_status st)
{
    return st == FY_EINVAL || st == FY_ESHAPE || st == FY_ENAN || st == FY_ENOMEM ||
           st == FY_ENOKERNEL;
}

/* The run has the source model's files, and what is over needs no checkpoint. After the run's own, which says so; what failed stays as it
 * is. */
static void tidy(trying *t, const char *method)
{
    static const char *const names[] = { "source", "classifier", "checkpoint" };
    char file[96];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        (void)snprintf(file, sizeof file, "tries/%s/%s", method, names[i]);
        fy_run_drop_model(t->c.run, file);
    }
}

static fy_status try_next(trying *t)
{
    struct trying_kept *k = t->kept;
    const char *method = t->plan[k->n];
    const double begin = now_s();
    fy_adapt_report report;
    trying_say_next(t, spent_s(t));
    fy_status st = run_within(t, method, &report);
    if (st == FY_OK)
        note(t, &report, now_s() - begin);
    else if (is_the_trys(st))
        note_failure(t);
    else
        return st;
    (void)snprintf(k->names[k->n], sizeof k->names[k->n], "%s", method);
    k->n++;
    k->seconds += now_s() - t->began_s;
    t->began_s = now_s();
    FY_TRY(fy_run_checkpoint(t->c.run));
    if (k->tries[k->n - 1].has_run)
        tidy(t, method);
done:
    return st;
}

/* ---- the choice ---------------------------------------------------------------------------------------------- */

static void add_candidate(trying *t, int of, const fy_candidate *c)
{
    t->of[t->n] = of;
    t->methods[t->n] = of < 0 ? NULL : t->plan[of];
    t->candidates[t->n++] = *c;
}

static void list_candidates(trying *t)
{
    const struct trying_kept *k = t->kept;
    add_candidate(t, -1, &k->source);
    for (int i = 0; i < k->n; i++)
        if (k->tries[i].has_run && !k->tries[i].fell_back)
            add_candidate(t, i, &k->tries[i].signs);
}

static fy_status choose(trying *t, fy_adapt_report *report)
{
    fy_contest in = { .candidates = t->candidates, .methods = t->methods, .k = t->classes };
    fy_choice *choice = &report->choice;
    fy_status st;
    list_candidates(t);
    in.n = t->n;
    FY_TRY(trying_find_agreement(t));
    FY_TRY(fy_choose(&in, &t->c.o->rule, t->ballots, choice));
    trying_explain(t, spent_s(t), choice);
    FY_TRY(fy_choice_write(t->c.run, &in, t->ballots, choice));
done:
    return st;
}

/* The try that was chosen, or, where none was, that most votes were for; without candidates the first that was run. */
static int find_shown(const trying *t, const fy_choice *choice)
{
    int best = -1;
    if (!choice->fell_back)
        return t->of[choice->index];
    for (int i = 1; i < t->n; i++)
        if (best < 0 || t->ballots[i].better > t->ballots[best].better)
            best = i;
    if (best >= 0)
        return t->of[best];
    for (best = 0; !t->kept->tries[best].has_run;)
        best++;
    return best;
}

static void fill_tries(const trying *t, fy_adapt_report *r)
{
    r->n_tries = (int)t->kept->n;
    memcpy(r->tries, t->kept->tries, sizeof r->tries);
    for (int i = 0; i < r->n_tries; i++)
        r->tries[i].method = t->plan[i];
    for (int i = 1; i < t->n; i++) {
        fy_adapt_try *to = &r->tries[t->of[i]];
        to->ballot = t->ballots[i];
        to->signs = t->candidates[i];
    }
    for (int i = r->n_tries; i < t->n_plan; i++)
        r->not_tried[r->n_not_tried++] = t->plan[i];
}

static void fill(const trying *t, int shown, fy_adapt_report *r)
{
    const fy_adapt_try *of = &t->kept->tries[shown];
    r->source_accuracy = t->c.kept.source_accuracy;
    r->source = t->candidates[0];
    r->signs = t->candidates[r->choice.index];
    r->method = r->choice.fell_back ? NULL : t->plan[shown];
    r->stage = t->plan[shown];
    r->last_step = of->last_step;
    r->times_back = of->times_back;
    r->chosen_step = r->choice.fell_back ? 0 : of->chosen_step;
    if (!r->choice.fell_back)
        memcpy(r->warning, t->kept->warnings[shown], sizeof r->warning);
    fill_tries(t, r);
    fy_adapt_score(NULL, r);
}

static fy_status finish(trying *t, fy_adapt_report *report)
{
    fy_status st;
    if (t->kept->n_run == 0)
        return fy_error(FY_EINVAL, "auto: none of its methods can be run; %s",
                        t->kept->n > 0 ? t->kept->tries[0].reason : "there is none");
    FY_TRY(choose(t, report));
    const int shown = find_shown(t, &report->choice);
    fill(t, shown, report);
    FY_TRY(trying_hand_back(t, report->stage, &report->choice));
done:
    return st;
}

/* ---- all of it ----------------------------------------------------------------------------------------------- */

/* What was tried is known by its place. */
static fy_status check_kept(const trying *t)
{
    const struct trying_kept *k = t->kept;
    int i = 0;
    while (i < k->n && i < t->n_plan && strcmp(k->names[i], t->plan[i]) == 0)
        i++;
    if (i == k->n)
        return FY_OK;
    return fy_error(FY_EINVAL,
                    "auto: number %d of its methods is '%s', and the run has tried '%.31s' there; "
                    "go on with the methods that it was begun with, in the same order",
                    i + 1, i < t->n_plan ? t->plan[i] : "none", k->names[i]);
}

static fy_status open_kept(trying *t)
{
    carrying *c = &t->c;
    fy_status st;
    t->kept = calloc(1, sizeof *t->kept);
    if (!t->kept)
        return fy_error(FY_ENOMEM, "auto: no memory for its tries");
    FY_TRY(fy_run_keep_data(c->run, "carry", &c->kept, sizeof c->kept, NULL));
    FY_TRY(fy_run_keep_data(c->run, "auto", t->kept, sizeof *t->kept, NULL));
    FY_TRY(check_kept(t));
    if (c->data->eye)
        FY_TRY(fy_eye_keep(c->data->eye, c->run));
done:
    return st;
}

static fy_status check(const carrying *c)
{
    if (c->o->evaluations >= 1 && (c->o->evaluations + 1) * FY_MAX_TRIES <= FY_MAX_MARKS)
        return FY_OK;
    return fy_error(FY_EINVAL, "auto: %lld evaluations of every method; expected 1 to %d",
                    (long long)c->o->evaluations, FY_MAX_MARKS / FY_MAX_TRIES - 1);
}

/* A name that was cut would be another file's. */
static fy_status name_file(const carrying *c, const char *name, char file[TRYING_FILE_BYTES])
{
    const char *dir = fy_run_dir(c->run);
    const int n = snprintf(file, TRYING_FILE_BYTES, "%s/%s", dir, name);
    return n >= 0 && n < TRYING_FILE_BYTES
               ? FY_OK
               : fy_error(FY_EINVAL,
                          "auto: the name of the run's directory has %zu bytes, too many for "
                          "those of its files; choose one of less than %zu",
                          strlen(dir), TRYING_FILE_BYTES - strlen(name) - 1);
}

static fy_status open_all(trying *t)
{
    fy_status st;
    FY_TRY(check(&t->c));
    FY_TRY(carry_check(&t->c));
    FY_TRY(name_file(&t->c, "source.safetensors", t->files[0]));
    FY_TRY(name_file(&t->c, "classifier.safetensors", t->files[1]));
    FY_TRY(carry_set_lengths(&t->c));
    FY_TRY(make_plan(t));
    FY_TRY(carry_open_models(&t->c));
    t->classes = (int)fy_shape_numel(fy_model_output(t->c.classifier));
    FY_TRY(open_kept(t));
done:
    return st;
}

static void close_all(trying *t)
{
    fy_run_forget(t->c.run);
    free(t->kept);
    carry_close_models(&t->c);
}

fy_status fy_adapt_auto(fy_run *r, fy_device *dev, const fy_adapt_data *data,
                        const fy_adapt_opts *o, const fy_auto_opts *tries, fy_adapt_report *report)
{
    trying t = {
        .c = { .run = r, .dev = dev, .data = data, .o = o, .stage = "auto", .method = &carry_auto },
        .tries = tries,
        .began_s = now_s()
    };
    fy_status st;
    *report = (fy_adapt_report){ .source_accuracy = NAN };
    FY_TRY(open_all(&t));
    FY_TRY(carry_make_source(&t.c));
    FY_TRY(carry_begin(&t.c));
    while (!is_over(&t))
        FY_TRY(try_next(&t));
    FY_TRY(finish(&t, report));
done:
    close_all(&t);
    return st;
}

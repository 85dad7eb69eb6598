/* train.h: stages, runs, predictions, and judging without and with labels.
 *
 *   stage      a graph's objectives run over data streams for a number of steps
 *   run        one execution: a directory with metrics, checkpoints and what it found
 *   predictor  a chain of models over a whole dataset
 *   figures    how good a classifier's logits are, held against labels
 *   judge      keeps a dataset's labels away from training: its eye sees predictions, its owner reads figures
 *
 * Everything random is a function of (seed, stream, step), so a killed run continues to the same bytes. */
#ifndef FERRY_TRAIN_H
#define FERRY_TRAIN_H

#include "data.h"
#include "weights.h"

#include <signal.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- features ---------------------------------------------------------------------------------------- */

/* What frozen layers make of samples, computed once and kept for all stages and predictors that are given the same
 * fy_features, in memory or in files that later runs find by their content: the same frozen layers with the same values
 * on the same samples, changed alike, by the same kernels. Nothing else is ever taken for it. One thread at a time may
 * use one; processes may share a folder, and what several of them need at a time one computes. */
typedef struct fy_features fy_features;

typedef struct fy_features_opts {
    const char *
        dir; /* made if missing; nobody but the user clears it. Copied. NULL: in memory. What cannot be known again,
                      * samples that a transform of the caller's own changes, is in memory all the same */
    size_t limit; /* bytes: of memory, or of all such files in the folder. What would be more is not kept, and computed
                   * every time; the log says so. 0: half of the memory; half of what the folder's disk has free */
} fy_features_opts;
FY_API fy_features_opts fy_features_defaults(void); /* in memory */
FY_API FY_NODISCARD fy_status fy_features_open(const fy_features_opts *o, fy_features **out);
/* After all that use it. Accepts NULL. */
FY_API void fy_features_close(fy_features *f);

/* ---- run ------------------------------------------------------------------------------------------- */

typedef struct fy_run fy_run;

typedef struct fy_progress {
    const char *stage;
    int64_t step, steps; /* of the stage */
    double seconds;      /* since the stage began here */
    const char *text;    /* newest figures: "critic.loss 0.693  encoder.loss 0.701" */
} fy_progress;
typedef void (*fy_progress_fn)(void *arg, const fy_progress *p);

/* Figures as they are recorded, before their line is written. FY_ECANCELED ends the run there, as if it had been asked to
 * stop; another failure ends it as that. */
typedef fy_status (*fy_metrics_fn)(void *arg, const char *stage, int64_t step, int n,
                                   const char *const *names, const double *values);

typedef struct fy_run_opts {
    const char *dir;          /* made if missing; NULL: nothing is written */
    bool resume;              /* continue from dir's newest whole checkpoint, if there is one */
    int64_t checkpoint_steps; /* between checkpoints within a stage; 0: only at stage ends */
    double checkpoint_s;      /* the same in seconds; 0: never by time */
    bool profile; /* every kernel of a stage's steps is measured: kernels-<stage>.json. So it is with FY_DEBUG >= 2 */
    /* Models that are saved stay in memory, as far as an eighth of it goes, and in the checkpoint, until fy_run_write_models makes
     * files of them; and of a model the checkpoint has only what has changed since fy_run_keep, so that its first values are needed again to resume.
     * For runs of which most are thrown away. */
    bool light;
    fy_features *features;   /* of the run's stages; lent. NULL: the run's own, in memory */
    fy_progress_fn progress; /* also while features are filled, as stage "<stage>, features" */
    void *progress_arg;
    fy_metrics_fn metrics; /* NULL: nobody listens */
    void *metrics_arg;
    /* When not 0: finish the step, or break off the filling of a cache or an evaluation, save, FY_ECANCELED. What
     * was broken off is done again after resuming, to the same bytes. */
    const volatile sig_atomic_t *cancel;
} fy_run_opts;
FY_API fy_run_opts fy_run_defaults(void); /* no directory, checkpoint every 60 s */

/* Makes the directory if there is one, and holds it until fy_run_close. FY_EINVAL while another run holds it; FY_EIO
 * where it cannot be made or written; with resume, FY_EFORMAT for a checkpoint that is damaged or is none. Without
 * resume an earlier run's checkpoint is removed. */
FY_API FY_NODISCARD fy_status fy_run_open(const fy_run_opts *o, fy_run **out);
FY_API void fy_run_close(fy_run *r);
/* A run within r, one of several parts of it that each have checkpoints of their own: in r's directory under `name`, which may be a
 * path, with r's options but for the listener to metrics; it is resumed if r was. To be closed before r. FY_EINVAL for a run without a
 * directory. */
FY_API FY_NODISCARD fy_status fy_run_open_within(fy_run *r, const char *name, fy_run **out);
/* What `inner` has recorded is appended to r's metrics. */
FY_API FY_NODISCARD fy_status fy_run_take_metrics(fy_run *r, const fy_run *inner);
FY_API const char *fy_run_dir(const fy_run *r); /* NULL if none */
/* Those of its options, or its own: for predictors. Lent. */
FY_API fy_features *fy_run_features(const fy_run *r);
/* By its options, or by the checkpoint that it goes on from: a method gives models their first values before fy_run_keep,
 * also on resume. */
FY_API bool fy_run_is_light(const fy_run *r);
/* Puts m into every checkpoint; on resume, its values come from the checkpoint now. Call before the first
 * stage, in the same order every time; no two models of one name. Lent: m must live until fy_run_forget, or
 * through the run's last stage and checkpoint. fy_run_close does not look at it. */
FY_API FY_NODISCARD fy_status fy_run_keep(fy_run *r, fy_model *m);
/* Puts plain bytes that a method computes along the way (pseudo-labels, candidates, marks) into every
 * checkpoint; on resume they are filled in now and *restored, which may be NULL, says so. Lent like the models
 * of fy_run_keep, under a name of its own. */
FY_API FY_NODISCARD fy_status fy_run_keep_data(fy_run *r, const char *name, void *data,
                                               size_t bytes, bool *restored);
/* One line of metrics.jsonl: {"stage", "step", names: values}. A figure that is not finite is null. FY_EINVAL
 * for a name that is there twice or no UTF-8 text. */
FY_API FY_NODISCARD fy_status fy_run_metrics(fy_run *r, const char *stage, int64_t step, int n,
                                             const char *const *names, const double *values);
/* Writes a file of the run's directory whole; nothing without a directory. */
FY_API FY_NODISCARD fy_status fy_run_write(fy_run *r, const char *name, const void *p, size_t bytes);
/* "<name>.safetensors" in the run's directory; a run without one has nowhere to keep it: FY_EINVAL. A light run has it in
 * memory for now, if it is a model of fy_run_keep. */
FY_API FY_NODISCARD fy_status fy_run_save_model(fy_run *r, const char *name, fy_model *m);
/* Files of what a light run has saved; nothing is left to do for another. */
FY_API FY_NODISCARD fy_status fy_run_write_models(fy_run *r);
/* The same file back into m, as fy_model_load does: FY_EIO where there is none, FY_EFORMAT where it is damaged, FY_ESHAPE
 * or FY_EINVAL where it is another model's; m is then as it was. */
FY_API FY_NODISCARD fy_status fy_run_load_model(fy_run *r, const char *name, fy_model *m);
/* Removes that file; one that is not there is no failure. */
FY_API void fy_run_drop_model(fy_run *r, const char *name);
/* True when a resumed run is past this stage: its work and its evaluations are in the checkpoint. */
FY_API bool fy_run_is_past(const fy_run *r, const char *stage);
/* The run no longer refers to what it was asked to keep: for a method about to free its models. The last
 * checkpoint stays as it is; call it after the last stage. */
FY_API void fy_run_forget(fy_run *r);
/* For long work between stages, many times: shows it as the run's progress, `step` of `steps` of what is called `stage`, at most ten times
 * a second. FY_ECANCELED when the run was asked to stop: the work is then broken off. */
FY_API FY_NODISCARD fy_status fy_run_tell(fy_run *r, const char *stage, int64_t step, int64_t steps,
                                          const char *text);
/* Writes a checkpoint now, at a moment between stages. FY_ENAN, and the one before it stays, when a kept model's
 * parameter is not finite. */
FY_API FY_NODISCARD fy_status fy_run_checkpoint(fy_run *r);

/* ---- stage ------------------------------------------------------------------------------------------ */

/* A value per sample, gathered into `node` for each batch by sample number: pseudo-labels, features. */
typedef struct fy_table {
    fy_node node;     /* input (or cut value) [batch, ...] */
    const void *rows; /* [count of the loader's dataset, ...], plain; lent while the stage runs */
} fy_table;

#define FY_MAX_TABLES 4
typedef struct fy_stream {
    fy_loader *loader;
    fy_node x; /* f32 [batch, ...] */
    fy_node y; /* i32 [batch]; FY_NO_NODE: the stream carries no labels */
    fy_node q; /* f32 [batch, classes], fy_batch.q; FY_NO_NODE: not wanted. The loader must mix */
    fy_table tables[FY_MAX_TABLES];
    int n_tables;
} fy_stream;

/* A scalar to record: an objective's loss, an accuracy. */
typedef struct fy_watch {
    const char *name;
    fy_node node;
} fy_watch;

#define FY_MAX_STREAMS 24
#define FY_MAX_WATCHES 64
typedef struct fy_stage {
    const char *name; /* unique in a run */
    const fy_graph *graph;
    fy_stream streams[FY_MAX_STREAMS];
    int n_streams;
    fy_watch watches[FY_MAX_WATCHES];
    int n_watches;
    int64_t steps;
    int64_t log_every;  /* steps; averages since the last line are recorded */
    int64_t eval_every; /* steps; on_eval also runs at step 0 and after the last. 0: only then */
    int64_t evaluations; /* instead: this many after step 0, 0 to `steps`; the k-th after k / evaluations of all
                          * steps, rounded up: as even as whole steps allow */
    uint64_t seed; /* dropout */
    bool cache;    /* compute what is frozen once per sample */
    /* Before each step, when its batches are fed already: set scalars for schedules; what it feeds itself
     * replaces what the streams gave. `step` steps are done. Optional. */
    fy_status (*on_step)(void *arg, fy_plan *plan, int64_t step);
    /* After each step, with the watched figures as they were in it, [n_watches]: what a method remembers of them, in bytes
     * that fy_run_keep_data knows, is in the checkpoint that may follow. `step` steps are done. Optional. */
    fy_status (*after_step)(void *arg, const double *newest, int64_t step);
    /* Evaluate models here; sees them as after `step` steps. *is_over, false before, ends the stage
     * when it is set, as if these were all its steps: early stopping. When the call ends with FY_ECANCELED, what
     * fy_run_keep_data named and metrics.jsonl are put back to what they were before, and a resumed run calls it
     * again. Optional. */
    fy_status (*on_eval)(void *arg, fy_plan *plan, int64_t step, bool *is_over);
    /* When a value is no number after `step` steps: puts what moves back to values of before, and the stage is over, as if these were
     * all its steps. NULL, or what it returns but FY_OK: the stage fails with FY_ENAN. */
    fy_status (*on_nan)(void *arg, int64_t step);
    void *arg;
} fy_stage;
FY_API fy_stage fy_stage_defaults(const char *name, const fy_graph *g); /* log 50, cache on */

/* Runs or resumes. FY_ECANCELED after saving when asked to stop. FY_ENAN names the first watched figure, and before
 * evaluations and checkpoints the first parameter or optimiser state, that is not finite, and the newest checkpoint
 * if there is one: it is from before and stays. Unless on_nan has put all right. */
FY_API FY_NODISCARD fy_status fy_stage_run(fy_run *r, fy_device *dev, const fy_stage *s);

/* A stage in one's own hands: what is frozen is computed, the plan compiled, every loader at its first batch. fy_stage_run
 * is a loop over its steps that evaluates, records and saves between them; whoever writes another begins at step 0, and
 * neither the metrics nor the checkpoints of the run know of it. Used by one thread at a time. */
typedef struct fy_loop fy_loop;
/* Of s, the graph, the loaders and the tables are lent until fy_loop_close; log_every, the evaluations and on_eval are
 * not looked at. FY_ECANCELED when the run was asked to stop. What the run's thread asks in long calls is the run's flag
 * until fy_loop_close. */
FY_API FY_NODISCARD fy_status fy_loop_open(fy_run *r, fy_device *dev, const fy_stage *s,
                                           fy_loop **out);
FY_API void fy_loop_close(fy_loop *l); /* accepts NULL */
/* A batch of every stream, on_step, a step of the plan, and the run's progress. newest [n_watches], or NULL: the watched
 * figures as they are, NaN among them. Any number of steps may be taken, whatever s->steps says. FY_ECANCELED, before
 * anything has moved, when the run was asked to stop. */
FY_API FY_NODISCARD fy_status fy_loop_step(fy_loop *l, double *newest);
FY_API fy_plan *fy_loop_plan(fy_loop *l); /* lent: scalars, optimiser state */

/* ---- schedules ---------------------------------------------------------------------------------------- */

/* How a learning rate changes over a stage: a factor on the rate that was asked for. */
typedef struct fy_schedule {
    const char *name; /* of fy_schedule_names */
    int64_t steps;    /* all, the warm-up included */
    int64_t warmup;   /* the factor rises in a line over so many steps first (Goyal et al. 2017) */
    int64_t every;    /* "step": steps from one fall to the next */
    double gamma;     /* "step", "multistep": what each fall multiplies by */
    const int64_t *milestones; /* "multistep": [n_milestones] steps after the warm-up, rising; lent */
    int n_milestones;
    double floor; /* "cosine", "linear": the factor that all ends in */
    double start; /* "linear": share of what follows the warm-up, 0 to 1, over which the factor stays 1 first */
} fy_schedule;
/* "constant", "step", "multistep", "cosine" (Loshchilov and Hutter 2017, without restarts), "linear", "onecycle"
 * (Smith and Topin 2018); NULL-terminated. */
FY_API const char *const *fy_schedule_names(void);
FY_API fy_schedule fy_schedule_defaults(void); /* constant; every 1, gamma 0.1 */
/* FY_EINVAL for a name or a number that makes no sense, naming the nearest. */
FY_API FY_NODISCARD fy_status fy_schedule_check(const fy_schedule *s);
/* Of the step that follows `at` steps, in a schedule that fy_schedule_check accepts. */
FY_API double fy_schedule_factor(const fy_schedule *s, int64_t at);

/* ---- prediction --------------------------------------------------------------------------------------- */

/* The models one after the other, in evaluation mode. */
typedef struct fy_predictor fy_predictor;
FY_API FY_NODISCARD fy_status fy_predictor_new(fy_device *dev, fy_model *const *chain, int n_models,
                                               int64_t batch, fy_predictor **out);
/* The same for models of which only some parameters will change: what depends on the others alone is computed once per
 * dataset and kept, for the newest FY_PREDICTOR_KEEPS datasets. */
#define FY_PREDICTOR_KEEPS 8
typedef struct fy_moving_opts {
    int64_t batch;
    const char *moves; /* globs of the parameters that will change; NULL: all */
    bool of_first; /* they speak of the chain's first model alone, and the others change whatever their names */
    fy_features *features; /* where the rest is kept; lent. NULL: the predictor's own, in memory */
} fy_moving_opts;
FY_API FY_NODISCARD fy_status fy_predictor_new_moving(fy_device *dev, fy_model *const *chain,
                                                      int n_models, const fy_moving_opts *o,
                                                      fy_predictor **out);
FY_API void fy_predictor_free(fy_predictor *p);
/* Results of each model of the chain for all samples, f32 [count, ...]: outs[i] says where the i-th goes, or
 * is NULL where it is not wanted. Sets all that are wanted or none. */
FY_API FY_NODISCARD fy_status fy_predict(fy_predictor *p, const fy_dataset *data,
                                         fy_tensor **outs[]);

/* One batch as it comes out. Lent until the call returns. */
typedef struct fy_rows {
    int64_t first, n; /* sample numbers first .. first + n - 1 of the dataset */
    const float *
        x; /* [n, input...]; NULL: what frozen layers make of the samples is known, and nobody has read them */
    const float *values; /* [n, result...], of the last model of the chain */
} fy_rows;
/* The same batch by batch, in order: memory does not grow with the dataset. Ends at the first failure of fn. */
typedef fy_status (*fy_rows_fn)(void *arg, const fy_rows *rows);
FY_API FY_NODISCARD fy_status fy_predict_each(fy_predictor *p, const fy_dataset *data,
                                              fy_rows_fn fn, void *arg);

/* The class of each row of logits [n, k], f32 with k >= 2: the largest, the first of equals; -1, no class at all,
 * where a logit is NaN. classes [n]. */
FY_API FY_NODISCARD fy_status fy_classes_of(const fy_tensor *logits, int32_t *classes);
/* p = softmax of each row of such logits, [n k]; a row with a value that is not finite, but for -inf, is undefined. */
FY_API FY_NODISCARD fy_status fy_probabilities_of(const fy_tensor *logits, double *p);
/* The fraction of rows whose class is the label of the same sample; a row with NaN is wrong. FY_ESHAPE unless there
 * is a row per sample. */
FY_API FY_NODISCARD fy_status fy_accuracy_of(const fy_tensor *logits, const fy_dataset *labelled,
                                             double *accuracy);

/* ---- figures of a classifier ----------------------------------------------------------------------------- */

typedef struct fy_class_figures {
    int64_t support, predicted, right; /* samples of the class; taken for it; both */
    double precision; /* right / predicted; 0 for a class that is never predicted */
    double recall;    /* right / support; NaN for a class without samples */
    double f1;        /* 2 right / (support + predicted); NaN where both are 0 */
} fy_class_figures;

typedef struct fy_calibration_bin {
    int64_t n;
    double confidence, accuracy; /* means over its samples; NaN if there are none */
} fy_calibration_bin;

/* p is the softmax of a sample's logits, its confidence the largest of p. */
#define FY_CALIBRATION_BINS 15
typedef struct fy_figures {
    int64_t n;            /* samples */
    int64_t n_not_finite; /* of these with a logit that is NaN or infinite: wrong, of no predicted class, and
                           * left out of top5 and of all that follows from p */
    int n_classes; /* k */
    double accuracy;
    double top5;              /* label among the five largest; NaN for k <= 5 */
    double balanced_accuracy; /* mean recall over the classes that have samples */
    /* Means over classes with samples or predictions, where a recall without samples counts 0. */
    double macro_precision, macro_recall, macro_f1;
    double weighted_f1; /* mean f1, weighted by support */
    double matched; /* accuracy under the best one-to-one matching of classes; NaN for k > FY_MAX_MATCHED */
    double nll;   /* mean of -log p(label), in nats */
    double brier; /* mean over samples of the sum over classes of (p - truth)^2 (Brier 1950) */
    double ece; /* sum over bins of n_b / n |accuracy_b - confidence_b| (Guo et al. 2017, equation 3) */
    double confidence;                            /* mean */
    fy_calibration_bin bins[FY_CALIBRATION_BINS]; /* bin b: confidences above b / 15 up to (b + 1) / 15 */
    const fy_class_figures *classes;              /* [k] */
    const int64_t *confusion; /* [k, k], rows are labels, columns what was predicted */
} fy_figures;

/* Counts predictions as they come: memory is O(k^2). 2 <= k <= FY_MAX_SCORED classes. */
#define FY_MAX_SCORED 8192
#define FY_MAX_MATCHED 1024
typedef struct fy_scores fy_scores;
FY_API FY_NODISCARD fy_status fy_scores_new(int k, fy_scores **out);
FY_API void fy_scores_free(fy_scores *s); /* accepts NULL */
/* logits [n, k], label [n]. FY_EINVAL for a label outside 0 .. k-1; nothing is counted then. */
FY_API FY_NODISCARD fy_status fy_scores_add(fy_scores *s, const float *logits, const int32_t *label,
                                            int64_t n);
/* Of all samples so far, at least one. Lent until the next call on s. */
FY_API FY_NODISCARD fy_status fy_scores_figures(fy_scores *s, const fy_figures **out);

/* ---- evaluating ------------------------------------------------------------------------------------------ */

/* A sample whose predicted class is not its label. */
typedef struct fy_mistake {
    int64_t origin;   /* sample number in the dataset's source */
    const char *name; /* what the source calls it; NULL: nothing */
    int32_t label, predicted;
    double p, p_label;     /* of the predicted class; of the label */
    const uint8_t *pixels; /* [c, h, w] of fy_evaluation.picture, to look at */
} fy_mistake;

#define FY_MAX_MISTAKES 64
typedef struct fy_evaluate_opts {
    int n_mistakes; /* how many of the most confident ones to keep, at most FY_MAX_MISTAKES */
    const int32_t *class_of; /* [classes of the data], the model's class of each; NULL: the same numbers */
    const char *const *class_names; /* [k] of the model; NULL: the data's, or numbers */
    const fy_pixels *pixels; /* whose mean and deviation pictures are shown without; NULL: each is
                                     * stretched from its own range */
    fy_progress_fn progress; /* after every batch; steps are samples */
    void *progress_arg;
} fy_evaluate_opts;
FY_API fy_evaluate_opts fy_evaluate_defaults(void); /* 24 mistakes */

typedef struct fy_evaluation {
    const fy_figures *figures;
    int64_t n_broken;         /* samples left out, since their pictures turned out to be broken */
    int64_t first_not_finite; /* the first sample with such a logit; -1: none */
    const char *const *class_names; /* [k] */
    fy_shape picture; /* of a mistake's pixels, at most 128 on a side; rank 0: samples are no pictures */
    int n_mistakes;
    const fy_mistake *mistakes; /* the surest first */
    /* One object: figures, figures by class, reliability; no confusion matrix, no mistakes. */
    const char *json;
} fy_evaluation;
/* The predictor's last model gives logits [n, k]; FY_ESHAPE if not, FY_EINVAL without labels, or for a label that
 * is none of its classes. Batch by batch: memory does not grow with the dataset. */
FY_API FY_NODISCARD fy_status fy_evaluate(fy_predictor *p, const fy_dataset *labelled,
                                          const fy_evaluate_opts *o, fy_evaluation **out);
/* The same of logits [n, k] that are there already, a row for each sample. */
FY_API FY_NODISCARD fy_status fy_evaluate_logits(const fy_tensor *logits, const fy_dataset *labelled,
                                                 const fy_evaluate_opts *o, fy_evaluation **out);
FY_API void fy_evaluation_free(fy_evaluation *e); /* accepts NULL */

/* A fact about an evaluation: "precision", "bf16". */
typedef struct fy_about {
    const char *name, *value;
} fy_about;
/* eval.json whole: json, confusion matrix, mistakes with their pictures, and the facts. The report draws it. */
FY_API FY_NODISCARD fy_status fy_evaluation_write(const fy_evaluation *e, const fy_about *about,
                                                  int n_about, const char *path);
/* The same as a file of the run's directory; nothing without a directory. */
FY_API FY_NODISCARD fy_status fy_run_write_evaluation(fy_run *r, const char *name,
                                                      const fy_evaluation *e, const fy_about *about,
                                                      int n_about);

/* ---- judging with labels: for reports only ------------------------------------------------------------- */

/* Holds labels where no method can read them. Whoever has the labels makes it, hands its eye to the method
 * and reads the marks when the method is done: figures of a stage's models after so many steps. */
typedef struct fy_judge fy_judge;
/* What a method is given of a judge: it can be shown predictions and tells nothing. */
typedef struct fy_eye fy_eye;
#define FY_MARK_STAGE 32
typedef struct fy_mark {
    char stage[FY_MARK_STAGE];
    int64_t step;
    double accuracy; /* fraction, labels as given */
    double swapped;  /* two classes only: labels exchanged; NaN otherwise */
    double matched;  /* under the best one-to-one matching of classes, which itself uses labels */
} fy_mark;
FY_API FY_NODISCARD fy_status fy_judge_new(const char *name, const fy_dataset *labelled,
                                           fy_judge **out);
FY_API void fy_judge_free(fy_judge *j); /* accepts NULL */
/* Lent as long as the judge lives; NULL for NULL. */
FY_API fy_eye *fy_judge_eye(fy_judge *j);
FY_API int fy_judge_count(const fy_judge *j); /* marks; 0 for NULL */
FY_API fy_mark fy_judge_mark(const fy_judge *j, int i);
FY_API const char *fy_judge_name(const fy_judge *j);

/* Puts the marks into the run's checkpoints; on resume they are back. The judge must outlive the run, or its
 * fy_run_forget. At most FY_MAX_MARKS marks. */
#define FY_MAX_MARKS 1024
FY_API FY_NODISCARD fy_status fy_eye_keep(fy_eye *e, fy_run *r);
/* Judges logits [count, k]; the mark is kept under stage and step, and replaces one of the same. With a run it
 * also goes to the run's metrics as "<name>.accuracy" and so on. Stage names of up to FY_MARK_STAGE - 1
 * bytes. */
FY_API FY_NODISCARD fy_status fy_eye_see(fy_eye *e, fy_run *r, const char *stage, int64_t step,
                                         const fy_tensor *logits);

/* Accuracy under the best one-to-one matching of predicted to true classes (Kuhn 1955). match may be NULL;
 * else match[predicted] = true class. k <= 1024. */
FY_API FY_NODISCARD fy_status fy_matched_accuracy(const int32_t *predicted, const int32_t *truth,
                                                  int64_t n, int k, double *accuracy,
                                                  int32_t *match);

/* ---- judging without labels ------------------------------------------------------------------------------- */

/* What predictions say about themselves. */
typedef struct fy_signs {
    double entropy;   /* mean entropy of a prediction, over log k: 0 certain, 1 uniform */
    double diversity; /* entropy of the mean prediction, over log k: 0 collapsed */
    double information; /* diversity - entropy: mutual information of input and class (Shi and Sha 2012) */
    double largest;  /* share of the most predicted class */
    double smallest; /* share of the least predicted class */
} fy_signs;
FY_API FY_NODISCARD fy_status fy_signs_of(const fy_tensor *logits, fy_signs *out); /* [n, k] */

/* ---- small linear algebra for features -------------------------------------------------------------------- */

/* The first k principal components of x [n, d]: mean [d], axes [k, d] (orthonormal, by falling variance, the
 * largest entry of each positive), deviation [k]. Subspace iteration in double, started from seed; the same
 * bytes every time. */
FY_API FY_NODISCARD fy_status fy_pca(const fy_tensor *x, int k, uint64_t seed, fy_tensor **mean,
                                     fy_tensor **axes, fy_tensor **deviation);
/* (x - mean) axes^T [n, k], divided by the deviations if whiten. */
FY_API FY_NODISCARD fy_status fy_project(const fy_tensor *x, const fy_tensor *mean,
                                         const fy_tensor *axes, const fy_tensor *deviation,
                                         bool whiten, fy_tensor **out);
/* Lloyd's algorithm from k-means++ starts over x [n, d]; the best of `restarts` by inertia, the sum over the samples of
 * the squared distance to their centre. label [n] in 0..k-1; *centres [k, d], *inertia: either may be NULL. FY_ESHAPE
 * for another x, FY_EINVAL for more clusters than samples. */
FY_API FY_NODISCARD fy_status fy_kmeans(const fy_tensor *x, int k, int restarts, uint64_t seed,
                                        int32_t *label, fy_tensor **centres, double *inertia);

/* Optimal transport, smoothed by the plan's entropy and kept from mixing classes (Courty et al. 2017, equations 12 and 14). */
typedef struct fy_transport_round {
    int64_t plan,
        plans;     /* done, of how many: one for the distances, and where classes count ten more */
    int64_t round; /* of Sinkhorn's, in this plan */
    double worst;  /* by how much the sum of a row is wrong at most, relative */
} fy_transport_round;
typedef struct fy_transport_opts {
    double entropy; /* weight of the plan's entropy, relative to the largest cost; 0.01 and more */
    double classes; /* weight of not sending several classes to one sample; 0: labels are not looked at */
    /* After every round, and between slabs of what else takes long; what it returns but FY_OK ends the call. NULL: nothing. */
    fy_status (*on_round)(void *arg, const fy_transport_round *at);
    void *arg;
} fy_transport_opts;
#define FY_TRANSPORT_CELLS ((int64_t)32 << 20) /* n m at most: of 16 bytes each */
/* FY_EINVAL for options that make no sense, and for n to m samples that are too many. */
FY_API FY_NODISCARD fy_status fy_transport_check(const fy_transport_opts *o, int64_t n, int64_t m);
/* Where the cheapest plan carries samples x [n, d] with classes y (i32 [n], from 0) among samples z [m, d]: *out [n, d]. The same bytes
 * whatever the number of threads. FY_ESHAPE for others, FY_EINVAL as fy_transport_check and for negative classes, FY_ENAN for values
 * that are not finite. */
FY_API FY_NODISCARD fy_status fy_transport(const fy_tensor *x, const fy_tensor *y,
                                           const fy_tensor *z, const fy_transport_opts *o,
                                           fy_tensor **out);

#ifdef __cplusplus
}
#endif
#endif

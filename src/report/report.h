/* What the files of the report room share.
 *
 *   reader    one file of the run -> its part of fyi_report; trusts nothing it reads
 *   note      a sentence about a file that could not be used, shown in the report
 *   section   its part of fyi_report -> a piece of the page; left out when it has nothing to show
 *
 * Everything read lives in one arena. A number that cannot be what it says it is becomes NaN. */
#ifndef FYI_REPORT_H
#define FYI_REPORT_H

#include <ferry/methods.h>
#include <ferry/report.h>
#include <ferry/weights.h>

#include "report/ballots.h"
#include "report/cells.h"
#include "report/eval.h"
#include "report/html.h"
#include "report/modalities.h"
#include "report/plot.h"
#include "report/trials.h"
#include "report/versus.h"

#include <jansson.h>

/* ---- what a run left ------------------------------------------------------------------------- */

/* The four numbers and the ways to count: rows and columns of every table of figures. */
enum { FYI_SOURCE_ONLY, FYI_LAST, FYI_CHOSEN, FYI_ORACLE, FYI_NUMBERS };
enum { FYI_PLAIN, FYI_MATCHED, FYI_SWAPPED, FYI_WAYS };

typedef struct fyi_result {
    bool is_there;
    bool is_adaptation;                     /* the four numbers are its figures */
    double accuracy[FYI_WAYS][FYI_NUMBERS]; /* of the target, 0..1; NaN: nobody knows */
    int64_t step[FYI_WAYS][FYI_NUMBERS];    /* that the figure is of; -1: unknown */
    double source_accuracy, seconds;
    int64_t target_count; /* samples that were judged; -1: unknown */
    bool fell_back;
    const char *reason, *warning, *method, *kind, *recipe, *run_dir, *seed; /* "" if missing */
    const char *chosen_method, *last_method; /* of several that were tried; "": none */
} fyi_result;

/* What fine-tuning came to. */
typedef struct fyi_tuned {
    bool is_there;
    double before, val_accuracy, test_accuracy; /* 0..1; NaN: unknown, or there was no test */
    double val_loss, lr;                        /* nats; of the last part */
    double ema; /* decay of the averages that were evaluated; 0: none; NaN: unknown */
    int64_t epochs, best_epoch; /* of all parts together; -1: unknown */
    int64_t moved, all;         /* values, in the last part; -1: unknown */
} fyi_tuned;

/* What a distillation came to: the networks on both domains. */
enum { FYI_TEACHER, FYI_STUDENT, FYI_REDISTILLED, FYI_FINETUNED, FYI_NETWORKS };
typedef struct fyi_network {
    bool is_there;
    double source, target;         /* accuracy, 0..1; NaN: unknown */
    double source_val, target_val; /* by which it was chosen */
    int64_t epoch;                 /* after which it was kept; 0: as it began; -1: unknown */
} fyi_network;

typedef struct fyi_distilled {
    bool is_there, has_target;
    fyi_network v[FYI_NETWORKS];
    int chosen;         /* -1: unknown */
    int64_t moved, all; /* values of the student; -1: unknown */
    bool holds, teaches_target;
} fyi_distilled;

/* A learning-rate range test. */
typedef struct fyi_lr_test {
    const char *stage; /* that it came before */
    fyi_point *p;      /* decimal logarithm of the rate, smoothed loss */
    size_t n;
    double suggested; /* rate; NaN: none */
} fyi_lr_test;

/* Time of all kernels of one operator, and of one kernel. */
typedef struct fyi_op_time {
    const char *op;
    int64_t kernels; /* -1: unknown */
    double seconds;
} fyi_op_time;

typedef struct fyi_kernel_row {
    const char *node, *op, *kernel, *param, *src, *dst; /* src, dst: shapes; "" if missing */
    double seconds;
} fyi_kernel_row;

/* Where the time of a stage's steps went. Both lists fall in time. */
typedef struct fyi_times {
    const char *stage;
    int64_t steps;                           /* that were measured, at least one */
    double seconds, waiting, kernel_seconds; /* all in all; for data, NaN: unknown; of all kernels */
    fyi_op_time *ops;
    size_t n_ops; /* at least one */
    fyi_kernel_row *slowest;
    size_t n_slowest;
} fyi_times;

/* A kind of tensors of a weights' file: those that were loaded, those that were missing ... */
typedef struct fyi_fit_kind {
    int64_t count;
    size_t n; /* of them that are named */
    struct {
        const char *name, *in_file, *in_model; /* "" where it is not */
    } * v;
} fyi_fit_kind;

typedef struct fyi_fit {
    bool is_there;
    const char *file, *format, *family, *prefix; /* "" if missing */
    fyi_fit_kind kinds[FY_FIT_KINDS];
} fyi_fit;

/* One name's values over one stage's steps, steps rising; NaN where the run wrote null. */
typedef struct fyi_series {
    const char *stage, *name;
    fyi_point *p;
    size_t n, cap;
} fyi_series;

/* How often the critic called samples of each domain "target" with a probability in each bin. */
typedef struct fyi_moment {
    int64_t step;
    int n_bins;
    double *share[2]; /* of the source's samples and of the target's, by bin */
} fyi_moment;

typedef struct fyi_view {
    bool is_last, is_target; /* after the last step, or before the first; which domain */
    size_t n;
    fyi_point *p;
    int *class; /* -1: unknown */
} fyi_view;

typedef struct fyi_guess {
    int class; /* -1: unknown */
    double p;
} fyi_guess;

typedef struct fyi_sample {
    int64_t index;
    uint8_t *pixels;        /* [c, h, w] */
    fyi_guess before, last; /* before the first step and after the last */
} fyi_sample;

typedef struct fyi_samples {
    int64_t c, h, w;
    const char **classes;
    int n_classes;
    fyi_sample *v;
    size_t n;
} fyi_samples;

/* A version, or a data side: what it is called, its version or hash, and in words. */
typedef struct fyi_fact {
    const char *name, *value, *text;
    int64_t n; /* samples; -1: not data */
} fyi_fact;

typedef struct fyi_facts {
    fyi_fact *v;
    size_t n, cap;
} fyi_facts;

/* One model on one target of a staged distillation: a strategy, or plain fine-tuning. */
#define FYI_TARGET_STAGES 3
typedef struct fyi_carried {
    const char *target, *name; /* "george", "hybrid" */
    double stage[FYI_TARGET_STAGES]; /* accuracy on test after each; NaN: it was left out, or not looked at */
    double val;                      /* of what it hands back */
    int kept;                        /* which stage that is; -1: plain fine-tuning */
    bool is_chosen;
} fyi_carried;

#define FYI_MAX_CARRIED (4 * FY_HDNET_TARGETS)
typedef struct fyi_staged {
    bool is_there;
    double target, finetuned; /* means over the targets */
    fyi_carried v[FYI_MAX_CARRIED];
    int n, n_targets;
    int64_t test; /* samples of all targets together */
} fyi_staged;

typedef struct fyi_report {
    const char *dir;
    fyi_arena arena;
    bool no_memory; /* an allocation failed: the report is not written */
    int plots;      /* drawn so far; names their clip paths */

    fyi_result result;
    fyi_tuned tuned;
    fyi_distilled distilled;
    fyi_staged staged;
    fyi_modalities modalities;
    fyi_lr_test *lr_tests;
    size_t n_lr_tests;
    fyi_times *times;
    size_t n_times;
    fyi_fit fit;
    fyi_series *series;
    size_t n_series, cap_series;
    fyi_moment *moments;
    size_t n_moments;
    fyi_view *views;
    size_t n_views;
    fyi_samples samples;
    fyi_facts versions, data, warnings; /* warnings: about the data */
    const char *recipe;                 /* NULL: none */
    fyi_eval eval;
    fyi_versus versus;
    fyi_cells cells;
    fyi_trials trials;
    fyi_ballots ballots;

    const char **notes;
    size_t n_notes, cap_notes;
} fyi_report;

/* ---- read.c: help for readers --------------------------------------------------------------- */

/* Zero-filled, or NULL with no_memory set. */
void *fyi_report_alloc(fyi_report *r, size_t n, size_t size);
const char *fyi_report_dup(fyi_report *r, const char *s);
void fyi_report_note(fyi_report *r, const char *fmt, ...) FY_PRINTF(2, 3);
/* The whole file, to be freed with fyi_free; NULL after a note, or silently if there is no such
 * file. */
char *fyi_report_text(fyi_report *r, const char *file, size_t max_bytes, size_t *bytes);
/* The same as a JSON object, to be given to json_decref. */
json_t *fyi_report_json(fyi_report *r, const char *file, size_t max_bytes);

/* NaN, -1, "" when it is missing or of another type. */
double fyi_json_number(const json_t *object, const char *key);
double fyi_json_real(const json_t *value);
int64_t fyi_json_whole(const json_t *object, const char *key);
const char *fyi_json_text(fyi_report *r, const json_t *object, const char *key);
/* A fraction; NaN and a note when it is not within 0..1. */
double fyi_json_share(fyi_report *r, const char *file, const json_t *object, const char *key);

/* One per file. Failures end up as notes and as no_memory. */
typedef void (*fyi_report_reader)(fyi_report *r);
void fyi_read_result(fyi_report *r);
void fyi_read_tuned(fyi_report *r);     /* after the result, whose kind it looks at */
void fyi_read_distilled(fyi_report *r); /* likewise */
void fyi_read_staged(fyi_report *r);    /* likewise */
void fyi_read_lr_find(
    fyi_report *r); /* this and the next: after the metrics, whose stages they look for */
void fyi_read_kernels(fyi_report *r);
void fyi_read_fit(fyi_report *r);
void fyi_read_metrics(fyi_report *r);
void fyi_read_critic(fyi_report *r);
void fyi_read_features(fyi_report *r);
void fyi_read_samples(fyi_report *r);
void fyi_read_origin(fyi_report *r); /* recipe, versions, manifests */
void fyi_read_eval(fyi_report *r);
void fyi_read_versus(fyi_report *r);
/* What of its file is about cells; pieces that both read. */
void fyi_read_cells(fyi_report *r, const json_t *root);
const char *fyi_read_run_dir(fyi_report *r, const json_t *run);
const char *fyi_read_seed(fyi_report *r, const json_t *seed);
void fyi_read_trials(fyi_report *r);
void fyi_read_modalities(fyi_report *r);
void fyi_read_choice(fyi_report *r);

/* NULL if there is none. stage NULL: the first that has the name. */
const fyi_series *fyi_report_series(const fyi_report *r, const char *stage, const char *name);
/* The value at that step; NaN if none. */
double fyi_series_at(const fyi_series *s, double step);
/* False for NULL and for a series of nulls. */
bool fyi_series_has_value(const fyi_series *s);
/* Is the i-th series the first of its stage? */
bool fyi_starts_stage(const fyi_report *r, size_t i);

/* A file of a stage's own: "<kind>-<stage>.json", at most FYI_STAGE_FILE bytes. False if the i-th series is not the first of
 * its stage, or if the stage's name cannot be part of a file's. */
#define FYI_STAGE_FILE 64
bool fyi_report_stage_file(const fyi_report *r, size_t i, const char *kind,
                           char file[FYI_STAGE_FILE]);

/* ---- sections -------------------------------------------------------------------------------- */

/* Write nothing at all when they have nothing to show. */
typedef void (*fyi_report_section)(fyi_report *r, fyi_buf *b);
void fyi_show_header(fyi_report *r, fyi_buf *b);
const char *fyi_report_title(const fyi_report *r); /* the recipe's name, or the model's */
void fyi_show_verdict(fyi_report *r, fyi_buf *b);
void fyi_show_notes(fyi_report *r, fyi_buf *b);
void fyi_show_numbers(fyi_report *r, fyi_buf *b);
void fyi_show_target(fyi_report *r, fyi_buf *b);
void fyi_show_training(fyi_report *r, fyi_buf *b);
void fyi_show_critic(fyi_report *r, fyi_buf *b);
void fyi_show_signs(fyi_report *r, fyi_buf *b);
void fyi_show_features(fyi_report *r, fyi_buf *b);
void fyi_show_samples(fyi_report *r, fyi_buf *b);
void fyi_show_figures(fyi_report *r, fyi_buf *b);
void fyi_show_origin(fyi_report *r, fyi_buf *b);
/* Of fine-tuning. */
void fyi_show_tuned(fyi_report *r, fyi_buf *b);
void fyi_show_learning(fyi_report *r, fyi_buf *b);
void fyi_show_lr_find(fyi_report *r, fyi_buf *b);
void fyi_show_fit(fyi_report *r, fyi_buf *b);
/* Of distillation. */
void fyi_show_distilled(fyi_report *r, fyi_buf *b);
void fyi_show_kernels(fyi_report *r, fyi_buf *b);
/* Of staged distillation. */
void fyi_show_staged(fyi_report *r, fyi_buf *b);
/* Of fuse.json. */
void fyi_show_fused(fyi_report *r, fyi_buf *b);
void fyi_show_modalities(fyi_report *r, fyi_buf *b);
void fyi_show_subsets(fyi_report *r, fyi_buf *b);
void fyi_show_fusing(fyi_report *r, fyi_buf *b);
void fyi_say_held_back(const fyi_report *r, fyi_buf *b);
/* "val.image" of a stage, the figure before the modality; NULL if there is none. */
const fyi_series *fyi_modality_series(const fyi_report *r, const char *stage, const char *figure,
                                      const char *modality);
/* Of eval.json. */
void fyi_show_scores(fyi_report *r, fyi_buf *b);
void fyi_show_confusion(fyi_report *r, fyi_buf *b);
void fyi_show_calibration(fyi_report *r, fyi_buf *b);
void fyi_show_classes(fyi_report *r, fyi_buf *b);
void fyi_show_mistakes(fyi_report *r, fyi_buf *b);
void fyi_show_about(fyi_report *r, fyi_buf *b);

/* Of compare.json. */
void fyi_show_versus_verdict(fyi_report *r, fyi_buf *b);
void fyi_show_versus_table(fyi_report *r, fyi_buf *b);
void fyi_show_intervals(fyi_report *r, fyi_buf *b);
void fyi_show_versus_runs(fyi_report *r, fyi_buf *b);
void fyi_show_cells_verdict(fyi_report *r, fyi_buf *b);
void fyi_show_failed_cells(fyi_report *r, fyi_buf *b);
void fyi_show_leaders(fyi_report *r, fyi_buf *b);
void fyi_show_choosers(fyi_report *r, fyi_buf *b);
void fyi_show_cells(fyi_report *r, fyi_buf *b);

/* Of search.json. */
void fyi_show_trials_verdict(fyi_report *r, fyi_buf *b);
void fyi_show_best_trials(fyi_report *r, fyi_buf *b);
void fyi_show_choice(fyi_report *r, fyi_buf *b);
void fyi_show_history(fyi_report *r, fyi_buf *b);
void fyi_show_importance(fyi_report *r, fyi_buf *b);

/* The four numbers as every section shows them. */
typedef struct fyi_number_look {
    const char *name, *css, *hint;
    fyi_shape_mark mark;
} fyi_number_look;
extern const fyi_number_look fyi_number_looks[FYI_NUMBERS];
/* Is any of the four known, counted this way? */
bool fyi_has_way(const fyi_result *res, int way);

/* " The run hands back ... instead." where the last step's model, which is being shown, is not the chosen one. */
void fyi_say_handed_back(const fyi_result *res, fyi_buf *b);

/* A figure in large letters. */
typedef struct fyi_card {
    const char *title, *css;
    fyi_num big;
    double share; /* of its bar; NaN: none */
    const char *hint;
} fyi_card;
void fyi_put_cards(fyi_buf *b, const fyi_card *cards, size_t n);

/* A bar as wide as its place, filled up to share. */
void fyi_put_gauge(fyi_buf *b, double share);
/* A table's cell, "91.3%" with such a bar. */
void fyi_put_share(fyi_buf *b, double share);

/* A table's cell with a share of harmed cells, in another colour where it is more than FYI_FEW. */
#define FYI_FEW 0.05
void fyi_put_rate(fyi_buf *b, double rate);

/* What is around the sections: to <div class="page">, and from </main>. */
void fyi_report_page_begin(fyi_buf *b, const char *title);
void fyi_report_page_end(fyi_buf *b, const char *from);
/* <header> and what is above every title. */
void fyi_report_brand(fyi_buf *b);
/* What was read; not r itself. */
void fyi_report_release(fyi_report *r);

/* A section's frame: its heading, and a sentence on what it shows. */
void fyi_section_begin(fyi_buf *b, const char *id, const char *title, const char *lead);
void fyi_section_end(fyi_buf *b);

/* ---- chart.c: figures of curves over steps --------------------------------------------------- */

typedef struct fyi_curve {
    const fyi_series *series;
    const char *name; /* in the legend */
    char css[24];     /* "s1 d0": colour and stroke */
} fyi_curve;

/* Steps from `from` on, up to the next part's. */
typedef struct fyi_chart_part {
    double from;
    const char *name;
} fyi_chart_part;

#define FYI_MAX_CURVES (FY_MAX_MODALITIES + 1) /* every modality and all together */
typedef struct fyi_chart {
    const char *title, *caption;
    fyi_curve curves[FYI_MAX_CURVES];
    int n_curves;
    fyi_tick_form form;   /* of the values */
    bool is_share;        /* values lie within 0..1 */
    bool from_zero;       /* their axis begins at 0 */
    bool is_wide, is_low; /* as wide as the page, less high */
    bool is_alone;        /* its section's heading is its title */
    double level;         /* a horizontal line; NaN: none */
    const char *level_text;
    fyi_mark marks[FYI_NUMBERS]; /* y NaN: a vertical line only */
    int n_marks;
    const fyi_chart_part *parts; /* from left to right; named above the picture where there are several */
    int n_parts;
} fyi_chart;
fyi_chart fyi_chart_new(const char *title, fyi_tick_form form);
/* Does nothing when there is no such series, or no room for another curve. css: "s0".. */
void fyi_chart_add(fyi_chart *c, const fyi_series *s, const char *name, const char *css);
/* The same with a stroke that does not depend on the curves before it. css: "s0 d0" */
void fyi_chart_add_styled(fyi_chart *c, const fyi_series *s, const char *name, const char *css);
/* A figure; nothing if no curve has a value. */
void fyi_chart_write(fyi_report *r, fyi_buf *b, const fyi_chart *c);

#endif

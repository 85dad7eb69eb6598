/* What the files of the train room share: a run's inside and its checkpoints. */
#ifndef FYI_TRAIN_H
#define FYI_TRAIN_H

#include "base/base.h"
#include "graph/frozen.h"
#include "train/features.h"

#include <ferry/train.h>

/* Bytes that belong in every checkpoint. */
typedef struct fyi_kept {
    char *name;
    void *data;
    size_t bytes;
} fyi_kept;

/* A model of the run. */
typedef struct fyi_known {
    fy_model *m;
    uint64_t *begun; /* [parameters], their versions when the run came to know it */
} fyi_known;

/* A model as it was saved, in memory. */
#define FYI_SHELF_NAME 256
typedef struct fyi_shelved {
    struct fyi_shelved *next;
    char *name;
    fy_model *copy;
    fy_model *of; /* the run's model that was saved; NULL: forgotten */
    uint64_t *version; /* [parameters], that it had then; 0: before the run was resumed, and not as it began */
} fyi_shelved;

/* tell.c: what a method does between stages. */
typedef struct fyi_work {
    char stage[96];
    double begin_s, drawn_s;
    bool is_over; /* its end was shown */
} fyi_work;

struct fy_run {
    fy_run_opts opts;
    bool is_light; /* opts.light, or the checkpoint is of such a run */
    char *dir, *checkpoint_path, *metrics_path;
    FILE *metrics;
    int lock; /* the directory, held against other runs; -1: none */
    fyi_known *models;
    size_t n_models, cap_models;
    fyi_shelved *shelf;
    fyi_kept *kept;
    size_t n_kept, cap_kept;
    char **past; /* names of finished stages */
    size_t n_past, cap_past;
    fy_weights *restored; /* the checkpoint a resumed run started from, NULL otherwise */
    double last_save_s;
    fy_features *features; /* opts.features, or */
    fy_features *own_features;
    fyi_work work;              /* the newest */
    const struct fy_run *outer; /* that it is within; NULL: none */
};

/* run.c: has anybody opened a run in that directory, and not closed it? */
bool fyi_run_is_going_on(const char *dir);

/* tell.c: FY_ECANCELED, "stopped in stage 'adapt' after step 3 of 8; resume from ..." */
fy_status fyi_run_say_stopped(const fy_run *r, const char *stage, const char *where);

/* Where a stage stands: part of its checkpoints. */
typedef struct fyi_position {
    const char *stage; /* NULL between stages */
    int64_t step;
    bool is_unseen; /* the evaluation of this step is still to come */
    fy_plan *plan;
    double *sums; /* watches since the last line */
    int n_sums;
    int64_t n_summed;
} fyi_position;

/* run.c: what an evaluation that is broken off has to leave as it was. */
typedef struct fyi_before {
    char *kept;         /* all of fy_run_keep_data, one after the other */
    long metrics_bytes; /* length of metrics.jsonl */
} fyi_before;
/* Release with fyi_before_release, always. */
fy_status fyi_before_take(fy_run *r, fyi_before *b);
fy_status fyi_before_restore(fy_run *r, const fyi_before *b);
void fyi_before_release(fyi_before *b);

/* run.c: "the newest checkpoint is '...'", or why there is none: the end of a sentence about a run that stops. */
#define FYI_SAVED_CHARS 400
const char *fyi_run_saved(const fy_run *r, char text[FYI_SAVED_CHARS]);

/* shelf.c: *out: of the run, until fyi_known_forget. FY_EINVAL for a second model of its name. */
fy_status fyi_known_add(fy_run *r, fy_model *m, fyi_known **out);
void fyi_known_forget(fy_run *r);
fyi_known *fyi_known_of(const fy_run *r, const fy_model *m); /* NULL: it does not know it */
/* shelf.c: *is_there false: the run is not light, the model none of its own, or there is no room: it has to be a file. */
fy_status fyi_shelf_put(fy_run *r, const char *name, fy_model *m, bool *is_there);
fy_status fyi_shelf_add(fy_run *r, const char *name, const fyi_known *of, fyi_shelved **out);
fyi_shelved *fyi_shelf_find(const fy_run *r, const char *name); /* NULL: there is none */
fy_status fyi_shelf_take(const fy_run *r, fyi_shelved *s, fy_model *m);
void fyi_shelf_drop(fy_run *r, const char *name);
void fyi_shelf_clear(fy_run *r);

/* check_finite.c: FY_ENAN, naming it, if a parameter or optimiser state of the stage is NaN or infinite. */
fy_status fyi_check_finite(const fy_run *r, const fyi_position *at);
/* The same sentence for any figure. */
fy_status fyi_not_finite(const fy_run *r, const fyi_position *at, const char *kind,
                         const char *name, double value);

/* checkpoint.c: writes nothing and leaves the checkpoint before it when a value is NaN or infinite. */
fy_status fyi_checkpoint_save(fy_run *r, const fyi_position *at);
/* Was the checkpoint that the run was restored from made in this stage? */
bool fyi_checkpoint_is_in(const fy_run *r, const char *stage);
/* Fills the position from it then; leaves it as it is otherwise. */
fy_status fyi_checkpoint_enter(fy_run *r, fyi_position *at);
/* And models of its that were saved, of a light run. */
fy_status fyi_checkpoint_restore_model(fy_run *r, const fyi_known *of);
fy_status fyi_checkpoint_restore_data(fy_run *r, const fyi_kept *k, bool *restored);
/* Finished stages and the length of metrics.jsonl. */
fy_status fyi_checkpoint_restore_run(fy_run *r, int64_t *metrics_bytes);

/* profile.c */
typedef struct fyi_profile {
    const char *stage;
    const fy_plan *plan;     /* measured */
    int64_t steps;           /* that it has run */
    double seconds, waiting; /* of the stage, all in all; of these for its loaders */
} fyi_profile;
/* Writes kernels-<stage>.json. */
fy_status fyi_profile_write(fy_run *r, const fyi_profile *p);

/* predict.c: of one sample: what goes in, and what comes out of the last model. */
const fy_shape *fyi_predictor_sample(const fy_predictor *p);
const fy_shape *fyi_predictor_result(const fy_predictor *p);

/* evaluate_json.c: what becomes of e->json; free(). NULL when out of memory. */
char *fyi_evaluation_json(const fy_evaluation *e);

/* cache.c: the frozen part of a graph that reads x, computed once per sample and view of a dataset. */
typedef struct fyi_cache_of {
    fy_device *dev;
    const fy_graph *g;
    fy_node x;
    const fy_node *cut; /* fyi_frozen_cut's */
    int n_cut;
    bool is_whole; /* all of the cut, or nothing, where not all fits */
    const fy_dataset *data;
    const fy_loader *loader; /* that changes the samples; NULL: nothing does */
    int64_t views;           /* 1, or the loader's */
    fy_features *features;
    const char *stage; /* for the progress */
    fy_progress_fn progress;
    void *progress_arg;
} fyi_cache_of;
typedef struct fyi_cache {
    fy_node cut[FYI_MAX_CUT]; /* values to feed instead of computing */
    float *rows[FYI_MAX_CUT]; /* [views, count, row] */
    int64_t row[FYI_MAX_CUT]; /* floats per sample */
    int64_t count;            /* of the dataset */
    int n;
    fy_features *features; /* whose the rows are */
    fyi_rows *rows_of;
} fyi_cache;
/* Empty when nothing is frozen or nothing fits. */
fy_status fyi_cache_fill(fyi_cache *c, const fyi_cache_of *of);
void fyi_cache_release(fyi_cache *c);

#endif

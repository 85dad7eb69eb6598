/* What the files of a search share.
 *
 *   db        a database that takes SQL: SQLite's file, or a PostgreSQL server
 *   store     one study in it: all SQL is in store.c
 *   sampler   what is tried next, given what was tried
 *   pruner    whether a trial is stopped, given how far others had come
 *
 * A place is a number from 0 to 1 on a knob; see recipe/knob.c. */
#ifndef FYI_STUDY_H
#define FYI_STUDY_H

#include <ferry/search.h>

#include "recipe/recipe.h"

/* ---- db_sqlite.c, db_postgres.c, db.c -------------------------------------------------------- */

typedef struct fyi_db {
    const struct fyi_db_kind *kind;
    char *where; /* for sentences, without a password */
} fyi_db;
/* Columns as texts, NULL for null; lent until it returns. */
typedef fy_status (*fyi_row_fn)(void *arg, const char *const *columns);

typedef struct fyi_sql {
    const char *text;        /* parameters are $1, $2 .. in this order */
    const char *const *args; /* [n_args], NULL for null */
    int n_args;
    fyi_row_fn row; /* NULL: what comes is not looked at */
    void *arg;
    int64_t changed; /* set: rows */
} fyi_sql;

typedef struct fyi_db_kind {
    const char *name;
    bool (*takes)(const char *where);
    /* make: it may be new. */
    fy_status (*open)(const char *where, bool make, fyi_db **out);
    void (*close)(fyi_db *db);
    fy_status (*run)(fyi_db *db, fyi_sql *q);
    /* Begins a transaction that sees one state of all tables, whatever others do. */
    const char *snapshot;
    /* Until "COMMIT" or "ROLLBACK" nobody else is in such a transaction. */
    fy_status (*begin)(fyi_db *db);
    /* A worker's lock lives as long as its connection: it falls when the process dies. */
    fy_status (*hold)(fyi_db *db, const char *study, int64_t worker, bool *is_mine);
    fy_status (*is_held)(fyi_db *db, const char *study, int64_t worker, bool *is_held);
} fyi_db_kind;
extern const fyi_db_kind fyi_db_sqlite,
    fyi_db_postgres; /* the second takes everything that the first does not */
fy_status fyi_db_open(const char *where, bool make, fyi_db **out);
void fyi_db_close(fyi_db *db); /* accepts NULL */

/* ---- store.c --------------------------------------------------------------------------------- */

typedef struct fyi_store {
    fyi_db *db;
    char *study;    /* its name */
    int64_t worker; /* 0: only looks on */
} fyi_store;
/* What a study is: the recipe without what is the machine's, and its hash. */
typedef struct fyi_study_id {
    const char *name, *sha256, *recipe;
} fyi_study_id;

/* Release with fyi_store_close, always. Joins the study, or begins it. */
fy_status fyi_store_join(fyi_store *s, const char *where, const fyi_study_id *id);
/* Looks at one; name NULL: the only one. */
fy_status fyi_store_look(fyi_store *s, const char *where, const char *name);
void fyi_store_close(fyi_store *s);
/* All of it; the second between fyi_store_begin and fyi_store_end. */
fy_status fyi_store_read(const fyi_store *s, fy_study **out);
fy_status fyi_store_read_within(const fyi_store *s, fy_study **out);

/* Inside, nobody else takes or ends a trial. */
fy_status fyi_store_begin(const fyi_store *s);
fy_status fyi_store_end(const fyi_store *s,
                        fy_status st); /* commits FY_OK, else gives up; gives st back */
/* The running trial with the smallest number whose worker is dead becomes this worker's; -1: there is none. */
fy_status fyi_store_take_over(const fyi_store *s, const fy_study *of, int64_t *number);
/* The study's next: values [n_keys]. */
fy_status fyi_store_add_trial(const fyi_store *s, const fy_study *of, const char *const *values);
/* The end of a trial; *is_mine false: it was taken over meanwhile, and nothing changes. */
typedef struct fyi_ending {
    fy_trial_state state;
    double value;
    const char *error;
} fyi_ending;
fy_status fyi_store_end_trial(const fyi_store *s, int64_t number, const fyi_ending *e,
                              bool *is_mine);
/* Told twice, after a resumption, it is one point. */
fy_status fyi_store_add_point(const fyi_store *s, int64_t number, const fy_trial_point *p);

/* ---- study.c --------------------------------------------------------------------------------- */

/* A trial as it is read: what other tables say of it goes into it afterwards. */
typedef struct fyi_trial_row {
    fy_trial trial;
    const char **values; /* trial.values */
    int64_t worker;
    size_t first_point;
} fyi_trial_row;

struct fy_study {
    fyi_arena arena;
    fy_recipe *recipe;
    fy_study_table table;
    fyi_trial_row *rows; /* [n_rows] */
    size_t n_rows, cap_rows;
    fy_trial_point *points; /* [n_points], of all trials */
    size_t n_points, cap_points;
    fy_trial *trials;   /* [n_rows] */
    fy_study_key *keys; /* table.keys */
};
/* From its recipe alone, without trials. */
fy_status fyi_study_new(const char *where, const char *recipe, fy_study **out);
/* The next trial of those that were begun; its values and points follow. */
fy_status fyi_study_add(fy_study *s, int64_t worker, const fy_trial *t);
fy_status fyi_study_add_value(fy_study *s, int64_t number, const char *key, const char *value);
fy_status fyi_study_add_point(fy_study *s, int64_t number, const fy_trial_point *p);
/* All are there: fills in what follows from them. And the keys' importance, which takes longer. */
fy_status fyi_study_finish(fy_study *s);
fy_status fyi_study_weigh(fy_study *s);

/* Is, or would be, a trial with that figure the best of those that are done? */
bool fyi_study_leads(const fy_study *s, int64_t trial, double value);
/* -1 becomes the best; FY_EINVAL where there is no such trial. */
fy_status fyi_study_find(const fy_study *s, int64_t *trial);

/* ---- sample_*.c, sampler.c ------------------------------------------------------------------- */

/* A trial as samplers see it. */
typedef struct fyi_seen {
    const double *places; /* [n_knobs]; NaN where a value is no longer one of the knob's */
    double good;          /* its figure, larger is better; NaN unless done */
} fyi_seen;

typedef struct fyi_draw {
    const fyi_knob *knobs;
    int n_knobs;
    uint64_t seed;
    int64_t number; /* of the trial */
    int64_t startup;
    const fyi_seen *seen; /* [n_seen]: all that were begun */
    int64_t n_seen;
} fyi_draw;
typedef struct fyi_sampler {
    const char *name;
    fy_status (*draw)(const fyi_draw *d, double *places); /* [n_knobs] */
} fyi_sampler;
extern const fyi_sampler fyi_sampler_grid, fyi_sampler_random, fyi_sampler_sobol, fyi_sampler_tpe;
const fyi_sampler *fyi_sampler_find(const char *name);
/* Sobol's i-th point in that dimension, times 2^32, as it is before it is scrambled. */
uint32_t fyi_sobol_point(int dimension, uint64_t i);
/* The stream of one knob of one trial. */
fy_rng fyi_draw_stream(const fyi_draw *d, int knob);
/* The number of trials that there are to make. */
int64_t fyi_search_budget(const fyi_settings *s);
/* Draws the next trial's values [n_keys], in `arena`. */
fy_status fyi_study_draw(const fy_study *s, fyi_arena *arena, const char **values);

/* ---- prune_*.c, pruner.c --------------------------------------------------------------------- */

/* What a trial's first run came to after each evaluation, larger is better. */
typedef struct fyi_lane {
    int64_t number;
    const double *v; /* [n] */
    int n;
    bool is_done; /* not stopped early, nor running */
} fyi_lane;
typedef struct fyi_race {
    const fyi_search_settings *o;
    fyi_lane me;
    const fyi_lane *others; /* [n_others] */
    int64_t n_others;
} fyi_race;
typedef struct fyi_pruner {
    const char *name;
    bool (*stops)(const fyi_race *r);
} fyi_pruner;
extern const fyi_pruner fyi_pruner_median, fyi_pruner_halving, fyi_pruner_hyperband;
const fyi_pruner *fyi_pruner_find(const char *name); /* NULL for "none" */
/* Of those at their rung, halving: is r->me among the best one in prune_factor? `bracket` -1: all trials are of one. */
bool fyi_race_halves(const fyi_race *r, int bracket);
/* Which bracket a trial belongs to. */
int fyi_bracket_of(const fyi_search_settings *o, int64_t number);
fy_status fyi_study_prunes(const fy_study *s, int64_t number, bool *stops);

/* ---- importance.c ---------------------------------------------------------------------------- */

/* places [n, k], values [n]; shares [k], NaN where there are too few. */
fy_status fyi_importance(const double *places, const double *values, int64_t n, int k,
                         double *shares);

/* ---- search_json.c --------------------------------------------------------------------------- */

fy_status fyi_search_write(const fy_study_table *t, const char *dir);
/* The report as text: fyi_free. */
fy_status fyi_study_json(const fy_study_table *t, char **out);

#endif

/* store.c: a study in a database: four tables, and every statement that is made of them.
 *
 *   ferry_studies    name, recipe, how many workers there have been
 *   ferry_trials     number, state, worker, value, error
 *   ferry_settings   the value of every key of a trial
 *   ferry_points     figures along the way, where trials are pruned
 *
 * A trial is taken, taken over and ended in a transaction that no other worker is in. A worker that is killed in one
 * leaves it undone. */
#include "search/study.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define VERSION "1"
#define MAX_ARGS 8

/* clang-format off */
static const char *const schema[] = {
    "CREATE TABLE IF NOT EXISTS ferry_studies (name TEXT PRIMARY KEY, version BIGINT NOT NULL, "
    "recipe_sha256 TEXT NOT NULL, recipe TEXT NOT NULL, n_workers BIGINT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS ferry_trials (study TEXT NOT NULL, number BIGINT NOT NULL, state TEXT NOT NULL, "
    "worker BIGINT NOT NULL, value DOUBLE PRECISION, error TEXT, PRIMARY KEY (study, number))",
    "CREATE TABLE IF NOT EXISTS ferry_settings (study TEXT NOT NULL, number BIGINT NOT NULL, key TEXT NOT NULL, "
    "value TEXT NOT NULL, PRIMARY KEY (study, number, key))",
    "CREATE TABLE IF NOT EXISTS ferry_points (study TEXT NOT NULL, number BIGINT NOT NULL, stage TEXT NOT NULL, "
    "step BIGINT NOT NULL, place BIGINT NOT NULL, value DOUBLE PRECISION, PRIMARY KEY (study, number, stage, step))",
};
/* clang-format on */

/* ---- statements ------------------------------------------------------------------------------ */

typedef struct whole {
    char s[24];
} whole;

static whole text_of(int64_t n)
{
    whole t;

    (void)snprintf(t.s, sizeof t.s, "%lld", (long long)n);
    return t;
}

typedef struct real {
    char s[32];
} real;

static real real_of(double v)
{
    real t;

    (void)snprintf(t.s, sizeof t.s, "%.17g", v);
    return t;
}

/* The rows go to `row`; NULL: there are none, or nobody wants them. */
static fy_status ask(fyi_db *db, const char *sql, const char *const *args, int n, fyi_row_fn row,
                     void *arg)
{
    return db->kind->run(
        db, &(fyi_sql){ .text = sql, .args = args, .n_args = n, .row = row, .arg = arg });
}

#define ARGS(...)                         \
    (const char *const[]){ __VA_ARGS__ }, \
        (int)(sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *))
#define NO_ARGS NULL, 0

static fy_status change(fyi_db *db, const char *sql, const char *const *args, int n,
                        int64_t *changed)
{
    fyi_sql q = { .text = sql, .args = args, .n_args = n };
    const fy_status st = db->kind->run(db, &q);

    *changed = q.changed;
    return st;
}

static bool read_whole(const char *text, int64_t *out)
{
    char *end;

    if (text == NULL || *text == '\0')
        return false;
    errno = 0;
    *out = strtoll(text, &end, 10);
    return errno == 0 && *end == '\0';
}

static double read_real(const char *text)
{
    char *end;
    double v;

    if (text == NULL || *text == '\0')
        return NAN;
    v = strtod(text, &end);
    return *end == '\0' && isfinite(v) ? v : (double)NAN;
}

fy_status fyi_store_begin(const fyi_store *s)
{
    return s->db->kind->begin(s->db);
}

/* Giving up must not hide why; a connection that is gone has given up already. */
static fy_status give_up(fyi_db *db, fy_status st)
{
    char *why = fyi_strdup(fy_last_error());

    (void)ask(db, "ROLLBACK", NO_ARGS, NULL, NULL);
    if (why != NULL)
        (void)fyi_fail_as(st, why);
    fyi_free(why);
    return st;
}

fy_status fyi_store_end(const fyi_store *s, fy_status st)
{
    if (st == FY_OK)
        st = ask(s->db, "COMMIT", NO_ARGS, NULL, NULL);
    return st == FY_OK ? FY_OK : give_up(s->db, st);
}

/* ---- the study ------------------------------------------------------------------------------- */

typedef struct found {
    fyi_arena arena;
    int n;
    const char *name, *sha256, *recipe;
    int64_t version, n_workers;
    fyi_buf names;
} found;

static fy_status find(void *arg, const char *const *c)
{
    found *f = arg;

    f->n++;
    if (c[0] == NULL || c[2] == NULL || c[3] == NULL || !read_whole(c[1], &f->version) ||
        !read_whole(c[4], &f->n_workers))
        return fyi_fail(FY_EFORMAT, "the table ferry_studies is damaged: row %d", f->n);
    fyi_buf_printf(&f->names, "%s'%.80s'", f->n > 1 ? ", " : "", c[0]);
    f->name = fyi_arena_dup(&f->arena, c[0], strlen(c[0]) + 1);
    f->sha256 = fyi_arena_dup(&f->arena, c[2], strlen(c[2]) + 1);
    f->recipe = fyi_arena_dup(&f->arena, c[3], strlen(c[3]) + 1);
    return f->name != NULL && f->sha256 != NULL && f->recipe != NULL
               ? FY_OK
               : fyi_enomem(strlen(c[3]), "a study");
}

static void release_found(found *f)
{
    fyi_arena_release(&f->arena);
    fyi_buf_release(&f->names);
}

#define SELECT_STUDY "SELECT name, version, recipe_sha256, recipe, n_workers FROM ferry_studies"

/* name NULL: all of them. */
static fy_status find_study(fyi_db *db, const char *name, found *f)
{
    FYI_FORWARD(name != NULL ? ask(db, SELECT_STUDY " WHERE name = $1", ARGS(name), find, f)
                             : ask(db, SELECT_STUDY " ORDER BY name", NO_ARGS, find, f));
    if (f->n > 0 && f->version != strtoll(VERSION, NULL, 10))
        return fyi_fail(FY_EFORMAT,
                        "the study in '%s' is of version %lld, this ferry reads version " VERSION,
                        db->where, (long long)f->version);
    return FY_OK;
}

static fy_status make_schema(fyi_db *db)
{
    for (size_t i = 0; i < FYI_LEN(schema); i++)
        FYI_FORWARD(ask(db, schema[i], NO_ARGS, NULL, NULL));
    return FY_OK;
}

static fy_status check_same(const fyi_db *db, const fyi_study_id *id, const found *f)
{
    if (strcmp(f->sha256, id->sha256) == 0)
        return FY_OK;
    return fyi_fail(FY_EINVAL,
                    "the study in '%s' is of another recipe '%s', or of this one before it was "
                    "changed (its hash is %.12s, the recipe's %.12s); give another study with "
                    "study=FILE, or rename the recipe",
                    db->where, f->name, f->sha256, id->sha256);
}

/* A file has one study: its trials share the name of a directory. */
static fy_status check_alone(fyi_db *db, const fyi_study_id *id)
{
    found f = { .n = 0 };
    fy_status st = db->kind == &fyi_db_sqlite ? find_study(db, NULL, &f) : FY_OK;

    if (st == FY_OK && f.n > 0)
        st = fyi_fail(FY_EINVAL,
                      "the study in '%s' is of the recipe %s and this one is '%s'; give another "
                      "with study=FILE",
                      db->where, f.names.p != NULL ? f.names.p : "", id->name);
    release_found(&f);
    return st;
}

static fy_status make_study(fyi_db *db, const fyi_study_id *id)
{
    FYI_FORWARD(check_alone(db, id));
    return ask(db,
               "INSERT INTO ferry_studies (name, version, recipe_sha256, recipe, n_workers) VALUES "
               "($1, " VERSION ", $2, $3, 0)",
               ARGS(id->name, id->sha256, id->recipe), NULL, NULL);
}

/* Numbers are not given twice. One that is held all the same is of a study that was removed under its workers. */
static fy_status join(fyi_store *s, int64_t n_workers)
{
    bool is_mine = false;

    for (s->worker = n_workers + 1; !is_mine; s->worker += !is_mine)
        FYI_FORWARD(s->db->kind->hold(s->db, s->study, s->worker, &is_mine));
    return ask(s->db, "UPDATE ferry_studies SET n_workers = $1 WHERE name = $2",
               ARGS(text_of(s->worker).s, s->study), NULL, NULL);
}

static fy_status begin_or_join(fyi_store *s, const fyi_study_id *id)
{
    found f = { .n = 0 };
    fy_status st;

    FY_TRY(make_schema(s->db));
    FY_TRY(find_study(s->db, id->name, &f));
    FY_TRY(f.n == 0 ? make_study(s->db, id) : check_same(s->db, id, &f));
    FY_TRY(join(s, f.n_workers));
done:
    release_found(&f);
    return st;
}

fy_status fyi_store_join(fyi_store *s, const char *where, const fyi_study_id *id)
{
    *s = (fyi_store){ .study = fyi_strdup(id->name) };
    if (s->study == NULL)
        return fyi_enomem(strlen(id->name), "a study");
    FYI_FORWARD(fyi_db_open(where, true, &s->db));
    FYI_FORWARD(fyi_store_begin(s));
    return fyi_store_end(s, begin_or_join(s, id));
}

static fy_status choose(fyi_store *s, const char *name, const found *f)
{
    if (f->n == 0)
        return fyi_fail(FY_EIO, "there is no study%s%s%s in '%s'", name != NULL ? " '" : "",
                        name != NULL ? name : "", name != NULL ? "'" : "", s->db->where);
    if (f->n > 1)
        return fyi_fail(FY_EINVAL, "there are several studies in '%s'; name one of %s",
                        s->db->where, f->names.p != NULL ? f->names.p : "");
    s->study = fyi_strdup(f->name);
    return s->study != NULL ? FY_OK : fyi_enomem(strlen(f->name), "a study");
}

fy_status fyi_store_look(fyi_store *s, const char *where, const char *name)
{
    found f = { .n = 0 };
    fy_status st;

    *s = (fyi_store){ 0 };
    FYI_FORWARD(fyi_db_open(where, false, &s->db));
    st = find_study(s->db, name, &f);
    st = st == FY_OK ? choose(s, name, &f) : fyi_wrap(st, "while looking for a study");
    release_found(&f);
    return st;
}

void fyi_store_close(fyi_store *s)
{
    fyi_db_close(s->db);
    fyi_free(s->study);
    *s = (fyi_store){ 0 };
}

/* ---- reading --------------------------------------------------------------------------------- */

static fy_status fail_row(const char *table)
{
    return fyi_fail(FY_EFORMAT, "the table %s is damaged: it has a row that no search writes",
                    table);
}

static bool read_state(const char *text, fy_trial_state *out)
{
    for (int i = 0; text != NULL && i < FY_TRIAL_STATES; i++)
        if (strcmp(text, fy_trial_state_name((fy_trial_state)i)) == 0) {
            *out = (fy_trial_state)i;
            return true;
        }
    return false;
}

static fy_status read_trial(void *arg, const char *const *c)
{
    fy_trial t = { .value = read_real(c[3]), .error = c[4] };
    int64_t worker;

    if (!read_whole(c[0], &t.number) || !read_state(c[1], &t.state) || !read_whole(c[2], &worker))
        return fail_row("ferry_trials");
    return fyi_study_add(arg, worker, &t);
}

static fy_status read_setting(void *arg, const char *const *c)
{
    int64_t number;

    if (!read_whole(c[0], &number) || c[1] == NULL || c[2] == NULL)
        return fail_row("ferry_settings");
    return fyi_study_add_value(arg, number, c[1], c[2]);
}

static fy_status read_point(void *arg, const char *const *c)
{
    fy_trial_point p = { .stage = c[1], .value = read_real(c[3]) };
    int64_t number;

    if (!read_whole(c[0], &number) || c[1] == NULL || !read_whole(c[2], &p.step))
        return fail_row("ferry_points");
    return fyi_study_add_point(arg, number, &p);
}

static fy_status read_recipe(void *arg, const char *const *c)
{
    char **recipe = arg;

    if (c[0] == NULL)
        return fail_row("ferry_studies");
    *recipe = fyi_strdup(c[0]);
    return *recipe != NULL ? FY_OK : fyi_enomem(strlen(c[0]), "a study");
}

static fy_status read_rows(const fyi_store *s, fy_study *to)
{
    FYI_FORWARD(ask(s->db,
                    "SELECT number, state, worker, value, error FROM ferry_trials WHERE study = $1 "
                    "ORDER BY number",
                    ARGS(s->study), read_trial, to));
    FYI_FORWARD(ask(s->db, "SELECT number, key, value FROM ferry_settings WHERE study = $1",
                    ARGS(s->study), read_setting, to));
    FYI_FORWARD(ask(s->db,
                    "SELECT number, stage, step, value FROM ferry_points WHERE study = $1 ORDER BY "
                    "number, place",
                    ARGS(s->study), read_point, to));
    return fyi_study_finish(to);
}

fy_status fyi_store_read_within(const fyi_store *s, fy_study **out)
{
    char *recipe = NULL;
    fy_study *made = NULL;
    fy_status st;

    *out = NULL;
    FY_TRY(ask(s->db, "SELECT recipe FROM ferry_studies WHERE name = $1", ARGS(s->study),
               read_recipe, &recipe));
    FY_TRY(fyi_study_new(s->db->where, recipe != NULL ? recipe : "", &made));
    FY_TRY(read_rows(s, made));
    *out = made;
    made = NULL;
done:
    fy_study_free(made);
    fyi_free(recipe);
    return st;
}

/* One state of all tables: a trial that began between two questions would have settings and no beginning. */
fy_status fyi_store_read(const fyi_store *s, fy_study **out)
{
    fy_status st;

    *out = NULL;
    FYI_FORWARD(ask(s->db, s->db->kind->snapshot, NO_ARGS, NULL, NULL));
    st = fyi_store_end(s, fyi_store_read_within(s, out));
    if (st != FY_OK) {
        fy_study_free(*out);
        *out = NULL;
    }
    return st;
}

/* ---- trials ---------------------------------------------------------------------------------- */

static fy_status take(const fyi_store *s, int64_t number)
{
    return ask(s->db, "UPDATE ferry_trials SET worker = $1 WHERE study = $2 AND number = $3",
               ARGS(text_of(s->worker).s, s->study, text_of(number).s), NULL, NULL);
}

fy_status fyi_store_take_over(const fyi_store *s, const fy_study *of, int64_t *number)
{
    bool is_held = true;

    *number = -1;
    for (size_t i = 0; i < of->n_rows; i++) {
        if (of->rows[i].trial.state != FY_TRIAL_RUNNING)
            continue;
        if (of->rows[i].worker != s->worker)
            FYI_FORWARD(s->db->kind->is_held(s->db, s->study, of->rows[i].worker, &is_held));
        if (is_held && of->rows[i].worker != s->worker)
            continue;
        *number = of->rows[i].trial.number;
        return take(s, *number);
    }
    return FY_OK;
}

fy_status fyi_store_add_trial(const fyi_store *s, const fy_study *of, const char *const *values)
{
    const whole number = text_of(of->table.n_trials), worker = text_of(s->worker);

    FYI_FORWARD(ask(s->db,
                    "INSERT INTO ferry_trials (study, number, state, worker) VALUES ($1, $2, "
                    "'running', $3)",
                    ARGS(s->study, number.s, worker.s), NULL, NULL));
    for (int i = 0; i < of->table.n_keys; i++)
        FYI_FORWARD(ask(s->db,
                        "INSERT INTO ferry_settings (study, number, key, value) VALUES ($1, $2, "
                        "$3, $4)",
                        ARGS(s->study, number.s, of->table.keys[i].key, values[i]), NULL, NULL));
    return FY_OK;
}

static fy_status end_trial(const fyi_store *s, int64_t number, const fyi_ending *e, bool *is_mine)
{
    const real value = real_of(e->value);
    int64_t changed = 0;

    FYI_FORWARD(change(s->db,
                       "UPDATE ferry_trials SET state = $1, value = $2, error = $3 WHERE study = "
                       "$4 AND number = $5 AND worker = $6 AND state = 'running'",
                       ARGS(fy_trial_state_name(e->state), isfinite(e->value) ? value.s : NULL,
                            e->error, s->study, text_of(number).s, text_of(s->worker).s),
                       &changed));
    *is_mine = changed == 1;
    return FY_OK;
}

fy_status fyi_store_end_trial(const fyi_store *s, int64_t number, const fyi_ending *e, bool *is_mine)
{
    FYI_FORWARD(fyi_store_begin(s));
    return fyi_store_end(s, end_trial(s, number, e, is_mine));
}

/* A point that is there already keeps its place. */
fy_status fyi_store_add_point(const fyi_store *s, int64_t number, const fy_trial_point *p)
{
    const real value = real_of(p->value);

    FYI_FORWARD(fyi_store_begin(s));
    return fyi_store_end(
        s, ask(s->db,
               "INSERT INTO ferry_points (study, number, stage, step, place, value) SELECT $1, "
               "CAST($2 AS BIGINT), $3, CAST($4 AS BIGINT), COUNT(*), CAST($5 AS DOUBLE PRECISION) "
               "FROM ferry_points WHERE study = $1 AND number = CAST($2 AS BIGINT) ON CONFLICT "
               "(study, number, stage, step) DO UPDATE SET value = excluded.value",
               ARGS(s->study, text_of(number).s, p->stage, text_of(p->step).s,
                    isfinite(p->value) ? value.s : NULL),
               NULL, NULL));
}

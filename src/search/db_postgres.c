/* db_postgres.c: a study on a PostgreSQL server, which several machines share.
 *
 * A worker's lock is an advisory lock of its session: the server frees it when the connection ends, also when the worker
 * was killed or its machine is gone. */
#include "search/study.h"

#include <string.h>

static bool takes(const char *where)
{
    return strncmp(where, "postgresql://", 13) == 0 || strncmp(where, "postgres://", 11) == 0;
}

#ifdef FYI_HAVE_PQ

#include <libpq-fe.h>
#include <stdlib.h>

#define CLASS_ALL \
    0x66657272 /* "ferr": of transactions; the other locks are of classes that studies' names give */

typedef struct pq_db {
    fyi_db base;
    PGconn *conn;
} pq_db;

/* ---- sentences ------------------------------------------------------------------------------- */

/* libpq's sentences end in a line's end and may have several. */
static fy_status fail_text(const pq_db *d, const char *attempt, const char *why)
{
    char text[300];

    (void)snprintf(text, sizeof text, "%s", why);
    for (size_t n = strlen(text); n > 0 && text[n - 1] == '\n'; n--)
        text[n - 1] = '\0';
    for (char *c = text; *c != '\0'; c++)
        *c = *c == '\n' ? ' ' : *c;
    return fyi_fail(FY_EIO, "cannot %s the study at '%s': %s", attempt, d->base.where, text);
}

/* ---- statements ------------------------------------------------------------------------------ */

#define MAX_COLUMNS 8

static fy_status give_row(const PGresult *r, int row, const fyi_sql *q)
{
    const char *columns[MAX_COLUMNS] = { NULL };
    const int n = PQnfields(r);

    FYI_ASSERT(n <= MAX_COLUMNS);
    for (int i = 0; i < n && i < MAX_COLUMNS; i++)
        columns[i] = PQgetisnull(r, row, i) ? NULL : PQgetvalue(r, row, i);
    return q->row != NULL ? q->row(q->arg, columns) : FY_OK;
}

static fy_status give_rows(const pq_db *d, PGresult *r, fyi_sql *q)
{
    const ExecStatusType status = PQresultStatus(r);

    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
        return fail_text(d, "use", PQerrorMessage(d->conn));
    for (int i = 0; status == PGRES_TUPLES_OK && i < PQntuples(r); i++)
        FYI_FORWARD(give_row(r, i, q));
    q->changed = strtoll(PQcmdTuples(r), NULL, 10);
    return FY_OK;
}

static fy_status run(fyi_db *db, fyi_sql *q)
{
    pq_db *d = (pq_db *)db;
    PGresult *r = PQexecParams(d->conn, q->text, q->n_args, NULL, q->args, NULL, NULL, 0);
    fy_status st;

    if (r == NULL)
        return fail_text(d, "use", PQerrorMessage(d->conn));
    st = give_rows(d, r, q);
    PQclear(r);
    return st;
}

static fy_status is_true(void *arg, const char *const *columns)
{
    *(bool *)arg = columns[0] != NULL && columns[0][0] == 't';
    return FY_OK;
}

/* A function of a lock, with two numbers. */
static fy_status ask_lock(fyi_db *db, const char *sql, int32_t class, int64_t number, bool *is)
{
    char a[16], b[24];
    const char *args[] = { a, b };

    (void)snprintf(a, sizeof a, "%d", class);
    (void)snprintf(b, sizeof b, "%lld", (long long)number);
    return run(db, &(fyi_sql){ .text = sql, .args = args, .n_args = 2, .row = is_true, .arg = is });
}

static fy_status begin(fyi_db *db)
{
    bool is;

    FYI_FORWARD(run(db, &(fyi_sql){ .text = "BEGIN" }));
    return ask_lock(db, "SELECT pg_advisory_xact_lock($1::int, $2::int)", CLASS_ALL, 0, &is);
}

/* ---- workers --------------------------------------------------------------------------------- */

static int32_t class_of(const char *study)
{
    return (int32_t)(fyi_hash64(study, strlen(study), 0) & 0x3fffffff);
}

static fy_status hold(fyi_db *db, const char *study, int64_t worker, bool *is_mine)
{
    return ask_lock(db, "SELECT pg_try_advisory_lock($1::int, $2::int)", class_of(study), worker,
                    is_mine);
}

static fy_status is_held(fyi_db *db, const char *study, int64_t worker, bool *is)
{
    bool was_free = false, freed;

    FYI_FORWARD(hold(db, study, worker, &was_free));
    *is = !was_free;
    return was_free ? ask_lock(db, "SELECT pg_advisory_unlock($1::int, $2::int)", class_of(study),
                               worker, &freed)
                    : FY_OK;
}

/* ---- opening --------------------------------------------------------------------------------- */

static void close_db(fyi_db *db)
{
    PQfinish(((pq_db *)db)->conn);
    fyi_free(db);
}

/* "postgresql://ann:secret@host/db?password=secret" without the secrets. */
static char *without_password(const char *where)
{
    char *text = fyi_strdup(where), *from, *at, *colon;

    if (text == NULL)
        return NULL;
    text[strcspn(text, "?")] = '\0';
    if ((from = strstr(text, "://")) == NULL || (at = strrchr(from + 3, '@')) == NULL)
        return text;
    colon = memchr(from + 3, ':', (size_t)(at - from - 3));
    if (colon != NULL)
        memmove(colon, at, strlen(at) + 1);
    return text;
}

/* Of what goes on beside, "already exists, skipping", nobody asked. */
static void say_nothing(void *arg, const char *message)
{
    (void)arg;
    (void)message;
}

static fy_status connect_db(pq_db *d, const char *where)
{
    d->conn = PQconnectdb(where);
    if (d->conn == NULL)
        return fyi_enomem(0, "a study");
    if (PQstatus(d->conn) != CONNECTION_OK)
        return fail_text(d, "reach", PQerrorMessage(d->conn));
    (void)PQsetNoticeProcessor(d->conn, say_nothing, NULL);
    return FY_OK;
}

static fy_status open_db(const char *where, bool make, fyi_db **out)
{
    pq_db *d = fyi_calloc(1, sizeof *d);
    fy_status st;

    (void)make; /* the server has the database; what is in it comes later */
    if (d == NULL)
        return fyi_enomem(sizeof *d, "a study");
    d->base = (fyi_db){ .kind = &fyi_db_postgres, .where = without_password(where) };
    st = d->base.where != NULL ? connect_db(d, where) : fyi_enomem(strlen(where), "a study");
    if (st == FY_OK)
        *out = &d->base;
    else
        fyi_db_close(&d->base);
    return st;
}

const fyi_db_kind fyi_db_postgres = { .name = "PostgreSQL",
                                      .takes = takes,
                                      .open = open_db,
                                      .close = close_db,
                                      .run = run,
                                      .snapshot =
                                          "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
                                      .begin = begin,
                                      .hold = hold,
                                      .is_held = is_held };

#else

static fy_status open_db(const char *where, bool make, fyi_db **out)
{
    (void)where;
    (void)make;
    *out = NULL;
    return fyi_fail(FY_EINVAL,
                    "the study is on a PostgreSQL server, and this ferry was built without libpq; "
                    "install libpq-dev and build it again, or keep the study in a file");
}

const fyi_db_kind fyi_db_postgres = { .name = "PostgreSQL", .takes = takes, .open = open_db };

#endif

/* db_sqlite.c: a study in a file, which the processes of one machine share.
 *
 * The rollback journal is SQLite's default and survives a kill at any moment. A worker's lock is a byte of
 * "<study>-workers", locked for as long as the file is open (an open file description lock): the system frees it when
 * the process ends, however it ends, and no clock is asked. */
#include "search/study.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUSY_MS 60000 /* transactions take milliseconds; a stopped machine may take longer */

typedef struct sqlite_db {
    fyi_db base;
    sqlite3 *db;
    int locks; /* the file of workers; -1: not open */
} sqlite_db;

static bool takes(const char *where)
{
    return where != NULL && *where != '\0';
}

/* ---- sentences ------------------------------------------------------------------------------- */

static fy_status fail_db(const sqlite_db *d, const char *attempt)
{
    const int code = sqlite3_errcode(d->db);

    if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT)
        return fyi_fail(FY_EFORMAT, "'%s' is no study, or it is damaged: %s", d->base.where,
                        sqlite3_errmsg(d->db));
    if (code == SQLITE_BUSY)
        return fyi_fail(FY_EIO,
                        "cannot %s the study '%s': another process has kept it for %d s; is it on "
                        "a disk of this machine?",
                        attempt, d->base.where, BUSY_MS / 1000);
    if (code == SQLITE_NOMEM)
        return fyi_enomem(0, "a study");
    return fyi_fail(FY_EIO, "cannot %s the study '%s': %s", attempt, d->base.where,
                    sqlite3_errmsg(d->db));
}

/* ---- statements ------------------------------------------------------------------------------ */

static fy_status bind(sqlite_db *d, sqlite3_stmt *s, const fyi_sql *q)
{
    for (int i = 0; i < q->n_args; i++) {
        const int code = q->args[i] == NULL
                             ? sqlite3_bind_null(s, i + 1)
                             : sqlite3_bind_text(s, i + 1, q->args[i], -1, SQLITE_STATIC);

        if (code != SQLITE_OK)
            return fail_db(d, "use");
    }
    return FY_OK;
}

#define MAX_COLUMNS 8

/* SQLite's own text of a number has fifteen digits. */
static const char *column(sqlite3_stmt *s, int i, char room[32])
{
    if (sqlite3_column_type(s, i) != SQLITE_FLOAT)
        return (const char *)sqlite3_column_text(s, i);
    (void)snprintf(room, 32, "%.17g", sqlite3_column_double(s, i));
    return room;
}

static fy_status give_row(sqlite3_stmt *s, const fyi_sql *q)
{
    const char *columns[MAX_COLUMNS] = { NULL };
    char room[MAX_COLUMNS][32];
    const int n = sqlite3_column_count(s);

    FYI_ASSERT(n <= MAX_COLUMNS);
    for (int i = 0; i < n && i < MAX_COLUMNS; i++)
        columns[i] = column(s, i, room[i]);
    return q->row != NULL ? q->row(q->arg, columns) : FY_OK;
}

static fy_status step_all(sqlite_db *d, sqlite3_stmt *s, fyi_sql *q)
{
    int code;

    while ((code = sqlite3_step(s)) == SQLITE_ROW)
        FYI_FORWARD(give_row(s, q));
    q->changed = sqlite3_changes64(d->db);
    return code == SQLITE_DONE ? FY_OK : fail_db(d, "use");
}

static fy_status run(fyi_db *db, fyi_sql *q)
{
    sqlite_db *d = (sqlite_db *)db;
    sqlite3_stmt *s = NULL;
    fy_status st;

    if (sqlite3_prepare_v2(d->db, q->text, -1, &s, NULL) != SQLITE_OK)
        return fail_db(d, "read");
    st = bind(d, s, q);
    if (st == FY_OK)
        st = step_all(d, s, q);
    (void)sqlite3_finalize(s);
    return st;
}

static fy_status begin(fyi_db *db)
{
    return run(db, &(fyi_sql){ .text = "BEGIN IMMEDIATE" });
}

/* ---- workers --------------------------------------------------------------------------------- */

static fy_status open_locks(sqlite_db *d)
{
    char *path;

    if (d->locks >= 0)
        return FY_OK;
    path = fyi_alloc(strlen(d->base.where) + 16);
    if (path == NULL)
        return fyi_enomem(strlen(d->base.where), "a study");
    (void)sprintf(path, "%s-workers", d->base.where);
    d->locks = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    const fy_status st = d->locks >= 0 ? FY_OK : fyi_fail_errno("open", path, errno);
    fyi_free(path);
    return st;
}

static struct flock byte_of(int64_t worker)
{
    return (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = worker, .l_len = 1 };
}

static fy_status hold(fyi_db *db, const char *study, int64_t worker, bool *is_mine)
{
    sqlite_db *d = (sqlite_db *)db;
    struct flock l = byte_of(worker);

    (void)study; /* a file has one */
    FYI_FORWARD(open_locks(d));
    *is_mine = fcntl(d->locks, F_OFD_SETLK, &l) == 0;
    if (!*is_mine && errno != EAGAIN && errno != EACCES)
        return fyi_fail(FY_EIO,
                        "cannot lock a worker's place beside the study '%s': %s; put it on a disk "
                        "of this machine",
                        d->base.where, strerror(errno));
    return FY_OK;
}

static fy_status is_held(fyi_db *db, const char *study, int64_t worker, bool *is)
{
    sqlite_db *d = (sqlite_db *)db;
    struct flock l = byte_of(worker);

    (void)study;
    FYI_FORWARD(open_locks(d));
    if (fcntl(d->locks, F_OFD_GETLK, &l) != 0)
        return fyi_fail(FY_EIO, "cannot ask for the workers of the study '%s': %s", d->base.where,
                        strerror(errno));
    *is = l.l_type != F_UNLCK;
    return FY_OK;
}

/* ---- opening --------------------------------------------------------------------------------- */

static void close_db(fyi_db *db)
{
    sqlite_db *d = (sqlite_db *)db;

    if (d->locks >= 0)
        (void)close(d->locks);
    (void)sqlite3_close(d->db);
    fyi_free(d);
}

/* A file may come from anywhere: what it says of functions and pages is not believed. */
static fy_status set_up(sqlite_db *d)
{
    static const char *const settings[] = { "PRAGMA trusted_schema = OFF",
                                            "PRAGMA cell_size_check = ON" };

    (void)sqlite3_busy_timeout(d->db, BUSY_MS);
    for (size_t i = 0; i < FYI_LEN(settings); i++)
        FYI_FORWARD(run(&d->base, &(fyi_sql){ .text = settings[i] }));
    return FY_OK;
}

static fy_status open_file(sqlite_db *d, bool make)
{
    const int how = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (make ? SQLITE_OPEN_CREATE : 0);

    if (!make && !fyi_path_exists(d->base.where))
        return fyi_fail(FY_EIO, "there is no study '%s'; 'ferry search' begins one", d->base.where);
    if (make)
        FYI_FORWARD(fyi_mkdirs_for(d->base.where));
    if (sqlite3_open_v2(d->base.where, &d->db, how, NULL) != SQLITE_OK)
        return d->db != NULL ? fail_db(d, "open") : fyi_enomem(0, "a study");
    return set_up(d);
}

static fy_status open_db(const char *where, bool make, fyi_db **out)
{
    sqlite_db *d = fyi_calloc(1, sizeof *d);
    fy_status st;

    if (d == NULL)
        return fyi_enomem(sizeof *d, "a study");
    *d = (sqlite_db){ .base = { .kind = &fyi_db_sqlite, .where = fyi_strdup(where) }, .locks = -1 };
    st = d->base.where != NULL ? open_file(d, make) : fyi_enomem(strlen(where), "a study");
    if (st == FY_OK)
        *out = &d->base;
    else
        fyi_db_close(&d->base);
    return st;
}

const fyi_db_kind fyi_db_sqlite = { .name = "SQLite",
                                    .takes = takes,
                                    .open = open_db,
                                    .close = close_db,
                                    .run = run,
                                    .snapshot = "BEGIN",
                                    .begin = begin,
                                    .hold = hold,
                                    .is_held = is_held };

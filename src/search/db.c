/* db.c: which database a study's place means. */
#include "search/study.h"

static const fyi_db_kind *const kinds[] = { &fyi_db_postgres, &fyi_db_sqlite };

fy_status fyi_db_open(const char *where, bool make, fyi_db **out)
{
    *out = NULL;
    for (size_t i = 0; i < FYI_LEN(kinds); i++)
        if (kinds[i]->takes(where))
            return kinds[i]->open(where, make, out);
    return fyi_fail(FY_EINVAL, "a study is a file or postgresql://..., found '%.80s'", where);
}

void fyi_db_close(fyi_db *db)
{
    if (db == NULL)
        return;
    fyi_free(db->where);
    db->kind->close(db);
}

/* paths.c: several files named by one word.
 *
 *   {000..009}   numbers, with as many digits as the first has      {a,b,c}   alternatives
 *   *  ?  [..]   as the shell has them; what is found is sorted by bytes, in every language */
#include "data/data.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>

#define MAX_PATHS 100000
#define MAX_CHARS 4096

static fy_status add(fyi_paths *out, const char *path, fyi_arena *arena)
{
    const char *copy = fyi_arena_dup(arena, path, strlen(path) + 1);

    if (copy == NULL)
        return fyi_enomem(strlen(path), "a list of files");
    if (out->n == MAX_PATHS)
        return fyi_fail(FY_EINVAL, "'%.80s' is one of more than %d files; name fewer", path,
                        MAX_PATHS);
    FYI_FORWARD(fyi_grow(&out->v, &out->cap, out->n + 1, sizeof *out->v));
    out->v[out->n++] = copy;
    return FY_OK;
}

/* ---- stars ----------------------------------------------------------------------------------- */

static fy_status add_found(fyi_paths *out, const char *pattern, fyi_arena *arena)
{
    glob_t found = { 0 };
    fy_status st = FY_OK;

    switch (glob(pattern, GLOB_NOSORT, NULL, &found)) {
    case 0: break;
    case GLOB_NOSPACE: st = fyi_enomem(strlen(pattern), pattern); break;
    default: st = fyi_fail(FY_EIO, "no file is called '%s'", pattern); break;
    }
    if (st == FY_OK)
        qsort(found.gl_pathv, found.gl_pathc, sizeof *found.gl_pathv, fyi_compare_texts);
    for (size_t i = 0; st == FY_OK && i < found.gl_pathc; i++)
        st = add(out, found.gl_pathv[i], arena);
    globfree(&found);
    return st;
}

static fy_status add_files(fyi_paths *out, const char *pattern, fyi_arena *arena)
{
    if (strpbrk(pattern, "*?[") == NULL || fyi_path_exists(pattern))
        return add(out, pattern, arena);
    return add_found(out, pattern, arena);
}

/* ---- braces ---------------------------------------------------------------------------------- */

/* What stands before, in and after the first braces; p[open] is '{'. */
typedef struct braces {
    const char *p;
    size_t open, close;
} braces;

static bool find_braces(const char *p, braces *b)
{
    const char *open = strchr(p, '{'), *close = open != NULL ? strchr(open, '}') : NULL;

    if (close == NULL)
        return false;
    *b = (braces){ p, (size_t)(open - p), (size_t)(close - p) };
    return true;
}

static fy_status expand(const char *pattern, fyi_arena *arena, fyi_paths *out);

/* One of the alternatives in its place, and what follows expanded in turn. */
static fy_status expand_with(const braces *b, const char *word, int chars, fyi_arena *arena,
                             fyi_paths *out)
{
    char path[MAX_CHARS];

    if (snprintf(path, sizeof path, "%.*s%.*s%s", (int)b->open, b->p, chars, word,
                 b->p + b->close + 1) >= (int)sizeof path)
        return fyi_fail(FY_EINVAL, "the file name '%.80s...' is too long", b->p);
    return expand(path, arena, out);
}

/* "7..12": false if that is not what the braces hold. */
static bool read_range(const braces *b, long *from, long *to, int *digits)
{
    const char *p = b->p + b->open + 1;
    const size_t n = strspn(p, "0123456789"), m = strspn(p + n, ".");
    const size_t k = strspn(p + n + m, "0123456789");

    if (n < 1 || n > 9 || m != 2 || k < 1 || k > 9 || p + n + m + k != b->p + b->close)
        return false;
    *from = strtol(p, NULL, 10);
    *to = strtol(p + n + m, NULL, 10);
    *digits = (int)n;
    return true;
}

static fy_status expand_words(const braces *b, fyi_arena *arena, fyi_paths *out)
{
    const char *end = b->p + b->close;

    for (const char *p = b->p + b->open + 1;;) {
        const size_t n = FYI_MIN(strcspn(p, ","), (size_t)(end - p));

        FYI_FORWARD(expand_with(b, p, (int)n, arena, out));
        if (p + n == end)
            return FY_OK;
        p += n + 1;
    }
}

static fy_status expand(const char *pattern, fyi_arena *arena, fyi_paths *out)
{
    long from, to;
    int digits;
    braces b;

    if (!find_braces(pattern, &b))
        return add_files(out, pattern, arena);
    if (!read_range(&b, &from, &to, &digits))
        return expand_words(&b, arena, out);
    if (from > to)
        return fyi_fail(FY_EINVAL, "'%s': the range goes down from %ld to %ld", pattern, from, to);
    for (; from <= to; from++) {
        char number[16];

        (void)snprintf(number, sizeof number, "%0*ld", digits, from);
        FYI_FORWARD(expand_with(&b, number, (int)strlen(number), arena, out));
    }
    return FY_OK;
}

fy_status fyi_paths_expand(const char *pattern, fyi_arena *arena, fyi_paths *out)
{
    *out = (fyi_paths){ 0 };
    if (fyi_path_exists(pattern))
        return add(out, pattern, arena);
    return expand(pattern, arena, out);
}

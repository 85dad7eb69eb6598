/* read.c: what the readers share: memory, notes, and JSON that nobody vouches for. */
#include "report/report.h"

#include <math.h>
#include <string.h>

/* A run whose every line is wrong does not need a note for each. */
#define MAX_NOTES 40

void *fyi_report_alloc(fyi_report *r, size_t n, size_t size)
{
    size_t bytes;
    void *p =
        fyi_mul_overflows(n, size, &bytes) ? NULL : fyi_arena_alloc(&r->arena, FYI_MAX(bytes, 1));

    r->no_memory |= p == NULL;
    return p;
}

const char *fyi_report_dup(fyi_report *r, const char *s)
{
    const char *copy = fyi_arena_dup(&r->arena, s, strlen(s) + 1);

    r->no_memory |= copy == NULL;
    return copy != NULL ? copy : "";
}

void fyi_report_note(fyi_report *r, const char *fmt, ...)
{
    char text[512];
    va_list args;

    if (r->n_notes == MAX_NOTES)
        return;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (r->n_notes == MAX_NOTES - 1)
        snprintf(text, sizeof text, "There is more that could not be used; it is not listed here.");
    if (fyi_grow(&r->notes, &r->cap_notes, r->n_notes + 1, sizeof *r->notes) != FY_OK)
        r->no_memory = true;
    else
        r->notes[r->n_notes++] = fyi_report_dup(r, text);
}

char *fyi_report_text(fyi_report *r, const char *file, size_t max_bytes, size_t *bytes)
{
    char *path = fyi_path_join(r->dir, file), *text = NULL;
    fy_status st = FY_OK;

    if (path == NULL)
        r->no_memory = true;
    else if (fyi_path_exists(path))
        st = fyi_file_read(path, max_bytes, &text, bytes);
    if (st == FY_ENOMEM)
        r->no_memory = true;
    else if (st != FY_OK)
        fyi_report_note(r, "%s is left out: %s.", file, fy_last_error());
    fyi_free(path);
    return text;
}

json_t *fyi_report_json(fyi_report *r, const char *file, size_t max_bytes)
{
    size_t n;
    char *text = fyi_report_text(r, file, max_bytes, &n);
    json_error_t e;
    json_t *root;

    if (text == NULL)
        return NULL;
    root = json_loadb(text, n, JSON_REJECT_DUPLICATES, &e);
    if (root == NULL)
        fyi_report_note(r, "%s is left out: it is not JSON (line %d: %s).", file, e.line, e.text);
    else if (!json_is_object(root))
        fyi_report_note(r, "%s is left out: it is JSON, but not an object.", file);
    if (!json_is_object(root)) {
        json_decref(root);
        root = NULL;
    }
    fyi_free(text);
    return root;
}

double fyi_json_real(const json_t *value)
{
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

double fyi_json_number(const json_t *object, const char *key)
{
    return fyi_json_real(json_object_get(object, key));
}

int64_t fyi_json_whole(const json_t *object, const char *key)
{
    const json_t *v = json_object_get(object, key);

    return json_is_integer(v) && json_integer_value(v) >= 0 ? json_integer_value(v) : -1;
}

const char *fyi_json_text(fyi_report *r, const json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));

    return s != NULL ? fyi_report_dup(r, s) : "";
}

double fyi_json_share(fyi_report *r, const char *file, const json_t *object, const char *key)
{
    const json_t *v = json_object_get(object, key);
    const double share = fyi_json_real(v);

    if (v == NULL || json_is_null(v) || (share >= 0 && share <= 1))
        return share;
    fyi_report_note(r, "%s: \"%.40s\" is not a fraction between 0 and 1; it is shown as unknown.",
                    file, key);
    return NAN;
}

const fyi_series *fyi_report_series(const fyi_report *r, const char *stage, const char *name)
{
    for (size_t i = 0; i < r->n_series; i++)
        if ((stage == NULL || strcmp(r->series[i].stage, stage) == 0) &&
            strcmp(r->series[i].name, name) == 0)
            return &r->series[i];
    return NULL;
}

double fyi_series_at(const fyi_series *s, double step)
{
    for (size_t i = 0; s != NULL && i < s->n; i++)
        if (s->p[i].x == step)
            return s->p[i].y;
    return NAN;
}

bool fyi_series_has_value(const fyi_series *s)
{
    for (size_t i = 0; s != NULL && i < s->n; i++)
        if (isfinite(s->p[i].y))
            return true;
    return false;
}

bool fyi_starts_stage(const fyi_report *r, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(r->series[k].stage, r->series[i].stage) == 0)
            return false;
    return true;
}

bool fyi_report_stage_file(const fyi_report *r, size_t i, const char *kind,
                           char file[FYI_STAGE_FILE])
{
    const char *stage = r->series[i].stage;
    const int n = snprintf(file, FYI_STAGE_FILE, "%s-%s.json", kind, stage);

    return fyi_starts_stage(r, i) && n < FYI_STAGE_FILE && strchr(stage, '/') == NULL;
}

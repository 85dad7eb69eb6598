/* read_metrics.c: metrics.jsonl, a record per line:
 *   {"stage": "adapt", "step": 50, "critic.loss": 0.69}
 *
 * A line that cannot be used is counted and left out. A run that went on from a checkpoint may
 * have written a step twice: the later line holds. */
#include "report/report.h"

#include <math.h>
#include <string.h>

#define MAX_BYTES ((size_t)256 << 20)
#define MAX_SERIES 256
#define MAX_NAME 80

typedef struct troubles {
    int64_t n, first_line;
    const char *why;
} troubles;

static fyi_series *find_or_add(fyi_report *r, const char *stage, const char *name)
{
    fyi_series *s = (fyi_series *)fyi_report_series(r, stage, name);

    if (s != NULL || r->n_series == MAX_SERIES)
        return s;
    if (fyi_grow(&r->series, &r->cap_series, r->n_series + 1, sizeof *r->series) != FY_OK) {
        r->no_memory = true;
        return NULL;
    }
    s = &r->series[r->n_series++];
    *s = (fyi_series){ .stage = fyi_report_dup(r, stage), .name = fyi_report_dup(r, name) };
    return s;
}

static void add_point(fyi_report *r, fyi_series *s, double step, double value)
{
    while (s->n > 0 && s->p[s->n - 1].x >= step)
        s->n--;
    if (fyi_grow(&s->p, &s->cap, s->n + 1, sizeof *s->p) != FY_OK)
        r->no_memory = true;
    else
        s->p[s->n++] = (fyi_point){ step, value };
}

/* NULL, or why the line is of no use. */
static const char *read_record(fyi_report *r, const json_t *line)
{
    const char *stage = json_string_value(json_object_get(line, "stage"));
    const json_t *step = json_object_get(line, "step");
    const char *name, *why = NULL;
    json_t *value;

    if (stage == NULL || strlen(stage) > MAX_NAME || !json_is_integer(step) ||
        json_integer_value(step) < 0)
        return "a line needs a stage and a step";
    json_object_foreach((json_t *)line, name, value)
    {
        fyi_series *s = NULL;

        if (strcmp(name, "stage") == 0 || strcmp(name, "step") == 0)
            continue;
        if ((json_is_number(value) || json_is_null(value)) && strlen(name) <= MAX_NAME)
            s = find_or_add(r, stage, name);
        if (s != NULL)
            add_point(r, s, (double)json_integer_value(step), fyi_json_real(value));
        else
            why = "a figure has to be a number or null, under one of at most 256 names";
    }
    return why;
}

static void read_line(fyi_report *r, const char *text, size_t n, int64_t number, troubles *t)
{
    json_error_t e;
    json_t *line = json_loadb(text, n, JSON_REJECT_DUPLICATES, &e);
    const char *why = json_is_object(line) ? read_record(r, line) : "it is not a JSON object";

    json_decref(line);
    if (why != NULL && t->n++ == 0) {
        t->first_line = number;
        t->why = why;
    }
}

void fyi_read_metrics(fyi_report *r)
{
    size_t bytes = 0;
    char *text = fyi_report_text(r, "metrics.jsonl", MAX_BYTES, &bytes);
    troubles t = { 0 };
    int64_t number = 0;
    const char *const end = text != NULL ? text + bytes : NULL;

    for (const char *at = text; at < end && !r->no_memory;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const size_t n = (size_t)((newline != NULL ? newline : end) - at);

        number++;
        if (n > 0)
            read_line(r, at, n, number, &t);
        at += n + 1;
    }
    if (t.n == 1)
        fyi_report_note(r, "metrics.jsonl: line %lld is left out: %s.", (long long)t.first_line,
                        t.why);
    else if (t.n > 1)
        fyi_report_note(
            r, "metrics.jsonl: %lld lines are left out in whole or in part; the first is line %lld: %s.",
            (long long)t.n, (long long)t.first_line, t.why);
    fyi_free(text);
}

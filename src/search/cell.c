/* cell.c: what a run of an adaptation came to, from the files that it left: result.json has what the rule chose, choice.json what every
 * validator made of every candidate, and metrics.jsonl how right each candidate was, which the run itself never knew. */
#include "search/search.h"

#include <ferry/choose.h>

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BYTES ((size_t)256 << 20)
#define ANY "*" /* the stage of a candidate that names no method */

typedef struct files {
    json_t *result, *choice;
    json_t *right; /* {"<stage>/<step>": share of the target that was right} */
} files;

/* ---- metrics.jsonl --------------------------------------------------------------------------- */

static void note(json_t *right, const char *stage, int64_t step, json_t *share)
{
    char key[128];

    (void)snprintf(key, sizeof key, "%.80s/%lld", stage, (long long)step);
    (void)json_object_set(right, key, share);
}

static void note_line(json_t *right, const char *line, size_t len)
{
    json_t *at = json_loadb(line, len, 0, NULL);
    json_t *share = json_object_get(at, "target.accuracy");
    const char *stage = json_string_value(json_object_get(at, "stage"));
    const json_int_t step = json_integer_value(json_object_get(at, "step"));

    if (stage != NULL && json_is_number(share)) {
        note(right, stage, step, share);
        note(right, ANY, step, share);
    }
    json_decref(at);
}

static void note_lines(json_t *right, const char *text, size_t n)
{
    while (n > 0) {
        const char *end = memchr(text, '\n', n);
        const size_t len = end != NULL ? (size_t)(end - text) : n;

        note_line(right, text, len);
        text += len + (end != NULL);
        n -= len + (end != NULL);
    }
}

static fy_status read_metrics(const char *dir, files *f)
{
    char *path = fyi_path_join(dir, "metrics.jsonl"), *text = NULL;
    size_t n;
    fy_status st;

    f->right = json_object();
    if (path == NULL || f->right == NULL)
        FY_TRY(fyi_enomem(strlen(dir), "a run's path"));
    FY_TRY(fyi_file_read(path, MAX_BYTES, &text, &n));
    note_lines(f->right, text, n);
done:
    fyi_free(text);
    fyi_free(path);
    return st;
}

/* ---- one validator by itself ----------------------------------------------------------------- */

/* source_accuracy and information stand in the candidate itself as well, also where no validator is known. */
static double figure_of(const json_t *candidate, const char *validator)
{
    const json_t *v = json_object_get(json_object_get(candidate, "validators"), validator);

    return json_number_value(json_is_number(v) ? v : json_object_get(candidate, validator));
}

static bool is_known(const json_t *candidate, const char *validator)
{
    return json_is_number(json_object_get(json_object_get(candidate, "validators"), validator)) ||
           json_is_number(json_object_get(candidate, validator));
}

/* The candidate that it finds best; NULL: it knows none. */
static const json_t *find_best(const json_t *candidates, const char *validator)
{
    const double sign = fy_validator_is_gain(validator) ? 1 : -1;
    const json_t *best = NULL;

    for (size_t i = 0; i < json_array_size(candidates); i++) {
        const json_t *c = json_array_get(candidates, i);

        if (is_known(c, validator) &&
            (best == NULL || sign * figure_of(c, validator) > sign * figure_of(best, validator)))
            best = c;
    }
    return best;
}

/* Does any candidate come from a method among several? */
static bool has_methods(const json_t *candidates)
{
    for (size_t i = 0; i < json_array_size(candidates); i++)
        if (json_is_string(json_object_get(json_array_get(candidates, i), "method")))
            return true;
    return false;
}

/* What several methods have chosen went through a rule, and says nothing of a validator without one. */
static const json_t *find_alone(const json_t *candidates, const char *validator)
{
    return has_methods(candidates) && strcmp(validator, "agreement") != 0
               ? NULL
               : find_best(candidates, validator);
}

static void choose_alone(const files *f, int v, fy_cell *out)
{
    const json_t *best = find_alone(json_object_get(f->choice, "candidates"), fy_validators()[v]);
    const char *method = json_string_value(json_object_get(best, "method"));
    char key[128];

    out->alone[v] = NAN;
    out->alone_step[v] = -1;
    if (best == NULL)
        return;
    out->alone_step[v] = json_integer_value(json_object_get(best, "step"));
    (void)snprintf(key, sizeof key, "%.80s/%lld", method != NULL ? method : ANY,
                   (long long)out->alone_step[v]);
    out->alone[v] = fyi_json_at(f->right, key);
}

/* ---- the cell -------------------------------------------------------------------------------- */

static int64_t step_at(const json_t *result, const char *key)
{
    const json_t *step = json_object_get(result, key);

    return json_is_integer(step) ? json_integer_value(step) : -1;
}

static void fill(const files *f, fy_cell *out)
{
    *out = (fy_cell){ .source_only = fyi_json_at(f->result, "source_only"),
                      .chosen = fyi_json_at(f->result, "chosen"),
                      .last = fyi_json_at(f->result, "last"),
                      .oracle = fyi_json_at(f->result, "oracle"),
                      .chosen_step = step_at(f->result, "chosen_step"),
                      .last_step = step_at(f->result, "last_step"),
                      .oracle_step = step_at(f->result, "oracle_step"),
                      .fell_back = json_is_true(json_object_get(f->result, "fell_back")) };
    for (int v = 0; fy_validators()[v] != NULL; v++)
        choose_alone(f, v, out);
}

/* ---- the cell of a run that failed ------------------------------------------------------------ */

/* The side that the target's figures are counted on, as data.json has it; it may have failed before it said so. */
static bool may_be_judged(const json_t *data)
{
    const json_t *side = json_object_get(data, "target_eval");

    side = side != NULL ? side : json_object_get(data, "target");
    return !json_is_false(json_object_get(side, "labelled"));
}

static void forget(fy_cell *c)
{
    *c = (fy_cell){ .source_only = NAN,
                    .chosen = NAN,
                    .last = NAN,
                    .oracle = NAN,
                    .chosen_step = -1,
                    .last_step = -1,
                    .oracle_step = -1 };
    for (int v = 0; v < FY_MAX_VALIDATORS; v++) {
        c->alone[v] = NAN;
        c->alone_step[v] = -1;
    }
}

fy_status fyi_cell_of_failed(const char *run_dir, fy_cell *out, bool *is_there)
{
    char path[FY_RUN_DIR_MAX + 64];
    json_t *data = NULL;

    forget(out);
    out->has_failed = true;
    FYI_FORWARD(fyi_place_path(run_dir, "data.json", path, sizeof path));
    if (fyi_path_exists(path))
        FYI_FORWARD(fyi_run_json(run_dir, "data.json", &data));
    *is_there = may_be_judged(data);
    json_decref(data);
    return FY_OK;
}

/* ---- of one that ended ------------------------------------------------------------------------ */

fy_status fyi_cell_read(const char *run_dir, fy_cell *out, bool *is_there)
{
    files f = { 0 };
    fy_status st;

    *is_there = false;
    FY_TRY(fyi_run_json(run_dir, "result.json", &f.result));
    if (!isfinite(fyi_json_at(f.result, "source_only")) ||
        !isfinite(fyi_json_at(f.result, "chosen")))
        goto done;
    FY_TRY(fyi_run_json(run_dir, "choice.json", &f.choice));
    FY_TRY(read_metrics(run_dir, &f));
    fill(&f, out);
    *is_there = true;
done:
    json_decref(f.right);
    json_decref(f.choice);
    json_decref(f.result);
    return st;
}

/* read_result.c: result.json: what ran, and of an adaptation the figures it ended with.
 *
 *   {"kind": "adapt", "source_only": 0.743, "last": .., "chosen": .., "oracle": .., "source_only_matched": .., ...,
 *    "last_step": 6000, "chosen_step": .., "oracle_step": .., "oracle_step_matched": .., ...}
 *
 * Each way to count has an oracle of its own; the other three steps are the run's. */
#include "report/report.h"

#include <math.h>
#include <string.h>

#define MAX_BYTES ((size_t)1 << 20)

static const char *const numbers[FYI_NUMBERS] = {
    [FYI_SOURCE_ONLY] = "source_only", [FYI_LAST] = "last", [FYI_CHOSEN] = "chosen", [FYI_ORACLE] = "oracle"
};
static const char *const ways[FYI_WAYS] = {
    [FYI_PLAIN] = "", [FYI_MATCHED] = "_matched", [FYI_SWAPPED] = "_swapped"
};

static int64_t read_step(const json_t *root, int way, int i)
{
    char key[64];

    snprintf(key, sizeof key, "%s_step%s", numbers[i], i == FYI_ORACLE ? ways[way] : "");
    return i == FYI_SOURCE_ONLY ? 0 : fyi_json_whole(root, key);
}

static void read_figures(fyi_report *r, const json_t *root)
{
    char key[64];

    for (int way = 0; way < FYI_WAYS; way++)
        for (int i = 0; i < FYI_NUMBERS; i++) {
            snprintf(key, sizeof key, "%s%s", numbers[i], ways[way]);
            r->result.accuracy[way][i] = fyi_json_share(r, "result.json", root, key);
            r->result.step[way][i] = read_step(root, way, i);
        }
}

static void read_words(fyi_report *r, const json_t *root)
{
    fyi_result *res = &r->result;
    const json_t *seed = json_object_get(root, "seed");

    res->fell_back = json_is_true(json_object_get(root, "fell_back"));
    res->reason = fyi_json_text(r, root, "reason");
    res->warning = fyi_json_text(r, root, "warning");
    res->chosen_method = fyi_json_text(r, root, "chosen_method");
    res->last_method = fyi_json_text(r, root, "last_method");
    res->method = fyi_json_text(r, root, "method");
    res->kind = fyi_json_text(r, root, "kind");
    res->recipe = fyi_json_text(r, root, "recipe");
    res->run_dir = fyi_json_text(r, root, "run_dir");
    res->seed = json_is_integer(seed) ? fyi_report_dup(r, fyi_plain(json_integer_value(seed)).s)
                                      : fyi_json_text(r, root, "seed");
    res->target_count = fyi_json_whole(root, "target_count");
    res->seconds = fyi_json_number(root, "seconds");
    res->source_accuracy = fyi_json_share(r, "result.json", root, "source_accuracy");
}

static void forget(fyi_result *res)
{
    for (int way = 0; way < FYI_WAYS; way++)
        for (int i = 0; i < FYI_NUMBERS; i++) {
            res->accuracy[way][i] = NAN;
            res->step[way][i] = -1;
        }
    res->source_accuracy = res->seconds = NAN;
    res->target_count = -1;
    res->reason = res->warning = res->method = res->kind = res->recipe = res->run_dir = res->seed =
        "";
    res->chosen_method = res->last_method = "";
}

void fyi_read_result(fyi_report *r)
{
    json_t *root;

    forget(&r->result);
    root = fyi_report_json(r, "result.json", MAX_BYTES);
    if (root == NULL)
        return;
    r->result.is_there = true;
    read_words(r, root);
    r->result.is_adaptation = r->result.kind[0] == '\0' || strcmp(r->result.kind, "adapt") == 0;
    if (r->result.is_adaptation)
        read_figures(r, root);
    json_decref(root);
}

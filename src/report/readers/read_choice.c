/* read_choice.c: choice.json: the candidates of a choice without labels, what refused them, and what validators made of them.
 *
 *   {"chosen": 2, "reason": "..", "voters": ["information", ..], "candidates": [{"method": null, "step": 100, "gate": "", "early": false,
 *    "back_to": null, "place": 1.2, "better": 4, "voters": 5, "largest": .., "smallest": .., "validators": {"information": .., ..}}, ..]} */
#include "report/report.h"

#include <math.h>
#include <string.h>

#define FILE_NAME "choice.json"
#define MAX_BYTES ((size_t)4 << 20)
#define MOST 1024

static bool is_voter(const json_t *voters, const char *name)
{
    for (size_t i = 0; i < json_array_size(voters); i++) {
        const char *v = json_string_value(json_array_get(voters, i));

        if (v != NULL && strcmp(v, name) == 0)
            return true;
    }
    return false;
}

static void read_candidate(fyi_report *r, const json_t *from, fyi_candidate_row *c)
{
    const json_t *validators = json_object_get(from, "validators");

    c->method = fyi_json_text(r, from, "method");
    c->gate = fyi_json_text(r, from, "gate");
    c->step = fyi_json_whole(from, "step");
    c->back_to = fyi_json_whole(from, "back_to");
    c->is_early = json_is_true(json_object_get(from, "early"));
    c->place = fyi_json_number(from, "place");
    c->better = fyi_json_whole(from, "better");
    c->voters = fyi_json_whole(from, "voters");
    c->largest = fyi_json_number(from, "largest");
    c->smallest = fyi_json_number(from, "smallest");
    for (int v = 0; fy_validators()[v] != NULL; v++)
        c->values[v] = fyi_json_number(validators, fy_validators()[v]);
}

/* Of a method none of whose steps passed, or that has not run: why. */
static void read_left_out(fyi_report *r, const json_t *from)
{
    fyi_candidate_row *c = &r->ballots.v[r->ballots.n];

    if (fyi_json_whole(from, "voters") != 0 || fyi_json_text(r, from, "reason")[0] == '\0')
        return;
    read_candidate(r, from, c);
    c->gate = fyi_json_text(r, from, "reason");
    c->step = -1;
    r->ballots.n++;
}

static void read_not_tried(fyi_report *r, const json_t *list)
{
    fyi_ballots *to = &r->ballots;

    for (size_t i = 0; i < FYI_MIN(json_array_size(list), (size_t)FY_MAX_TRIES); i++) {
        const char *name = json_string_value(json_array_get(list, i));

        if (name != NULL)
            to->not_tried[to->n_not_tried++] = fyi_report_dup(r, name);
    }
}

/* Methods that were tried and are no candidates stand in result.json. */
static void read_tried(fyi_report *r)
{
    json_t *root =
        r->result.last_method[0] != '\0' ? fyi_report_json(r, "result.json", MAX_BYTES) : NULL;
    const json_t *list = json_object_get(root, "tried");

    for (size_t i = 0; i < FYI_MIN(json_array_size(list), (size_t)FY_MAX_TRIES); i++)
        read_left_out(r, json_array_get(list, i));
    read_not_tried(r, json_object_get(root, "not_tried"));
    json_decref(root);
}

void fyi_read_choice(fyi_report *r)
{
    json_t *root = fyi_report_json(r, FILE_NAME, MAX_BYTES);
    const json_t *list = json_object_get(root, "candidates");
    const size_t n = FYI_MIN(json_array_size(list), (size_t)MOST);
    fyi_ballots *to = &r->ballots;

    if (n > 0)
        to->v = fyi_report_alloc(r, n + FY_MAX_TRIES, sizeof *to->v);
    if (to->v == NULL) {
        json_decref(root);
        return;
    }
    to->n = n;
    to->chosen = fyi_json_whole(root, "chosen");
    to->reason = fyi_json_text(r, root, "reason");
    for (int v = 0; fy_validators()[v] != NULL; v++)
        to->votes[v] = is_voter(json_object_get(root, "voters"), fy_validators()[v]);
    for (size_t i = 0; i < n; i++)
        read_candidate(r, json_array_get(list, i), &to->v[i]);
    json_decref(root);
    read_tried(r);
}

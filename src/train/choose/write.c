/* write.c: choice.json, what the report shows of a choice: every candidate, what refused it, and every validator's figure. */
#include "train/choose/choose.h"
#include "train/json.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static json_t *validators_json(const fy_candidate *c)
{
    json_t *root = json_object();

    for (int v = 0; fy_validators()[v] != NULL; v++)
        (void)json_object_set_new(root, fy_validators()[v], fyi_json_of(c->validators[v]));
    return root;
}

static json_t *back_json(const fy_candidate *c)
{
    return c->went_back ? json_integer(c->back_to) : json_null();
}

static json_t *candidate_json(const fy_contest *t, const fy_ballot *ballots, int i)
{
    const fy_candidate *c = &t->candidates[i];
    const fy_ballot *is = &ballots[i];

    return json_pack("{s:s?, s:I, s:s, s:b, s:o, s:o, s:i, s:i, s:o, s:o, s:o, s:o, s:o}", "method",
                     t->methods != NULL ? t->methods[i] : NULL, "step", (json_int_t)c->step, "gate",
                     is->gate, "early", is->is_early, "back_to", back_json(c), "place",
                     fyi_json_of(is->place), "better", is->better, "voters", is->voters,
                     "source_accuracy", fyi_json_of(c->source_accuracy), "information",
                     fyi_json_of(c->target.information), "largest", fyi_json_of(c->target.largest),
                     "smallest", fyi_json_of(c->target.smallest), "validators", validators_json(c));
}

static json_t *voters_json(void)
{
    json_t *list = json_array();

    for (int v = 0; fy_validators()[v] != NULL; v++)
        if (fy_validator_votes(fy_validators()[v]))
            (void)json_array_append_new(list, json_string(fy_validators()[v]));
    return list;
}

static char *text_of(const fy_contest *t, const fy_ballot *ballots, const fy_choice *c)
{
    json_t *list = json_array(), *root;
    char *text;

    for (int i = 0; i < t->n; i++)
        (void)json_array_append_new(list, candidate_json(t, ballots, i));
    root = json_pack("{s:i, s:b, s:s, s:o, s:o}", "chosen", c->index, "fell_back", c->fell_back,
                     "reason", c->reason, "voters", voters_json(), "candidates", list);
    text = root != NULL ? json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(root);
    return text;
}

fy_status fy_choice_write(fy_run *r, const fy_contest *t, const fy_ballot *ballots,
                          const fy_choice *c)
{
    char *text = text_of(t, ballots, c);
    fy_status st;

    if (text == NULL)
        return fyi_enomem(0, "choice.json");
    st = fy_run_write(r, "choice.json", text, strlen(text));
    free(text);
    return st;
}

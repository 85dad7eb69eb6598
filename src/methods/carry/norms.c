/* norms.c: the batch norms of the encoder, found by their running statistics, and all else held still. */
#include "methods/carry/carry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATISTIC ".running_mean"

/* The length of the norm's name that `param` is the statistic of; 0: of none. */
static size_t norm_of(const char *param)
{
    const size_t n = strlen(param), end = sizeof STATISTIC - 1;
    return n > end && strcmp(param + n - end, STATISTIC) == 0 ? n - end : 0;
}

/* "bn1.* bn2.* ", to be given to free(); NULL when out of memory. */
static char *globs_of(const fy_model *m)
{
    size_t bytes = 1, used = 0;
    for (int i = 0; i < fy_model_count(m); i++)
        bytes += norm_of(fy_model_param_name(m, i)) + sizeof ".* ";
    char *globs = calloc(1, bytes);
    for (int i = 0; globs && i < fy_model_count(m); i++) {
        const char *param = fy_model_param_name(m, i);
        const int n = (int)norm_of(param);
        if (n > 0)
            used += (size_t)snprintf(globs + used, bytes - used, "%.*s.* ", n, param);
    }
    return globs;
}

fy_status carry_check_norms(const carrying *c)
{
    for (int i = 0; i < fy_model_count(c->encoder); i++)
        if (norm_of(fy_model_param_name(c->encoder, i)) > 0)
            return FY_OK;
    return fy_error(FY_EINVAL,
                    "%s: it adapts batch norms, and an encoder of the family '%s' has none; take "
                    "digits_bn, a resnet, or another method",
                    c->method->name, fy_model_family(c->encoder));
}

fy_node carry_encode_by_norms(carry_stage *s)
{
    char *globs = globs_of(s->c->encoder);
    fy_node f = FY_NO_NODE;
    if (globs)
        f = fy_model_apply_moving(s->g, s->c->encoder, s->x, globs);
    else
        fy_graph_fail(s->g, fy_error(FY_ENOMEM, "no memory for the names of batch norms"));
    free(globs);
    return f;
}

void carry_move_norms(carry_stage *s, fy_objective o)
{
    char *globs = globs_of(s->c->encoder);
    if (globs)
        fy_objective_moves_model(s->g, o, s->c->encoder, globs, NULL);
    else
        fy_graph_fail(s->g, fy_error(FY_ENOMEM, "no memory for the names of batch norms"));
    free(globs);
}

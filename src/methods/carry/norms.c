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

/* How many norms have a statistic that those globs name. */
static int count_norms(const fy_model *m, const char *globs)
{
    int n = 0;
    for (int i = 0; i < fy_model_count(m); i++) {
        const char *param = fy_model_param_name(m, i);
        n += norm_of(param) > 0 && fy_glob(globs, param);
    }
    return n;
}

fy_status carry_check_norms(const carrying *c)
{
    const int n = count_norms(c->encoder, "*");
    if (n == 0)
        return fy_error(FY_EINVAL,
                        "%s: it adapts batch norms, and an encoder of the family '%s' has none; "
                        "take digits_bn, a resnet, or another method",
                        c->method->name, fy_model_family(c->encoder));
    if (c->moves && count_norms(c->encoder, c->moves) == 0)
        return fy_error(FY_EINVAL,
                        "%s: it adapts batch norms, and freeze names all %d of the encoder's; let "
                        "some of them move, or take another method",
                        c->method->name, n);
    return FY_OK;
}

/* Of what is frozen none; NULL when the graph has failed. */
static char *moving_norms(carry_stage *s)
{
    char *all = globs_of(s->c->encoder);
    char *globs = all ? freeze_from(all, s->c->o->freeze) : NULL;
    free(all);
    if (!globs)
        fy_graph_fail(s->g, fy_error(FY_ENOMEM, "no memory for the names of batch norms"));
    return globs;
}

fy_node carry_encode_by_norms(carry_stage *s, fy_node x)
{
    char *globs = moving_norms(s);
    const fy_node f = globs ? fy_model_apply_moving(s->g, s->c->encoder, x, globs) : FY_NO_NODE;
    free(globs);
    return f;
}

void carry_move_norms(carry_stage *s, fy_objective o)
{
    char *globs = moving_norms(s);
    if (globs)
        fy_objective_moves_model(s->g, o, s->c->encoder, globs, NULL);
    free(globs);
}

void carry_move_statistics(carry_stage *s, fy_objective o)
{
    char *globs = freeze_from("*" STATISTIC " *.running_var", s->c->o->freeze);
    if (globs)
        fy_objective_moves_model(s->g, o, s->c->encoder, globs, NULL);
    else
        fy_graph_fail(s->g, fy_error(FY_ENOMEM, "no memory for the names of statistics"));
    free(globs);
}

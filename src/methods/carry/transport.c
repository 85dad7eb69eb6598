/* transport.c: optimal transport of fixed features (Courty et al. 2017): the source's are carried to the target's at the least cost by a
 * plan that keeps classes apart (fy_transport), and the classifier learns every sample where it was carried. */
#include "methods/carry/map.h"

#include <stdio.h>

static fy_transport_opts opts_of(const fy_adapt_opts *o)
{
    return (fy_transport_opts){ .entropy = o->transport_entropy, .classes = o->transport_classes };
}

static fy_status tell(void *arg, const fy_transport_round *at)
{
    const carry_mapping *m = arg;
    char stage[64], text[64] = "costs";
    (void)snprintf(stage, sizeof stage, "%.50s, plan", m->stage);
    if (at->round > 0)
        (void)snprintf(text, sizeof text, "round %lld, rows wrong by %.1g", (long long)at->round,
                       at->worst);
    return fy_run_tell(m->run, stage, at->plan, at->plans, text);
}

fy_status transport_map(carry_mapping *m)
{
    fy_transport_opts o = opts_of(m->o);
    fy_tensor_free(m->to);
    m->to = NULL;
    o.on_round = m->run ? tell : NULL;
    o.arg = m;
    return fy_transport(m->source, m->labels, m->target, &o, &m->to);
}

static fy_status check(const carrying *c)
{
    const fy_transport_opts o = opts_of(c->o);
    fy_status st;
    FY_TRY(fy_transport_check(&o, fy_dataset_count(c->data->source),
                              fy_dataset_count(c->data->target)));
    st = carry_check_features(c);
done:
    return st;
}

const carry_method carry_transport = {
    .name = "transport",
    .text = "the source's features are carried to the target's at the least cost, and the "
            "classifier learns there (optimal transport, Courty et al. 2017)",
    .flags = CARRY_BALANCED,
    .moves = CARRY_CLASSIFIER,
    .check = check,
    .map = transport_map,
};

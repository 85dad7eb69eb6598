/* stage.c: the stage in which a method moves the networks: built, run, and looked at along the way. */
#include "methods/carry/map.h"

#include <math.h>
#include <stdio.h>

/* ---- between steps ---------------------------------------------------------------------------------------- */

static fy_status set_rate(const carry_stage *s, fy_plan *plan, int i, const char *group, double rate)
{
    char name[48];
    (void)snprintf(name, sizeof name, "%s%s.lr", s->objectives[i].name, group);
    return fy_plan_set(plan, name, (float)rate);
}

/* 2 / (1 + exp(-10 q)) - 1 */
static double ramp_at(const carry_stage *s, int64_t step)
{
    const double q = (double)step / (double)s->c->steps;
    return 2 / (1 + exp(-10 * q)) - 1;
}

static fy_status on_step(void *arg, fy_plan *plan, int64_t step)
{
    const carry_stage *s = arg;
    double rate;
    const bool learns = !(s->c->method->flags & CARRY_STILL);
    fy_status st;
    FY_TRY(adapt_step(&s->c->adapt, &rate));
    rate *= s->c->o->optim.lr * fy_schedule_factor(&s->c->schedule, step);
    for (int i = 0; learns && i < s->n_objectives; i++) {
        FY_TRY(set_rate(s, plan, i, "", rate));
        if (s->objectives[i].moves & CARRY_ENCODER)
            FY_TRY(set_rate(s, plan, i, ".encoder", rate * s->c->o->encoder_rate));
    }
    if (s->ramp.id)
        FY_TRY(fy_plan_set(plan, "ramp", (float)ramp_at(s, step)));
done:
    return st;
}

static const char *why_not_back(const carrying *c, int64_t step)
{
    if (c->method->flags & CARRY_STILL)
        return "it goes on, since there is no learning rate to make smaller";
    return step == c->steps ? ADAPT_LAST_STEP : NULL;
}

static fy_status on_eval(void *arg, fy_plan *plan, int64_t step, bool *is_over)
{
    carry_stage *s = arg;
    carrying *c = s->c;
    const adapt_way_back back = { &c->o->rule, c->o->rollbacks, why_not_back(c, step) };
    fy_status st;
    (void)plan;
    (void)is_over;
    if (c->method->settle && step > 0)
        FY_TRY(c->method->settle(c));
    FY_TRY(adapt_evaluate(&c->adapt, step));
    FY_TRY(adapt_watch(&c->adapt, &back));
    FY_TRY(carry_draw_critic(c, step));
    if (c->method->label && !c->adapt.kept->goes_back) /* else the labels of before stand */
        FY_TRY(c->method->label(c));
done:
    return st;
}

static fy_status on_nan(void *arg, int64_t step)
{
    const carry_stage *s = arg;
    return adapt_recover(&s->c->adapt, step);
}

/* ---- building --------------------------------------------------------------------------------------------- */

/* CE_s + w term, by which everything learns that the method moves; of fixed features CE_s alone. */
static void build_sum(carry_stage *s)
{
    const carrying *c = s->c;
    if (!c->method->term) {
        (void)carry_objective(s, "adapt", s->task, c->method->moves);
        return;
    }
    fy_node term = c->method->term(s);
    carry_watch(s, "transfer.loss", term);
    term = fy_scale(s->g, term, (float)c->trade_off);
    (void)carry_objective(s, "adapt", fy_add(s->g, s->task, term), c->method->moves);
}

static void set_stage(carry_stage *s, fy_stage *stage)
{
    *stage = fy_stage_defaults(s->c->stage, s->g);
    for (int i = 0; i < s->n_in; i++)
        stage->streams[stage->n_streams++] = s->in[i];
    for (int i = 0; i < s->n_watches; i++)
        stage->watches[stage->n_watches++] = s->watches[i];
    stage->steps = s->c->steps;
    stage->evaluations = s->c->evaluations;
    stage->seed = s->c->o->seed;
    stage->on_step = on_step;
    stage->on_eval = on_eval;
    stage->on_nan = on_nan;
    stage->arg = s;
}

fy_status carry_build(carry_stage *s)
{
    fy_status st;
    FY_TRY(carry_open_batch(s));
    if (s->c->method->build)
        s->c->method->build(s);
    else
        build_sum(s);
    st = fy_graph_status(s->g);
done:
    return st;
}

fy_status carry_run(carrying *c)
{
    carry_stage s = { .c = c };
    fy_stage stage;
    fy_status st;
    if (c->method->map)
        FY_TRY(carry_map(c));
    FY_TRY(carry_build(&s));
    set_stage(&s, &stage);
    FY_TRY(fy_stage_run(c->run, c->dev, &stage));
done:
    carry_close_batch(&s);
    carry_unmap(c);
    return st;
}

/* schedule.c: how a learning rate changes over a stage, as a factor on the rate that was asked for. */
#include "base/base.h"

#include <ferry/train.h>

#include <math.h>
#include <string.h>

static const double pi = 3.14159265358979323846;

/* ---- the shapes: `done` of `all` steps that follow the warm-up ------------------------------------ */

static double constant(const fy_schedule *s, int64_t done, int64_t all)
{
    (void)s;
    (void)done;
    (void)all;
    return 1;
}

static double step(const fy_schedule *s, int64_t done, int64_t all)
{
    const int64_t falls = done / FYI_MAX(s->every, 1);
    (void)all;
    return pow(s->gamma, (double)falls);
}

static double multistep(const fy_schedule *s, int64_t done, int64_t all)
{
    double factor = 1;
    (void)all;
    for (int i = 0; i < s->n_milestones; i++)
        factor *= done >= s->milestones[i] ? s->gamma : 1;
    return factor;
}

static double from_to(double from, double to, double part)
{
    return to + (from - to) * (1 + cos(pi * part)) / 2;
}

static double cosine(const fy_schedule *s, int64_t done, int64_t all)
{
    return from_to(1, s->floor, (double)done / (double)all);
}

static double linear(const fy_schedule *s, int64_t done, int64_t all)
{
    const double part = (double)done / (double)all;
    const double left = part > s->start ? (1 - part) / (1 - s->start) : 1;
    return s->floor + (1 - s->floor) * left;
}

/* PyTorch's OneCycleLR: up over the first 30 % from 1/25, then down to 1/25 of 1e-4, both by cosine. */
static double onecycle(const fy_schedule *s, int64_t done, int64_t all)
{
    static const double begin = 1.0 / 25, end = 1e-4 / 25, rise = 0.3;
    const double peak = rise * (double)all - 1, last = (double)all - 1, at = (double)done;
    (void)s;
    if (peak > 0 && at <= peak)
        return from_to(begin, 1, at / peak);
    return last > peak ? from_to(1, end, (at - FYI_MAX(peak, 0)) / (last - FYI_MAX(peak, 0))) : 1;
}

static const struct {
    const char *name;
    double (*factor)(const fy_schedule *s, int64_t done, int64_t all);
} shapes[] = {
    { "constant", constant }, { "step", step },     { "multistep", multistep },
    { "cosine", cosine },     { "linear", linear }, { "onecycle", onecycle },
};

/* ---- by name ------------------------------------------------------------------------------------- */

const char *const *fy_schedule_names(void)
{
    static const char *const names[] = { "constant", "step",     "multistep", "cosine",
                                         "linear",   "onecycle", NULL };
    return names;
}

fy_schedule fy_schedule_defaults(void)
{
    return (fy_schedule){ .name = "constant", .every = 1, .gamma = 0.1 };
}

static bool is_rising(const fy_schedule *s)
{
    for (int i = 1; i < s->n_milestones; i++)
        if (s->milestones[i] < s->milestones[i - 1])
            return false;
    return true;
}

fy_status fy_schedule_check(const fy_schedule *s)
{
    const char *const *names = fy_schedule_names();
    size_t i = 0;
    while (i < FYI_LEN(shapes) && strcmp(names[i], s->name) != 0)
        i++;
    if (i == FYI_LEN(shapes)) {
        const char *near = fyi_nearest(s->name, names);
        return fyi_fail(FY_EINVAL, "no schedule is called '%s'%s%s%s", s->name,
                        near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    }
    if (s->steps < 0 || s->warmup < 0 || s->every < 1 || !is_rising(s))
        return fyi_fail(FY_EINVAL,
                        "schedule '%s': %lld steps, %lld of warm-up, a fall every %lld; expected 0 "
                        "or more, 0 or more, 1 or more, and milestones that rise",
                        s->name, (long long)s->steps, (long long)s->warmup, (long long)s->every);
    if (!(s->start >= 0 && s->start <= 1))
        return fyi_fail(FY_EINVAL,
                        "schedule '%s': it falls from %g of its steps on; expected 0 to 1", s->name,
                        s->start);
    return FY_OK;
}

double fy_schedule_factor(const fy_schedule *s, int64_t at)
{
    const int64_t warmup = FYI_MIN(s->warmup, s->steps), all = FYI_MAX(s->steps - warmup, 1);
    if (at < warmup)
        return (double)(at + 1) / (double)(warmup + 1);
    for (size_t i = 0; i < FYI_LEN(shapes); i++)
        if (strcmp(shapes[i].name, s->name) == 0)
            return shapes[i].factor(s, FYI_MIN(at - warmup, all), all);
    return 1;
}
